"""The line under load: Modbus, single MQTT samples, MQTT batches; a goal's rate, and the highest that is kept up.

At the goal's rate the collector writes to a real InfluxDB, and it is watched how soon its samples can be queried there.
For the highest rate it runs on one core alone and writes to a server that keeps nothing: InfluxDB would be the limit.
"""

import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from bench_children import Child, Sent, child, mqtt_load, on_one_core
from bench_plants import POTS, VALUES_OF_METER, BenchPlant, now_clock, polled_gateways, pots_over_mqtt
from bench_watch import Freshness, Mark, peak_mb, waited_for
from plant_run import CollectorProcess, wait_until
from pot_plant import StoreReader, logged
from servers import InfluxDB1, Mosquitto, running_influxdb1, running_mosquitto

GATEWAYS, METERS = 100, 17
"""17 meters of 62 values: a little more than a thousand."""
BATCH = 100
_START_WITHIN_S = 120.0
_WARM_S = 3.0
_CONNECTED_S = 12.0
"""Of 1,700 meters: with the first answer of each its decoder is made."""
_NOTHING_MORE_S = 15.0
_KEPT_UP_S = 3.0
"""A rate is kept up where so soon after the end of the load everything is there: a commit and a delivery."""
_ON_TIME_MS = 50.0


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long a window is measured [s]: at the goal's rate, for the yardstick, and at each rate of the ladder."""

    goal_s: int = 20
    bare_s: int = 10
    step_s: int = 8


@contextmanager
def empty_influxdb(folder: Path) -> Iterator[InfluxDB1]:
    """Run an InfluxDB 1 with an empty database."""
    with running_influxdb1(folder) as influxdb:
        influxdb.create_database("potline")
        yield influxdb


def to_influxdb(influxdb: InfluxDB1) -> dict[str, str]:
    """Return the settings of delivery to an InfluxDB 1."""
    return {
        "POTLINE_DELIVERY__OLD__KIND": "influxdb1",
        "POTLINE_DELIVERY__OLD__URL": influxdb.url,
        "POTLINE_DELIVERY__OLD__DATABASE": "potline",
    }


def to_swallowing(port: int) -> dict[str, str]:
    """Return the settings of delivery to the server that keeps nothing."""
    return {
        "POTLINE_DELIVERY__FAST__KIND": "influxdb1",
        "POTLINE_DELIVERY__FAST__URL": f"http://127.0.0.1:{port}",
        "POTLINE_DELIVERY__FAST__DATABASE": "potline",
    }


@contextmanager
def running_collector(
    folder: Path, plant: BenchPlant, delivery: Mapping[str, str], *, one_core: bool
) -> Iterator[CollectorProcess]:
    """Run a collector of a plant; with brokers, until they let it in."""
    running = CollectorProcess("collector", folder, now_clock(folder), plant.settings | dict(delivery))
    try:
        with on_one_core() if one_core else nullcontext():
            running.spawn()
        wait_until(lambda: bool(logged(running, "running")), _START_WITHIN_S, running.process, running.log)
        yield running
    finally:
        if running.process is not None and running.process.poll() is None:
            running.kill()


def lines_on_disk(store: StoreReader, measurement: str) -> int:
    """Return how many lines of a measurement have come to disk since it was last read."""
    return (b"\n" + store.new_lines()).count(f"\n{measurement},".encode())


def in_influxdb(influxdb: InfluxDB1, plant: BenchPlant) -> int:
    """Return how many readings of the watched field a database holds."""
    rows = influxdb.query("potline", f'SELECT count("{plant.field}") FROM "{plant.measurement}"')  # noqa: S608 - ours
    return int(rows[0]["count"]) if rows else 0


# --------------------------------------------------------------------------------------------------------------- MQTT


@contextmanager
def broker_of(folder: Path) -> Iterator[Mosquitto]:
    """Run a broker that holds nothing back."""
    with running_mosquitto(folder, max_inflight_messages=0, max_queued_messages=0, log_type="error") as broker:
        yield broker


def bare_mqtt(broker: Mosquitto, *, site: str, rate: int, batch: int, seconds: int) -> float:
    """Return the processor time of the yardstick for a sample [us]."""
    with child("bare_loops.py", "mqtt", "--port", str(broker.port)) as bare:
        bare.line()
        with mqtt_load(broker, site, pots=POTS, rate=rate, batch=batch, seconds=seconds) as load:
            load.ended()
        told = bare.ask("")
    return float(told["cpu_s"] / (told["count"] * batch) * 1e6)


