"""Perfluorocarbons of worked examples, as their sources print them or as they follow from printed coefficients."""

import pytest

from collector.domain.anode_effect import (
    anode_effect_minutes_per_cell_day,
    overvoltage_cf4_kg,
    pfc_co2e_t,
    ratio_c2f6_kg,
    slope_cf4_kg,
)
from collector.domain.anode_effect_rate import ae_minutes_from_frequency, anode_effects_per_cell_day
from collector.domain.carbon import tier1_anode_co2_t
from collector.domain.pfc import default_gas_kg, stack_to_total_kg

EXACT = 1e-9


def test_overvoltage_of_5_millivolts_and_95_percent_gives_61_0526_kg() -> None:
    """IAI and WRI workbook for the aluminium sector, worksheet 8: printed 61.0526 kg, 7.38737 kg, 464.806 t CO2e."""
    cf4_kg = overvoltage_cf4_kg(
        1000.0, overvoltage_mv=5.0, overvoltage_coefficient=1.16, current_efficiency_percent=95.0
    )
    c2f6_kg = ratio_c2f6_kg(cf4_kg, c2f6_per_cf4=0.121)
    assert cf4_kg == pytest.approx(61.0526, rel=1e-5)
    assert c2f6_kg == pytest.approx(7.38737, rel=1e-5)
    assert pfc_co2e_t(cf4_kg, c2f6_kg, gwp_cf4=6500, gwp_c2f6=9200) == pytest.approx(464.806, rel=1e-5)


def test_current_efficiency_as_a_fraction_would_give_a_hundred_times_as_much_and_is_refused() -> None:
    """A public calculator for the border adjustment divides by 0.95; (EU) 601/2012, annex IV, 8.B, has [%]."""
    right = overvoltage_cf4_kg(
        1000.0, overvoltage_mv=5.0, overvoltage_coefficient=1.16, current_efficiency_percent=95.0
    )
    assert pytest.approx(100 * right, rel=EXACT) == 1000 * 5 * 1.16 / 0.95
    with pytest.raises(ValueError, match="95 for 95 %"):
        overvoltage_cf4_kg(1000.0, overvoltage_mv=5.0, overvoltage_coefficient=1.16, current_efficiency_percent=0.95)


def test_slope_with_a_quarter_of_a_minute_gives_28503_8325_tonnes() -> None:
    """(EU) 2025/2547, annex II, B.7, equations 21 to 23, and the unit tests of a public implementation of it."""
    cf4_kg = slope_cf4_kg(100_000.0, ae_minutes_per_cell_day=0.25, slope=0.143)
    c2f6_kg = ratio_c2f6_kg(cf4_kg, c2f6_per_cf4=0.121)
    assert cf4_kg / 1000 == pytest.approx(3.575, rel=EXACT)
    assert c2f6_kg / 1000 == pytest.approx(0.432575, rel=EXACT)
    assert pfc_co2e_t(cf4_kg, c2f6_kg, gwp_cf4=6630, gwp_c2f6=11100) == pytest.approx(28503.8325, rel=EXACT)


def test_smelter_of_2038_cells_has_743870_cell_days_and_5869_kg() -> None:
    """Monitoring plan of the Renukoot smelter, illustration: printed 74,387 anode effects, 5,869 kg, 52,038 t CO2e."""
    cell_days = 2038.0 * 365
    assert cell_days == 743_870
    frequency = anode_effects_per_cell_day(74_387.0, cell_days)
    minutes = ae_minutes_from_frequency(frequency, mean_minutes=1.2)
    assert minutes == pytest.approx(0.12, rel=EXACT)
    assert anode_effect_minutes_per_cell_day(74_387 * 72.0, cell_days) == pytest.approx(minutes, rel=EXACT)
    cf4_kg = slope_cf4_kg(342_000.0, ae_minutes_per_cell_day=minutes, slope=0.143)
    c2f6_kg = ratio_c2f6_kg(cf4_kg, c2f6_per_cf4=0.121)
    assert cf4_kg == pytest.approx(5868.72, rel=EXACT)
    assert cf4_kg == pytest.approx(5869, rel=2e-4)
    assert c2f6_kg == pytest.approx(710.11512, rel=EXACT)
    by_fourth_report = pfc_co2e_t(cf4_kg, c2f6_kg, gwp_cf4=7390, gwp_c2f6=12200)
    assert by_fourth_report == pytest.approx(52_033.245264, rel=EXACT)
    assert by_fourth_report == pytest.approx(52_038, rel=2e-4)


