"""The store against a model of it: a list, some sets and a clock that somebody sets.

A crash is a copy of the file and its log as they lie on disk at that instant: what a kill leaves behind. The one before
is closed in order, and nobody looks at it again.
"""

import asyncio
import gzip
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from draws import drawn
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from store_things import POINTS, bounds, record

from collector.readings.cell import MINUTE_NS
from collector.readings.outgoing import DropCause, WhenFull
from collector.store import frame, ledger
from collector.store.commit import Commit
from collector.store.store import Store

S = 1_000_000_000
TARGETS = ("a", "b")
EPOCH_S = 1_800_000_000


@dataclass
class Kept:
    """A record as the model keeps it: when it was written by a clock that nobody sets [s]."""

    seq: int
    second: int
    lines: bytes

    @property
    def size(self) -> int:
        return frame.pack([self.lines[:-1]], seq=1, created_ns=EPOCH_S * S)[0].size


class StoreAgainstModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.runner = asyncio.Runner()
        self.number = 0
        self.now_s = 0
        """What a clock would show that nobody sets."""
        self.set_by_s = 0
        self.last = 0
        self.kept: list[Kept] = []
        self.taken = dict.fromkeys(TARGETS, 0)
        self.minutes = 0
        self.open()

    def open(self) -> None:
        self.store = Store(self.folder / f"{self.number}" / "store.sqlite", POINTS)
        self.runner.run(self.store.__aenter__())
        assert not self.store.done_at_opening
        assert not self.store.log_lost

    def close(self) -> None:
        self.runner.run(self.store.__aexit__(None, None, None))

    @property
    def now_ns(self) -> int:
        return (EPOCH_S + self.now_s + self.set_by_s) * S

    @rule(lines=st.integers(0, 4), wait_s=st.integers(0, 5))
    def append(self, lines: int, wait_s: int) -> None:
        self.now_s += wait_s
        texts = [b"m n=%di %d" % (self.last, number) for number in range(lines)]
        self.runner.run(self.store.commit(Commit(self.now_ns, lines=texts, records=[record(self.minutes)])))
        self.minutes += 1
        if lines:
            self.last += 1
            self.kept.append(Kept(self.last, self.now_s, b"\n".join(texts) + b"\n"))

    @rule(by_s=st.sampled_from([-1_000_000, -40, -1, 1, 40, 1_000_000]))
    def set_the_clock(self, by_s: int) -> None:
        self.set_by_s += by_s
        self.runner.run(self.store.note_clock_step(by_s * S))

    @rule()
    def reopen(self) -> None:
        self.close()
        self.open()

    @rule()
    def crash(self) -> None:
        before, after = self.folder / f"{self.number}", self.folder / f"{self.number + 1}"
        after.mkdir()
        for name in ("store.sqlite", "store.sqlite-wal", "store.sqlite.lock"):
            shutil.copy(before / name, after / name)
        self.close()
        shutil.rmtree(before)
        self.number += 1
        self.open()

    @precondition(lambda self: self.kept)
    @rule(database=st.sampled_from(TARGETS), most_bytes=st.integers(1, 200), is_told=st.booleans())
    def deliver(self, database: str, most_bytes: int, is_told: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
        records = self.runner.run(self.store.pending(database, most_bytes=most_bytes))
        if records:
            assert len(records) == 1 or sum(record.raw_bytes for record in records) <= most_bytes
        if records and is_told:  # else its answer got lost, and the same is offered again
            self.runner.run(self.store.take(database, [record.seq for record in records]))
            self.taken[database] = records[-1].seq

    @precondition(lambda self: any(self.taken.values()))
    @rule(database=st.sampled_from(TARGETS))
    def resend(self, database: str) -> None:
        """Tell the store again what it knows: that the last record was taken."""
        self.runner.run(self.store.take(database, range(1, self.taken[database] + 1)))

    @rule(
        databases=st.sets(st.sampled_from(TARGETS)),
        most_bytes=st.integers(0, 600),
        age_s=st.integers(1, 30),
        when_full=st.sampled_from(WhenFull),
    )
    def evict(self, databases: set[str], most_bytes: int, age_s: int, when_full: WhenFull) -> None:
        limits = bounds(most_bytes=most_bytes, age_s=age_s, minutes_s=0.0, when_full=when_full)
        dropped = self.runner.run(self.store.let_go(sorted(databases), limits, self.now_ns))
        taken = min((self.taken[target] for target in databases), default=0)
        left = [kept for kept in self.kept if kept.seq > taken]
        self.kept = list(left)
        gone: dict[DropCause, int] = {}
        if when_full is WhenFull.DROP_OLDEST or not databases:
            self.kept = [kept for kept in left if kept.second >= self.now_s - age_s]
            gone[DropCause.AGE] = len(left) - len(self.kept)
            while sum(kept.size for kept in self.kept) > most_bytes:
                del self.kept[0]
            gone[DropCause.BYTES] = len(left) - len(self.kept) - gone[DropCause.AGE]
        assert dropped.by_cause == {cause: count for cause, count in gone.items() if count}
        assert dropped.lines == sum(kept.lines.count(b"\n") for kept in left[: len(left) - len(self.kept)])

    @rule(least_bytes=st.integers(-1, 400))
    def make_room(self, least_bytes: int) -> None:
        dropped = self.runner.run(self.store.drop_oldest((), least_bytes, DropCause.DISK, WhenFull.DROP_OLDEST))
        size = count = 0
        while self.kept and size < least_bytes:
            size += self.kept.pop(0).size
            count += 1
        assert (dropped.records, dropped.by_cause.get(DropCause.DISK, 0)) == (count, count)

    @invariant()
    def each_database_is_offered_exactly_what_it_has_not_taken(self) -> None:
        for target in TARGETS:
            records = self.runner.run(self.store.pending(target, most_bytes=1 << 30))
            found = [(record.seq, gzip.decompress(record.body)) for record in records]
            assert found == [(kept.seq, kept.lines) for kept in self.kept if kept.seq > self.taken[target]]

    @invariant()
    def the_outbox_is_as_large_and_as_old_as_it_is(self) -> None:
        state = self.runner.run(self.store.outbox_state())
        size = sum(kept.size for kept in self.kept)
        assert (state.records, state.size_bytes, self.store.outbox_bytes) == (len(self.kept), size, size)
        oldest_s = self.kept[0].second + EPOCH_S + self.set_by_s if self.kept else 0
        assert state.oldest_ns == oldest_s * S

    @invariant()
    def the_ledger_is_whole(self) -> None:
        assert not self.runner.run(self.store._do(lambda: list(ledger.verify(self.store._db))))
        in_force = self.runner.run(self.store.latest_records("PL1", "minute", 0, 10_000 * MINUTE_NS))
        assert len(in_force) <= self.minutes

    def teardown(self) -> None:
        self.close()
        self.runner.close()
        shutil.rmtree(self.folder)


def test_the_store_does_what_a_simple_model_of_it_does() -> None:
    run_state_machine_as_test(
        StoreAgainstModel, settings=settings(max_examples=drawn(15), stateful_step_count=20, deadline=None)
    )
