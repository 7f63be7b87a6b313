"""The invariants of the store, one by one, in the order and the words of its docstring.

Those of a commit that is on disk together or not at all, of damage, and of a log that is missing have files of their
own: test_store_crash, test_store_damage and test_lost_log.
"""

import asyncio
import contextlib
import gzip
from pathlib import Path

import pytest
from store_things import POINTS, behind_its_back, bounds, cells, effect, record

from collector.readings.cell import MINUTE_NS
from collector.readings.outgoing import DeadLetter, DropCause, WhenFull
from collector.readings.pots import PotsInputs
from collector.store import ledger
from collector.store.commit import Commit
from collector.store.schema import StoreError, StoreUnwritable, open_reader
from collector.store.store import Store

pytestmark = pytest.mark.asyncio


async def test_what_a_commit_holds_is_on_disk_when_commit_returns(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    letter = DeadLetter(7, "broker", "topic", b"?", "not JSON")
    async with Store(path, POINTS) as store:
        await store.commit(
            Commit(
                7,
                lines=[b"m n=1i 1", b"m n=2i 2"],
                cells=cells(0, 1),
                events=[effect(1, rank=1)],
                pots=[("PL1", MINUTE_NS, PotsInputs(40))],
                dirty={("PL1", 0): "a reason"},
                records=[record(1)],
                dead=[letter],
            )
        )
        with behind_its_back(path) as db:  # nothing of it is only in the collector's memory
            tables = ["outbox", "cell", "event", "pots", "dirty", "ledger", "dead"]
            counts = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]  # noqa: S608
            body = db.execute("SELECT body FROM outbox").fetchone()[0]
    assert counts == [1, 1, 1, 1, 1, 1, 1]
    assert gzip.decompress(body) == b"m n=1i 1\nm n=2i 2\n"


async def test_an_entry_of_the_ledger_is_never_changed_only_superseded_by_one_with_a_higher_revision(
    tmp_path: Path,
) -> None:
    path = tmp_path / "store.sqlite"
    async with Store(path, POINTS) as store:
        await store.commit(Commit(1, records=[record(5, 1, body=b'{"kwh":1}')]))
        await store.commit(Commit(2, records=[record(5, 3, body=b'{"kwh":3}')]))
        with pytest.raises(StoreError, match="UNIQUE"):
            await store.commit(Commit(3, records=[record(5, 1, body=b'{"kwh":9}')]))
        in_force = await store.latest_records("PL1", "minute", 0, 10 * MINUTE_NS)
    with behind_its_back(path) as db:
        every = db.execute("SELECT revision, body, written_ns FROM ledger ORDER BY seq").fetchall()
    assert in_force == [record(5, 3, body=b'{"kwh":3}')]
    assert every == [(1, b'{"kwh":1}', 1), (3, b'{"kwh":3}', 2)]


