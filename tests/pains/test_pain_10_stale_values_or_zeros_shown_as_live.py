"""A failed read gives no value and a bad quality, in streams and on the page; a figure without coverage is withheld."""

import asyncio
import json
import math
from datetime import UTC, datetime
from pathlib import Path

import pytest
from adversarial_modbus import Request, endpoint, serving
from example_plant import ClockByHand, joined, open_line, raw
from line_story import PLANT, T0, S, drive, lines_of
from polled_line import Line, many_registers, meter
from waiting import until

from collector.page.state import PageState
from collector.readings.batch import ReadingBatch
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
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
            PLANT,
            store.path,
            line.latest,
            clock=clock,
            instruments=line.instruments,
            least_coverage_pct=90.0,
            alerts=list,
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


def shown(day_ns: int, t_s: int) -> list[ReadingBatch]:
    """Return what all meters show so long after midnight: from 3 h to 6 h rectifier_1 is silent, then it is another."""
    now_ns, kwh = day_ns + t_s * S, 60_000.0 * t_s / 3600
    gone = 3 * 3600 < t_s < 6 * 3600
    dc = {Quantity.LINE_VOLTAGE: 150.0, Quantity.LINE_CURRENT: 400_000.0, Quantity.DC_POWER: 6e7}
    found = [
        raw(PLANT, "pl1_dc", now_ns, dc | {Quantity.DC_ENERGY: kwh * 1000, Quantity.DC_CHARGE: 400_000 * t_s / 3600})
    ]
    for name, level_wh in (("rectifier_1", 9e12 if t_s < 6 * 3600 else 5e9), ("rectifier_2", 7e9)):
        if not (gone and name == "rectifier_1"):
            found.append(raw(PLANT, name, now_ns, {Quantity.ACTIVE_ENERGY_IMPORT: level_wh + kwh * 505}))
    services = {Quantity.ACTIVE_ENERGY_IMPORT: 4e5 + 600.0 * t_s / 3600}
    return [*found, *(raw(PLANT, name, now_ns, services) for name in ("fume_treatment", "compressed_air"))]


async def test_a_figure_without_coverage_is_withheld_in_hour_day_and_month_and_one_with_coverage_is_told(
    tmp_path: Path,
) -> None:
    """31 March in Shanghai, the collector's first day: for three hours nobody knows what rectifier_1 took."""
    day_ns = round(datetime(2026, 3, 30, 16, tzinfo=UTC).timestamp()) * S
    clock = ClockByHand(day_ns - 90 * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(-60, 24 * 3600 + 600, 600):
            clock.ns = day_ns + (t + 600) * S
            await line.step([joined([part for at in range(t, t + 600, 60) for part in shown(day_ns, at)])])
        for _ in range(3):
            await line.step([])
        written = [text.decode() for text in await lines_of(store)]

    def said(boundary: str, window: str, hour: float) -> dict[str, float]:
        """Return the last word on an intensity of energy, or of emissions: what is not told is not there."""
        series = f"energy_intensity,boundary={boundary}" if boundary else "emissions_intensity"
        end = f" {day_ns + round(hour * 3600) * S}"
        found = [text for text in written if text.startswith(series) and f"window={window}" in text]
        fields = [text.split(" ")[1] for text in found if text.endswith(end)][-1]
        return {name: float(value.rstrip("i")) for name, value in _pairs(fields)}

    month = -30 * 24
    for window, hour in (("hour", 4), ("day", 0), ("month", month)):
        for boundary in ("liquid_ac", "liquid_comprehensive_ac", ""):
            told = said(boundary, window, hour)
            assert not told.keys() & {"kwh_per_t", "t_co2e_per_t"}
            assert told["quality"] == Quality.BAD
            assert told["coverage_pct"] < 90
    # The line's own meter was there all day; of the month it knows one day in 31.
    assert said("dc", "hour", 4)["kwh_per_t"] == pytest.approx(said("dc", "day", 0)["kwh_per_t"], rel=1e-4)
    assert said("dc", "day", 0)["coverage_pct"] == pytest.approx(100)
    assert "kwh_per_t" not in said("dc", "month", month)
    assert said("dc", "month", month)["coverage_pct"] == pytest.approx(100 / 31, rel=1e-3)
    # Energy and tonnes of what is known are told all the same.
    assert said("liquid_ac", "day", 0)["coverage_pct"] == pytest.approx(100 * 21 / 24, abs=0.5)
    assert said("liquid_ac", "day", 0)["energy_kwh"] == pytest.approx(21 * 60_600, rel=5e-3)
    assert "kwh_per_t" in said("liquid_ac", "hour", 7)


def _pairs(fields: str) -> list[tuple[str, str]]:
    """Return names and numbers of a line's fields."""
    parted = [field.partition("=") for field in fields.split(",")]
    return [(name, value) for name, _, value in parted if not value.startswith('"')]
