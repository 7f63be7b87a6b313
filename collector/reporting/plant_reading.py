"""What the ledger has of the plant as a whole in a period: its longest entries, added up."""

import sqlite3
from collections.abc import Iterator

from collector.accounting.plant_sums import WHOLE_PLANT, PlantSums, plant_total
from collector.accounting.windows import DAY_NS, Window, parts_of
from collector.closing.plant_book import plant_stated
from collector.plant.calendar import Calendar
from collector.store import ledger

_PAGES = {"minute": DAY_NS, "hour": 32 * DAY_NS, "shift": 32 * DAY_NS, "day": 400 * DAY_NS, "month": 4000 * DAY_NS}


def plant_period(db: sqlite3.Connection, window: Window, calendar: Calendar) -> PlantSums | None:
    """Return the sums of the plant over a period; None where the ledger has nothing of the plant as a whole."""
    if db.execute("SELECT 1 FROM ledger WHERE potline = ? LIMIT 1", (WHOLE_PLANT,)).fetchone() is None:
        return None
    sums = plant_total(_parts(db, window, calendar, {}))
    return sums if sums.minutes else None


def plant_hours(db: sqlite3.Connection, start_ns: int, end_ns: int) -> Iterator[tuple[int, PlantSums]]:
    """Yield when each hour that is stated begins [ns], and its sums."""
    for record in ledger.latest_records(db, WHOLE_PLANT, "hour", start_ns, end_ns):
        yield record.start_ns, plant_stated(record).sums


def _parts(
    db: sqlite3.Connection, window: Window, calendar: Calendar, pages: dict[tuple[str, int], dict[int, PlantSums]]
) -> Iterator[PlantSums]:
    length_ns = _PAGES.get(window.name)
    if length_ns is not None:
        page_ns = window.start_ns - window.start_ns % length_ns
        if (window.name, page_ns) not in pages:
            records = ledger.latest_records(db, WHOLE_PLANT, window.name, page_ns, page_ns + length_ns)
            pages[window.name, page_ns] = {record.start_ns: plant_stated(record).sums for record in records}
        entry = pages[window.name, page_ns].get(window.start_ns)
        if entry is not None:
            yield entry
            return
    for part in parts_of(window, calendar):
        yield from _parts(db, part, calendar, pages)
