"""Readers made of a few declarations in a text, and what messages say to them."""

import dataclasses
import math
import tempfile
from collections.abc import Iterable
from pathlib import Path

from example_plant import example_plant
from potroom import NOW_NS

from collector.acquisition.mqtt.declaration import LayoutReader
from collector.acquisition.mqtt.message import Told
from collector.plant.layout import Layout
from collector.plant.meter import HeardMeter, Measures
from collector.plant.topology import Plant
from collector.readings.quantity import Quantity
from collector.settings.layouts import read_layout

EVERYTHING = tuple(Quantity.named(label) for label in ("active_power", "active_energy_import", "voltage"))


def layout(text: str) -> Layout:
    """Return the layout of a file with that text below its title."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mine.toml"
        path.write_text(f'title = "Mine"\n{text}', encoding="utf-8")
        return read_layout(path)


def with_meters(*addresses: str, told: tuple[Quantity, ...] = EVERYTHING) -> Plant:
    """Return the example plant with monitored meters of these addresses at its broker."""
    plant = example_plant()
    heard = [
        HeardMeter(f"heard_{n}", Measures.MONITORED, None, 10.0, math.inf, "potroom", address, told)
        for n, address in enumerate(addresses)
    ]
    return dataclasses.replace(plant, meters=(*plant.meters, *heard))


class Declared:
    """A reader of some declarations, and the plant that it reads for."""

    def __init__(self, text: str, *, plant: Plant | None = None) -> None:
        self.plant = plant or example_plant()
        self.reader = LayoutReader(
            self.plant, [layout(text)], broker="potroom", site="north", longest_tare_age_s=8 * 3600
        )

    def told(self, topic: str, payload: bytes | str, *, arrived_ns: int = NOW_NS, retained: bool = False) -> Told:
        """Return what a message says."""
        data = payload.encode() if isinstance(payload, str) else payload
        return self.reader.read(topic, data, arrived_ns=arrived_ns, retained=retained)

    def rows(
        self, topic: str, payload: bytes | str, *, arrived_ns: int = NOW_NS, retained: bool = False
    ) -> list[tuple[str, int, float, int]]:
        """Return the readings of a message: name of the point, time, value, quality."""
        return self.named(self.told(topic, payload, arrived_ns=arrived_ns, retained=retained))

    def named(self, told: Told) -> list[tuple[str, int, float, int]]:
        """Return readings with the names of their points."""
        rows: Iterable[tuple[int, int, float, int]] = [*told.readings, *(told.batch or ()), *(told.past or ())]
        return [(self.plant.points[point].name, time_ns, value, quality) for point, time_ns, value, quality in rows]
