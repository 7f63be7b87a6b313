"""What the pots of a line told, minute by minute, in the store. Functions on the writer's connection."""

import sqlite3
from collections.abc import Iterable, Sequence

import numpy as np

from collector.readings.cell import MINUTE_NS
from collector.readings.pots import PotMinute

KEPT_NS = 3 * 1440 * MINUTE_NS
"""They are kept for so long. 40 bytes a pot and 16 a reading of the current make 19 MB a day for a line of 300 pots,
its current read every second; and a gateway that was away for a weekend still tells its voltages in time."""

_SUMS = np.dtype([("volts", "<f8"), ("power_kw", "<f8"), ("count", "<i8"), ("known", "<i8"), ("heard", "<u8")])
_CURRENT = np.dtype([("time_ns", "<i8"), ("ka", "<f8")])
_COLUMNS = "minute_ns, pots, sums, current"


def write(db: sqlite3.Connection, minutes: Sequence[tuple[str, int, PotMinute]]) -> None:
    """Write what the pots of lines told in minutes (start [UTC ns]), in place of what is known of them."""
    db.executemany("INSERT OR REPLACE INTO pot_minute VALUES (?,?,?,?,?)", map(_row, minutes))


def of(db: sqlite3.Connection, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], PotMinute]:
    """Return what is known of some lines and minutes [UTC ns]."""
    query = f"SELECT {_COLUMNS} FROM pot_minute WHERE potline = ? AND minute_ns = ?"  # noqa: S608 - constants
    rows = ((place, db.execute(query, place).fetchone()) for place in places)
    return {place: _told(*row[1:]) for place, row in rows if row is not None}


def between(db: sqlite3.Connection, potline: str, start_ns: int, end_ns: int) -> dict[int, PotMinute]:
    """Return what is known of a line in an interval, by minute [UTC ns]."""
    query = f"SELECT {_COLUMNS} FROM pot_minute WHERE potline = ? AND minute_ns >= ? AND minute_ns < ?"  # noqa: S608 - constants
    return {minute: _told(*rest) for minute, *rest in db.execute(query, (potline, start_ns, end_ns))}


def let_go(db: sqlite3.Connection, now_ns: int) -> None:
    """Let go of what is older than it is kept."""
    db.execute("DELETE FROM pot_minute WHERE minute_ns < ?", (now_ns - KEPT_NS,))


def _row(minute: tuple[str, int, PotMinute]) -> tuple[str, int, str, bytes, bytes]:
    potline, start_ns, told = minute
    sums = np.empty(len(told.volts), _SUMS)
    for name in ("volts", "power_kw", "count", "known", "heard"):
        sums[name] = getattr(told, name)
    current = np.empty(len(told.time_ns), _CURRENT)
    current["time_ns"], current["ka"] = told.time_ns, told.current_ka
    return potline, start_ns, told.pots, sums.tobytes(), current.tobytes()


def _told(pots: str, told: bytes, current: bytes) -> PotMinute:
    of_pots, of_line = np.frombuffer(told, _SUMS), np.frombuffer(current, _CURRENT)
    return PotMinute(
        pots=pots,
        volts=of_pots["volts"].copy(),
        power_kw=of_pots["power_kw"].copy(),
        count=of_pots["count"].copy(),
        known=of_pots["known"].copy(),
        heard=of_pots["heard"].copy(),
        time_ns=of_line["time_ns"].copy(),
        current_ka=of_line["ka"].copy(),
    )
