"""The potlines' figures on the page: what adds up to a day, what is read again, and what they are held against."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from example_plant import ClockByHand
from large_plant import END_NS, large_configuration, minute_sums, of_window, read_everything, write_a_day

from collector.accounting.windows import DAY_NS, minute_window
from collector.instruments import Instruments, Waiting
from collector.page.accounts import Accounts
from collector.page.state import PageState
from collector.plant.topology import Plant
from collector.readings.cell import MINUTE_NS
from collector.readings.latest import LatestReadings
from collector.readings.outgoing import OutboxRecord
from collector.store.commit import Commit
from collector.store.schema import open_reader
from collector.store.store import Store

pytestmark = pytest.mark.asyncio
CONFIGURATION = large_configuration()
PLANT: Plant = CONFIGURATION.plant
LINE = PLANT.potlines[0]
UNTIL_NS = END_NS - 17 * MINUTE_NS
"""The accounts end at 04:43, in the middle of an hour."""


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the day once, for all tests to copy."""
    path = tmp_path_factory.mktemp("day") / "s.sqlite"

    async def write() -> None:
        async with Store(path, PLANT.points) as opened:
            await write_a_day(opened, PLANT, until_ns=UNTIL_NS)

    asyncio.run(write())
    return path


@pytest_asyncio.fixture
async def store(day: Path, tmp_path: Path) -> AsyncIterator[Store]:
    await asyncio.to_thread(shutil.copy, day, tmp_path / "s.sqlite")
    async with Store(tmp_path / "s.sqlite", PLANT.points) as opened:
        yield opened


def page(
    store: Store, instruments: Instruments | None = None, alerts: Callable[[], list[dict[str, object]]] = list
) -> PageState:
    latest = LatestReadings(len(PLANT.points))
    read_everything(PLANT, latest, END_NS)
    return PageState(
        PLANT,
        store.path,
        latest,
        clock=ClockByHand(END_NS),
        instruments=instruments or Instruments(),
        least_coverage_pct=90.0,
        alerts=alerts,
        rules=CONFIGURATION.rules,
    )


async def shown(state: PageState) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await asyncio.to_thread(state.document))
    return found


async def test_a_day_is_the_sum_of_its_1440_minutes_and_its_ratio_is_that_of_the_sums(store: Store) -> None:
    line = (await shown(page(store)))["potlines"][0]
    day, minute = line["windows"]["rolling_24h"], minute_sums(LINE)
    assert day["length_s"] == 86400
    assert day["start"] == "2026-02-28T04:43:00Z"
    assert day["liquid_ac"]["energy_kwh"] == pytest.approx(1440 * 8560.0, rel=1e-12)
    assert day["liquid_ac"]["metal_t"] == pytest.approx(1440 * 0.6279, rel=1e-12)
    assert day["liquid_ac"]["kwh_per_t"] == pytest.approx(8560.0 / 0.6279, rel=1e-12)
    assert day["liquid_ac"]["coverage_pct"] == 100.0
    # 1,440 effects of 3 s on 300 pots in one day: 72 min over 300 cell-days.
    assert day["ae_min_per_cell_day"] == pytest.approx(1440 * 3 / 60 / 300, rel=1e-12)
    assert day["emissions"]["total_t_co2e"] > 1440 * (minute.anode_t_co2 + minute.electricity_t_co2)


