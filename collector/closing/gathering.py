"""The inputs of minutes, from what the store keeps. Works on a connection, on the thread of whoever has one."""

import sqlite3
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from collector.accounting.account import Effect, MinuteInputs, StartupEffect
from collector.accounting.effect_counting import REACH_NS, counted
from collector.accounting.integrals import NOTHING, Amount, between
from collector.accounting.parameters import Measured, Wanted
from collector.readings.cell import MINUTE_NS, Cell, minute_of
from collector.readings.event import AnodeEffect, AnodeEffectKind, Weighing
from collector.readings.pots import PotMinute, PotsInputs, digest_of
from collector.store import inputs, pot_minutes


@dataclass(frozen=True, slots=True)
class Gathered:
    """A minute's inputs. ``pots_known``: whether the pots in operation were noted when the minute was closed.

    ``pot_minute``: what the pots told by themselves, where it is asked for and still kept.
    """

    inputs: MinuteInputs
    pots_known: bool
    line_current_ka: float | None
    pot_minute: PotMinute | None = None


def gather(db: sqlite3.Connection, what: Wanted, start_ns: int, minutes: int) -> list[Gathered]:
    """Return the inputs of minutes in a row.

    Parameters
    ----------
    db
        The store.
    what
        What the potline's accounts are made of.
    start_ns, minutes
        The first minute [UTC ns] and how many.
    """
    end_ns = start_ns + minutes * MINUTE_NS
    starts = range(start_ns, end_ns, MINUTE_NS)
    measured = {*(m.energy for m in what.meters), *(m for m in (what.charge, what.current) if m is not None)}
    amounts = {
        m: amounts_of(inputs.cells_of(db, m.point, start_ns, end_ns), starts, m, what.conventions.longest_gap_s)
        for m in measured
    }
    pots = inputs.pots_between(db, what.potline, start_ns, end_ns)
    effects: dict[int, list[Effect]] = {}
    for each in _counted(db, what, start_ns, end_ns):
        low = each.kind is AnodeEffectKind.LVAE
        in_startup = any(one.pot == each.pot and one.holds(each.time_ns) for one in what.startups)
        kind = StartupEffect if in_startup else Effect
        effect = kind(each.duration_s or 0.0, each.overvoltage_v_s or 0.0, low)
        effects.setdefault(minute_of(each.time_ns), []).append(effect)
    tapped: dict[int, list[float]] = {}
    for event in inputs.events_between(db, what.potline, start_ns, end_ns):
        if isinstance(event, Weighing) and event.refused is None:
            tapped.setdefault(minute_of(event.time_ns), []).append(event.net_kg)
    found = []
    for place, minute in enumerate(starts):
        current = amounts[what.current][place] if what.current else NOTHING
        found.append(
            Gathered(
                MinuteInputs(
                    start_ns=minute,
                    charge_kah=amounts[what.charge][place] if what.charge else None,
                    energy_kwh={m.meter: amounts[m.energy][place] for m in what.meters},
                    pots=pots.get(minute, PotsInputs(what.pots)),
                    effects=tuple(effects.get(minute, ())),
                    tapped_kg=tuple(tapped.get(minute, ())),
                ),
                pots_known=minute in pots,
                line_current_ka=current.amount / current.known_s if current.known_s > 0 else None,
            )
        )
    return found


def gather_with_pots(
    db: sqlite3.Connection, what: Wanted, pots: tuple[str, ...], start_ns: int, minutes: int
) -> list[Gathered]:
    """Return the inputs of minutes in a row, with what the pots themselves told where it is still kept.

    Parameters
    ----------
    db, what, start_ns, minutes
        As for `gather`.
    pots
        Those of the line today: what was told of others is left out.
    """
    told = pot_minutes.between(db, what.potline, start_ns, start_ns + minutes * MINUTE_NS)
    mine = {minute: each for minute, each in told.items() if each.pots == digest_of(pots)}
    return [replace(each, pot_minute=mine.get(each.inputs.start_ns)) for each in gather(db, what, start_ns, minutes)]


def _counted(db: sqlite3.Connection, what: Wanted, start_ns: int, end_ns: int) -> list[AnodeEffect]:
    """Return the anode effects that began in an interval and count: what two tell is one."""
    if not inputs.effects_between(db, what.potline, start_ns, end_ns):
        return []
    around = inputs.effects_between(db, what.potline, start_ns - REACH_NS, end_ns + REACH_NS)
    agreed = what.conventions
    found = counted(around, same_within_s=agreed.same_within_s, precedence=agreed.precedence)
    return [effect for effect in found.effects if start_ns <= effect.time_ns < end_ns]


def amounts_of(cells: Sequence[Cell], starts: range, what: Measured, longest_gap_s: float) -> list[Amount]:
    """Return the amount of each minute: of its cell, if it has one, and the lines to its neighbours.

    Parameters
    ----------
    cells
        Of the point, in order, with the nearest one before and after the minutes.
    starts
        The starts of the minutes [UTC ns].
    what
        What the cells hold.
    longest_gap_s
        A gap between readings up to this long counts as covered [s].
    """
    minutes = [cell.minute_ns for cell in cells]
    found = []
    for start in starts:
        first = bisect_left(minutes, start)
        after = first + (first < len(minutes) and minutes[first] == start)
        near = cells[max(0, first - 1) : after + 1]
        amount = between(
            near,
            start,
            start + MINUTE_NS,
            shape=what.shape,
            longest_gap_s=longest_gap_s,
            modulus=what.modulus,
        )
        if what.factor != 1.0:
            amount = Amount(amount.amount * what.factor, amount.covered_s, amount.estimated_s, amount.quality)
        found.append(amount)
    return found


def runs(marked: Iterable[tuple[str, int]]) -> list[tuple[tuple[str, int], int]]:
    """Return unbroken runs of minutes: the first of each and how many."""
    found: list[tuple[tuple[str, int], int]] = []
    for potline, minute in sorted(marked):
        if found:
            (last, start_ns), count = found[-1]
            if last == potline and start_ns + count * MINUTE_NS == minute:
                found[-1] = ((last, start_ns), count + 1)
                continue
        found.append(((potline, minute), 1))
    return found
