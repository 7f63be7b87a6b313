"""potline report on what is measured beside the accounts: own generation, fuels by a meter, limits."""

import asyncio
import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from example_plant import ClockByHand, open_line
from line_story import PLANT, T0, S, drive

from collector.cli import main
from collector.readings.cell import MINUTE_NS, Cell
from collector.readings.quantity import Quantity
from collector.settings import load
from collector.store.commit import Commit
from collector.store.store import Store

CONFIG = Path(__file__).parents[3] / "config"
TWO_HOURS = "2026-03-01T12:00/2026-03-01T14:00"
ADDED = """
[meters.roof]
measures = "generation"
technology = "solar"
profile = "eastron-sdm630"
endpoint = "services_gateway"
unit = 32
rated_power = "50 MW"
[meters.gtc_1_gas]
measures = "stack"
stack = "GTC-1"
profile = "sick-marsic300"
endpoint = "services_gateway"
unit = 33
[limits.current]
of = "line_current"
most = "399.5 kA"
averaged_over = "30min"
potline = "PL1"
valid_from = 2024-01-01
source = "operations"
[limits.so2_gtc_1]
of = "so2"
most = "200 mg/m3"
averaged_over = "1h"
stack = "GTC-1"
valid_from = 2024-01-01
source = "permit"
[limits.so2_mass]
of = "so2"
most = "15 kg/t"
averaged_over = "1d"
stack = "GTC-1"
valid_from = 2024-01-01
source = "permit"
"""


def counted(number: int, first: float, last: float) -> Cell:
    """Return a minute of a counter that is read at its beginning and a second before its end."""
    start = T0 + number * MINUTE_NS
    return Cell(start, start, first, start + 59 * S, last, 0.0, 0.0, 0.0, True, 192)


def shown(number: int, value: float) -> Cell:
    """Return a minute of a gauge that stands."""
    start = T0 + number * MINUTE_NS
    return Cell(start, start, value, start + 59 * S, value, value * 59.0, 0.0, 0.0, True, 192)


async def _tell(path: Path, config: Path) -> None:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(path, PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 122 * 60 + 15, 20):
            await drive(line, clock, t)
    plant = load(config).plant
    sun = plant.points.place("roof", Quantity.ACTIVE_ENERGY_IMPORT)
    gas = plant.points.place("gtc_1_gas", Quantity.SO2)
    # 250 kWh a minute: 30 MWh in two hours. SO2: 150 in the first hour, 250 in the second, of which half is not known.
    cells = {(sun, T0 + n * MINUTE_NS): counted(n, 250.0 * n, 250.0 * n + 250 * 59 / 60) for n in range(122)}
    known = [n for n in range(122) if not 60 <= n < 90]
    cells |= {(gas, T0 + n * MINUTE_NS): shown(n, 150.0 if n < 60 else 250.0) for n in known}
    async with Store(path, plant.points) as store:
        await store.commit(Commit(T0, cells=cells))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with settings and a store, filled once for all tests."""
    folder = tmp_path_factory.mktemp("measured")
    shutil.copytree(CONFIG, folder / "config")
    plant = folder / "config" / "plants" / "example.toml"
    plant.write_text(plant.read_text(encoding="utf-8") + ADDED, encoding="utf-8")
    (folder / "var").mkdir()
    asyncio.run(_tell(folder / "var" / "potline.sqlite", folder / "config" / "collector.toml"))
    return folder


@pytest.fixture(autouse=True)
def here(told: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in that folder."""
    for name in os.environ:
        if name.upper().startswith("POTLINE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(told)


def document(kind: str) -> dict[str, list[dict[str, object]]]:
    result = CliRunner().invoke(main, ["report", kind, TWO_HOURS, "--format", "json"], prog_name="potline")
    assert result.exit_code == 0, result.output
    found: dict[str, list[dict[str, object]]] = json.loads(result.stdout)
    return found


def rows(kind: str) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = {}
    for section in document(kind)["sections"]:
        for row in section["rows"]:  # type: ignore[attr-defined]
            found.setdefault(row["label"], []).append(row)
    return found


def test_own_generation_of_30_mwh_is_the_physical_share_and_by_the_hour_the_same() -> None:
    found = rows("renewable")
    load_mwh = 125.95 * 1.01 + 3.6
    assert found["physical: own plants, energy"][0]["value"] == pytest.approx(30.0, rel=1e-6)
    assert found["physical: own plants, share"][0]["value"] == pytest.approx(100 * 30 / load_mwh, rel=1e-6)
    assert found["hourly matched, share"][0]["value"] == pytest.approx(100 * 30 / load_mwh, rel=1e-6)
    assert found["roof"][0]["note"] == "solar"


def test_four_half_hours_above_a_limit_are_one_exceedance_of_two_hours() -> None:
    found = rows("compliance")
    assert found["current (line_current): blocks outside"][0]["value"] == 4
    (outside,) = found["current (line_current): outside, greatest mean"]
    assert (outside["period"], outside["value"]) == ("2026-03-01 12:00+08:00", pytest.approx(400.0))
    (length,) = found["current (line_current): outside, length"]
    assert (length["value"], length["unit"], length["note"]) == (2.0, "h", "until 2026-03-01 14:00+08:00")


def test_an_hour_of_which_half_is_known_is_withheld_though_its_mean_lies_above() -> None:
    found = rows("compliance")
    assert found["so2_gtc_1 (so2): blocks judged"][0]["value"] == 1
    assert found["so2_gtc_1 (so2): blocks withheld"][0]["value"] == 1
    assert found["so2_gtc_1 (so2): blocks outside"][0]["value"] == 0
    assert found["so2_gtc_1 (so2): greatest mean"][0]["value"] == pytest.approx(150.0)


def test_a_limit_on_mass_per_tonne_is_not_judged_by_a_concentration() -> None:
    missing = [lack["what"] for lack in document("compliance")["missing"]]
    assert missing == ["so2_mass: so2 of GTC-1 is not judged: no mass of it is in the accounts"]
