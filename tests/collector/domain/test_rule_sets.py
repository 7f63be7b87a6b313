"""Direct emissions by the European and the Chinese rule."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.fuel_use import FuelByAmount, FuelByCarbon, FuelByHeat
from collector.domain.pfc_account import PfcMethod, PfcOfLine, PfcOfPlant, sum_of_lines
from collector.domain.rule_sets import (
    AnodeActivity,
    AnodeEffectActivity,
    AnodeEffectMinutes,
    Carbonate,
    CarbonStream,
    CbamRules,
    ChinaEtsRules,
    DefaultGases,
    DefaultPerMetal,
    DirectEmissions,
    Direction,
    GrossAnodes,
    NetAnodes,
    cbam_direct,
    china_ets_process,
)

CBAM = CbamRules("cbam_2025_2547", gwp_cf4=6630, gwp_c2f6=11100)
CHINA = ChinaEtsRules(
    "cets_ag_04_01_v01_2024",
    gwp_cf4=6630,
    gwp_c2f6=11100,
    anode_loss_percent=15.18,
    sulphur_percent=2.0,
    ash_percent=0.4,
    slope=0.143,
    c2f6_per_cf4=0.1,
)
BY_GASES = DefaultGases(0.034, 0.0034, "third-party implementation")
BY_DRAFT = DefaultPerMetal(0.1454, "consultation draft")
NO_GAS = PfcOfPlant(0.0, 0.0, ())


def china(
    anodes: AnodeActivity, anode_effects: AnodeEffectActivity, *, metal_t: float = 100_000.0, kwh: float = 0.0
) -> DirectEmissions:
    return china_ets_process(
        metal_t, rules=CHINA, fuels=[], anodes=anodes, anode_effects=anode_effects, auxiliary_kwh=kwh
    )


def test_european_smelter_has_carbon_fuel_soda_ash_and_gases_source_by_source() -> None:
    gases = sum_of_lines([PfcOfLine("PL1", PfcMethod.SLOPE, "cbam_2025_2547", cf4_kg=3575.0, c2f6_kg=432.575)])
    answer = cbam_direct(
        100_000.0,
        rules=CBAM,
        carbon=[
            CarbonStream("anodes", Direction.INTO_PROCESS, 42_000.0, 0.975),
            CarbonStream("skimmed carbon sold", Direction.OUT_OF_PROCESS, 100.0, 0.5),
        ],
        fuels=[FuelByHeat("natural gas", 1000.0, 36.0, 56.1, 1.0), FuelByAmount("diesel", 10.0, 3.2)],
        carbonates=[Carbonate("soda ash", 1800.0, 0.4149)],
        pfc=gases,
    )
    names = ["anodes", "skimmed carbon sold", "natural gas", "diesel", "soda ash", "anode effects"]
    amounts = [150_040.8, -183.2, 2019.6, 32.0, 746.82, 28_503.8325]
    assert [one.source for one in answer.sources] == names
    assert [one.co2e_t for one in answer.sources] == pytest.approx(amounts, rel=1e-9)
    assert answer.co2e_t == pytest.approx(181_159.8525, rel=1e-12)
    assert answer.co2e_t_per_t == pytest.approx(1.811598525, rel=1e-12)


def test_european_rule_takes_no_electricity() -> None:
    assert not [name for name in inspect.signature(cbam_direct).parameters if "kwh" in name or "electric" in name]
    answer = cbam_direct(1.0, rules=CBAM, carbon=[], fuels=[], carbonates=[], pfc=NO_GAS)
    assert answer.auxiliary_kwh is None


def test_european_rule_lists_the_lines_without_low_voltage_emissions() -> None:
    gases = PfcOfPlant(1.0, 0.1, ("PL1",))
    answer = cbam_direct(1.0, rules=CBAM, carbon=[], fuels=[], carbonates=[], pfc=gases)
    assert answer.remarks == ("PL1: emissions below the threshold of anode effects are not in",)


def test_warming_potentials_of_the_fourth_report_are_visible_in_a_european_answer() -> None:
    # a published document labels 7390 and 12200 as the regulation's; it prints 6630 and 11100
    gases = PfcOfPlant(5868.72, 710.11512, ())
    mislabelled = CbamRules("fourth report", gwp_cf4=7390, gwp_c2f6=12200)
    by_regulation, by_document = (
        cbam_direct(342_000.0, rules=rules, carbon=[], fuels=[], carbonates=[], pfc=gases).co2e_t
        for rules in (CBAM, mislabelled)
    )
    assert by_document == pytest.approx(52_033.245264, rel=1e-12)
    assert by_regulation == pytest.approx(46_791.891432, rel=1e-12)


def test_chinese_default_of_anode_effects_by_gases_is_0_2632_tonnes_per_tonne() -> None:
    answer = china(NetAnodes(0.0), BY_GASES)
    assert answer.co2e_t_per_t == pytest.approx(0.26316, rel=1e-12)
    assert answer.remarks == ("anode effects by a default: third-party implementation",)


def test_the_two_chinese_defaults_differ_by_four_fifths_and_neither_is_assumed() -> None:
    by_gases, by_draft = china(NetAnodes(0.0), BY_GASES).co2e_t, china(NetAnodes(0.0), BY_DRAFT).co2e_t
    assert by_draft == pytest.approx(14_540, rel=1e-12)
    assert by_gases / by_draft == pytest.approx(1.809904, rel=1e-6)
    parameter = inspect.signature(china_ets_process).parameters["anode_effects"]
    assert parameter.default is inspect.Parameter.empty


def test_chinese_anode_effects_by_minutes_emit_33205_tonnes() -> None:
    answer = china(NetAnodes(0.0), AnodeEffectMinutes(0.12), metal_t=250_000.0)
    assert answer.co2e_t == pytest.approx(33_204.6, rel=1e-12)
    assert answer.remarks == ()


def test_chinese_gross_anodes_lose_15_18_percent_before_they_burn() -> None:
    gross, net = china(GrossAnodes(100_000.0), BY_DRAFT), china(NetAnodes(84_820.0), BY_DRAFT)
    assert gross.sources[0].source == "anodes"
    assert gross.sources[0].co2e_t == pytest.approx(303_542.5066666667, rel=1e-12)
    assert gross.co2e_t == pytest.approx(net.co2e_t, rel=1e-12)
    assert gross.remarks[0] == "net anodes by the loss of the rule, 15.18 %"


def test_chinese_draft_defaults_add_up_to_1_5694() -> None:
    answer = china(DefaultPerMetal(1.424, "consultation draft"), BY_DRAFT)
    assert answer.co2e_t_per_t == pytest.approx(1.5694, rel=1e-12)
    assert len(answer.remarks) == 2


def test_chinese_electricity_is_beside_the_sum_and_not_in_it() -> None:
    with_power, without = china(NetAnodes(40_000.0), BY_DRAFT, kwh=1.35e9), china(NetAnodes(40_000.0), BY_DRAFT)
    assert with_power.auxiliary_kwh == 1.35e9
    assert with_power.co2e_t == without.co2e_t


def test_chinese_fuel_is_a_source_of_its_own() -> None:
    answer = china_ets_process(
        100_000.0,
        rules=CHINA,
        fuels=[FuelByCarbon("natural gas", 100.0, 360.0, 0.0153, 0.99)],
        anodes=NetAnodes(40_000.0),
        anode_effects=BY_DRAFT,
        auxiliary_kwh=0.0,
    )
    assert answer.sources[0].source == "natural gas"
    assert answer.sources[0].co2e_t == pytest.approx(1999.404, rel=1e-9)


@pytest.mark.parametrize("value", [0.04, 1424.0])
def test_chinese_default_of_anodes_below_the_reaction_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"co2e_t_per_t is .*the reaction alone gives 1\.22"):
        china(DefaultPerMetal(value, "table"), BY_DRAFT)


def test_chinese_default_of_anode_effects_in_kilograms_is_refused() -> None:
    with pytest.raises(ValueError, match=r"co2e_t_per_t is 145\.4: .*not 145\.4 kg/t"):
        china(NetAnodes(0.0), DefaultPerMetal(145.4, "table"))


def test_intensity_without_metal_is_refused() -> None:
    with pytest.raises(ValueError, match="metal_t is 0"):
        _ = china(NetAnodes(1.0), BY_DRAFT, metal_t=0.0).co2e_t_per_t


@given(st.floats(0, 1e6), st.floats(0, 10), st.floats(0, 1e6))
def test_sources_add_up_to_the_sum(net_t: float, minutes: float, metal_t: float) -> None:
    answer = china(NetAnodes(net_t), AnodeEffectMinutes(minutes), metal_t=metal_t)
    assert sum(one.co2e_t for one in answer.sources) == answer.co2e_t
    assert answer.sources[0].co2e_t == pytest.approx(net_t * 0.976 * 44 / 12)
