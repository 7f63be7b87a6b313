"""What the laboratory and the plant's books say: kept and shown, and not accounted yet."""

import asyncio
import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from example_plant import CONFIG, ClockByHand, open_line
from line_story import PLANT, T0, S, drive, effect, events, minutes, weighing

from collector.acquisition.source import Arrival
from collector.cli import main
from collector.instruments import Instruments
from collector.page.state import PageState
from collector.plant.meter import HeardMeter, Measures
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.event import Event, Laboratory, Production
from collector.readings.latest import LatestReadings
from collector.readings.quantity import Quantity
from collector.store.store import Store

HOUR = 3600 * S


def sample(time_ns: int, *, rank: int = 1) -> Laboratory:
    values = (("bath_temperature", 958.0), ("excess_alf3_pct", 11.25))
    return Laboratory("BATH-1", rank, "PL1", "1001", time_ns, None, "bath", "lab_xrd", values)


def production(time_ns: int, *, rank: int = 1) -> Production:
    return Production("MES-1", rank, "PL1", time_ns, "2026-02-28", 853_600.0, "tapped", "final")


def shown(plant: Plant, path: Path, clock: ClockByHand) -> dict[str, Any]:
    state = PageState(
        plant,
        path,
        LatestReadings(len(plant.points)),
        clock=clock,
        instruments=Instruments(),
        least_coverage_pct=90.0,
        alerts=list,
    )
    document: dict[str, Any] = json.loads(state.document())
    return document


@pytest.mark.asyncio
async def test_they_restate_no_minute_and_make_none_of_before_the_first_start(tmp_path: Path) -> None:
    clock = ClockByHand(T0 - 3 * S)
    first: list[Event] = [sample(T0 - 3 * HOUR), production(T0 - 20 * HOUR)]
    moved: list[Event] = [production(T0 + 10 * S, rank=2), sample(T0 + 70 * S, rank=2)]
    told = (*first, *moved)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 300, 5):
            late = [Arrival(ReadingBatch.of(()), told)] if t in (200, 205) else []
            await drive(line, clock, t, *late)
        found = await minutes(store)
        before = await store.latest_records("PL1", "minute", T0 - 24 * HOUR, T0)
        kept = await store.events_between("PL1", T0 - 24 * HOUR, T0 + HOUR)
    assert {revision for revision, _ in found.values()} == {1}
    assert before == []
    assert kept == moved


@pytest.mark.asyncio
async def test_the_last_events_are_shown_in_words_as_their_highest_revision_tells_them(tmp_path: Path) -> None:
    clock = ClockByHand(T0 + 100 * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        told = [events(effect(20, 30.0, rank=1)), events(weighing(30, 2400.0, "W-1"))]
        more = Arrival(ReadingBatch.of(()), (sample(T0 - HOUR), sample(T0 - HOUR, rank=2), production(T0 - 9 * HOUR)))
        await line.step([*told, more])
        document = await asyncio.to_thread(shown, PLANT, tmp_path / "s.sqlite", clock)
    assert [(event["what"], event["words"]) for event in document["potlines"][0]["events"]] == [
        ("weighing", "pots 1007, 1008, 2400 kg net"),
        ("anode effect", "pot 1007, hvae, 30 s"),
        ("laboratory", "pot 1001, bath, bath_temperature 958, excess_alf3_pct 11.25"),
        ("production", "2026-02-28, 853.600 t, tapped, final"),
    ]


def heard() -> HeardMeter:
    told = (Quantity.ACTIVE_POWER,)
    return HeardMeter("office", Measures.MONITORED, None, 10.0, math.inf, "potroom", "MV-07", told)


@pytest.mark.asyncio
async def test_a_meter_that_speaks_is_shown_with_its_broker_and_address(tmp_path: Path) -> None:
    plant = dataclasses.replace(PLANT, meters=(*PLANT.meters, heard()))
    async with Store(tmp_path / "s.sqlite", plant.points):
        document = await asyncio.to_thread(shown, plant, tmp_path / "s.sqlite", ClockByHand(T0))
    (meter,) = [meter for meter in document["meters"] if meter["id"] == "office"]
    assert (meter["profile"], meter["endpoint"]) == ("mqtt", "MV-07 at broker potroom")
    assert meter["quality_words"] == "not read yet"


def test_a_meter_that_speaks_cannot_be_read_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"BROKER": "potroom", "MEASURES": "monitored", "QUANTITIES": '["active_power"]', "ADDRESS": "MV-07"}
    for key, value in variables.items():
        monkeypatch.setenv(f"POTLINE_METERS__OFFICE__{key}", value)
    result = CliRunner().invoke(main, ["read", "office", "--config", str(CONFIG)])
    assert result.exit_code == 2
    said = " ".join(result.output.replace("│", " ").split())
    assert "'office' cannot be asked: it speaks by itself, as MV-07 at broker potroom; see 'potline status'" in said
