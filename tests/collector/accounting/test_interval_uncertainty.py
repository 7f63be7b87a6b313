"""How well kWh/t and t CO2e/t are known: by hand, against drawn errors, and where something is missing."""

from dataclasses import replace

import numpy as np
import pytest
from draws import drawn
from hypothesis import given, settings
from hypothesis import strategies as st
from uncertain_hour import ANODE, CURRENT, GRID, PFC, VOLTAGE, VT, dc, feeders, metal

from collector.accounting.error_sources import (
    EfficiencyBasis,
    ErrorSource,
    Factor,
    Gap,
    MeterEnergy,
    WeighedMetal,
    Weighings,
)
from collector.accounting.uncertainty import EmissionBudgets, emission_budgets, energy_budgets
from collector.domain import anode_effect, carbon, electrolysis, emissions, energy
from collector.domain import electricity as electricity_by_factor


def hour_of_emissions() -> EmissionBudgets:
    return emission_budgets(feeders(), metal(), anode=ANODE, pfc=PFC, grid=GRID)


def test_dc_energy_per_tonne_is_as_good_as_voltage_and_current_efficiency_for_the_current_cancels() -> None:
    told = energy_budgets([dc(noise_kwh=0.0)], metal(noise_kah=0.0))
    assert told.kwh_per_t.value == pytest.approx(51_200 / 4.03761505, rel=1e-6)
    assert told.kwh_per_t.standard == pytest.approx(told.kwh_per_t.value * np.hypot(0.002, 0.005 / 0.94), rel=1e-6)
    assert [source for source, _ in told.kwh_per_t.shares] == ["current efficiency", "voltage transducer"]
    assert told.energy_kwh.standard == pytest.approx(51_200 * np.hypot(0.001, 0.002))
    assert told.metal_t.standard == pytest.approx(told.metal_t.value * np.hypot(0.001, 0.005 / 0.94), rel=1e-6)


def test_expanded_uncertainty_is_twice_the_standard_one_and_shares_add_up_to_one() -> None:
    told = energy_budgets(feeders(), metal()).kwh_per_t
    assert told.expanded_95 == pytest.approx(2 * (told.standard or 0))
    assert sum(share for _, share in told.shares) == pytest.approx(1.0)
    assert list(told.shares) == sorted(told.shares, key=lambda one: -one[1])
    assert told.shares[0][0] == "current efficiency"


def test_efficiency_from_the_same_transducer_takes_its_class_out_of_the_metal_and_leaves_it_in_the_ratio() -> None:
    told = energy_budgets([dc(noise_kwh=0.0)], metal(basis=EfficiencyBasis.SAME_TRANSDUCER, noise_kah=0.0))
    rest = np.sqrt((0.005 / 0.94) ** 2 - 0.001**2)
    assert told.metal_t.standard == pytest.approx(told.metal_t.value * rest, rel=1e-6)
    assert told.kwh_per_t.standard == pytest.approx(
        told.kwh_per_t.value * np.sqrt(rest**2 + 0.001**2 + 0.002**2), rel=1e-6
    )


def test_efficiency_that_claims_to_be_better_than_its_transducer_is_refused() -> None:
    with pytest.raises(ValueError, match=r"less than the 0\.00094 that current transducer gives it\. Remedy"):
        energy_budgets([dc()], metal(standard=0.0005, basis=EfficiencyBasis.SAME_TRANSDUCER))


def test_two_feeders_on_one_voltage_transformer_are_less_certain_than_on_two() -> None:
    shared = energy_budgets(feeders(), metal()).energy_kwh
    one, other = feeders()
    own = replace(other, classes=(*other.classes[:2], ErrorSource("VT 2", VT.relative)))
    apart = energy_budgets((one, own), metal()).energy_kwh
    assert dict(shared.shares)["VT of the busbar"] > dict(apart.shares)["VT of the busbar"]
    assert (shared.standard or 0) > (apart.standard or 0)


def test_gap_of_six_minutes_of_a_60_mw_feeder_is_seen_in_the_budget() -> None:
    gap = Gap(bridged_kwh=2600.0, rated_power_kw=60_000.0, gap_h=0.1)
    told = energy_budgets(feeders(gaps=(gap,)), metal()).energy_kwh
    # rated power would be 6000 kWh: 3400 away from what was bridged
    assert dict(told.shares)["feeder-1 gaps"] == pytest.approx(3400**2 / 3 / (told.standard or 1) ** 2)


