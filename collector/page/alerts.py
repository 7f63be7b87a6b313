"""The alerts that stand, as the store remembers them: the outbox that fills, balances, counters of anode effects."""

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from collector.counter_check import KEY as COUNTERS
from collector.counter_check import RULE as COUNTERS_RULE
from collector.page.times import iso
from collector.plant.topology import Plant
from collector.store.filling import RULE as FILLING


def remembered(db: sqlite3.Connection, plant: Plant) -> Iterator[Mapping[str, Any]]:
    """Yield an alert for each rule and series that fires, with what the store has of it."""
    if _kept(db, FILLING) == "firing":
        text = "the outbox fills: the databases do not take what is written; when it is full, lines are lost or wait"
        yield _alert(FILLING, {}, text)
    for potline in plant.potlines:
        kept = _kept(db, f"balance_suspects.{potline.id}")
        told = msgspec.json.decode(kept, type=_Told) if kept else _Told()
        if told.told:
            groups = "; ".join(" or ".join(group) for group in told.told)
            text = f"the energy balance does not close: {groups}; compare the meter with its neighbours"
            yield _alert("energy_balance", {"potline": potline.id}, text, since_ns=told.told_ns)
    kept = _kept(db, COUNTERS)
    differing = msgspec.json.decode(kept, type=_Checked).differ if kept else {}
    for key, pots in differing.items():
        if pots:
            potline_id, _, window = key.rpartition(".")
            text = f"{window}: controllers of pots {', '.join(pots)} count other anode effects than are known"
            yield _alert(f"{COUNTERS_RULE}_{window}", {"potline": potline_id}, text, value=float(len(pots)), limit=0.0)


class _Told(msgspec.Struct):
    told: tuple[tuple[str, ...], ...] = ()
    told_ns: int = 0


class _Checked(msgspec.Struct):
    differ: dict[str, list[str]] = {}


def _kept(db: sqlite3.Connection, key: str) -> str:
    row = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return "" if row is None else str(row[0])


def _alert(
    rule: str,
    series: Mapping[str, str],
    text: str,
    *,
    value: float | None = None,
    limit: float | None = None,
    since_ns: int | None = None,
) -> Mapping[str, Any]:
    return {
        "rule": rule,
        "severity": "warning",
        "series": series,
        "value": value,
        "limit": limit,
        "text": text,
        "since": None if since_ns is None else iso(since_ns),
    }
