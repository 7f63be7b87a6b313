"""Fuel that is told after its time: the windows of its month are stated again, and only these."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from example_plant import ClockByHand, open_line
from line_story import PLANT, T0, drive, lines_of

from collector.accounting.windows import HOUR_NS
from collector.plant.amounts import Amount, ToldAmounts
from collector.plant.materials import Fuel, Materials
from collector.plant.topology import Plant
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

HOUR = T0 - T0 % HOUR_NS
MONTH = (HOUR - 100 * HOUR_NS, HOUR + 620 * HOUR_NS)


def plant(amount: float | None) -> Plant:
    if amount is None:
        return PLANT
    told = ToldAmounts("gas.csv", (Amount(*MONTH, amount),))
    return replace(
        PLANT, materials=Materials(fuels=(Fuel("gas", "m3", "s", "own", kg_co2_per_unit=2.0, amounts=told),))
    )


async def drive_on(store: Store, clock: ClockByHand, amount: float | None, begin_s: int, end_s: int) -> None:
    line = await open_line(plant(amount), store, clock, grace_s=10.0)
    for t_s in range(begin_s, end_s, 30):
        await drive(line, clock, t_s)


async def hour_of(store: Store) -> tuple[int, str, dict[str, object]]:
    [record] = await store.latest_records("PL1", "hour", HOUR, HOUR + HOUR_NS)
    return record.revision, record.reason, msgspec.json.decode(record.body)


async def test_an_hour_is_stated_again_when_its_months_fuel_is_told(tmp_path: Path) -> None:
    clock = ClockByHand(T0 - 60 * 10**9)
    async with Store(tmp_path / "store.sqlite", PLANT.points) as store:
        await drive_on(store, clock, None, -60, 3720)
        revision, _, body = await hour_of(store)
        assert (revision, "fuels" in body) == (1, False)
        await drive_on(store, clock, 720_000.0, 3720, 3900)
        revision, reason, body = await hour_of(store)
        assert (revision, reason) == (2, "amounts of fuels were told or corrected")
        fuels = body["fuels"]
        assert isinstance(fuels, dict)
        assert fuels["estimated"] is True
        # 1000 m3 an hour, of its minutes that are stated
        minutes = body["sums"]["comprehensive"]["minutes"]  # type: ignore[index]
        assert fuels["parts"][0]["t_co2"] == pytest.approx(2.0 * minutes / 60)
        line = next(x for x in await lines_of(store) if b"emissions_intensity" in x and b"fuel_t_co2e" in x)
        assert b"fuel_estimated_pct=100" in line
        await drive_on(store, clock, 720_000.0, 3900, 4020)
        assert (await hour_of(store))[0] == 2
