"""Charge, metal and current efficiency."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.electrolysis import (
    current_efficiency_from_metal,
    current_efficiency_from_tapping,
    faraday_charge_kah,
    faraday_metal_kg,
    faraday_metal_t,
    metal_made_t,
    sample_charge_kah,
)

charges = st.floats(1e-3, 1e9)
efficiencies = st.floats(0.5, 1)
pot_counts = st.floats(0.5, 1000)
masses = st.floats(0, 1e6)


def test_one_kiloampere_hour_makes_a_third_of_a_kilogram_at_full_efficiency() -> None:
    assert faraday_metal_kg(1.0, current_efficiency=1.0, pots=1) == pytest.approx(0.3355727277, rel=1e-9)


def test_one_kiloampere_day_makes_eight_kilograms() -> None:
    assert faraday_metal_kg(24.0, current_efficiency=1.0, pots=1) == pytest.approx(8.0537454642, rel=1e-9)


def test_a_kilogram_needs_2_98_kiloampere_hours() -> None:
    assert faraday_charge_kah(1.0, current_efficiency=1.0, pots=1) == pytest.approx(2.9799799493, rel=1e-9)


def test_nameplate_of_704_pots_at_300_ka_and_585000_tonnes_implies_94_2_percent() -> None:
    charge_kah = 300.0 * 24 * 365
    assert current_efficiency_from_metal(585_000.0, charge_kah=charge_kah, pots=704) == pytest.approx(
        0.942260939, rel=1e-8
    )


def test_that_efficiency_returns_the_nameplate() -> None:
    metal_t = faraday_metal_t(300.0 * 24 * 365, current_efficiency=0.942260939, pots=704)
    assert metal_t == pytest.approx(585_000, rel=1e-8)


def test_tonnes_are_kilograms_over_a_thousand() -> None:
    assert faraday_metal_t(9600.0, current_efficiency=0.935, pots=40) == pytest.approx(
        faraday_metal_kg(9600.0, current_efficiency=0.935, pots=40) / 1000, rel=1e-15
    )


def test_half_a_pot_out_of_operation_makes_half_a_pot_less() -> None:
    whole = faraday_metal_kg(100.0, current_efficiency=0.94, pots=40)
    assert faraday_metal_kg(100.0, current_efficiency=0.94, pots=39.5) == pytest.approx(whole * 39.5 / 40)


def test_line_off_makes_no_metal() -> None:
    assert faraday_metal_kg(0.0, current_efficiency=0.94, pots=40) == 0


def test_metal_above_what_the_charge_can_make_is_reported_and_not_refused() -> None:
    assert current_efficiency_from_metal(0.35, charge_kah=1000.0, pots=1) == pytest.approx(1.04299, rel=1e-5)


@pytest.mark.parametrize("percent", [95.0, 1.0001, 0.0, -0.95, float("nan"), float("inf")])
def test_current_efficiency_that_is_no_fraction_is_refused(percent: float) -> None:
    with pytest.raises(ValueError, match=r"current_efficiency is .*Remedy: give a fraction, 0\.95 for 95 %"):
        faraday_metal_kg(100.0, current_efficiency=percent, pots=40)
    with pytest.raises(ValueError, match="give a fraction"):
        faraday_charge_kah(100.0, current_efficiency=percent, pots=40)


@pytest.mark.parametrize("charge_kah", [-1.0, float("nan"), float("inf")])
def test_charge_that_is_negative_or_no_number_is_refused(charge_kah: float) -> None:
    with pytest.raises(ValueError, match=r"charge_kah is .*must be zero or more and finite"):
        faraday_metal_t(charge_kah, current_efficiency=0.94, pots=40)


def test_negative_pots_are_refused() -> None:
    with pytest.raises(ValueError, match="pots is -1"):
        faraday_metal_kg(100.0, current_efficiency=0.94, pots=-1)


def test_negative_metal_is_refused() -> None:
    with pytest.raises(ValueError, match="metal_kg is -3"):
        faraday_charge_kah(-3.0, current_efficiency=0.94, pots=40)
    with pytest.raises(ValueError, match="metal_t is -3"):
        current_efficiency_from_metal(-3.0, charge_kah=100.0, pots=40)


def test_efficiency_without_charge_is_refused_and_not_infinite() -> None:
    with pytest.raises(ValueError, match=r"charge_kah is 0: .*Remedy: withhold the figure"):
        current_efficiency_from_metal(1.0, charge_kah=0.0, pots=40)


def test_charge_and_efficiency_without_pots_are_refused() -> None:
    with pytest.raises(ValueError, match=r"pots is 0: .*withhold"):
        current_efficiency_from_metal(1.0, charge_kah=100.0, pots=0)
    with pytest.raises(ValueError, match=r"pots is 0: .*withhold"):
        faraday_charge_kah(1.0, current_efficiency=0.94, pots=0)


def test_one_bad_hour_among_many_is_refused_and_named() -> None:
    charge_kah = np.array([400.0, 400.0, -400.0, 400.0])
    with pytest.raises(ValueError, match=r"charge_kah\[2\] is -400"):
        faraday_metal_t(charge_kah, current_efficiency=0.94, pots=40)


@given(charges, efficiencies, pot_counts)
def test_charge_returns_from_the_metal_it_makes(charge_kah: float, efficiency: float, pots: float) -> None:
    metal_kg = faraday_metal_kg(charge_kah, current_efficiency=efficiency, pots=pots)
    assert faraday_charge_kah(metal_kg, current_efficiency=efficiency, pots=pots) == pytest.approx(charge_kah)


@given(charges, efficiencies, pot_counts)
def test_efficiency_returns_from_the_metal_it_makes(charge_kah: float, efficiency: float, pots: float) -> None:
    metal_t = faraday_metal_t(charge_kah, current_efficiency=efficiency, pots=pots)
    assert current_efficiency_from_metal(metal_t, charge_kah=charge_kah, pots=pots) == pytest.approx(efficiency)


@given(charges, charges, efficiencies, pot_counts)
def test_metal_of_two_intervals_is_metal_of_their_charge(
    one: float, two: float, efficiency: float, pots: float
) -> None:
    apart = faraday_metal_kg(np.array([one, two]), current_efficiency=efficiency, pots=pots)
    together = faraday_metal_kg(one + two, current_efficiency=efficiency, pots=pots)
    assert apart.sum() == pytest.approx(together)


@given(charges, efficiencies, pot_counts, st.floats(0.01, 100))
def test_metal_scales_with_charge_and_with_pots(charge: float, efficiency: float, pots: float, factor: float) -> None:
    metal = faraday_metal_kg(charge, current_efficiency=efficiency, pots=pots)
    assert faraday_metal_kg(charge * factor, current_efficiency=efficiency, pots=pots) == pytest.approx(metal * factor)
    assert faraday_metal_kg(charge, current_efficiency=efficiency, pots=pots * factor) == pytest.approx(metal * factor)


def test_500_kiloampere_over_a_minute_are_8_33_kiloampere_hours() -> None:
    assert sample_charge_kah(500.0, seconds=60.0) == pytest.approx(8.3333333333)


def test_zero_errors_of_a_line_that_is_off_cancel() -> None:
    assert sample_charge_kah(np.array([-0.2, 0.2]), seconds=1.0).sum() == pytest.approx(0, abs=1e-15)


def test_current_in_amperes_is_refused() -> None:
    with pytest.raises(ValueError, match=r"current_ka is 465000: .*give kA, 500 and not 500000 A"):
        sample_charge_kah(465_000.0, seconds=1.0)
    with pytest.raises(ValueError, match="seconds is -1"):
        sample_charge_kah(465.0, seconds=-1.0)


def test_metal_that_stays_in_the_pots_was_made_too() -> None:
    assert metal_made_t(30_000.0, pot_metal_start_t=4_000.0, pot_metal_end_t=4_150.0) == 30_150.0


def test_a_month_of_376_pots_with_a_growing_inventory_has_92_5_percent() -> None:
    charge_kah = 601.0 * 24 * 30
    made_t = faraday_metal_t(charge_kah, current_efficiency=0.925, pots=376)
    efficiency = current_efficiency_from_tapping(
        made_t - 120.0, pot_metal_start_t=4_000.0, pot_metal_end_t=4_120.0, charge_kah=charge_kah, pots=376
    )
    assert efficiency == pytest.approx(0.925, rel=1e-12)
    # without the inventory it would seem to be lower
    tapped = current_efficiency_from_metal(made_t - 120.0, charge_kah=charge_kah, pots=376)
    assert tapped == pytest.approx(0.925 * (1 - 120 / made_t), rel=1e-12)


def test_an_inventory_that_fell_by_more_than_was_tapped_is_reported_and_not_refused() -> None:
    assert metal_made_t(1.0, pot_metal_start_t=5.0, pot_metal_end_t=3.0) == -1.0
    assert (
        current_efficiency_from_tapping(1.0, pot_metal_start_t=5.0, pot_metal_end_t=3.0, charge_kah=100.0, pots=1) < 0
    )


@pytest.mark.parametrize("name", ["tapped_t", "pot_metal_start_t", "pot_metal_end_t"])
def test_each_negative_mass_is_refused(name: str) -> None:
    inputs = {"tapped_t": 100.0, "pot_metal_start_t": 10.0, "pot_metal_end_t": 10.0} | {name: -1.0}
    with pytest.raises(ValueError, match=f"{name} is -1"):
        metal_made_t(**inputs)
    with pytest.raises(ValueError, match=f"{name} is -1"):
        current_efficiency_from_tapping(**inputs, charge_kah=100.0, pots=40)


@pytest.mark.parametrize("name", ["charge_kah", "pots"])
def test_efficiency_without_charge_or_pots_is_withheld(name: str) -> None:
    inputs = {"charge_kah": 100.0, "pots": 40.0} | {name: 0.0}
    with pytest.raises(ValueError, match=rf"{name} is 0: .*Remedy: withhold the figure"):
        current_efficiency_from_tapping(1.0, pot_metal_start_t=1.0, pot_metal_end_t=1.0, **inputs)


@given(masses, masses, masses, masses, masses)
def test_inventories_in_between_cancel(tap_1: float, tap_2: float, start: float, between: float, end: float) -> None:
    first = metal_made_t(tap_1, pot_metal_start_t=start, pot_metal_end_t=between)
    second = metal_made_t(tap_2, pot_metal_start_t=between, pot_metal_end_t=end)
    whole = metal_made_t(tap_1 + tap_2, pot_metal_start_t=start, pot_metal_end_t=end)
    assert first + second == pytest.approx(whole, abs=1e-6)
