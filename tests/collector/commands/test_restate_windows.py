"""potline restate repairs longer windows and the plant's rows; shift, day and month end with the hour told here."""

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from example_plant import ClockByHand, open_line
from line_story import T0, S
from plantwide_story import METERS, drive_plant
from tampered import body_of, put_body, with_last_digit_changed

from collector.cli import main
from collector.plant.topology import Plant
from collector.settings import load
from collector.store.store import Store

ROOT = Path(__file__).parents[3]
PERIOD = ("--from", "2026-03-01T04:10Z", "--to", "2026-03-01T04:20Z")
CONTRACT = """
[contracts.valley]
technology = "hydro"
kg_co2_per_kwh = 0.0
share = "20 %"
valid_from = 2025-01-01
source = "contract 2024-18"
"""


def _settings(folder: Path) -> None:
    shutil.copytree(ROOT / "config", folder / "config")
    plant = folder / "config" / "plants" / "example.toml"
    text = plant.read_text(encoding="utf-8") + METERS
    text = text.replace('# shifts = { N = "00:00", D = "08:00", S = "16:00" }', 'shifts = { A = "01:00", B = "13:00" }')
    plant.write_text(text.replace('# day_starts = "00:00"', 'day_starts = "13:00"'), encoding="utf-8")


async def _tell(path: Path, plant: Plant) -> None:
    async with Store(path, plant.points) as store:
        clock = ClockByHand(T0 - 3 * S)
        line = await open_line(plant, store, clock)
        for t in range(0, 3661, 30):
            await drive_plant(line, clock, t, plant)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with settings and a store that was filled once for all tests."""
    folder = tmp_path_factory.mktemp("told")
    _settings(folder)
    configuration = load(folder / "config" / "collector.toml")
    configuration.store.path.parent.mkdir()
    asyncio.run(_tell(configuration.store.path, configuration.plant))
    return folder


@pytest.fixture
def folder(told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in os.environ:
        if name.upper().startswith("POTLINE_"):
            monkeypatch.delenv(name)
    shutil.copytree(told, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def potline(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, arguments, prog_name="potline", input=typed)


def restated(path: Path) -> dict[tuple[str, str], str]:
    """Return the reasons of what was stated again, by potline and window."""
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT potline, window, reason FROM ledger WHERE revision > 1").fetchall()
    return {(potline, window): reason for potline, window, reason in rows}


def bodies(path: Path) -> list[tuple[str, str, int, int, str, bytes]]:
    with closing(sqlite3.connect(path)) as db:
        query = "SELECT potline, window, start_ns, revision, reason, body FROM ledger ORDER BY 1, 2, 3, 4"
        return db.execute(query).fetchall()


def changed_plant_file(folder: Path, old: str, new: str) -> None:
    plant = folder / "config" / "plants" / "example.toml"
    text = plant.read_text(encoding="utf-8")
    assert text.count(old) == 1
    plant.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("owner", ["PL1", ""])
@pytest.mark.parametrize("window", ["hour", "shift", "day", "month"])
def test_a_window_that_is_wrong_though_its_minutes_are_right_is_shown_and_repaired(
    folder: Path, owner: str, window: str
) -> None:
    store = folder / "var" / "potline.sqlite"
    right = body_of(store, owner, window)
    put_body(store, owner, window, right, with_last_digit_changed(right, "kwh" if owner == "" else "charge_kah"))
    assert potline("verify").exit_code == 1

    shown = potline("restate", *PERIOD, "--reason", "written by another version", typed="n\n")
    assert restated(store) == {}
    assert "1 longer window to be stated again for their own sake" in shown.stdout
    assert "itself" in shown.stdout
    assert "Write 1 longer window again?" in shown.stdout

    written = potline("restate", *PERIOD, "--reason", "written by another version", "--yes")
    assert written.exit_code == 0, written.output
    assert restated(store) == {(owner, window): "written by another version"}
    assert body_of(store, owner, window) == right
    assert potline("verify").exit_code == 0
    again = potline("restate", *PERIOD, "--reason", "once more", "--yes")
    assert again.stdout == "20 minutes, 0 come out differently\n"


def test_a_contract_that_is_added_states_the_plants_rows_again_and_no_potlines(folder: Path) -> None:
    store = folder / "var" / "potline.sqlite"
    plant = folder / "config" / "plants" / "example.toml"
    plant.write_text(plant.read_text(encoding="utf-8") + CONTRACT, encoding="utf-8")

    shown = json.loads(potline("restate", *PERIOD, "--reason", "a contract was forgotten", "--json").stdout)
    assert [(change["potline"], change["differing"]) for change in shown["changes"]] == [("PL1", 0), ("", 10)]
    assert {(each["potline"], each["window"], each["follows"]) for each in shown["windows"]} == {
        ("", window, True) for window in ("hour", "shift", "day", "month")
    }
    result = potline("restate", *PERIOD, "--reason", "a contract was forgotten", "--yes")
    assert result.exit_code == 0, result.output
    windows = ("minute", "hour", "shift", "day", "month")
    assert restated(store) == dict.fromkeys((("", window) for window in windows), "a contract was forgotten")
    assert potline("verify").exit_code == 0


def test_a_slope_that_is_corrected_states_minutes_again_though_their_sums_are_the_same(folder: Path) -> None:
    """The slope has no part in the sums of a minute, and yet in the emissions that are made of them."""
    changed_plant_file(folder, 'method = "ipcc_2006"', 'method = "cbam_2025_2547"')
    result = potline("restate", *PERIOD, "--reason", "slope corrected", "--potline", "PL1", "--yes")
    assert result.exit_code == 0, result.output
    assert "10 minutes, 10 come out differently" in result.stdout
    assert ("PL1", "month") in restated(folder / "var" / "potline.sqlite")
    assert potline("verify").exit_code == 0


def test_other_metal_of_a_potline_is_shown_in_the_plants_figures_before_it_is_written(folder: Path) -> None:
    changed_plant_file(folder, 'value = "93.5 %"', 'value = "94.5 %"')
    shown = json.loads(potline("restate", *PERIOD, "--reason", "efficiency of the month", "--json").stdout)
    potline("restate", *PERIOD, "--reason", "efficiency of the month", "--yes")

    of_line, of_plant = shown["changes"]
    assert (of_line["differing"], of_plant["potline"], of_plant["differing"]) == (10, "", 10)
    ratio = of_plant["after"]["kwh_per_t"] / of_plant["before"]["kwh_per_t"]
    assert ratio == pytest.approx(93.5 / 94.5, rel=1e-12)
    for each in shown["windows"]:
        body = json.loads(body_of(folder / "var" / "potline.sqlite", each["potline"], each["window"]))
        pair = body["sums"]["comprehensive" if each["potline"] else "liquid"]
        assert pair["metal_t"] == each["after"]["metal_t"]
    assert len(shown["windows"]) == 8
    assert potline("verify").exit_code == 0


def test_a_window_that_was_taken_out_is_written_again(folder: Path) -> None:
    store = folder / "var" / "potline.sqlite"
    with closing(sqlite3.connect(store)) as db, db:
        db.execute("DELETE FROM ledger WHERE potline = '' AND window = 'day'")
    before = potline("verify", "--json")
    potline("restate", *PERIOD, "--reason", "repaired", "--yes")
    after = json.loads(potline("verify", "--json").stdout)["findings"]
    assert before.exit_code == 1
    assert [found["what"] for found in after] == ["follows a record that is missing"]  # the chain remembers


def test_two_restatements_in_fresh_processes_write_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    """Whatever the order of sets and dictionaries is in each of them."""
    changed_plant_file(folder, 'value = "93.5 %"', 'value = "94.5 %"')
    store = folder / "var" / "potline.sqlite"
    before = tmp_path / "before.sqlite"
    shutil.copy(store, before)
    found = []
    for seed in ("1", "2"):
        shutil.copy(before, store)
        subprocess.run(
            [sys.executable, "-m", "collector", "restate", *PERIOD, "--reason", "efficiency", "--yes"],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        )
        found.append(bodies(store))
    assert found[0] == found[1]
    assert any(revision > 1 and owner == "" for owner, _, _, revision, *_ in found[0])
