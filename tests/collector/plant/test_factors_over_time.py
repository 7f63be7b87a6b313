"""Factors over time: which is in force, what stands in for a missing hour, and what a version says."""

import dataclasses
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.plant.factors import (
    HOUR_NS,
    DatedValue,
    EmissionFactor,
    FactorKind,
    FactorSeries,
    GwpSet,
    HourlyFactors,
    WhereNone,
)
from collector.readings.cell import MINUTE_NS


def ns(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp()) * 10**9  # type: ignore[arg-type,misc]


OLD = EmissionFactor("grid-2022", 0.5366, ns(2022, 1, 1), "announcement", "transcription")
NEW = EmissionFactor("grid-2023", 0.5306, ns(2023, 1, 1), "announcement", "transcription")
SERIES = FactorSeries("emissions.grid_factor", ((ns(2022, 1, 1), OLD), (ns(2023, 1, 1), NEW)))
HOURS = HourlyFactors("grid.csv", (ns(2024, 3, 1), ns(2024, 3, 1, 2)), (0.4, 0.6), ("operator",))
WITH_HOURS = dataclasses.replace(SERIES, hourly=HOURS)


def test_the_factor_of_2022_counts_until_the_last_minute_of_2022_and_that_of_2023_from_midnight_on() -> None:
    assert SERIES.at(ns(2022, 12, 31, 23, 59)).value == 0.5366
    assert SERIES.at(ns(2023, 1, 1)).value == 0.5306
    assert (SERIES.at(ns(2023, 1, 1)).id, SERIES.at(ns(2023, 1, 1)).version) == ("grid-2023", NEW.version)


def test_before_the_first_factor_none_is_assumed() -> None:
    wanted = "emissions.grid_factor: no factor is in force on 2021-12-31 23:59 UTC; name the one of that time"
    with pytest.raises(LookupError, match=wanted):
        SERIES.at(ns(2021, 12, 31, 23, 59))
    with pytest.raises(LookupError, match=wanted):
        SERIES.over(ns(2021, 12, 31, 23, 59), ns(2022, 1, 1, 0, 5))


def test_a_factor_that_has_ended_is_not_used_on() -> None:
    ended = dataclasses.replace(NEW, valid_to_ns=ns(2024, 1, 1))
    series = FactorSeries("emissions.grid_factor", ((ns(2023, 1, 1), ended),))
    assert series.at(ns(2023, 12, 31, 23, 59)).value == 0.5306
    with pytest.raises(LookupError, match="grid-2023 ended before 2024-01-01 00:00 UTC; name the factor that follows"):
        series.at(ns(2024, 1, 1))
    with pytest.raises(LookupError, match="grid-2023 ended"):
        series.over(ns(2023, 12, 31, 23), ns(2024, 1, 1, 1))


def test_an_hour_of_its_own_counts_before_the_named_factor_and_a_missing_one_is_estimated() -> None:
    known, missing = WITH_HOURS.at(ns(2024, 3, 1, 0, 59)), WITH_HOURS.at(ns(2024, 3, 1, 1))
    assert (known.value, known.id, known.version, known.estimated) == (0.4, "grid.csv", HOURS.version, False)
    assert (missing.value, missing.id, missing.estimated) == (0.5306, "grid-2023", True)
    assert WITH_HOURS.at(ns(2024, 3, 1, 3)).estimated
    assert WITH_HOURS.at(ns(2024, 2, 29, 23, 59)).estimated
    assert HOURS.missing == (ns(2024, 3, 1, 1),)


def test_three_hours_of_minutes_hold_both_and_say_which_were_used() -> None:
    column = WITH_HOURS.over(ns(2024, 3, 1), ns(2024, 3, 1, 3))
    assert column.values.tolist() == [0.4] * 60 + [0.5306] * 60 + [0.6] * 60
    assert column.estimated.tolist() == [False] * 60 + [True] * 60 + [False] * 60
    assert [used.id for used in column.used] == ["grid.csv", "grid-2023"]


@given(st.integers(0, 4 * 365 * 24 * 60), st.integers(1, 300))
def test_a_column_says_what_each_of_its_minutes_says(offset: int, length: int) -> None:
    start = ns(2022, 1, 1) + offset * MINUTE_NS
    column = WITH_HOURS.over(start, start + length * MINUTE_NS)
    one_by_one = [WITH_HOURS.at(start + n * MINUTE_NS) for n in range(length)]
    assert column.values.tolist() == [each.value for each in one_by_one]
    assert column.estimated.tolist() == [each.estimated for each in one_by_one]
    assert {used.id for used in column.used} == {each.id for each in one_by_one}


def test_a_year_of_minutes_is_looked_up_in_a_moment() -> None:
    hours = HourlyFactors("y", tuple(range(ns(2024, 1, 1), ns(2025, 1, 1), HOUR_NS)), (0.5,) * 8784, ("s",))
    column = dataclasses.replace(SERIES, hourly=hours).over(ns(2024, 1, 1), ns(2025, 1, 1))
    assert len(column.values) == 527_040
    assert not np.any(column.estimated)


def test_factors_of_emissions_and_of_footprints_are_never_one_series() -> None:
    footprint = dataclasses.replace(NEW, kind=FactorKind.CARBON_FOOTPRINT, unit="kg CO2e/kWh")
    with pytest.raises(ValueError, match="mixes factors of kind carbon_footprint and co2; name factors of one kind"):
        FactorSeries("emissions.grid_factor", ((0, OLD), (1, footprint)))
    with pytest.raises(ValueError, match="has no factor"):
        FactorSeries("emissions.grid_factor", ())


@pytest.mark.parametrize(
    "change",
    [
        {"value": 0.5307},
        {"source": "another"},
        {"verified": "official"},
        {"unit": "kg CO2e/kWh"},
        {"valid_from_ns": 1},
        {"valid_to_ns": 2},
        {"kind": FactorKind.CARBON_FOOTPRINT},
        {"region": "Yunnan"},
        {"scope": "residual mix"},
        {"relative_standard_uncertainty": 0.02},
    ],
)
def test_whatever_is_said_otherwise_makes_another_version(change: dict[str, object]) -> None:
    changed = dataclasses.replace(NEW, **change)  # type: ignore[arg-type]
    assert changed.version != NEW.version
    assert dataclasses.replace(NEW).version == NEW.version


def test_versions_stay_the_same_from_one_run_to_the_next() -> None:
    assert DatedValue(0.935, 1704038400_000_000_000, "balance").version == "2c279fa4b9e1"
    assert GwpSet("ar5", 6630.0, 11100.0, "report", "official").version == "f81548c385cf"


def test_a_file_of_hours_has_a_version_of_its_own_numbers() -> None:
    other = dataclasses.replace(HOURS, values=(0.4, 0.61))
    assert other.version != HOURS.version
    assert dataclasses.replace(HOURS).version == HOURS.version


def test_times_without_a_factor_may_be_left_open() -> None:
    column = SERIES.over(ns(2021, 12, 31, 23, 58), ns(2022, 1, 1, 0, 1), where_none=WhereNone.LEAVE_OPEN)
    assert np.isnan(column.values).tolist() == [True, True, False]
    assert [used.id for used in column.used] == ["grid-2022"]
    assert SERIES.over(0, MINUTE_NS, where_none=WhereNone.LEAVE_OPEN).used == ()
