"""The inputs of the plant's minutes, from what the store keeps. Works on a connection, like ``gathering``."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from collector.accounting.integrals import Amount
from collector.accounting.parameters import Measured
from collector.accounting.plant_account import PlantInputs
from collector.accounting.plant_parameters import PlantWanted
from collector.accounting.plant_sums import WHOLE_PLANT
from collector.accounting.sums import Sums
from collector.closing.book import stated
from collector.closing.gathering import amounts_of
from collector.readings.cell import MINUTE_NS
from collector.store import inputs, ledger


@dataclass(frozen=True, slots=True)
class PlantGathered:
    """A minute's inputs. ``noted``: whether the minute was closed, and its inputs are still kept."""

    inputs: PlantInputs
    noted: bool


def gather_plant(
    db: sqlite3.Connection,
    what: PlantWanted,
    start_ns: int,
    minutes: int,
    *,
    instead: Mapping[tuple[str, int], Sums] = MappingProxyType({}),
) -> list[PlantGathered]:
    """Return the inputs of minutes in a row.

    Parameters
    ----------
    db
        The store.
    what
        What the plant's account is made of.
    start_ns, minutes
        The first minute [UTC ns] and how many.
    instead
        What counts in place of what the ledger says of minutes of potlines (potline, start).
    """
    end_ns = start_ns + minutes * MINUTE_NS
    starts = range(start_ns, end_ns, MINUTE_NS)

    def amounts(measured: Measured) -> list[Amount]:
        return amounts_of(inputs.cells_of(db, measured.point, start_ns, end_ns), starts, measured, what.longest_gap_s)

    energy = {meter.meter: amounts(meter.energy) for meter in what.meters}
    masses = [amounts(place.rate) for place in what.masses]
    lines: dict[int, dict[str, Sums]] = {}
    for potline in what.potlines:
        for record in ledger.latest_records(db, potline, "minute", start_ns, end_ns):
            sums = instead.get((potline, record.start_ns))
            lines.setdefault(record.start_ns, {})[potline] = stated(record).sums if sums is None else sums
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
