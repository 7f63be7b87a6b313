"""The quiet past that a line's meters are compared with, and what has drifted since. Pure.

Classes allow a feeder to be wrong by some tenths of a percent for ever, but not to move by as much from one week to the
next. So the first whole days without a suspect are kept as the past: how much each reading was off there, and how the
feeders shared the load. Later readings are corrected by it, and then have only the little uncertainty of what may move.

A feeder without a DC meter of its own shows in the line with its share only: one of five that is 2 % wrong moves the
line's balance by 0.4 %. Which one it is, the shares tell: the error must lie where the load seems to have moved, and
as far. Shares move without a fault, too, when a rectifier is switched off or loaded otherwise; so they never raise
an alarm of their own, and only name among the meters that the balances suspect.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np

from collector.accounting import sums as adding
from collector.accounting.balance import Reading, reference_factors
from collector.accounting.line_balance import (
    BUSBARS,
    EFFICIENCY,
    SAME_TIME,
    LineMeters,
    blamed_meters,
    is_loaded,
    judged,
    line_readings,
    unknown_share,
)
from collector.accounting.metering import Metering
from collector.accounting.reconciliation import Constraint, Network, Term
from collector.accounting.sums import Sums
from collector.accounting.suspicion import suspicions
from collector.accounting.windows import Window
from collector.plant.balance import BalanceRules


class Past(msgspec.Struct, frozen=True):
    """The past of one line: first the days themselves, by their start [UTC ns], then what follows from all of them.

    ``made_for`` is the fingerprint of meters and settings; ``factors`` are adjusted values over readings [1];
    ``shares`` are each feeder's share of the AC energy, and how much it moved, as a standard uncertainty [1].
    """

    made_for: str
    days: dict[int, Sums] = {}
    factors: dict[str, float] = {}
    shares: dict[str, tuple[float, float]] = {}

    @property
    def is_known(self) -> bool:
        """Whether there were enough days."""
        return bool(self.factors)


def made_for(line: LineMeters, rules: BalanceRules) -> str:
    """Return the fingerprint of what a past is made for: with other meters or settings, another past begins."""
    accuracies = sorted((name, repr(line.accuracies[name])) for pair in line.feeders for name in pair if name)
    told = (line.feeders, line.line, accuracies, rules)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def past_of(body: str, line: LineMeters, rules: BalanceRules) -> Past:
    """Return the past that was kept as JSON, or an empty one where none was, or it was made for something else.

    Raises
    ------
    ValueError
        If it cannot be read.
    """
    fingerprint = made_for(line, rules)
    if not body:
        return Past(fingerprint)
    try:
        kept = msgspec.json.decode(body, type=Past)
    except msgspec.DecodeError as exc:
        what = "read the reference of a balance from the store"
        raise ValueError(f"{what}: {exc}; 'potline verify' tells whether the store is damaged") from exc
    return kept if kept.made_for == fingerprint else Past(fingerprint)


def with_day(past: Past, day: Window, sums: Sums, line: LineMeters, rules: BalanceRules) -> Past:
    """Return the past with a day of it more, if the day is whole and quiet, and more are needed.

    Parameters
    ----------
    day, sums
        A production day that is over, and its sums; one that is stated again replaces what was known of it.
    """
    if past.is_known or (rules.reference_from_ns is not None and day.start_ns < rules.reference_from_ns):
        return past
    days = {start: known for start, known in past.days.items() if start != day.start_ns}
    if _is_quiet(day, sums, line, rules):
        days[day.start_ns] = sums
    if len(days) < rules.reference_days:
        return msgspec.structs.replace(past, days=days)
    whole = adding.total(days.values())
    readings = line_readings(whole, line, rules, least_coverage_pct=0.0)
    told = judged(line.metering(whole), readings, rules)
    if told.alternatives:  # what no single day showed: the earliest makes room for another
        del days[min(days)]
        return msgspec.structs.replace(past, days=days)
    factors = reference_factors(told, readings)
    return msgspec.structs.replace(
        past, days={}, factors=factors, shares=_shares(list(days.values()), factors, line, rules)
    )


@dataclass(frozen=True, slots=True)
class Drift:
    """What has changed since the quiet past.

    ``groups``: for each error that was found, the meters that it can be in; ``probability``: how likely sound meters
    look at least this bad [1], None where nothing was compared.
    """

    groups: tuple[tuple[str, ...], ...] = ()
    probability: float | None = None


def drifted(past: Past, sums: Sums, line: LineMeters, rules: BalanceRules, *, least_coverage_pct: float) -> Drift:
    """Return what has changed since the quiet past.

    Parameters
    ----------
    sums
        Of a day or more: hours have loads of their own.
    least_coverage_pct
        As for `line_readings` [%].
    """
    if not past.is_known or rules.meters_move is None or rules.efficiency_moves is None:
        return Drift()
    # A DC meter that the past does not know would take its feeder out of the line's balance.
    metering = line.metering(sums, among=past.factors)
    known = line_readings(sums, line, rules, least_coverage_pct=least_coverage_pct)
    compared = {
        name: one.compared_with(past.factors[name], steady_relative=_movement(name, rules))
        for name, one in known.items()
        if name in past.factors
    }
    told = judged(metering, compared, rules)
    found = blamed_meters(told, line)
    if len(found) == 1 and len(found[0]) > 1:
        named = _named_by_shares(past, metering, compared, rules)
        if named in found[0]:
            found = ((named,),)
    return Drift(found, told.probability)


def _is_quiet(day: Window, sums: Sums, line: LineMeters, rules: BalanceRules) -> bool:
    whole = sums.minutes * 60 >= day.length_s and unknown_share(sums) == 0 and sums.pots_minutes in {0, sums.minutes}
    if not whole or not is_loaded(sums, rules):
        return False
    if sums.liquid_ac.estimated_s + sums.dc.estimated_s > SAME_TIME * day.length_s:
        return False
    readings = line_readings(sums, line, rules, least_coverage_pct=0.0)
    told = judged(line.metering(sums), readings, rules)
    return told.degrees > 0 and not told.alternatives


def _movement(name: str, rules: BalanceRules) -> float:
    """Return how much a reading may move without a fault [1]."""
    if name == EFFICIENCY:
        return rules.efficiency_moves or 0.0
    if name == BUSBARS:
        return (rules.busbar_relative if rules.busbar_moves is None else rules.busbar_moves) or 0.0
    return rules.meters_move or 0.0


def _shares(
    days: list[Sums], factors: Mapping[str, float], line: LineMeters, rules: BalanceRules
) -> dict[str, tuple[float, float]]:
    """Return each feeder's share of the AC energy, and how it moved from day to day; at least as a meter moves."""
    feeders = [feeder for feeder, _ in line.feeders if feeder in factors and all(feeder in day.meters for day in days)]
    if not feeders:
        return {}
    kwh = np.array([[day.meters[feeder].kwh * factors[feeder] for feeder in feeders] for day in days])
    share = kwh / kwh.sum(axis=1, keepdims=True)
    spread = np.std(share, axis=0, ddof=1) * _of_another_day(len(days))
    least = rules.meters_move or 0.0
    return {
        feeder: (float(mean), max(float(moved), least * float(mean)))
        for feeder, mean, moved in zip(feeders, share.mean(axis=0), spread, strict=True)
    }


