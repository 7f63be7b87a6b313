"""What the sums of a potline's window say to its balance: a reading for each meter, and what can be stated. Pure.

The line's meter shows current and voltage: two readings of one meter, the voltage as the mean that makes the energy
with the charge. The sum of the pot voltages is set against it in the minutes in which the pots were heard. A feeder
that takes nothing is left out.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from collector.accounting.balance import EnergyBalance, Reading, energy_balance
from collector.accounting.metering import Metering, RectifierGroup
from collector.accounting.sums import Sums
from collector.domain.uncertainty import rectangular
from collector.plant.accuracy import Accuracy
from collector.plant.balance import BalanceRules
from collector.plant.meter import Measures
from collector.plant.topology import Plant, Potline

EFFICIENCY, BUSBARS = "rectifier efficiency", "busbar voltage"
POTS = "pots"
"""Who is named where the sum of the pot voltages does not fit: it is no meter of its own."""

SAME_TIME = 0.001
"""Share of the minutes that may be known of one side only. At a load that is a quarter off in them, the loss moves by
0.025 % of the energy, a sixtieth of what rectifiers lose; with more, it would say nothing."""


@dataclass(frozen=True, slots=True)
class LineMeters:
    """The meters of a potline that the balance is drawn between.

    ``feeders`` and their DC meters, where they have one; ``line`` is the meter of the whole line's direct current.
    ``accuracies`` by meter.
    """

    feeders: tuple[tuple[str, str | None], ...]
    line: str | None
    accuracies: Mapping[str, Accuracy]

    @property
    def current(self) -> str:
        """Name of the reading of the line's current."""
        return f"{self.line} current"

    @property
    def voltage(self) -> str:
        """Name of the reading of the line's voltage."""
        return f"{self.line} voltage"

    def blamed(self, reading: str) -> str:
        """Return the meter that a reading is of."""
        return self.line if self.line is not None and reading in {self.current, self.voltage} else reading

    def metering(self, sums: Sums, *, among: Collection[str] | None = None) -> Metering:
        """Return what can be set against each other in a window: feeders that took something, and the line.

        A DC meter that was not heard all the time is left out: its feeder counts with the efficiency, then.

        Parameters
        ----------
        sums
            Of the window.
        among
            DC meters that may be taken; None: all of them.
        """
        groups = tuple(
            RectifierGroup(feeder, (feeder,), EFFICIENCY, self._heard(dc, sums, among))
            for feeder, dc in self.feeders
            if feeder in sums.meters and sums.meters[feeder].kwh > 0
        )
        if self.line is None:
            return Metering(groups, (), ())
        return Metering(groups, (self.current,), (self.voltage,), pots=POTS, busbar=BUSBARS)

    def silent(self, sums: Sums) -> tuple[str, ...]:
        """Return the DC meters behind feeders that took something which were not heard all the time."""
        heard = {group.id: group.dc for group in self.metering(sums).groups}
        return tuple(dc for feeder, dc in self.feeders if dc is not None and feeder in heard and heard[feeder] is None)

    @staticmethod
    def _heard(dc: str | None, sums: Sums, among: Collection[str] | None) -> str | None:
        if dc is None or (among is not None and dc not in among):
            return None
        return dc if is_heard(sums, dc) else None


def line_meters(plant: Plant, potline: Potline, rules: BalanceRules | None) -> LineMeters:
    """Return the meters of a potline's balance."""
    behind = dict(rules.dc_meters) if rules is not None else {}
    feeders = tuple((one.id, behind.get(one.id)) for one in plant.meters_on(potline, Measures.RECTIFIER_AC))
    line = plant.line_meter(potline)
    return LineMeters(feeders, None if line is None else line.id, {one.id: one.accuracy for one in plant.meters})


