"""Events of a potline in words, and its anode effects: which go on, which were the last."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from collector.accounting.windows import DAY_NS
from collector.page.times import iso
from collector.readings.event import (
    AnodeEffect,
    EffectCounters,
    EffectOrigin,
    Event,
    MetalTapped,
    Production,
    ToldFactor,
    Weighing,
)
from collector.store import inputs

RECENT_EVENTS = 10
RECENT_EFFECTS = 20


def latest(db: sqlite3.Connection, potline: str, merged: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the last events of a potline; ``merged``: by the id of an effect the one that it is counted with."""
    return [in_words(event, merged.get(event.id)) for event in inputs.latest_events(db, potline, RECENT_EVENTS)]


def anode_effects(db: sqlite3.Connection, potline: str, merged: Mapping[str, str], now_ns: int) -> dict[str, Any]:
    """Return the anode effects of the last 24 h that count: those that go on, and the last ones, newest first."""
    found = [
        effect
        for effect in inputs.effects_between(db, potline, now_ns - DAY_NS, now_ns + 1)
        if not effect.refused and effect.id not in merged
    ]
    return {
        "running": [_effect(effect) for effect in found if effect.duration_s is None],
        "last_24h": len(found),
        "latest": [_effect(effect) for effect in found[: -RECENT_EFFECTS - 1 : -1]],
    }


def _effect(effect: AnodeEffect) -> dict[str, Any]:
    return {
        "id": effect.id,
        "pot": effect.pot,
        "time": iso(effect.time_ns),
        "kind": effect.kind.value,
        "duration_s": effect.duration_s,
        "origin": effect.origin.value,
    }


def in_words(event: Event, merged: str | None) -> dict[str, Any]:
    """Return an event in words; ``merged``: the id of the one that it is counted with."""
    match event:
        case AnodeEffect():
            lasts = "goes on" if event.duration_s is None else f"{event.duration_s:.0f} s"
            what, words = "anode effect", [f"pot {event.pot}", event.kind.value, lasts]
            words += ["corrected"] if event.corrected else []
            words += ["seen in the voltage"] if event.origin is EffectOrigin.VOLTAGE else []
            words += [f"not counted: {event.refused}"] if event.refused else []
            words += [f"counted as {merged}"] if merged else []
        case Weighing():
            what, words = "weighing", [f"pots {', '.join(event.pots)}", f"{event.net_kg:.0f} kg net"]
            words += [f"not booked: {event.refused}"] if event.refused else []
        case Production():
            what, words = "production", [event.period, f"{event.net_kg / 1000:.3f} t", event.basis, event.status]
        case MetalTapped():
            shares = ", ".join(f"pot {pot} {kg:.0f} kg" for pot, kg in event.pots)
            what, words = "metal tapped", [f"{event.net_kg:.0f} kg", f"weighing {event.weighing_id}", shares]
        case ToldFactor():
            value = "withdrawn" if event.value is None else f"{event.value:g}"
            what, words = "factor", [event.factor, value, f"until {iso(event.until_ns)}", event.source]
        case EffectCounters():
            what, words = "anode-effect counter", [f"pot {event.pot}", f"{event.count}"]
        case _:
            values = [f"{name} {value:g}" for name, value in event.values]
            what, words = "laboratory", [f"pot {event.pot}", event.kind, *values]
    return {"what": what, "id": event.id, "time": iso(event.time_ns), "words": ", ".join(filter(None, words))}
