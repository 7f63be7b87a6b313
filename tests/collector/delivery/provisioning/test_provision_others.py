"""Which database answers, and what is made in an InfluxDB 3 and in a VictoriaMetrics."""

import json
from dataclasses import replace

import pytest
from influx2_server import Broken, Influx2Server, listening
from servers import VictoriaMetrics

from collector.delivery.provisioning.admin_api import AdminApi
from collector.delivery.provisioning.plan import ProvisionFailed, State, Step, Wanted
from collector.delivery.provisioning.server import Server, carried_out, looked_at, recognised

DAY = 86400
WANTED = Wanted("site", "smelter", "potline", 90 * DAY, "potline_hourly", 0)
NAMES = json.dumps([{"iox::database": "_internal"}, {"iox::database": "potline"}]).encode()


def api(url: str) -> AdminApi:
    return AdminApi(url, headers={}, secrets=[], timeout_s=5.0)


@pytest.mark.parametrize(
    ("version", "server"),
    [("v2.7.12", Server.INFLUXDB2), ("2.0.4", Server.INFLUXDB2), ("3.9.1", Server.INFLUXDB3)],
)
def test_a_server_is_known_by_its_version(version: str, server: Server) -> None:
    with listening(Influx2Server(version=version)) as url:
        assert recognised(api(url)) is server


@pytest.mark.parametrize("version", ["", "4.0", "unknown"])
def test_a_server_that_tells_no_version_that_is_known_is_not_guessed(version: str) -> None:
    with listening(Influx2Server(version=version)) as url, pytest.raises(ProvisionFailed, match="say which with --ser"):
        recognised(api(url))


def test_victoria_metrics_is_not_taken_for_an_influxdb_and_nothing_is_made(victoria_metrics: VictoriaMetrics) -> None:
    assert recognised(api(victoria_metrics.url)) is Server.VICTORIA_METRICS
    (step,) = looked_at(Server.VICTORIA_METRICS, api(victoria_metrics.url), WANTED)
    assert (step.state, step.act) == (State.NOTE, None)
    assert "-retentionPeriod" in step.detail


@pytest.mark.parametrize(("days", "noted"), [(31, True), (32, False)])
def test_a_retention_that_loses_the_months_is_told(days: int, *, noted: bool) -> None:
    with listening(Influx2Server()) as url:
        admin = AdminApi(url, headers={"Authorization": "Bearer admin-token-hunter2"}, secrets=[], timeout_s=5.0)
        steps = looked_at(Server.INFLUXDB2, admin, replace(WANTED, retention_s=days * DAY))
    assert any(step.what == "retention below 32d" for step in steps) is noted


# --- InfluxDB 3


def database_of(names: bytes, retention_ns: int | None = None) -> list[Step]:
    rows = [{"database_name": "potline", "retention_period_ns": retention_ns, "deleted": False}]

    def answers(_method: str, path: str) -> Broken | None:
        return Broken(200, names if path == "/api/v3/configure/database" else json.dumps(rows).encode())

    with listening(Influx2Server(breaks=answers)) as url:
        return looked_at(Server.INFLUXDB3, api(url), WANTED)


@pytest.mark.parametrize("names", [b"[]", b'[{"iox::database": "_internal"}]', b'{"databases": ["_internal"]}'])
def test_the_database_of_an_influxdb_3_is_made_with_its_retention(names: bytes) -> None:
    state = Influx2Server(breaks=lambda _method, _path: Broken(200, names))
    with listening(state) as url:
        steps = looked_at(Server.INFLUXDB3, api(url), WANTED)
        assert (steps[0].what, steps[0].state) == ("database potline", State.MISSING)
        assert state.bodies == [b""]
        carried_out(steps, done=lambda _step: None, told=lambda _secret: None)
    assert state.requests[-1] == ("POST", "/api/v3/configure/database")
    assert json.loads(state.bodies[-1]) == {"db": "potline", "retention_period": "7776000s"}


def test_a_database_of_influxdb_3_with_that_retention_is_left_alone() -> None:
    steps = database_of(NAMES, 90 * DAY * 10**9)
    assert (steps[0].state, steps[0].detail) == (State.EXISTS, "keeps 90d")


@pytest.mark.parametrize("names", [NAMES, b'{"databases": ["potline"]}'])
def test_another_retention_of_an_influxdb_3_is_in_the_way_for_it_cannot_be_changed(names: bytes) -> None:
    steps = database_of(names, None)
    assert steps[0].state is State.REFUSED
    assert "keeps for ever, wanted 90d" in steps[0].detail


def test_what_influxdb_3_has_no_means_for_is_said() -> None:
    told = {step.what: step.detail for step in database_of(NAMES, None) if step.state is State.NOTE}
    assert set(told) == {"tokens", "hourly sums"}
    assert "influxdb3 create token --permission 'db:potline:write'" in told["tokens"]
