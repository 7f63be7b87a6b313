"""What an entry of the ledger says of the factors it was made with."""

import dataclasses
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog
from example_plant import ClockByHand, open_line
from line_story import PLANT, T0, S, drive, minutes

from collector.closing.book import stated
from collector.plant.factors import FactorSeries, HourlyFactors
from collector.plant.topology import Plant
from collector.store import ledger
from collector.store.store import Store

pytestmark = pytest.mark.asyncio


async def parameters_of_the_first_minute(folder: Path, plant: Plant) -> dict[str, Any]:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(folder / "s.sqlite", plant.points) as store:
        line = await open_line(plant, store, clock)
        for t in range(0, 135, 5):
            await drive(line, clock, t)
        record, *_ = await store.latest_records("PL1", "minute", T0, T0 + 60 * S)
        [name] = stated(record).parameters
        body = await store.ask(lambda db: ledger.parameters(db, name))
    assert body is not None
    found: dict[str, Any] = msgspec.json.decode(body)
    return found


async def test_an_entry_names_its_factors_with_their_versions(tmp_path: Path) -> None:
    found = await parameters_of_the_first_minute(tmp_path, PLANT)
    factor = PLANT.grid_factor.at(T0)
    assert found["grid"] == {
        "value": 0.5306,
        "source": "cn-national-2023",
        "version": factor.version,
        "relative_uncertainty": None,
    }
    assert found["grid_estimated"] is False
    assert found["gwp_version"] == PLANT.gwp.version
    assert found["slope_version"] == PLANT.potlines[0].slope.version
    assert found["current_efficiency"]["version"] == PLANT.potlines[0].current_efficiency.at(T0).version


async def test_an_entry_says_that_a_factor_stands_in_for_a_missing_hour(tmp_path: Path) -> None:
    hours = HourlyFactors("grid.csv", (T0 - 7200 * S,), (0.1,), ("operator",))
    plant = dataclasses.replace(PLANT, grid_factor=dataclasses.replace(PLANT.grid_factor, hourly=hours))
    found = await parameters_of_the_first_minute(tmp_path, plant)
    assert found["grid_estimated"] is True
    assert found["grid"]["source"] == "cn-national-2023"


async def test_when_a_factor_ends_the_line_goes_on_and_its_minutes_wait(tmp_path: Path) -> None:
    """The factor ends after the second minute; the third is closed once another is named."""
    named = PLANT.grid_factor.entries[0][1]
    ended = dataclasses.replace(named, valid_to_ns=T0 + 120 * S)
    plant = dataclasses.replace(PLANT, grid_factor=FactorSeries("emissions.grid_factor", ((0, ended),)))
    clock = ClockByHand(T0 - 3 * S)
    with structlog.testing.capture_logs() as logs:
        async with Store(tmp_path / "s.sqlite", plant.points) as store:
            line = await open_line(plant, store, clock)
            for t in range(0, 305, 5):
                await drive(line, clock, t)
            waiting = await minutes(store)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(305, 325, 5):
            await drive(line, clock, t)
        after = await minutes(store)

    assert sorted(waiting) == [0, 1]
    [told] = [entry for entry in logs if entry["event"] == "minutes cannot be closed"]
    assert "cn-national-2023 ended before" in told["reason"]
    assert sorted(after) == [0, 1, 2, 3, 4]
    assert after[3][1].electricity_t_co2 == pytest.approx(after[3][1].comprehensive.energy_kwh * 0.5306 / 1000)
