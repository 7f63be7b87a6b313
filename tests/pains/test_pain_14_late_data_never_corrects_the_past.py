"""A meter over MQTT is cut off, stores, and tells it later in any order: each minute has the energy that is its own."""

import asyncio
import dataclasses
import json
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from example_plant import ClockByHand, open_line
from line_story import PLANT, T0, S, minutes
from mqtt_session import Session, session, subscriber
from potroom import publish
from servers import Mosquitto

from collector.acquisition.mqtt.declaration import LayoutReader
from collector.acquisition.mqtt.message import MessageReader
from collector.pipeline import Line
from collector.plant.meter import Broker, HeardMeter, Measures
from collector.readings.quantity import Quantity
from collector.store.store import Store

TOPIC = "smelter/v1/example/meter/rectifier_1/telemetry"
TOLD = (Quantity.ACTIVE_POWER, Quantity.ACTIVE_ENERGY_IMPORT)
WRAPS_AT_KWH = 10_000.0
HEARD = HeardMeter(
    "heard",
    Measures.RECTIFIER_AC,
    "PL1",
    5.0,
    60_000.0,
    "potroom",
    "rectifier_1",
    TOLD,
    {Quantity.ACTIVE_ENERGY_IMPORT: WRAPS_AT_KWH},
)
HEARD_PLANT = dataclasses.replace(PLANT, meters=(HEARD,))
POWER = HEARD_PLANT.points.place("heard", Quantity.ACTIVE_POWER)
SILENT = range(130, 610)
WHOLE_MINUTES = 14


def kwh(t_s: int) -> float:
    """Return the energy since the beginning: 30 MW and 60 MW by turns of 40 s, a whole number of kWh / 3."""
    whole, rest = divmod(t_s, 80)
    return whole * 1000.0 + (rest * 25 / 3 if rest <= 40 else 1000 / 3 + (rest - 40) * 50 / 3)


def sample(t_s: int, *, stored: bool) -> tuple[str, bytes]:
    """Return a message of the meter."""
    stamp = datetime.fromtimestamp(T0 // S + t_s, UTC).isoformat().replace("+00:00", "Z")
    shown = round((9_000.0 + kwh(t_s)) % WRAPS_AT_KWH, 3)
    told = {"v": 1, "meter": "rectifier_1", "ts": stamp, "q": "good", "m": {"p_kw": 30_000.0 + t_s}}
    return TOPIC, json.dumps({**told, "c": {"e_imp_kwh": shown}, **({"hist": True} if stored else {})}).encode()


def reader(broker: Broker) -> MessageReader:
    layouts = HEARD_PLANT.layouts_of(broker)
    return LayoutReader(HEARD_PLANT, layouts, broker=broker.id, site=broker.site, longest_tare_age_s=8 * 3600)


async def tell(run: Session, line: Line, port: int, messages: Sequence[tuple[str, bytes]]) -> None:
    """Publish messages, wait for them at the other side, and take them all the way."""
    begin = len(run.arrivals)
    await publish(port, messages)
    await run.until(lambda: sum(len(a.batch) + len(a.past) for a in run.arrivals[begin:]) == 2 * len(messages))
    await line.step(run.arrivals[begin:])


async def ledger(folder: Path, port: int, *, cut_off: bool) -> tuple[dict[int, tuple[int, float]], Line]:
    """Return revision and AC energy [kWh] of each minute, for a meter that is cut off for 8 min, or not."""
    clock = ClockByHand(T0 - 3 * S)
    async with (
        Store(folder / f"{cut_off}.sqlite", HEARD_PLANT.points) as store,
        session(subscriber(port, reader=reader)) as run,
    ):
        line = await open_line(HEARD_PLANT, store, clock)
        await run.subscribed()
        for minute in range(WHOLE_MINUTES + 1):
            clock.ns = T0 + (60 * minute + 59) * S
            times = range(60 * minute, 60 * minute + 60, 5)
            live = [sample(t, stored=False) for t in times if not (cut_off and t in SILENT)]
            await tell(run, line, port, live)
        if cut_off:
            kept = [sample(t, stored=True) for t in SILENT[::5]]
            random.Random(14).shuffle(kept)
            for start in range(0, len(kept), 17):
                await tell(run, line, port, kept[start : start + 17])
        for _ in range(3):
            clock.ns += 20 * S
            await line.step([])
        found = await minutes(store)
    return {minute: (revision, sums.ac_kwh) for minute, (revision, sums) in found.items()}, line


@pytest.mark.asyncio
async def test_the_ledger_has_the_same_kwh_in_each_minute_as_if_nothing_had_been_late(
    mosquitto: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    broker = mosquitto()
    in_time, _ = await ledger(tmp_path, broker.port, cut_off=False)
    late, line = await ledger(tmp_path, broker.port, cut_off=True)

    assert sorted(in_time) == sorted(late) == list(range(WHOLE_MINUTES + 1))
    for minute, (revision, energy_kwh) in in_time.items():
        assert revision == 1
        assert late[minute][1] == pytest.approx(energy_kwh, rel=1e-12)
    for minute in range(WHOLE_MINUTES):
        assert late[minute][1] == pytest.approx(kwh(60 * minute + 60) - kwh(60 * minute), abs=0.002)
    # Silent from 130 s to 610 s: the bridge over it went from 125 s to 610 s.
    assert {minute for minute, (revision, _) in late.items() if revision > 1} <= set(range(2, 11))
    assert {minute for minute, (revision, _) in late.items() if revision > 1} >= set(range(2, 10))
    assert line.instruments.late_booked_total == 96
    assert line.instruments.late_refused_total == 0
    assert line.latest.time_ns[POWER] == T0 + (60 * WHOLE_MINUTES + 55) * S


@pytest.mark.asyncio
async def test_what_comes_before_the_collector_was_ready_and_again_is_booked_once(
    mosquitto: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    broker = mosquitto()
    clock = ClockByHand(T0 + 600 * S)
    async with (
        Store(tmp_path / "s.sqlite", HEARD_PLANT.points) as store,
        session(subscriber(broker.port, reader=reader)) as run,
    ):
        line = await open_line(HEARD_PLANT, store, clock)
        await run.subscribed()
        kept = [sample(t, stored=True) for t in range(0, 600, 5)]
        random.Random(1).shuffle(kept)
        for _ in range(2):
            await tell(run, line, broker.port, kept)
        cells = await store.cells_around([POWER + 1], T0, T0 + 600 * S)
        await asyncio.sleep(0)
    assert len(cells[POWER + 1]) == 10
    assert line.instruments.late_repeated_total == 120
    assert line.instruments.late_refused_total == 0
