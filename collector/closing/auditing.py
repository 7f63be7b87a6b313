"""Longer windows computed again from the entries that they stand on: hours from minutes, days from hours and so on.

Works on a connection, and writes nothing. What a window is made of is read from the ledger, not from the calendar as it
is configured now: a ledger that was made by another calendar is as whole as it was. The whole body is made again and
compared, so nothing in it can be changed unseen: sums, parameters, weighed metal, uncertainty. What can no longer be
made again, because minutes or events were let go of, is counted, and so is what a minute that is marked still changes.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from collector.accounting.windows import DAY_NS, HOUR_NS, Window
from collector.readings.cell import MINUTE_NS
from collector.store import ledger
from collector.store.commit import LedgerRecord

NAMES = ("hour", "shift", "day", "month")
"""The windows that have entries, each after those that it is made of."""

_PART = {"hour": "minute", "shift": "hour", "day": "hour", "month": "day"}
_PAGE_NS = {"hour": 4 * DAY_NS, "shift": 32 * DAY_NS, "day": 32 * DAY_NS, "month": 400 * DAY_NS}
_LONGEST_NS = {"hour": HOUR_NS, "day": 27 * HOUR_NS, "month": 31 * DAY_NS + 3 * HOUR_NS}
"""No window of a name is longer; of shifts it is not known, and there may be none for a while [ns]."""

_S = TypeVar("_S")


@dataclass(frozen=True, slots=True)
class Doubt:
    """An entry that is not what its inputs, or its parts, give."""

    potline: str
    window: str
    start_ns: int
    what: str


@dataclass(slots=True)
class Checked:
    """What was computed again, and what could not be.

    ``minutes`` and ``windows`` were. ``without_inputs``: minutes whose inputs or parameters are no longer kept;
    ``without_parts``: windows whose minutes are not; ``in_part``: windows of which all was computed again but the
    uncertainty or the weighed metal; ``waiting``: minutes that are marked to be stated again, and windows with such.
    """

    minutes: int = 0
    without_inputs: int = 0
    windows: int = 0
    without_parts: int = 0
    in_part: int = 0
    waiting: int = 0

    @property
    def looked_at(self) -> int:
        """How many minutes and windows were looked at."""
        return self.minutes + self.without_inputs + self.windows + self.without_parts


@dataclass(frozen=True, slots=True)
class Entry(Generic[_S]):
    """What a record says: its sums and the digests of its parameters."""

    sums: _S
    parameters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A body that was made again. ``unknown``: keys of it that cannot be made again."""

    body: bytes
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Account(Generic[_S]):
    """How the entries of a potline, or of the plant, are read, added up, made again and compared."""

    potline: str
    read: Callable[[LedgerRecord], Entry[_S]]
    total: Callable[[Sequence[_S]], _S]
    make: Callable[[Window, _S, tuple[str, ...], bytes], Made]
    differences: Callable[[_S, _S], str]


def audit(db: sqlite3.Connection, account: Account[_S], checked: Checked) -> Iterator[Doubt]:
    """Yield the longer windows of a potline or of the plant that are not what they stand on, and those that lack.

    Parameters
    ----------
    db
        The store.
    account
        Whose, and how it is computed.
    checked
        Counts what was computed again.
    """
    first_ns, last_ns = db.execute(
        "SELECT min(start_ns), max(start_ns) FROM ledger WHERE potline = ? AND window = 'minute'", (account.potline,)
    ).fetchone()
    let_go_ns = _let_go_until(db)
    for name in NAMES:
        yield from _lacking_revisions(db, account.potline, name)
        end_ns: int | None = None
        for record in _records(db, account.potline, name):
            if end_ns is not None and record.start_ns > end_ns and name in _LONGEST_NS:
                yield Doubt(account.potline, name, end_ns, "there is none, though there are some before and after it")
            if end_ns is None and first_ns is not None and record.start_ns > first_ns and name in _LONGEST_NS:
                yield Doubt(account.potline, name, first_ns, "there is none, though there are minutes")
            end_ns = max(end_ns or 0, record.start_ns + record.length_s * 1_000_000_000)
            yield from _audited(db, account, record, let_go_ns, checked)
        if first_ns is not None and name in _LONGEST_NS:
            since_ns = first_ns if end_ns is None else end_ns
            if last_ns + MINUTE_NS - since_ns >= _LONGEST_NS[name]:
                yield Doubt(account.potline, name, since_ns, "there is none, though there are minutes")


def is_waiting(db: sqlite3.Connection, potline: str, start_ns: int, end_ns: int) -> bool:
    """Tell whether a minute of an interval is marked to be stated again, or its windows are."""
    query = "SELECT 1 FROM dirty WHERE potline = ? AND minute_ns >= ? AND minute_ns < ? LIMIT 1"
    return db.execute(query, (potline, start_ns, end_ns)).fetchone() is not None


