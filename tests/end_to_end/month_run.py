"""A month of a simulated potline through the collector's own line and store, with a clock that is set by hand.

The physics goes in steps of a minute. Meters are read every half minute, with the resolution of their registers and an
error within their class; pots tell their voltages every minute; controllers and scales tell their events.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from example_plant import ClockByHand, open_line
from month_meters import HOUR_NS, Meters, Row, S, Silence, faults, silences
from month_plant import Both, written

from collector.acquisition.source import Arrival
from collector.pipeline import Line
from collector.readings.batch import NO_READINGS, ReadingBatch
from collector.readings.cell import MINUTE_NS
from collector.readings.event import AnodeEffect, AnodeEffectKind, Event, Weighing
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from collector.store.store import Store
from simulators.physics import anode_effects, tapping
from simulators.physics.potline import LineStep
from simulators.physics.smelter import Smelter

AWAY_NS = 20 * MINUTE_NS
"""For so long the collector is stopped on the second day."""

_COMPARED = (
    "dc_kwh",
    "ac_kwh",
    "auxiliary_kwh",
    "metal_t",
    "tapped_t",
    "pot_days",
    "ae_count",
    "ae_s",
    "anode_t_co2e",
    "pfc_t_co2e",
)

Truth = dict[int, dict[str, float]]
"""The simulator's ledger by the start of the minute [UTC ns]."""


@dataclass(slots=True)
class Month:
    """What a run leaves behind.

    Attributes
    ----------
    both
        The plant.
    begin_ns, end_ns
        The time that was simulated, whole days [UTC ns].
    truth
        What happened.
    silences
        Which meters were not heard, and when.
    told
        How many events of each kind were told, and how many of them were voided or corrected.
    effects
        Start and end of each anode effect [UTC ns].
    counted
        What the line counted: readings that were not believed, late ones that were booked, and that were not.
    """

    both: Both
    store: Path
    begin_ns: int
    end_ns: int
    truth: Truth
    silences: Sequence[Silence]
    told: dict[str, int] = field(default_factory=dict)
    effects: list[tuple[int, int]] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)

    def keep(self, row: Mapping[str, Any]) -> None:
        """Keep what is compared of a minute of the simulator's ledger."""
        minute_ns = int(np.datetime64(str(row["minute"]).rstrip("Z"), "ns").astype(np.int64))
        self.truth[minute_ns] = {name: row[name] for name in _COMPARED}


class _Collector:
    """Store and line, stopped and started."""

    def __init__(self, both: Both, path: Path, clock: ClockByHand) -> None:
        self._both = both
        self._path = path
        self._clock = clock
        self._open = contextlib.AsyncExitStack()
        self.line: Line | None = None
        self.counted: dict[str, int] = {}

    async def start(self) -> None:
        store = await self._open.enter_async_context(Store(self._path, self._both.plant.points))
        self.line = await open_line(self._both.plant, store, self._clock)

    async def stop(self) -> None:
        if self.line is not None:
            for name in ("glitches_total", "late_booked_total", "late_refused_total"):
                self.counted[name] = self.counted.get(name, 0) + getattr(self.line.instruments, name)
        self.line = None
        await self._open.aclose()
        self._open = contextlib.AsyncExitStack()

    async def take(self, *arrivals: Arrival) -> None:
        if self.line is not None:
            await self.line.step(arrivals)


class _Events:
    """What controllers and scales tell, and when: some of it is voided or corrected a day later."""

    def __init__(self, pots: Sequence[str]) -> None:
        self._pots = pots
        self._weighed = 0
        self._later: list[tuple[int, Event]] = []
        self.told = {"effects": 0, "weighings": 0, "voided": 0, "corrected": 0}

    def of(self, step: LineStep, now_ns: int) -> list[Event]:
        """Return what is told of a step, and what is due of former ones."""
        found: list[Event] = [event for due_ns, event in self._later if due_ns <= now_ns]
        self._later = [(due_ns, event) for due_ns, event in self._later if due_ns > now_ns]
        found += [self._effect(effect, over=False) for effect in step.started]
        found += [self._effect(effect, over=True) for effect in step.ended]
        for weighing in step.weighings:
            found += self._weighing(weighing)
        self.told["effects"] += len(step.ended)
        return found

    def rest(self) -> list[Event]:
        """Return what would be told after the end."""
        found, self._later = [event for _, event in self._later], []
        return found

    def _effect(self, effect: anode_effects.AnodeEffect, *, over: bool) -> AnodeEffect:
        pot = self._pots[effect.pot]
        return AnodeEffect(
            f"AE-{pot}-{effect.start_ns}",
            2 if over else 0,
            "PL1",
            pot,
            AnodeEffectKind.HVAE,
            effect.start_ns,
            effect.duration_s if over else None,
            effect.max_v,
            effect.overvoltage_vs if over else None,
            corrected=False,
        )

    def _weighing(self, weighing: tapping.Weighing) -> list[Event]:
        """Return a weighing as it is told at once; every seventh is voided and made again, every ninth corrected."""
        self._weighed += 1
        self.told["weighings"] += 1
        pots = tuple(self._pots[place] for place in weighing.pots)
        net_kg = float(weighing.gross_kg - weighing.tare_kg)
        right = Weighing(f"W-{self._weighed}", 0, "PL1", pots, weighing.time_ns, net_kg, None)
        if self._weighed % 7 == 0:
            self.told["voided"] += 1
            wrong = replace(right, id=f"{right.id}-void", net_kg=net_kg + 400)
            later_ns = weighing.time_ns + 15 * MINUTE_NS
            self._later += [(later_ns, replace(wrong, rank=1, refused="declared void")), (later_ns, right)]
            return [wrong]
        if self._weighed % 9 == 0:
            self.told["corrected"] += 1
            self._later.append((weighing.time_ns + 26 * HOUR_NS, replace(right, rank=1)))
            return [replace(right, net_kg=net_kg - 150)]
        return [right]