async def test_the_trend_has_sixty_minutes_and_the_hours_that_are_over(store: Store) -> None:
    line = (await shown(page(store)))["potlines"][0]
    assert (len(line["recent"]), line["recent"][-1]["start"]) == (60, "2026-03-01T04:42:00Z")
    assert [row["start"] for row in line["hours"]] == [
        datetime.fromtimestamp(hour * 3600, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for hour in range((UNTIL_NS - DAY_NS) // 3600_000_000_000 + 1, UNTIL_NS // 3600_000_000_000)
    ]
    assert [row["liquid_ac"]["kwh_per_t"] for row in line["hours"]] == [pytest.approx(8560.0 / 0.6279)] * 23
    assert line["windows"]["hour"] == line["hours"][-1]


async def test_targets_and_levels_stand_beside_the_figures_with_their_sources(store: Store) -> None:
    targets = (await shown(page(store)))["targets"]
    assert targets["kwh_per_t"] == {"liquid_ac": {"value": 13300.0, "source": "works order 12"}}
    assert targets["t_co2e_per_t"] == {"value": 9.5, "source": "works order 12"}
    assert targets["price"] is None
    told = {
        (edition, indicator.value): limits.value
        for edition, of_indicators in CONFIGURATION.rules.energy_levels.items()
        for indicator, limits in of_indicators.items()
        if limits.holds_on(date(2026, 3, 1)) and indicator.unit == "kWh/t"
    }
    assert told
    assert {
        (level["edition"], level["boundary"]): (level["level_1"], level["level_2"], level["level_3"])
        for level in targets["levels"]
    } == {key: (limits.level_1, limits.level_2, limits.level_3) for key, limits in told.items()}


async def test_twelve_hundred_pots_are_columns_and_a_pot_that_is_not_heard_is_null(store: Store) -> None:
    state = page(store)
    place = PLANT.points.place(
        "pot:1002", next(point.quantity for point in PLANT.points if point.name == "pot:1001.pot_voltage")
    )
    state._shown.latest.quality[place] = 0
    lines = (await shown(state))["potlines"]
    assert [len(line["pot_voltages_v"]) for line in lines] == [300] * 4
    assert lines[0]["pot_voltages_v"][:3] == [4.2, None, 4.2]
    assert lines[0]["pot_ids"][:3] == ["1001", "1002", "1003"]
    assert lines[0]["pot_noise_mv"][0] == 12.0


async def test_noise_that_nobody_tells_is_not_shown(store: Store) -> None:
    state = page(store)
    for place, point in enumerate(PLANT.points):
        if point.quantity.label == "pot_noise":
            state._shown.latest.time_ns[place] = 0
    assert (await shown(state))["potlines"][0]["pot_noise_mv"] is None


def statements(store: Store, do: Callable[[sqlite3.Connection], None]) -> list[str]:
    """Return the statements that something asks the store with."""
    said: list[str] = []
    db = open_reader(store.path)
    db.set_trace_callback(said.append)
    do(db)
    db.close()
    return said


async def test_what_is_read_again_is_what_is_new(store: Store) -> None:
    accounts = Accounts(PLANT, least_coverage_pct=90.0)

    def look(db: sqlite3.Connection) -> None:
        accounts.of_all(db, END_NS)

    first = await asyncio.to_thread(statements, store, look)
    assert len(await asyncio.to_thread(statements, store, look)) == 1
    window = minute_window(UNTIL_NS)
    await store.commit(Commit(END_NS, records=[of_window(PLANT, LINE, window, minute_sums(LINE))]))
    again = await asyncio.to_thread(statements, store, look)
    assert len(again) <= len(first) / 4 + 2
    assert not [said for said in again if "'PL2'" in said]


async def test_a_day_of_accounts_is_never_read_minute_by_minute(store: Store) -> None:
    read = 0

    class Counting(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:  # noqa: ANN401 - as sqlite3 has it
            nonlocal read
            cursor = super().execute(sql, parameters)
            if "FROM ledger" in sql and "body" in sql:
                rows = cursor.fetchall()
                read += len(rows)
                return super().execute(sql, parameters)
            return cursor

    def look() -> None:
        db = sqlite3.connect(store.path, factory=Counting)
        Accounts(PLANT, least_coverage_pct=90.0).of_all(db, END_NS)
        db.close()

    await asyncio.to_thread(look)
    # Of each line: 60 minutes, 23 hours, and the minutes at both ends of the day.
    assert read == 4 * (60 + 23 + 60)


async def test_a_minute_that_is_stated_again_changes_the_day(store: Store) -> None:
    state = page(store)
    before = (await shown(state))["potlines"]
    doubled = msgspec.structs.replace(minute_sums(LINE), dc_kwh=0.0, tapped_t=40.0)
    window = minute_window(UNTIL_NS - MINUTE_NS)
    await store.commit(Commit(END_NS, records=[of_window(PLANT, LINE, window, doubled, revision=2)]))
    after = (await shown(state))["potlines"]
    assert (before[0]["windows"]["rolling_24h"]["tapped_t"], after[0]["windows"]["rolling_24h"]["tapped_t"]) == (0, 40)
    assert before[1:] == after[1:]


async def test_accounts_that_ended_a_day_ago_are_no_longer_shown(store: Store) -> None:
    state = page(store)
    assert (await shown(state))["potlines"][0]["windows"]["minute"] is not None
    state._clock = ClockByHand(END_NS + DAY_NS)
    line = (await shown(state))["potlines"][0]
    assert (set(line["windows"].values()), line["recent"], line["hours"]) == ({None}, [], [])


async def test_a_database_that_has_not_taken_what_is_old_is_behind_by_its_age(store: Store) -> None:
    for ago_s in (300, 200, 100):
        await store.commit(Commit(END_NS - ago_s * 10**9, lines=[b"x v=1 1"]))
    first: list[OutboxRecord] = await store.pending("near", most_bytes=1)
    instruments = Instruments(
        target_states={"near": "delivering", "far": "HTTP 503"},
        waiting={"near": Waiting(2, 2, 90, 1), "far": Waiting(3, 3, 140, 1)},
        delivered_ns={"near": END_NS - 5_000_000_000},
    )
    await store.take("near", [first[0].seq])
    near, far = (await shown(page(store, instruments)))["databases"]
    assert (near["lag_s"], far["lag_s"]) == (200.0, 300.0)
    assert near["oldest"] == "2026-03-01T04:56:40Z"
    assert (near["delivered"], far["delivered"]) == ("2026-03-01T04:59:55Z", None)
    assert (far["state"], far["delivering"], far["records"], far["size_bytes"]) == ("HTTP 503", False, 3, 140)
    await store.take("near", [first[0].seq + 1, first[0].seq + 2])
    near = (await shown(page(store, instruments)))["databases"][0]
    assert (near["lag_s"], near["oldest"], near["records"]) == (0.0, None, 0)


async def test_the_alerts_that_fire_are_shown_as_they_are_when_the_loop_looks(store: Store) -> None:
    firing: list[dict[str, object]] = [{"rule": "meter_silent"}]
    state = page(store, alerts=lambda: firing)
    state.look()
    firing = []
    assert (await shown(state))["alerts"] == [{"rule": "meter_silent"}]
    state.look()
    assert (await shown(state))["alerts"] == []


async def test_what_a_look_returns_changes_with_the_state_and_not_with_time(store: Store) -> None:
    instruments = Instruments()
    state = page(store, instruments)
    before = state.look()
    state._clock = ClockByHand(END_NS + 60_000_000_000)
    assert state.look() == before
    instruments.readings_total += 1
    assert state.look() != before
