"""Accounting inputs in the store: cells, traces, pots in operation, events. Functions on the writer's connection."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import starmap
from typing import Any

import numpy as np

from collector.readings.cell import Cell
from collector.readings.event import (
    AnodeEffect,
    AnodeEffectKind,
    EffectCounters,
    EffectOrigin,
    Event,
    Laboratory,
    MetalTapped,
    Production,
    ToldFactor,
    Weighing,
)
from collector.readings.pots import PotsInputs
from collector.readings.trace import Trace
from collector.store import counts

_BOOKS_NS = 3 * 86_400 * 1_000_000_000
"""No further from a weighing than this is the shift under which the books tell of it."""
_RAW = np.dtype([("time_ns", "<i8"), ("value", "<f8"), ("quality", "u1")])
_COLUMNS = "minute_ns, first_ns, first, last_ns, last, integral, bridged_s, unknown_s, joined, quality, counts"
_LAST = f"SELECT {_COLUMNS} FROM cell WHERE point = ? ORDER BY minute_ns DESC LIMIT 1"  # noqa: S608 - constants
_AROUND = (
    f"SELECT {_COLUMNS} FROM cell WHERE point = :point AND minute_ns >= "  # noqa: S608 - constants
    "coalesce((SELECT max(minute_ns) FROM cell WHERE point = :point AND minute_ns < :start), :start)"
    " AND minute_ns <= coalesce((SELECT min(minute_ns) FROM cell WHERE point = :point AND minute_ns >= :end), :end)"
    " ORDER BY minute_ns"
)


def write_cells(db: sqlite3.Connection, cells: Mapping[tuple[int, int], Cell]) -> None:
    """Write cells by the store's id of their point and their minute."""
    db.executemany(
        f"INSERT OR REPLACE INTO cell (point, {_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",  # noqa: S608 - constants
        ((point, *_row(cell)) for (point, _), cell in cells.items()),
    )


def last_cells(db: sqlite3.Connection, points: Iterable[int]) -> dict[int, Cell]:
    """Return the latest cell of each point that has one."""
    rows = ((point, db.execute(_LAST, (point,)).fetchone()) for point in points)
    return {point: _cell(row) for point, row in rows if row is not None}


def cells_around(db: sqlite3.Connection, points: Iterable[int], start_ns: int, end_ns: int) -> dict[int, list[Cell]]:
    """Return the cells of each point in an interval, with the nearest one before and after it."""
    return {
        point: [_cell(row) for row in db.execute(_AROUND, {"point": point, "start": start_ns, "end": end_ns})]
        for point in points
    }


def cells_of(db: sqlite3.Connection, name: str, start_ns: int, end_ns: int) -> list[Cell]:
    """Return the cells of the point of a name in an interval, with the nearest one before and after it."""
    row = db.execute("SELECT id FROM point WHERE name = ?", (name,)).fetchone()
    if row is None:
        return []
    # Millions of them when a month is stated again; SQLite tells a truth value as 0 or 1, and Python takes it for one.
    cells = list(starmap(Cell, db.execute(_AROUND, {"point": row[0], "start": start_ns, "end": end_ns})))
    for place, cell in enumerate(cells):
        if cell.scale is not None:  # the text that it was read with
            cells[place] = counts.counted(cell, str(cell.scale))
    return cells


def write_traces(db: sqlite3.Connection, traces: Mapping[tuple[int, int], Trace]) -> None:
    """Write the readings of minutes by the store's id of their point and their minute."""
    db.executemany(
        "INSERT OR REPLACE INTO trace (point, minute_ns, core, raw, counts) VALUES (?,?,?,?,?)",
        (
            (
                point,
                minute,
                None if trace.core is None else json.dumps(_row(trace.core)),
                np.array(counts.raw_values(trace), _RAW).tobytes(),
                counts.of_trace(trace),
            )
            for (point, minute), trace in traces.items()
        ),
    )


def traces_in(db: sqlite3.Connection, point: int, start_ns: int, end_ns: int) -> dict[int, Trace]:
    """Return the traces of a point in an interval, by minute."""
    query = "SELECT minute_ns, core, raw, counts FROM trace WHERE point = ? AND minute_ns >= ? AND minute_ns < ?"
    return {minute: _trace(*row) for minute, *row in db.execute(query, (point, start_ns, end_ns))}


def write_pots(db: sqlite3.Connection, pots: Sequence[tuple[str, int, PotsInputs]]) -> None:
    """Note what the pots of a potline told in a minute."""
    rows = ((potline, minute, told.operating, told.kwh) for potline, minute, told in pots)
    db.executemany("INSERT OR REPLACE INTO pots (potline, minute_ns, operating, kwh) VALUES (?,?,?,?)", rows)