@pytest.mark.parametrize(
    ("gwp_cf4", "gwp_c2f6", "exact_t", "printed_t"),
    [(6630, 11100, 114_015.33, 114_012), (7380, 12400, 126_989.72, 126_986)],
    ids=["fifth report", "sixth report"],
)
def test_half_a_minute_in_200000_tonnes_by_two_reports(
    gwp_cf4: float, gwp_c2f6: float, exact_t: float, printed_t: float
) -> None:
    """A reference note on process emissions after IPCC 2006, volume 3, chapter 4, which rounds C2F6 to 1.73 t."""
    cf4_kg = slope_cf4_kg(200_000.0, ae_minutes_per_cell_day=0.5, slope=0.143)
    c2f6_kg = ratio_c2f6_kg(cf4_kg, c2f6_per_cf4=0.121)
    assert (cf4_kg, c2f6_kg) == pytest.approx((14_300, 1730.3), rel=EXACT)
    co2e_t = pfc_co2e_t(cf4_kg, c2f6_kg, gwp_cf4=gwp_cf4, gwp_c2f6=gwp_c2f6)
    assert co2e_t == pytest.approx(exact_t, rel=EXACT)
    assert co2e_t == pytest.approx(printed_t, rel=5e-4)


def test_tier_1_of_150000_tonnes_gives_60_and_6_tonnes_and_517200_of_co2e() -> None:
    """The same note, tier 1 of IPCC 2006: 0.4 and 0.04 kg/t, anodes 1.6 t/t; printed as here."""
    cf4_kg = default_gas_kg(150_000.0, gas_kg_per_t=0.4)
    c2f6_kg = default_gas_kg(150_000.0, gas_kg_per_t=0.04)
    assert (cf4_kg, c2f6_kg) == pytest.approx((60_000, 6000), rel=EXACT)
    assert pfc_co2e_t(cf4_kg, c2f6_kg, gwp_cf4=7380, gwp_c2f6=12400) == pytest.approx(517_200, rel=EXACT)
    assert tier1_anode_co2_t(150_000.0, co2_per_metal=1.6) == pytest.approx(240_000, rel=EXACT)


def test_chinese_default_of_0_034_and_0_0034_kg_gives_0_26316_tonnes() -> None:
    """A third-party implementation of the Chinese guideline; its official text was not seen."""
    cf4_kg = default_gas_kg(1.0, gas_kg_per_t=0.034)
    c2f6_kg = default_gas_kg(1.0, gas_kg_per_t=0.0034)
    assert pfc_co2e_t(cf4_kg, c2f6_kg, gwp_cf4=6630, gwp_c2f6=11100) == pytest.approx(0.26316, rel=EXACT)


def test_chinese_minutes_of_0_12_give_33204_6_tonnes() -> None:
    """The same implementation: 0.143 kg CF4 per minute, C2F6 a tenth of it."""
    assert slope_cf4_kg(1.0, ae_minutes_per_cell_day=0.12, slope=0.143) == pytest.approx(0.01716, rel=EXACT)
    cf4_kg = slope_cf4_kg(250_000.0, ae_minutes_per_cell_day=0.12, slope=0.143)
    c2f6_kg = ratio_c2f6_kg(cf4_kg, c2f6_per_cf4=0.1)
    assert c2f6_kg / 250_000 == pytest.approx(0.001716, rel=EXACT)
    assert pfc_co2e_t(cf4_kg, c2f6_kg, gwp_cf4=6630, gwp_c2f6=11100) == pytest.approx(33_204.6, rel=EXACT)


def test_five_tonnes_in_the_duct_are_5_102_in_all() -> None:
    """(EU) 2025/2547, annex II, equation 20."""
    assert stack_to_total_kg(5000.0, collection_efficiency=0.98) == pytest.approx(5102.0408163, rel=EXACT)


def test_rule_of_thumb_of_1075_6_kg_per_minute() -> None:
    """JOM, November 2008, equation 1: coefficients of IPCC 2000 (0.14 and 0.018), second assessment report."""
    cf4_kg = slope_cf4_kg(1.0, ae_minutes_per_cell_day=1.0, slope=0.14)
    c2f6_kg = ratio_c2f6_kg(cf4_kg, c2f6_per_cf4=0.018 / 0.14)
    assert pfc_co2e_t(cf4_kg, c2f6_kg, gwp_cf4=6500, gwp_c2f6=9200) * 1000 == pytest.approx(1075.6, rel=EXACT)


@pytest.mark.parametrize(
    ("slope", "ratio", "kg_per_minute"),
    [(0.14, 0.018 / 0.14, 1128.0), (0.143, 0.121, 1140.1533), (0.104, 0.057, 755.3208)],
    ids=["IPCC 2000", "IPCC 2006", "point feeders of the European table"],
)
def test_a_minute_weighs_differently_by_each_vintage(slope: float, ratio: float, kg_per_minute: float) -> None:
    """Coefficients of the vintages with the warming potentials of the fifth report."""
    cf4_kg = slope_cf4_kg(1.0, ae_minutes_per_cell_day=1.0, slope=slope)
    c2f6_kg = ratio_c2f6_kg(cf4_kg, c2f6_per_cf4=ratio)
    co2e_kg = pfc_co2e_t(cf4_kg, c2f6_kg, gwp_cf4=6630, gwp_c2f6=11100) * 1000
    assert co2e_kg == pytest.approx(kg_per_minute, rel=1e-6)
