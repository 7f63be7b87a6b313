"""A counter of Wh beyond 2**53 and over the end of its register, from the line to the ledger and back."""

import dataclasses
import re
from pathlib import Path

import pytest
from example_plant import ClockByHand, joined, open_line
from line_story import PLANT, T0, S, lines_of, minutes

from collector.closing.auditing import Checked
from collector.closing.checking import check
from collector.plant.profile import RegisterType
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.cell import MINUTE_NS
from collector.readings.quantity import Quantity
from collector.readings.scale import Counted
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

ENERGY = Quantity.ACTIVE_ENERGY_IMPORT
START = 2**64 - 5_000_001
WH_PER_S = 16_667  # 60 MW


def plant_with_64_bits() -> Plant:
    """Return the example's plant, whose first rectifier counts Wh in an unsigned register of 64 bits."""
    meters = []
    for meter in PLANT.polled_meters:
        if meter.id == "rectifier_1":
            registers = tuple(
                dataclasses.replace(r, type=RegisterType.U64, count=4, unit="Wh", scale=1.0, wraps_at=2.0**64)
                if r.quantity is ENERGY
                else r
                for r in meter.registers
            )
            meters.append(dataclasses.replace(meter, registers=registers))
        else:
            meters.append(meter)
    return dataclasses.replace(PLANT, meters=tuple(meters))


WIDE = plant_with_64_bits()
PLACE = WIDE.points.place("rectifier_1", ENERGY)


def shown(t_s: int) -> ReadingBatch:
    """Return what is read of the register at a time: Wh and how many they are, as the poller tells them."""
    wh = (START + WH_PER_S * t_s) % 2**64
    return ReadingBatch.of([(PLACE, T0 + t_s * S, Counted(float(wh), wh), 0xC0)])


async def test_minutes_are_exact_over_2_to_the_64_with_a_restart_and_a_gap_that_is_told_late(tmp_path: Path) -> None:
    clock = ClockByHand(T0 - 3 * S)
    path = tmp_path / "s.sqlite"
    for begin, end in ((0, 400), (400, 901)):
        async with Store(path, WIDE.points) as store:
            line = await open_line(WIDE, store, clock)
            for t in range(begin, end, 10):
                clock.ns = T0 + t * S
                await line.step([] if 500 <= t < 700 else [joined([shown(t)])])
            if end == 901:
                late = [shown(t) for t in range(500, 700, 10)]
                await line.step([joined(late[1::2])])
                await line.step([joined(late[::2])])
                for t in range(901, 906):
                    clock.ns = T0 + t * S
                    await line.step([])
    async with Store(path, WIDE.points) as store:
        cells = (await store.cells_around([PLACE], T0, T0 + 20 * MINUTE_NS))[PLACE]
        found = await minutes(store)
        checked = Checked()
        doubts = await store.ask(lambda db: list(check(db, checked)))
        written = await lines_of(store)
    assert (doubts, checked.minutes) == ([], len(found))
    gained = [found[minute][1].meters["rectifier_1"].kwh for minute in range(13)]
    assert gained == pytest.approx([WH_PER_S * 60 / 1000] * 13, rel=1e-14)
    assert [found[minute][1].meters["rectifier_1"].estimated_kwh for minute in range(13)] == [0.0] * 13
    assert (cells[0].first, cells[-1].last) == (START, START + WH_PER_S * 900 - 2**64)
    # 2**64 - 5_000_001 Wh, as the double that is nearest to it in kWh
    kwh = [
        float(match[1]) for line in written if (match := re.search(rb"rectifier_1.*energy_import_kwh=([^,]+)", line))
    ]
    assert kwh[0] == START / 1000
