"""What a pot's voltage is made of.

V = E_rev + eta_anode + eta_cathode + shape(alumina) + I * (R_bath + R_bubbles + R_anode + R_cathode)

Every pot is drawn to the same anode current density, so that lines of 200 to 600 kA differ in size and not in kind. The
usual sizes of the terms are those of modern prebake pots; tests hold them within the ranges that are in print.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

BACK_EMF_V = 1.65
"""What pot controllers take for the voltage at no current, extrapolated along the tangent [V]."""

REFERENCE_C = 957.0
"""Usual bath temperature [degC]."""

CURRENT_DENSITY = 0.85
"""Anode current density at nominal current [A/cm2]."""

FANNING = 1.05
"""The current spreads below the anodes: area that it passes through, per anode area [1]."""

CONDUCTIVITY = 2.2
"""Of the bath at the usual temperature and 3.5 % alumina [S/cm]."""

CATHODE_OVERVOLTAGE_V, BUBBLES_V, ANODE_V, CATHODE_V = 0.06, 0.19, 0.30, 0.27
"""Terms in proportion to the current, at nominal current [V]."""

LOWEST_ACD_CM = 1.5
"""Closer than this the metal touches the anodes [cm]."""

SHAPE_PERCENT = np.array([1.9, 2.0, 2.2, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0])
SHAPE_V = np.array([381, 199, 90, 37, 8, 0, 1, 5, 13, 35, 61]) / 1000
"""Pot voltage above its minimum over alumina [V]: decomposition potential, concentration overvoltage, conductivity."""

_GAS_CONSTANT, _FARADAY, _KELVIN = 8.314462618, 96485.33212, 273.15
_CHARGE_TRANSFER = 1.06
_EXCHANGE_DENSITY = 0.0058
_CONDUCTIVITY_KELVIN = 2068.0
_STEEPEST = 1.0


def _fine_shape() -> tuple[Array, Array]:
    """Go through the table's points smoothly: between them a cubic with the slopes of their neighbours."""
    slopes = np.gradient(SHAPE_V, SHAPE_PERCENT)
    slopes[0] = (SHAPE_V[1] - SHAPE_V[0]) / 0.1 * 1.3
    # No overshoot: a slope is at most three times the flatter secant beside it, and level at the minimum.
    secants = np.diff(SHAPE_V) / np.diff(SHAPE_PERCENT)
    for place in range(1, len(slopes) - 1):
        left, right = secants[place - 1], secants[place]
        limit = 3 * min(abs(left), abs(right))
        slopes[place] = 0.0 if left * right <= 0 else np.clip(slopes[place], -limit, limit)
    fine = np.round(np.arange(1.9, 7.0001, 0.005), 6)
    at = np.clip(np.searchsorted(SHAPE_PERCENT, fine, side="right") - 1, 0, len(secants) - 1)
    width = np.diff(SHAPE_PERCENT)[at]
    t = (fine - SHAPE_PERCENT[at]) / width
    value = (
        (1 + 2 * t) * (1 - t) ** 2 * SHAPE_V[at]
        + t * (1 - t) ** 2 * width * slopes[at]
        + t * t * (3 - 2 * t) * SHAPE_V[at + 1]
        + t * t * (t - 1) * width * slopes[at + 1]
    )
    # Below the table it goes on as steeply as it came, in the logarithm, up to the voltage that an anode effect ends.
    below = np.round(np.arange(1.5, 1.9, 0.005), 6)
    rise = np.minimum(SHAPE_V[0] * (SHAPE_V[0] / SHAPE_V[1]) ** ((1.9 - below) / 0.1), _STEEPEST)
    return np.concatenate([below, fine]), np.concatenate([rise, value])


_FINE_PERCENT, _FINE_V = _fine_shape()


def alumina_shape_v(alumina_pct: Array) -> Array:
    """Return the voltage that alumina adds at nominal current [V], 0 at 3.5 %, for concentrations [%]."""
    return np.interp(alumina_pct, _FINE_PERCENT, _FINE_V)


@dataclass(frozen=True, slots=True)
class Components:
    """The parts of the pots' voltages [V], each of shape (pots,)."""

    reversible: Array
    anode_overvoltage: Array
    cathode_overvoltage: Array
    alumina: Array
    bath: Array
    bubbles: Array
    anode: Array
    cathode: Array

    @property
    def total(self) -> Array:
        """The pots' voltages [V]."""
        return (
            self.reversible
            + self.anode_overvoltage
            + self.cathode_overvoltage
            + self.alumina
            + self.bath
            + self.bubbles
            + self.anode
            + self.cathode
        )


class PotVoltage:
    """The voltage of pots that were built for one current.

    Parameters
    ----------
    nominal_a
        Line current that they were built for [A].
    anode_factor, cathode_factor
        How much worse than usual each pot's anodes and cathode conduct [1], shape (pots,).
    """

    def __init__(self, nominal_a: float, anode_factor: Array, cathode_factor: Array) -> None:
        self._nominal_a = nominal_a
        self._anode_v = ANODE_V * anode_factor
        self._cathode_v = CATHODE_V * cathode_factor
        # Bath voltage at nominal current and usual temperature for each centimetre of distance.
        self.volts_per_cm = CURRENT_DENSITY / FANNING / CONDUCTIVITY

    def components(
        self,
        current_a: float,
        *,
        temperature_c: Array,
        alumina_pct: Array,
        distance_cm: Array,
        bubble_factor: Array | float = 1.0,
    ) -> Components:
        """Return the parts of the voltage at a line current.

        Parameters
        ----------
        current_a
            Line current [A].
        temperature_c
            Of the bath [degC].
        alumina_pct
            Dissolved alumina [%].
        distance_cm
            From anode to metal [cm].
        bubble_factor
            Thickness of the layer of bubbles against its usual one [1].
        """
        load = current_a / self._nominal_a
        kelvin = temperature_c + _KELVIN
        off = temperature_c - REFERENCE_C
        tafel = _GAS_CONSTANT / (_CHARGE_TRANSFER * _FARADAY) * kelvin
        growth = float(np.arcsinh(CURRENT_DENSITY * load / (2 * _EXCHANGE_DENSITY)))
        # Better conduction when hot: exp(-B/T), here to first order around the usual temperature.
        warmth = 1.0 - _CONDUCTIVITY_KELVIN / (REFERENCE_C + _KELVIN) ** 2 * off
        return Components(
            reversible=1.21 - 0.00057 * off,
            anode_overvoltage=tafel * growth,
            cathode_overvoltage=np.full_like(kelvin, CATHODE_OVERVOLTAGE_V * load),
            alumina=load * alumina_shape_v(alumina_pct),
            bath=load * self.volts_per_cm * warmth * np.maximum(distance_cm, LOWEST_ACD_CM),
            bubbles=np.full_like(kelvin, BUBBLES_V * load) * bubble_factor,
            anode=load * self._anode_v,
            cathode=load * self._cathode_v,
        )

    def distance_cm(self, voltage_v: Array) -> Array:
        """Return the distance at which the pots stand at a voltage [V], at nominal current and the usual bath."""
        rest = self.components(
            self._nominal_a,
            temperature_c=np.full_like(voltage_v, REFERENCE_C),
            alumina_pct=np.full_like(voltage_v, 3.5),
            distance_cm=np.zeros_like(voltage_v),
        )
        return (voltage_v - rest.total + rest.bath) / self.volts_per_cm
