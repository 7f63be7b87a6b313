"""What the page shows: one JSON document, from the ledger in the store and the latest readings."""

import math
import sqlite3
from collections.abc import Mapping
from copy import copy
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from collector.accounting import intensity
from collector.accounting.intensity import EmissionsIntensity, EnergyIntensity
from collector.accounting.parameters import Parameters
from collector.accounting.sums import Sums, total
from collector.accounting.windows import DAY_NS
from collector.clock import Clock
from collector.closing.book import stated
from collector.closing.recomputing import KeptParameters
from collector.instruments import Instruments
from collector.plant.meter import Measures, Meter, PolledMeter
from collector.plant.topology import Plant, Potline
from collector.readings.cell import MINUTE_NS
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
from collector.readings.health import MeterHealth
from collector.readings.latest import LatestReadings
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from collector.store import inputs, ledger, outbox
from collector.store.schema import open_reader

RECENT_MINUTES = 60
RECENT_EVENTS = 10
FRESH_POT_S = 300.0
"""How old a pot's voltage may be to be shown as live [s]: controllers send every 6 to 60 s."""


class PageState:
    """Reads the state of the collector. ``document`` works on a thread: it queries the store."""

    def __init__(
        self,
        plant: Plant,
        store: Path,
        latest: LatestReadings,
        *,
        clock: Clock,
        instruments: Instruments,
        least_coverage_pct: float,
        merged: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._path = store
        self._clock = clock
        self._instruments = instruments
        self._started_ns = clock.now_ns()
        self.show(plant, latest, least_coverage_pct=least_coverage_pct, merged=merged)

    def show(
        self, plant: Plant, latest: LatestReadings, *, least_coverage_pct: float, merged: Mapping[str, str]
    ) -> None:
        """Show another plant, or the same with other settings, from the next document on."""
        self._shown = plant, latest, least_coverage_pct, merged
        self._plant, self._latest, self._least_coverage_pct, self._merged = self._shown

    def document(self) -> bytes:
        """Return the state as JSON."""
        here = copy(self)  # one that does not change while it is read
        here._plant, here._latest, here._least_coverage_pct, here._merged = self._shown  # noqa: SLF001 - a copy of this
        return here._document()  # noqa: SLF001 - a copy of this

    def _document(self) -> bytes:
        db = open_reader(self._path)
        try:
            state = {
                "plant": {
                    "id": self._plant.id,
                    "name": self._plant.name,
                    "time_zone": self._plant.time_zone.key,
                    "method": self._plant.method,
                    "gwp": self._plant.gwp.id,
                    "least_coverage_pct": self._least_coverage_pct,
                },
                "now": _iso(self._clock.now_ns()),
                "started": _iso(self._started_ns),
                "potlines": [self._potline(db, potline) for potline in self._plant.potlines],
                "meters": [self._meter(meter) for meter in self._plant.meters],
                "sources": self._instruments.source_states,
                "outbox": asdict(outbox.state(db, tuple(self._instruments.target_states))),
                "targets": self._instruments.target_states,
                "totals": {
                    **self._instruments.stream_fields(),
                    "rejected_by_cause": dict(self._instruments.rejected_by_cause),
                    "dropped_records_by_cause": dict(self._instruments.dropped_records_by_cause),
                    "readings_lost_by_wait": dict(self._instruments.readings_lost_by_wait),
                },
                "line_waits": self._instruments.line_waits,
                "ledger": _ledger(db),
            }
        finally:
            db.close()
        return msgspec.json.encode(state)

    def _potline(self, db: sqlite3.Connection, potline: Potline) -> dict[str, Any]:
        now_ns = self._clock.now_ns()
        records = ledger.latest_records(db, potline.id, "minute", now_ns - DAY_NS, now_ns)
        minutes = [(record.start_ns, stated(record)) for record in records]
        hours = ledger.latest_records(db, potline.id, "hour", now_ns - DAY_NS, now_ns)
        live: dict[str, float | None] = {"line_current_ka": None, "line_voltage_v": None, "dc_power_mw": None}
        line_meter = self._plant.line_meter(potline)
        if line_meter is not None:
            live = {
                q.field: self._value(line_meter.id, q, within_s=_fresh_s(line_meter))
                for q in (Quantity.LINE_CURRENT, Quantity.LINE_VOLTAGE, Quantity.DC_POWER)
            }
        ac = [
            self._value(meter.id, Quantity.ACTIVE_POWER, within_s=_fresh_s(meter))
            for meter in self._plant.meters_on(potline, Measures.RECTIFIER_AC)
        ]
        known = [power for power in ac if power is not None]
        last_hour = minutes[-RECENT_MINUTES:]
        windows: dict[str, Any] = dict.fromkeys(("minute", "hour", "rolling_24h", "last_60_min"))
        kept = KeptParameters(db)
        if minutes:
            newest_ns, newest = minutes[-1]
            # Longer windows are shown with the factors of their newest minute; the ledger has them minute by minute.
            parameters = kept(newest_ns, newest)
            since_ns = last_hour[0][0]
            windows["minute"] = self._window(newest_ns, 60.0, newest.sums, parameters)
            windows["rolling_24h"] = self._window(
                newest_ns + MINUTE_NS - DAY_NS, DAY_NS * 1e-9, total(entry.sums for _, entry in minutes), parameters
            )
            windows["last_60_min"] = self._window(
                since_ns,
                (newest_ns - since_ns) * 1e-9 + 60.0,
                total(entry.sums for _, entry in last_hour),
                parameters,
            )
            if hours:
                windows["hour"] = self._window(hours[-1].start_ns, 3600.0, stated(hours[-1]).sums, parameters)
        return {
            "id": potline.id,
            "name": potline.name,
            "pots": len(potline.pots),
            "pot_out_below_v": potline.pot_out_below_v,
            "live": live | {"ac_power_kw": sum(known) if len(known) == len(ac) and ac else None},
            "pot_voltages_v": [
                self._value(f"pot:{pot}", Quantity.POT_VOLTAGE, within_s=FRESH_POT_S) for pot in potline.pots
            ],
            "pot_ids": potline.pots,
            "windows": windows,
            "events": [
                _event(event, self._merged.get(event.id))
                for event in inputs.latest_events(db, potline.id, RECENT_EVENTS)
            ],
            "recent": [self._window(time_ns, 60.0, entry.sums, kept(time_ns, entry)) for time_ns, entry in last_hour],
        }

    def _window(self, start_ns: int, length_s: float, sums: Sums, parameters: Parameters | None) -> dict[str, Any]:
        least = self._least_coverage_pct
        emitted = None
        if parameters is not None:
            emitted = intensity.emissions_intensity(sums, parameters, length_s=length_s, least_coverage_pct=least)
        return {
            "start": _iso(start_ns),
            "length_s": length_s,
            "pots_operating": sums.pots,
            **{
                boundary: _energy(intensity.energy_intensity(pair, length_s=length_s, least_coverage_pct=least))
                for boundary, pair in intensity.boundaries(sums).items()
            },
            "emissions": _emissions(emitted),
            "auxiliary_kwh": sums.auxiliary_kwh,
            "metal_t": sums.metal_t,
            "tapped_t": sums.tapped_t,
            "anode_effects": sums.anode_effects,
            "anode_effect_s": sums.anode_effect_s,
            "restated": sums.restated,
        }

    def _meter(self, meter: Meter) -> dict[str, Any]:
        places = self._plant.points.of(meter.id)
        times = [int(self._latest.time_ns[place]) for place in places.values()]
        newest = max(times, default=0)
        health = self._instruments.meter(meter.id)
        # A register that the device does not have says nothing about the others; it is told by its name.
        aside = {name for each in health.set_aside for name in each.registers}
        told = [place for quantity, place in places.items() if quantity.label not in aside] or list(places.values())
        qualities = [int(self._latest.quality[place]) for place in told if self._latest.time_ns[place]]
        worst = Quality(min(qualities)) if qualities else Quality.BAD_NOT_CONNECTED
        return {
            "id": meter.id,
            "potline": meter.potline,
            "measures": meter.measures.value,
            "profile": meter.profile.name if isinstance(meter, PolledMeter) else "mqtt",
            "every_s": meter.every_s,
            "endpoint": meter.place,
            "quality": int(worst),
            "quality_words": worst.words if qualities else "not read yet",
            "age_s": (self._clock.now_ns() - newest) * 1e-9 if newest else None,
            "values": {
                quantity.label: {
                    "value": self._value(meter.id, quantity, within_s=_fresh_s(meter)),
                    "unit": quantity.unit,
                }
                for quantity in places
            },
            **_line(health),
        }

    def _value(self, owner: str, quantity: Quantity, *, within_s: float) -> float | None:
        """Return the latest value, or None if it is bad or older than it may be: nothing stale looks live."""
        place = self._plant.points.find(owner, quantity)
        if place is None or self._latest.quality[place] < Quality.UNCERTAIN:
            return None
        if self._clock.now_ns() - self._latest.time_ns[place] > within_s * 1e9:
            return None
        value = float(self._latest.value[place])
        return value if math.isfinite(value) else None


def _line(health: MeterHealth) -> dict[str, Any]:
    """Return how a meter is doing on its line."""
    return {
        "error": health.error,
        "round_trip_s": health.round_trip_s,
        "answered": health.answered,
        "silent": health.silent,
        "refused": health.refused,
        "busy": health.busy,
        "late": health.late,
        "most_registers": health.most_registers,
        "device": health.device,
        "set_aside": [
            {"registers": each.registers, "reason": each.reason, "since": _iso(each.since_ns)}
            for each in health.set_aside
        ],
    }


def _fresh_s(meter: Meter) -> float:
    """Return how old a meter's value may be to be shown as live [s]: some polls may fail."""
    return 3 * meter.every_s + 30.0


def _event(event: Event, merged: str | None) -> dict[str, Any]:
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
            what, words = "factor", [event.factor, value, f"until {_iso(event.until_ns)}", event.source]
        case EffectCounters():
            what, words = "anode-effect counter", [f"pot {event.pot}", f"{event.count}"]
        case _:
            values = [f"{name} {value:g}" for name, value in event.values]
            what, words = "laboratory", [f"pot {event.pot}", event.kind, *values]
    return {"what": what, "id": event.id, "time": _iso(event.time_ns), "words": ", ".join(filter(None, words))}


def _energy(intensity: EnergyIntensity | None) -> Mapping[str, Any] | None:
    return None if intensity is None else asdict(intensity)


def _emissions(intensity: EmissionsIntensity | None) -> Mapping[str, Any] | None:
    return None if intensity is None else asdict(intensity)


def _ledger(db: sqlite3.Connection) -> dict[str, Any]:
    rows = db.execute(
        "SELECT seq, potline, window, start_ns, revision, reason, written_ns, hex(digest)"
        " FROM ledger ORDER BY seq DESC LIMIT 10"
    ).fetchall()
    return {
        "entries": rows[0][0] if rows else 0,
        "latest": [
            {
                "seq": seq,
                "potline": potline,
                "start": _iso(start_ns),
                "window": window,
                "revision": revision,
                "reason": reason,
                "written": _iso(written_ns),
                "digest": digest[:16].lower(),
            }
            for seq, potline, window, start_ns, revision, reason, written_ns, digest in rows
        ],
    }


def _iso(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns / 1e9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
