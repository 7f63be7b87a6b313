"""The backlog: a database is away for a while at a plant's rate, and comes back while the plant goes on.

The backlog of pots is published in batches as fast as the collector takes them: what stands in the outbox is lines,
however they came, and an outage of minutes is written in seconds. Gateways are polled as always. Then the database
comes, the load goes on at its rate, and it is watched how long the backlog takes, how old live data are in the database
meanwhile, and which share of a core collector and database take. As a yardstick a bare client then writes records of
the same outbox into the same database, one request after the other.
"""

import http.client
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from bench_children import Child, MqttLoad, child
from bench_plants import POTS, VALUES_OF_METER, BenchPlant, polled_gateways, pots_over_mqtt
from bench_rates import BATCH, GATEWAYS, METERS, broker_of, running_collector
from bench_watch import Mark, waited_for
from plant_run import CollectorProcess, wait_until
from pot_plant import StoreReader, logged
from server_process import free_port
from servers import running_influxdb1, running_victoria_metrics

TARGETS = ("fast", "influxdb1", "victoriametrics")
_BACKLOG_RATE = 120_000
_WITHIN_S = 240.0
_BACK_WITHIN_S = 120.0
_FIRST_LIVE_S = 3.0
_LOOK_EVERY_S = 0.2
_BARE_RECORDS = 40
_FLUSH_S = 60.0


@dataclass(slots=True)
class Database:
    """A database under test: its process, and the time of the newest reading that it holds of the watched one [ns]."""

    pid: int
    port: int
    newest_ns: Callable[[], int]


@contextmanager
def coming_back(target: str, folder: Path, port: int, plant: BenchPlant) -> Iterator[Database]:
    """Run a database on the port where the collector looks for it."""
    watched = plant.probed[0]
    if target == "fast":
        with child("swallowing_server.py", "--measurement", plant.measurement, "--port", str(port)) as fast:
            fast.line()
            yield Database(fast.process.pid, port, lambda: int(fast.ask("")["newest_ns"]))
    elif target == "influxdb1":
        with running_influxdb1(folder, port=port) as influxdb:
            influxdb.create_database("potline")
            influxdb.create_database("bare")
            ask = f'SELECT last("{plant.field}") FROM "{plant.measurement}" WHERE "{plant.tag}"=\'{watched}\''  # noqa: S608
            pid = influxdb.pid
            assert pid is not None
            yield Database(pid, port, lambda: max((row["time"] for row in influxdb.query("potline", ask)), default=0))
    else:
        with running_victoria_metrics(folder, port=port) as victoria:
            series = f'{plant.measurement}_{plant.field}{{{plant.tag}="{watched}"}}'

            def newest_ns() -> int:
                victoria.flush()
                found = victoria.query(f"tlast_over_time({series}[{_FLUSH_S:g}s])")
                return max((round(float(each["value"][1]) * 1e9) for each in found), default=0)

            pid = victoria.pid
            assert pid is not None
            yield Database(pid, port, newest_ns)


class Ages(threading.Thread):
    """Looks again and again how old the newest reading is in a database [s]."""

    def __init__(self, newest_ns: Callable[[], int]) -> None:
        super().__init__(daemon=True)
        self.found: list[float] = []
        self._newest_ns = newest_ns
        self._done = threading.Event()

    def run(self) -> None:
        self._done.wait(_FIRST_LIVE_S)
        while not self._done.wait(_LOOK_EVERY_S):
            if newest := self._newest_ns():
                self.found.append(time.time() - newest / 1e9)

    def stop(self) -> None:
        """Look no more."""
        self._done.set()
        self.join()


