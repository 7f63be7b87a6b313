"""Ranges of record numbers against sets of numbers; rewinding, sending again, keeping what was delivered."""

import itertools
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_things import DAY_S, POINTS, behind_its_back

from collector.store import ranges, rescue
from collector.store.commit import Commit
from collector.store.frame import Head
from collector.store.outbox import Behind, Bounds
from collector.store.salvage import Pages, salvaged
from collector.store.store import Store

S = 1_000_000_000
HOUR = 3600
MOST = 40
PAIR = st.tuples(st.integers(1, MOST), st.integers(1, MOST)).map(lambda pair: (min(pair), max(pair)))
CHANGES = st.lists(st.tuples(st.sampled_from(["add", "remove", "gone"]), PAIR), max_size=25)


def numbers(stretches: list[ranges.Range]) -> set[int]:
    return {number for first, last in stretches for number in range(first, last + 1)}


@given(CHANGES)
def test_ranges_hold_what_a_set_holds_and_never_touch_and_what_is_gone_stays_taken(
    changes: list[tuple[str, ranges.Range]],
) -> None:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE taken (target TEXT, first INTEGER, last INTEGER, PRIMARY KEY (target, first))")
    taken: set[int] = set()
    gone: set[int] = set()
    for what, stretch in changes:
        match what:
            case "add":
                ranges.adopt(db, "db")
                ranges.add(db, "db", *stretch)
                taken |= numbers([stretch]) | gone
            case "remove":
                ranges.remove(db, "db", *stretch)
                taken = (taken - numbers([stretch])) | gone
            case "gone":
                gone |= numbers([stretch])
                taken |= gone
                for name in {*ranges.names(db), ranges.GONE}:
                    ranges.add(db, name, *stretch)
        found = ranges.ranges_of(db, "db")
        assert numbers(found) == taken
        assert all(one[1] + 1 < other[0] for one, other in itertools.pairwise(found))
        left = set(range(1, MOST + 2)) - taken
        assert ranges.lowest_left(db, "db") == min(left)
        assert numbers(list(ranges.between(found, 5, 30))) == {number for number in left if 5 <= number <= 30}
    db.close()


@given(st.lists(st.lists(PAIR, max_size=4), min_size=1, max_size=3))
def test_what_several_lists_of_ranges_have_in_common(lists: list[list[ranges.Range]]) -> None:
    sets = [numbers(each) for each in lists]
    tidied = [list(ranges.runs(sorted(each))) for each in sets]
    assert numbers(ranges.common(tidied)) == set.intersection(*sets)
    assert ranges.common([]) == []


async def numbered(store: Store, *seconds: int) -> None:
    """Commit records of one line, each later than all before."""
    for second in seconds:
        await store.commit(Commit(second * S, lines=[b"m n=1i %d" % second]))


async def seqs(store: Store, target: str = "db") -> list[int]:
    return [record.seq for record in await store.pending(target, most_bytes=1 << 30)]


def keeping(seconds: float, *, most_bytes: int = 1 << 40) -> Bounds:
    return Bounds(most_bytes, 1e9, 1e9, 1e9, keep_delivered_s=seconds)


