"""The accounts of the potlines as the page shows them: the last minutes and hours, and what they add up to.

Invariants
----------
* A line is read again only when the ledger has something new of it: a viewer more, or a second more, costs nothing.
* What is read at once is bounded: a day of hours, and the minutes that no hour has yet.
* The sum of 24 hours is one of hours in the ledger and of the minutes at its two ends, never of ratios.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from collector.accounting import intensity
from collector.accounting.fuel_spread import FuelsOfWindow, fuels_of_window
from collector.accounting.intensity import FARADAY, Metal
from collector.accounting.parameters import Parameters
from collector.accounting.sums import Sums, total
from collector.accounting.windows import DAY_NS, HOUR_NS, Window, rolling_ending
from collector.closing.book import Stated, stated
from collector.closing.entries import COMPREHENSIVE
from collector.closing.recomputing import KeptParameters
from collector.domain.anode_effect import anode_effect_minutes_per_cell_day
from collector.page.times import iso
from collector.plant.topology import Plant
from collector.readings.cell import MINUTE_NS
from collector.store import ledger

RECENT_MINUTES = 60
WINDOWS = ("minute", "hour", "rolling_24h", "last_60_min")


@dataclass(frozen=True, slots=True)
class _Known:
    """What was made of a line's entries: ``newest_ns`` is the start of its last minute [UTC ns]."""

    newest_ns: int
    shown: Mapping[str, Any]


_NOTHING: Mapping[str, Any] = {"windows": dict.fromkeys(WINDOWS), "recent": [], "hours": []}


