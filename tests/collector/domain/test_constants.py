"""The constants, against the numbers that tables print."""

import pytest

from collector.domain.constants import (
    ALUMINIUM_KG_PER_KAH,
    ALUMINIUM_MOLAR_MASS,
    ALUMINIUM_VALENCE,
    CO2_PER_CARBON,
    FARADAY_CONSTANT,
)


def test_electrochemical_equivalent_is_exact_to_ten_digits() -> None:
    assert pytest.approx(0.3355727277, rel=1e-10) == ALUMINIUM_KG_PER_KAH


def test_one_kiloampere_makes_about_eight_kilograms_a_day() -> None:
    assert pytest.approx(8.0537454642, rel=1e-10) == ALUMINIUM_KG_PER_KAH * 24


def test_a_kilogram_needs_the_2_98_kah_of_the_textbooks() -> None:
    assert pytest.approx(2.9799799493, rel=1e-10) == 1 / ALUMINIUM_KG_PER_KAH
    assert pytest.approx(2.98, rel=5e-5) == 1 / ALUMINIUM_KG_PER_KAH


def test_rounded_textbook_constants_differ_by_less_than_a_thousandth() -> None:
    # molar mass 27 g/mol and 96484 C/mol, as in teaching material
    assert pytest.approx(2.9779012346, rel=1e-3) == 1 / ALUMINIUM_KG_PER_KAH


def test_equivalent_follows_from_the_three_constants() -> None:
    assert FARADAY_CONSTANT == 96485.33212
    assert ALUMINIUM_MOLAR_MASS == 26.9815384
    assert ALUMINIUM_VALENCE == 3
    assert ALUMINIUM_MOLAR_MASS * 3600 / (ALUMINIUM_VALENCE * FARADAY_CONSTANT) == ALUMINIUM_KG_PER_KAH


def test_faraday_constant_is_avogadro_times_elementary_charge() -> None:
    assert pytest.approx(6.02214076e23 * 1.602176634e-19, rel=1e-10) == FARADAY_CONSTANT


def test_co2_per_carbon_is_44_over_12_and_not_the_european_3_664() -> None:
    assert pytest.approx(3.6666666667, rel=1e-10) == CO2_PER_CARBON
    assert pytest.approx(0.00073, abs=5e-6) == 1 - 3.664 / CO2_PER_CARBON
