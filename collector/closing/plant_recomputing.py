"""Computing the plant's entries again from the inputs that are kept: for checks and restatements. Writes nothing."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from collector.accounting.intensity import Metal
from collector.accounting.metal_basis import MetalBasis
from collector.accounting.plant_account import account_plant_minute
from collector.accounting.plant_parameters import PlantParameters, decoded, digest
from collector.accounting.plant_sums import WHOLE_PLANT, PlantSums, plant_total
from collector.accounting.sums import Sums
from collector.accounting.windows import DAY_NS, Window
from collector.closing.auditing import Account, Checked, Doubt, Entry, Made, is_waiting
from collector.closing.book import stated
from collector.closing.plant_book import PlantStated, plant_stated
from collector.closing.plant_closer import same
from collector.closing.plant_entries import plant_record
from collector.closing.plant_gathering import gather_plant
from collector.closing.tonnage import BY_WEIGHT
from collector.readings.cell import MINUTE_NS
from collector.store import ledger
from collector.store.commit import LedgerRecord


@dataclass(frozen=True, slots=True)
class PlantRecomputed:
    """A minute of the plant in force, and what its inputs give now. ``sums`` None: inputs or parameters are gone."""

    minute_ns: int
    known: PlantStated
    sums: PlantSums | None

    @property
    def differs(self) -> bool:
        """Whether it comes out differently."""
        return self.sums is not None and not same(self.sums, self.known.sums)


def recomputed_plant(
    db: sqlite3.Connection,
    start_ns: int,
    end_ns: int,
    parameters_of: Callable[[PlantStated], PlantParameters | None],
    instead: Mapping[tuple[str, int], Sums] = MappingProxyType({}),
) -> Iterator[PlantRecomputed]:
    """Compute the minutes of the plant again that are in the ledger, in order.

    Parameters
    ----------
    db
        The store.
    start_ns, end_ns
        Which minutes [UTC ns].
    parameters_of
        Which parameters to compute each with; None: none are known.
    instead
        What counts in place of what the ledger says of minutes of potlines (potline, start).
    """
    for day_ns in range(start_ns - start_ns % DAY_NS, end_ns, DAY_NS):
        entries = _entries(db, "minute", max(start_ns, day_ns), min(end_ns, day_ns + DAY_NS))
        used = {minute: parameters_of(entry) for minute, entry in entries.items()}
        for parameters, minutes in _runs(used):
            if parameters is None:
                yield from (PlantRecomputed(minute, entries[minute], None) for minute in minutes)
                continue
            for gathered in gather_plant(db, parameters.wanted, minutes[0], len(minutes), instead=instead):
                minute = gathered.inputs.start_ns
                known, sums = entries[minute], None
                if gathered.noted:
                    sums = account_plant_minute(gathered.inputs, parameters, restated=known.revision > 1)
                yield PlantRecomputed(minute, known, sums)


def doubtful_minutes(db: sqlite3.Connection, checked: Checked) -> Iterator[Doubt]:
    """Yield the minutes of the plant that their inputs, and its potlines' minutes, do not give."""
    query = "SELECT min(start_ns), max(start_ns) FROM ledger WHERE window = 'minute' AND potline = ?"
    first_ns, last_ns = db.execute(query, (WHOLE_PLANT,)).fetchone()
    if first_ns is None:
        return
    kept: dict[str, PlantParameters | None] = {}
    for minute in recomputed_plant(db, first_ns, last_ns + MINUTE_NS, lambda entry: _kept(db, entry, kept)):
        checked.minutes += minute.sums is not None
        checked.without_inputs += minute.sums is None
        if minute.sums is None or not minute.differs:
            continue
        if is_waiting(db, WHOLE_PLANT, minute.minute_ns, minute.minute_ns + MINUTE_NS):
            checked.waiting += 1
        else:
            what = f"its inputs give something else: {_differences(minute.known.sums, minute.sums)}"
            yield Doubt(WHOLE_PLANT, "minute", minute.minute_ns, what)


def _runs(used: Mapping[int, PlantParameters | None]) -> Iterator[tuple[PlantParameters | None, list[int]]]:
    """Yield minutes in a row with the same parameters: they are read at once."""
    run: list[int] = []
    for minute in sorted(used):
        if run and (run[-1] + MINUTE_NS != minute or used[run[-1]] != used[minute]):
            yield used[run[-1]], run
            run = []
        run.append(minute)
    if run:
        yield used[run[-1]], run


def _kept(
    db: sqlite3.Connection, entry: PlantStated, kept: dict[str, PlantParameters | None]
) -> PlantParameters | None:
    """Return the parameters that an entry names; None if they are not kept or are not what their digest says."""
    if len(entry.parameters) != 1:
        return None
    [name] = entry.parameters
    if name not in kept:
        body = ledger.parameters(db, name)
        found = None if body is None else decoded(body)
        kept[name] = found if found is not None and digest(found) == name else None
    return kept[name]


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


_UNCERTAINTY = frozenset({"metal_standard_uncertainty_t", "expanded_relative_uncertainty", "not_configured"})


class _Said(msgspec.Struct):
    """What the body of a longer window says beside its sums."""

    told: tuple[str, ...] = ()


def plant_account(db: sqlite3.Connection) -> Account[PlantSums]:
    """Return how the longer windows of the plant are read, added up and made again.

    Its metal is what the ledger says that its potlines state. What was told of factors, and how well weighed metal is
    known, follows from settings and not from the ledger: these are taken as they stand and counted.
    """

    def make(window: Window, sums: PlantSums, digests: tuple[str, ...], body: bytes) -> Made:
        metals = _metals(db, window) if window.name in BY_WEIGHT else {}
        told = msgspec.json.decode(body, type=_Said).told
        record = plant_record(window, sums, revision=1, reason="", parameters=digests, metal=metals, told=told)
        return Made(record.body, _UNCERTAINTY if metals else frozenset())

    return Account(WHOLE_PLANT, _entry, plant_total, make, _differences)


def _metals(db: sqlite3.Connection, window: Window) -> dict[str, Metal]:
    """Return how the potlines state their metal, those that do not do so by charge."""
    query = "SELECT DISTINCT potline FROM ledger WHERE potline <> ? AND window = ? AND start_ns = ?"
    potlines = [name for (name,) in db.execute(query, (WHOLE_PLANT, window.name, window.start_ns)).fetchall()]
    found = {}
    for potline in potlines:
        for record in ledger.latest_records(db, potline, window.name, window.start_ns, window.start_ns + 1):
            metal = stated(record).metal
            if metal.basis is not MetalBasis.FARADAY:
                found[potline] = metal
    return found


def _entry(record: LedgerRecord) -> Entry[PlantSums]:
    said = plant_stated(record)
    return Entry(said.sums, said.parameters)
