"""Voltages of line and pots, and the pseudo-resistance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.energy import dc_kwh_per_t, pot_voltage_from_dc, rectifier_efficiency, sample_energy_kwh
from collector.domain.voltage import (
    external_voltage_percent,
    external_voltage_v,
    pot_voltage_at_current_v,
    pseudo_resistance_uohm,
)


def test_376_pots_of_3_88_volts_leave_15_volts_to_the_busbars_of_1474() -> None:
    pots_v = 376 * 3.88
    assert external_voltage_v(1474.0, pots_voltage_v=pots_v) == pytest.approx(15.12)
    assert external_voltage_percent(1474.0, pots_voltage_v=pots_v) == pytest.approx(1.0257802)


def test_pots_above_the_line_are_reported_as_a_negative_drop() -> None:
    assert external_voltage_v(1400.0, pots_voltage_v=1407.0) == -7
    assert external_voltage_percent(1400.0, pots_voltage_v=1407.0) == -0.5


def test_line_without_voltage_has_no_share() -> None:
    assert external_voltage_v(0.0, pots_voltage_v=0.0) == 0
    with pytest.raises(ValueError, match=r"line_voltage_v is 0: .*Remedy: withhold the figure"):
        external_voltage_percent(0.0, pots_voltage_v=0.0)


def test_reference_pot_of_4_2_volts_and_200_ka_shows_12_75_microohm() -> None:
    assert pseudo_resistance_uohm(4.2, back_emf_v=1.65, current_ka=200.0) == pytest.approx(12.75, rel=1e-12)


def test_the_same_pot_has_4_84_volts_at_a_quarter_more_current() -> None:
    assert pot_voltage_at_current_v(12.75, back_emf_v=1.65, current_ka=250.0) == pytest.approx(4.8375, rel=1e-12)


def test_resistance_without_current_is_refused_and_not_infinite() -> None:
    with pytest.raises(ValueError, match=r"current_ka\[1\] is 0: .*Remedy: withhold the figure"):
        pseudo_resistance_uohm(np.array([4.2, 0.1]), back_emf_v=1.65, current_ka=np.array([200.0, 0.0]))


def test_short_circuited_pot_shows_a_negative_resistance() -> None:
    assert pseudo_resistance_uohm(0.35, back_emf_v=1.65, current_ka=500.0) == pytest.approx(-2.6)


def test_millivolts_and_line_voltages_are_refused() -> None:
    with pytest.raises(ValueError, match=r"pot_voltage_v is 4200: .*of one pot"):
        pseudo_resistance_uohm(4200.0, back_emf_v=1.65, current_ka=200.0)
    with pytest.raises(ValueError, match=r"back_emf_v is 1650"):
        pseudo_resistance_uohm(4.2, back_emf_v=1650.0, current_ka=200.0)
    with pytest.raises(ValueError, match=r"voltage_v is 1\.4e\+06: .*give volts"):
        sample_energy_kwh(1.4e6, current_ka=500.0, seconds=1.0)
    with pytest.raises(ValueError, match=r"current_ka is 500000: .*give kA"):
        sample_energy_kwh(1400.0, current_ka=500_000.0, seconds=1.0)


def test_rectifier_efficiency_above_one_is_reported_and_not_refused() -> None:
    assert rectifier_efficiency(1004.0, ac_energy=1000.0) == pytest.approx(1.004)
    with pytest.raises(ValueError, match=r"ac_energy is 0: .*withhold"):
        rectifier_efficiency(0.0, ac_energy=0.0)


@given(st.floats(0, 100), st.floats(0, 5), st.floats(1, 700))
def test_voltage_returns_from_the_resistance_it_shows(voltage: float, emf: float, current: float) -> None:
    resistance = pseudo_resistance_uohm(max(voltage, emf), back_emf_v=emf, current_ka=current)
    again = pot_voltage_at_current_v(resistance, back_emf_v=emf, current_ka=current)
    assert again == pytest.approx(max(voltage, emf), rel=1e-9, abs=1e-9)


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
