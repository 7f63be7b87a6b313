"""The basis of a statement, read from the store in one snapshot, beside a running collector. Writes nothing."""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from math import fsum

from collector.accounting import parameters as keeping
from collector.accounting.intensity import Metal
from collector.accounting.parameters import Parameters
from collector.accounting.period_metal import by_weight, metal_of
from collector.accounting.periods import label_of
from collector.accounting.sums import Sums, total
from collector.accounting.windows import DAY_NS, Window, parts_of, windows_between
from collector.closing.book import Stated, stated
from collector.plant.calendar import Calendar
from collector.plant.topology import Potline
from collector.reporting.basis import Basis, Day, LineBasis, Segment
from collector.reporting.plant_reading import plant_period
from collector.reporting.statement import Revision, Standing
from collector.settings import Configuration
from collector.store import ledger

_PAGES = {"minute": DAY_NS, "hour": 32 * DAY_NS, "shift": 32 * DAY_NS, "day": 400 * DAY_NS, "month": 4000 * DAY_NS}


class NothingStated(LookupError):
    """The ledger has nothing of the period. The text says what there is."""


@contextlib.contextmanager
def snapshot(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Let all that is read within be of one moment, whatever the collector writes meanwhile."""
    db.execute("BEGIN")
    try:
        yield db
    finally:
        db.execute("ROLLBACK")


def basis(
    db: sqlite3.Connection, configuration: Configuration, window: Window, *, label: str, only: str | None = None
) -> Basis:
    """Return what the ledger has of a period.

    Parameters
    ----------
    db
        The store, within `snapshot`.
    window, label
        The period, and its name.
    only
        This potline alone; None: all of them.

    Raises
    ------
    NothingStated
        If no minute of the period is closed.
    """
    plant, calendar = configuration.plant, configuration.plant.calendar
    potlines = [potline for potline in plant.potlines if only in {None, potline.id}]
    span = reach(db, [potline.id for potline in potlines])
    if span is None or span[1] <= window.start_ns:
        raise NothingStated(_what_there_is(span, calendar, label))
    until_ns = min(window.end_ns, span[1])
    lines, revisions, entries = [], [], 0
    for potline in potlines:
        found = _Entries(db, potline, calendar)
        lines.append(_line(found, window, until_ns))
        revisions += found.revisions
        revisions += _minutes_again(db, potline.id, window)
        entries += found.used
    if not any(line.sums.minutes for line in lines):
        raise NothingStated(_what_there_is(span, calendar, label))
    last = db.execute("SELECT seq, digest FROM ledger ORDER BY seq DESC LIMIT 1").fetchone()
    digests = {keeping.digest(s.parameters) for line in lines for s in line.segments if s.parameters is not None}
    return Basis(
        plant=plant,
        rules=configuration.rules,
        least_coverage_pct=configuration.accounting.least_coverage_pct,
        window=window,
        known_s=(until_ns - window.start_ns) * 1e-9,
        label=label,
        begins=local(calendar, window.start_ns),
        ends=local(calendar, window.end_ns),
        day=first_day(window, calendar),
        lines=tuple(lines),
        of_plant=plant_period(db, Window(window.name, window.start_ns, until_ns), calendar),
        standing=Standing(
            last_entry=int(last[0]),
            digest=bytes(last[1]).hex(),
            closed_until=local(calendar, until_ns),
            entries=entries,
            waiting=_waiting(db, [potline.id for potline in potlines], window),
            parameters=tuple(sorted(digests)),
            revisions=tuple(revisions),
        ),
    )


def first_day(window: Window, calendar: Calendar) -> date:
    """Return the production day in which a period begins."""
    return calendar.day_of(window.start_ns)


class _Entries:
    """The entries in force of one potline, and which of them were used."""

    def __init__(self, db: sqlite3.Connection, potline: Potline, calendar: Calendar) -> None:
        self.potline = potline
        self.calendar = calendar
        self.revisions: list[Revision] = []
        self.metals: list[tuple[float, Metal]] = []
        self.used = 0
        self._db = db
        self._pages: dict[tuple[str, int], dict[int, Stated]] = {}
        self._parameters: dict[str, Parameters | None] = {}

    def parts(self, window: Window) -> Iterator[Stated]:
        """Yield entries that a window is made of, the longest there are.

        ``metals`` gains how the metal of each is stated, with its tonnes by Faraday's law.
        """
        entry = self._find(window)
        if entry is not None:
            self.used += 1
            self.metals.append((entry.sums.metal_t, entry.metal))
            if entry.revision > 1 and window.name != "minute":
                label, reason = label_of(window, self.calendar), self._reason(window, entry.revision)
                self.revisions.append(Revision(self.potline.id, label, entry.revision, reason))
            yield from self._by_parameters(window, entry)
            return
        for part in _largest(window, self.calendar):
            yield from self.parts(part)

    def parameters(self, digest: str) -> Parameters | None:
        """Return what is kept under a digest."""
        if digest not in self._parameters:
            body = ledger.parameters(self._db, digest)
            self._parameters[digest] = None if body is None else keeping.decoded(body)
        return self._parameters[digest]

    def _by_parameters(self, window: Window, entry: Stated) -> Iterator[Stated]:
        """Yield an entry, or where it was made with several parameters its parts, as far as these are kept.

        The metal of the parts is stated as that of the whole: a month may be weighed where its hours are not.
        """
        if len(entry.parameters) <= 1:
            yield entry
            return
        below = [found for part in parts_of(window, self.calendar) for found in self._below(part)]
        if total(each.sums for each in below).minutes == entry.sums.minutes:
            yield from (replace(each, metal=entry.metal) for each in below)
        else:  # its minutes are no longer kept: the sums stand, what they were made with does not
            yield Stated(entry.sums, entry.revision, (), entry.metal)

    def _below(self, window: Window) -> Iterator[Stated]:
        entry = self._find(window)
        if entry is not None:
            yield from self._by_parameters(window, entry)
        else:
            for part in parts_of(window, self.calendar):
                yield from self._below(part)

    def _find(self, window: Window) -> Stated | None:
        length_ns = _PAGES.get(window.name)
        if length_ns is None:
            return None
        page_ns = window.start_ns - window.start_ns % length_ns
        page = self._pages.get((window.name, page_ns))
        if page is None:
            records = ledger.latest_records(self._db, self.potline.id, window.name, page_ns, page_ns + length_ns)
            page = {record.start_ns: stated(record) for record in records}
            self._pages[window.name, page_ns] = page
        return page.get(window.start_ns)

    def _reason(self, window: Window, revision: int) -> str:
        row = self._db.execute(
            "SELECT reason FROM ledger WHERE potline = ? AND window = ? AND start_ns = ? AND revision = ?",
            (self.potline.id, window.name, window.start_ns, revision),
        ).fetchone()
        return str(row[0])


def _largest(window: Window, calendar: Calendar) -> Iterator[Window]:
    """Yield what a window is made of; two times are whole months and days, and hours and minutes at their edges.

    Only days and months may be stated by weight.
    """
    if window.name != "period":
        yield from parts_of(window, calendar)
        return
    for month in windows_between("month", window.start_ns, window.end_ns, calendar):
        if _lies_in(month, window):
            yield month
            continue
        start_ns, end_ns = max(month.start_ns, window.start_ns), min(month.end_ns, window.end_ns)
        for day in windows_between("day", start_ns, end_ns, calendar):
            if _lies_in(day, window):
                yield day
            else:
                edge = Window("period", max(day.start_ns, start_ns), min(day.end_ns, end_ns))
                yield from parts_of(edge, calendar)


def _lies_in(part: Window, whole: Window) -> bool:
    return whole.start_ns <= part.start_ns and part.end_ns <= whole.end_ns


def _line(entries: _Entries, window: Window, until_ns: int) -> LineBasis:
    listed = list(entries.parts(window))
    by_parameters: dict[str, list[Sums]] = {}
    for each in listed:
        sums = by_weight(each.sums, each.metal)
        by_parameters.setdefault(each.parameters[0] if each.parameters else "", []).append(sums)
    segments = tuple(
        Segment(entries.parameters(digest) if digest else None, total(parts)) for digest, parts in by_parameters.items()
    )
    metal = metal_of(entries.metals, capacity_t=_capacity_t(entries, listed))
    used, revisions = entries.used, list(entries.revisions)
    days = tuple(_days(entries, window, until_ns))
    entries.used, entries.revisions = used, revisions  # of days, nothing more was added up
    sums = total(by_weight(each.sums, each.metal) for each in listed)
    return LineBasis(entries.potline, sums, segments, days, metal)


def _capacity_t(entries: _Entries, listed: list[Stated]) -> float | None:
    """Return what the charge makes at an efficiency of 1 [t]; None where some of the parameters are not kept."""
    found = []
    for each in listed:
        if not each.sums.metal_t > 0:
            continue
        parameters = entries.parameters(each.parameters[0]) if each.parameters else None
        if parameters is None:
            return None
        found.append(each.sums.metal_t / parameters.current_efficiency.value)
    return fsum(found)


def _days(entries: _Entries, window: Window, until_ns: int) -> Iterator[Day]:
    for day in windows_between("day", window.start_ns, until_ns, entries.calendar):
        start_ns, end_ns = max(day.start_ns, window.start_ns), min(day.end_ns, window.end_ns)
        cut = (start_ns, end_ns) != (day.start_ns, day.end_ns)
        part = Window("period", start_ns, end_ns) if cut else day
        entries.metals = []
        sums = total(by_weight(each.sums, each.metal) for each in entries.parts(part))
        known_s = (min(end_ns, until_ns) - start_ns) * 1e-9
        yield Day(label_of(day, entries.calendar), part, known_s, sums, metal_of(entries.metals).basis)


def _minutes_again(db: sqlite3.Connection, potline: str, window: Window) -> Iterator[Revision]:
    """Yield why minutes of a period were stated again, and how many for each reason."""
    rows = db.execute(
        "SELECT reason, count(DISTINCT start_ns), max(revision) FROM ledger WHERE potline = ? AND window = 'minute'"
        " AND start_ns >= ? AND start_ns < ? AND revision > 1 GROUP BY reason ORDER BY reason",
        (potline, window.start_ns, window.end_ns),
    )
    for reason, count, revision in rows:
        yield Revision(potline, f"{count} {'minute' if count == 1 else 'minutes'}", revision, reason)


def _waiting(db: sqlite3.Connection, potlines: list[str], window: Window) -> int:
    counts = (
        db.execute(
            "SELECT count(*) FROM dirty WHERE potline = ? AND minute_ns >= ? AND minute_ns < ?",
            (potline, window.start_ns, window.end_ns),
        ).fetchone()[0]
        for potline in potlines
    )
    return sum(counts)


def reach(db: sqlite3.Connection, potlines: list[str]) -> tuple[int, int] | None:
    """Return from when to when the ledger has minutes or hours of some potlines [ns]; None where it has nothing.

    Old minutes are let go of, and their hours stay.
    """
    found = []
    for potline in potlines:
        for window in ("minute", "hour"):
            # Along the key, an end at a time: the ledger may hold millions.
            rows = [
                db.execute(
                    f"SELECT start_ns, length_s FROM ledger WHERE potline = ? AND window = ?"  # noqa: S608 - constants
                    f" ORDER BY start_ns {order} LIMIT 1",
                    (potline, window),
                ).fetchone()
                for order in ("ASC", "DESC")
            ]
            found += [(start_ns, start_ns + length_s * 1_000_000_000) for start_ns, length_s in filter(None, rows)]
    return (min(start for start, _ in found), max(end for _, end in found)) if found else None


def _what_there_is(span: tuple[int, int] | None, calendar: Calendar, label: str) -> str:
    if span is None:
        return f"state {label}: the ledger is empty; run the collector first"
    first, last = (local(calendar, time_ns) for time_ns in span)
    return f"state {label}: the ledger has no minute of it; it reaches from {first} to {last}"


def local(calendar: Calendar, time_ns: int) -> str:
    """Return a time as the plant's clock shows it, with its difference from UTC."""
    return calendar.local(time_ns).isoformat(sep=" ", timespec="minutes")