def simulated(
    folder: Path, *, begin_ns: int, days: int, zone: str, seed: int, portion: int, length_ns: int | None = None
) -> Month:
    """Simulate a plant, and let the collector account for it.

    Parameters
    ----------
    folder
        Where the plant's files and the store are put.
    begin_ns, days
        Midnight of the plant at which it begins [UTC ns], and for how many times 24 hours there are faults.
    zone, seed
        As for ``month_plant.written``.
    portion
        Minutes that arrive together; more than two, and the line takes them for told after the event.
    length_ns
        The time that is simulated, where a change of the clock makes it something else [ns].
    """
    both = written(folder, zone=zone, seed=seed)
    length_ns = days * 24 * HOUR_NS if length_ns is None else length_ns
    month = Month(both, folder / "store.sqlite", begin_ns, begin_ns + length_ns, {}, silences(begin_ns, days))
    asyncio.run(_simulate(month, days, portion))
    return month


async def _simulate(month: Month, days: int, portion: int) -> None:
    both, begin_ns = month.both, month.begin_ns
    smelter = Smelter(both.scenario, begin_ns - 2 * MINUTE_NS, MINUTE_NS)
    pots = both.plant.potlines[0].pots
    volts = np.array([both.plant.points.place(f"pot:{pot}", Quantity.POT_VOLTAGE) for pot in pots], np.int32)
    meters, events = Meters(both.plant, faults(begin_ns, days)), _Events(pots)
    clock = ClockByHand(begin_ns - 30 * S)
    collector = _Collector(both, month.store, clock)
    await collector.start()
    away = (begin_ns + 31 * HOUR_NS, begin_ns + 31 * HOUR_NS + AWAY_NS)
    post = _Post(month.silences)
    while smelter.time_ns < month.end_ns + 10 * MINUTE_NS:
        start_ns = smelter.time_ns
        step = smelter.step()["PL1"]
        for row in smelter.finished_minutes():
            month.keep(row)
        polled = list(meters.read(start_ns, smelter.readouts()))
        is_away = away[0] <= start_ns < away[1]
        post.put(start_ns, [] if is_away else polled)
        post.pots.append(_voltages(volts, start_ns, step))
        post.events += events.of(step, smelter.time_ns)
        for effect in step.ended:
            month.effects.append((effect.start_ns, effect.end_ns))
        if is_away or (smelter.time_ns // MINUTE_NS) % portion:
            if start_ns == away[0]:
                await collector.stop()
            continue
        clock.ns = smelter.time_ns + 1 * S
        if collector.line is None:
            await collector.start()
        await collector.take(*post.emptied(clock.ns))
    await collector.take(Arrival(NO_READINGS, tuple(events.rest())))
    for _ in range(40):
        clock.ns += 10 * S
        await collector.take()
    await collector.stop()
    for row in smelter.remaining_minutes():
        month.keep(row)
    month.told, month.counted = events.told, collector.counted


class _Post:
    """What is on its way to the collector."""

    def __init__(self, quiet: Sequence[Silence]) -> None:
        self._quiet = quiet
        self._live: list[Row] = []
        self._kept: list[tuple[int, Row]] = []
        self.pots: list[ReadingBatch] = []
        self.events: list[Event] = []

    def put(self, minute_ns: int, polled: Sequence[tuple[str, Row]]) -> None:
        """Take what was read of the meters in a minute: of a silent one nothing, or later."""
        quiet = {one.meter: one for one in self._quiet if one.start_ns <= minute_ns < one.end_ns}
        for meter, row in polled:
            silence = quiet.get(meter)
            if silence is None:
                self._live.append(row)
            elif silence.kept:
                self._kept.append((silence.end_ns + 25 * MINUTE_NS, row))

    def emptied(self, now_ns: int) -> list[Arrival]:
        """Return what arrives now; what gateways kept comes with the latest first."""
        late = [row for due_ns, row in self._kept if due_ns <= now_ns]
        self._kept = [(due_ns, row) for due_ns, row in self._kept if due_ns > now_ns]
        live = ReadingBatch.joined([ReadingBatch.of(self._live), *self.pots])
        found = [Arrival(live, tuple(self.events), past=ReadingBatch.of(late[::-1]) if late else NO_READINGS)]
        self._live, self.pots, self.events = [], [], []
        return found


def _voltages(places: np.ndarray[tuple[int], np.dtype[np.int32]], start_ns: int, step: LineStep) -> ReadingBatch:
    count = len(places)
    return ReadingBatch(
        places,
        np.full(count, start_ns + 30 * S, np.int64),
        step.pot_voltages_v.astype(np.float64),
        np.full(count, int(Quality.GOOD), np.uint8),
    )
