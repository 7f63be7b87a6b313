"""Gases and carbon of a line by each method that it may choose, with literal numbers."""

import msgspec
import pytest
from example_plant import CONVENTIONS
from line_story import PLANT, T0

from collector.accounting.account import Effect, MinuteInputs, account_minute
from collector.accounting.direct_emissions import anode_co2_t, perfluorocarbons
from collector.accounting.emission_sources import anodes_of, gases_of
from collector.accounting.integrals import Amount
from collector.accounting.intensity import emissions_intensity
from collector.accounting.parameters import Named, Parameters, Paste, decoded, digest, encoded, parameters_at, wanted
from collector.accounting.sums import Pair, Sums
from collector.readings.pots import PotsInputs

LINE = PLANT.potlines[0]
SLOPE = parameters_at(PLANT, LINE, wanted(PLANT, LINE, CONVENTIONS), T0)
DAY = Sums(
    minutes=1440,
    comprehensive=Pair(1440, 1_400_000.0, 100.0, 86400.0),
    anode_t_co2=148.5,
    paired_anode_effect_s=1200.0,
    paired_cell_days=40.0,
    paired_overvoltage_v_s=17_280.0,
)
PASTE = Paste(Named(0.52, "plant"), 0.5, 24.0, 0.6, 0.2, 3.3, 1.9, 0.2, 0.01, "40 CFR 98")


def with_(**changes: object) -> Parameters:
    return msgspec.structs.replace(SLOPE, **changes)


OVERVOLTAGE = with_(overvoltage=Named(1.16, "table"))
DEFAULTS = with_(gas_defaults=(Named(0.4, "table"), Named(0.04, "table")))
LOW = with_(low_voltage=Named(0.012, "campaign", "", 0.1), low_voltage_added_to="ipcc_2006")


def test_overvoltage_of_5_mv_at_93_5_percent_gives_6_203_kg_for_100_tonnes() -> None:
    # 17,280 V s in 40 cell-days are 5 mV
    gases = perfluorocarbons(DAY, OVERVOLTAGE, metal_t=100.0)
    assert gases.cf4_kg == pytest.approx(100 * 5 * 1.16 / 93.5)
    assert gases.c2f6_kg == pytest.approx(0.121 * 100 * 5 * 1.16 / 93.5)


def test_an_untold_overvoltage_withholds_the_ratio_and_the_sum_is_a_lower_bound() -> None:
    untold = msgspec.structs.replace(DAY, paired_untold_overvoltage_s=90.0)
    assert not perfluorocarbons(untold, OVERVOLTAGE, metal_t=100.0).is_whole
    stated = emissions_intensity(untold, OVERVOLTAGE, length_s=86400.0, least_coverage_pct=90.0)
    assert stated is not None
    assert stated.t_co2e_per_t is None
    assert stated.cf4_kg == pytest.approx(100 * 5 * 1.16 / 93.5)


def minute(parameters: Parameters) -> Sums:
    known = Amount(100.0, 60.0, 0.0, 192)
    energy = dict.fromkeys((place.meter for place in parameters.wanted.meters), known)
    effects = (Effect(60.0, 1500.0), Effect(30.0), Effect(20.0, 40.0, low_voltage=True))
    return account_minute(MinuteInputs(T0, known, energy, PotsInputs(40), effects), parameters, restated=False)


def test_the_account_books_1500_volt_seconds_and_30_seconds_of_which_nobody_told() -> None:
    sums = minute(OVERVOLTAGE)
    assert (sums.paired_overvoltage_v_s, sums.paired_untold_overvoltage_s) == (1500.0, 30.0)


def test_a_line_by_slope_books_neither_so_that_its_minutes_come_out_as_before() -> None:
    sums = minute(SLOPE)
    assert (sums.paired_overvoltage_v_s, sums.paired_untold_overvoltage_s) == (0.0, 0.0)


def test_defaults_need_no_anode_effects() -> None:
    nothing = msgspec.structs.replace(DAY, paired_cell_days=0.0, paired_anode_effect_s=0.0)
    gases = perfluorocarbons(nothing, DEFAULTS, metal_t=100.0)
    assert gases.cf4_kg == pytest.approx(40.0)
    assert gases.c2f6_kg == pytest.approx(4.0)


def test_low_voltage_adds_1_2_kg_of_cf4_and_no_c2f6() -> None:
    without, with_low = (perfluorocarbons(DAY, told, metal_t=100.0) for told in (SLOPE, LOW))
    assert with_low.cf4_kg - without.cf4_kg == pytest.approx(1.2)
    assert with_low.c2f6_kg == without.c2f6_kg
    stated = emissions_intensity(DAY, LOW, length_s=86400.0, least_coverage_pct=90.0)
    assert stated is not None
    assert stated.low_voltage_cf4_kg == pytest.approx(1.2)
    assert stated.pfc_t_co2e == pytest.approx((with_low.cf4_kg * 6630 + with_low.c2f6_kg * 11100) / 1000)


def test_fuels_stand_in_the_total() -> None:
    stated = emissions_intensity(DAY, SLOPE, length_s=86400.0, least_coverage_pct=90.0, fuel_t=7.0)
    without = emissions_intensity(DAY, SLOPE, length_s=86400.0, least_coverage_pct=90.0)
    assert stated is not None
    assert without is not None
    assert stated.total_t_co2e is not None
    assert without.total_t_co2e is not None
    assert stated.fuel_t_co2e == 7.0
    assert without.fuel_t_co2e is None
    assert stated.total_t_co2e - without.total_t_co2e == pytest.approx(7.0)


def test_paste_and_default_take_the_place_of_net_anodes() -> None:
    assert anode_co2_t(1.0, with_(net_anode_consumption=None, paste=PASTE)) == pytest.approx(1.818974666667)
    assert anode_co2_t(100.0, with_(net_anode_consumption=None, anode_default=Named(1.7, "table"))) == pytest.approx(
        170
    )


def test_no_way_to_the_carbon_is_told_with_what_to_add() -> None:
    with pytest.raises(ValueError, match="add net_anode_consumption to the potline"):
        anode_co2_t(1.0, with_(net_anode_consumption=None))


def test_parameters_of_a_line_without_choices_are_kept_without_them() -> None:
    assert b"overvoltage" not in encoded(SLOPE)
    assert b"low_voltage" not in encoded(SLOPE)
    assert decoded(encoded(LOW)) == LOW
    assert digest(LOW) != digest(SLOPE)


@pytest.mark.parametrize(
    "parameters", [SLOPE, OVERVOLTAGE, DEFAULTS, LOW], ids=["slope", "overvoltage", "tier1", "low"]
)
def test_the_budget_takes_the_formula_of_the_account(parameters: Parameters) -> None:
    formula = gases_of(DAY, parameters)
    stated = emissions_intensity(DAY, parameters, length_s=86400.0, least_coverage_pct=90.0)
    assert stated is not None
    told = {key: factor.value for key, factor in formula.factors.items()}
    assert formula.formula(metal_t=100.0, **told) == pytest.approx(stated.pfc_t_co2e, rel=1e-12)
    anodes = anodes_of(parameters)
    values = {key: factor.value for key, factor in anodes.factors.items()}
    assert anodes.formula(metal_t=100.0, **values) == pytest.approx(anode_co2_t(100.0, parameters), rel=1e-12)
