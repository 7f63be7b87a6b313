"""A day of two simulated potlines through the collector's line, store and delivery into a real InfluxDB.

The last three hours of February and the first of March, in Shanghai. In them: a meter that is silent, one whose words
come half an hour late, one that shows too much; anode effects, of which a controller counts one more; crucibles, one of
them corrected; a grid factor that is told by the hour; a message that cannot be understood; a database that is away.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from example_plant import ClockByHand
from servers import InfluxDB1
from shown_meters import HOUR_NS, HeardMeters, PolledMeters, PotControllers, Row, S, Trouble
from shown_plant import DATABASE, Shown, written

from collector.acquisition.source import Arrival
from collector.beginning import line_on
from collector.delivery.influx import InfluxSink
from collector.delivery.sink import Delivery
from collector.instruments import Instruments
from collector.pipeline import INBOX_SIZE, Line
from collector.plant.topology import Plant
from collector.readings.batch import NO_READINGS, ReadingBatch
from collector.readings.event import AnodeEffect, AnodeEffectKind, EffectCounters, Event, ToldFactor, Weighing
from collector.readings.health import Refused
from collector.readings.latest import LatestReadings
from collector.readings.outgoing import DeadLetter
from collector.readings.quantity import Quantity
from collector.store.store import Store
from simulators.physics import anode_effects
from simulators.physics.meter import Readout
from simulators.physics.potline import LineStep
from simulators.physics.smelter import Smelter

MINUTE_NS = 60 * S
DAY_NS = int(datetime(2026, 2, 28, 16, tzinfo=UTC).timestamp()) * S
"""1 March begins in Shanghai."""
BEGIN_NS = DAY_NS - 3 * HOUR_NS
END_NS = DAY_NS + 24 * HOUR_NS + 70 * MINUTE_NS
"""The day is closed then, and what controllers counted in it is compared."""

AWAY = (DAY_NS + 4 * HOUR_NS, DAY_NS + 5 * HOUR_NS)
"""The database takes nothing."""
REFUSED = (DAY_NS + 20 * HOUR_NS, DAY_NS + 20 * HOUR_NS + 4 * MINUTE_NS)
"""What is told of the office is of a type that the database refuses."""
TROUBLES = (
    Trouble("compressed_air", DAY_NS + 6 * HOUR_NS, DAY_NS + 9 * HOUR_NS, silent=True),
    Trouble("rectifier_2", DAY_NS + 12 * HOUR_NS, DAY_NS + 12 * HOUR_NS + 20 * MINUTE_NS, kept=True),
    Trouble(
        "fume_treatment_2",
        DAY_NS + 10 * HOUR_NS + 10 * MINUTE_NS,
        DAY_NS + 10 * HOUR_NS + 40 * MINUTE_NS,
        silent=True,
        exchanged=True,
    ),
    Trouble("pl2_dc", DAY_NS + 13 * HOUR_NS, DAY_NS + 18 * HOUR_NS, gain=1.03),
)
_CORRECTED_NS = DAY_NS + 2 * HOUR_NS
_LATER_NS = 30 * MINUTE_NS
_MISCOUNTED_FROM_NS = DAY_NS + 3 * HOUR_NS
_TOGETHER_MIN = 5
"""Minutes that arrive together; of more, the line would say that they are told after the event."""
_DELIVER_EVERY_MIN = 10
_SETTLING_STEPS = 30


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


def _grid(now_ns: int, kg_per_kwh: float) -> list[ToldFactor]:
    """Return the grid's forecast for the hour that begins; one hour is corrected when it is over."""
    told = []
    for start_ns, rank in ((now_ns, 0), (_CORRECTED_NS, 1)):
        if rank == 0 or now_ns == start_ns + HOUR_NS:
            value = kg_per_kwh + 0.03 * rank
            end_ns = start_ns + HOUR_NS
            told.append(
                ToldFactor(f"grid-{start_ns}", rank, "grid_factor", start_ns, end_ns, value, "the grid's figures")
            )
    return told


@dataclass(slots=True)
class Day:
    """The day's plant, and the database that was told of it."""

    shown: Shown
    influxdb: InfluxDB1

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
    day = Day(written(folder, influxdb.url), influxdb)
    influxdb.create_database(DATABASE)
    # Somebody has tried something out by hand, so that the database takes no number there any more.
    influxdb.write(DATABASE, f'meter,meter=by_hand reactive_power_kvar="none" {REFUSED[0]}')
    asyncio.run(_play(day))
    return day


