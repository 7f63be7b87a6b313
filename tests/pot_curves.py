"""Voltages of pots for tests of anode effects: a plant of a few pots, curves, and what is told of them last."""

import dataclasses
from collections.abc import Iterable, Sequence

from example_plant import EFFECT_RULES, example_plant

from collector.accounting.anode_effects import VoltageWatch
from collector.accounting.excursions import EffectRules
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.event import AnodeEffect
from collector.readings.quantity import Quantity

S = 1_000_000_000
T0 = 1_772_337_600 * S  # 2026-03-01T04:00:00Z

Row = tuple[str, float, float]
"""Pot, seconds since T0, voltage [V]."""


def plant_of(pots: int, *, above_v: float = 8.0, below_v: float = 8.0) -> Plant:
    """Return the example plant with some pots from 1001 on, and their thresholds."""
    plant = example_plant()
    named = tuple(str(1001 + number) for number in range(pots))
    line = dataclasses.replace(plant.potlines[0], pots=named, effect_above_v=above_v, effect_below_v=below_v)
    return dataclasses.replace(plant, potlines=(line,))


PLANT = plant_of(10)


def rules(**changes: object) -> EffectRules:
    """Return the rules of the tests, with some changes."""
    return dataclasses.replace(EFFECT_RULES, **changes)  # type: ignore[arg-type]


def batch(rows: Iterable[Row], plant: Plant = PLANT, *, quality: int = 0xC0) -> ReadingBatch:
    """Return rows as readings."""
    return ReadingBatch.of(
        (plant.points.place(f"pot:{pot}", Quantity.POT_VOLTAGE), T0 + round(t_s * S), value, quality)
        for pot, t_s, value in rows
    )


def curve(*pieces: tuple[float, float, float], pot: str = "1001", every_s: float = 1.0) -> list[Row]:
    """Return readings of a pot: pieces from a time to a time, the end left out, at a voltage."""
    found = []
    for from_s, to_s, value in pieces:
        found += [(pot, from_s + n * every_s, value) for n in range(round((to_s - from_s) / every_s))]
    return found


def told(rows: Sequence[Row], *, plant: Plant = PLANT, **changes: object) -> list[AnodeEffect]:
    """Return all that is told of a curve that comes reading by reading."""
    watch = VoltageWatch(plant, rules(**changes))
    return [event for row in rows for event in watch.take(batch([row], plant))]


def last(events: Iterable[AnodeEffect]) -> list[AnodeEffect]:
    """Return each effect as its highest rank tells it, in order of time."""
    highest: dict[str, AnodeEffect] = {}
    for event in events:
        if event.id not in highest or event.rank > highest[event.id].rank:
            highest[event.id] = event
    return sorted(highest.values(), key=lambda event: (event.time_ns, event.pot))


def since(time_ns: int) -> float:
    """Return seconds since T0."""
    return (time_ns - T0) / S
