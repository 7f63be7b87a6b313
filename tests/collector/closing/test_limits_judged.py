"""The plant's own limits, from readings to the stream ``limit``: each block once, and too little says neither."""

import dataclasses
from pathlib import Path

import pytest
import structlog
from example_plant import ClockByHand, open_line
from line_story import T0, S, lines_of
from plantwide_story import PLANT, drive_plant, fields_of

from collector.plant.limits import Limit
from collector.plant.topology import Plant
from collector.readings.quantity import Quantity
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

HOUR = 3600.0
SO2 = Limit("so2_gtc", Quantity.SO2, "mg/m3", HOUR, 0, "permit, table 2", most=99.0, stack="GTC-1")
SO2_KEPT = dataclasses.replace(SO2, name="so2_wide", most=100.0)
HF_MASS = Limit("hf_mass", Quantity.HF, "kg/t", HOUR, 0, "permit, table 3", most=0.2)
CURRENT = Limit("current", Quantity.LINE_CURRENT, "kA", HOUR, 0, "operations", least=410.0, potline="PL1")
HALF_HOUR = dataclasses.replace(SO2, name="so2_short", averaged_over_s=1800.0)
ENDED = dataclasses.replace(SO2, name="so2_old", valid_to_ns=T0)


async def judged(
    folder: Path, *limits: Limit, silent_s: float = 0.0
) -> tuple[dict[str, dict[str, str]], list[str], list[str]]:
    """Return the fields of each limit's line of the first hour, all lines, and what the log said of limits."""
    plant: Plant = dataclasses.replace(PLANT, limits=limits)
    clock = ClockByHand(T0 - 3 * S)
    with structlog.testing.capture_logs() as logs:
        async with Store(folder / "s.sqlite", plant.points) as store:
            line = await open_line(plant, store, clock)
            for t in [*range(0, 3661, 30), 4199, 4201, 4300]:
                silent = ("gtc_gas",) if 600 <= t < 600 + silent_s else ()
                await drive_plant(line, clock, t, silent=silent)
            lines = [text for text in await lines_of(store) if text.startswith(b"limit,")]
    starts = {text.decode().split(" ")[0] for text in lines}
    found = {start.split("limit=")[1].split(",")[0]: fields_of(lines, start) for start in starts}
    said = [entry["event"] for entry in logs if "limit" in entry["event"]]
    return found, [text.decode() for text in lines], said


async def test_an_hour_above_a_limit_is_outside_and_one_on_it_is_not(tmp_path: Path) -> None:
    found, lines, said = await judged(tmp_path, SO2, SO2_KEPT)
    assert found["so2_gtc"] == {
        "mean": "100.0",
        "most": "99.0",
        "of_most_pct": repr(100 * (100.0 / 99.0)),
        "outside": "1i",
        "coverage_pct": "100.0",
        "quality": "192i",
    }
    assert found["so2_wide"]["outside"] == "0i"
    assert said == ["limit is not kept"]
    [outside] = [line for line in lines if "limit=so2_gtc" in line]
    tags = "limit=so2_gtc,meter=gtc_gas,plant=example,quantity=so2,stack=GTC-1,unit=mg/m3,window=hour"
    assert outside.startswith(f"limit,{tags} ")


async def test_each_hour_is_judged_once_ten_minutes_after_its_end_and_not_outside_its_validity(tmp_path: Path) -> None:
    found, lines, _ = await judged(tmp_path, SO2, ENDED, HALF_HOUR)
    assert list(found) == ["so2_gtc"]
    assert len(lines) == 1


async def test_a_mass_per_tonne_is_the_hours_mass_over_its_metal(tmp_path: Path) -> None:
    """HF of 2 mg/m3 in 1,000,000 m3/h is 2 kg/h; 40 pots at 400 kA and 93.5 % make 5.0202 t in an hour."""
    found, _, _ = await judged(tmp_path, HF_MASS)
    metal_t = 0.3355727277e-3 * 0.935 * 400 * 40
    assert float(found["hf_mass"]["mean"]) == pytest.approx(2.0 / metal_t, rel=1e-9)
    assert found["hf_mass"]["outside"] == "1i"


async def test_a_lower_bound_is_judged_too(tmp_path: Path) -> None:
    found, _, said = await judged(tmp_path, CURRENT)
    assert (found["current"]["mean"], found["current"]["least"]) == ("400.0", "410.0")
    assert found["current"]["outside"] == "1i"
    assert said == ["limit is not kept"]


async def test_an_hour_of_which_a_quarter_is_not_measured_is_neither_kept_nor_broken(tmp_path: Path) -> None:
    found, _, said = await judged(tmp_path, SO2, silent_s=900.0)
    assert "outside" not in found["so2_gtc"]
    assert found["so2_gtc"]["quality"] == "0i"
    assert 70.0 < float(found["so2_gtc"]["coverage_pct"]) < 76.0
    assert said == []