def test_class_that_is_not_configured_withholds_what_depends_on_it_and_nothing_else() -> None:
    told = energy_budgets([dc(voltage=ErrorSource("voltage transducer", None))], metal())
    assert told.kwh_per_t.value == pytest.approx(12_680.75, rel=1e-5)
    assert told.kwh_per_t.standard is None
    assert told.kwh_per_t.expanded_95 is None
    assert told.kwh_per_t.missing == ("voltage transducer",)
    assert told.kwh_per_t.shares == ()
    assert told.metal_t.standard is not None


def test_meter_without_any_class_and_efficiency_without_uncertainty_are_missing() -> None:
    told = energy_budgets([MeterEnergy("feeder-9", 1000.0, (), 0.0)], metal(standard=None))
    assert told.kwh_per_t.missing == ("current efficiency", "feeder-9")


def test_factors_without_uncertainty_count_as_exact_and_are_named() -> None:
    told = emission_budgets(feeders(), metal(), anode=ANODE, pfc=PFC, grid=Factor("grid factor", 0.53, None))
    assert told.electricity_t_co2e.uncounted == ("grid factor",)
    assert told.total_t_co2e.uncounted == ("grid factor",)
    assert told.anode_t_co2e.uncounted == ()
    assert "grid factor" not in dict(told.t_co2e_per_t.shares)
    assert told.t_co2e_per_t.standard is not None


def test_metal_cancels_out_of_the_part_of_the_intensity_that_follows_from_it() -> None:
    # Without electricity, anodes and perfluorocarbons are in proportion to metal: only their factors remain.
    nothing = MeterEnergy("none", 0.0, (ErrorSource("meter", 0.001),), 0.0)
    told = emission_budgets([nothing], metal(), anode=ANODE, pfc=PFC, grid=GRID).t_co2e_per_t
    sources = {source for source, share in told.shares if share > 1e-12}
    assert sources == {"NAC", "sulphur", "ash", "slope", "anode-effect time", "C2F6 ratio"}


def test_electricity_dominates_the_intensity_and_its_factor_dominates_it() -> None:
    told = hour_of_emissions()
    assert told.electricity_t_co2e.value == pytest.approx(52_100 * 0.53 / 1000)
    assert told.t_co2e_per_t.value == pytest.approx(
        told.total_t_co2e.value / energy_budgets(feeders(), metal()).metal_t.value
    )
    assert told.t_co2e_per_t.shares[0][0] == "grid factor"


def test_tapped_metal_is_known_by_its_scale_and_reconciled_metal_by_the_growth_in_the_pots() -> None:
    weighings = Weighings(150.0, ErrorSource("scale", 0.001), 30, 0.01)
    tapped = energy_budgets([dc()], WeighedMetal((weighings,))).metal_t
    assert tapped.value == 150
    assert tapped.standard == pytest.approx(np.hypot(0.15, np.sqrt(60 / 12) * 0.01))
    reconciled = energy_budgets([dc()], WeighedMetal((weighings,), growth_t=-2.0, growth_standard_t=1.5)).metal_t
    assert reconciled.value == 148
    assert reconciled.shares[0][0] == "growth of metal in the pots"
    unknown = energy_budgets([dc()], WeighedMetal((weighings,), growth_t=-2.0)).metal_t
    assert unknown.missing == ("growth of metal in the pots",)
    assert unknown.standard is None


def test_scale_without_a_class_is_missing() -> None:
    told = energy_budgets([dc()], WeighedMetal((Weighings(150.0, ErrorSource("scale", None), 30, 0.01),)))
    assert told.kwh_per_t.missing == ("scale",)
    assert told.energy_kwh.missing == ()


def test_interval_without_metal_and_a_meter_given_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="metal_t is 0"):
        energy_budgets([dc()], replace(metal(), pots=0.0))
    with pytest.raises(ValueError, match="one meter is given twice"):
        energy_budgets([dc(), dc()], metal())


def test_uncertainty_that_is_a_percentage_is_refused() -> None:
    with pytest.raises(ValueError, match=r"relative_uncertainty is 0\.5: .*Remedy: give a fraction"):
        energy_budgets([dc(voltage=ErrorSource("voltage transducer", 0.5))], metal())


