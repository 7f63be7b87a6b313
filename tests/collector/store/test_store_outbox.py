"""The outbox: bounds, what is let go of, and the space that comes back."""

import gzip
import os
from pathlib import Path

import pytest
from store_things import DAY_S, POINTS, bounds

from collector.readings.outgoing import DeadLetter
from collector.store import frame, outbox
from collector.store.commit import Commit
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

S = 1_000_000_000
SMALL = frame.pack([b"m n=1i 1"], seq=1, created_ns=1)[0].size


async def numbered(store: Store, *numbers: int) -> None:
    """Commit records of one line, one a second."""
    for number in numbers:
        await store.commit(Commit(number * S, lines=[b"m n=%di %d" % (number % 10, number % 10)]))


async def seqs(store: Store, target: str) -> list[int]:
    return [record.seq for record in await store.pending(target, most_bytes=1 << 30)]


async def test_a_record_is_lines_that_each_end_with_a_new_line_so_that_records_can_be_joined(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await store.commit(Commit(1, lines=[b"m n=1i 1", b"m n=2i 2"]))
        await store.commit(Commit(2))
        await store.commit(Commit(3, lines=[b"m n=3i 3"]))
        records = await store.pending("db", most_bytes=1 << 30)
    assert [(record.seq, record.lines, record.raw_bytes) for record in records] == [(1, 2, 18), (2, 1, 9)]
    assert gzip.decompress(b"".join(record.body for record in records)) == b"m n=1i 1\nm n=2i 2\nm n=3i 3\n"


async def test_pending_holds_the_next_records_up_to_some_size_of_line_protocol_and_at_least_one(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await numbered(store, 1, 2, 3, 4)  # of 9 bytes each
        sizes = [len(await store.pending("db", most_bytes=most)) for most in (1, 9, 17, 18, 27, 1000)]
        assert sizes == [1, 1, 1, 2, 3, 4]
        await store.take("db", range(1, 4))
        assert await seqs(store, "db") == [4]
        assert await seqs(store, "other") == [1, 2, 3, 4]


async def test_too_much_drops_the_oldest_first_and_counts_records_and_lines(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await store.commit(Commit(1 * S, lines=[b"m n=1i 1"] * 5))
        await numbered(store, 2, 3, 4)
        assert (await store.let_go(("db",), bounds(most_bytes=3 * SMALL), 9 * S)).lines == 5
        assert await seqs(store, "db") == [2, 3, 4]
        nothing = await store.let_go(("db",), bounds(most_bytes=3 * SMALL), 9 * S)
        assert (nothing.records, nothing.lines) == (0, 0)  # exactly full is not too much
        dropped = await store.let_go(("db",), bounds(most_bytes=3 * SMALL - 1), 9 * S)
        assert (dropped.records, dropped.lines) == (1, 1)
        assert await seqs(store, "db") == [3, 4]
        state = await store.outbox_state()
        assert (state.records, state.size_bytes, state.oldest_ns) == (2, 2 * SMALL, 3 * S)


async def test_too_old_is_dropped_and_counted(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await numbered(store, 1, 2, 3, 4)
        dropped = await store.let_go(("db",), bounds(age_s=7.0), 10 * S)
        assert (dropped.records, dropped.lines) == (2, 2)  # that of second 3 is just 7 s old
        assert await seqs(store, "db") == [3, 4]


async def test_what_one_database_has_taken_and_the_other_has_not_counts_as_dropped_when_it_goes(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await numbered(store, 1, 2, 3)
        await store.take("fast", range(1, 4))
        await store.take("slow", range(1, 2))
        dropped = await store.let_go(("fast", "slow"), bounds(most_bytes=SMALL), 9 * S)
        assert (dropped.records, dropped.lines) == (1, 1)
        assert await seqs(store, "slow") == [3]


async def test_what_all_databases_have_taken_is_let_go_of_and_a_database_that_left_holds_up_nothing(
    tmp_path: Path,
) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await numbered(store, 1, 2, 3)
        await store.take("a", range(1, 4))
        await store.take("gone", range(1, 2))
        assert (await store.let_go(("a",), bounds(), 9 * S)).records == 0
        assert await seqs(store, "a") == []
        assert (await store.outbox_state()).records == 0


async def test_without_a_database_the_outbox_keeps_all_within_its_bounds_for_one_that_comes_later(
    tmp_path: Path,
) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await numbered(store, 1, 2, 3)
        await store.take("gone", range(1, 4))
        assert (await store.let_go((), bounds(), 9 * S)).records == 0
        assert await seqs(store, "new") == [1, 2, 3]
        await store.let_go((), bounds(most_bytes=2 * SMALL), 9 * S)
        assert await seqs(store, "new") == [2, 3]


async def test_numbers_are_never_used_again_also_when_the_outbox_was_empty(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    async with Store(path, POINTS) as store:
        await numbered(store, 1, 2)
        await store.take("db", range(1, 3))
        await store.let_go(("db",), bounds(), 9 * S)
    async with Store(path, POINTS) as store:
        await numbered(store, 3)
        assert await seqs(store, "db") == [3]


async def test_space_comes_back_after_an_outage(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    async with Store(path, POINTS) as store:
        for number in range(40):
            await store.commit(Commit(number, lines=[b'm t="%s" 1' % os.urandom(100_000).hex().encode()]))
    full = path.stat().st_size
    async with Store(path, POINTS) as store:
        await store.take("db", range(1, 41))
        for _ in range(2):  # 8 MB at a time, so that nobody waits long
            await store.let_go(("db",), bounds(), 9 * S)
    assert full > 4_000_000
    assert path.stat().st_size < 200_000


async def test_dead_letters_are_bounded_and_the_oldest_go_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_MOST_DEAD", 3)
    letters = [DeadLetter(number, "broker", "topic", b"\xff\x00", "not JSON") for number in range(5)]
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await store.commit(Commit(1, dead=letters))
        await store.let_go((), bounds(), 9 * S)
        assert (await store.outbox_state()).dead == 3
        oldest = await store._do(lambda: store._db.execute("SELECT min(time_ns) FROM dead").fetchone()[0])
    assert oldest == 2


async def test_large_dead_letters_are_bounded_by_their_size_and_the_oldest_go_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_MOST_DEAD_BYTES", 2500)
    letters = [DeadLetter(number, "broker", "topic", bytes(1000), "too large") for number in range(5)]
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await store.commit(Commit(1, dead=letters))
        await store.let_go((), bounds(), 9 * S)
        kept = await store._do(lambda: store._db.execute("SELECT time_ns FROM dead ORDER BY seq").fetchall())
        await store.let_go((), bounds(), 9 * S)
        again = (await store.outbox_state()).dead
    assert kept == [(3,), (4,)]
    assert again == 2


async def test_neither_state_nor_bounds_read_the_bodies_of_the_outbox(tmp_path: Path) -> None:
    def explain(question: str) -> str:
        return str(store._db.execute(f"EXPLAIN QUERY PLAN {question}").fetchall()[0][3])

    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        questions: list[str] = []
        store._db.set_trace_callback(questions.append)
        await store.outbox_state()
        await store.let_go(("db",), bounds(age_s=DAY_S), 9 * S)
        store._db.set_trace_callback(None)
        asked = [question for question in questions if " outbox" in question]
        plans = [await store._do(explain, question) for question in asked]
    assert len(plans) > 3
    assert all("USING" in plan for plan in plans), plans
