"""CO2 of anodes and electricity, total and intensity."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.emissions import emissions_intensity, location_based_co2_t, prebake_anode_co2_t, total_co2e_t

amounts = st.floats(1e-3, 1e9)
consumptions = st.floats(0.3, 0.6)
percentages = st.floats(0.1, 10)


def anode_co2_t(metal_t: float, net_anode_consumption: float) -> float:
    return prebake_anode_co2_t(
        metal_t, net_anode_consumption=net_anode_consumption, sulphur_percent=2.0, ash_percent=0.4
    )


def test_anodes_of_100000_tonnes_emit_150304_tonnes_with_the_default_assays() -> None:
    assert anode_co2_t(100_000.0, 0.42) == pytest.approx(150_304, rel=1e-12)


def test_an_anode_consumption_of_0_411_emits_1_47_tonnes_per_tonne() -> None:
    assert anode_co2_t(1.0, 0.411) == pytest.approx(1.470832, rel=1e-12)
    assert anode_co2_t(1.0, 0.42) == pytest.approx(1.50304, rel=1e-12)


def test_emissions_of_a_published_draft_imply_a_net_consumption_of_0_398() -> None:
    assert anode_co2_t(1.0, 0.3979135618) == pytest.approx(1.424, rel=1e-9)


def test_net_anodes_of_84820_tonnes_emit_303543_tonnes() -> None:
    # 100,000 t of gross consumption less 15.18 %, for 200,000 t of metal
    assert anode_co2_t(200_000.0, 84_820 / 200_000) == pytest.approx(303_542.5066666667, rel=1e-12)


def test_anodes_emit_one_and_a_half_tonnes_per_tonne_and_not_four_hundredths() -> None:
    assert 1.3 < anode_co2_t(1.0, 0.415) < 1.6


def test_sulphur_and_ash_are_subtracted_once() -> None:
    co2_t = prebake_anode_co2_t(1.0, net_anode_consumption=0.42, sulphur_percent=2.0, ash_percent=1.0)
    assert co2_t == pytest.approx(0.42 * 0.97 * 44 / 12, rel=1e-12)


def test_consumption_given_as_carbon_is_taken_whole_with_zero_sulphur_and_ash() -> None:
    co2_t = prebake_anode_co2_t(1.0, net_anode_consumption=0.41, sulphur_percent=0.0, ash_percent=0.0)
    assert co2_t == pytest.approx(1.5033333333, rel=1e-9)


def test_stoichiometric_carbon_gives_stoichiometric_co2() -> None:
    # 2 Al2O3 + 3 C -> 4 Al + 3 CO2
    co2_t = prebake_anode_co2_t(1.0, net_anode_consumption=0.3338, sulphur_percent=0.0, ash_percent=0.0)
    assert co2_t == pytest.approx(1.2233, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "given_as_fraction"), [("sulphur_percent", 0.02), ("ash_percent", 0.004)], ids=["sulphur", "ash"]
)
def test_assays_given_as_fractions_are_refused(name: str, given_as_fraction: float) -> None:
    inputs = {"net_anode_consumption": 0.42, "sulphur_percent": 2.0, "ash_percent": 0.4} | {name: given_as_fraction}
    with pytest.raises(ValueError, match=rf"{name} is {given_as_fraction}: .*Remedy: give percent"):
        prebake_anode_co2_t(1.0, **inputs)


@pytest.mark.parametrize("assay", [-2.0, 100.1, float("nan"), float("inf")])
def test_assays_that_are_no_percentage_are_refused(assay: float) -> None:
    with pytest.raises(ValueError, match=r"sulphur_percent is .*for it is a percentage"):
        prebake_anode_co2_t(1.0, net_anode_consumption=0.42, sulphur_percent=assay, ash_percent=0.4)


def test_more_sulphur_and_ash_than_anode_are_refused() -> None:
    with pytest.raises(ValueError, match="sulphur_and_ash_percent is 110"):
        prebake_anode_co2_t(1.0, net_anode_consumption=0.42, sulphur_percent=60.0, ash_percent=50.0)


@pytest.mark.parametrize("consumption", [420.0, -0.42, float("nan")])
def test_anode_consumption_in_kilograms_per_tonne_is_refused(consumption: float) -> None:
    with pytest.raises(ValueError, match=r"net_anode_consumption is .*0\.42 for 420 kg/t"):
        anode_co2_t(1.0, consumption)


def test_one_bad_assay_among_many_is_refused_and_named() -> None:
    with pytest.raises(ValueError, match=r"sulphur_percent\[2\] is 0\.021"):
        prebake_anode_co2_t(
            np.array([1.0, 1.0, 1.0]),
            net_anode_consumption=0.42,
            sulphur_percent=np.array([2.1, 2.1, 0.021]),
            ash_percent=0.4,
        )


def test_a_tonne_at_13500_kwh_on_a_grid_of_0_5306_emits_7_2_tonnes() -> None:
    assert location_based_co2_t(13_500.0, grid_factor=0.5306) == pytest.approx(7.1631, rel=1e-12)


def test_a_grid_without_emissions_emits_nothing() -> None:
    assert location_based_co2_t(13_500.0, grid_factor=0.0) == 0


@pytest.mark.parametrize("grid_factor", [530.6, -0.5, float("nan")])
def test_grid_factor_in_grams_is_refused(grid_factor: float) -> None:
    with pytest.raises(ValueError, match=r"grid_factor is .*0\.53 and not 530 g/kWh"):
        location_based_co2_t(13_500.0, grid_factor=grid_factor)


def test_total_is_the_sum_of_its_three_parts() -> None:
    total = total_co2e_t(anode_co2_t=1.50304, pfc_co2e_t=0.2850383, electricity_co2_t=7.1631)
    assert total == pytest.approx(8.9511783, rel=1e-12)


def test_direct_emissions_are_the_total_without_electricity() -> None:
    # a published pair of defaults, 1.424 t/t for anodes and 0.1454 t/t for anode effects
    assert total_co2e_t(anode_co2_t=1.424, pfc_co2e_t=0.1454, electricity_co2_t=0.0) == pytest.approx(1.5694)


@pytest.mark.parametrize("name", ["anode_co2_t", "pfc_co2e_t", "electricity_co2_t"])
def test_total_refuses_each_negative_part(name: str) -> None:
    parts = {"anode_co2_t": 1.5, "pfc_co2e_t": 0.3, "electricity_co2_t": 7.2} | {name: -1.0}
    with pytest.raises(ValueError, match=f"{name} is -1"):
        total_co2e_t(**parts)


def test_intensity_of_anodes_is_1_503_tonnes_per_tonne() -> None:
    assert emissions_intensity(150_304.0, 100_000.0) == pytest.approx(1.50304, rel=1e-12)


def test_intensity_of_a_day_is_sum_over_sum_and_not_the_mean_of_the_shifts() -> None:
    co2e_t = np.array([90.0, 90.0, 40.0])
    metal_t = np.array([10.0, 10.0, 2.0])
    assert emissions_intensity(co2e_t.sum(), metal_t.sum()) == 10
    assert emissions_intensity(co2e_t, metal_t).mean() == pytest.approx(12.6667, rel=1e-5)


@pytest.mark.parametrize("metal_t", [0.0, -1.0, float("nan")])
def test_intensity_without_metal_is_refused_and_not_infinite(metal_t: float) -> None:
    with pytest.raises(ValueError, match=r"metal_t is .*Remedy: withhold the figure"):
        emissions_intensity(9.0, metal_t)


def test_negative_metal_energy_and_emissions_are_refused() -> None:
    with pytest.raises(ValueError, match="metal_t is -1"):
        anode_co2_t(-1.0, 0.42)
    with pytest.raises(ValueError, match="kwh is -1"):
        location_based_co2_t(-1.0, grid_factor=0.5306)
    with pytest.raises(ValueError, match="co2e_t is -1"):
        emissions_intensity(-1.0, 1.0)


@given(amounts, consumptions, percentages, percentages)
def test_anodes_never_emit_more_than_pure_carbon_would(metal_t: float, nac: float, sulphur: float, ash: float) -> None:
    pure = prebake_anode_co2_t(metal_t, net_anode_consumption=nac, sulphur_percent=0.0, ash_percent=0.0)
    real = prebake_anode_co2_t(metal_t, net_anode_consumption=nac, sulphur_percent=sulphur, ash_percent=ash)
    assert real == pytest.approx(pure * (1 - sulphur / 100 - ash / 100))
    assert real < pure


@given(amounts, amounts, consumptions)
def test_anode_co2_of_two_lines_is_that_of_their_metal(one: float, two: float, nac: float) -> None:
    assert anode_co2_t(one, nac) + anode_co2_t(two, nac) == pytest.approx(anode_co2_t(one + two, nac))


@given(amounts, amounts, st.floats(0, 3))
def test_co2_of_two_feeders_is_that_of_their_energy(one: float, two: float, grid_factor: float) -> None:
    apart = location_based_co2_t(np.array([one, two]), grid_factor=grid_factor)
    assert apart.sum() == pytest.approx(location_based_co2_t(one + two, grid_factor=grid_factor))


@given(amounts, amounts, amounts, amounts)
def test_intensity_of_the_total_is_the_sum_of_the_intensities(anode: float, pfc: float, power: float, t: float) -> None:
    total = total_co2e_t(anode_co2_t=anode, pfc_co2e_t=pfc, electricity_co2_t=power)
    parts = [emissions_intensity(part, t) for part in (anode, pfc, power)]
    assert emissions_intensity(total, t) == pytest.approx(sum(parts))
