"""The invariants of the store, one by one, in the order and the words of its docstring.

The first, that a commit is on disk together or not at all, has a file of its own: test_store_crash.
"""

import asyncio
import contextlib
import gzip
from pathlib import Path

import pytest
from store_things import POINTS, behind_its_back, bounds, cells, effect, record

from collector.readings.cell import MINUTE_NS
from collector.readings.outgoing import DeadLetter
from collector.readings.pots import PotsInputs
from collector.store import ledger
from collector.store.commit import Commit
from collector.store.schema import StoreError, open_reader
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
        assert (dropped.records, dropped.lines) == (1, 1)
        assert (await store.outbox_state()).records == 0


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
