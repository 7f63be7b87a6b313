"""Computing the plant's entries again from the inputs that are kept: to check the ledger. Writes nothing."""

import sqlite3
from collections.abc import Iterator, Mapping

import msgspec

from collector.accounting.plant_account import account_plant_minute
from collector.accounting.plant_parameters import PlantParameters, decoded, digest
from collector.accounting.plant_sums import WHOLE_PLANT, PlantSums, plant_total
from collector.accounting.windows import DAY_NS
from collector.closing.plant_book import PlantStated, plant_stated
from collector.closing.plant_closer import same
from collector.closing.plant_gathering import gather_plant
from collector.closing.recomputing import Checked, Doubt
from collector.store import ledger
from collector.store.commit import LedgerRecord


def check_plant(db: sqlite3.Connection, checked: Checked) -> Iterator[Doubt]:
    """Compute every minute of the plant again whose inputs are kept, and add up every hour that has its minutes."""
    query = "SELECT min(start_ns), max(start_ns) FROM ledger WHERE window = 'minute' AND potline = ?"
    first_ns, last_ns = db.execute(query, (WHOLE_PLANT,)).fetchone()
    if first_ns is None:
        return
    kept: dict[str, PlantParameters | None] = {}
    for day_ns in range(first_ns - first_ns % DAY_NS, last_ns + 1, DAY_NS):
        minutes = _entries(db, "minute", day_ns, day_ns + DAY_NS)
        for minute, entry in minutes.items():
            found = _computed(db, minute, entry, kept)
            checked.minutes += found is not None
            checked.without_inputs += found is None
            if found is not None and not same(found, entry.sums):
                what = f"its inputs give something else: {_differences(entry.sums, found)}"
                yield Doubt(WHOLE_PLANT, "minute", minute, what)
    for day_ns in range(first_ns - first_ns % DAY_NS, last_ns + 1, DAY_NS):
        for record in ledger.latest_records(db, WHOLE_PLANT, "hour", day_ns, day_ns + DAY_NS):
            end_ns = record.start_ns + record.length_s * 1_000_000_000
            known = _readable(record)
            parts = _entries(db, "minute", record.start_ns, end_ns)
            sums = plant_total(part.sums for part in parts.values())
            if known is not None and sums.minutes == known.sums.minutes and sums != known.sums:
                what = f"its minutes add up to something else: {_differences(known.sums, sums)}"
                yield Doubt(WHOLE_PLANT, "hour", record.start_ns, what)


def _computed(
    db: sqlite3.Connection, minute: int, entry: PlantStated, kept: dict[str, PlantParameters | None]
) -> PlantSums | None:
    """Return what the inputs of a minute give now; None where they, or its parameters, are gone."""
    if len(entry.parameters) != 1:
        return None
    [name] = entry.parameters
    if name not in kept:
        body = ledger.parameters(db, name)
        found = None if body is None else decoded(body)
        kept[name] = found if found is not None and digest(found) == name else None
    parameters = kept[name]
    if parameters is None:
        return None
    [gathered] = gather_plant(db, parameters.wanted, minute, 1)
    if not gathered.noted:
        return None
    return account_plant_minute(gathered.inputs, parameters, restated=entry.revision > 1)


def _entries(db: sqlite3.Connection, window: str, start_ns: int, end_ns: int) -> Mapping[int, PlantStated]:
    records = ledger.latest_records(db, WHOLE_PLANT, window, start_ns, end_ns)
    return {record.start_ns: entry for record in records if (entry := _readable(record)) is not None}


def _readable(record: LedgerRecord) -> PlantStated | None:
    """Return what a record says; None where it cannot be read, which its digest tells as well."""
    try:
        return plant_stated(record)
    except msgspec.DecodeError:  # a ValidationError is one, too
        return None


def _differences(known: PlantSums, found: PlantSums) -> str:
    """Return which of the sums differ."""
    return ", ".join(name for name in PlantSums.__struct_fields__ if getattr(known, name) != getattr(found, name))
