"""What the accounts are made of: readings minute by minute, and events with all that was told about each."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import get_args

from collector.plant.topology import Plant
from collector.readings.event import Event
from collector.reporting.export.table import Column, Kind, Row, Table, Value

MOST_AT_ONCE = 5000

_OF_READINGS = (
    Column("point", Kind.TEXT),
    Column("owner", Kind.TEXT),
    Column("quantity", Kind.TEXT),
    Column("unit", Kind.TEXT),
    Column("minute_utc", Kind.TIME),
    Column("first_utc", Kind.TIME),
    Column("first_in_unit", Kind.NUMBER),
    Column("last_utc", Kind.TIME),
    Column("last_in_unit", Kind.NUMBER),
    Column("integral_in_unit_s", Kind.NUMBER),
    Column("correction_in_unit", Kind.NUMBER),
    Column("bridged_s", Kind.NUMBER),
    Column("unknown_s", Kind.NUMBER),
    Column("is_joined", Kind.TRUTH),
    Column("quality", Kind.COUNT),
)
_CELLS = (
    "SELECT minute_ns, first_ns, first, last_ns, last, integral, bridged_s, unknown_s, joined, quality FROM cell"
    " WHERE point = ? AND minute_ns > ? AND minute_ns < ? ORDER BY minute_ns LIMIT ?"
)


def readings_table(
    db: sqlite3.Connection, plant: Plant, start_ns: int, end_ns: int, *, only: str | None = None
) -> Table:
    """Return what is kept of each point and minute: the first and the last reading, and what lies between them.

    Single readings are kept only until databases have taken them. Of a gauge there is the integral over its time from
    the first to the last reading; of a counter what wraps and new beginnings add to the difference of the two.

    Parameters
    ----------
    db
        The store.
    plant
        Says what each point is; one that it does not know any more has neither quantity nor unit.
    start_ns, end_ns
        Which minutes [UTC ns].
    only
        Points of this potline alone.
    """
    return Table(_OF_READINGS, _readings(db, plant, start_ns, end_ns, only))


def _readings(db: sqlite3.Connection, plant: Plant, start_ns: int, end_ns: int, only: str | None) -> Iterator[Row]:
    known = {point.name: point for point in plant.points}
    potlines: dict[str, str | None] = {meter.id: meter.potline for meter in plant.meters}
    potlines |= {f"pot:{pot}": potline for pot, potline in plant.potline_of_pot.items()}
    for id_, name in db.execute("SELECT id, name FROM point ORDER BY name").fetchall():
        point = known.get(name)
        owner, label = name.rsplit(".", 1)
        if only is not None and potlines.get(owner) != only:
            continue
        told = (name, owner, label, None if point is None else point.quantity.unit)
        # Nothing is added to the integral of a counter that neither wrapped nor began again.
        is_counter = point is not None and point.quantity.kind.value == "counter"
        after_ns = start_ns - 1
        while page := db.execute(_CELLS, (id_, after_ns, end_ns, MOST_AT_ONCE)).fetchall():
            after_ns = page[-1][0]
            for minute, first_ns, first, last_ns, last, integral, bridged_s, unknown_s, joined, quality in page:
                between = (None, integral) if is_counter else (integral, None)
                rest = (bridged_s, unknown_s, bool(joined), quality)
                yield (*told, minute, first_ns, first, last_ns, last, *between, *rest)


_BODY = {
    "pot": Kind.TEXT,
    "pots": Kind.TEXT,
    "kind": Kind.TEXT,
    "duration_s": Kind.NUMBER,
    "max_v": Kind.NUMBER,
    "overvoltage_v_s": Kind.NUMBER,
    "corrected": Kind.TRUTH,
    "origin": Kind.TEXT,
    "until_ns": Kind.TIME,
    "last_v": Kind.NUMBER,
    "reference_v": Kind.NUMBER,
    "unseen_s": Kind.NUMBER,
    "net_kg": Kind.NUMBER,
    "period": Kind.TEXT,
    "basis": Kind.TEXT,
    "status": Kind.TEXT,
    "reported_ns": Kind.TIME,
    "method": Kind.TEXT,
    "values": Kind.TEXT,
    "refused": Kind.TEXT,
    "weighing_id": Kind.TEXT,
    "count": Kind.COUNT,
    "seconds": Kind.NUMBER,
    "factor": Kind.TEXT,
    "value": Kind.NUMBER,
    "source": Kind.TEXT,
    "registry_id": Kind.TEXT,
    "technology": Kind.TEXT,
    "contract": Kind.TEXT,
}
"""Fields of events, as their class names them, and what a column of each holds."""
_NAMES = {
    "kind": "effect_or_sample",
    "corrected": "is_corrected",
    "until_ns": "until_utc",
    "reported_ns": "reported_utc",
    "values": "values_json",
    "refused": "refused_because",
    "count": "effects_counted",
    "seconds": "seconds_counted",
    "value": "factor_value",
    "source": "factor_source",
}
_ALWAYS = ("id", "rank", "potline", "time_ns")
_OF_EVENTS = (
    Column("event", Kind.TEXT),
    Column("id", Kind.TEXT),
    Column("rank", Kind.COUNT),
    Column("is_in_force", Kind.TRUTH),
    Column("potline", Kind.TEXT),
    Column("time_utc", Kind.TIME),
    *(Column(_NAMES.get(field, field), kind) for field, kind in _BODY.items()),
)
_EVENTS = (
    "SELECT kind, id, rank, rank = (SELECT max(rank) FROM event WHERE id = e.id), time_ns, body FROM event AS e"
    " WHERE potline = ? AND (time_ns, id, rank) > (?, ?, ?) AND time_ns < ? ORDER BY time_ns, id, rank LIMIT ?"
)
if unknown := {field.name for event in get_args(Event) for field in fields(event)} - {
    *_BODY,
    *_ALWAYS,
}:
    raise AssertionError(f"events have fields without a column: {', '.join(sorted(unknown))}")


def events_table(
    db: sqlite3.Connection, start_ns: int, end_ns: int, *, superseded: bool, only: str | None = None
) -> Table:
    """Return what was told about events.

    Anode effects and what controllers have counted of them, weighings, metal and tonnes of the books, samples of the
    laboratory, factors of electricity.

    Parameters
    ----------
    db
        The store.
    start_ns, end_ns
        When they were [UTC ns].
    superseded
        Also what a message of a higher rank has replaced.
    only
        Events of this potline alone.
    """
    return Table(_OF_EVENTS, _events(db, start_ns, end_ns, superseded=superseded, only=only))


def _events(db: sqlite3.Connection, start_ns: int, end_ns: int, *, superseded: bool, only: str | None) -> Iterator[Row]:
    potlines = [row[0] for row in db.execute("SELECT DISTINCT potline FROM event ORDER BY potline")]
    for potline in potlines if only is None else [only]:
        place: tuple[int, str, int] = (start_ns - 1, chr(0x10FFFF), 0)
        while page := db.execute(_EVENTS, (potline, *place, end_ns, MOST_AT_ONCE)).fetchall():
            for kind, id_, rank, in_force, time_ns, body in page:
                if in_force or superseded:
                    told = json.loads(body)
                    yield (kind, id_, rank, bool(in_force), potline, time_ns, *(_cell(told, name) for name in _BODY))
            place = (page[-1][4], page[-1][1], page[-1][2])


def _cell(told: Mapping[str, object], name: str) -> Value:
    value = told.get(name)
    if name == "pots" and isinstance(value, list):  # of metal from the books each with its mass [kg]
        return " ".join(pot if isinstance(pot, str) else f"{pot[0]}={pot[1]!r}" for pot in value)
    if name == "values" and value is not None:
        return json.dumps(value, ensure_ascii=False)
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"field {name} of an event holds {value!r}, which no cell of a table can")
