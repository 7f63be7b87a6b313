"""A load of pot telemetry: as many pots and messages a second as wanted, without a plant behind them.

It makes the same single samples and batches as a simulated plant, of pots whose voltage only scatters, and tells how
many messages a second the broker took and which share of a core that cost this process. Batches in columns are rendered
beforehand.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.instants import SECOND_NS
from simulators.mqtt_scenario import BatchForm
from simulators.physics.noise import stream
from simulators.rendered_load import RenderedLine
from simulators.servers.messages.message import Sources, json_message
from simulators.servers.messages.telemetry import PotTelemetry, Samples, States
from simulators.servers.mqtt import Publisher

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.servers.messages import Message

POTS_PER_LINE = 300
_LAST_MESSAGES_S = 10.0
_FIRST_CONNECTION_S = 2.0
_CURRENT_KA = 400.0


@dataclass(frozen=True, slots=True)
class Load:
    """What to send.

    Parameters
    ----------
    pots, rate
        Number of pots, and samples a second of each.
    seconds
        For how long.
    batch, form
        Samples in a message, and how a batch is written.
    meters
        Generic meters that tell their power once a second.
    site
        Segment of the topics; lines are PL1, PL2, …, of 300 pots each.
    """

    pots: int
    rate: int
    seconds: int
    batch: int = 1
    form: BatchForm = BatchForm.COLUMNS
    meters: int = 0
    site: str = "example"


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it; ``core`` is the share of one core that this process used [1]."""

    messages: int
    samples: int
    seconds: float
    core: float
    unsent: int
    dropped: int

    def __str__(self) -> str:
        return (
            f"{self.messages} messages with {self.samples} samples in {self.seconds:.1f} s: "
            f"{self.messages / self.seconds:.0f} messages/s with {self.core:.1%} of a core, "
            f"{self.core * self.seconds / max(self.messages, 1) * 1e6:.1f} µs each; "
            f"{self.unsent} unsent, {self.dropped} dropped"
        )


class _Line:
    """Up to 300 pots on one connection."""

    def __init__(self, load: Load, number: int) -> None:
        self._load = load
        first = number * POTS_PER_LINE
        name = f"PL{number + 1}"
        self._pots = np.arange(min(POTS_PER_LINE, load.pots - first))
        names = [f"{1000 * (number + 1) + place + 1}" for place in self._pots.tolist()]
        prefix = f"smelter/v1/{load.site}/potline/{name}"
        self._telemetry = PotTelemetry(prefix, name, names, sources=Sources(), batch=load.batch, form=load.form)
        self._rng = stream(1, f"{name} load")
        never = np.zeros(len(self._pots), dtype=np.bool_)
        beam_mm, bath_c = np.full(len(self._pots), 200.0), np.full(len(self._pots), 960.0)
        self._states = States(never, never, ~never, np.zeros(len(self._pots), dtype=np.int64), beam_mm, bath_c)
        self._current_ka = np.full(len(self._pots), _CURRENT_KA)
        self._noise_mv = np.full(len(self._pots), 6.0)

    def rendered(self) -> RenderedLine:
        """Return the same pots with batches in columns that are rendered beforehand."""
        batch = self._load.batch
        # The first batch of a pot is shorter, so its second one is taken.
        drawn = {message.topic: message for tick in range(2 * batch) for message in self.at(tick * SECOND_NS)}
        batches = [drawn[topic] for topic in self._telemetry.topics]
        sources = self._telemetry.source_of
        return RenderedLine(batches, sources, batch=batch, pace_ns=SECOND_NS // self._load.rate)

    def at(self, time_ns: int) -> list[Message]:
        """Return the messages that are complete with the samples of a time [UTC ns]."""
        voltage_v = 4.0 + 0.006 * self._rng.standard_normal(len(self._pots))
        resistance = (voltage_v - 1.65) / self._current_ka * 1000
        return self._telemetry.of(
            Samples(time_ns, self._pots, voltage_v, self._current_ka, resistance, self._noise_mv, self._states)
        )


async def run_load(load: Load, host: str, port: int, *, protocol: str = "3.1.1") -> Report | None:
    """Send a load to a broker at its pace; None if the broker is not there."""
    drawn = [_Line(load, number) for number in range(-(-load.pots // POTS_PER_LINE))]
    in_columns = load.batch > 1 and load.form is BatchForm.COLUMNS
    lines = [line.rendered() if in_columns else line for line in drawn]
    async with AsyncExitStack() as stack:
        publishers = [await stack.enter_async_context(Publisher(host, port, protocol)) for _ in lines]
        if not await _within(_FIRST_CONNECTION_S, lambda: all(publisher.connected for publisher in publishers)):
            return None
        batches = 0
        # From a whole second on, so that each sample is sent at the time that it bears.
        start_ns = -(-time.time_ns() // SECOND_NS) * SECOND_NS
        await asyncio.sleep((start_ns - time.time_ns()) / SECOND_NS)
        cpu, begin = time.process_time(), time.monotonic()
        for tick in range(load.seconds * load.rate):
            await asyncio.sleep(max(0.0, begin + tick / load.rate - time.monotonic()))
            time_ns = start_ns + tick * SECOND_NS // load.rate
            for line, publisher in zip(lines, publishers, strict=True):
                messages = line.at(time_ns)
                batches += len(messages)
                publisher.offer_all(messages)
            if tick % load.rate == 0:
                publishers[0].offer_all(_meters(load, tick // load.rate))
        await _within(_LAST_MESSAGES_S, lambda: not any(publisher.unsent for publisher in publishers))
        seconds = time.monotonic() - begin
        return Report(
            messages=sum(publisher.acknowledged for publisher in publishers),
            samples=batches * load.batch if in_columns else load.pots * load.rate * load.seconds,
            seconds=seconds,
            core=(time.process_time() - cpu) / seconds,
            unsent=sum(publisher.unsent for publisher in publishers),
            dropped=sum(publisher.dropped for publisher in publishers),
        )


def _meters(load: Load, seq: int) -> list[Message]:
    return [
        json_message(
            f"smelter/v1/{load.site}/meter/M{number + 1:03}/telemetry",
            {"v": 1, "meter": f"M{number + 1:03}", "seq": seq + 1, "q": "good", "m": {"p_kw": 9312.0 + number}},
        )
        for number in range(load.meters)
    ]


async def _within(seconds: float, true: Callable[[], bool]) -> bool:
    """Wait until something is true, at most so long; return whether it is."""
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:  # noqa: ASYNC110 -- counts are plain numbers
        await asyncio.sleep(0.01)
    return true()
