"""Reference conditions of flue gas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.constants import NORMAL_MOLAR_VOLUME, SULPHUR_DIOXIDE_MOLAR_MASS
from collector.domain.flue_gas import (
    NORMAL,
    US_STANDARD,
    Reference,
    concentration_at_oxygen,
    concentration_at_reference,
    concentration_between_references,
    flow_at_reference,
    fluoride_in_hydrogen_fluoride,
    mg_nm3_from_ppmv,
    ppmv_from_mg_nm3,
)

temperatures = st.floats(-20, 300)
ambients = st.floats(70, 108)
statics = st.floats(-10, 10)
waters = st.floats(0, 0.5)


def test_gas_at_the_reference_stays_as_it_is() -> None:
    duct = {"temperature_c": 0.0, "ambient_kpa": 101.325, "static_kpa": 0.0, "water_fraction": 0.0}
    assert flow_at_reference(1000.0, **duct, reference=NORMAL) == 1000
    assert concentration_at_reference(2.5, **duct, reference=NORMAL) == 2.5


def test_us_flow_is_7_percent_more_than_normal_flow() -> None:
    duct = {"temperature_c": 80.0, "ambient_kpa": 101.0, "static_kpa": -1.0, "water_fraction": 0.01}
    us = flow_at_reference(1000.0, **duct, reference=US_STANDARD)
    assert us / flow_at_reference(1000.0, **duct, reference=NORMAL) == pytest.approx(293.15 / 273.15, rel=1e-12)


def test_dryness_alone_takes_the_water_out() -> None:
    dry = concentration_at_reference(
        9.8, temperature_c=0.0, ambient_kpa=101.325, static_kpa=0.0, water_fraction=0.02, reference=NORMAL
    )
    assert dry == pytest.approx(10.0, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("temperature_c", -273.15, "degrees Celsius"),
        ("ambient_kpa", 1013.25, "101.3 and not 1013 hPa"),
        ("static_kpa", -1200.0, "-1.2 and not -1200 Pa"),
        ("water_fraction", 2.0, "0.02 for 2 %"),
    ],
)
def test_conditions_in_another_unit_are_refused(name: str, value: float, remedy: str) -> None:
    duct = {"temperature_c": 80.0, "ambient_kpa": 101.0, "static_kpa": -1.0, "water_fraction": 0.01} | {name: value}
    with pytest.raises(ValueError, match=rf"{name} is .*{remedy}"):
        flow_at_reference(1000.0, **duct, reference=NORMAL)
    with pytest.raises(ValueError, match=rf"{name} is .*{remedy}"):
        concentration_at_reference(1.0, **duct, reference=NORMAL)


def test_a_reference_in_kelvin_or_hectopascal_is_refused() -> None:
    with pytest.raises(ValueError, match=r"temperature_c is 273\.15: .*0 and not 273\.15"):
        Reference(temperature_c=273.15, pressure_kpa=101.325)
    with pytest.raises(ValueError, match=r"pressure_kpa is 1013\.25"):
        Reference(temperature_c=0.0, pressure_kpa=1013.25)


def test_furnace_gas_of_11_percent_oxygen_counts_a_tenth_more_at_10_percent() -> None:
    corrected = concentration_at_oxygen(
        100.0, oxygen_percent=11.0, reference_oxygen_percent=10.0, air_oxygen_percent=21.0
    )
    assert corrected == pytest.approx(110.0, rel=1e-12)


def test_gas_at_the_reference_oxygen_stays_as_it_is() -> None:
    assert concentration_at_oxygen(
        7.0, oxygen_percent=8.0, reference_oxygen_percent=8.0, air_oxygen_percent=20.9
    ) == pytest.approx(7.0, rel=1e-15)


def test_air_has_no_answer_at_a_reference_oxygen() -> None:
    with pytest.raises(ValueError, match=r"air_minus_oxygen_percent is 0"):
        concentration_at_oxygen(1.0, oxygen_percent=21.0, reference_oxygen_percent=10.0, air_oxygen_percent=21.0)
    with pytest.raises(ValueError, match=r"air_minus_reference_oxygen_percent is -1"):
        concentration_at_oxygen(1.0, oxygen_percent=10.0, reference_oxygen_percent=22.0, air_oxygen_percent=21.0)
    with pytest.raises(ValueError, match=r"air_oxygen_percent is 0\.21"):
        concentration_at_oxygen(1.0, oxygen_percent=0.1, reference_oxygen_percent=0.1, air_oxygen_percent=0.21)


def test_a_mole_of_gas_has_22_41397_litres() -> None:
    assert pytest.approx(22.41396954, rel=1e-9) == NORMAL_MOLAR_VOLUME


def test_one_part_per_million_of_so2_is_2_858_milligrams() -> None:
    assert mg_nm3_from_ppmv(1.0, molar_mass_g=SULPHUR_DIOXIDE_MOLAR_MASS) == pytest.approx(2.85831, rel=1e-5)


def test_share_above_all_and_molar_mass_in_kilograms_are_refused() -> None:
    with pytest.raises(ValueError, match=r"ppmv is 2e\+06"):
        mg_nm3_from_ppmv(2e6, molar_mass_g=20.0063)
    with pytest.raises(ValueError, match=r"molar_mass_g is 0\.0200063: .*20\.0063 for HF"):
        mg_nm3_from_ppmv(1.0, molar_mass_g=0.0200063)
    with pytest.raises(ValueError, match="mg_nm3 is -1"):
        ppmv_from_mg_nm3(-1.0, molar_mass_g=20.0063)


def test_fluoride_is_95_percent_of_hydrogen_fluoride() -> None:
    assert fluoride_in_hydrogen_fluoride(1.0) == pytest.approx(0.9496, abs=5e-5)


@given(temperatures, ambients, statics, waters, st.floats(0.1, 1e7), st.floats(0.01, 1e3))
def test_mass_is_the_same_in_the_duct_and_at_the_reference(
    temperature: float, ambient: float, static: float, water: float, flow: float, mg_m3: float
) -> None:
    duct = {"temperature_c": temperature, "ambient_kpa": ambient, "static_kpa": static, "water_fraction": water}
    flow_n = flow_at_reference(flow, **duct, reference=NORMAL)
    mg_nm3 = concentration_at_reference(mg_m3, **duct, reference=NORMAL)
    assert flow_n * mg_nm3 == pytest.approx(flow * mg_m3, rel=1e-9)


@given(st.floats(0, 1e4))
def test_there_and_back_between_references_is_the_same(mg_m3: float) -> None:
    there = concentration_between_references(mg_m3, stated_at=US_STANDARD, wanted_at=NORMAL)
    back = concentration_between_references(there, stated_at=NORMAL, wanted_at=US_STANDARD)
    assert back == pytest.approx(mg_m3, rel=1e-12)


@given(st.floats(0, 1e6), st.floats(2, 500))
def test_there_and_back_between_volume_and_mass_is_the_same(ppmv: float, molar_mass: float) -> None:
    mg = mg_nm3_from_ppmv(ppmv, molar_mass_g=molar_mass)
    assert ppmv_from_mg_nm3(mg, molar_mass_g=molar_mass) == pytest.approx(ppmv, rel=1e-12)


@given(st.lists(temperatures, min_size=2, max_size=10))
def test_hotter_gas_is_less_gas(celsius: list[float]) -> None:
    flows = flow_at_reference(
        np.full(len(celsius), 1000.0),
        temperature_c=np.array(sorted(celsius)),
        ambient_kpa=101.0,
        static_kpa=0.0,
        water_fraction=0.0,
        reference=NORMAL,
    )
    assert (np.diff(flows) <= 0).all()