def pots_between(db: sqlite3.Connection, potline: str, start_ns: int, end_ns: int) -> dict[int, PotsInputs]:
    """Return what was noted of a potline's pots, by minute."""
    query = "SELECT minute_ns, operating, kwh FROM pots WHERE potline = ? AND minute_ns >= ? AND minute_ns < ?"
    return {minute: PotsInputs(count, kwh) for minute, count, kwh in db.execute(query, (potline, start_ns, end_ns))}


def write_events(db: sqlite3.Connection, events: Iterable[Event]) -> None:
    """Keep messages about events; one that is known already has no second effect."""
    db.executemany("INSERT INTO event VALUES (?,?,?,?,?,?) ON CONFLICT DO NOTHING", map(_event_row, events))


def fresh(db: sqlite3.Connection, events: Iterable[Event]) -> list[Event]:
    """Return the events that tell something new: with a rank above all that is known of their id."""
    ranks: dict[str, int] = {}
    found = []
    for event in events:
        if event.id not in ranks:
            row = db.execute("SELECT max(rank) FROM event WHERE id = ?", (event.id,)).fetchone()
            ranks[event.id] = -1 if row[0] is None else row[0]
        if event.rank > ranks[event.id]:
            ranks[event.id] = event.rank
            found.append(event)
    return found


def minutes_of(db: sqlite3.Connection, ids: Iterable[str]) -> list[tuple[str, int]]:
    """Return potline and time [ns] under which each known event counts now."""
    query = "SELECT potline, time_ns FROM event WHERE id = ? ORDER BY rank DESC LIMIT 1"
    rows = (db.execute(query, (id_,)).fetchone() for id_ in ids)
    return [(row[0], row[1]) for row in rows if row is not None]


def events_between(db: sqlite3.Connection, potline: str, start_ns: int, end_ns: int) -> list[Event]:
    """Return the events of a potline in an interval, each as its highest rank tells it."""
    rows = db.execute(
        "SELECT kind, body FROM event AS e WHERE potline = ? AND time_ns >= ? AND time_ns < ?"
        " AND rank = (SELECT max(rank) FROM event WHERE id = e.id) ORDER BY time_ns, id",
        (potline, start_ns, end_ns),
    )
    return [_event(kind, body) for kind, body in rows]


def effects_between(db: sqlite3.Connection, potline: str, start_ns: int, end_ns: int) -> list[AnodeEffect]:
    """Return the anode effects of a potline that begin in an interval, each as its highest rank tells it."""
    rows = db.execute(
        "SELECT body FROM event AS e WHERE potline = ? AND time_ns >= ? AND time_ns < ? AND kind = 'anode_effect'"
        " AND rank = (SELECT max(rank) FROM event WHERE id = e.id) ORDER BY time_ns, id",
        (potline, start_ns, end_ns),
    )
    events = (_event("anode_effect", body) for (body,) in rows)
    return [event for event in events if isinstance(event, AnodeEffect)]


def factors_told(db: sqlite3.Connection) -> list[ToldFactor]:
    """Return the factors that were told, each as its highest rank tells it, earliest first."""
    rows = db.execute(
        "SELECT body FROM event AS e WHERE potline = '' AND kind = 'factor'"
        " AND rank = (SELECT max(rank) FROM event WHERE id = e.id) ORDER BY time_ns, id"
    )
    return [ToldFactor(**json.loads(body)) for (body,) in rows]


def books_about(db: sqlite3.Connection, weighings: Iterable[Weighing]) -> list[tuple[str, int]]:
    """Return potline and time [ns] under which the books tell of some weighings: of a shift some days around each."""
    query = (
        "SELECT potline, time_ns FROM event WHERE potline = ? AND time_ns >= ? AND time_ns < ?"
        " AND kind = 'metal_tapped' AND json_extract(body, '$.weighing_id') = ?"
    )
    return [
        (potline, time_ns)
        for event in weighings
        for potline, time_ns in db.execute(
            query, (event.potline, event.time_ns - _BOOKS_NS, event.time_ns + _BOOKS_NS, event.id)
        )
    ]


def counters_between(db: sqlite3.Connection, potline: str, start_ns: int, end_ns: int) -> list[EffectCounters]:
    """Return what the controllers of a potline have counted in an interval, in order of time."""
    rows = db.execute(
        "SELECT body FROM event WHERE potline = ? AND time_ns >= ? AND time_ns < ? AND kind = 'effect_counters'"
        " ORDER BY time_ns, id",
        (potline, start_ns, end_ns),
    )
    return [EffectCounters(**json.loads(body)) for (body,) in rows]


