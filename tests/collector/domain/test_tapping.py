"""Charge of samples, and current efficiency from tapped metal and the metal left in the pots."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.electrolysis import (
    current_efficiency_from_metal,
    current_efficiency_from_tapping,
    faraday_metal_t,
    metal_made_t,
    sample_charge_kah,
)

masses = st.floats(0, 1e6)


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
