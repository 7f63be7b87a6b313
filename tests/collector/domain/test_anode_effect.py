"""CF4 and C2F6 of anode effects, against worked examples in print."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.anode_effect import (
    anode_effect_minutes_per_cell_day,
    overvoltage_cf4_kg,
    pfc_co2e_t,
    ratio_c2f6_kg,
    slope_cf4_kg,
)

masses = st.floats(1e-3, 1e7)
minutes = st.floats(1e-4, 100)
slopes = st.floats(0.01, 1)
ratios = st.floats(0, 1)


def test_overvoltage_example_of_the_sector_workbook_gives_61_kg_of_cf4() -> None:
    cf4_kg = overvoltage_cf4_kg(
        1000.0, overvoltage_mv=5.0, overvoltage_coefficient=1.16, current_efficiency_percent=95.0
    )
    c2f6_kg = ratio_c2f6_kg(cf4_kg, c2f6_per_cf4=0.121)
    assert cf4_kg == pytest.approx(61.0526315789, rel=1e-10)
    assert c2f6_kg == pytest.approx(7.3873684211, rel=1e-9)
    # second assessment report
    assert pfc_co2e_t(cf4_kg, c2f6_kg, gwp_cf4=6500, gwp_c2f6=9200) == pytest.approx(464.8058947368, rel=1e-10)


@pytest.mark.parametrize("fraction", [0.95, 1.0, 1.5, 0.0, -95.0, 101.0, float("nan")])
def test_overvoltage_method_refuses_current_efficiency_as_a_fraction(fraction: float) -> None:
    # accepted, 0.95 would give 6105 kg instead of 61
    with pytest.raises(ValueError, match=r"current_efficiency_percent is .*takes percent, 95 for 95 %"):
        overvoltage_cf4_kg(
            1000.0, overvoltage_mv=5.0, overvoltage_coefficient=1.16, current_efficiency_percent=fraction
        )


def test_one_fraction_among_percentages_is_refused_and_named() -> None:
    with pytest.raises(ValueError, match=r"current_efficiency_percent\[1\] is 0\.95"):
        overvoltage_cf4_kg(
            np.array([1000.0, 1000.0]),
            overvoltage_mv=5.0,
            overvoltage_coefficient=1.16,
            current_efficiency_percent=np.array([95.0, 0.95]),
        )


def test_european_slope_method_gives_28504_tonnes_for_100000_tonnes_and_a_quarter_minute() -> None:
    cf4_kg = slope_cf4_kg(100_000.0, ae_minutes_per_cell_day=0.25, slope=0.143)
    c2f6_kg = ratio_c2f6_kg(cf4_kg, c2f6_per_cf4=0.121)
    assert cf4_kg == pytest.approx(3575, rel=1e-12)
    assert c2f6_kg == pytest.approx(432.575, rel=1e-12)
    # fifth assessment report
    assert pfc_co2e_t(cf4_kg, c2f6_kg, gwp_cf4=6630, gwp_c2f6=11100) == pytest.approx(28503.8325, rel=1e-12)


def test_c2f6_is_added_to_cf4_and_not_multiplied_into_it() -> None:
    wrong = 3.575 * 6630 * (1 + 0.121 * 11100)
    right = pfc_co2e_t(3575.0, 432.575, gwp_cf4=6630, gwp_c2f6=11100)
    assert right == pytest.approx(3.575 * (6630 + 0.121 * 11100), rel=1e-12)
    assert wrong / right == pytest.approx(1117.681078, rel=1e-9)


def test_a_year_of_2038_small_cells_gives_its_published_5869_kg() -> None:
    cell_days = 2038.0 * 365
    assert cell_days == 743_870
    anode_effects = cell_days * 0.1
    aem = anode_effect_minutes_per_cell_day(anode_effects * 1.2 * 60, cell_days)
    assert aem == pytest.approx(0.12, rel=1e-12)
    cf4_kg = slope_cf4_kg(342_000.0, ae_minutes_per_cell_day=aem, slope=0.143)
    c2f6_kg = ratio_c2f6_kg(cf4_kg, c2f6_per_cf4=0.121)
    assert cf4_kg == pytest.approx(5868.72, rel=1e-12)
    assert c2f6_kg == pytest.approx(710.11512, rel=1e-12)
    # fourth assessment report
    assert pfc_co2e_t(cf4_kg, c2f6_kg, gwp_cf4=7390, gwp_c2f6=12200) == pytest.approx(52033.245264, rel=1e-12)


def test_the_same_gases_weigh_more_by_the_sixth_report_than_by_the_fifth() -> None:
    cf4_kg = slope_cf4_kg(200_000.0, ae_minutes_per_cell_day=0.5, slope=0.143)
    c2f6_kg = ratio_c2f6_kg(cf4_kg, c2f6_per_cf4=0.121)
    assert cf4_kg == pytest.approx(14_300, rel=1e-12)
    assert c2f6_kg == pytest.approx(1730.3, rel=1e-12)
    assert pfc_co2e_t(cf4_kg, c2f6_kg, gwp_cf4=6630, gwp_c2f6=11100) == pytest.approx(114015.33, rel=1e-12)
    assert pfc_co2e_t(cf4_kg, c2f6_kg, gwp_cf4=7380, gwp_c2f6=12400) == pytest.approx(126989.72, rel=1e-12)


def test_chinese_ratio_of_a_tenth_gives_33205_tonnes_for_250000_tonnes() -> None:
    cf4_kg = slope_cf4_kg(250_000.0, ae_minutes_per_cell_day=0.12, slope=0.143)
    c2f6_kg = ratio_c2f6_kg(cf4_kg, c2f6_per_cf4=0.1)
    assert pfc_co2e_t(cf4_kg, c2f6_kg, gwp_cf4=6630, gwp_c2f6=11100) == pytest.approx(33204.6, rel=1e-12)


def test_default_masses_without_anode_effect_data_are_weighed_the_same_way() -> None:
    assert pfc_co2e_t(0.034, 0.0034, gwp_cf4=6630, gwp_c2f6=11100) == pytest.approx(0.26316, rel=1e-12)
    assert pfc_co2e_t(60_000.0, 6_000.0, gwp_cf4=7380, gwp_c2f6=12400) == pytest.approx(517_200, rel=1e-12)


def test_one_minute_per_cell_day_weighs_1140_kg_per_tonne_of_metal() -> None:
    cf4_kg = slope_cf4_kg(1.0, ae_minutes_per_cell_day=1.0, slope=0.143)
    c2f6_kg = ratio_c2f6_kg(cf4_kg, c2f6_per_cf4=0.121)
    assert pfc_co2e_t(cf4_kg, c2f6_kg, gwp_cf4=6630, gwp_c2f6=11100) == pytest.approx(1.14016, rel=1e-5)


def test_ninety_seconds_in_forty_pots_in_a_day_are_0_0375_minutes_per_cell_day() -> None:
    assert anode_effect_minutes_per_cell_day(90.0, 40.0) == pytest.approx(0.0375, rel=1e-12)


def test_no_coefficient_and_no_warming_potential_has_a_default() -> None:
    for formula in (slope_cf4_kg, overvoltage_cf4_kg, ratio_c2f6_kg, pfc_co2e_t):
        for parameter in inspect.signature(formula).parameters.values():
            assert parameter.default is inspect.Parameter.empty


@pytest.mark.parametrize("cell_days", [0.0, -1.0, float("nan")])
def test_minutes_per_cell_day_without_cell_days_are_refused_and_not_infinite(cell_days: float) -> None:
    with pytest.raises(ValueError, match=r"cell_days is .*Remedy: withhold the figure"):
        anode_effect_minutes_per_cell_day(90.0, cell_days)


def test_one_day_without_cells_is_refused_and_named() -> None:
    with pytest.raises(ValueError, match=r"cell_days\[1\] is 0"):
        anode_effect_minutes_per_cell_day(np.array([90.0, 90.0]), np.array([40.0, 0.0]))


def test_negative_time_in_anode_effect_is_refused() -> None:
    with pytest.raises(ValueError, match="ae_seconds is -1"):
        anode_effect_minutes_per_cell_day(-1.0, 40.0)


@pytest.mark.parametrize("name", ["metal_t", "ae_minutes_per_cell_day", "slope"])
def test_slope_method_refuses_each_negative_input(name: str) -> None:
    inputs = {"metal_t": 1000.0, "ae_minutes_per_cell_day": 0.1, "slope": 0.143} | {name: -1.0}
    with pytest.raises(ValueError, match=f"{name} is -1: must be zero or more"):
        slope_cf4_kg(**inputs)


@pytest.mark.parametrize("name", ["metal_t", "overvoltage_mv", "overvoltage_coefficient"])
def test_overvoltage_method_refuses_each_negative_input(name: str) -> None:
    inputs = {
        "metal_t": 1000.0,
        "overvoltage_mv": 5.0,
        "overvoltage_coefficient": 1.16,
        "current_efficiency_percent": 95.0,
    } | {name: -1.0}
    with pytest.raises(ValueError, match=f"{name} is -1: must be zero or more"):
        overvoltage_cf4_kg(**inputs)


def test_ratio_in_percent_is_refused() -> None:
    with pytest.raises(ValueError, match=r"c2f6_per_cf4 is 12\.1: .*0\.121 for 12\.1 %"):
        ratio_c2f6_kg(10.0, c2f6_per_cf4=12.1)
    with pytest.raises(ValueError, match="cf4_kg is -10"):
        ratio_c2f6_kg(-10.0, c2f6_per_cf4=0.121)


def test_warming_potential_per_kilogram_is_refused() -> None:
    with pytest.raises(ValueError, match=r"gwp_cf4 is 6\.63: .*6630 and not 6\.63"):
        pfc_co2e_t(10.0, 1.0, gwp_cf4=6.63, gwp_c2f6=11.1)
    with pytest.raises(ValueError, match=r"gwp_c2f6 is 11\.1"):
        pfc_co2e_t(10.0, 1.0, gwp_cf4=6630, gwp_c2f6=11.1)


def test_negative_gas_is_refused() -> None:
    with pytest.raises(ValueError, match="cf4_kg is -1"):
        pfc_co2e_t(-1.0, 1.0, gwp_cf4=6630, gwp_c2f6=11100)
    with pytest.raises(ValueError, match="c2f6_kg is -1"):
        pfc_co2e_t(1.0, -1.0, gwp_cf4=6630, gwp_c2f6=11100)


@given(masses, masses, minutes, slopes)
def test_cf4_of_two_lines_with_one_rate_is_cf4_of_their_metal(one: float, two: float, aem: float, slope: float) -> None:
    apart = slope_cf4_kg(np.array([one, two]), ae_minutes_per_cell_day=aem, slope=slope)
    assert apart.sum() == pytest.approx(slope_cf4_kg(one + two, ae_minutes_per_cell_day=aem, slope=slope))


@given(masses, minutes, slopes, st.floats(0.01, 100))
def test_cf4_scales_with_the_time_in_anode_effect(metal_t: float, aem: float, slope: float, factor: float) -> None:
    cf4_kg = slope_cf4_kg(metal_t, ae_minutes_per_cell_day=aem, slope=slope)
    assert slope_cf4_kg(metal_t, ae_minutes_per_cell_day=aem * factor, slope=slope) == pytest.approx(cf4_kg * factor)


@given(masses, st.floats(0.01, 100), st.floats(0.1, 10), st.floats(50, 100))
def test_percent_and_fraction_differ_by_a_hundred(metal_t: float, mv: float, ovc: float, percent: float) -> None:
    cf4_kg = overvoltage_cf4_kg(
        metal_t, overvoltage_mv=mv, overvoltage_coefficient=ovc, current_efficiency_percent=percent
    )
    as_fraction = metal_t * mv * ovc / (percent / 100)
    assert cf4_kg == pytest.approx(as_fraction / 100)


@given(masses, masses, masses, ratios)
def test_co2_equivalent_is_additive_in_the_gases(cf4_1: float, cf4_2: float, c2f6: float, ratio: float) -> None:
    together = pfc_co2e_t(cf4_1 + cf4_2, c2f6 * (1 + ratio), gwp_cf4=6630, gwp_c2f6=11100)
    apart = pfc_co2e_t(cf4_1, c2f6, gwp_cf4=6630, gwp_c2f6=11100) + pfc_co2e_t(
        cf4_2, c2f6 * ratio, gwp_cf4=6630, gwp_c2f6=11100
    )
    assert together == pytest.approx(apart)


@given(st.floats(0, 1e6), st.floats(0.01, 1e5), st.floats(0.01, 100))
def test_minutes_per_cell_day_are_the_same_for_any_size_of_line(seconds: float, days: float, factor: float) -> None:
    assert anode_effect_minutes_per_cell_day(seconds * factor, days * factor) == pytest.approx(
        anode_effect_minutes_per_cell_day(seconds, days)
    )
