"""Pot telemetry: single samples, or batches of samples with their own times, from 10 Hz to one an hour.

A single sample is a message of its own: ``{"v":1,"src":…,"seq":…,"ts":…,"clk":…,"q":…,"hist":…,"m":{…}}``. A batch has
the same head without ``ts`` and ``m``, and one of two forms:

- ``samples``: ``"samples":[{"ts":…,"m":{…}},…]``, what a controller sends that gathers its single messages;
- ``columns``: ``"t":[…]`` with a time for each sample and one list a quantity, ``"pot_voltage_v":[…]``, beside it: what
  a fast logger sends. It is less than half as long, and each list is one column of a reader that works in columns.

In columns a missing value is null; in samples it is a missing key.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from simulators.instants import SECOND_NS, iso_milliseconds
from simulators.mqtt_scenario import BatchForm
from simulators.physics.noise import stream
from simulators.physics.pot import BACK_EMF_V
from simulators.servers.messages.message import Message, Sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from simulators.physics.potline import LineStep

POTS_PER_SECTION = 20
"""Pots that share one controller."""

RIPPLE_V = 0.006
"""Standard deviation of a pot's voltage within a second [V]."""

_USUAL_V = 4.0
_LEAST_CURRENT_A = 1000.0


@dataclass(frozen=True, slots=True)
class States:
    """How some pots are at one time, one entry a pot in every array.

    Parameters
    ----------
    underfed, in_effect, operating
        Whether the pot gets less than it consumes, is in an anode effect, is in the line.
    shots
        Total of shots.
    beam_mm, bath_c
        Position of the anode beam [mm], temperature of the bath [degC].
    """

    underfed: NDArray[np.bool_]
    in_effect: NDArray[np.bool_]
    operating: NDArray[np.bool_]
    shots: NDArray[np.int64]
    beam_mm: NDArray[np.float64]
    bath_c: NDArray[np.float64]

    @classmethod
    def of(cls, step: LineStep, pots: NDArray[np.int64]) -> States:
        """Return how the pots at some places of a line are at the end of a step."""
        in_effect = np.zeros(len(step.pot_voltages_v), dtype=np.bool_)
        in_effect[[effect.pot for effect in step.active]] = True
        now = step.pots
        return cls(
            ~now.overfeeding[pots],
            in_effect[pots],
            now.operating[pots],
            now.shots[pots].astype(np.int64),
            now.beam_mm[pots],
            now.temperature_c[pots],
        )

    def feeding(self) -> list[str]:
        """Name how the pots are fed: an anode effect is fed against."""
        return [
            "off" if not there else "underfeed" if under and not effect else "overfeed"
            for under, effect, there in zip(
                self.underfed.tolist(), self.in_effect.tolist(), self.operating.tolist(), strict=True
            )
        ]

    def control(self) -> list[str]:
        """Name how the pots are controlled."""
        return ["auto" if there else "off" for there in self.operating.tolist()]


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples of some pots at one time, one entry a pot in every array.

    Parameters
    ----------
    time_ns
        Their time [UTC ns].
    pots
        Places of the pots in the line.
    voltage_v, current_ka, resistance_uohm, noise_mv
        Voltage [V], line current [kA], resistance [µohm; NaN without current] and noise [mV].
    states
        What else their controllers know of them.
    """

    time_ns: int
    pots: NDArray[np.int64]
    voltage_v: NDArray[np.float64]
    current_ka: NDArray[np.float64]
    resistance_uohm: NDArray[np.float64]
    noise_mv: NDArray[np.float64]
    states: States


class Sampling:
    """What controllers measure: means of a whole number of seconds, or samples some times a second.

    Within a second the samples of a pot scatter around the mean of the second, so that their mean is the truth.

    Parameters
    ----------
    pots
        Number of pots.
    every_s
        Time between two samples of a pot [s]: whole seconds, over which the pots take turns, or a whole part of one.
    seed, name
        Of the random stream.
    """

    def __init__(self, pots: int, *, every_s: float, seed: int, name: str) -> None:
        self._rng = stream(seed, f"{name} controllers")
        self._every_s = max(1, round(every_s))
        self._a_second = max(1, round(1 / every_s))
        self._turn = np.arange(pots) * self._every_s // pots
        self._all = np.arange(pots)
        self._sum_v = np.zeros(pots)
        self._sum_v2 = np.zeros(pots)
        self._sum_a = np.zeros(pots)
        self._seconds = np.zeros(pots)

    def of(self, step: LineStep) -> Iterator[Samples]:
        """Take a step of the line in, and give its samples in the order of time."""
        seconds = (step.end_ns - step.time_ns) / SECOND_NS
        if self._a_second > 1:
            yield from self._within(step)
            return
        departure_v = step.pot_voltages_v - _USUAL_V
        self._sum_v += departure_v * seconds
        self._sum_v2 += departure_v * departure_v * seconds
        self._sum_a += step.current_a * seconds
        self._seconds += seconds
        due = np.flatnonzero(self._turn == step.end_ns // SECOND_NS % self._every_s)
        if not due.size:
            return
        lasted_s = self._seconds[due]
        mean_v = self._sum_v[due] / lasted_s
        variance = np.maximum(0.0, self._sum_v2[due] / lasted_s - mean_v * mean_v)
        current_a = self._sum_a[due] / lasted_s
        for sums in (self._sum_v, self._sum_v2, self._sum_a, self._seconds):
            sums[due] = 0.0
        noise_mv = np.sqrt(variance) * 1000
        yield _samples(step.end_ns, due, _USUAL_V + mean_v, current_a, noise_mv, States.of(step, due))

    def _within(self, step: LineStep) -> Iterator[Samples]:
        count = self._a_second
        states = States.of(step, self._all)
        ripple = RIPPLE_V * self._rng.standard_normal((count, len(self._all)))
        ripple -= ripple.mean(axis=0)
        noise_mv = ripple.std(axis=0) * 1000
        current_a = np.full(len(self._all), step.current_a)
        for place in range(count):
            time_ns = step.time_ns + (step.end_ns - step.time_ns) * (place + 1) // count
            voltage_v = step.pot_voltages_v + ripple[place]
            yield _samples(time_ns, self._all, voltage_v, current_a, noise_mv, states)


def _samples(
    time_ns: int,
    pots: NDArray[np.int64],
    voltage_v: NDArray[np.float64],
    current_a: NDArray[np.float64],
    noise_mv: NDArray[np.float64],
    states: States,
) -> Samples:
    # Without current there is no resistance to speak of. V/A are ohm.
    flows = current_a > _LEAST_CURRENT_A
    resistance = np.where(flows, (voltage_v - BACK_EMF_V) / np.where(flows, current_a, 1.0) * 1e6, np.nan)
    return Samples(time_ns, pots, voltage_v, current_a / 1000, resistance, noise_mv, states)


class PotTelemetry:
    """The controllers of a potline's pots: samples in, messages out.

    Parameters
    ----------
    prefix
        The topic up to the potline: ``smelter/v1/{site}/potline/{line}``.
    potline
        The potline's name.
    pots
        Pot numbers, in the order of the line.
    sources
        Numbers the messages of each controller.
    batch, form
        Samples in a message, and how they are written when it is more than one.
    """

    def __init__(
        self,
        prefix: str,
        potline: str,
        pots: Sequence[str],
        *,
        sources: Sources,
        batch: int = 1,
        form: BatchForm = BatchForm.COLUMNS,
    ) -> None:
        count = len(pots)
        self._sources = sources
        self.topics = [f"{prefix}/pot/{pot}/telemetry" for pot in pots]
        self.source_of = [f"potctl-{potline}-S{place // POTS_PER_SECTION + 1}" for place in range(count)]
        self._heads = [f'{{"v":1,"src":"{source}","seq":' for source in self.source_of]
        self._batch = batch
        self._form = form
        # The first batch of each pot is shorter, so that the batches do not all come at once.
        self._filled = np.arange(count) * batch // count
        self._begins = self._filled.copy()
        self._times = np.zeros((batch, count), dtype=np.int64)
        self._numbers = np.zeros((6, batch, count))
        self._shots = np.zeros((batch, count), dtype=np.int64)
        self._words = np.full((2, batch, count), "", dtype=object)
        self._in_effect = np.zeros((batch, count), dtype=np.bool_)

    def of(self, samples: Samples) -> list[Message]:
        """Take samples in, and give the messages that they complete."""
        if self._batch == 1:
            return self._singles(samples)
        pots = samples.pots
        rows = self._filled[pots]
        self._times[rows, pots] = samples.time_ns
        states = samples.states
        measured = (samples.voltage_v, samples.current_ka, samples.resistance_uohm, samples.noise_mv)
        for numbers, values in zip(self._numbers, (*measured, states.beam_mm, states.bath_c), strict=True):
            numbers[rows, pots] = values
        self._shots[rows, pots] = states.shots
        self._words[0][rows, pots] = states.feeding()
        self._words[1][rows, pots] = states.control()
        self._in_effect[rows, pots] = states.in_effect
        self._filled[pots] += 1
        return [self._together(pot) for pot in pots[self._filled[pots] == self._batch].tolist()]

    def _singles(self, samples: Samples) -> list[Message]:
        ts = iso_milliseconds(samples.time_ns)
        middle = f',"ts":"{ts}","clk":"sync","q":"good","hist":false,"m":{{"pot_voltage_v":'
        number, sources, heads, topics = self._sources.number, self.source_of, self._heads, self.topics
        messages = []
        states = samples.states
        for pot, voltage, current, resistance, noise, feeding, control, shots, effect, beam, bath in zip(
            samples.pots.tolist(),
            samples.voltage_v.tolist(),
            samples.current_ka.tolist(),
            samples.resistance_uohm.tolist(),
            samples.noise_mv.tolist(),
            states.feeding(),
            states.control(),
            states.shots.tolist(),
            states.in_effect.tolist(),
            states.beam_mm.tolist(),
            states.bath_c.tolist(),
            strict=True,
        ):
            text = (
                f'{heads[pot]}{number(sources[pot])}{middle}{voltage:.4f},"line_current_ka":{current:.3f},'
                f'"noise_mv":{noise:.1f},"feed_state":"{feeding}",'
                f'"al2o3_shots_total":{shots},"anode_beam_mm":{beam:.1f},"bath_temp_c":{bath:.1f},'
                f'"control":"{control}","ae_active":{"true" if effect else "false"}'
            )
            # NaN is not equal to itself; a missing value is a missing key.
            text += f',"resistance_uohm":{resistance:.4f}}}}}' if resistance == resistance else "}}"  # noqa: PLR0124
            messages.append(Message(topics[pot], text.encode()))
        return messages

    def _together(self, pot: int) -> Message:
        begin = int(self._begins[pot])
        self._begins[pot] = self._filled[pot] = 0
        voltage, current, resistance, noise, beam, bath = (
            np.round(numbers[begin:, pot], digits).tolist()
            for numbers, digits in zip(self._numbers, (4, 3, 4, 1, 1, 1), strict=True)
        )
        columns: dict[str, list[object]] = {
            "pot_voltage_v": voltage,
            "line_current_ka": current,
            "resistance_uohm": [value if value == value else None for value in resistance],  # noqa: PLR0124
            "noise_mv": noise,
            "feed_state": self._words[0][begin:, pot].tolist(),
            "al2o3_shots_total": self._shots[begin:, pot].tolist(),
            "anode_beam_mm": beam,
            "bath_temp_c": bath,
            "control": self._words[1][begin:, pot].tolist(),
            "ae_active": self._in_effect[begin:, pot].tolist(),
        }
        times = [_written(time_ns) for time_ns in self._times[begin:, pot].tolist()]
        body: dict[str, object] = {"v": 1, **self._sources.next(self.source_of[pot])}
        body |= {"clk": "sync", "q": "good", "hist": False}
        if self._form is BatchForm.COLUMNS:
            body |= {"t": times, **columns}
        else:
            body["samples"] = [
                {"ts": ts, "m": {name: column[at] for name, column in columns.items() if column[at] is not None}}
                for at, ts in enumerate(times)
            ]
        return Message(self.topics[pot], msgspec.json.encode(body))


@lru_cache(maxsize=20_000)
def _written(time_ns: int) -> str:
    """Write a time; the pots of a line have it in common, and batches repeat it for each."""
    return iso_milliseconds(time_ns)
