"""The age of the outbox while somebody sets the machine's clock."""

from pathlib import Path

import pytest
from store_things import POINTS, bounds

from collector.readings.outgoing import DropCause
from collector.store.commit import Commit
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

S = 1_000_000_000
HOUR_NS, DAY_NS = 3600 * S, 86_400 * S
START = 1_800_000_000 * S
WEEK = bounds(age_s=7 * 86_400.0)


async def put(store: Store, *times_ns: int) -> None:
    for time_ns in times_ns:
        await store.commit(Commit(time_ns, lines=[b"m n=1i 1"]))


async def seqs(store: Store) -> list[int]:
    return [record.seq for record in await store.pending("db", most_bytes=1 << 30)]


async def test_a_clock_that_leaps_a_year_forward_drops_nothing_and_age_counts_on_from_there(tmp_path: Path) -> None:
    year_ns = 365 * DAY_NS
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await put(store, START, START + DAY_NS)
        await store.note_clock_step(year_ns)
        await put(store, START + year_ns + 2 * DAY_NS)
        now = START + year_ns + 6 * DAY_NS
        assert (await store.let_go(("db",), WEEK, now)).records == 0
        assert (await store.outbox_state()).oldest_ns == START + year_ns
        dropped = await store.let_go(("db",), WEEK, now + DAY_NS + S)  # the first is a week old now
        assert dropped.by_cause == {DropCause.AGE: 1}
        assert await seqs(store) == [2, 3]
        await store.let_go(("db",), WEEK, now + 2 * DAY_NS + S)
        assert await seqs(store) == [3]


async def test_a_clock_that_leaps_a_year_back_does_not_keep_the_outbox_for_a_year(tmp_path: Path) -> None:
    year_ns = 365 * DAY_NS
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await put(store, START)
        await store.note_clock_step(-year_ns)
        await put(store, START - year_ns + DAY_NS)
        assert (await store.outbox_state()).oldest_ns == START - year_ns
        dropped = await store.let_go(("db",), WEEK, START - year_ns + 7 * DAY_NS + S)
        assert (dropped.records, await seqs(store)) == (1, [2])


async def test_there_and_back_again_is_as_if_nothing_had_been(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        await put(store, START)
        await store.note_clock_step(10 * DAY_NS)
        await store.note_clock_step(-10 * DAY_NS)
        await put(store, START + DAY_NS)
        await store.note_clock_step(30 * DAY_NS)
        await put(store, START + 32 * DAY_NS)
        await store.note_clock_step(-30 * DAY_NS)
        assert (await store.outbox_state()).oldest_ns == START
        assert (await store.let_go(("db",), WEEK, START + 7 * DAY_NS)).records == 0
        await store.let_go(("db",), WEEK, START + 8 * DAY_NS + S)
        assert await seqs(store) == [3]
        await store.let_go(("db",), WEEK, START + 9 * DAY_NS + S)
        assert await seqs(store) == []


@pytest.mark.parametrize("away_ns", [400 * DAY_NS, -400 * DAY_NS, -S])
async def test_a_clock_that_is_wrong_when_the_machine_starts_makes_the_outbox_neither_older_nor_younger(
    tmp_path: Path, away_ns: int
) -> None:
    path = tmp_path / "s.sqlite"
    async with Store(path, POINTS) as store:
        await put(store, START - 2 * DAY_NS, START)
    async with Store(path, POINTS) as store:
        await store.note_pause(START + away_ns)
        assert (await store.let_go(("db",), WEEK, START + away_ns)).records == 0
        assert (await store.outbox_state()).oldest_ns == START + away_ns - 2 * DAY_NS
        # Then the time comes from the network, and the step is seen as it happens.
        await store.note_clock_step(-away_ns)
        await put(store, START + S)
        assert (await store.outbox_state()).oldest_ns == START - 2 * DAY_NS
        await store.let_go(("db",), WEEK, START + 5 * DAY_NS + S)
        assert await seqs(store) == [2, 3]


async def test_a_restart_within_the_hour_counts_as_time_that_went_by(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    for after_ns, oldest_ns in ((HOUR_NS, START), (HOUR_NS + 1, START + HOUR_NS + 1)):
        path.unlink(missing_ok=True)
        async with Store(path, POINTS) as store:
            await put(store, START)
            await store.note_pause(START + after_ns)
            assert (await store.outbox_state()).oldest_ns == oldest_ns


async def test_a_clock_that_is_set_all_the_time_fills_nothing_with_its_steps(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", POINTS) as store:
        for number in range(300):
            await put(store, START + number * 11 * S)
            await store.note_clock_step(10 * S)
        kept = await store.meta("outbox_clock_steps", "")
        oldest_ns = (await store.outbox_state()).oldest_ns
    assert len(kept) < 100 * 30
    assert oldest_ns == START + 300 * 10 * S
