"""Closed months of the example plant in a ledger, written as entries: days, months and the hours at their ends."""

import asyncio
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from example_plant import CONVENTIONS, example_plant

from collector.accounting.intensity import FARADAY, Metal, WeighedTonnes
from collector.accounting.metal_basis import MetalBasis
from collector.accounting.parameters import Parameters, digest, encoded, parameters_at, wanted
from collector.accounting.sums import MeterSum, Pair, Sums, total
from collector.accounting.windows import Window, month_window, windows_between
from collector.closing.entries import Interval, record
from collector.plant.accuracy import Accuracy
from collector.plant.tapping import Tapping
from collector.plant.topology import Plant, Potline
from collector.store.commit import Commit
from collector.store.store import Store

DAY_T = 0.3355727277 * 0.935 * 400 * 24 * 40 / 1000
"""120.48 t: what 400 kA make in 40 pots in a day, at 93.5 %."""
DAY_KWH = {
    "pl1_dc": 64_000 * 24.0,
    "rectifier_1": 32_500 * 24.0,
    "rectifier_2": 32_500 * 24.0,
    "fume_treatment": 1_200 * 24.0,
    "compressed_air": 600 * 24.0,
}
BOOKS = Tapping(
    largest_net_kg=15_000.0,
    books_count=True,
    final=frozenset({"final"}),
    tapped=frozenset({"tapped"}),
    reconciled=frozenset({"tapped+inventory_change"}),
    books_relative_u=0.002,
)


def plant_with_books(*, classes: bool = True) -> Plant:
    """Return the example plant with books, and with the class of the line's current where it is wanted."""
    plant = example_plant()
    sure = {meter.id: Accuracy(meter=0.001, current=0.001 if meter.id == "pl1_dc" else None) for meter in plant.meters}
    meters = tuple(
        dataclasses.replace(meter, accuracy=sure[meter.id] if classes else meter.accuracy) for meter in plant.meters
    )
    return dataclasses.replace(plant, tapping=BOOKS, meters=meters)


def reconciled(days: float, efficiency: float, *, growth_t: float = 0.0, growth_u_t: float = 3.0) -> Metal:
    """Return the metal of some days that were made at a current efficiency, accounted at 93.5 %."""
    made_t = days * DAY_T * efficiency / 0.935
    weighed = WeighedTonnes(made_t - growth_t, round(days * 40), 0.0015, growth_t, growth_u_t)
    return Metal(MetalBasis.RECONCILED, efficiency / 0.935, weighed)


def tapped(days: float, efficiency: float) -> Metal:
    """Return metal that was tapped, and of which nobody knows what stayed in the pots."""
    weighed = WeighedTonnes(days * DAY_T * efficiency / 0.935, round(days * 40), 0.0015, None, None)
    return Metal(MetalBasis.TAPPED, efficiency / 0.935, weighed)


def day_sums(part: float = 1.0) -> Sums:
    """Return a day of the line, or a part of it."""

    def pair(*meters: str) -> Pair:
        kwh = sum(DAY_KWH[meter] for meter in meters) * part
        return Pair(round(1440 * part), kwh, DAY_T * part, 86400.0 * part)

    return Sums(
        minutes=round(1440 * part),
        pots=40,
        dc_kwh=DAY_KWH["pl1_dc"] * part,
        ac_kwh=65_000 * 24.0 * part,
        auxiliary_kwh=1_800 * 24.0 * part,
        charge_kah=9600.0 * part,
        metal_t=DAY_T * part,
        tapped_t=118.0 * part,
        cell_days=40.0 * part,
        anode_effects=2,
        anode_effect_s=240.0 * part,
        dc=pair("pl1_dc"),
        liquid_ac=pair("rectifier_1", "rectifier_2"),
        comprehensive=pair("rectifier_1", "rectifier_2", "fume_treatment", "compressed_air"),
        anode_t_co2=DAY_T * 0.415 * 0.976 * 44 / 12 * part,
        electricity_t_co2=66_800 * 24 * 0.5306 / 1000 * part,
        paired_anode_effect_s=240.0 * part,
        paired_cell_days=40.0 * part,
        meters={meter: MeterSum(kwh * part) for meter, kwh in DAY_KWH.items()},
    )


def parameters_of(plant: Plant, potline: Potline, time_ns: int) -> Parameters:
    """Return what the potline is accounted with."""
    return parameters_at(plant, potline, wanted(plant, potline, CONVENTIONS), time_ns)


@dataclasses.dataclass(frozen=True)
class Month:
    """A month, how its metal is stated, and how that of its days is."""

    year: int
    number: int
    metal: Metal = FARADAY
    days: Metal = FARADAY
    part: float = 1.0


def commit_of(plant: Plant, months: Sequence[Month]) -> Commit:
    """Return the entries of some months as one commit."""
    potline, calendar = plant.potlines[0], plant.calendar
    records, kept = [], {}
    for month in months:
        window = month_window(month.year, month.number, calendar)
        parameters = parameters_of(plant, potline, window.start_ns)
        name = digest(parameters)
        kept[name] = encoded(parameters)
        days = list(windows_between("day", window.start_ns, window.end_ns, calendar))
        hour_ns = 3600 * 10**9
        hours = [Window("hour", window.start_ns, window.start_ns + hour_ns)]
        hours.append(Window("hour", window.end_ns - hour_ns, window.end_ns))
        parts = [(window, total([day_sums(month.part)] * len(days)), month.metal)]
        parts += [(day, day_sums(month.part), month.days) for day in days]
        parts += [(hour, day_sums(month.part / 24), FARADAY) for hour in hours]
        records += [
            record(Interval(potline.id, each, sums, 1, metal), reason="closed", parameters=[name])
            for each, sums, metal in parts
        ]
    return Commit(0, records=records, parameters=kept)


def write(path: Path, plant: Plant, months: Sequence[Month]) -> None:
    """Write a store with these months."""

    async def told() -> None:
        async with Store(path, plant.points) as store:
            await store.commit(commit_of(plant, months))

    asyncio.run(told())
