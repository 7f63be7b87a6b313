"""What the page shows: one JSON document, from the ledger in the store and the latest readings."""

import sqlite3
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from collector.clock import Clock
from collector.instruments import Instruments
from collector.page import events
from collector.page.accounts import Accounts
from collector.page.databases import databases, outbox_of
from collector.page.goals import goals
from collector.page.live import Live
from collector.page.meters import Meters, fresh_s
from collector.page.times import iso
from collector.plant.meter import Measures
from collector.plant.rule_tables import RuleTables
from collector.plant.topology import Plant, Potline
from collector.readings.latest import LatestReadings
from collector.readings.quantity import Quantity
from collector.store.schema import open_reader

FRESH_POT_S = 300.0
"""How old a pot's voltage may be to be shown as live [s]: controllers send every 6 to 60 s."""

Alerts = Callable[[], Sequence[Mapping[str, Any]]]
"""Returns the alerts that fire: rule, severity, tags (of the series), value, limit, text, since."""

_NO_RULES = RuleTables()


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is shown, with what is made of it once."""

    plant: Plant
    latest: LatestReadings
    least_coverage_pct: float
    merged: Mapping[str, str]
    rules: RuleTables
    accounts: Accounts
    meters: Meters
    pots: Mapping[str, Mapping[Quantity, NDArray[np.int64]]]

    @classmethod
    def of(
        cls,
        plant: Plant,
        latest: LatestReadings,
        least_coverage_pct: float,
        merged: Mapping[str, str],
        rules: RuleTables,
    ) -> Self:
        """Return it of a plant and its latest readings."""
        accounts = Accounts(plant, least_coverage_pct=least_coverage_pct)
        pots = {
            potline.id: {
                quantity: np.array([plant.points.place(f"pot:{pot}", quantity) for pot in potline.pots], np.int64)
                for quantity in (Quantity.POT_VOLTAGE, Quantity.POT_NOISE)
            }
            for potline in plant.potlines
        }
        return cls(plant, latest, least_coverage_pct, merged, rules, accounts, Meters(plant), pots)


class PageState:
    """Reads the state of the collector. ``document`` works on a thread: it queries the store.

    Parameters
    ----------
    rules
        What standards and prices print, to hold the figures against.
    alerts
        The alerts that fire; asked for on the event loop, by ``look``.
    """

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
        alerts: Alerts,
        rules: RuleTables = _NO_RULES,
    ) -> None:
        self._path = store
        self._clock = clock
        self._instruments = instruments
        self._alerts = alerts
        self._firing: Sequence[Mapping[str, Any]] = ()
        self._started_ns = clock.now_ns()
        self._shown = _Shown.of(plant, latest, least_coverage_pct, merged, rules)

    def show(
        self,
        plant: Plant,
        latest: LatestReadings,
        *,
        least_coverage_pct: float,
        merged: Mapping[str, str],
        rules: RuleTables = _NO_RULES,
    ) -> None:
        """Show another plant, or the same with other settings, from the next document on."""
        self._shown = _Shown.of(plant, latest, least_coverage_pct, merged, rules)

    def look(self) -> Hashable:
        """Ask for what only the event loop may be asked for, before each document; return what changes with the state.

        Every reading, entry, delivery and transition is in it; that time goes by is not.
        """
        self._firing = list(self._alerts())
        seen = self._instruments
        return (
            tuple(seen.stream_fields().items()),
            tuple(seen.source_states.items()),
            tuple(seen.target_states.items()),
            seen.line_waits,
            msgspec.json.encode(self._firing),
        )

    def document(self) -> bytes:
        """Return the state as JSON. One thread at a time."""
        now_ns = self._clock.now_ns()
        instruments = self._instruments
        here = self._shown  # one that does not change while it is read
        live = Live(here.latest, now_ns)
        db = open_reader(self._path)
        try:
            accounts = here.accounts.of_all(db, now_ns)
            state = {
                "plant": {
                    "id": here.plant.id,
                    "name": here.plant.name,
                    "time_zone": here.plant.time_zone.key,
                    "method": here.plant.method,
                    "gwp": here.plant.gwp.id,
                    "least_coverage_pct": here.least_coverage_pct,
                },
                "now": iso(now_ns),
                "started": iso(self._started_ns),
                "targets": goals(here.plant, here.rules, now_ns),
                "alerts": self._firing,
                "potlines": [
                    _potline(db, here, potline, live, accounts[potline.id], now_ns) for potline in here.plant.potlines
                ],
                "meters": list(here.meters.shown(live, instruments)),
                "sources": dict(instruments.source_states),
                "databases": list(databases(db, instruments, now_ns)),
                "outbox": outbox_of(instruments),
                "totals": {
                    **instruments.stream_fields(),
                    "rejected_by_cause": dict(instruments.rejected_by_cause),
                    "dropped_records_by_cause": dict(instruments.dropped_records_by_cause),
                    "readings_lost_by_wait": dict(instruments.readings_lost_by_wait),
                },
                "line_waits": instruments.line_waits,
                "ledger": _ledger(db),
            }
        finally:
            db.close()
        return msgspec.json.encode(state)


def _potline(
    db: sqlite3.Connection, here: _Shown, potline: Potline, live: Live, accounts: Mapping[str, Any], now_ns: int
) -> dict[str, Any]:
    points = here.plant.points
    shown: dict[str, float | None] = {"line_current_ka": None, "line_voltage_v": None, "dc_power_mw": None}
    line_meter = here.plant.line_meter(potline)
    if line_meter is not None:
        within_s = fresh_s(line_meter)
        shown = {
            quantity.field: live.value(points.find(line_meter.id, quantity), within_s=within_s)
            for quantity in (Quantity.LINE_CURRENT, Quantity.LINE_VOLTAGE, Quantity.DC_POWER)
        }
    ac = [
        live.value(points.find(meter.id, Quantity.ACTIVE_POWER), within_s=fresh_s(meter))
        for meter in here.plant.meters_on(potline, Measures.RECTIFIER_AC)
    ]
    known = [power for power in ac if power is not None]
    pots = {quantity: live.column(places, within_s=FRESH_POT_S) for quantity, places in here.pots[potline.id].items()}
    noise = pots[Quantity.POT_NOISE]
    return {
        "id": potline.id,
        "name": potline.name,
        "pots": len(potline.pots),
        "pot_out_below_v": potline.pot_out_below_v,
        "effect_above_v": potline.effect_above_v,
        "live": shown | {"ac_power_kw": sum(known) if len(known) == len(ac) and ac else None},
        "pot_ids": potline.pots,
        "pot_voltages_v": pots[Quantity.POT_VOLTAGE],
        "pot_noise_mv": noise if np.isfinite(noise).any() else None,
        "anode_effects": events.anode_effects(db, potline.id, here.merged, now_ns),
        "events": events.latest(db, potline.id, here.merged),
        **accounts,
    }


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
                "start": iso(start_ns),
                "window": window,
                "revision": revision,
                "reason": reason,
                "written": iso(written_ns),
                "digest": digest[:16].lower(),
            }
            for seq, potline, window, start_ns, revision, reason, written_ns, digest in rows
        ],
    }
