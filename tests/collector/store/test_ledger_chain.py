"""The chain of the ledger: what `verify` finds, and what it must not find."""

import asyncio
from pathlib import Path

import pytest
from store_things import DAY_S, POINTS, behind_its_back, bounds, record

from collector.readings.cell import MINUTE_NS
from collector.store import ledger
from collector.store.commit import Commit
from collector.store.ledger import Finding
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

ALTERED = "was altered after it was written"
UNLINKED = "does not follow the record before it"
MISSING = "follows a record that is missing"


async def filled(path: Path, *, hours: int = 1) -> None:
    """Write minutes, and an hour after every sixty, as the line does; seq of minute m of hour h is 61 h + m + 1."""
    async with Store(path, POINTS) as store:
        for hour in range(hours):
            minutes = range(60 * hour, 60 * hour + 60)
            await store.commit(Commit(hour, records=[record(minute) for minute in minutes]))
            await store.commit(Commit(hour, records=[record(60 * hour, window="hour", length_s=3600)]))


async def findings(path: Path) -> list[Finding]:
    def verify() -> list[Finding]:
        with behind_its_back(path) as db:
            return list(ledger.verify(db))

    return await asyncio.to_thread(verify)


async def test_an_empty_ledger_is_whole(tmp_path: Path) -> None:
    await filled(tmp_path / "s.sqlite", hours=0)
    assert await findings(tmp_path / "s.sqlite") == []


async def test_61_entries_as_they_were_written_are_whole(tmp_path: Path) -> None:
    await filled(tmp_path / "s.sqlite")
    assert await findings(tmp_path / "s.sqlite") == []


@pytest.mark.parametrize(
    "change",
    [
        "body = 'x'",
        "potline = 'PL2'",
        "start_ns = start_ns + 1",
        "length_s = 61",
        "revision = 2",
        "reason = 'closed '",
        "written_ns = written_ns + 1",
        "digest = zeroblob(32)",
    ],
)
async def test_any_column_altered_is_found_at_its_entry(tmp_path: Path, change: str) -> None:
    path = tmp_path / "s.sqlite"
    await filled(path)
    with behind_its_back(path) as db:
        db.execute(f"UPDATE ledger SET {change} WHERE seq = 30")  # noqa: S608 - constants
    assert [(found.seq, found.what) for found in await findings(path)][:1] == [(30, ALTERED)]


async def test_an_entry_altered_with_its_digest_is_found_at_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    await filled(path)
    with behind_its_back(path) as db:
        previous = db.execute("SELECT previous FROM ledger WHERE seq = 30").fetchone()[0]
        forged = record(29, body=b'{"kwh":1.4}')
        digest = ledger.digest_of(previous, forged, 0)
        db.execute("UPDATE ledger SET body = ?, digest = ? WHERE seq = 30", (forged.body, digest))
    assert [(finding.seq, finding.what) for finding in await findings(path)] == [(31, UNLINKED)]


async def test_an_entry_deleted_in_the_middle_is_found_at_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    await filled(path)
    with behind_its_back(path) as db:
        db.execute("DELETE FROM ledger WHERE seq = 30")
    assert await findings(path) == [Finding(31, "PL1", 30 * MINUTE_NS, MISSING)]


