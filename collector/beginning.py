"""A line, made from the configuration: it goes on where the store ends, at a start and at a reload alike."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import replace

from collector.accounting.booking import Booking
from collector.accounting.production import PotWatch
from collector.accounting.rules import rules
from collector.acquisition.source import Arrival
from collector.alerting.alerts import Alerts
from collector.clock import Clock
from collector.closing import opening
from collector.closing.told import ToldFactors
from collector.counter_check import CounterCheck
from collector.delivery.lineprotocol import ReadingEncoder
from collector.effects import Effects
from collector.instruments import Instruments
from collector.normalise.canonical import Canonicaliser
from collector.normalise.derive import LinePower
from collector.normalise.mass_flow import MassFlows
from collector.normalise.screening import Screen
from collector.own_lines import PART_OF
from collector.pipeline import Line
from collector.plant.division import Part
from collector.plant.topology import Plant
from collector.pot_minutes import PotMinutes
from collector.readings.latest import LatestReadings
from collector.settings import Configuration
from collector.store.inputs import factors_told
from collector.store.outbox import Bounds
from collector.store.store import Store


class _Parts:
    """The parts of a line that follow from the plant alone."""

    def __init__(self, plant: Plant) -> None:
        self.booked = rules(plant)
        self.canonical = Canonicaliser(plant)
        self.screen = Screen(plant)
        self.power = LinePower(plant)
        self.masses = MassFlows(plant)
        self.encoder = ReadingEncoder(plant)


async def line_on(
    configuration: Configuration,
    clock: Clock,
    store: Store,
    latest: LatestReadings,
    instruments: Instruments,
    progress: Callable[[], None],
    inbox: asyncio.Queue[Arrival],
    *,
    judges_alerts: bool = True,
) -> Line:
    """Return a line that goes on where the store ends.

    ``judges_alerts``: whether it judges the rules of alerts; one that only reads letters again does not.
    """
    plant, accounting, kept = configuration.plant, configuration.accounting, configuration.store
    effects = await Effects.opened(plant, store, opening.rules_of_effects(configuration), clock.now_ns())
    parts = await asyncio.to_thread(_Parts, plant)  # for thousands of meters that takes a while
    booked = parts.booked
    last = await store.last_cells(booked)
    pots = PotWatch(plant)
    told = ToldFactors(plant, await store.ask(factors_told))
    as_told = replace(configuration, plant=told.plant)
    closer = opening.closer(as_told, store, pots, instruments)
    await closer.open(clock.now_ns())
    plantwide = opening.plant_closer(as_told, store, closer, instruments)
    await plantwide.open(clock.now_ns())
    return Line(
        plant=plant,
        inbox=inbox,
        canonical=parts.canonical,
        screen=parts.screen,
        power=parts.power,
        masses=parts.masses,
        pots=await PotMinutes.opened(plant, pots, store, instruments, clock.now_ns()),
        booking=Booking(booked, last, await store.last_traces(last), longest_gap_s=accounting.longest_gap_s),
        effects=effects,
        counters=await CounterCheck.opened(plant, store, opening.rules_of_effects(configuration), clock.now_ns()),
        limits=opening.limit_check(configuration, store),
        alerts=await Alerts.opened(
            plant,
            configuration.alerts,
            store,
            clock,
            is_told=configuration.alert_topic is not None,
            judges=judges_alerts,
        ),
        closer=closer,
        plantwide=plantwide,
        told=told,
        encoder=parts.encoder,
        store=store,
        latest=latest,
        clock=clock,
        instruments=instruments,
        commit_every_s=kept.commit_every_s,
        targets=tuple(target.name for target in configuration.targets),
        bounds=Bounds(
            kept.outbox_max_bytes,
            kept.outbox_max_age_s,
            kept.keep_inputs_s,
            kept.keep_minutes_s,
            when_full=kept.when_full,
            keep_delivered_s=kept.keep_delivered_s,
        ),
        instance=instance(configuration.part),
        progress=progress,
    )


def instance(part: Part | None) -> str:
    """Return what the collector is called in its own stream: by its machine, and its part where it has one."""
    return socket.gethostname() if part is None else f"{socket.gethostname()}{PART_OF}{part.name}"