def drained(kind: str, target: str, *, rate: int, outage_s: float) -> dict[str, float]:
    """Let a database come back after an outage; ``kind`` is modbus, mqtt-single or mqtt-batch, ``rate`` its samples/s.

    For modbus the rate is that of all gateways, whatever is given.
    """
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder, port = Path(name), free_port()
        delivery = {
            "POTLINE_DELIVERY__OLD__KIND": "victoriametrics" if target == "victoriametrics" else "influxdb1",
            "POTLINE_DELIVERY__OLD__URL": f"http://127.0.0.1:{port}",
        }
        if target != "victoriametrics":
            delivery["POTLINE_DELIVERY__OLD__DATABASE"] = "potline"
        go_on: Callable[[], MqttLoad] | None = None
        if kind == "modbus":
            asked: Child = stack.enter_context(child("gateways.py", "--gateways", str(GATEWAYS)))
            plant = polled_gateways(folder, json.loads(asked.line()), meters=METERS, every="1s")
            running = stack.enter_context(running_collector(folder, plant, delivery, one_core=False))
            lines_per_s = float(GATEWAYS * METERS)
            time.sleep(outage_s)
        else:
            broker = stack.enter_context(broker_of(folder / "broker"))
            plant = pots_over_mqtt(folder, broker.host, broker.port)
            running = stack.enter_context(running_collector(folder, plant, delivery, one_core=False))
            wait_until(lambda: bool(logged(running, "subscribed")), 20, running.process, running.log)
            lines_per_s = float(rate)
            length = max(1, round(outage_s * rate / _BACKLOG_RATE))
            written = MqttLoad(broker, plant.site, pots=POTS, rate=_BACKLOG_RATE, batch=BATCH, seconds=length).ended()
            store = StoreReader(running.store)
            waited_for(lambda: _lines(store), written.samples, nothing_more_s=10.0)
            batch = BATCH if kind == "mqtt-batch" else 1

            def go_on() -> MqttLoad:
                return MqttLoad(broker, plant.site, pots=POTS, rate=rate, batch=batch, seconds=round(_WITHIN_S))

        live = go_on() if go_on is not None else None
        try:
            found = _drain(running, plant, folder, target, port, lines_per_s=lines_per_s)
        finally:
            if live is not None:
                live.process.kill()
                live.process.communicate()
        return found | {"values_per_line": VALUES_OF_METER if kind == "modbus" else 4}


def _drain(
    running: CollectorProcess, plant: BenchPlant, folder: Path, target: str, port: int, *, lines_per_s: float
) -> dict[str, float]:
    assert running.process is not None
    backlog = _lines(StoreReader(running.store))
    with coming_back(target, folder / "database", port, plant) as database:
        # The supervisor tries again after a pause that has grown; the time of the drain begins with the first readings.
        wait_until(lambda: database.newest_ns() > 0, _BACK_WITHIN_S, running.process, running.log)
        back_s = time.time()
        begin, server = Mark.of(running.process.pid), Mark.of(database.pid)
        ages = Ages(database.newest_ns)
        ages.start()
        until = begin.time_s + _WITHIN_S
        while not (is_drained := time.time() - _lag_s(running) > back_s) and time.monotonic() < until:
            time.sleep(_LOOK_EVERY_S)
        end = Mark.of(running.process.pid)
        shares = begin.share_until(end), server.share_until(Mark.of(database.pid))
        ages.stop()
        took_s = end.time_s - begin.time_s
        sent_per_s = backlog / took_s + lines_per_s
        bare_per_s = bare_lines_per_s(running.store, database.port)
        return {
            "outage_s": round(backlog / lines_per_s),
            "backlog_lines": backlog,
            "drained_s": round(took_s, 1),
            "is_drained": float(is_drained),
            # Nothing of a drain that did not come to its end.
            "times_real_time": round(backlog / lines_per_s / took_s, 1) if is_drained else 0.0,
            "lines_per_s": round(sent_per_s),
            "bare_lines_per_s": round(bare_per_s),
            "core_share": round(shares[0], 2),
            "database_core_share": round(shares[1], 2),
            # Of a drain that was over at once there is none.
            **({"live_age_max_s": round(max(ages.found), 2)} if ages.found else {}),
        }


def _lines(store: StoreReader) -> int:
    ((lines,),) = store.rows("SELECT coalesce(sum(lines), 0) FROM outbox")
    return int(lines)


def _lag_s(running: CollectorProcess) -> float:
    return max(float(each["lag_s"]) for each in running.state()["databases"])


def bare_lines_per_s(store: Path, port: int) -> float:
    """Return how many lines a second of the outbox a bare client writes, one record after the other [1/s]."""
    rows = StoreReader(store).rows(f"SELECT lines, body FROM outbox ORDER BY seq LIMIT {_BARE_RECORDS}")  # noqa: S608
    path = "/write?" + urlencode({"db": "bare", "precision": "ns"})
    lines, begin = 0, time.monotonic()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        for count, body in rows:
            connection.request("POST", path, body, {"Content-Encoding": "gzip"})
            answer = connection.getresponse()
            told = answer.read()
            if answer.status >= 300:
                raise RuntimeError(f"write a record to the database: {answer.status} {told[:200]!r}")
            lines += count
    return lines / (time.monotonic() - begin)
