"""Limits, sharing between potlines, accuracy, and the plant's calendar."""

import math
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.plant.accuracy import Accuracy
from collector.plant.allocation import Allocation
from collector.plant.days import Period, midnight_ns, next_month, overlap_ns, period_around
from collector.plant.limits import Limit
from collector.readings.quantity import Quantity

HF = Limit("hf", Quantity.HF, "mg/m3", 3600.0, 100, "permit", most=3.0, valid_to_ns=200)
BATH = Limit("bath", Quantity.BATH_TEMPERATURE, "degC", 86400.0, 0, "standard", least=945.0, most=970.0)


def test_a_mean_on_the_bound_keeps_the_limit_and_one_beyond_breaks_it() -> None:
    assert not HF.is_broken_by(3.0)
    assert HF.is_broken_by(3.0001)
    assert not HF.is_broken_by(-1.0)
    assert [BATH.is_broken_by(mean) for mean in (944.9, 945.0, 970.0, 970.1)] == [True, False, False, True]


def test_a_limit_is_in_force_from_its_first_day_to_its_last() -> None:
    assert [HF.in_force(time_ns) for time_ns in (99, 100, 199, 200)] == [False, True, True, False]
    assert BATH.in_force(10**20)


def test_fixed_shares_do_not_ask_for_metal() -> None:
    shared = Allocation((("PL1", 0.6), ("PL2", 0.4))).shared(1000.0, {})
    assert shared == {"PL1": 600.0, "PL2": 400.0}


def test_metal_shares_a_casthouse_as_it_was_made() -> None:
    """30 t and 10 t share 800 kWh as 600 and 200."""
    by_metal = Allocation()
    assert by_metal.is_by_metal
    assert by_metal.shared(800.0, {"PL1": 30.0, "PL2": 10.0}) == {"PL1": 600.0, "PL2": 200.0}


@pytest.mark.parametrize("metal", [{}, {"PL1": 0.0}, {"PL1": 5.0, "PL2": -1.0}, {"PL1": math.nan}])
def test_without_metal_nothing_is_shared(metal: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"share an energy by metal: .*; take a longer interval, or give fixed shares"):
        Allocation().shared(800.0, metal)


@given(st.floats(0, 1e9), st.dictionaries(st.text(min_size=1), st.floats(0.001, 1e6), min_size=1, max_size=6))
def test_the_parts_of_an_energy_are_the_energy(kwh: float, metal: dict[str, float]) -> None:
    assert math.fsum(Allocation().shared(kwh, metal).values()) == pytest.approx(kwh, rel=1e-15)


def test_classes_of_meter_and_transformers_count_in_quadrature() -> None:
    assert Accuracy(None, 0.003, 0.004).relative_standard_uncertainty == pytest.approx(0.005)
    assert Accuracy(0.01, None, None, None).relative_standard_uncertainty == 0.01
    assert Accuracy().relative_standard_uncertainty is None


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2025, 3, 30), "Europe/Berlin", 23),
        (date(2025, 10, 26), "Europe/Berlin", 25),
        (date(2025, 4, 6), "Australia/Lord_Howe", 24.5),
        (date(2025, 7, 1), "Asia/Kathmandu", 24),
    ],
)
def test_days_are_as_long_as_the_zone_makes_them(day: date, zone: str, hours: float) -> None:
    noon = midnight_ns(day, ZoneInfo(zone)) + 12 * 3_600_000_000_000
    start, end = period_around(noon, Period.DAY, ZoneInfo(zone))
    assert (end - start) / 3.6e12 == hours


def test_months_and_years_begin_at_local_midnight() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    start, end = period_around(midnight_ns(date(2024, 2, 29), zone), Period.MONTH, zone)
    assert (start, end) == (1706716800_000_000_000, 1709222400_000_000_000)
    start, end = period_around(midnight_ns(date(2024, 12, 31), zone), Period.YEAR, zone)
    assert (end - start) // (86400 * 10**9) == 366
    assert [next_month(date(2025, month, 1)) for month in (1, 12)] == [date(2025, 2, 1), date(2026, 1, 1)]


def test_overlaps_are_never_negative() -> None:
    assert [overlap_ns(0, 10, 5, 20), overlap_ns(0, 10, 10, 20), overlap_ns(0, 10, 2, 3)] == [5, 0, 1]
