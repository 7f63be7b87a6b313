"""A minute's electricity has the factor of its own time."""

import dataclasses
from datetime import UTC, datetime

import msgspec
import pytest
from example_plant import CONVENTIONS, example_plant

from collector.accounting.account import MinuteInputs, account_minute
from collector.accounting.integrals import Amount
from collector.accounting.parameters import InForce, parameters_at, wanted
from collector.accounting.sums import Sums, total
from collector.plant.factors import EmissionFactor, FactorSeries, HourlyFactors
from collector.readings.pots import PotsInputs

PLANT = example_plant()
NEW_YEAR = int(datetime(2025, 12, 31, 16, tzinfo=UTC).timestamp()) * 10**9
"""2026 begins in Shanghai."""
MINUTE = 60_000_000_000
OLD = EmissionFactor("old", 0.5, 0, "s", "own")
NEW = EmissionFactor("new", 0.4, NEW_YEAR, "s", "own")
GRID = FactorSeries("emissions.grid_factor", ((0, OLD), (NEW_YEAR, NEW)))


def minute_at(start_ns: int, grid: FactorSeries = GRID) -> Sums:
    """Return a minute that takes 1,000 kWh AC."""
    amount = Amount(1000.0, covered_s=60.0, estimated_s=0.0, quality=0xC0)
    plant = dataclasses.replace(PLANT, grid_factor=grid)
    potline = plant.potlines[0]
    what = wanted(plant, potline, CONVENTIONS)
    what = msgspec.structs.replace(what, meters=tuple(m for m in what.meters if m.meter in {"pl1_dc", "rectifier_1"}))
    inputs = MinuteInputs(
        start_ns=start_ns,
        charge_kah=Amount(400 / 60, covered_s=60.0, estimated_s=0.0, quality=0xC0),
        energy_kwh={"pl1_dc": amount, "rectifier_1": amount},
        pots=PotsInputs(40),
    )
    return account_minute(inputs, parameters_at(plant, potline, what, start_ns), restated=False)


def test_the_last_minute_of_a_year_has_its_factor_and_the_next_one_the_new() -> None:
    assert minute_at(NEW_YEAR - MINUTE).electricity_t_co2 == pytest.approx(0.5)
    assert minute_at(NEW_YEAR).electricity_t_co2 == pytest.approx(0.4)


def test_a_sum_over_the_change_is_the_sum_of_its_minutes() -> None:
    both = total([minute_at(NEW_YEAR - MINUTE), minute_at(NEW_YEAR)])
    assert both.electricity_t_co2 == pytest.approx(0.9)


def test_an_hour_of_its_own_counts() -> None:
    hours = HourlyFactors("grid.csv", (NEW_YEAR,), (0.1,), ("operator",))
    grid = dataclasses.replace(GRID, hourly=hours)
    assert minute_at(NEW_YEAR, grid).electricity_t_co2 == pytest.approx(0.1)
    assert minute_at(NEW_YEAR - MINUTE, grid).electricity_t_co2 == pytest.approx(0.5)


def test_a_minute_without_a_factor_is_not_stated() -> None:
    late = FactorSeries("emissions.grid_factor", ((NEW_YEAR, NEW),))
    with pytest.raises(LookupError, match="no factor is in force on 2025-12-31 15:59 UTC"):
        minute_at(NEW_YEAR - MINUTE, late)


def test_of_a_year_of_hours_with_a_factor_each_the_parameters_of_200_are_held() -> None:
    hour_ns = 60 * MINUTE
    starts = tuple(NEW_YEAR + hour * hour_ns for hour in range(8760))
    hours = HourlyFactors("grid.csv", starts, tuple(0.1 + hour / 1e5 for hour in range(8760)), ("operator",))
    plant = dataclasses.replace(PLANT, grid_factor=dataclasses.replace(GRID, hourly=hours))
    potline = plant.potlines[0]
    in_force = InForce(plant, potline, wanted(plant, potline, CONVENTIONS))
    first = in_force.at(NEW_YEAR)
    names = {in_force.at(start_ns)[1] for start_ns in starts}
    assert (len(names), len(in_force._made)) == (8760, 200)
    assert in_force.at(NEW_YEAR) == first
