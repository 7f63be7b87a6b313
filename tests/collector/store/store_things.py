"""What the tests of the store put into it."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from collector.readings.cell import MINUTE_NS, Cell
from collector.readings.event import AnodeEffect, AnodeEffectKind, Weighing
from collector.readings.outgoing import WhenFull
from collector.readings.point import Point, PointTable
from collector.readings.quantity import Quantity
from collector.store.commit import LedgerRecord
from collector.store.outbox import Bounds

DAY_S = 86_400.0
POWER, ENERGY, VOLTAGE = 0, 1, 2
POINTS = PointTable(
    [
        Point("meter-1", Quantity.ACTIVE_POWER),
        Point("meter-1", Quantity.ACTIVE_ENERGY_IMPORT),
        Point("pot:1001", Quantity.POT_VOLTAGE),
    ]
)


def cell(minute: int, value: float = 1.5) -> Cell:
    """Return the cell of a minute by its number."""
    start_ns = minute * MINUTE_NS
    return Cell(start_ns, start_ns + 1, value, start_ns + 2, value + 1, 0.25, 0.5, 0.75, True, 192)


def cells(place: int, *minutes: int) -> dict[tuple[int, int], Cell]:
    """Return cells of a point as a commit takes them."""
    return {(place, minute * MINUTE_NS): cell(minute) for minute in minutes}


def record(
    minute: int, revision: int = 1, *, window: str = "minute", length_s: int = 60, body: bytes = b'{"kwh":1.5}'
) -> LedgerRecord:
    """Return a record of the ledger."""
    return LedgerRecord("PL1", window, minute * MINUTE_NS, length_s, revision, "closed", body)


def effect(minute: float, *, rank: int, id_: str = "AE-1", potline: str = "PL1") -> AnodeEffect:
    """Return an anode effect."""
    time_ns = round(minute * MINUTE_NS)
    return AnodeEffect(id_, rank, potline, "1001", AnodeEffectKind.HVAE, time_ns, 60.5, 31.25, None, corrected=rank > 2)


def weighing(minute: float, *, rank: int = 0, id_: str = "W-1") -> Weighing:
    """Return a weighing."""
    return Weighing(id_, rank, "PL1", ("1001", "1002"), round(minute * MINUTE_NS), 2345.5, None)


def bounds(
    *,
    most_bytes: int = 1 << 40,
    age_s: float = 1e9,
    inputs_s: float = 1e9,
    minutes_s: float = 1e9,
    when_full: WhenFull = WhenFull.DROP_OLDEST,
    keep_delivered_s: float = 0.0,
) -> Bounds:
    """Return bounds that let go of nothing unless one is given."""
    return Bounds(most_bytes, age_s, inputs_s, minutes_s, when_full, keep_delivered_s)


@contextlib.contextmanager
def behind_its_back(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the file as somebody else would; what is changed is committed at the end."""
    with contextlib.closing(sqlite3.connect(path, check_same_thread=False)) as db, db:
        yield db
