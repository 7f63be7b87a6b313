"""What the page's document says of messages that could not be used."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from example_plant import ClockByHand, example_plant

from collector.instruments import Instruments
from collector.page.state import PageState
from collector.readings.latest import LatestReadings
from collector.store.store import Store

NOW_NS = 1_772_341_200_000_000_000
PLANT = example_plant()


@pytest.mark.asyncio
async def test_messages_that_could_not_be_used_are_shown_by_cause(tmp_path: Path) -> None:
    instruments = Instruments(rejected_by_cause={"not_json": 12, "unknown_name": 3}, rejected_not_kept_total=7)
    async with Store(tmp_path / "store.sqlite", PLANT.points) as store:
        state = PageState(
            PLANT,
            store.path,
            LatestReadings(len(PLANT.points)),
            clock=ClockByHand(NOW_NS),
            instruments=instruments,
            least_coverage_pct=90.0,
            alerts=list,
        )
        totals = msgspec.json.decode(await asyncio.to_thread(state.document))["totals"]
    assert totals["rejected_by_cause"] == {"not_json": 12, "unknown_name": 3}
    assert totals["rejected_not_kept_total"] == 7
