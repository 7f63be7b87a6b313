"""The accounts while the plant file changes under them: what stays is not touched, what comes covers a part."""

from dataclasses import replace
from pathlib import Path

import pytest
from example_plant import ClockByHand, joined, open_line
from line_story import PLANT, T0, S, minutes, polls

from collector.accounting.sums import Sums
from collector.pipeline import Line
from collector.plant.topology import Plant
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

CHANGED_S = 150.0
"""In the middle of the third minute."""


def without(plant: Plant, meter: str) -> Plant:
    """Return the plant without a meter, with the places that the points of the example plant have."""
    return replace(plant, meters=tuple(each for each in plant.meters if each.id != meter)).after(plant)


async def drive(line: Line, clock: ClockByHand, since_s: float, until_s: float) -> None:
    """Tell all that the meters of the example plant show, every ten seconds, and close what is over."""
    t_s = since_s
    while t_s < until_s:
        clock.ns = T0 + round(t_s * S)
        await line.step([joined(polls(t_s))])  # places are the same in all of these plants
        t_s += 10.0


async def told(folder: Path, first: Plant, then: Plant) -> dict[int, Sums]:
    """Return the minutes of a line that one plant begins and another one ends."""
    clock = ClockByHand(T0)
    async with Store(folder / f"{len(first.meters)}-{len(then.meters)}.sqlite", first.points) as store:
        line = await open_line(first, store, clock)
        await drive(line, clock, 0.0, CHANGED_S)
        await store.take_points(then.points)
        other = await open_line(then, store, clock)
        other.go_on_from(line)
        await drive(other, clock, CHANGED_S, 400.0)
        return {minute: sums for minute, (_, sums) in (await minutes(store)).items()}


async def test_what_did_not_change_is_accounted_as_without_a_change_and_a_meter_that_goes_leaves_open_minutes(
    tmp_path: Path,
) -> None:
    whole = await told(tmp_path, PLANT, PLANT.after(PLANT))
    fewer = await told(tmp_path, PLANT, without(PLANT, "compressed_air"))
    assert sorted(whole) == sorted(fewer) == [1, 2, 3, 4, 5]
    for minute, sums in fewer.items():
        assert (sums.dc, sums.liquid_ac, sums.charge_kah) == (
            whole[minute].dc,
            whole[minute].liquid_ac,
            whole[minute].charge_kah,
        )
    # 1200 kW and 600 kW: the minute that was closed before keeps both, those that were open have one.
    assert [round(sums.auxiliary_kwh, 6) for sums in whole.values()] == [30.0] * 5
    assert [round(sums.auxiliary_kwh, 6) for sums in fewer.values()] == [30.0, 20.0, 20.0, 20.0, 20.0]


async def test_a_meter_that_comes_in_the_middle_of_a_minute_leaves_that_minute_without_the_ratio_it_is_part_of(
    tmp_path: Path,
) -> None:
    few = without(PLANT, "compressed_air")
    more = await told(tmp_path, few, replace(PLANT, points_before=few.points))
    assert {minute: round(sums.auxiliary_kwh, 6) for minute, sums in more.items()} == {
        1: 20.0,
        2: 25.0,
        3: 30.0,
        4: 30.0,
        5: 30.0,
    }
    # Of half of that minute one of the services is not known: it enters no ratio that they are part of.
    assert [round(sums.comprehensive.covered_s) for sums in more.values()] == [60, 0, 60, 60, 60]
    assert [round(sums.dc.covered_s) for sums in more.values()] == [60, 60, 60, 60, 60]