class Accounts:
    """The figures of all potlines, read from the ledger.

    Parameters
    ----------
    plant
        Whose potlines.
    least_coverage_pct
        Share of a window that must be known for its ratios [%].
    """

    def __init__(self, plant: Plant, *, least_coverage_pct: float) -> None:
        self._plant = plant
        self._least_coverage_pct = least_coverage_pct
        self._seen = -1
        self._known: dict[str, _Known | None] = {}

    def of_all(self, db: sqlite3.Connection, now_ns: int) -> Mapping[str, Mapping[str, Any]]:
        """Return windows, minutes and hours of each potline; without an entry of the last 24 h, none."""
        end = ledger.last_number(db)
        if end != self._seen:
            changed = set(ledger.potlines_since(db, self._seen)) if self._seen >= 0 else None
            for potline in self._plant.potlines:
                if changed is None or potline.id in changed:
                    self._known[potline.id] = self._read(db, potline.id, now_ns)
            self._seen = end
        return {
            potline.id: _NOTHING if known is None or known.newest_ns < now_ns - DAY_NS else known.shown
            for potline in self._plant.potlines
            for known in (self._known.get(potline.id),)
        }

    def _read(self, db: sqlite3.Connection, potline: str, now_ns: int) -> _Known | None:
        newest_ns = ledger.last_minute(db, potline)
        if newest_ns is None or newest_ns < now_ns - DAY_NS:
            return None
        until_ns = newest_ns + MINUTE_NS
        since_ns = until_ns - DAY_NS
        recent = _entries(db, potline, "minute", until_ns - RECENT_MINUTES * MINUTE_NS, until_ns)
        hours = [
            (Window("hour", start_ns, start_ns + length_ns), entry)
            for start_ns, length_ns, entry in _with_length(db, potline, "hour", since_ns, until_ns)
        ]
        inside = [(window, entry) for window, entry in hours if window.end_ns <= until_ns]
        whole = total(
            [entry.sums for _, entry in inside]
            + [entry.sums for entry in _beside(db, potline, [window for window, _ in inside], since_ns, until_ns)]
        )
        kept = KeptParameters(db)
        newest = recent[newest_ns]
        # Longer windows are shown with the factors of their newest minute; the ledger has them minute by minute.
        parameters = kept(newest_ns, newest)
        first_ns = min(recent)
        last_hour = Window("last_60_min", first_ns, until_ns)
        windows = dict.fromkeys(WINDOWS) | {
            "minute": self._shown(potline, Window("minute", newest_ns, until_ns), newest.sums, parameters),
            "rolling_24h": self._shown(potline, rolling_ending(until_ns), whole, parameters),
            "last_60_min": self._shown(potline, last_hour, total(each.sums for each in recent.values()), parameters),
        }
        trend = [self._entry(potline, window, entry, kept, parameters) for window, entry in inside]
        if trend:
            windows["hour"] = trend[-1]
        return _Known(
            newest_ns,
            {
                "windows": windows,
                "recent": [
                    self._entry(potline, Window("minute", start_ns, start_ns + MINUTE_NS), entry, kept, parameters)
                    for start_ns, entry in recent.items()
                ],
                "hours": trend,
            },
        )

    def _entry(
        self, potline: str, window: Window, entry: Stated, kept: KeptParameters, newest: Parameters | None
    ) -> dict[str, Any]:
        """Return what is stated of a window, with its own factors where it has one set of them."""
        own = kept(window.start_ns, entry) or (newest if len(entry.parameters) > 1 else None)
        return self._shown(potline, window, entry.sums, own, entry.metal)

    def _shown(
        self, potline: str, window: Window, sums: Sums, parameters: Parameters | None, metal: Metal = FARADAY
    ) -> dict[str, Any]:
        least, length_s = self._least_coverage_pct, window.length_s
        fuels: FuelsOfWindow | None = None
        if window.name != "minute":  # what is told by the month says nothing of a minute
            fuels = fuels_of_window(self._plant, potline, window, minutes=sums.comprehensive.minutes)
        emitted = None
        if parameters is not None:
            emitted = intensity.emissions_intensity(
                sums,
                parameters,
                length_s=length_s,
                least_coverage_pct=least,
                metal=metal,
                fuel_t=None if fuels is None else fuels.t_co2,
            )
        shown: dict[str, Any] = {
            "start": iso(window.start_ns),
            "length_s": length_s,
            "pots_operating": sums.pots,
            "emissions": emitted,
            "fuels": {} if fuels is None else {part.name: part.t_co2 for part in fuels.parts},
            "auxiliary_kwh": sums.auxiliary_kwh,
            "metal_t": sums.metal_t,
            "tapped_t": sums.tapped_t,
            "anode_effects": sums.anode_effects,
            "anode_effect_s": sums.anode_effect_s,
            "ae_min_per_cell_day": _minutes_per_cell_day(sums),
            "restated": sums.restated,
        }
        for boundary, pair in intensity.boundaries(sums).items():
            shown[boundary] = None
            # Services that the metal shares belong into it, and only the plant's own account has them.
            if boundary != COMPREHENSIVE or parameters is None or not parameters.wanted.shares_by_metal:
                shown[boundary] = intensity.energy_intensity(
                    pair, length_s=length_s, least_coverage_pct=least, metal=metal
                )
        return shown


def _minutes_per_cell_day(sums: Sums) -> float | None:
    cell_days = sums.cell_days - sums.startup_cell_days
    return float(anode_effect_minutes_per_cell_day(sums.anode_effect_s, cell_days)) if cell_days > 0 else None


def _entries(db: sqlite3.Connection, potline: str, name: str, start_ns: int, end_ns: int) -> dict[int, Stated]:
    records = ledger.latest_records(db, potline, name, start_ns, end_ns)
    return {record.start_ns: stated(record) for record in records}


def _with_length(
    db: sqlite3.Connection, potline: str, name: str, start_ns: int, end_ns: int
) -> Iterable[tuple[int, int, Stated]]:
    for record in ledger.latest_records(db, potline, name, start_ns, end_ns):
        yield record.start_ns, record.length_s * 10**9, stated(record)


def _beside(
    db: sqlite3.Connection, potline: str, hours: Iterable[Window], start_ns: int, end_ns: int
) -> Iterable[Stated]:
    """Yield the minutes of a time that are in none of some hours."""
    for hour in [*hours, Window("end", end_ns, end_ns + HOUR_NS)]:
        if start_ns < hour.start_ns:
            yield from _entries(db, potline, "minute", start_ns, hour.start_ns).values()
        start_ns = hour.end_ns
