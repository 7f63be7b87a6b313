"""Whatever goes first, falls over, is rewound or sent again: in the end a database says what it would in order."""

import asyncio
import contextlib
import gzip
import itertools
import shutil
import tempfile
from pathlib import Path

from hostile_server import influx_sink
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from moved_clock import MovedClock, S
from servers import InfluxDB1

from collector.delivery.influx import InfluxSink
from collector.delivery.sink import Delivery, SinkUnavailable
from collector.instruments import Instruments
from collector.readings.point import PointTable
from collector.store.commit import Commit
from collector.store.outbox import Bounds
from collector.store.store import Store

AGO_S = st.sampled_from([0, 0, 8, 16])
WAITS_S = st.sampled_from([0, 8])
"""A record is of the backlog after 5 s, so that what is told again 8 s later is told in another lane."""
FIELDS = st.sampled_from(["x", "xy"])
SERIES = st.sampled_from(["m,pot=1", r"m,pot=a\ b", r"m,pot=a\ c"])


class ModelDatabase:
    """What databases keep: of each series, time and field the value that was written last."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str, str], str] = {}
        self.fails_before = self.fails_after = False

    async def write(self, body: bytes) -> None:
        if self.fails_before:
            raise SinkUnavailable("down")
        for line in gzip.decompress(body).decode().splitlines():
            self.take(line)
        if self.fails_after:
            raise SinkUnavailable("the answer was lost")

    async def close(self) -> None:
        """Nothing is open."""

    def take(self, line: str) -> None:
        start, _, time = line.rpartition(" ")
        series, _, fields = start.rpartition(" ")
        for each in fields.split(","):
            name, _, value = each.partition("=")
            self.kept[series, time, name] = value


class Lanes(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.runner = asyncio.Runner()
        self.clock = MovedClock()
        self.in_order = ModelDatabase()
        self.databases = {"a": self.database(), "b": ModelDatabase()}
        self.value = 0
        self.open()

    def database(self) -> ModelDatabase:
        return ModelDatabase()

    def open(self) -> None:
        self.store = Store(self.folder / "store.sqlite", PointTable([]))
        self.runner.run(self.store.__aenter__())
        self.lanes = {name: self.delivery(name) for name in self.databases}

    def delivery(self, name: str) -> Delivery:
        sink, instruments = self.databases[name], Instruments()
        return Delivery(name, sink, self.store, most_bytes=60, clock=self.clock, instruments=instruments)

    def close(self) -> None:
        self.runner.run(self.store.__aexit__(None, None, None))

    @rule(lines=st.lists(st.tuples(SERIES, AGO_S, FIELDS), min_size=1, max_size=2), wait_s=WAITS_S)
    def commit(self, lines: list[tuple[str, int, str]], wait_s: int) -> None:
        self.clock.now_s += wait_s
        texts = []
        for series, ago_s, fields in lines:
            self.value += 1
            told = ",".join(f"{name}={self.value}" for name in fields)
            texts.append(f"{series} {told} {self.clock.now_s - ago_s}")
            self.in_order.take(texts[-1])
        self.runner.run(self.store.commit(Commit(self.clock.now_ns(), lines=[text.encode() for text in texts])))

    @rule(name=st.sampled_from("ab"), steps=st.integers(1, 3))
    def deliver(self, name: str, steps: int) -> None:
        for _ in range(steps):
            self.runner.run(self.lanes[name].step())

    @rule(name=st.sampled_from("ab"), before=st.booleans())
    def fail(self, name: str, before: bool) -> None:  # noqa: FBT001 - hypothesis gives it by name
        database = self.databases[name]
        database.fails_before, database.fails_after = before, not before
        with contextlib.suppress(SinkUnavailable):
            self.runner.run(self.lanes[name].step())
        database.fails_before = database.fails_after = False
        self.lanes[name] = self.delivery(name)

    @rule()
    def reopen(self) -> None:
        self.close()
        self.open()

    @rule(name=st.sampled_from("ab"), ago_s=st.integers(0, 60))
    def rewind(self, name: str, ago_s: int) -> None:
        self.runner.run(self.store.rewind(name, (self.clock.now_s - ago_s) * S))

    @rule(name=st.sampled_from("ab"), ago_s=st.integers(1, 60), length_s=st.integers(1, 20))
    def resend(self, name: str, ago_s: int, length_s: int) -> None:
        from_ns = (self.clock.now_s - ago_s) * S
        self.runner.run(self.store.resend(name, from_ns, from_ns + length_s * S))

    @rule(keep_s=st.integers(0, 40))
    def let_go(self, keep_s: int) -> None:
        bounds = Bounds(1 << 30, 1e9, 1e9, 1e9, float(keep_s))
        assert self.runner.run(self.store.let_go(("a", "b"), bounds, self.clock.now_ns())).records == 0

    def teardown(self) -> None:
        for name, lane in self.lanes.items():
            while self.runner.run(lane.step()):
                pass
            assert self.databases[name].kept == self.in_order.kept
            self.check(self.databases[name])
            behind = self.runner.run(self.store.outbox_state((name,))).behind[name]
            assert (behind.records, behind.lines, behind.size_bytes, behind.oldest_ns) == (0, 0, 0, 0)
        for database in self.databases.values():
            self.runner.run(database.close())
        self.close()
        self.runner.close()
        shutil.rmtree(self.folder)

    def check(self, database: ModelDatabase) -> None:
        """Compare what a database says of itself."""


class RealDatabase(ModelDatabase):
    """InfluxDB 1.x, and beside it what it should say."""

    def __init__(self, sink: InfluxSink) -> None:
        super().__init__()
        self.sink = sink

    async def write(self, body: bytes) -> None:
        if not self.fails_before:
            await self.sink.write(body)
        await super().write(body)

    async def close(self) -> None:
        await self.sink.__aexit__(None, None, None)


def test_influxdb_1_too_says_in_the_end_what_it_would_in_order(influxdb1: InfluxDB1) -> None:
    names = (f"plant{number}" for number in itertools.count())

    class InInfluxDB(Lanes):
        def database(self) -> ModelDatabase:
            self.name = next(names)
            sink = influx_sink(influxdb1.url, version=1, bucket=self.name, create=True)
            self.runner.run(sink.__aenter__())
            return RealDatabase(sink)

        def check(self, database: ModelDatabase) -> None:
            if not isinstance(database, RealDatabase):
                return
            said = {
                ("m,pot=" + row["pot"].replace(" ", r"\ "), str(row["time"]), field): f"{row[field]:g}"
                for row in influxdb1.query(self.name, "SELECT x, y FROM m GROUP BY *")
                for field in "xy"
                if row.get(field) is not None
            }
            assert said == self.in_order.kept

    run_state_machine_as_test(InInfluxDB, settings=settings(max_examples=15, stateful_step_count=20, deadline=None))


def test_the_order_of_writing_changes_nothing_in_the_end() -> None:
    run_state_machine_as_test(Lanes, settings=settings(max_examples=60, stateful_step_count=25, deadline=None))
