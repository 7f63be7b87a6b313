"""Energy balance of a potline: AC against DC against the sum of the pots, and the meter that does not fit. Pure.

Which balances are drawn is told in `collector.accounting.metering`, how they are tested in
`collector.accounting.reconciliation`.

What can be told apart, and from which error on
-----------------------------------------------
Five rectifier groups of equal size; AC meters 0.2S with transformers of 0.2 and 0.2; currents 0.1 %, voltages 0.2 %,
the DC meters of groups both; efficiency of each group within 0.5 % of itself; busbars 1.5 % of the voltage, to a tenth
of themselves. Least error [%] that gives an alarm in 95 of 100 windows, with one false alarm in a hundred
(`collector.accounting.suspicion.least_error_found`):

======================================  =========  ========  =======  =======  =====  =======
meters                                  AC feeder  group DC  current  voltage  pots   incomer
======================================  =========  ========  =======  =======  =====  =======
AC, one current, one voltage            4.5        none      0.9      0.9      none   none
the same, second current, pots          4.7        none      0.4      0.8      1.1    none
the same, incomer                       3.9        none      0.4      0.8      1.1    1.1
group DC, second current, pots          2.0        1.7       0.4      0.7      1.0    none
the same, incomer                       1.9        1.7       0.4      0.7      1.1    1.1
======================================  =========  ========  =======  =======  =====  =======

First row: one balance, so nothing is ever named; the answer is all meters. Without DC meters of the groups the feeders
look alike, and a wrong one is known to be one of five. With them, a feeder or group meter that is 2 % off is named in
68 to 82 of 100 cases, returned as one of two in nearly all others, and taken for its neighbour in less than one.
Current, voltage, pots and incomer are named at 2 % always. The efficiency is what limits it, and no length of time
helps: class errors and the error of the efficiency are the same every hour. One pot is never found by a balance, for it
is one of hundreds; its sum is.

Over time
---------
An error that was there from the beginning shows against the classes, in an hour as in a day; a day only takes away the
noise. A drift shows against what the same meters said before: once their readings are corrected by the factors of a
reference time, classes and efficiencies cancel. What remains is noise, which a day's sums average out, and what the
plant itself changes. With noise of 0.1 % in an hour and an efficiency that moves by 0.1 %, every meter of the last two
rows is named at 2 % within a day, and feeders and group meters in one to two thirds of cases at 0.5 %.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from collector.accounting.metering import Metering
from collector.accounting.reconciliation import Network
from collector.accounting.significance import chi_square_tail
from collector.accounting.suspicion import alarm_probability, suspicions
from collector.domain.propagation import correlated_sum, independent_sum
from collector.domain.validity import not_negative, positive


@dataclass(frozen=True, slots=True)
class Reading:
    """What a meter or a parameter says about one window.

    Attributes
    ----------
    value
        Energy [kWh], charge [kAh], mean voltage weighted with charge [V], or efficiency [-].
    lasting
        Standard uncertainty of the error that is the same in every window: its class [unit of the value]. None: no
        class is configured.
    noise
        Standard uncertainty of what differs from window to window: sampling, resolution, bridged gaps [unit of the
        value]. Parameters have none, and it is far below the class of a counter over an hour.
    """

    value: float
    lasting: float | None
    noise: float = 0.0

    @property
    def standard(self) -> float | None:
        """Standard uncertainty of both together [unit of the value]; None where no class is configured."""
        return None if self.lasting is None else float(np.hypot(self.lasting, self.noise))

    def compared_with(self, factor: float, *, steady_relative: float) -> "Reading":
        """Return the reading corrected by the factor of a reference time, for finding what changed since.

        Parameters
        ----------
        factor
            Adjusted value over reading in the reference time [-].
        steady_relative
            How much the corrected reading may move without a fault, as a relative standard uncertainty: for a meter its
            drift and temperature, for an efficiency its dependence on load, for all the noise of the reference time
            [-].

        Raises
        ------
        ValueError
            If the factor is zero or less, or the movement negative.
        """
        positive(factor=factor)
        not_negative(steady_relative=steady_relative)
        value = self.value * factor
        return Reading(value, abs(value) * steady_relative, self.noise * factor)


def added(readings: Sequence[Reading]) -> Reading:
    """Return the sum of one meter's windows: the lasting error adds up, the noise in quadrature.

    Raises
    ------
    ValueError
        If there are none, or an uncertainty is negative.
    """
    return averaged(readings, weights=[1.0] * len(readings), total=1.0)


def averaged(readings: Sequence[Reading], *, weights: Sequence[float], total: float | None = None) -> Reading:
    """Return the weighted mean of one reading's windows, such as voltages weighted with charge.

    Parameters
    ----------
    readings
        Of one meter, in windows that follow each other.
    weights
        One for each [any unit].
    total
        What the weighted sum is divided by; by default the sum of the weights.

    Raises
    ------
    ValueError
        If there are none, a weight or an uncertainty is negative, or the weights add up to nothing.
    """
    if not readings or len(readings) != len(weights):
        raise ValueError(
            f"{len(readings)} readings and {len(weights)} weights are given. Remedy: give one weight for each reading, "
            "and one reading at least."
        )
    share = np.array(weights, dtype=np.float64)
    not_negative(weights=share)
    divisor = float(share.sum()) if total is None else total
    positive(total_weight=divisor)
    share /= divisor
    known = [one.lasting for one in readings if one.lasting is not None]
    noise = independent_sum(share * np.array([one.noise for one in readings]))
    value = float(share @ np.array([one.value for one in readings]))
    return Reading(value, correlated_sum(share * np.array(known)) if len(known) == len(readings) else None, noise)


@dataclass(frozen=True, slots=True)
class EnergyBalance:
    """The balance of one window.

    Attributes
    ----------
    ac_kwh, dc_kwh, pots_kwh
        As read; None where a meter is missing [kWh].
    rectifier_loss_pct
        AC less DC, of AC [%].
    residual_pct
        DC that neither pots nor busbars account for, of DC [%].
    suspect
        The meter whose reading does not fit the others; empty if all fit, or if it can be one of several.
    alternatives
        For each error that was found, the meters that it can be in, likeliest first.
    probability
        How likely sound meters look at least this bad [-]; 1 where nothing could be tested.
    adjusted
        Most likely value and its standard uncertainty by name; without those that cannot be told.
    missing
        Meters and parameters whose class is not configured: the test is withheld.
    unused
        Balances that were not drawn because a reading is missing.
    """

    ac_kwh: float | None
    dc_kwh: float | None
    pots_kwh: float | None
    rectifier_loss_pct: float | None
    residual_pct: float | None
    suspect: str
    alternatives: tuple[tuple[str, ...], ...]
    chi_square: float | None
    chi_square_probability: float | None
    probability: float | None
    degrees: int
    adjusted: Mapping[str, tuple[float, float]]
    missing: tuple[str, ...]
    unused: tuple[str, ...]


def energy_balance(
    metering: Metering, readings: Mapping[str, Reading], *, alpha: float, confidence: float
) -> EnergyBalance:
    """Draw the balance of one window and name the meter that does not fit, if one can be named.

    Parameters
    ----------
    metering
        Which meters there are.
    readings
        What they say; a meter that is silent is left out, and with it the balances that need it.
    alpha
        Most false alarms that are accepted, as a share of windows [-].
    confidence
        Chance above which a meter is named [-].

    Raises
    ------
    ValueError
        If a reading is not finite, an uncertainty zero or negative, or balances follow from each other.
    """
    wanted = [(one, one.readings) for one in metering.constraints()]
    drawn = [one for one, parts in wanted if parts <= readings.keys()]
    unused = tuple(one.name for one, parts in wanted if not parts <= readings.keys())
    names = sorted(set().union(*(parts for _, parts in wanted if parts <= readings.keys())))
    # Both None and nothing but None: an uncertainty of zero is an input to be refused, not a missing one.
    missing = tuple(name for name in names if readings[name].standard is None)
    figures = _figures(metering, readings)
    if missing or not drawn:
        return EnergyBalance(*figures, "", (), None, None, None, 0, {}, missing, unused)
    values = np.array([readings[name].value for name in names])
    standard = np.array([readings[name].standard for name in names], dtype=np.float64)
    network = Network(names, drawn)
    evidence = network.weigh(values, standard)
    candidates = [place for place, name in enumerate(names) if name not in metering.parameters]
    found = suspicions(evidence, candidates, alpha=alpha, confidence=confidence)
    best = network.adjusted(values, standard, left_out=[place for one in found for place in one.places])
    named = found[0].named if found else None
    return EnergyBalance(
        *figures,
        suspect="" if named is None else names[named],
        alternatives=tuple(tuple(names[place] for place in one.places) for one in found),
        chi_square=float(evidence.chi_square),
        chi_square_probability=chi_square_tail(float(evidence.chi_square), degrees=evidence.degrees),
        probability=alarm_probability(evidence, candidates),
        degrees=evidence.degrees,
        adjusted={
            name: (float(value), float(spread))
            for name, value, spread in zip(names, best.values, best.standard, strict=True)
            if np.isfinite(value)
        },
        missing=(),
        unused=unused,
    )


def reference_factors(balance: EnergyBalance, readings: Mapping[str, Reading]) -> dict[str, float]:
    """Return adjusted value over reading, from a long and quiet time, for `Reading.compared_with`.

    Parameters
    ----------
    balance
        Of the reference time.
    readings
        Those that it was drawn from.

    Raises
    ------
    ValueError
        If the balance has an alarm, or a reading is zero or less: such a time is no reference.
    """
    if balance.alternatives:
        raise ValueError("the balance of the reference time does not close. Remedy: take a time with no suspect.")
    positive(**{name: readings[name].value for name in balance.adjusted})
    return {name: value / readings[name].value for name, (value, _) in balance.adjusted.items()}


def _figures(
    metering: Metering, readings: Mapping[str, Reading]
) -> tuple[float | None, float | None, float | None, float | None, float | None]:
    """Return AC, DC and pots [kWh], loss and residual [%], each None where a reading is missing."""

    def read(name: str | None) -> float | None:
        return None if name is None or name not in readings else readings[name].value

    feeders = [read(name) for group in metering.groups for name in group.ac]
    known = [value for value in feeders if value is not None]
    ac = sum(known) if feeders and len(known) == len(feeders) else None
    charge = read(metering.charge[0]) if metering.charge else None
    volts = read(metering.voltage[0]) if metering.voltage else None
    pot_volts, busbar = read(metering.pots), read(metering.busbar)
    dc = None if charge is None or volts is None else charge * volts
    pots = None if charge is None or pot_volts is None else charge * pot_volts
    loss = None if not ac or dc is None else 100 * (ac - dc) / ac
    residual = None if not volts or pot_volts is None or busbar is None else 100 * (volts - pot_volts - busbar) / volts
    return ac, dc, pots, loss, residual
