"""Computing entries again from the inputs that are kept: to check the ledger, and to see what a restatement changes.

Works on a connection, and writes nothing.
"""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from collector.accounting import parameters as keeping
from collector.accounting.account import account_minute
from collector.accounting.parameters import Parameters, Wanted
from collector.accounting.sums import Sums
from collector.accounting.windows import DAY_NS
from collector.closing.book import Stated, stated
from collector.closing.gathering import gather
from collector.readings.cell import MINUTE_NS
from collector.store import inputs, ledger
from collector.store.commit import LedgerRecord

ParametersOf = Callable[[int, Stated], Parameters | None]
"""Which parameters to compute a minute with, given its start and what is stated of it; None: none are known."""


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A minute of the ledger in force, and what its inputs give now. ``sums`` None: inputs or parameters are gone."""

    minute_ns: int
    known: Stated
    sums: Sums | None

    @property
    def differs(self) -> bool:
        """Whether it comes out differently."""
        return self.sums is not None and not same(self.sums, self.known.sums)


def same(sums: Sums, known: Sums) -> bool:
    """Tell whether two sums say the same, whatever was stated again."""
    return msgspec.structs.replace(sums, restated=known.restated) == known


def recomputed(
    db: sqlite3.Connection, potline: str, start_ns: int, end_ns: int, parameters_of: ParametersOf
) -> Iterator[Recomputed]:
    """Compute the minutes of a potline again that are in the ledger, in order.

    Parameters
    ----------
    db
        The store.
    potline, start_ns, end_ns
        Which minutes [UTC ns].
    parameters_of
        Which parameters to compute each with.
    """
    for day_ns in range(start_ns - start_ns % DAY_NS, end_ns, DAY_NS):
        first, last = max(start_ns, day_ns), min(end_ns, day_ns + DAY_NS)
        records = {
            record.start_ns: entry
            for record in ledger.latest_records(db, potline, "minute", first, last)
            if (entry := _readable(record)) is not None
        }
        kept = inputs.pots_between(db, potline, first, last)
        used = {minute: parameters_of(minute, entry) if minute in kept else None for minute, entry in records.items()}
        for minutes in _runs(used):
            parameters = used[minutes[0]]
            if parameters is None:
                yield from (Recomputed(minute, records[minute], None) for minute in minutes)
                continue
            for gathered in gather(db, parameters.wanted, minutes[0], len(minutes)):
                minute = gathered.inputs.start_ns
                known, own = records[minute], used[minute]
                sums = account_minute(gathered.inputs, own or parameters, restated=known.revision > 1)
                yield Recomputed(minute, known, sums)


def _runs(used: dict[int, Parameters | None]) -> list[list[int]]:
    """Return minutes in a row that are made of the same points: they are read at once."""
    runs: list[list[int]] = []
    for minute in sorted(used):
        wanted = _wanted(used[minute])
        if runs and runs[-1][-1] + MINUTE_NS == minute and _wanted(used[runs[-1][-1]]) == wanted:
            runs[-1].append(minute)
        else:
            runs.append([minute])
    return runs


def _wanted(parameters: Parameters | None) -> Wanted | None:
    return None if parameters is None else parameters.wanted


def _readable(record: LedgerRecord) -> Stated | None:
    """Return what a record says; None where it cannot be read, which its digest tells as well."""
    try:
        return stated(record)
    except msgspec.DecodeError:  # a ValidationError is one, too
        return None


class KeptParameters:
    """The parameters that entries name, read once each."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._known: dict[str, Parameters | None] = {}

    def __call__(self, minute_ns: int, entry: Stated) -> Parameters | None:
        """Return those of a minute, or None if they are not kept or are not what their digest says."""
        del minute_ns
        return self.named(entry.parameters[0]) if len(entry.parameters) == 1 else None

    def named(self, name: str) -> Parameters | None:
        """Return those of a digest, or None if they are not kept or are not what it says."""
        if name not in self._known:
            body = ledger.parameters(self._db, name)
            found = None if body is None else keeping.decoded(body)
            self._known[name] = found if found is not None and keeping.digest(found) == name else None
        return self._known[name]


def differences(known: Sums, found: Sums) -> list[str]:
    """Return in words what differs: the first few quantities, plain numbers first."""
    names = [name for name in Sums.__struct_fields__ if getattr(known, name) != getattr(found, name)]
    plain = [name for name in names if isinstance(getattr(known, name), int | float)]
    words = [f"{name} {getattr(known, name):.6g}, now {getattr(found, name):.6g}" for name in plain[:3]]
    rest = len(names) - len(words)
    return words + ([f"and {rest} more"] if words and rest else []) or [f"{', '.join(names)} differ"]
