"""Pollutants and renewable shares, against what sources print or what follows from them; each test names its source."""

import numpy as np
import pytest

from collector.domain.constants import HYDROGEN_FLUORIDE_MOLAR_MASS
from collector.domain.flue_gas import (
    NORMAL,
    US_STANDARD,
    concentration_between_references,
    flow_at_reference,
    fluoride_in_hydrogen_fluoride,
    mg_nm3_from_ppmv,
)
from collector.domain.pollutants import (
    anode_so2_kg,
    emitted_kg,
    kg_per_mg_from_lb_per_ton,
    specific_emission_kg_per_t,
)
from collector.domain.renewables import certificate_kwh, matched_kwh, renewable_percent


def test_a01_two_outlets_of_a_potroom_emit_the_sum_over_the_metal() -> None:
    """40 CFR 60.195: Ep = sum of C times Q over P and 10^6; a stack of 0.8 mg/m3 and a roof of 0.15 mg/m3."""
    kg_per_h = emitted_kg(np.array([0.8, 0.15]), flow_m3_h=np.array([1_500_000.0, 12_000_000.0]), hours=1.0)
    assert kg_per_h.tolist() == pytest.approx([1.2, 1.8])
    assert specific_emission_kg_per_t(kg_per_h.sum(), metal_t=25.0) == pytest.approx(0.12, rel=1e-12)


def test_a02_1500000_wet_cubic_metres_are_1087653_dry_normal_ones() -> None:
    """Ideal gas law: 85 degC, 99.5 kPa outside, -1.2 kPa in the duct, 2 % of water."""
    assert flow_at_reference(
        1_500_000.0, temperature_c=85.0, ambient_kpa=99.5, static_kpa=-1.2, water_fraction=0.02, reference=NORMAL
    ) == pytest.approx(1087653.3191942764, rel=1e-12)


def test_a03_anodes_of_2_percent_sulphur_give_16_4_kilograms_of_so2_per_tonne() -> None:
    """Stoichiometry: 0.41 t/t of anode, 64.066 over 32.06."""
    assert anode_so2_kg(1.0, net_anode_consumption=0.41, sulphur_percent=2.0) == pytest.approx(16.3861883968, rel=1e-9)


def test_a04_one_part_per_million_of_hf_is_0_8926_milligrams() -> None:
    """Ideal gas law: 20.0063 g/mol over 22.41396 L/mol; fluorine is 18.998 of 20.006 in it."""
    hf = mg_nm3_from_ppmv(1.0, molar_mass_g=HYDROGEN_FLUORIDE_MOLAR_MASS)
    assert hf == pytest.approx(0.8925821229, rel=1e-6)
    assert fluoride_in_hydrogen_fluoride(hf) == pytest.approx(0.8925821229 * 18.998 / 20.006, rel=2e-5)


def test_a05_a_milligram_per_dscm_is_1_0732_per_normal_cubic_metre() -> None:
    """40 CFR 60.2 (20 degC) against 0 degC: 293.15 over 273.15."""
    assert concentration_between_references(1.0, stated_at=US_STANDARD, wanted_at=NORMAL) == pytest.approx(
        1.0732198426, rel=1e-9
    )


@pytest.mark.parametrize(("lb_per_ton", "kg_per_mg"), [(1.9, 0.95), (2.5, 1.25), (3.0, 1.5), (1.6, 0.8), (2.7, 1.35)])
def test_a06_1_9_pounds_per_ton_are_0_95_kilograms_per_megagram(lb_per_ton: float, kg_per_mg: float) -> None:
    """40 CFR 63.843, total fluoride, which prints both units."""
    assert kg_per_mg_from_lb_per_ton(lb_per_ton) == pytest.approx(kg_per_mg, rel=1e-9)


def test_r01_405000_certificates_are_30_percent_of_1350000_megawatt_hours() -> None:
    """One green certificate is 1000 kWh (zgjtqx.org.cn, 2023-08-15)."""
    kwh = certificate_kwh(405_000.0, kwh_per_certificate=1000.0)
    assert renewable_percent(kwh, total_kwh=1_350_000_000.0) == pytest.approx(30.0, rel=1e-12)


def test_r02_hours_of_too_much_sun_do_not_pay_for_hours_of_none() -> None:
    """Definition of hourly matching: sum of the lesser of load and generation, over the sum of the load."""
    load_kwh = np.array([100.0, 100.0, 100.0, 100.0])
    generation_kwh = np.array([0.0, 50.0, 250.0, 100.0])
    matched = matched_kwh(load_kwh, generation_kwh=generation_kwh)
    assert matched.tolist() == [0.0, 50.0, 100.0, 100.0]
    assert renewable_percent(matched.sum(), total_kwh=load_kwh.sum()) == 62.5
    assert renewable_percent(generation_kwh.sum(), total_kwh=load_kwh.sum()) == 100.0
