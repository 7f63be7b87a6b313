"""The example plant, and a straight line over it that tests can feed by hand."""

import asyncio
import functools
from collections.abc import Sequence
from pathlib import Path

from collector.accounting.booking import Booking
from collector.accounting.excursions import EffectRules
from collector.accounting.parameters import Conventions
from collector.accounting.production import PotWatch
from collector.accounting.rules import rules
from collector.acquisition.source import Arrival
from collector.alerting.alerts import Alerts
from collector.closing.closer import Closer
from collector.closing.plant_closer import PlantCloser
from collector.closing.told import ToldFactors
from collector.counter_check import CounterCheck
from collector.delivery.lineprotocol import ReadingEncoder
from collector.effects import Effects
from collector.instruments import Instruments
from collector.normalise.canonical import Canonicaliser
from collector.normalise.derive import LinePower
from collector.normalise.mass_flow import MassFlows
from collector.normalise.screening import Screen
from collector.pipeline import Line
from collector.plant.alerts import AlertRule
from collector.plant.topology import Plant
from collector.pot_minutes import PotMinutes
from collector.readings.batch import ReadingBatch
from collector.readings.event import EffectOrigin
from collector.readings.latest import LatestReadings
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from collector.settings import load
from collector.store.inputs import factors_told
from collector.store.outbox import Bounds
from collector.store.store import Store

CONFIG = Path(__file__).parents[1] / "config" / "collector.toml"
BOUNDS = Bounds(outbox_max_bytes=1 << 30, outbox_max_age_s=1e9, keep_inputs_s=1e9, keep_minutes_s=1e9)

CONVENTIONS = Conventions(longest_gap_s=60.0, same_within_s=60.0, precedence=EffectOrigin.CONTROLLER)
EFFECT_RULES = EffectRules(
    longest_gap_s=60.0,
    merging_gap_s=900.0,
    shortest_s=0.0,
    sensor_limit_v=60.0,
    together=0.5,
    same_within_s=60.0,
    precedence=EffectOrigin.CONTROLLER,
)


@functools.cache
def example_plant() -> Plant:
    """Return the plant of config/plants/example.toml: frozen, so one is enough for all tests."""
    return load(CONFIG).plant


class ClockByHand:
    """A clock that stands until it is moved. ``set_by_s``: by how much somebody has set UTC since."""

    speed = 1.0

    def __init__(self, now_ns: int) -> None:
        self.ns = now_ns
        self.set_by_s = 0.0

    def now_ns(self) -> int:
        """Return UTC [ns]."""
        return self.ns + round(self.set_by_s * 1e9)

    def steady_s(self) -> float:
        """Return the same in seconds."""
        return self.ns * 1e-9

    async def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.ns += round(seconds * 1e9)
        await asyncio.sleep(0)


async def open_line(
    plant: Plant,
    store: Store,
    clock: ClockByHand,
    *,
    grace_s: float = 10.0,
    rules_of_effects: EffectRules | None = None,
    alerts: Sequence[AlertRule] = (),
) -> Line:
    """Return a line as the assembly makes it, with nothing feeding it."""
    instruments = Instruments()
    pots = PotWatch(plant)
    told = rules_of_effects or EFFECT_RULES
    effects = await Effects.opened(plant, store, told, clock.now_ns())
    told_factors = ToldFactors(plant, await store.ask(factors_told))
    closer = Closer(
        told_factors.plant,
        store,
        grace_s=grace_s,
        conventions=Conventions(told.longest_gap_s, told.same_within_s, told.precedence),
        least_coverage_pct=90.0,
        pots=pots,
        instruments=instruments,
    )
    await closer.open(clock.now_ns())
    plantwide = PlantCloser(
        told_factors.plant,
        store,
        closer,
        longest_gap_s=told.longest_gap_s,
        least_coverage_pct=90.0,
        instruments=instruments,
    )
    await plantwide.open(clock.now_ns())
    booked = rules(plant)
    last = await store.last_cells(booked)
    return Line(
        plant=plant,
        inbox=asyncio.Queue[Arrival](1000),
        canonical=Canonicaliser(plant),
        screen=Screen(plant),
        power=LinePower(plant),
        masses=MassFlows(plant),
        pots=await PotMinutes.opened(plant, pots, store, instruments, clock.now_ns()),
        booking=Booking(booked, last, await store.last_traces(last), longest_gap_s=60.0),
        effects=effects,
        counters=await CounterCheck.opened(plant, store, told, clock.now_ns()),
        alerts=await Alerts.opened(plant, alerts, store, clock, is_told=True),
        closer=closer,
        plantwide=plantwide,
        told=told_factors,
        encoder=ReadingEncoder(plant),
        store=store,
        latest=LatestReadings(len(plant.points)),
        clock=clock,
        instruments=instruments,
        commit_every_s=0.05,
        targets=(),
        bounds=BOUNDS,
        instance="test",
        progress=lambda: None,
    )


def raw(plant: Plant, meter: str, time_ns: int, values: dict[Quantity, float]) -> ReadingBatch:
    """Return readings of a meter as its registers show them: in the registers' units."""
    return ReadingBatch.of(
        (plant.points.place(meter, quantity), time_ns, value, int(Quality.GOOD)) for quantity, value in values.items()
    )


def joined(parts: Sequence[ReadingBatch]) -> Arrival:
    """Return an arrival of several batches."""
    return Arrival(ReadingBatch.joined(parts))