def latest_events(db: sqlite3.Connection, potline: str, count: int) -> list[Event]:
    """Return the last events of a potline, the last one first, each as its highest rank tells it; no counters."""
    rows = db.execute(
        "SELECT kind, body FROM event AS e WHERE potline = ? AND kind <> 'effect_counters'"
        " AND rank = (SELECT max(rank) FROM event WHERE id = e.id) ORDER BY time_ns DESC, id LIMIT ?",
        (potline, count),
    )
    return [_event(kind, body) for kind, body in rows]


def let_go(db: sqlite3.Connection, before_ns: int) -> None:
    """Let go of what lies before a time; of an event told all or nothing.

    Factors that were told stay: entries name them.
    Of each point the last cell before that time stays, so that the line from it to the next one can still be drawn.
    """
    # Point by point, along the key: a condition on the minute alone would read every cell there is.
    for (point,) in db.execute("SELECT id FROM point").fetchall():
        db.execute(
            "DELETE FROM cell WHERE point = :point"
            " AND minute_ns < (SELECT max(minute_ns) FROM cell WHERE point = :point AND minute_ns < :before)",
            {"point": point, "before": before_ns},
        )
        db.execute("DELETE FROM trace WHERE point = ? AND minute_ns < ?", (point, before_ns))
    db.execute("DELETE FROM pots WHERE minute_ns < ?", (before_ns,))
    db.execute(
        "DELETE FROM event WHERE time_ns < :before AND kind <> 'factor'"
        " AND NOT EXISTS (SELECT 1 FROM event AS other WHERE other.id = event.id AND other.time_ns >= :before)",
        {"before": before_ns},
    )


def _row(cell: Cell) -> tuple[int | float | str | None, ...]:
    plain = cell.at(None)
    return (
        plain.minute_ns,
        plain.first_ns,
        plain.first,
        plain.last_ns,
        plain.last,
        plain.integral,
        plain.bridged_s,
        plain.unknown_s,
        int(plain.joined),
        plain.quality,
        counts.of_cell(cell),
    )


def _cell(row: Sequence[Any]) -> Cell:
    """Return a cell of its columns; those of a core that was written before there were counts end earlier."""
    minute_ns, first_ns, first, last_ns, last, integral, bridged_s, unknown_s, joined, quality, *more = row
    cell = Cell(minute_ns, first_ns, first, last_ns, last, integral, bridged_s, unknown_s, bool(joined), quality)
    return counts.counted(cell, more[0]) if more and more[0] is not None else cell


def _trace(core: bytes | None, raw: bytes, counted: str | None) -> Trace:
    rows = np.frombuffer(raw, _RAW)
    listed = zip(rows["time_ns"].tolist(), rows["value"].tolist(), rows["quality"].tolist(), strict=True)
    trace = Trace(None if core is None else _cell(json.loads(core)), list(listed), stored=True)
    return trace if counted is None else counts.counted_trace(trace, counted)


def _event_row(event: Event) -> tuple[str, int, str, str, int, bytes]:
    body = asdict(event)
    if isinstance(event, AnodeEffect):
        body |= {"kind": event.kind.value, "origin": event.origin.value}
    kind = _KINDS[type(event)]
    return event.id, event.rank, kind, event.potline, event.time_ns, json.dumps(body, sort_keys=True).encode()


def _event(kind: str, body: bytes) -> Event:
    values = json.loads(body)
    match kind:
        case "anode_effect":
            # Before voltages were watched, all of them came from controllers.
            origin = EffectOrigin(values.get("origin", EffectOrigin.CONTROLLER.value))
            return AnodeEffect(**{**values, "kind": AnodeEffectKind(values["kind"]), "origin": origin})
        case "weighing":
            return Weighing(**{**values, "pots": tuple(values["pots"])})
        case "metal_tapped":
            return MetalTapped(**{**values, "pots": tuple((pot, kg) for pot, kg in values["pots"])})
        case "laboratory":
            return Laboratory(**{**values, "values": tuple((name, value) for name, value in values["values"])})
        case _:
            return _PLAIN[kind](**values)


_PLAIN: dict[str, type[Production | ToldFactor | EffectCounters]] = {
    "production": Production,
    "factor": ToldFactor,
    "effect_counters": EffectCounters,
}
"""Kinds of events whose fields are all plain values."""


_KINDS = {
    AnodeEffect: "anode_effect",
    Weighing: "weighing",
    Production: "production",
    MetalTapped: "metal_tapped",
    ToldFactor: "factor",
    Laboratory: "laboratory",
    EffectCounters: "effect_counters",
}
"""The words for the kinds of events in the store."""
