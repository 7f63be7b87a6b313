"""Electricity by one factor: the grid's CO2 and the footprint of a kilowatt hour."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.electricity import FactorKind, footprint_electricity_co2e_t, location_based_co2_t

amounts = st.floats(1e-3, 1e9)


def test_a_tonne_at_13500_kwh_on_a_grid_of_0_5306_emits_7_2_tonnes() -> None:
    assert location_based_co2_t(13_500.0, grid_factor=0.5306) == pytest.approx(7.1631, rel=1e-12)


def test_a_grid_without_emissions_emits_nothing() -> None:
    assert location_based_co2_t(13_500.0, grid_factor=0.0) == 0


@pytest.mark.parametrize("grid_factor", [530.6, -0.5, float("nan")])
def test_grid_factor_in_grams_is_refused(grid_factor: float) -> None:
    with pytest.raises(ValueError, match=r"grid_factor is .*0\.53 and not 530 g/kWh"):
        location_based_co2_t(13_500.0, grid_factor=grid_factor)


@given(amounts, amounts, st.floats(0, 3))
def test_co2_of_two_feeders_is_that_of_their_energy(one: float, two: float, grid_factor: float) -> None:
    apart = location_based_co2_t(np.array([one, two]), grid_factor=grid_factor)
    assert apart.sum() == pytest.approx(location_based_co2_t(one + two, grid_factor=grid_factor))


def test_negative_energy_on_the_grid_or_in_a_footprint_is_refused() -> None:
    with pytest.raises(ValueError, match="kwh is -1"):
        location_based_co2_t(-1.0, grid_factor=0.5306)
    with pytest.raises(ValueError, match="kwh is -1"):
        footprint_electricity_co2e_t(-1.0, footprint_factor=0.6205)


def test_hours_with_factors_of_their_own_are_weighed_one_by_one() -> None:
    kwh = np.array([100.0, 300.0])
    co2_t = location_based_co2_t(kwh, grid_factor=np.array([0.8, 0.2]))
    assert co2_t.tolist() == pytest.approx([0.08, 0.06])
    # the mean factor of 0.5 would give 0.2 t
    assert co2_t.sum() == pytest.approx(0.14, rel=1e-12)


def test_footprint_of_a_kilowatt_hour_is_a_sixth_above_its_co2() -> None:
    footprint_t = footprint_electricity_co2e_t(13_500.0, footprint_factor=0.6205)
    assert footprint_t == pytest.approx(8.37675, rel=1e-12)
    assert footprint_t / location_based_co2_t(13_500.0, grid_factor=0.5306) == pytest.approx(1.169431, rel=1e-6)


def test_the_two_kinds_of_factor_have_arguments_of_their_own() -> None:
    grid, footprint = (
        list(inspect.signature(f).parameters) for f in (location_based_co2_t, footprint_electricity_co2e_t)
    )
    assert set(grid) & set(footprint) == {"kwh"}
    assert {kind.value for kind in FactorKind} == {"co2", "carbon_footprint"}


@pytest.mark.parametrize("factor", [577.7, -0.5, float("nan")])
def test_footprint_factor_in_grams_is_refused(factor: float) -> None:
    with pytest.raises(ValueError, match=r"footprint_factor is .*0\.58 and not 580 g/kWh"):
        footprint_electricity_co2e_t(13_500.0, footprint_factor=factor)
