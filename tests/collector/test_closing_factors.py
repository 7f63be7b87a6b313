"""What an entry of the ledger says of the factors it was made with."""

import dataclasses
from pathlib import Path
from typing import Any

import msgspec
import pytest
from example_plant import ClockByHand, open_line
from line_story import PLANT, T0, S, drive

from collector.plant.factors import HourlyFactors
from collector.plant.topology import Plant
from collector.store.store import Store

pytestmark = pytest.mark.asyncio


async def parameters_of_the_first_minute(folder: Path, plant: Plant) -> dict[str, Any]:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(folder / "s.sqlite", plant.points) as store:
        line = await open_line(plant, store, clock)
        for t in range(0, 135, 5):
            await drive(line, clock, t)
        record, *_ = await store.latest_records("PL1", 60, T0, T0 + 60 * S)
    parameters: dict[str, Any] = msgspec.json.decode(record.body)["parameters"]
    return parameters


async def test_an_entry_names_its_factors_with_their_versions(tmp_path: Path) -> None:
    found = await parameters_of_the_first_minute(tmp_path, PLANT)
    factor = PLANT.grid_factor.at(T0)
    assert (found["grid_factor"], found["grid_kg_co2_per_kwh"]) == ("cn-national-2023", 0.5306)
    assert found["grid_factors"] == {"cn-national-2023": factor.version}
    assert found["grid_estimated_pct"] == 0.0
    assert found["gwp_version"] == PLANT.gwp.version
    assert found["slope_version"] == PLANT.potlines[0].slope.version
    assert found["current_efficiency_version"] == PLANT.potlines[0].current_efficiency.at(T0).version


async def test_an_entry_says_that_a_factor_stands_in_for_a_missing_hour(tmp_path: Path) -> None:
    hours = HourlyFactors("grid.csv", (T0 - 7200 * S,), (0.1,), ("operator",))
    plant = dataclasses.replace(PLANT, grid_factor=dataclasses.replace(PLANT.grid_factor, hourly=hours))
    found = await parameters_of_the_first_minute(tmp_path, plant)
    assert found["grid_estimated_pct"] == 100.0
    assert list(found["grid_factors"]) == ["cn-national-2023"]
