"""A failed read gives no value and a bad quality, in streams and on the page; a figure without coverage is withheld."""

import asyncio
import json
import math
from pathlib import Path

import pytest
from adversarial_modbus import Request, endpoint, serving
from example_plant import ClockByHand, joined, open_line
from line_story import PLANT, T0, S, drive, lines_of
from polled_line import Line, many_registers, meter
from waiting import until

from collector.page.state import PageState
from collector.readings.batch import ReadingBatch
from collector.readings.quality import Quality
from collector.store.store import Store

pytestmark = pytest.mark.asyncio


async def test_a_meter_that_falls_silent_yields_readings_without_a_value_and_never_the_last_one_again() -> None:
    silent = False

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        if not silent:
            writer.write(request.adu())

    async with serving(answer) as server:
        at = endpoint(server.port, timeout_s=0.1)
        line = Line([meter("m1", at, 1, many_registers(5), every_s=0.1)])
        async with line.polled():
            await until(lambda: len(line.good_times("m1")) >= 5)
            silent = True
            count = len(line.arrivals)
            await until(lambda: len(line.arrivals) >= count + 8)
    after = [row for arrival in line.arrivals[count + 1 :] for row in arrival.batch]
    assert after
    assert all(math.isnan(row.value) for row in after)
    assert {row.quality for row in after} <= {Quality.BAD_COMM_FAILURE, Quality.BAD_NOT_CONNECTED}


async def test_on_the_page_and_in_the_streams_a_silent_meter_has_no_value_and_the_figure_is_withheld(
    tmp_path: Path,
) -> None:
    clock = ClockByHand(T0 - 3 * S)
    meters = {point.owner for point in PLANT.points if not point.owner.startswith("pot:")}
    places = [place for place, point in enumerate(PLANT.points) if point.owner in meters]
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 65, 5):
            await drive(line, clock, t)
        for t in range(65, 200, 5):
            clock.ns = T0 + t * S
            gap = ReadingBatch.gap(places, time_ns=clock.ns, quality=Quality.BAD_COMM_FAILURE)
            await line.step([joined([gap])])
        written = [text.decode() for text in await lines_of(store)]
        state = PageState(
            PLANT, store.path, line.latest, clock=clock, instruments=line.instruments, least_coverage_pct=90.0
        )
        page = json.loads(await asyncio.to_thread(state.document))
    for told in page["meters"]:
        assert told["quality_words"] == "no answer"
        assert all(value["value"] is None for value in told["values"].values())
    assert page["potlines"][0]["live"]["dc_power_mw"] is None
    late = [text for text in written if text.startswith("meter,") and int(text.rpartition(" ")[2]) >= T0 + 65 * S]
    assert late
    assert all(text.split(" ")[1] == "quality=24i" for text in late)
    # The first minute is whole. Of the second no ratio is told, though energy would be easy to guess.
    dc = [text for text in written if text.startswith("energy_intensity,boundary=dc") and "window=minute" in text]
    assert any(text.endswith(f" {T0}") and "kwh_per_t=" in text for text in dc)
    assert not any(text.endswith(f" {T0 + 60 * S}") and "kwh_per_t=" in text for text in dc)
