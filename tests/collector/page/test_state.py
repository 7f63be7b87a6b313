"""What the page tells of a meter on its line."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from example_plant import ClockByHand, example_plant

from collector.instruments import Instruments
from collector.page.state import PageState
from collector.readings.batch import ReadingBatch
from collector.readings.health import Refused
from collector.readings.latest import LatestReadings
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from collector.store.store import Store

pytestmark = pytest.mark.asyncio
PLANT = example_plant()
NOW_NS = 1_795_316_400_000_000_000


async def rectifier(folder: Path, instruments: Instruments, qualities: dict[Quantity, Quality]) -> dict[str, Any]:
    """Return what the page tells of rectifier_1, read two seconds ago."""
    latest = LatestReadings(len(PLANT.points))
    latest.take(
        ReadingBatch.of(
            (place, NOW_NS - 2_000_000_000, 50.0, int(qualities.get(quantity, Quality.GOOD)))
            for quantity, place in PLANT.points.of("rectifier_1").items()
        )
    )
    async with Store(folder / "s.sqlite", PLANT.points) as store:
        state = PageState(
            PLANT,
            store.path,
            latest,
            clock=ClockByHand(NOW_NS),
            instruments=instruments,
            least_coverage_pct=90.0,
            alerts=list,
        )
        document = json.loads(await asyncio.to_thread(state.document))
    return next(meter for meter in document["meters"] if meter["id"] == "rectifier_1")


async def test_a_register_that_is_set_aside_is_told_by_name_and_does_not_speak_for_its_meter(tmp_path: Path) -> None:
    instruments = Instruments()
    health = instruments.meter("rectifier_1")
    health.set_aside = (Refused(("frequency",), "exception 02, illegal data address", NOW_NS - 60_000_000_000),)
    health.most_registers, health.round_trip_s, health.device = 25, 0.0123, {"maker": "Schneider"}
    meter = await rectifier(tmp_path, instruments, {Quantity.FREQUENCY: Quality.BAD_CONFIG_ERROR})
    assert (meter["quality"], meter["quality_words"], meter["age_s"]) == (192, "good", 2.0)
    assert meter["values"]["frequency"] == {"value": None, "unit": "Hz"}
    assert meter["values"]["voltage"]["value"] == 50.0
    assert meter["set_aside"] == [
        {
            "registers": ["frequency"],
            "reason": "exception 02, illegal data address",
            "since": "2026-11-22T02:59:00Z",
        }
    ]
    assert (meter["most_registers"], meter["round_trip_s"]) == (25, 0.0123)
    assert meter["device"] == {"maker": "Schneider"}
    assert meter["endpoint"] == "127.0.0.1 port 5021 unit 1"


async def test_a_value_that_is_not_available_does_speak_for_its_meter(tmp_path: Path) -> None:
    meter = await rectifier(tmp_path, Instruments(), {Quantity.FREQUENCY: Quality.BAD_SENSOR_FAILURE})
    assert (meter["quality"], meter["quality_words"]) == (16, "not available")
    assert meter["set_aside"] == []