def _lacking_revisions(db: sqlite3.Connection, potline: str, name: str) -> Iterator[Doubt]:
    query = (
        "SELECT start_ns FROM ledger WHERE potline = ? AND window = ?"
        " GROUP BY start_ns HAVING count(*) <> max(revision) ORDER BY start_ns"
    )
    for (start_ns,) in db.execute(query, (potline, name)):
        yield Doubt(potline, name, start_ns, "a revision before the last one is missing")


def _records(db: sqlite3.Connection, potline: str, name: str) -> Iterator[LedgerRecord]:
    first_ns, last_ns = db.execute(
        "SELECT min(start_ns), max(start_ns) FROM ledger WHERE potline = ? AND window = ?", (potline, name)
    ).fetchone()
    if first_ns is not None:
        for start_ns in range(first_ns, last_ns + 1, _PAGE_NS[name]):
            yield from ledger.latest_records(db, potline, name, start_ns, min(start_ns + _PAGE_NS[name], last_ns + 1))


def _let_go_until(db: sqlite3.Connection) -> int:
    """Return the start of the oldest minute that is kept, where minutes were let go of [ns]; some of it may be gone."""
    if db.execute("SELECT 1 FROM gap LIMIT 1").fetchone() is None:
        return 0
    oldest = db.execute("SELECT min(start_ns) FROM ledger WHERE window = 'minute'").fetchone()[0]
    return 2**63 - 1 if oldest is None else int(oldest) + 1


def _audited(
    db: sqlite3.Connection, account: Account[_S], record: LedgerRecord, let_go_ns: int, checked: Checked
) -> Iterator[Doubt]:
    potline, end_ns = account.potline, record.start_ns + record.length_s * 1_000_000_000
    window = Window(record.window, record.start_ns, end_ns)
    try:
        known = account.read(record)
        parts, is_gone = _parts(db, account, window, let_go_ns)
    except msgspec.DecodeError as exc:
        yield Doubt(potline, window.name, window.start_ns, f"it, or a part of it, cannot be read: {exc}")
        return
    sums = account.total([part.sums for part in parts])
    digests = tuple(sorted({digest for part in parts for digest in part.parameters}))
    made = account.make(window, sums, digests, record.body)
    differing = _differing(record.body, made, is_sum=sums == known.sums)
    if not differing:
        checked.windows += 1
        checked.in_part += bool(made.unknown)
    elif is_waiting(db, potline, window.start_ns, window.end_ns):
        checked.waiting += 1
    elif is_gone:
        checked.without_parts += 1
    elif "sums" in differing:
        what = f"its {_PART[window.name]}s add up to something else: {account.differences(known.sums, sums)}"
        yield Doubt(potline, window.name, window.start_ns, what)
    else:
        what = f"what it is computed from gives something else: {', '.join(differing)}"
        yield Doubt(potline, window.name, window.start_ns, what)


def _parts(
    db: sqlite3.Connection, account: Account[_S], window: Window, let_go_ns: int
) -> tuple[list[Entry[_S]], bool]:
    """Return the entries that a window is summed from, in order of time, and whether some may have been let go of.

    A day or a shift is made of the hours that lie in it wholly, and of minutes where there are none.
    """
    name, at_ns = _PART[window.name], window.start_ns
    found: list[Entry[_S]] = []
    is_gone = name == "minute" and window.start_ns < let_go_ns

    def edge(start_ns: int, end_ns: int) -> None:
        nonlocal is_gone
        if name == "hour" and start_ns < end_ns:
            is_gone = is_gone or start_ns < let_go_ns
            found.extend(map(account.read, ledger.latest_records(db, account.potline, "minute", start_ns, end_ns)))

    for part in ledger.latest_records(db, account.potline, name, window.start_ns, window.end_ns):
        end_ns = part.start_ns + part.length_s * 1_000_000_000
        if part.start_ns < at_ns or end_ns > window.end_ns:
            continue  # of another calendar, or only partly in it
        edge(at_ns, part.start_ns)
        found.append(account.read(part))
        at_ns = end_ns
    edge(at_ns, window.end_ns)
    return found, is_gone


def _differing(body: bytes, made: Made, *, is_sum: bool) -> list[str]:
    """Return what of a body is not as it was made again; what an older version did not write is no difference."""
    if not is_sum:
        return ["sums"]
    if body == made.body:
        return []
    said, again = msgspec.json.decode(body), msgspec.json.decode(made.body)
    is_of_older = "not_configured" in again.keys() - said.keys()
    keys = said.keys() if is_of_older or "parameters" not in said else said.keys() | again.keys()
    differing = [key for key in sorted(keys - made.unknown) if said.get(key) != again.get(key) and key != "sums"]
    is_all = not differing and not made.unknown and said.keys() == again.keys()
    return ["it is written in another form"] if is_all and said["sums"] == again["sums"] else differing