def _of_another_day(days: int) -> float:
    """Return by what the spread of some days is less than what is to be expected of another one [1].

    The mean of the days is uncertain itself, and their spread is that of a few: Student's distribution (GUM, 4.2.3 and
    G.3), whose variance is ``v / (v - 2)`` with ``v`` degrees of freedom. Four days at least.
    """
    return math.sqrt((1 + 1 / days) * (days - 1) / (days - 3))


def _named_by_shares(past: Past, metering: Metering, readings: Mapping[str, Reading], rules: BalanceRules) -> str:
    """Return the feeder that balances and shares blame together; empty where they blame none, or one of several.

    Shares that did not move are no proof against the line's own meter: a load can move against an error.
    """
    feeders = [group.id for group in metering.groups]
    if set(feeders) != past.shares.keys() or len(feeders) < 2:
        return ""  # a rectifier is off, or another one on: the shares are others
    drawn = [one for one in metering.constraints() if one.readings <= readings.keys()]
    by_share = [
        Constraint(f"share {feeder}", (Term(1.0, feeder), *(Term(-1.0, other, _share_of(feeder)) for other in feeders)))
        for feeder in feeders
    ]
    shares = {_share_of(feeder): Reading(*past.shares[feeder]) for feeder in feeders}
    known = {**readings, **shares}
    constraints = [*drawn, *by_share]
    names = sorted(set().union(*(one.readings for one in constraints)))
    values = np.array([known[name].value for name in names])
    standard = np.array([known[name].standard for name in names], dtype=np.float64)
    evidence = Network(names, constraints).weigh(values, standard)
    fixed = {*metering.parameters, *shares}
    candidates = [place for place, name in enumerate(names) if name not in fixed]
    found = suspicions(evidence, candidates, alpha=rules.alpha, confidence=rules.confidence)
    named = found[0].named if len(found) == 1 else None
    return names[named] if named is not None and names[named] in feeders else ""


def _share_of(feeder: str) -> str:
    return f"share of {feeder}"
