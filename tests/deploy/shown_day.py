"""A day of two simulated potlines through the collector's line, store and delivery into a real InfluxDB.

The last six hours of February and the first of March, in Shanghai. In them: a meter that is silent, one whose readings
come half an hour late, one that shows too much; anode effects, of which a controller counts one more; crucibles, one of
them corrected; a grid factor that is told by the hour; a message that cannot be understood; a database that is away.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from example_plant import ClockByHand, open_line
from servers import InfluxDB1
from shown_meters import HOUR_NS, HeardMeters, PolledMeters, PotControllers, Row, S, Trouble
from shown_plant import Shown, written

from collector.acquisition.source import Arrival
from collector.delivery.influx import InfluxSink
from collector.delivery.sink import Delivery
from collector.pipeline import Line
from collector.plant.topology import Plant
from collector.readings.batch import NO_READINGS, ReadingBatch
from collector.readings.event import AnodeEffect, AnodeEffectKind, EffectCounters, Event, ToldFactor, Weighing
from collector.readings.outgoing import DeadLetter
from collector.store.store import Store
from simulators.physics import anode_effects
from simulators.physics.potline import LineStep
from simulators.physics.smelter import Smelter

MINUTE_NS = 60 * S
DAY_NS = int(datetime(2026, 2, 28, 16, tzinfo=UTC).timestamp()) * S
"""1 March begins in Shanghai."""
BEGIN_NS = DAY_NS - 6 * HOUR_NS
END_NS = DAY_NS + 24 * HOUR_NS + 70 * MINUTE_NS
"""The day is closed then, and what controllers counted in it is compared."""
DATABASE = "potline"
TARGET = "shown"

AWAY = (DAY_NS + 4 * HOUR_NS, DAY_NS + 5 * HOUR_NS)
"""The database takes nothing."""
TROUBLES = (
    Trouble("compressed_air", DAY_NS + 6 * HOUR_NS, DAY_NS + 9 * HOUR_NS, silent=True),
    Trouble("rectifier_2", DAY_NS + 12 * HOUR_NS, DAY_NS + 12 * HOUR_NS + 20 * MINUTE_NS, kept=True),
    Trouble("pl2_dc", DAY_NS + 13 * HOUR_NS, DAY_NS + 18 * HOUR_NS, gain=1.03),
)
_LATER_NS = 30 * MINUTE_NS
_MISCOUNTED_FROM_NS = DAY_NS + 3 * HOUR_NS
_DELIVER_EVERY_MIN = 5


@dataclass(slots=True)
class _Events:
    """What pot controllers, scales and the grid tell."""

    plant: Plant
    _ended: dict[str, list[AnodeEffect]] = field(default_factory=dict)
    _weighed: int = 0
    _later: list[tuple[int, Event]] = field(default_factory=list)

    def of(self, line: str, step: LineStep) -> list[Event]:
        """Return what is told of a step of a potline."""
        pots = next(potline.pots for potline in self.plant.potlines if potline.id == line)
        found: list[Event] = [event for due_ns, event in self._later if due_ns <= step.end_ns]
        self._later = [(due_ns, event) for due_ns, event in self._later if due_ns > step.end_ns]
        found += [_effect(line, pots, effect, over=False) for effect in step.started]
        for effect in step.ended:
            told = _effect(line, pots, effect, over=True)
            self._ended.setdefault(told.pot, []).append(told)
            found.append(told)
        found += [_low_voltage(line, pots, effect) for effect in step.low_voltage_ended]
        for weighing in step.weighings:
            self._weighed += 1
            names = tuple(pots[place] for place in weighing.pots)
            net_kg = float(weighing.gross_kg - weighing.tare_kg)
            right = Weighing(f"W-{self._weighed}", 0, line, names, weighing.time_ns, net_kg, None)
            if self._weighed % 4:
                found.append(right)
            else:
                found.append(replace(right, net_kg=net_kg + 250.0))
                self._later.append((weighing.time_ns + 2 * HOUR_NS, replace(right, rank=1)))
        if not step.end_ns % HOUR_NS:
            found += [self._counted(line, pot, step.end_ns) for pot in pots]
        return found

    def _counted(self, line: str, pot: str, now_ns: int) -> EffectCounters:
        """Return a controller's counters; that of pot 1004 counts one effect that nobody told of."""
        ended = self._ended.get(pot, [])
        more = int(pot == "1004" and now_ns > _MISCOUNTED_FROM_NS)
        seconds = sum(effect.duration_s or 0.0 for effect in ended) + 40.0 * more
        return EffectCounters(f"AEC-{pot}-{now_ns}", 0, line, pot, now_ns, len(ended) + more, seconds)


def _effect(line: str, pots: Sequence[str], effect: anode_effects.AnodeEffect, *, over: bool) -> AnodeEffect:
    pot = pots[effect.pot]
    return AnodeEffect(
        f"AE-{pot}-{effect.start_ns}",
        2 if over else 0,
        line,
        pot,
        AnodeEffectKind.HVAE,
        effect.start_ns,
        effect.duration_s if over else None,
        effect.max_v,
        effect.overvoltage_vs if over else None,
        corrected=False,
    )


