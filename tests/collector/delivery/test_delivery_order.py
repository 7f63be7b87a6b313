"""Whatever goes first, falls over, is rewound or sent again: in the end a database says what it would in order.

Several requests are under way at once. The database takes what they hold when they come or when it answers, and it
answers in any order, or not at all.
"""

import asyncio
import contextlib
import gzip
import itertools
import shutil
import tempfile
from enum import StrEnum
from pathlib import Path

import pytest
from hostile_server import influx_sink
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from moved_clock import MovedClock, S
from servers import InfluxDB1

from collector.delivery import sink
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


class Applied(StrEnum):
    """When a database takes what a request holds: as it comes and is answered at once, or is answered later."""

    AT_ONCE = "at once"
    WHEN_IT_COMES = "when it comes"
    WHEN_ANSWERED = "when answered"


class Answer(StrEnum):
    """How a request ends."""

    WELL = "well"
    LOST = "the answer was lost"
    DOWN = "down"


class ModelDatabase:
    """What databases keep: of each series, time and field the value that was written last."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str, str], str] = {}
        self.applied = Applied.WHEN_ANSWERED
        self.held: list[asyncio.Future[Answer]] = []

    async def write(self, body: bytes) -> None:
        if self.applied is Applied.AT_ONCE:
            await self.apply(body)
            return
        comes_first = self.applied is Applied.WHEN_IT_COMES
        if comes_first:
            await self.apply(body)
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.held.append(waiting)
        try:
            answer = await waiting
        finally:
            self.held.remove(waiting)
        if not comes_first and answer is not Answer.DOWN:
            await self.apply(body)
        if answer is not Answer.WELL:
            raise SinkUnavailable(answer)

    def answer(self, which: int, answer: Answer) -> None:
        """Answer one of the requests that wait; after one that ends badly, no other is waited for."""
        waiting = [each for each in self.held if not each.done()]
        if waiting:
            waiting.pop(which % len(waiting)).set_result(answer)
        for each in waiting if answer is not Answer.WELL else ():
            each.set_result(Answer.WELL)

    async def apply(self, body: bytes) -> None:
        for line in gzip.decompress(body).decode().splitlines():
            self.take(line)

    async def close(self) -> None:
        """Nothing is open."""

    def take(self, line: str) -> None:
        start, _, time = line.rpartition(" ")
        series, _, fields = start.rpartition(" ")
        for each in fields.split(","):
            name, _, value = each.partition("=")
            self.kept[series, time, name] = value


async def cancelled(lane: Delivery) -> None:
    """Run a delivery for a moment, and cancel it."""
    running = asyncio.create_task(lane.run())
    await asyncio.sleep(0)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError, SinkUnavailable):
        await running


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
        return Delivery(name, sink, self.store, most_bytes=60, clock=self.clock, instruments=instruments, requests=3)

    def step(self, name: str) -> bool:
        try:
            return self.runner.run(self.lanes[name].step())
        except SinkUnavailable:
            assert not self.databases[name].held
            self.lanes[name] = self.delivery(name)
            return True

    @rule(name=st.sampled_from("ab"))
    def stop(self, name: str) -> None:
        """Cancel a delivery, wherever it is, and begin anew."""
        self.runner.run(cancelled(self.lanes[name]))
        assert not self.databases[name].held
        self.lanes[name] = self.delivery(name)

    def close(self) -> None:
        for name in self.lanes:
            self.stop(name)
        self.runner.run(self.store.__aexit__(None, None, None))

    @rule(lines=st.lists(st.tuples(SERIES, AGO_S, FIELDS), min_size=1, max_size=2), wait_s=WAITS_S)
    def commit(self, lines: list[tuple[str, int, str]], wait_s: int) -> None:
        self.clock.now_s += wait_s
        texts = []
        for series, ago_s, fields in lines:
            self.value += 1
            told = ",".join(f"{name}={self.value}" for name in fields)
            texts.append(f"{series} {told} {(self.clock.now_s - ago_s) * S}")
            self.in_order.take(texts[-1])
        self.runner.run(self.store.commit(Commit(self.clock.now_ns(), lines=[text.encode() for text in texts])))

    @rule(name=st.sampled_from("ab"), steps=st.integers(1, 3))
    def deliver(self, name: str, steps: int) -> None:
        for _ in range(steps):
            self.step(name)

    @rule(name=st.sampled_from("ab"), applied=st.sampled_from(Applied))
    def hold(self, name: str, applied: Applied) -> None:
        self.databases[name].applied = applied

    @rule(name=st.sampled_from("ab"), which=st.integers(0, 3), answer=st.sampled_from([*Answer, Answer.WELL]))
    def answer(self, name: str, which: int, answer: Answer) -> None:
        self.databases[name].answer(which, answer)
        self.step(name)

    def answer_all(self, name: str) -> None:
        """From now on, answer at once."""
        database = self.databases[name]
        database.applied = Applied.AT_ONCE
        while database.held:
            database.answer(0, Answer.WELL)
            self.step(name)

    @rule(later_s=st.sampled_from([1, 61]))
    def reopen(self, later_s: int) -> None:
        """Close the store and open it, before or after lines can be new to it at once."""
        self.close()
        self.clock.now_s += later_s
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
        bounds = Bounds(1 << 30, 1e9, 1e9, 1e9, keep_delivered_s=float(keep_s))
        assert self.runner.run(self.store.let_go(("a", "b"), bounds, self.clock.now_ns())).records == 0

    def teardown(self) -> None:
        for name in self.lanes:
            self.answer_all(name)
            while self.step(name):
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

    async def apply(self, body: bytes) -> None:
        await self.sink.write(body)
        await super().apply(body)

    async def close(self) -> None:
        await self.sink.__aexit__(None, None, None)


@pytest.fixture(autouse=True)
def _short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink, "_IDLE_S", 0.001)


def test_influxdb_1_too_says_in_the_end_what_it_would_in_order(influxdb1: InfluxDB1) -> None:
    names = (f"plant{number}" for number in itertools.count())

    class InInfluxDB(Lanes):
        def database(self) -> ModelDatabase:
            self.name = next(names)
            opened = influx_sink(influxdb1.url, version=1, bucket=self.name, create=True)
            self.runner.run(opened.__aenter__())
            return RealDatabase(opened)

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
    run_state_machine_as_test(Lanes, settings=settings(max_examples=60, stateful_step_count=50, deadline=None))