async def test_an_event_told_twice_is_kept_once_and_of_several_messages_the_highest_rank_counts(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    async with Store(path, POINTS) as store:
        await store.commit(Commit(1, events=[effect(1, rank=2), effect(1, rank=2)]))
        await store.commit(Commit(2, events=[effect(1, rank=2), effect(1, rank=0)]))
        assert await store.events_between("PL1", 0, 10 * MINUTE_NS) == [effect(1, rank=2)]
    with behind_its_back(path) as db:
        assert db.execute("SELECT id, rank FROM event ORDER BY rank").fetchall() == [("AE-1", 0), ("AE-1", 2)]


async def test_every_outbox_record_stays_until_each_database_took_it_or_refused_it_or_a_bound_dropped_it(
    tmp_path: Path,
) -> None:
    refused = DeadLetter(5, "delivery", "b", b"m n=2i 2", "400: no")
    async with Store(tmp_path / "store.sqlite", POINTS) as store:
        for number in (1, 2, 3):
            await store.commit(Commit(number, lines=[b"m n=%di %d" % (number, number)]))
        await store.take("a", range(1, 3))
        await store.let_go(("a", "b"), bounds(), 10)
        assert (await store.outbox_state()).records == 3  # b has taken nothing yet
        await store.take("b", range(1, 2))
        await store.take("b", range(1, 3), [refused])
        assert (await store.let_go(("a", "b"), bounds(), 10)).records == 0
        state = await store.outbox_state()
        assert (state.records, state.oldest_ns, state.dead) == (1, 3, 1)
        dropped = await store.let_go(("a", "b"), bounds(most_bytes=1), 10)
        assert (dropped.by_cause, dropped.lines) == ({DropCause.BYTES: 1}, 1)
        assert (await store.outbox_state()).records == 0


async def test_where_a_full_outbox_is_to_block_no_bound_drops_anything(tmp_path: Path) -> None:
    limits = bounds(most_bytes=1, age_s=1.0, when_full=WhenFull.BLOCK)
    async with Store(tmp_path / "store.sqlite", POINTS) as store:
        for number in (1, 2, 3):
            await store.commit(Commit(number, lines=[b"m n=%di %d" % (number, number)]))
        await store.take("a", [1])
        assert (await store.let_go(("a",), limits, 10**18)).records == 0
        assert [each.seq for each in await store.pending("a", most_bytes=1 << 20)] == [2, 3]


async def test_one_collector_works_on_a_store_at_a_time_also_in_another_thread(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"

    def second() -> None:
        async def try_it() -> None:
            async with Store(path, POINTS):
                pass

        asyncio.run(try_it())

    async with Store(path, POINTS):
        with pytest.raises(StoreError, match="another collector works on it"):
            await asyncio.to_thread(second)
    await asyncio.to_thread(second)


async def test_the_digests_of_the_ledger_form_a_chain_so_an_entry_altered_or_taken_out_later_is_found(
    tmp_path: Path,
) -> None:
    path = tmp_path / "store.sqlite"
    async with Store(path, POINTS) as store:
        for minute in range(1, 6):
            await store.commit(Commit(minute, records=[record(minute)]))
    with behind_its_back(path) as db:
        assert await asyncio.to_thread(lambda: list(ledger.verify(db))) == []
        db.execute("UPDATE ledger SET body = ? WHERE seq = 2", (b'{"kwh":1.4}',))
        db.execute("DELETE FROM ledger WHERE seq = 4")
    with contextlib.closing(await asyncio.to_thread(open_reader, path)) as db:
        found = await asyncio.to_thread(lambda: list(ledger.verify(db)))
    assert [(finding.seq, finding.start_ns // MINUTE_NS, finding.what) for finding in found] == [
        (2, 2, "was altered after it was written"),
        (5, 5, "follows a record that is missing"),
    ]


async def test_a_commit_that_the_disk_does_not_take_changes_nothing_and_the_same_one_may_be_tried_again(
    tmp_path: Path,
) -> None:
    def limit(pages: int) -> None:
        store._db.execute(f"PRAGMA max_page_count = {pages}").fetchone()

    path = tmp_path / "store.sqlite"
    large = Commit(2, lines=[b"m n=2i 2"], records=[record(2, body=b"x" * 500_000)], remembered={"key": "value"})
    async with Store(path, POINTS) as store:
        await store.commit(Commit(1, lines=[b"m n=1i 1"], records=[record(1)]))
        await store._do(limit, 60)
        for _ in range(2):
            with pytest.raises(StoreUnwritable, match="database or disk is full"):
                await store.commit(large)
        with behind_its_back(path) as db:
            assert db.execute("SELECT count(*) FROM ledger").fetchone() == (1,)
            assert db.execute("SELECT count(*) FROM meta WHERE key = 'key'").fetchone() == (0,)
        size_bytes = store.outbox_bytes
        await store._do(limit, 10_000)
        await store.commit(large)
        assert store.outbox_bytes > size_bytes
        assert await store.ask(lambda db: list(ledger.verify(db))) == []
        assert [each.seq for each in await store.pending("a", most_bytes=1 << 20)] == [1, 2]


async def test_setting_the_clock_makes_the_outbox_neither_older_nor_younger(tmp_path: Path) -> None:
    week = bounds(age_s=7 * 86_400.0)
    start_ns, day_ns = 1_800_000_000 * 10**9, 86_400 * 10**9
    async with Store(tmp_path / "store.sqlite", POINTS) as store:
        for step_ns in (0, 30 * day_ns, -60 * day_ns):
            if step_ns:
                await store.note_clock_step(step_ns)
            start_ns += step_ns
            await store.commit(Commit(start_ns, lines=[b"m n=1i 1"]))
            assert (await store.outbox_state()).oldest_ns == start_ns
        assert (await store.let_go(("a",), week, start_ns + 7 * day_ns)).records == 0
        assert (await store.let_go(("a",), week, start_ns + 7 * day_ns + 1)).records == 3
