"""kWh/t on the DC and the AC side."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.electrolysis import faraday_metal_t
from collector.domain.energy import (
    ac_from_dc,
    dc_kwh_per_t,
    pot_voltage_from_dc,
    rectifier_efficiency,
    rectifier_loss,
    sample_energy_kwh,
    specific_energy,
)

voltages = st.floats(0.1, 60)
efficiencies = st.floats(0.5, 1)
amounts = st.floats(1e-3, 1e9)


def test_reference_pot_of_4_2_volts_and_95_percent_takes_13175_kwh_per_tonne() -> None:
    assert dc_kwh_per_t(4.2, current_efficiency=0.95) == pytest.approx(13174.6481969, rel=1e-9)


def test_reference_pot_of_200_ka_gives_the_same_by_integration() -> None:
    power_kw = 200.0 * 4.2
    assert power_kw == 840.0
    metal_t = faraday_metal_t(200.0 * 24, current_efficiency=0.95, pots=1)
    assert specific_energy(power_kw * 24, metal_t) == pytest.approx(13174.6481969, rel=1e-9)


def test_nameplate_of_4_20_volts_and_94_2_percent_takes_13283_kwh_per_tonne() -> None:
    assert dc_kwh_per_t(4.20, current_efficiency=0.942260939) == pytest.approx(13282.8553846, rel=1e-8)


def test_600_ka_line_of_12500_kwh_per_tonne_and_92_5_percent_runs_at_3_88_volts() -> None:
    assert dc_kwh_per_t(3.8800596637, current_efficiency=0.925) == pytest.approx(12500, rel=1e-9)


def test_one_volt_at_full_efficiency_takes_2980_kwh_per_tonne() -> None:
    assert dc_kwh_per_t(1.0, current_efficiency=1.0) == pytest.approx(2979.9799493, rel=1e-9)


def test_rectifiers_of_98_5_percent_turn_12589_dc_into_12781_ac() -> None:
    dc = dc_kwh_per_t(3.95, current_efficiency=0.935)
    assert dc == pytest.approx(12589.2201066787, rel=1e-9)
    assert ac_from_dc(dc, rectifier_efficiency=0.985) == pytest.approx(12780.9341184555, rel=1e-9)


def test_national_averages_of_2015_lie_687_kwh_per_tonne_apart() -> None:
    assert rectifier_loss(ac_energy=13562.0, dc_energy=12875.0) == 687
    assert ac_from_dc(12875.0, rectifier_efficiency=0.9493437546) == pytest.approx(13562, rel=1e-9)


@pytest.mark.parametrize(
    ("exajoules", "kilotonnes", "kwh_per_t"),
    [
        (1.1729016, 23534.0, 13844.0554091952),
        (1.3124772, 26534.0, 13739.9939700008),
        (1.5388092, 31518.0, 13561.9963195634),
    ],
)
def test_national_statistics_give_their_printed_intensity(
    exajoules: float, kilotonnes: float, kwh_per_t: float
) -> None:
    # 1 EJ = 1e18 J, 1 kWh = 3.6e6 J
    assert specific_energy(exajoules * 1e18 / 3.6e6, kilotonnes * 1000) == pytest.approx(kwh_per_t, rel=1e-9)


def test_a_year_of_5_9_terawatt_hours_and_408000_tonnes_takes_14437_kwh_per_tonne() -> None:
    assert specific_energy(5_884_634e3, 407_602.44) == pytest.approx(14437.1903171139, rel=1e-9)


def test_energy_of_a_shift_is_sum_over_sum_and_not_the_mean_of_the_hours() -> None:
    # the line was at a fifth of its load for the second hour, and held its heat at a higher cost per tonne
    kwh = np.array([130_000.0, 40_000.0])
    metal_t = np.array([10.0, 2.0])
    assert specific_energy(kwh.sum(), metal_t.sum()) == pytest.approx(14166.6667)
    assert specific_energy(kwh, metal_t).tolist() == [13000.0, 20000.0]
    assert specific_energy(kwh, metal_t).mean() == 16500.0


def test_dc_above_ac_is_reported_as_a_negative_loss() -> None:
    assert rectifier_loss(ac_energy=1000.0, dc_energy=1004.0) == -4


@pytest.mark.parametrize("metal_t", [0.0, -1.0, float("nan"), float("inf")])
def test_specific_energy_without_metal_is_refused_and_not_infinite(metal_t: float) -> None:
    with pytest.raises(ValueError, match=r"metal_t is .*Remedy: withhold the figure"):
        specific_energy(13000.0, metal_t)


def test_one_hour_without_metal_is_refused_and_named() -> None:
    with pytest.raises(ValueError, match=r"metal_t\[1\] is 0: must be greater than zero"):
        specific_energy(np.array([13000.0, 13000.0]), np.array([1.0, 0.0]))


def test_negative_energy_is_refused() -> None:
    with pytest.raises(ValueError, match="kwh is -1"):
        specific_energy(-1.0, 1.0)
    with pytest.raises(ValueError, match="dc_energy is -1"):
        ac_from_dc(-1.0, rectifier_efficiency=0.985)
    with pytest.raises(ValueError, match="ac_energy is -1"):
        rectifier_loss(ac_energy=-1.0, dc_energy=1.0)
    with pytest.raises(ValueError, match="dc_energy is -1"):
        rectifier_loss(ac_energy=1.0, dc_energy=-1.0)


@pytest.mark.parametrize("voltage", [1200.0, 4200.0, -4.2, float("nan")])
def test_voltage_of_a_line_or_in_millivolts_is_refused(voltage: float) -> None:
    with pytest.raises(
        ValueError, match=r"pot_voltage_v is .*must be from 0 to 100\. Remedy: give volts, and of one pot"
    ):
        dc_kwh_per_t(voltage, current_efficiency=0.94)


@pytest.mark.parametrize("efficiency", [94.0, 98.5, 0.0, -0.5])
def test_efficiencies_that_are_no_fraction_are_refused(efficiency: float) -> None:
    with pytest.raises(ValueError, match=r"current_efficiency is .*give a fraction"):
        dc_kwh_per_t(4.2, current_efficiency=efficiency)
    with pytest.raises(ValueError, match=r"rectifier_efficiency is .*give a fraction"):
        ac_from_dc(12500.0, rectifier_efficiency=efficiency)


@given(voltages, efficiencies, st.floats(1, 1000), st.floats(0.01, 1000))
def test_current_cancels_out_of_dc_energy_per_tonne(voltage: float, ce: float, current_ka: float, hours: float) -> None:
    metal_t = faraday_metal_t(current_ka * hours, current_efficiency=ce, pots=1)
    by_meter = specific_energy(current_ka * hours * voltage, metal_t)
    assert by_meter == pytest.approx(dc_kwh_per_t(voltage, current_efficiency=ce))


@given(amounts, amounts, st.floats(0.01, 100))
def test_specific_energy_is_the_same_for_any_size_of_plant(kwh: float, metal_t: float, factor: float) -> None:
    assert specific_energy(kwh * factor, metal_t * factor) == pytest.approx(specific_energy(kwh, metal_t))


@given(amounts, amounts, st.floats(0.001, 1e6), st.floats(0.001, 1e6))
def test_sum_over_sum_lies_between_its_parts(kwh_1: float, kwh_2: float, metal_1: float, metal_2: float) -> None:
    low, high = sorted([specific_energy(kwh_1, metal_1), specific_energy(kwh_2, metal_2)])
    both = specific_energy(kwh_1 + kwh_2, metal_1 + metal_2)
    assert low * (1 - 1e-9) <= both <= high * (1 + 1e-9)


@given(amounts, st.floats(0.5, 1))
def test_loss_is_what_the_efficiency_leaves(dc: float, efficiency: float) -> None:
    ac = ac_from_dc(dc, rectifier_efficiency=efficiency)
    assert rectifier_loss(ac_energy=ac, dc_energy=dc) == pytest.approx(ac * (1 - efficiency), abs=ac * 1e-12)


def test_rectifier_efficiency_above_one_is_reported_and_not_refused() -> None:
    assert rectifier_efficiency(1004.0, ac_energy=1000.0) == pytest.approx(1.004)
    with pytest.raises(ValueError, match=r"ac_energy is 0: .*withhold"):
        rectifier_efficiency(0.0, ac_energy=0.0)


@given(st.floats(0.1, 60), st.floats(0.5, 1))
def test_voltage_returns_from_the_energy_per_tonne_it_gives(voltage: float, efficiency: float) -> None:
    kwh_per_t = dc_kwh_per_t(voltage, current_efficiency=efficiency)
    assert pot_voltage_from_dc(kwh_per_t, current_efficiency=efficiency) == pytest.approx(voltage, rel=1e-12)


@given(st.floats(1, 700), st.floats(0.5, 5), st.floats(0.01, 0.3))
def test_modulated_line_takes_more_than_its_means_say(current: float, voltage: float, depth: float) -> None:
    currents = current * np.array([1 + depth, 1 - depth])
    voltages = voltage * np.array([1 + depth, 1 - depth])
    energy = sample_energy_kwh(voltages, current_ka=currents, seconds=1800.0).sum()
    of_means = sample_energy_kwh(voltage, current_ka=current, seconds=3600.0)
    assert energy == pytest.approx(of_means * (1 + depth**2))


def test_voltage_and_current_of_a_sample_in_small_units_are_refused() -> None:
    with pytest.raises(ValueError, match=r"voltage_v is 1\.4e\+06: .*give volts"):
        sample_energy_kwh(1.4e6, current_ka=500.0, seconds=1.0)
    with pytest.raises(ValueError, match=r"current_ka is 500000: .*give kA"):
        sample_energy_kwh(1400.0, current_ka=500_000.0, seconds=1.0)