def mqtt_at_goal(*, rate: int, batch: int, lengths: Lengths) -> dict[str, float]:
    """Measure a rate over MQTT with a real InfluxDB, and the yardstick at the same rate."""
    with tempfile.TemporaryDirectory() as name, broker_of(Path(name) / "broker") as broker:
        folder = Path(name)
        plant = pots_over_mqtt(folder, broker.host, broker.port)
        bare_us = bare_mqtt(broker, site=plant.site, rate=rate, batch=batch, seconds=lengths.bare_s)
        with (
            empty_influxdb(folder / "influxdb") as influxdb,
            running_collector(folder, plant, to_influxdb(influxdb), one_core=False) as running,
        ):
            wait_until(lambda: bool(logged(running, "subscribed")), 20, running.process, running.log)
            assert running.process is not None
            pid, store = running.process.pid, StoreReader(running.store)
            length = round(_WARM_S) + lengths.goal_s + 1
            with (
                mqtt_load(broker, plant.site, pots=POTS, rate=rate, batch=batch, seconds=length) as load,
                Freshness(influxdb, plant, newest_alone=batch > 1) as fresh,
            ):
                share = _share(pid, lengths.goal_s)
                sent = load.ended()
                waited_for(lambda: in_influxdb(influxdb, plant), sent.samples, nothing_more_s=_NOTHING_MORE_S)
            arrived = in_influxdb(influxdb, plant)
            per_s = sent.samples / sent.seconds
            return {
                "rate": round(per_s),
                "core_share": round(share, 3),
                "peak_mb": round(peak_mb(pid)),
                "lost": sent.samples - min(arrived, lines_on_disk(store, "pot")),
                "not_taken_by_broker": sent.not_taken,
                **fresh.told(),
                "us_per_sample": round(share / per_s * 1e6, 2),
                "bare_us_per_sample": round(bare_us, 2),
                "load_core": sent.core,
            }


def mqtt_keeps_up(*, rate: int, batch: int, lengths: Lengths) -> dict[str, float]:
    """Measure one rate of the ladder on one core; ``kept_up`` is 1 where everything came, and soon enough."""
    with (
        tempfile.TemporaryDirectory() as name,
        broker_of(Path(name) / "broker") as broker,
        child("swallowing_server.py") as swallowing,
    ):
        folder = Path(name)
        plant = pots_over_mqtt(folder, broker.host, broker.port)
        delivery = to_swallowing(int(swallowing.line()))
        with running_collector(folder, plant, delivery, one_core=True) as running:
            wait_until(lambda: bool(logged(running, "subscribed")), 20, running.process, running.log)
            assert running.process is not None
            pid, store = running.process.pid, StoreReader(running.store)
            length = round(_WARM_S) + lengths.step_s + 1
            with mqtt_load(broker, plant.site, pots=POTS, rate=rate, batch=batch, seconds=length) as load:
                share = _share(pid, lengths.step_s)
                sent = load.ended()
            behind_s = waited_for(
                lambda: float(swallowing.ask("")["lines"]), sent.samples, nothing_more_s=_NOTHING_MORE_S
            )
            return _step(running, sent, share, behind_s, lost=sent.samples - lines_on_disk(store, "pot"), asked=rate)


def _step(
    running: CollectorProcess, sent: Sent, share: float, behind_s: float, *, lost: int, asked: int
) -> dict[str, float]:
    assert running.process is not None
    per_s = sent.samples / sent.seconds
    kept_up = not lost and not sent.not_taken and behind_s <= _KEPT_UP_S and per_s >= 0.95 * asked
    return {
        "rate_asked": asked,
        "rate": round(per_s),
        "core_share": round(share, 3),
        "behind_s": round(behind_s, 2),
        "lost": lost,
        "not_taken_by_broker": sent.not_taken,
        "load_core": sent.core,
        "peak_mb": round(peak_mb(running.process.pid)),
        "kept_up": float(kept_up),
    }


def _share(pid: int, seconds: float) -> float:
    """Let the load warm up, and return the share of a core over some seconds."""
    time.sleep(_WARM_S)
    begin = Mark.of(pid)
    time.sleep(seconds)
    return begin.share_until(Mark.of(pid))


# ------------------------------------------------------------------------------------------------------------- Modbus


