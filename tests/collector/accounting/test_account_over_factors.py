"""A minute's electricity has the factor of its own time."""

import dataclasses
from datetime import UTC, datetime

import pytest
from example_plant import example_plant

from collector.accounting import account
from collector.accounting.account import MinuteInputs, Sums
from collector.accounting.integrals import Amount
from collector.plant.factors import EmissionFactor, FactorSeries, HourlyFactors

PLANT = example_plant()
NEW_YEAR = int(datetime(2025, 12, 31, 16, tzinfo=UTC).timestamp()) * 10**9
"""2026 begins in Shanghai."""
MINUTE = 60_000_000_000
OLD = EmissionFactor("old", 0.5, 0, "s", "own")
NEW = EmissionFactor("new", 0.4, NEW_YEAR, "s", "own")
GRID = FactorSeries("emissions.grid_factor", ((0, OLD), (NEW_YEAR, NEW)))


def minute_at(start_ns: int, grid: FactorSeries = GRID, *, ac: bool = True) -> Sums:
    """Return a minute that takes 1,000 kWh AC."""
    amount = Amount(1000.0, covered_s=60.0, estimated_s=0.0, quality=0xC0)
    inputs = MinuteInputs(
        start_ns=start_ns,
        dc_kwh=amount,
        charge_kah=Amount(400 / 60, covered_s=60.0, estimated_s=0.0, quality=0xC0),
        ac_kwh={"rectifier_1": amount} if ac else {},
        auxiliary_kwh={},
        pots_operating=40,
        anode_effect_s=(),
        tapped_kg=(),
    )
    return account.account_minute(inputs, PLANT.potlines[0], grid, restatements=0)


def test_the_last_minute_of_a_year_has_its_factor_and_the_next_one_the_new() -> None:
    assert minute_at(NEW_YEAR - MINUTE).electricity_t_co2 == pytest.approx(0.5)
    assert minute_at(NEW_YEAR).electricity_t_co2 == pytest.approx(0.4)


def test_a_sum_over_the_change_is_the_sum_of_its_minutes() -> None:
    both = account.total([minute_at(NEW_YEAR - MINUTE), minute_at(NEW_YEAR)])
    assert both.electricity_t_co2 == pytest.approx(0.9)


def test_an_hour_of_its_own_counts() -> None:
    hours = HourlyFactors("grid.csv", (NEW_YEAR,), (0.1,), ("operator",))
    grid = dataclasses.replace(GRID, hourly=hours)
    assert minute_at(NEW_YEAR, grid).electricity_t_co2 == pytest.approx(0.1)
    assert minute_at(NEW_YEAR - MINUTE, grid).electricity_t_co2 == pytest.approx(0.5)


def test_a_minute_without_a_factor_is_not_stated_and_without_ac_it_needs_none() -> None:
    late = FactorSeries("emissions.grid_factor", ((NEW_YEAR, NEW),))
    with pytest.raises(LookupError, match="no factor is in force on 2025-12-31 15:59 UTC"):
        minute_at(NEW_YEAR - MINUTE, late)
    assert minute_at(NEW_YEAR - MINUTE, late, ac=False).electricity_t_co2 == 0.0