def test_drawn_errors_scatter_kwh_per_t_as_the_budget_tells() -> None:
    rng = np.random.default_rng(1)
    draws = 200_000
    current, volts, efficiency, noise, charge_noise = rng.normal(size=(5, draws))
    kwh = 51_200 * (1 + 0.001 * current) * (1 + 0.002 * volts) + 5 * noise
    charge = 400 * (1 + 0.001 * current) + 0.01 * charge_noise
    metal_t = electrolysis.faraday_metal_t(charge, current_efficiency=0.94 + 0.005 * efficiency, pots=32)
    drawn = energy.specific_energy(kwh, metal_t)
    told = energy_budgets([dc()], metal()).kwh_per_t
    assert told.standard == pytest.approx(drawn.std(), rel=0.01)
    assert np.mean(np.abs(drawn - told.value) < (told.expanded_95 or 0)) == pytest.approx(0.9545, abs=0.003)


def test_drawn_errors_scatter_the_intensity_as_the_budget_tells() -> None:
    rng = np.random.default_rng(2)
    draws = 200_000
    (current, efficiency, charge_noise, meter_1, ct_1, meter_2, ct_2, vt, noise_1, noise_2) = rng.normal(
        size=(10, draws)
    )
    nac, sulphur, ash, seconds, slope, ratio, grid = rng.normal(size=(7, draws))
    charge = 400 * (1 + 0.001 * current) + 0.01 * charge_noise
    metal_t = electrolysis.faraday_metal_t(charge, current_efficiency=0.94 + 0.005 * efficiency, pots=32)
    kwh = (
        26_000 * (1 + 0.0012 * (meter_1 + ct_1 + vt))
        + 26_100 * (1 + 0.0012 * (meter_2 + ct_2 + vt))
        + 2 * (noise_1 + noise_2)
    )
    anode = carbon.prebake_anode_co2_t(
        metal_t,
        net_anode_consumption=0.41 + 0.004 * nac,
        sulphur_percent=2.0 + 0.1 * sulphur,
        ash_percent=0.4 + 0.05 * ash,
    )
    minutes = anode_effect.anode_effect_minutes_per_cell_day(120 + 2 * seconds, 32 / 24)
    cf4 = anode_effect.slope_cf4_kg(metal_t, ae_minutes_per_cell_day=minutes, slope=0.122 + 0.01 * slope)
    c2f6 = anode_effect.ratio_c2f6_kg(cf4, c2f6_per_cf4=0.097 + 0.01 * ratio)
    pfc = anode_effect.pfc_co2e_t(cf4, c2f6, gwp_cf4=6630.0, gwp_c2f6=11_100.0)
    electricity = electricity_by_factor.location_based_co2_t(kwh, grid_factor=0.53 + 0.01 * grid)
    total = emissions.total_co2e_t(anode_co2_t=anode, pfc_co2e_t=pfc, electricity_co2_t=electricity, fuel_co2_t=0.0)
    told = hour_of_emissions()
    assert told.anode_t_co2e.standard == pytest.approx(anode.std(), rel=0.01)
    assert told.pfc_t_co2e.standard == pytest.approx(pfc.std(), rel=0.01)
    assert told.electricity_t_co2e.standard == pytest.approx(electricity.std(), rel=0.01)
    assert told.total_t_co2e.standard == pytest.approx(total.std(), rel=0.01)
    assert told.t_co2e_per_t.standard == pytest.approx(emissions.emissions_intensity(total, metal_t).std(), rel=0.01)


@settings(max_examples=drawn(25), deadline=None)
@given(st.floats(0.1, 1000), st.floats(0, 0.01), st.floats(0, 0.01), st.floats(0.0001, 0.02))
def test_relative_uncertainty_does_not_depend_on_the_length_of_the_interval(
    length: float, current: float, volts: float, efficiency: float
) -> None:
    def relative(factor: float) -> float:
        source = replace(CURRENT, relative=current)
        line = MeterEnergy("line", 51_200 * factor, (source, replace(VOLTAGE, relative=volts)), 0.0)
        made = metal(standard=efficiency, noise_kah=0.0)
        made = replace(made, charge=replace(made.charge, kah=400 * factor, transducer=source))
        told = energy_budgets([line], made).kwh_per_t
        return (told.standard or 0.0) / told.value

    assert relative(length) == pytest.approx(relative(1.0))
    assert relative(1.0) == pytest.approx(np.hypot(volts, efficiency / 0.94), rel=1e-5)
