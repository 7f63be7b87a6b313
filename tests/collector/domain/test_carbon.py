"""CO2 of carbon: anodes, mass balance, carbonates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.carbon import (
    anode_co2_t,
    carbonate_co2_t,
    mass_balance_co2_t,
    net_anode_t,
    prebake_anode_co2_t,
    tier1_anode_co2_t,
)

amounts = st.floats(1e-3, 1e9)
consumptions = st.floats(0.3, 0.6)
percentages = st.floats(0.1, 10)


def default_anode_co2_t(metal_t: float, net_anode_consumption: float) -> float:
    return prebake_anode_co2_t(
        metal_t, net_anode_consumption=net_anode_consumption, sulphur_percent=2.0, ash_percent=0.4
    )


def test_anodes_of_100000_tonnes_emit_150304_tonnes_with_the_default_assays() -> None:
    assert default_anode_co2_t(100_000.0, 0.42) == pytest.approx(150_304, rel=1e-12)


def test_an_anode_consumption_of_0_411_emits_1_47_tonnes_per_tonne() -> None:
    assert default_anode_co2_t(1.0, 0.411) == pytest.approx(1.470832, rel=1e-12)
    assert default_anode_co2_t(1.0, 0.42) == pytest.approx(1.50304, rel=1e-12)


def test_emissions_of_a_published_draft_imply_a_net_consumption_of_0_398() -> None:
    assert default_anode_co2_t(1.0, 0.3979135618) == pytest.approx(1.424, rel=1e-9)


def test_net_anodes_of_84820_tonnes_emit_303543_tonnes() -> None:
    # 100,000 t of gross consumption less 15.18 %, for 200,000 t of metal
    assert default_anode_co2_t(200_000.0, 84_820 / 200_000) == pytest.approx(303_542.5066666667, rel=1e-12)


def test_anodes_emit_one_and_a_half_tonnes_per_tonne_and_not_four_hundredths() -> None:
    assert 1.3 < default_anode_co2_t(1.0, 0.415) < 1.6


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
        default_anode_co2_t(1.0, consumption)


def test_one_bad_assay_among_many_is_refused_and_named() -> None:
    with pytest.raises(ValueError, match=r"sulphur_percent\[2\] is 0\.021"):
        prebake_anode_co2_t(
            np.array([1.0, 1.0, 1.0]),
            net_anode_consumption=0.42,
            sulphur_percent=np.array([2.1, 2.1, 0.021]),
            ash_percent=0.4,
        )


@given(amounts, consumptions, percentages, percentages)
def test_anodes_never_emit_more_than_pure_carbon_would(metal_t: float, nac: float, sulphur: float, ash: float) -> None:
    pure = prebake_anode_co2_t(metal_t, net_anode_consumption=nac, sulphur_percent=0.0, ash_percent=0.0)
    real = prebake_anode_co2_t(metal_t, net_anode_consumption=nac, sulphur_percent=sulphur, ash_percent=ash)
    assert real == pytest.approx(pure * (1 - sulphur / 100 - ash / 100))
    assert real < pure


@given(amounts, amounts, consumptions)
def test_anode_co2_of_two_lines_is_that_of_their_metal(one: float, two: float, nac: float) -> None:
    assert default_anode_co2_t(one, nac) + default_anode_co2_t(two, nac) == pytest.approx(
        default_anode_co2_t(one + two, nac)
    )


def test_negative_metal_is_refused() -> None:
    with pytest.raises(ValueError, match="metal_t is -1"):
        default_anode_co2_t(-1.0, 0.42)
    with pytest.raises(ValueError, match="metal_t is -1"):
        tier1_anode_co2_t(-1.0, co2_per_metal=1.6)


def test_mass_balance_takes_3_664_and_the_inventory_rules_take_44_over_12() -> None:
    by_balance = mass_balance_co2_t(100.0, carbon_content=0.98)
    by_inventory = anode_co2_t(100.0, sulphur_percent=1.5, ash_percent=0.5)
    assert by_balance == pytest.approx(359.072, rel=1e-12)
    assert by_inventory == pytest.approx(359.3333333333, rel=1e-12)
    assert by_balance / by_inventory == pytest.approx(1 - 0.000727273, rel=1e-8)


def test_an_assay_of_carbon_has_no_sulphur_or_ash_subtracted_from_it_again() -> None:
    # a public calculator takes (0.95 - 0.02 - 0.01) of an anode that holds 0.95 of carbon
    assert mass_balance_co2_t(1.0, carbon_content=0.95) == pytest.approx(0.95 * 3.664, rel=1e-12)


@pytest.mark.parametrize("content", [97.0, 1.01, -0.1, float("nan")])
def test_carbon_content_in_percent_is_refused(content: float) -> None:
    with pytest.raises(ValueError, match=r"carbon_content is .*0\.97 for 97 %"):
        mass_balance_co2_t(1.0, carbon_content=content)


@pytest.mark.parametrize("factor", [0.04, 0.9, 1600.0, -1.6, float("nan")])
def test_a_default_of_four_hundredths_of_a_tonne_of_co2_per_tonne_is_refused(factor: float) -> None:
    # a public rule set has 0.04 t/t for the oxidation of anodes; the reaction alone gives 1.22
    with pytest.raises(ValueError, match=r"co2_per_metal is .*the reaction alone gives 1\.22"):
        tier1_anode_co2_t(1000.0, co2_per_metal=factor)


def test_soderberg_by_default_emits_a_sixteenth_more_than_prebake() -> None:
    prebake = tier1_anode_co2_t(150_000.0, co2_per_metal=1.6)
    assert prebake == pytest.approx(240_000, rel=1e-12)
    assert tier1_anode_co2_t(150_000.0, co2_per_metal=1.7) / prebake == pytest.approx(1.0625, rel=1e-12)


@pytest.mark.parametrize("loss", [0.1518, -1.0, 101.0])
def test_loss_of_anodes_as_a_fraction_is_refused(loss: float) -> None:
    with pytest.raises(ValueError, match=r"loss_percent is .*give percent"):
        net_anode_t(100.0, loss_percent=loss)


def test_carbon_of_limestone_and_soda_ash_follows_from_the_atoms() -> None:
    co2, na2co3, caco3 = 12.011 + 2 * 15.999, 2 * 22.98976928 + 12.011 + 3 * 15.999, 40.078 + 12.011 + 3 * 15.999
    assert carbonate_co2_t(1000.0, co2_per_carbonate=co2 / na2co3) == pytest.approx(415.2, abs=0.05)
    assert carbonate_co2_t(1000.0, co2_per_carbonate=co2 / caco3) == pytest.approx(439.7, abs=0.05)


@pytest.mark.parametrize("factor", [0.7, 41.5, 415.0, -0.4])
def test_carbonate_factor_in_percent_or_kilograms_is_refused(factor: float) -> None:
    with pytest.raises(ValueError, match=r"co2_per_carbonate is .*0\.415 for soda ash"):
        carbonate_co2_t(1.0, co2_per_carbonate=factor)


@given(amounts, consumptions, percentages, percentages)
def test_specific_consumption_times_metal_is_the_mass_itself(metal_t: float, nac: float, s: float, ash: float) -> None:
    by_metal = prebake_anode_co2_t(metal_t, net_anode_consumption=nac, sulphur_percent=s, ash_percent=ash)
    assert anode_co2_t(metal_t * nac, sulphur_percent=s, ash_percent=ash) == pytest.approx(by_metal)


@given(amounts, st.floats(1, 99))
def test_what_is_lost_and_what_is_used_up_make_the_gross_mass(gross_t: float, loss: float) -> None:
    assert net_anode_t(gross_t, loss_percent=loss) + net_anode_t(gross_t, loss_percent=100 - loss) == pytest.approx(
        gross_t
    )
