"""Weighings and anode effects to be published, and what the ledger must hold of them: each once."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from plant_run import CollectorProcess
from pot_samples import FIRST_POT, Samples, rfc3339

SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Told:
    """What minutes of a ledger add up to."""

    effects: int
    effect_s: float
    tapped_t: float


@dataclass(frozen=True, slots=True)
class Events:
    """As many weighings as anode effects, spread over some minutes. Masses in t and durations in s add up exactly.

    An anode effect is told when it starts and when it ends, and every third message comes twice, as from a controller
    that did not hear the broker's answer.
    """

    count: int
    pots: int
    start_ns: int
    minutes: int = 4

    def messages(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield the messages in order."""
        for number, message in enumerate(self._each()):
            yield message
            if number % 3 == 0:
                yield message

    def _each(self) -> Iterator[tuple[bytes, bytes]]:
        for number in range(self.count):
            pot = FIRST_POT + number % self.pots
            at = rfc3339(self.time_ns(number))
            weighing = {"v": 1, "id": f"W-{number}", "ts": at, "pots": [str(pot)], "stable": True}
            yield b"smelter/v1/example/crane/K1/weighing", _json(weighing, net_kg=_net_kg(number))
            topic = b"smelter/v1/example/potline/PL1/pot/%d/event/ae" % pot
            effect = {"v": 1, "id": f"AE-{number}", "pot": str(pot), "start": at}
            yield topic, _json(effect, phase="start")
            yield topic, _json(effect, phase="end", seq=1, duration_s=_duration_s(number))

    def time_ns(self, number: int) -> int:
        """Return when an event happened: no two at one time."""
        return self.start_ns + number * self.minutes * 60 * SECOND_NS // self.count // 1_000_000 * 1_000_000

    def told(self) -> Told:
        """Return what the ledger must hold."""
        return Told(
            self.count,
            sum(_duration_s(number) for number in range(self.count)),
            sum(_net_kg(number) for number in range(self.count)) / 1000,
        )

    def effects(self) -> dict[tuple[str, int], float]:
        """Return the anode effects by pot and time, with their durations [s]."""
        return {
            (str(FIRST_POT + number % self.pots), self.time_ns(number)): _duration_s(number)
            for number in range(self.count)
        }


def mixed(samples: Samples, events: Events) -> Iterator[tuple[bytes, bytes]]:
    """Yield the messages of both, the events spread evenly among the samples."""
    told = list(events.messages())
    every = len(samples) // len(told)
    for number, sample in enumerate(samples.messages()):
        if number % every == 0:
            yield from told[number // every : number // every + 1]
        yield sample


def in_the_ledger(running: CollectorProcess) -> Told:
    """Return what the ledger holds by now, each minute as its last revision tells it."""
    minutes = running.minutes().values()
    return Told(
        sum(sums["anode_effects"] for sums in minutes),
        sum(sums["anode_effect_s"] for sums in minutes),
        sum(sums["tapped_t"] for sums in minutes),
    )


def _net_kg(number: int) -> float:
    return 4000.0 + 125.0 * (number % 17)


def _duration_s(number: int) -> float:
    return 30.0 + number % 91


def _json(said: dict[str, object], **more: object) -> bytes:
    return json.dumps(said | more).encode()
