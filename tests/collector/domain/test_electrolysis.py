"""Charge, metal and current efficiency."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.electrolysis import (
    current_efficiency_from_metal,
    faraday_charge_kah,
    faraday_metal_kg,
    faraday_metal_t,
)

charges = st.floats(1e-3, 1e9)
efficiencies = st.floats(0.5, 1)
pot_counts = st.floats(0.5, 1000)


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
