"""The inputs of the plant's minutes, from what the store keeps. Works on a connection, like ``gathering``."""

import sqlite3
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from collector.accounting.integrals import Amount, between
from collector.accounting.parameters import Measured
from collector.accounting.plant_account import PlantInputs
from collector.accounting.plant_parameters import PlantWanted
from collector.accounting.plant_sums import WHOLE_PLANT
from collector.accounting.sums import Sums
from collector.closing.book import stated
from collector.readings.cell import MINUTE_NS, Cell
from collector.store import inputs, ledger


@dataclass(frozen=True, slots=True)
class PlantGathered:
    """A minute's inputs. ``noted``: whether the minute was closed, and its inputs are still kept."""

    inputs: PlantInputs
    noted: bool


def gather_plant(db: sqlite3.Connection, what: PlantWanted, start_ns: int, minutes: int) -> list[PlantGathered]:
    """Return the inputs of minutes in a row.

    Parameters
    ----------
    db
        The store.
    what
        What the plant's account is made of.
    start_ns, minutes
        The first minute [UTC ns] and how many.
    """
    end_ns = start_ns + minutes * MINUTE_NS
    starts = range(start_ns, end_ns, MINUTE_NS)

    def amounts(measured: Measured) -> list[Amount]:
        return _amounts(inputs.cells_of(db, measured.point, start_ns, end_ns), starts, measured, what.longest_gap_s)

    energy = {meter.meter: amounts(meter.energy) for meter in what.meters}
    masses = [amounts(place.rate) for place in what.masses]
    lines: dict[int, dict[str, Sums]] = {}
    for potline in what.potlines:
        for record in ledger.latest_records(db, potline, "minute", start_ns, end_ns):
            lines.setdefault(record.start_ns, {})[potline] = stated(record).sums
    noted = inputs.pots_between(db, WHOLE_PLANT, start_ns, end_ns)
    return [
        PlantGathered(
            PlantInputs(
                start_ns=minute,
                energy_kwh={meter: found[place] for meter, found in energy.items()},
                masses_kg=tuple(found[place] for found in masses),
                lines=lines.get(minute, {}),
            ),
            noted=minute in noted,
        )
        for place, minute in enumerate(starts)
    ]


def _amounts(cells: Sequence[Cell], starts: range, what: Measured, longest_gap_s: float) -> list[Amount]:
    """Return the amount of each minute: of its cell, if it has one, and the lines to its neighbours."""
    minutes = [cell.minute_ns for cell in cells]
    found = []
    for start in starts:
        first = bisect_left(minutes, start)
        after = first + (first < len(minutes) and minutes[first] == start)
        amount = between(
            cells[max(0, first - 1) : after + 1],
            start,
            start + MINUTE_NS,
            shape=what.shape,
            longest_gap_s=longest_gap_s,
            modulus=what.modulus,
        )
        found.append(Amount(amount.amount * what.factor, amount.covered_s, amount.estimated_s, amount.quality))
    return found
