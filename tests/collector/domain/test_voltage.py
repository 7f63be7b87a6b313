"""Voltages of line and pots, and the pseudo-resistance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@given(st.floats(0, 100), st.floats(0, 5), st.floats(1, 700))
def test_voltage_returns_from_the_resistance_it_shows(voltage: float, emf: float, current: float) -> None:
    resistance = pseudo_resistance_uohm(max(voltage, emf), back_emf_v=emf, current_ka=current)
    again = pot_voltage_at_current_v(resistance, back_emf_v=emf, current_ka=current)
    assert again == pytest.approx(max(voltage, emf), rel=1e-9, abs=1e-9)
