"""The store against a model of it: a list, two numbers and a sum."""

import asyncio
import gzip
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from store_things import POINTS, bounds, record

from collector.readings.cell import MINUTE_NS
from collector.store import frame, ledger
from collector.store.commit import Commit
from collector.store.store import Store

S = 1_000_000_000
TARGETS = ("a", "b")


class StoreAgainstModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.runner = asyncio.Runner()
        self.now_s = 0
        self.last = 0
        self.kept: list[tuple[int, int, bytes]] = []  # seq, second, lines
        self.taken = dict.fromkeys(TARGETS, 0)
        self.minutes = 0
        self.open()

    def open(self) -> None:
        self.store = Store(self.folder / "store.sqlite", POINTS)
        self.runner.run(self.store.__aenter__())

    def close(self) -> None:
        self.runner.run(self.store.__aexit__(None, None, None))

    @rule(lines=st.integers(0, 4), wait_s=st.integers(0, 5))
    def append(self, lines: int, wait_s: int) -> None:
        self.now_s += wait_s
        texts = [b"m n=%di %d" % (self.last, number) for number in range(lines)]
        self.runner.run(self.store.commit(Commit(self.now_s * S, lines=texts, records=[record(self.minutes)])))
        self.minutes += 1
        if lines:
            self.last += 1
            self.kept.append((self.last, self.now_s, b"\n".join(texts) + b"\n"))

    @rule()
    def reopen(self) -> None:
        self.close()
        self.open()

    @precondition(lambda self: self.kept)
    @rule(database=st.sampled_from(TARGETS), most_bytes=st.integers(1, 200))
    def deliver(self, database: str, most_bytes: int) -> None:
        records = self.runner.run(self.store.pending(database, most_bytes=most_bytes))
        if records:
            assert len(records) == 1 or sum(record.raw_bytes for record in records) <= most_bytes
            self.runner.run(self.store.take(database, [record.seq for record in records]))
            self.taken[database] = records[-1].seq

    @rule(databases=st.sets(st.sampled_from(TARGETS)), most_bytes=st.integers(0, 400), age_s=st.integers(1, 30))
    def let_go(self, databases: set[str], most_bytes: int, age_s: int) -> None:
        limits = bounds(most_bytes=most_bytes, age_s=age_s, minutes_s=0.0)
        dropped = self.runner.run(self.store.let_go(sorted(databases), limits, self.now_s * S))
        taken = min((self.taken[target] for target in databases), default=0)
        left = [kept for kept in self.kept if kept[0] > taken]
        self.kept = [kept for kept in left if kept[1] >= self.now_s - age_s]
        while sum(frame.pack([lines[:-1]], seq=1, created_ns=1)[0].size for _, _, lines in self.kept) > most_bytes:
            del self.kept[0]
        gone = left[: len(left) - len(self.kept)]
        assert dropped.records == len(gone)
        assert dropped.lines == sum(lines.count(b"\n") for _, _, lines in gone)

    @invariant()
    def each_database_is_offered_exactly_what_it_has_not_taken(self) -> None:
        for target in TARGETS:
            records = self.runner.run(self.store.pending(target, most_bytes=1 << 30))
            found = [(record.seq, gzip.decompress(record.body)) for record in records]
            assert found == [(seq, lines) for seq, _, lines in self.kept if seq > self.taken[target]]

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
        StoreAgainstModel, settings=settings(max_examples=40, stateful_step_count=20, deadline=None)
    )