def bare_modbus(ports: list[int], *, meters: int, period_s: float, seconds: float) -> float:
    """Return the processor time of the yardstick for a value [us]."""
    listed = ",".join(str(port) for port in ports)
    arguments = ["modbus", "--ports", listed, "--meters", str(meters), "--period", f"{period_s:g}"]
    with child("bare_loops.py", *arguments) as bare:
        bare.line()
        time.sleep(seconds)
        told = bare.ask("")
    return float(told["cpu_s"] / (told["count"] * VALUES_OF_METER) * 1e6)


def modbus_at_goal(
    *, lengths: Lengths, gateways: int = GATEWAYS, meters: int = METERS, period_s: float = 1.0
) -> dict[str, float]:
    """Measure the polling of all gateways with a real InfluxDB, and the yardstick with gateways of its own."""
    with child("gateways.py", "--gateways", str(gateways)) as bare:
        bare_us = bare_modbus(json.loads(bare.line()), meters=meters, period_s=period_s, seconds=lengths.bare_s)
    with (
        tempfile.TemporaryDirectory() as name,
        empty_influxdb(Path(name) / "influxdb") as influxdb,
        child("gateways.py", "--gateways", str(gateways)) as asked,
    ):
        folder = Path(name)
        plant = polled_gateways(folder, json.loads(asked.line()), meters=meters, every=f"{period_s * 1000:g}ms")
        with (
            running_collector(folder, plant, to_influxdb(influxdb), one_core=False) as running,
            Freshness(influxdb, plant, newest_alone=False) as fresh,
        ):
            assert running.process is not None
            pid = running.process.pid
            found = _polled(asked, pid, seconds=lengths.goal_s, period_s=period_s)
            answers = asked.ask("silence")["answers"]
            waited_for(lambda: in_influxdb(influxdb, plant), answers, nothing_more_s=_NOTHING_MORE_S)
            arrived = in_influxdb(influxdb, plant)
            told = fresh.told()
        return {
            **found,
            "lost": (answers - arrived) * VALUES_OF_METER,
            "peak_mb": round(peak_mb(pid)) if running.process.poll() is None else found["peak_mb"],
            **told,
            "us_per_value": round(found["core_share"] / found["rate"] * 1e6, 2),
            "bare_us_per_value": round(bare_us, 2),
        }


def modbus_keeps_up(*, period_s: float, lengths: Lengths) -> dict[str, float]:
    """Measure one rate of the ladder on one core; ``kept_up`` is 1 where every poll was asked, on time, and came."""
    with (
        tempfile.TemporaryDirectory() as name,
        child("swallowing_server.py", "--measurement", "meter") as swallowing,
        child("gateways.py", "--gateways", str(GATEWAYS)) as asked,
    ):
        folder = Path(name)
        plant = polled_gateways(folder, json.loads(asked.line()), meters=METERS, every=f"{period_s * 1000:g}ms")
        delivery = to_swallowing(int(swallowing.line()))
        with running_collector(folder, plant, delivery, one_core=True) as running:
            assert running.process is not None
            pid, store = running.process.pid, StoreReader(running.store)
            found = _polled(asked, pid, seconds=lengths.step_s, period_s=period_s)
            answers = asked.ask("silence")["answers"]
            behind_s = waited_for(lambda: float(swallowing.ask("")["lines"]), answers, nothing_more_s=_KEPT_UP_S)
            lines = store.new_lines()
            lost = answers - lines.count(f" {plant.field}=".encode())
        wanted = GATEWAYS * METERS * VALUES_OF_METER / period_s
        kept_up = lost <= 0 and found["rate"] >= 0.98 * wanted and found["late_p99_ms"] < _ON_TIME_MS
        return {
            **found,
            "rate_asked": round(wanted),
            "lost": lost * VALUES_OF_METER,
            "behind_s": round(behind_s, 2),
            "kept_up": float(kept_up),
        }


def _polled(asked: Child, pid: int, *, seconds: float, period_s: float) -> dict[str, float]:
    """Let it warm up, and return what the gateways and the process tell of some seconds."""
    time.sleep(_CONNECTED_S)
    begin = Mark.of(pid)
    time.sleep(seconds)
    end = Mark.of(pid)
    told = asked.ask(f"report {begin.time_s} {end.time_s} {period_s}")
    return {
        "rate": round(told["requests"] * VALUES_OF_METER / (end.time_s - begin.time_s)),
        "core_share": round(begin.share_until(end), 3),
        "peak_mb": round(peak_mb(pid)),
        "missed_polls": told["missing"],
        "late_p50_ms": round(told["late_p50_ms"], 1),
        "late_p99_ms": round(told["late_p99_ms"], 1),
        "late_max_ms": round(told["late_max_ms"], 1),
    }
