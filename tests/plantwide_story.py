"""A plant with meters of the whole plant beside the line of ``line_story``, and what they show at a time."""

import functools
import tempfile
from pathlib import Path

import msgspec
from example_plant import CONFIG, ClockByHand, joined, raw
from line_story import T0, S, polls

from collector.accounting.plant_sums import PlantSums
from collector.pipeline import Line
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.cell import MINUTE_NS
from collector.readings.quantity import Quantity
from collector.settings import load
from collector.store.store import Store

METERS = """
[meters.casthouse]
broker = "potroom"
quantities = ["active_energy_import"]
measures = "casthouse_ac"
rated_power = "4 MW"
[meters.cranes]
broker = "potroom"
quantities = ["active_energy_import"]
measures = "auxiliary_ac"
rated_power = "4 MW"
[meters.scrubber]
broker = "potroom"
quantities = ["active_energy_import"]
measures = "desulphurisation_ac"
rated_power = "4 MW"
[meters.intake]
broker = "potroom"
quantities = ["active_energy_import"]
measures = "incomer_ac"
rated_power = "90 MW"
[meters.roof]
broker = "potroom"
quantities = ["active_energy_import"]
measures = "generation"
technology = "solar"
rated_power = "9 MW"
[meters.gtc_gas]
broker = "potroom"
quantities = ["hf", "so2", "flow"]
measures = "stack"
stack = "GTC-1"
conditions = "normal_dry"
"""

KW = {"casthouse": 900.0, "cranes": 300.0, "scrubber": 120.0, "intake": 72_000.0, "roof": 6_000.0}
"""What the meters of energy show all the time."""


@functools.cache
def plantwide(more: str = "") -> Plant:
    """Return the example plant with these meters, read from a plant file; ``more`` is put behind them."""
    with tempfile.TemporaryDirectory() as folder:
        plant_file, collector_file = Path(folder, "p.toml"), Path(folder, "collector.toml")
        plant_file.write_text((CONFIG.parent / "plants" / "example.toml").read_text() + METERS + more)
        text = CONFIG.read_text().replace('"plants/example.toml"', f'"{plant_file}"')
        text = f'layouts_dir = "{CONFIG.parent}/layouts"\n{text}'
        for name in ("profiles", "factors"):
            text = text.replace(f'{name}_dir = "{name}"', f'{name}_dir = "{CONFIG.parent / name}"')
        collector_file.write_text(text)
        return load(collector_file).plant


PLANT = plantwide()


def energy(meter: str, t_s: float, plant: Plant = PLANT) -> ReadingBatch:
    """Return what a meter of energy shows at a time."""
    kwh = 1000.0 + KW[meter] * t_s / 3600
    return raw(plant, meter, T0 + round(t_s * S), {Quantity.ACTIVE_ENERGY_IMPORT: kwh})


def gas(t_s: float, plant: Plant = PLANT) -> ReadingBatch:
    """Return what the analyser shows: HF and flow rise and fall together, every five seconds; SO2 stays."""
    high = t_s % 10 < 5
    values = {
        Quantity.HF: 2.0 if high else 1.0,
        Quantity.SO2: 100.0,
        Quantity.FLOW: 1_000_000.0 if high else 500_000.0,
    }
    return raw(plant, "gtc_gas", T0 + round(t_s * S), values)


def whole(t_s: float, plant: Plant = PLANT, *, silent: tuple[str, ...] = ()) -> list[ReadingBatch]:
    """Return what all meters of line and plant show at a time, but for some."""
    found = [*polls(t_s, plant), *(energy(meter, t_s, plant) for meter in KW if meter not in silent)]
    return found if "gtc_gas" in silent else [*found, gas(t_s, plant)]


async def drive_plant(
    line: Line, clock: ClockByHand, t_s: float, plant: Plant = PLANT, *, silent: tuple[str, ...] = ()
) -> None:
    clock.ns = T0 + round(t_s * S)
    await line.step([joined(whole(t_s, plant, silent=silent))])


async def plant_entries(store: Store, window: str = "minute") -> dict[int, tuple[int, PlantSums]]:
    """Return revision and sums in force of each window of the plant, by the number of its first minute since T0."""
    records = await store.latest_records("", window, T0 - 10_000 * MINUTE_NS, T0 + 10_000 * MINUTE_NS)
    return {
        (record.start_ns - T0) // MINUTE_NS: (
            record.revision,
            msgspec.convert(msgspec.json.decode(record.body)["sums"], PlantSums),
        )
        for record in records
    }


def fields_of(lines: list[bytes], series: str, time_ns: int = T0) -> dict[str, str]:
    """Return the fields of the last line of a series that begins like this, at a time."""
    found = {}
    for line in lines:
        start, fields, time = line.decode().rsplit(" ", 2)
        if start == series and int(time) == time_ns:
            found = dict(field.split("=") for field in fields.split(","))
    return found