@pytest.mark.asyncio
async def test_a_database_is_rewound_to_a_time_and_to_the_start(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await numbered(store, 10, 20, 30, 40)
        await store.take("db", range(1, 5))
        assert (await store.rewind("db", 50 * S)).records == 0
        assert await seqs(store) == []
        assert (await store.rewind("db", 25 * S)).records == 2
        assert await seqs(store) == [3, 4]
        assert (await store.rewind("db", 0)).records == 4
        assert await seqs(store) == [1, 2, 3, 4]
        assert await seqs(store, "other") == [1, 2, 3, 4]


@pytest.mark.asyncio
async def test_a_period_is_sent_again_and_with_it_what_was_stated_again_later(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await numbered(store, 10, 20, 30)
        await store.commit(Commit(40 * S, lines=[b"m n=2i 20"]))
        await numbered(store, 50)
        await store.take("db", range(1, 6))
        again = await store.resend("db", 20 * S, 30 * S)
        assert (again.records, again.followed, again.gone, again.kept_from_ns) == (1, 1, 0, 0)
        assert await seqs(store) == [2]
        await store.take("db", [2])
        assert await seqs(store) == [4]


@pytest.mark.asyncio
async def test_what_was_delivered_is_kept_for_its_time_and_how_much_is_gone_is_known_by_the_hour(
    tmp_path: Path,
) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await numbered(store, *range(0, 4 * HOUR, 600))  # 24 records
        await store.take("db", range(1, 25))
        dropped = await store.let_go(("db",), keeping(2 * HOUR), 4 * HOUR * S)
        assert (dropped.records, dropped.lines) == (0, 0)
        assert (await store.outbox_state()).records == 12
        again = await store.resend("db", 1 * HOUR * S, 3 * HOUR * S)
        assert (again.records, again.gone, again.kept_from_ns) == (6, 6, (2 * HOUR - 600) * S + 1)
        assert await seqs(store) == [*range(13, 19)]
        everything = await store.rewind("db", 0)
        assert (everything.records, everything.gone) == (12, 12)


@pytest.mark.asyncio
async def test_what_was_delivered_takes_half_of_the_space_at_the_most_and_goes_before_anything_else(
    tmp_path: Path,
) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        for second in range(10):
            await store.commit(Commit(second * S, lines=[b'm t="%s" %d' % (os.urandom(500).hex().encode(), second)]))
        size = (await store.outbox_state()).size_bytes // 10
        await store.take("db", range(1, 9))  # 8 of 10
        await store.let_go(("db",), keeping(DAY_S, most_bytes=10 * size + 100), 100 * S)
        assert await seqs(store, "new") == [4, 5, 6, 7, 8, 9, 10]
        room = 4 * size + size // 2  # for 2.25 of those that were delivered
        assert (await store.let_go(("db",), keeping(DAY_S, most_bytes=room), 100 * S)).records == 0
        assert await seqs(store, "new") == [7, 8, 9, 10]
        assert (await store.let_go(("db",), keeping(DAY_S, most_bytes=size + size // 2), 100 * S)).records == 1
        assert await seqs(store, "new") == [10]


@pytest.mark.asyncio
async def test_how_far_each_database_is_behind_is_known(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await numbered(store, 10, 20, 30, 40)
        await store.take("a", range(1, 3))
        await store.take("b", [3])  # it may tell what is older again: it is offered once more
        state = await store.outbox_state(("a", "b", "c"))
        size = (await store.outbox_state()).size_bytes // 4
        of_two = await store.outbox_state(("a", "a"))
    assert (state.records, state.oldest_ns, state.delivered) == (4, 10 * S, 0)
    assert (of_two.records, of_two.size_bytes, of_two.oldest_ns) == (2, 2 * size, 30 * S)
    assert (of_two.delivered, of_two.delivered_bytes) == (2, 2 * size)
    assert state.behind["a"] == Behind(2, 2, 2 * size, 30 * S)
    assert [state.behind[name].records for name in "bc"] == [3, 4]


@pytest.mark.asyncio
async def test_what_was_told_before_the_store_was_opened_is_not_taken_for_new(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    async with Store(path, POINTS) as store:
        await numbered(store, 10, 20)
    async with Store(path, POINTS) as store:
        for second in (30, 80, 81):  # a sender's clock may have been 60 s ahead
            await store.commit(Commit(second * S, lines=[b"m n=1i %d" % (second * S)]))
        newest = await store.newest("db", most_bytes=1 << 30, since_ns=20 * S)
    assert [(each.seq, each.must_wait) for each in newest] == [(2, False), (3, True), (4, True), (5, False)]


@pytest.mark.asyncio
async def test_a_late_line_after_a_start_does_not_make_new_what_was_told_before_the_start(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    async with Store(path, POINTS) as store:
        await store.commit(Commit(100 * S, lines=[b"m n=1i %d" % (100 * S)]))
    async with Store(path, POINTS) as store:
        await store.commit(Commit(110 * S, lines=[b"m n=1i %d" % (92 * S)]))
        await store.commit(Commit(111 * S, lines=[b"m n=2i %d" % (100 * S)]))
        newest = await store.newest("db", most_bytes=1 << 30, since_ns=0)
    assert [(each.seq, each.is_new) for each in newest] == [(1, False), (2, False), (3, False)]


@pytest.mark.asyncio
async def test_a_record_that_the_tree_hides_is_found_in_the_bytes_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    async with Store(path, POINTS) as store:
        await numbered(store, 10, 20, 30)
    with behind_its_back(path) as db:
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("DELETE FROM outbox WHERE seq = 2")  # its bytes stay where they were
    async with Store(path, POINTS) as store:
        records = await store.pending("db", most_bytes=1 << 30)
    assert [(record.seq, record.is_whole, record.lines) for record in records] == [
        (1, True, 1),
        (2, True, 1),
        (3, True, 1),
    ]


@pytest.mark.asyncio
async def test_a_record_that_is_nowhere_is_told_as_missing_to_each_database_and_sought_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.sqlite"
    async with Store(path, POINTS) as store:
        await numbered(store, 10, 20, 30, 40)
    with behind_its_back(path) as db:
        db.execute("PRAGMA secure_delete = ON")
        db.execute("DELETE FROM outbox WHERE seq IN (2, 4)")
    sought = 0
    async with Store(path, POINTS) as store:

        def counted(pages: Pages) -> Mapping[int, tuple[Head, bytes]]:
            nonlocal sought
            sought += 1
            return salvaged(pages)

        monkeypatch.setattr(rescue, "salvaged", counted)
        for target in ("db", "other"):
            records = await store.pending(target, most_bytes=1 << 30)
            assert [(record.seq, record.is_whole) for record in records] == [
                (1, True),
                (2, False),
                (3, True),
                (4, False),
            ]
        await store.take("db", range(1, 5))
        assert await seqs(store) == []
    assert sought == 1
