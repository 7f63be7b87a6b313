"""CO2 of fuels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.fuel_use import FuelByAmount, FuelByCarbon, FuelByHeat
from collector.domain.fuels import fuel_co2_by_amount_t, fuel_co2_by_carbon_t, fuel_co2_by_heat_t

BY_HEAT = {"net_calorific_value_gj": 36.0, "co2_t_per_tj": 56.1, "oxidation": 1.0}
BY_CARBON = {"net_calorific_value_gj": 36.0, "carbon_t_per_gj": 0.0153, "oxidation": 0.99}


def test_a_million_cubic_metres_of_36_gj_per_thousand_emit_2020_tonnes() -> None:
    assert fuel_co2_by_heat_t(1000.0, **BY_HEAT) == pytest.approx(2019.6, rel=1e-12)


def test_the_same_gas_by_its_carbon_emits_1999_tonnes_with_99_percent_oxidised() -> None:
    assert fuel_co2_by_carbon_t(1000.0, **BY_CARBON) == pytest.approx(1999.404, rel=1e-12)


def test_gas_counted_in_ten_thousand_cubic_metres_gives_the_same() -> None:
    tens = fuel_co2_by_carbon_t(100.0, **(BY_CARBON | {"net_calorific_value_gj": 360.0}))
    assert tens == pytest.approx(fuel_co2_by_carbon_t(1000.0, **BY_CARBON), rel=1e-12)


def test_a_fuel_with_a_factor_of_zero_emits_nothing() -> None:
    assert fuel_co2_by_heat_t(1000.0, **(BY_HEAT | {"co2_t_per_tj": 0.0})) == 0
    assert fuel_co2_by_carbon_t(1000.0, **(BY_CARBON | {"carbon_t_per_gj": 0.0})) == 0


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("amount", -1.0, "correct the sign"),
        ("net_calorific_value_gj", 0.036, "neither 0.0389 TJ"),
        ("net_calorific_value_gj", 36_000.0, "nor 38900 MJ"),
        ("co2_t_per_tj", 0.0561, "neither 0.056 t/GJ"),
        ("co2_t_per_tj", 56_100.0, "nor 56000 kg/TJ"),
        ("oxidation", 99.0, "give a fraction"),
    ],
)
def test_heat_factor_and_oxidation_in_other_units_are_refused(name: str, value: float, remedy: str) -> None:
    inputs = {"amount": 1000.0} | BY_HEAT | {name: value}
    with pytest.raises(ValueError, match=rf"{name} is {value:g}: .*{remedy}"):
        fuel_co2_by_heat_t(**inputs)


@pytest.mark.parametrize("carbon", [15.3, -0.0153, 0.0005])
def test_carbon_per_heat_in_kilograms_is_refused(carbon: float) -> None:
    with pytest.raises(ValueError, match=rf"carbon_t_per_gj is {carbon:g}: .*0\.0153 and not 15\.3 kg/GJ"):
        fuel_co2_by_carbon_t(1000.0, **(BY_CARBON | {"carbon_t_per_gj": carbon}))


def test_factor_of_an_amount_in_kilograms_is_refused() -> None:
    with pytest.raises(ValueError, match=r"co2_t_per_unit is 2000: .*2\.0 and not 2000 kg"):
        fuel_co2_by_amount_t(1000.0, co2_t_per_unit=2000.0)


def test_a_fuel_that_was_burnt_gives_what_its_formula_gives() -> None:
    assert FuelByHeat("gas", 1000.0, 36.0, 56.1, 1.0).co2_t == pytest.approx(2019.6, rel=1e-12)
    assert FuelByCarbon("gas", 1000.0, 36.0, 0.0153, 0.99).co2_t == pytest.approx(1999.404, rel=1e-12)
    assert FuelByAmount("oil", 100.0, 3.1).co2_t == pytest.approx(310, rel=1e-12)


@given(st.floats(0, 1e6), st.floats(1, 60), st.floats(0.01, 0.03), st.floats(0.5, 1))
def test_carbon_per_heat_is_a_factor_per_heat_over_44_12(amount: float, ncv: float, carbon: float, of: float) -> None:
    by_carbon = fuel_co2_by_carbon_t(amount, net_calorific_value_gj=ncv, carbon_t_per_gj=carbon, oxidation=of)
    factor = carbon * 1000 * 44 / 12
    by_heat = fuel_co2_by_heat_t(amount, net_calorific_value_gj=ncv, co2_t_per_tj=factor, oxidation=of)
    assert by_carbon == pytest.approx(by_heat)
