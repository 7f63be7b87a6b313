"""A new pot in start-up, from its anode effect to the ledger."""

import dataclasses
from pathlib import Path

import pytest
from example_plant import ClockByHand, open_line
from line_story import PLANT, T0, S, drive, effect, events, minutes

from collector.plant.topology import Startup
from collector.store.store import Store

pytestmark = pytest.mark.asyncio


async def test_an_effect_in_the_start_up_of_its_pot_is_counted_apart_and_one_after_it_is_not(tmp_path: Path) -> None:
    line_of_it = dataclasses.replace(PLANT.potlines[0], startups=(Startup("1007", T0, T0 + 180 * S),))
    plant = dataclasses.replace(PLANT, potlines=(line_of_it,))
    clock = ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", plant.points) as store:
        line = await open_line(plant, store, clock)
        for t in range(0, 301, 5):
            more = {150: effect(140, 60.0, rank=1), 230: effect(200, 20.0, rank=1, id_="AE-2")}
            await drive(line, clock, t, *([events(more[t])] if t in more else []))
        found = await minutes(store)
    _, during = found[2]
    _, after = found[3]
    assert (during.anode_effects, during.startup_effects, during.startup_effect_s) == (0, 1, 60.0)
    assert during.startup_cell_days == pytest.approx(1 / 1440)
    assert (after.anode_effects, after.anode_effect_s, after.startup_effects, after.startup_cell_days) == (
        1,
        20.0,
        0,
        0,
    )