def line_readings(
    sums: Sums, line: LineMeters, rules: BalanceRules | None, *, least_coverage_pct: float
) -> dict[str, Reading]:
    """Return what each meter and parameter says of a window.

    Parameters
    ----------
    sums
        Of the window.
    line, rules
        Its meters, and what else is known of it; None: nothing is.
    least_coverage_pct
        Share of the minutes in which the pots must have been heard, for their voltages to be a reading [%].
    """
    found: dict[str, Reading] = {}
    unknown = unknown_share(sums)
    behind = [dc for _, dc in line.feeders if dc is not None and is_heard(sums, dc)]
    for meter in [*(feeder for feeder, _ in line.feeders), *behind]:
        counted = sums.meters.get(meter)
        if counted is not None and counted.kwh > 0:
            relative = line.accuracies[meter].relative_standard_uncertainty
            noise = math.hypot(rectangular(abs(counted.estimated_kwh)), counted.kwh * unknown)
            found[meter] = Reading(counted.kwh, _part(counted.kwh, relative), noise)
    if rules is not None:
        found[EFFICIENCY] = Reading(rules.efficiency, rules.efficiency * rules.efficiency_relative)
        if rules.busbar_v is not None:
            found[BUSBARS] = Reading(rules.busbar_v, _part(rules.busbar_v, rules.busbar_relative))
    if line.line is None or not (sums.charge_kah > 0 and sums.dc_kwh > 0):
        return found
    current, voltage = transducers(line.accuracies[line.line])
    bridged = rectangular(sums.dc.estimated_kwh / sums.dc_kwh)
    volts = sums.dc_kwh / sums.charge_kah
    found[line.current] = Reading(
        sums.charge_kah, _part(sums.charge_kah, current), sums.charge_kah * math.hypot(unknown, bridged)
    )
    found[line.voltage] = Reading(volts, _part(volts, voltage), volts * bridged)
    heard = sums.pots_minutes / sums.minutes
    if sums.pots_dc_kwh > 0 and sums.pots_kwh > 0 and 100 * heard >= least_coverage_pct:
        pots = volts * sums.pots_kwh / sums.pots_dc_kwh
        relative = None if rules is None else rules.pots_relative
        found[POTS] = Reading(pots, _part(pots, relative), pots * rectangular(1 - heard))
    return found


def transducers(accuracy: Accuracy) -> tuple[float | None, float | None]:
    """Return the relative standard uncertainties of a DC meter's current and voltage [1].

    Where only that of the whole is known, each is taken to be as large: neither can be larger.
    """
    if accuracy.whole is not None:
        return accuracy.whole, accuracy.whole
    parts = [part for part in (accuracy.voltage, accuracy.meter) if part is not None]
    return accuracy.current, math.hypot(*parts) if accuracy.voltage is not None else None


def is_heard(sums: Sums, dc: str) -> bool:
    """Tell whether a DC meter behind a rectifier group speaks of the same time of a window as the feeders."""
    counted = sums.meters.get(dc)
    return counted is not None and counted.kwh > 0 and counted.minutes >= (1 - SAME_TIME) * sums.minutes


def unknown_share(sums: Sums) -> float:
    """Return the share of the minutes in which AC or DC is not known [1]."""
    return 1 - min(sums.dc.minutes, sums.liquid_ac.minutes) / sums.minutes if sums.minutes else 1.0


def is_told(sums: Sums, *, length_s: float, least_coverage_pct: float) -> bool:
    """Tell whether AC and DC speak of the same time of a window, and of enough of it, to be set against each other."""
    known = min(sums.dc.minutes, sums.liquid_ac.minutes)
    return unknown_share(sums) <= SAME_TIME and 100 * 60 * known >= least_coverage_pct * length_s - 1e-6


def is_loaded(sums: Sums, rules: BalanceRules) -> bool:
    """Tell whether the mean current of a window is one that the rectifiers' efficiency is known for."""
    return sums.dc.minutes > 0 and sums.charge_kah * 60 / sums.dc.minutes >= rules.least_current_ka


def judged(metering: Metering, readings: Mapping[str, Reading], rules: BalanceRules) -> EnergyBalance:
    """Return the balance with its suspicion; balances are tested whose readings all have an uncertainty.

    ``missing`` names the others, which are not tested.
    """
    told = energy_balance(metering, readings, alpha=rules.alpha, confidence=rules.confidence)
    if not told.missing:
        return told
    sure = {name: one for name, one in readings.items() if one.standard is not None}
    tested = energy_balance(metering, sure, alpha=rules.alpha, confidence=rules.confidence)
    return EnergyBalance(
        ac_kwh=told.ac_kwh,
        dc_kwh=told.dc_kwh,
        pots_kwh=told.pots_kwh,
        rectifier_loss_pct=told.rectifier_loss_pct,
        residual_pct=told.residual_pct,
        suspect=tested.suspect,
        alternatives=tested.alternatives,
        chi_square=tested.chi_square,
        chi_square_probability=tested.chi_square_probability,
        probability=tested.probability,
        degrees=tested.degrees,
        adjusted=tested.adjusted,
        missing=told.missing,
        unused=tested.unused,
    )


def blamed_meters(balance: EnergyBalance, line: LineMeters) -> tuple[tuple[str, ...], ...]:
    """Return for each error that was found the meters that it can be in; a meter's current and voltage are one."""
    return tuple(tuple(dict.fromkeys(line.blamed(name) for name in group)) for group in balance.alternatives)


def _part(value: float, relative: float | None) -> float | None:
    return None if relative is None else value * relative
