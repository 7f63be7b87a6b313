"""What the reaction needs and gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.stoichiometry import theoretical_alumina_kg, theoretical_carbon_kg, theoretical_co2_kg

masses = st.floats(1e-3, 1e9)


def test_a_kilogram_of_metal_needs_a_third_of_a_kilogram_of_carbon() -> None:
    assert theoretical_carbon_kg(1.0) == pytest.approx(0.33387, abs=1e-5)


def test_a_kilogram_of_metal_needs_1_8894_kilograms_of_alumina() -> None:
    assert theoretical_alumina_kg(1.0) == pytest.approx(1.8894, abs=5e-5)


def test_a_kilogram_of_metal_gives_1_2233_kilograms_of_co2() -> None:
    assert theoretical_co2_kg(1.0) == pytest.approx(1.2233, abs=5e-5)


def test_negative_metal_is_refused_by_all_three() -> None:
    for formula in (theoretical_carbon_kg, theoretical_alumina_kg, theoretical_co2_kg):
        with pytest.raises(ValueError, match="metal_kg is -1"):
            formula(-1.0)


@given(masses)
def test_mass_is_conserved_over_the_reaction(metal_kg: float) -> None:
    into = theoretical_alumina_kg(metal_kg) + theoretical_carbon_kg(metal_kg)
    assert into == pytest.approx(metal_kg + theoretical_co2_kg(metal_kg), rel=1e-12)


@given(masses)
def test_carbon_of_the_co2_is_the_carbon_of_the_anode(metal_kg: float) -> None:
    assert theoretical_co2_kg(metal_kg) * 12.011 / 44.009 == pytest.approx(theoretical_carbon_kg(metal_kg), rel=1e-12)
