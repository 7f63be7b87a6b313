"""How sure t CO2e/t of a closed day is: only where every factor with a setting for it says how sure it is."""

import dataclasses
import re
from pathlib import Path

import msgspec
import pytest
from closed_day import DAY, DAY_MIN, closed, entries, lines, plant_with

from collector.plant.factors import DatedSeries, FactorSeries
from collector.plant.told import ToldValue, ToldValues, Untold
from collector.plant.topology import Plant
from collector.readings.cell import MINUTE_NS
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

TOLD = ToldValues((ToldValue("grid-1", 0, DAY, DAY + DAY_MIN * MINUTE_NS, 0.5, "the grid's figures"),))


def plant_of(
    *, grid: float | None, slope: float | None = 0.03, consumption: float | None = 0.01, told: ToldValues = TOLD
) -> Plant:
    """Return the plant with relative standard uncertainties of values told, the slope and the anodes' consumption."""
    plant = plant_with(tapping=None)
    (potline,) = plant.potlines
    series = potline.net_anode_consumption
    assert series is not None
    sure = tuple(dataclasses.replace(value, relative_standard_uncertainty=consumption) for value in series.values)
    potline = dataclasses.replace(
        potline,
        slope=dataclasses.replace(potline.slope, relative_standard_uncertainty=slope),
        net_anode_consumption=DatedSeries("consumption", sure),
    )
    factor = FactorSeries(
        "emissions.grid_factor",
        plant.grid_factor.entries,
        None,
        Untold.ESTIMATE,
        told,
        relative_standard_uncertainty=grid,
    )
    return dataclasses.replace(plant, potlines=(potline,), grid_factor=factor)


async def stated(plant: Plant, folder: Path) -> tuple[dict[str, float], set[str]]:
    """Return the fields of the day's emissions, and what its entry says is not configured."""
    async with Store(folder / "s.sqlite", plant.points) as store:
        await closed(plant, store)
        start = "emissions_intensity,electricity=location,method="
        (line,) = [line for line in await lines(store, start) if "window=day" in line]
        (day,) = await entries(store, "day")
    fields = {name: float(number) for name, number in re.findall(r"[ ,](\w+)=([0-9.e+-]+)i?(?=[, ])", line)}
    return fields, set(msgspec.json.decode(day.body)["not_configured"])


async def test_a_told_factor_that_says_not_how_sure_it_is_gives_no_uncertainty_of_emissions(tmp_path: Path) -> None:
    fields, missing = await stated(plant_of(grid=None), tmp_path)
    assert fields["electricity_t_co2e"] > 0
    assert "t_co2e_per_t_u95" not in fields
    assert missing == {"grid factor"}


async def test_five_percent_of_a_told_factor_are_in_the_uncertainty_of_emissions(tmp_path: Path) -> None:
    (tmp_path / "sure").mkdir()
    (tmp_path / "exact").mkdir()
    fields, missing = await stated(plant_of(grid=0.025), tmp_path / "sure")
    without, _ = await stated(plant_of(grid=0.0), tmp_path / "exact")
    assert missing == set()
    # 5 % expanded of the electricity's part alone, added as squares to all the rest.
    of_grid = 0.05 * fields["electricity_t_co2e"] / fields["metal_t"]
    rest = without["t_co2e_per_t_u95"]
    assert fields["t_co2e_per_t_u95"] == pytest.approx((of_grid**2 + rest**2) ** 0.5, rel=1e-6)


async def test_the_named_factor_that_stands_in_has_its_own_uncertainty_and_not_that_of_told_values(
    tmp_path: Path,
) -> None:
    plant = plant_of(grid=0.025, told=ToldValues())
    assert plant.grid_factor.at(DAY).relative_standard_uncertainty is None
    fields, missing = await stated(plant, tmp_path)
    assert "t_co2e_per_t_u95" not in fields
    assert missing == {"grid factor"}


@pytest.mark.parametrize(("left_out", "name"), [("slope", "slope"), ("consumption", "net anode consumption")])
async def test_any_other_factor_with_a_setting_withholds_it_too(tmp_path: Path, left_out: str, name: str) -> None:
    plant = plant_of(grid=0.025, slope=None) if left_out == "slope" else plant_of(grid=0.025, consumption=None)
    fields, missing = await stated(plant, tmp_path)
    assert "t_co2e_per_t_u95" not in fields
    assert missing == {name}


async def test_assays_and_the_time_of_anode_effects_have_no_setting_and_count_as_exact(tmp_path: Path) -> None:
    fields, missing = await stated(plant_of(grid=0.025), tmp_path)
    assert missing == set()
    assert fields["t_co2e_per_t_u95"] > 0


async def test_a_grid_of_zero_is_as_sure_as_it_can_be(tmp_path: Path) -> None:
    zero = ToldValues((dataclasses.replace(TOLD.rows[0], value=0.0),))
    fields, missing = await stated(plant_of(grid=None, told=zero), tmp_path)
    assert missing == set()
    assert fields["electricity_t_co2e"] == 0
    assert fields["t_co2e_per_t_u95"] > 0
