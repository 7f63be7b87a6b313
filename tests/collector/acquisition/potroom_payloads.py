"""Messages of the smelter layout and what is read from them, for tests."""

import dataclasses

import pytest
from example_plant import example_plant
from potroom import EFFECT, NOW_NS, SITE, TELEMETRY, WEIGHING, effect, weighing

from collector.acquisition.mqtt.declaration import LayoutReader
from collector.acquisition.mqtt.message import Cause, PayloadProblem, Told
from collector.plant.topology import Plant
from collector.readings.batch import Reading
from collector.readings.event import AnodeEffect, Weighing
from collector.readings.quantity import Quantity

T_NS = 1_772_337_906_120_000_000  # 2026-03-01T04:05:06.120Z


def two_lines() -> Plant:
    """Return the example plant with a second potline, whose one pot is 0043."""
    plant = example_plant()
    second = dataclasses.replace(plant.potlines[0], id="PL2", pots=("0043",))
    return dataclasses.replace(plant, potlines=(*plant.potlines, second))


PLANT = two_lines()
READER = LayoutReader(PLANT, PLANT.layouts, broker="potroom", site=SITE, longest_tare_age_s=8 * 3600)
OF_PL2 = TELEMETRY.replace("PL1", "PL2")


def read(topic: str, payload: bytes) -> Told:
    return READER.read(topic, payload, arrived_ns=NOW_NS, retained=False)


def readings(payload: bytes, topic: str = TELEMETRY) -> list[Reading]:
    told = read(topic, payload)
    assert told.batch is None
    assert told.events == ()
    return [Reading(*row) for row in (*told.readings, *(told.past or ()))]


def ae(topic: str = EFFECT, **more: object) -> AnodeEffect:
    (found,) = read(topic, effect(**more)).events
    assert isinstance(found, AnodeEffect)
    return found


def weighed(**more: object) -> Weighing:
    (found,) = read(WEIGHING, weighing(**more)).events
    assert isinstance(found, Weighing)
    return found


def problem(topic: str, payload: bytes, cause: Cause) -> str:
    with pytest.raises(PayloadProblem) as caught:
        read(topic, payload)
    assert caught.value.cause is cause
    return str(caught.value)


def place(quantity: Quantity, pot: str = "1001") -> int:
    return PLANT.points.place(f"pot:{pot}", quantity)