def _low_voltage(line: str, pots: Sequence[str], effect: anode_effects.LowVoltageEffect) -> AnodeEffect:
    pot, start_ns = pots[effect.pot], effect.start_ns
    told = AnodeEffect(
        f"LV-{pot}-{start_ns}", 0, line, pot, AnodeEffectKind.LVAE, start_ns, None, None, None, corrected=False
    )
    return replace(told, duration_s=effect.duration_s)


def _grid(now_ns: int, kg_per_kwh: float) -> ToldFactor:
    """Return the grid's factor of the hour that is over, as it is told then."""
    start_ns = now_ns - HOUR_NS
    return ToldFactor(f"grid-{start_ns}", 0, "grid_factor", start_ns, now_ns, kg_per_kwh, "the grid's hourly figures")


def _late(kept: list[tuple[int, Row]], now_ns: int) -> tuple[list[Row], list[tuple[int, Row]]]:
    """Return what a gateway tells now, the latest first, and what it keeps."""
    due = [row for due_ns, row in kept if due_ns <= now_ns]
    return due[::-1], [(due_ns, row) for due_ns, row in kept if due_ns > now_ns]


@dataclass(slots=True)
class Day:
    """The day's plant, and the database that was told of it."""

    shown: Shown
    influxdb: InfluxDB1
    store: Path

    def query(self, influxql: str) -> list[dict[str, Any]]:
        """Return rows of a query, times in ns."""
        return self.influxdb.query(DATABASE, influxql)


def played(folder: Path, influxdb: InfluxDB1) -> Day:
    """Play the day into a database.

    Parameters
    ----------
    folder
        Where the plant's files and the store are put.
    """
    day = Day(written(folder), influxdb, folder / "store.sqlite")
    influxdb.create_database(DATABASE)
    asyncio.run(_play(day))
    return day


async def _play(day: Day) -> None:
    plant = day.shown.plant
    smelter = Smelter(day.shown.scenario, BEGIN_NS - 2 * MINUTE_NS, MINUTE_NS)
    clock = ClockByHand(BEGIN_NS - MINUTE_NS)
    # The collector tells of itself every ten seconds that pass for it; here they pass for the plant.
    passing = patch("collector.pipeline.time", SimpleNamespace(monotonic=clock.steady_s))
    sink = InfluxSink(
        name=TARGET,
        url=day.influxdb.url,
        version=1,
        org="",
        bucket=DATABASE,
        create=False,
        username=None,
        secret_file=None,
        timeout_s=20.0,
    )
    with passing:
        async with Store(day.store, plant.points) as store, sink:
            line = replace(await open_line(plant, store, clock), targets=(TARGET,))
            delivery = Delivery(
                TARGET, sink, store, most_bytes=1 << 20, clock=clock, instruments=line.instruments
            )
            await _through(smelter, plant, line, clock, delivery)
            while await delivery.step():
                pass


async def _through(smelter: Smelter, plant: Plant, line: Line, clock: ClockByHand, delivery: Delivery) -> None:
    polled, heard, events = PolledMeters(plant, TROUBLES), HeardMeters(plant), _Events(plant)
    controllers = {potline.id: PotControllers(plant, potline.id) for potline in plant.potlines}
    kept: list[tuple[int, Row]] = []
    while smelter.time_ns < END_NS:
        start_ns = smelter.time_ns
        steps: Mapping[str, LineStep] = smelter.step()
        now_ns = smelter.time_ns
        for _ in smelter.finished_minutes():
            pass
        rows: list[Row] = []
        for trouble, row in polled.read(start_ns, smelter.readouts()):
            if trouble is not None and trouble.kept:
                kept.append((trouble.end_ns + _LATER_NS, row))
            else:
                rows.append(row)
        late, kept = _late(kept, now_ns)
        rows += heard.told(steps, smelter.readouts())
        told: list[Event] = [event for name, step in steps.items() for event in events.of(name, step)]
        if not now_ns % HOUR_NS and now_ns > BEGIN_NS + HOUR_NS:
            mix = next(iter(steps.values())).mix
            assert mix is not None
            told.append(_grid(now_ns, mix.factor))
        batch = ReadingBatch.joined(
            [ReadingBatch.of(rows), *(controllers[name].told(step) for name, step in steps.items())]
        )
        past = ReadingBatch.of(late) if late else NO_READINGS
        arrival = Arrival(batch, tuple(told), past=past)
        if now_ns == DAY_NS + 7 * HOUR_NS:
            topic = "smelter/v1/shown/potline/PL1/pot/1003/telemetry"
            letter = DeadLetter(now_ns, "mqtt:potroom", topic, b'{"v":1,"ts":', "is cut off: send whole messages")
            arrival = replace(arrival, rejected=(letter,))
        clock.ns = now_ns + S
        await line.step([arrival])
        if not (now_ns // MINUTE_NS) % _DELIVER_EVERY_MIN and not AWAY[0] <= now_ns < AWAY[1]:
            while await delivery.step():
                pass
    for _ in range(60):
        clock.ns += 10 * S
        await line.step([])


def finite(value: object) -> bool:
    """Tell whether a value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
