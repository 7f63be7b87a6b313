"""What the figures of an interval are made of, and how wrong each part may be. Pure.

Two kinds of error are kept apart, because time treats them differently: those that last (`ErrorSource`: a class, a
calibration), which are the same every minute, and noise, which is another one every minute.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from collector.domain.propagation import independent_sum
from collector.domain.validity import positive


@dataclass(frozen=True, slots=True)
class ErrorSource:
    """An error that lasts: of a meter's, a transformer's or a scale's class.

    ``relative``: standard uncertainty over the value [-]; None where no class is configured.
    """

    name: str
    relative: float | None


@dataclass(frozen=True, slots=True)
class Gap:
    """Energy that was booked across a gap in a straight line [kWh], the circuit's rated power [kW], its length [h]."""

    bridged_kwh: float
    rated_power_kw: float
    gap_h: float


@dataclass(frozen=True, slots=True)
class MeterEnergy:
    """What one meter counted in an interval.

    Attributes
    ----------
    kwh
        All that is booked, gaps included [kWh].
    classes
        Its lasting errors: meter, transformers; for a DC meter, current and voltage transducer.
    noise_kwh
        Standard uncertainty of what differs from interval to interval: sampling, resolution [kWh].
    gaps
        What was bridged in it.
    """

    meter: str
    kwh: float
    classes: tuple[ErrorSource, ...]
    noise_kwh: float
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Charge:
    """Charge of an interval [kAh], the class of its transducer, and noise as a standard uncertainty [kAh]."""

    kah: float
    transducer: ErrorSource
    noise_kah: float


class EfficiencyBasis(Enum):
    """What the current efficiency was found with."""

    INDEPENDENT = "independent"
    """Another measurement of the charge, or none."""

    SAME_TRANSDUCER = "same_transducer"
    """A metal balance against the transducer that also measures the interval: its class error cancels in the metal."""


@dataclass(frozen=True, slots=True)
class CurrentEfficiency:
    """Current efficiency as a fraction, its whole standard uncertainty in the same unit (None: not stated) [-]."""

    value: float
    standard: float | None
    basis: EfficiencyBasis


@dataclass(frozen=True, slots=True)
class FaradayMetal:
    """Metal from charge; ``pots`` in operation, their mean over the interval."""

    charge: Charge
    efficiency: CurrentEfficiency
    pots: float


@dataclass(frozen=True, slots=True)
class Weighings:
    """Tapped metal [t] on one scale: its class, how many net weighings, and the step of its display [t]."""

    mass_t: float
    scale: ErrorSource
    count: int
    resolution_t: float


@dataclass(frozen=True, slots=True)
class WeighedMetal:
    """Tapped metal; reconciled, if the growth of the metal in the pots is known [t, standard uncertainty in t]."""

    weighings: tuple[Weighings, ...]
    growth_t: float | None = None
    growth_standard_t: float | None = None


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor or an activity with its standard uncertainty in the same unit; None where none is stated."""

    name: str
    value: float
    standard: float | None


@dataclass(frozen=True, slots=True)
class AnodeCarbon:
    """Net anode consumption [t/t], sulphur and ash [%]."""

    consumption: Factor
    sulphur: Factor
    ash: Factor


@dataclass(frozen=True, slots=True)
class SlopeMethod:
    """Anode-effect time [s] over cell-days, slope and mass ratio of C2F6; warming potentials are conventions."""

    ae_seconds: Factor
    cell_days: float
    slope: Factor
    c2f6_per_cf4: Factor
    gwp_cf4: float
    gwp_c2f6: float


@dataclass(frozen=True, slots=True)
class Emission:
    """Emissions that a formula makes of the metal and of factors.

    Attributes
    ----------
    formula
        Takes ``metal_t`` [t] and each factor by its key, and gives t CO2e.
    factors
        By the key that the formula takes; a factor of the same name elsewhere is the same error.
    """

    formula: Callable[..., float]
    factors: Mapping[str, Factor]


def over_time(intervals: Sequence[MeterEnergy]) -> MeterEnergy:
    """Return one meter's intervals as one: class errors add up, noise and gaps in quadrature.

    Parameters
    ----------
    intervals
        Of the same meter with the same sources of error, whose classes may have changed in between.

    Raises
    ------
    ValueError
        If there are none, or they are of different meters or sources.
    """
    kinds = {(one.meter, tuple(source.name for source in one.classes)) for one in intervals}
    if len(kinds) != 1:
        raise ValueError(
            f"intervals of {len(kinds)} meters are added up. Remedy: give those of one meter, with the same sources of "
            "error in the same order."
        )
    meter, names = kinds.pop()
    kwh = sum(one.kwh for one in intervals)
    classes = tuple(ErrorSource(name, _mean_class(intervals, place, kwh)) for place, name in enumerate(names))
    noise = independent_sum(np.array([one.noise_kwh for one in intervals]))
    return MeterEnergy(meter, kwh, classes, noise, tuple(gap for one in intervals for gap in one.gaps))


def _mean_class(intervals: Sequence[MeterEnergy], place: int, kwh: float) -> float | None:
    known = [(one.kwh, one.classes[place].relative) for one in intervals]
    relative = {share for _, share in known}
    if None in relative or len(relative) == 1:
        return None if None in relative else relative.pop()
    positive(kwh_of_all_intervals=kwh)
    return sum(part * share for part, share in known if share is not None) / kwh
