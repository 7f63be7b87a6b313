"""Two potlines stated again in two processes, and one after the other: the ledger says the same."""

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from example_plant import ClockByHand, open_line
from line_story import T0, S, drive

from collector.cli import main
from collector.closing import side_by_side
from collector.plant.topology import Plant
from collector.settings import load
from collector.store.store import Store

CONFIG = Path(__file__).parents[3] / "config"
SECOND = """
[potlines.PL2]
name = "Potline 2"
pots = ["2001..2010"]
technology = "cwpb"
current_efficiency = [{ value = "93 %", valid_from = 2024-01-01, source = "example" }]
net_anode_consumption = [{ value = "0.41 t/t", valid_from = 2024-01-01, source = "example" }]
anode_sulphur = "2.0 %"
anode_ash = "0.4 %"
"""
RESTATE = (
    "restate",
    "--from",
    "2026-03-01T04:00Z",
    "--to",
    "2026-03-01T05:30Z",
    "--reason",
    "pots counted anew",
    "--yes",
)


async def _tell(path: Path, plant: Plant) -> None:
    async with Store(path, plant.points) as store:
        clock = ClockByHand(T0 - 3 * S)
        line = await open_line(plant, store, clock)
        for t in range(0, 75 * 60, 20):
            await drive(line, clock, t)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with two potlines and an hour of them in the store; in some minutes pots were miscounted."""
    for name in os.environ:
        if name.upper().startswith("POTLINE_"):
            monkeypatch.delenv(name)
    shutil.copytree(CONFIG, tmp_path / "config")
    with (tmp_path / "config" / "plants" / "example.toml").open("a", encoding="utf-8") as file:
        file.write(SECOND)
    monkeypatch.chdir(tmp_path)
    configuration = load(Path("config/collector.toml"))
    configuration.store.path.parent.mkdir()
    asyncio.run(_tell(configuration.store.path, configuration.plant))
    with closing(sqlite3.connect(configuration.store.path, isolation_level=None)) as db:
        db.execute("DELETE FROM pot_minute")  # what pots told is kept for some days, and counts before this
        db.execute("UPDATE pots SET operating = operating - 1 WHERE minute_ns / 60000000000 % 3 = 0")
    return tmp_path


def said(path: Path) -> list[tuple[str, str, int, int, str, bytes]]:
    """Return what the ledger says, whatever the order in which it was written."""
    with closing(sqlite3.connect(path)) as db:
        return db.execute(
            "SELECT potline, window, start_ns, revision, reason, body FROM ledger ORDER BY 1, 2, 3, 4"
        ).fetchall()


def test_two_potlines_side_by_side_come_out_as_one_after_the_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = folder / "var" / "potline.sqlite"
    before = store.with_name("before.sqlite")
    shutil.copy(store, before)
    told = CliRunner().invoke(main, RESTATE)
    one_by_one = said(store)
    shutil.copy(before, store)
    monkeypatch.setattr(side_by_side, "WORTH_NS", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    beside = CliRunner().invoke(main, RESTATE)

    assert (told.exit_code, beside.exit_code) == (0, 0), (told.output, beside.output)
    assert beside.output == told.output
    assert said(store) == one_by_one
    assert {(potline, window) for potline, window, _, revision, *_ in one_by_one if revision > 1} == {
        ("PL1", "minute"),
        ("PL1", "hour"),
        ("PL2", "minute"),
        ("PL2", "hour"),
    }
    assert CliRunner().invoke(main, ["verify"]).exit_code == 0