async def test_a_deleted_entry_is_found_though_the_others_are_numbered_anew(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    await filled(path)
    with behind_its_back(path) as db:
        db.execute("DELETE FROM ledger WHERE seq = 30")
        db.execute("UPDATE ledger SET seq = seq - 1 WHERE seq > 30")
    assert [(found.seq, found.what) for found in await findings(path)][:1] == [(30, UNLINKED)]


@pytest.mark.parametrize("seq", [1, 61])
async def test_the_first_and_the_last_entry_cannot_be_taken_out_unseen(tmp_path: Path, seq: int) -> None:
    path = tmp_path / "s.sqlite"
    await filled(path)
    with behind_its_back(path) as db:
        db.execute("DELETE FROM ledger WHERE seq = ?", (seq,))
    found = [(finding.seq, finding.what) for finding in await findings(path)]
    assert found == [(2, MISSING) if seq == 1 else (61, "is missing at the end")]


async def test_two_entries_that_change_places_are_found(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    await filled(path)
    with behind_its_back(path) as db:
        db.execute("UPDATE ledger SET seq = 1000 WHERE seq = 30")
        db.execute("UPDATE ledger SET seq = 30 WHERE seq = 31")
        db.execute("UPDATE ledger SET seq = 31 WHERE seq = 1000")
    assert [(finding.seq, finding.what) for finding in await findings(path)] == [
        (30, UNLINKED),
        (31, UNLINKED),
        (32, UNLINKED),
    ]


async def test_minutes_let_go_of_because_of_their_age_are_no_finding_and_hours_stay(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    await filled(path, hours=3)
    async with Store(path, POINTS) as store:
        for kept_minutes in (170, 100, 50):  # as time goes by
            await store.let_go(
                (), bounds(minutes_s=2 * DAY_S), round(2 * DAY_S * 1e9) + (180 - kept_minutes) * MINUTE_NS
            )
            assert await findings(path) == []
            assert len(await store.latest_records("PL1", "minute", 0, 180 * MINUTE_NS)) == kept_minutes
        assert len(await store.latest_records("PL1", "hour", 0, 180 * MINUTE_NS)) == 3
        await store.commit(Commit(9, records=[record(180)]))
    assert await findings(path) == []
    with behind_its_back(path) as db:  # one link for each run between two hours, not one for each minute
        assert db.execute("SELECT first, last FROM gap").fetchall() == [(1, 60), (62, 121), (123, 132)]


async def test_a_late_restatement_that_is_let_go_of_again_is_no_finding(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    async with Store(path, POINTS) as store:
        await store.commit(Commit(1, records=[record(1), record(2)]))
        await store.commit(Commit(2, records=[record(5000), record(1, 2), record(5001), record(2, 2), record(5002)]))
        await store.let_go((), bounds(minutes_s=2 * DAY_S), round(2 * DAY_S * 1e9) + 2 * MINUTE_NS)
        assert await findings(path) == []
        await store.let_go((), bounds(minutes_s=2 * DAY_S), round(2 * DAY_S * 1e9) + 3 * MINUTE_NS)
        assert await findings(path) == []
        assert len(await store.latest_records("PL1", "minute", 0, 6000 * MINUTE_NS)) == 3


async def test_an_entry_taken_out_beside_minutes_let_go_of_is_found(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    await filled(path, hours=2)
    async with Store(path, POINTS) as store:
        await store.let_go((), bounds(minutes_s=2 * DAY_S), round(2 * DAY_S * 1e9) + 60 * MINUTE_NS)
    with behind_its_back(path) as db:
        db.execute("DELETE FROM ledger WHERE seq = 61")  # the hour
    assert [(finding.seq, finding.what) for finding in await findings(path)] == [(62, MISSING)]


async def test_a_long_history_is_let_go_of_some_at_a_time_and_stays_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_MOST_AT_ONCE", 25)
    path = tmp_path / "s.sqlite"
    await filled(path)
    async with Store(path, POINTS) as store:
        left = []
        for _ in range(4):
            await store.let_go((), bounds(minutes_s=DAY_S), round(DAY_S * 1e9) + 60 * MINUTE_NS)
            left.append(len(await store.latest_records("PL1", "minute", 0, 60 * MINUTE_NS)))
            assert await findings(path) == []
    assert left == [35, 10, 0, 0]


async def test_minutes_let_go_of_in_another_order_than_they_were_written_join_into_one_link(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    links = []
    async with Store(path, POINTS) as store:
        await store.commit(Commit(1, records=[record(minute) for minute in (1, 3, 2, 9)]))
        for minute in (2, 3, 4):
            await store.let_go((), bounds(minutes_s=DAY_S), round(DAY_S * 1e9) + minute * MINUTE_NS)
            assert await findings(path) == []
            with behind_its_back(path) as db:
                links.append(db.execute("SELECT first, last FROM gap ORDER BY first").fetchall())
    assert links == [[(1, 1)], [(1, 1), (3, 3)], [(1, 3)]]


async def test_a_ledger_of_which_everything_was_let_go_of_goes_on_with_the_same_chain(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    async with Store(path, POINTS) as store:
        await store.commit(Commit(1, records=[record(1), record(2)]))
        await store.let_go((), bounds(minutes_s=DAY_S), round(2 * DAY_S * 1e9))
        assert await store.last_minute("PL1") is None
        await store.commit(Commit(2, records=[record(9000)]))
    assert await findings(path) == []
