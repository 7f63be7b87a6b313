#!/bin/sh
# Run once by the InfluxDB image, after it has made the organisation and the bucket.
# The dashboards ask in InfluxQL, which knows databases and retention policies, not buckets: map one to the other,
# and give Grafana a name of its own that may read this bucket and nothing else.
set -eu

influx v1 dbrp create --org "$DOCKER_INFLUXDB_INIT_ORG" --bucket-id "$DOCKER_INFLUXDB_INIT_BUCKET_ID" \
    --db potline --rp autogen --default

influx v1 auth create --org "$DOCKER_INFLUXDB_INIT_ORG" --read-bucket "$DOCKER_INFLUXDB_INIT_BUCKET_ID" \
    --username grafana --password "$(cat /run/secrets/influx_grafana_password)"
