"""Perfluorocarbons by stack measurement, default factors and low-voltage factors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.anode_effect import slope_cf4_kg
from collector.domain.pfc import default_gas_kg, low_voltage_cf4_kg, measured_slope, stack_to_total_kg

positive_amounts = st.floats(1e-3, 1e6)


@pytest.mark.parametrize("efficiency", [98.0, 0.0, -0.5, float("nan")])
def test_collection_efficiency_in_percent_is_refused(efficiency: float) -> None:
    with pytest.raises(ValueError, match=r"collection_efficiency is .*give a fraction"):
        stack_to_total_kg(5000.0, collection_efficiency=efficiency)


def test_what_the_ducts_miss_is_added_and_not_taken_off() -> None:
    assert stack_to_total_kg(90.0, collection_efficiency=0.9) == pytest.approx(100, rel=1e-12)


@pytest.mark.parametrize("factor", [400.0, -0.4, float("nan")])
def test_default_factor_in_grams_or_in_co2_equivalent_is_refused(factor: float) -> None:
    with pytest.raises(ValueError, match=r"gas_kg_per_t is .*0\.4 and neither 400 g/t nor CO2 equivalent"):
        default_gas_kg(1000.0, gas_kg_per_t=factor)


def test_low_voltage_factor_in_grams_is_refused() -> None:
    with pytest.raises(ValueError, match=r"cf4_kg_per_t is 12: .*give kg of CF4"):
        low_voltage_cf4_kg(1000.0, cf4_kg_per_t=12.0)


def test_a_campaign_of_14_3_kg_in_1000_tonnes_and_a_tenth_of_a_minute_has_the_slope_of_the_tables() -> None:
    assert measured_slope(14.3, metal_t=1000.0, ae_minutes_per_cell_day=0.1) == pytest.approx(0.143, rel=1e-12)


@pytest.mark.parametrize("name", ["metal_t", "ae_minutes_per_cell_day"])
def test_a_campaign_without_metal_or_anode_effects_gives_no_slope(name: str) -> None:
    inputs = {"metal_t": 1000.0, "ae_minutes_per_cell_day": 0.1} | {name: 0.0}
    with pytest.raises(ValueError, match=f"{name} is 0: must be greater than zero"):
        measured_slope(14.3, **inputs)


@given(positive_amounts, st.floats(0.001, 100), st.floats(0.01, 1))
def test_measured_slope_is_the_inverse_of_the_slope_method(metal_t: float, aem: float, slope: float) -> None:
    cf4_kg = slope_cf4_kg(metal_t, ae_minutes_per_cell_day=aem, slope=slope)
    assert measured_slope(cf4_kg, metal_t=metal_t, ae_minutes_per_cell_day=aem) == pytest.approx(slope)


@given(positive_amounts, st.floats(0.01, 1))
def test_total_is_never_less_than_what_was_measured(stack_kg: float, efficiency: float) -> None:
    total_kg = stack_to_total_kg(stack_kg, collection_efficiency=efficiency)
    assert total_kg >= stack_kg
    assert total_kg * efficiency == pytest.approx(stack_kg)