async def _play(day: Day) -> None:
    configuration = day.shown.configuration
    (target,) = configuration.targets
    clock, instruments = ClockByHand(BEGIN_NS - MINUTE_NS), Instruments()
    sink = InfluxSink(
        name=target.name,
        url=target.url,
        version=1,
        org=target.org,
        bucket=target.bucket,
        create=target.create,
        username=target.username,
        secret_file=target.secret_file,
        timeout_s=target.timeout_s,
    )
    async with Store(configuration.store.path, configuration.plant.points) as store, sink:
        latest = LatestReadings(len(configuration.plant.points))
        # The collector tells of itself every ten seconds that pass for it; here they pass for the plant.
        with patch("collector.pipeline.time", SimpleNamespace(monotonic=clock.steady_s)):
            line = await line_on(
                configuration, clock, store, latest, instruments, lambda: None, asyncio.Queue(INBOX_SIZE)
            )
            delivery = Delivery(
                target.name, sink, store, most_bytes=target.max_body_bytes, clock=clock, instruments=instruments
            )
            await _through(day.shown, line, clock, delivery)


async def _through(shown: Shown, line: Line, clock: ClockByHand, delivery: Delivery) -> None:
    smelter = Smelter(shown.scenario, BEGIN_NS - 2 * MINUTE_NS, MINUTE_NS)
    post = _Post(shown.plant)
    smelter.step()
    while smelter.time_ns < END_NS:
        start_ns = smelter.time_ns
        steps = smelter.step()
        for _ in smelter.finished_minutes():
            pass
        post.put(start_ns, steps, smelter.readouts())
        now_ns = smelter.time_ns
        if (now_ns // MINUTE_NS) % _TOGETHER_MIN:
            continue
        clock.ns = now_ns + S
        _note_health(line.instruments, now_ns)
        await line.step([post.emptied(now_ns)])
        if not (now_ns // MINUTE_NS) % _DELIVER_EVERY_MIN and not AWAY[0] <= now_ns < AWAY[1]:
            while await delivery.step():
                pass
    for _ in range(_SETTLING_STEPS):
        clock.ns += 10 * S
        await line.step([])
    while await delivery.step():
        pass


def _note_health(instruments: Instruments, now_ns: int) -> None:
    """Note what pollers note of their meters: who does not answer, and registers that one refuses."""
    for trouble in TROUBLES:
        is_silent = trouble.silent and trouble.start_ns <= now_ns < trouble.end_ns
        instruments.meter(trouble.meter).error = "timed out after 1 s" if is_silent else ""
    refused = Refused(("voltage_ln",), "illegal data address", DAY_NS)
    instruments.meter("rectifier_4").set_aside = (refused,) if now_ns >= DAY_NS else ()


class _Post:
    """What is on its way to the collector."""

    def __init__(self, plant: Plant) -> None:
        self._polled, self._heard = PolledMeters(plant, TROUBLES), HeardMeters(plant, REFUSED)
        self._of = _Events(plant)
        self._pots = {potline.id: PotControllers(plant, potline.id) for potline in plant.potlines}
        self._counter = plant.points.place("rectifier_2", Quantity.ACTIVE_ENERGY_IMPORT)
        self._rows: list[Row] = []
        self._kept: list[tuple[int, Row]] = []
        self._batches: list[ReadingBatch] = []
        self._events: list[Event] = []

    def put(self, start_ns: int, steps: Mapping[str, LineStep], readouts: Mapping[str, Readout]) -> None:
        """Take what is read and told of a step."""
        for trouble, row in self._polled.read(start_ns, readouts):
            if trouble is not None and trouble.kept:
                self._kept.append((trouble.end_ns + _LATER_NS, row))
            else:
                self._rows.append(row)
        self._rows += self._heard.told(steps, readouts)
        for name, step in steps.items():
            self._batches.append(self._pots[name].told(step))
            self._events += self._of.of(name, step)
        step = next(iter(steps.values()))
        if not step.end_ns % HOUR_NS and step.mix is not None:
            self._events += _grid(step.end_ns, step.mix.factor)

    def emptied(self, now_ns: int) -> Arrival:
        """Return what arrives now; what a gateway kept comes with the latest first."""
        due = [row for due_ns, row in self._kept if due_ns <= now_ns]
        if due:
            place, time_ns, _, quality = next(row for row in due if row[0] == self._counter)
            due.append((place, time_ns + S, 0.0, quality))  # one that nobody can believe
        self._kept = [(due_ns, row) for due_ns, row in self._kept if due_ns > now_ns]
        batch = ReadingBatch.joined([ReadingBatch.of(self._rows), *self._batches])
        past = ReadingBatch.of(due[::-1]) if due else NO_READINGS
        arrival = Arrival(batch, tuple(self._events), past=past)
        self._rows, self._batches, self._events = [], [], []
        if now_ns == DAY_NS + 7 * HOUR_NS:
            topic = "smelter/v1/shown/potline/PL1/pot/1003/telemetry"
            letter = DeadLetter(now_ns, "mqtt:potroom", topic, b'{"v":1,"ts":', "is cut off: send whole messages")
            arrival = replace(arrival, rejected=(letter,))
        return arrival
