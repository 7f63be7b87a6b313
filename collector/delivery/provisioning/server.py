"""Which database answers at an address, and who looks after it."""

from collections.abc import Callable
from enum import Enum

from collector.delivery.provisioning.admin_api import AdminApi
from collector.delivery.provisioning.influx1 import Influx1
from collector.delivery.provisioning.influx2 import Influx2
from collector.delivery.provisioning.influx3 import Influx3
from collector.delivery.provisioning.plan import ProvisionFailed, Secret, State, Step, Wanted, in_the_way, to_do

_MONTH_S = 32 * 86400
"""The longest month, and a day for the collector to close it [s]."""


class Server(Enum):
    """Databases that can be written to."""

    INFLUXDB1 = "influxdb1"
    INFLUXDB2 = "influxdb2"
    INFLUXDB3 = "influxdb3"
    VICTORIA_METRICS = "victoriametrics"


def recognised(api: AdminApi) -> Server:
    """Ask a server what it is.

    InfluxDB tells its version in a header of ``/ping``. VictoriaMetrics tells none there, or calls itself an InfluxDB
    1.8; its own metrics tell them apart.

    Raises
    ------
    ProvisionFailed
        If it does not answer, or is none of them.
    """
    what = "look which database it is"
    answer = api.ask(what, "GET", "/ping", expected=(200, 204))
    major = answer.headers.get("x-influxdb-version", "").removeprefix("v").partition(".")[0]
    if major in {"", "1"}:
        metrics = api.ask(what, "GET", "/metrics", expected=(200, 401, 403, 404))
        if b"\nvm_" in b"\n" + metrics.body:
            return Server.VICTORIA_METRICS
    known = {"1": Server.INFLUXDB1, "2": Server.INFLUXDB2, "3": Server.INFLUXDB3}
    if major not in known:
        raise ProvisionFailed(f"{answer.place}: it does not tell; check the address, or say which with --server")
    return known[major]


def looked_at(server: Server, api: AdminApi, wanted: Wanted) -> list[Step]:
    """Return what a server has and lacks; nothing is changed.

    Raises
    ------
    ProvisionFailed
        If it does not tell.
    """
    if server is Server.VICTORIA_METRICS:
        return [
            Step(
                "VictoriaMetrics",
                State.NOTE,
                "nothing to make: it has neither buckets nor tasks; how long it keeps everything is set when it is"
                " started (-retentionPeriod), and who may write is the business of vmauth in front of it",
            )
        ]
    kinds: dict[Server, Callable[[AdminApi, Wanted], Influx1 | Influx2 | Influx3]] = {
        Server.INFLUXDB1: Influx1,
        Server.INFLUXDB2: Influx2,
        Server.INFLUXDB3: Influx3,
    }
    steps = kinds[server](api, wanted).steps()
    if 0 < wanted.retention_s < _MONTH_S:
        why = "a month's line stands at the month's beginning, and the database refuses what is older than it keeps"
        steps.append(Step("retention below 32d", State.NOTE, f"{why}; so months, and what is restated, get lost there"))
    return steps


def carried_out(steps: list[Step], *, done: Callable[[Step], None], told: Callable[[Secret], None]) -> None:
    """Do what a plan says, in its order.

    ``done`` is told of each step after it, ``told`` of each secret that is in no file, as soon as there is one.

    Raises
    ------
    ProvisionFailed
        If something is in the way, before anything is done; or if a step fails: what was done before stays.
    """
    blocked = in_the_way(steps)
    if blocked:
        raise ProvisionFailed(f"{blocked[0].what}: {blocked[0].detail}")
    for step in to_do(steps):
        secret = None if step.act is None else step.act()
        if secret is not None:
            told(secret)
        done(step)
