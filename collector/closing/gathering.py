"""The inputs of minutes, from what the store keeps. Works on a connection, on the thread of whoever has one."""

import sqlite3
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collector.accounting.account import Effect, MinuteInputs
from collector.accounting.integrals import NOTHING, Amount, Shape, between
from collector.accounting.parameters import ROLE_OF, Role, meters_of
from collector.plant.topology import Plant, Potline
from collector.readings.cell import MINUTE_NS, Cell
from collector.readings.event import AnodeEffect, AnodeEffectKind, Weighing
from collector.readings.pots import PotsInputs
from collector.readings.quantity import Quantity
from collector.store import inputs

_KWH_PER_MWS = 1000 / 3600
_KAH_PER_KAS = 1 / 3600


@dataclass(frozen=True, slots=True)
class Measured:
    """A point that is booked: its name, what its cells hold, and what its amounts are multiplied by."""

    name: str
    shape: Shape
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the accounts of a potline are made of: energy by meter, charge, and the line's current."""

    potline: str
    pots: int
    energy: Mapping[str, Measured]
    charge: Measured | None
    current: Measured | None


def wanted(plant: Plant, potline: Potline) -> Wanted:
    """Return what a potline's accounts are made of: counters where a meter has one, else integrals."""
    energy: dict[str, Measured] = {}
    charge = current = None
    for meter in meters_of(plant, potline):
        here = {quantity: plant.points[place].name for quantity, place in plant.points.of(meter.id).items()}
        if ROLE_OF[meter.measures] is not Role.DC:
            energy[meter.id] = Measured(here[Quantity.ACTIVE_ENERGY_IMPORT], Shape.COUNTER)
            continue
        counted = Quantity.DC_ENERGY in here
        energy[meter.id] = (
            Measured(here[Quantity.DC_ENERGY], Shape.COUNTER)
            if counted
            else Measured(here[Quantity.DC_POWER], Shape.GAUGE, _KWH_PER_MWS)
        )
        current = Measured(here[Quantity.LINE_CURRENT], Shape.GAUGE)
        charge = (
            Measured(here[Quantity.DC_CHARGE], Shape.COUNTER)
            if Quantity.DC_CHARGE in here
            else Measured(here[Quantity.LINE_CURRENT], Shape.GAUGE, _KAH_PER_KAS)
        )
    return Wanted(potline.id, len(potline.pots), energy, charge, current)


@dataclass(frozen=True, slots=True)
class Gathered:
    """A minute's inputs. ``pots_known``: whether the pots in operation were noted when the minute was closed."""

    inputs: MinuteInputs
    pots_known: bool
    line_current_ka: float | None


def gather(
    db: sqlite3.Connection, what: Wanted, start_ns: int, minutes: int, *, longest_gap_s: float
) -> list[Gathered]:
    """Return the inputs of minutes in a row.

    Parameters
    ----------
    db
        The store.
    what
        What the potline's accounts are made of.
    start_ns, minutes
        The first minute [UTC ns] and how many.
    longest_gap_s
        A gap up to this long counts as covered.
    """
    end_ns = start_ns + minutes * MINUTE_NS
    starts = range(start_ns, end_ns, MINUTE_NS)
    measured = {*what.energy.values(), *(m for m in (what.charge, what.current) if m is not None)}
    amounts = {m: _amounts(inputs.cells_of(db, m.name, start_ns, end_ns), starts, m, longest_gap_s) for m in measured}
    pots = inputs.pots_between(db, what.potline, start_ns, end_ns)
    told = inputs.events_between(db, what.potline, start_ns, end_ns)
    effects: dict[int, list[Effect]] = {}
    tapped: dict[int, list[float]] = {}
    for event in told:
        minute = event.time_ns - event.time_ns % MINUTE_NS
        if isinstance(event, AnodeEffect):
            low = event.kind is AnodeEffectKind.LVAE
            effect = Effect(event.duration_s or 0.0, event.overvoltage_v_s or 0.0, low)
            effects.setdefault(minute, []).append(effect)
        elif isinstance(event, Weighing) and event.refused is None:
            tapped.setdefault(minute, []).append(event.net_kg)
    found = []
    for place, minute in enumerate(starts):
        current = amounts[what.current][place] if what.current else NOTHING
        found.append(
            Gathered(
                MinuteInputs(
                    start_ns=minute,
                    charge_kah=amounts[what.charge][place] if what.charge else None,
                    energy_kwh={meter: amounts[m][place] for meter, m in what.energy.items()},
                    pots=pots.get(minute, PotsInputs(what.pots)),
                    effects=tuple(effects.get(minute, ())),
                    tapped_kg=tuple(tapped.get(minute, ())),
                ),
                pots_known=minute in pots,
                line_current_ka=current.amount / current.known_s if current.known_s > 0 else None,
            )
        )
    return found


def _amounts(cells: Sequence[Cell], starts: range, what: Measured, longest_gap_s: float) -> list[Amount]:
    """Return the amount of each minute: of its cell, if it has one, and the lines to its neighbours."""
    minutes = [cell.minute_ns for cell in cells]
    found = []
    for start in starts:
        first = bisect_left(minutes, start)
        after = first + (first < len(minutes) and minutes[first] == start)
        near = cells[max(0, first - 1) : after + 1]
        amount = between(near, start, start + MINUTE_NS, shape=what.shape, longest_gap_s=longest_gap_s)
        if what.factor != 1.0:
            amount = Amount(amount.amount * what.factor, amount.covered_s, amount.estimated_s, amount.quality)
        found.append(amount)
    return found
