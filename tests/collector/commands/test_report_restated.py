"""potline report after a part of the period was stated again with other parameters."""

import asyncio
import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from example_plant import ClockByHand, open_line
from line_story import PLANT, T0, S, drive

from collector.cli import main
from collector.store.store import Store

CONFIG = Path(__file__).parents[3] / "config"
TWO_HOURS = "2026-03-01T12:00/2026-03-01T14:00"
TEN_MINUTES = ("--from", "2026-03-01T12:10", "--to", "2026-03-01T12:20")


async def _tell(path: Path) -> None:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(path, PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 122 * 60 + 15, 20):
            await drive(line, clock, t)


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a store of two hours of which ten minutes were stated again with 0.425 t of anodes a tonne, not 0.415."""
    for name in os.environ:
        if name.upper().startswith("POTLINE_"):
            monkeypatch.delenv(name)
    shutil.copytree(CONFIG, tmp_path / "config")
    (tmp_path / "var").mkdir()
    path = tmp_path / "var" / "potline.sqlite"
    asyncio.run(_tell(path))
    monkeypatch.chdir(tmp_path)
    plant = tmp_path / "config" / "plants" / "example.toml"
    text = plant.read_text(encoding="utf-8")
    plant.write_text(text.replace('value = "0.415 t/t"', 'value = "0.425 t/t"'), encoding="utf-8")
    restated = potline("restate", *TEN_MINUTES, "--reason", "anodes weighed anew", "--yes")
    assert restated.exit_code == 0, restated.output
    return path


def potline(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="potline")


def document(kind: str) -> dict[str, list[dict[str, object]]]:
    result = potline("report", kind, TWO_HOURS, "--format", "json")
    assert result.exit_code == 0, result.output
    found: dict[str, list[dict[str, object]]] = json.loads(result.stdout)
    return found


def value(statement: dict[str, list[dict[str, object]]], label: str) -> object:
    rows = (row for section in statement["sections"] for row in section["rows"])  # type: ignore[attr-defined]
    return next(row["value"] for row in rows if row["label"] == label)


def test_each_minute_counts_with_the_parameters_that_its_entry_names() -> None:
    statement = document("cbam")
    metal_t, net_t = value(statement, "metal"), value(statement, "net anodes")
    assert isinstance(metal_t, float)
    # 10 of 120 minutes of the same charge have 0.425.
    assert net_t == pytest.approx(metal_t * (110 * 0.415 + 10 * 0.425) / 120, rel=1e-9)
    standing: dict[str, list[object]] = statement["standing"]  # type: ignore[assignment]
    assert len(standing["parameters"]) == 2


def test_the_entries_that_were_stated_again_are_named_with_their_reasons() -> None:
    standing: dict[str, list[dict[str, object]]] = document("energy")["standing"]  # type: ignore[assignment]
    assert standing["revisions"] == [
        {
            "potline": "PL1",
            "interval": "2026-03-01T12:00+08:00",
            "revision": 2,
            "reason": "anodes weighed anew",
        },
        {"potline": "PL1", "interval": "10 minutes", "revision": 2, "reason": "anodes weighed anew"},
    ]


def test_where_the_minutes_of_a_mixed_hour_are_gone_its_emissions_are_withheld_and_its_energy_stands(
    store: Path,
) -> None:
    dc = value(document("energy"), "dc")
    with sqlite3.connect(store) as db:
        db.execute("DELETE FROM ledger WHERE window = 'minute'")
    assert value(document("energy"), "dc") == dc
    statement = document("cbam")
    assert value(statement, "specific embedded emissions (SEE), direct") is None
    lost = [lack["what"] for lack in statement["missing"] if str(lack["what"]).startswith("anodes of ")]
    assert lost == ["anodes of 5.0 t of metal of PL1: the parameters of that time are not kept"]
