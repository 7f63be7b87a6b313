"""What a line of the example plant is told in tests: polls of known energy, events, and what the store says then."""

import gzip

import msgspec
from example_plant import ClockByHand, example_plant, joined, raw

from collector.accounting.sums import Sums
from collector.acquisition.source import Arrival
from collector.pipeline import Line
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.cell import MINUTE_NS
from collector.readings.event import AnodeEffect, AnodeEffectKind, Weighing
from collector.readings.quantity import Quantity
from collector.store.commit import LedgerRecord
from collector.store.store import Store

PLANT = example_plant()
T0 = 1_772_337_600_000_000_000  # 2026-03-01T04:00:00Z
S = 1_000_000_000


def power_mw(t_s: float) -> float:
    """Return the line's true power: it changes every minute."""
    return 60.0 + (t_s // 60) % 7


def energy_kwh(t_s: float) -> float:
    """Return the integral of the power since zero."""
    whole, rest = divmod(int(t_s), 60)
    return sum(power_mw(60.0 * m) * 1000 / 60 for m in range(whole)) + power_mw(t_s) * 1000 / 3600 * rest


def polls(t_s: float, plant: Plant = PLANT) -> list[ReadingBatch]:
    """Return what all accounted meters show at a time: DC, two rectifiers of 1.01 times the half, two services."""
    kwh = energy_kwh(t_s)
    now = T0 + round(t_s * S)
    return [
        raw(
            plant,
            "pl1_dc",
            now,
            {
                Quantity.LINE_VOLTAGE: 160.0,
                Quantity.LINE_CURRENT: 400_000.0,
                Quantity.DC_POWER: power_mw(t_s) * 1e6,
                Quantity.DC_ENERGY: 5_000_000.0 + kwh * 1000,
                Quantity.DC_CHARGE: 7_000.0 + 400_000 * t_s / 3600,
            },
        ),
        *(
            raw(plant, meter, now, {Quantity.ACTIVE_ENERGY_IMPORT: 9e9 + kwh * 1000 * 1.01 / 2})
            for meter in ("rectifier_1", "rectifier_2")
        ),
        *(
            raw(plant, meter, now, {Quantity.ACTIVE_ENERGY_IMPORT: 4e5 + kw * t_s / 3600})
            for meter, kw in (("fume_treatment", 1_200.0), ("compressed_air", 600.0))
        ),
    ]


def effect(t_s: float, duration_s: float | None, *, rank: int, id_: str = "AE-1") -> AnodeEffect:
    time_ns = T0 + round(t_s * S)
    return AnodeEffect(id_, rank, "PL1", "1007", AnodeEffectKind.HVAE, time_ns, duration_s, 31.0, None, corrected=False)


def weighing(t_s: float, net_kg: float, id_: str, *, refused: str | None = None) -> Weighing:
    return Weighing(id_, 0, "PL1", ("1007", "1008"), T0 + round(t_s * S), net_kg, refused)


def events(*found: AnodeEffect | Weighing) -> Arrival:
    return Arrival(ReadingBatch.of(()), tuple(found))


async def minutes(store: Store) -> dict[int, tuple[int, Sums]]:
    """Return revision and sums in force of each minute, by its number since T0."""
    records = await store.latest_records("PL1", "minute", T0 - MINUTE_NS, T0 + 10_000 * MINUTE_NS)
    return {(record.start_ns - T0) // MINUTE_NS: (record.revision, sums_of(record)) for record in records}


def sums_of(record: LedgerRecord) -> Sums:
    return msgspec.convert(msgspec.json.decode(record.body)["sums"], Sums)


async def lines_of(store: Store) -> list[bytes]:
    records = await store.pending("nobody", most_bytes=1 << 30)
    return [line for record in records for line in gzip.decompress(record.body).splitlines()]


async def drive(line: Line, clock: ClockByHand, t_s: float, *more: Arrival) -> None:
    clock.ns = T0 + round(t_s * S)
    await line.step([joined(polls(t_s)), *more])
