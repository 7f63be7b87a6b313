"""potline export, over a store that a line has filled with 130 minutes of the example plant: read back by others."""

import asyncio
import csv
import hashlib
import importlib.util
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from example_plant import ClockByHand, open_line
from line_story import PLANT, T0, S, drive, effect, events, weighing

from collector.accounting.sums import Sums
from collector.cli import main
from collector.reporting.export.parquet import write_parquet
from collector.reporting.export.table import Column, Kind, Row, Table
from collector.store.store import Store

CONFIG = Path(__file__).parents[3] / "config"
PERIOD = ("--from", "2026-03-01T04:00Z", "--to", "2026-03-01T07:00Z")


async def _tell(path: Path) -> None:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(path, PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 130 * 60 + 15, 20):
            more = []
            if t == 600:
                more.append(events(effect(500.0, None, rank=0), weighing(550.0, 4250.0, "W-1", refused="=1+1")))
            if t == 6000:  # told again: the minute in which it began is stated again
                more.append(events(effect(500.0, 90.0, rank=1)))
            await drive(line, clock, t, *more)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store that was filled once for all tests."""
    path = tmp_path_factory.mktemp("told") / "potline.sqlite"
    asyncio.run(_tell(path))
    return path


@pytest.fixture(autouse=True)
def store(told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with the shipped settings and a copy of the store."""
    for name in os.environ:
        if name.upper().startswith("POTLINE_"):
            monkeypatch.delenv(name)
    shutil.copytree(CONFIG, tmp_path / "config")
    (tmp_path / "var").mkdir()
    shutil.copy(told, tmp_path / "var" / "potline.sqlite")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "var" / "potline.sqlite"


def potline(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="potline")


def exported(what: str, form: str, *more: str) -> list[dict[str, Any]]:
    """Export and read back."""
    name = f"out.{form}"
    result = potline("export", *PERIOD, "--what", what, "--output", name, *more)
    assert result.exit_code == 0, result.output
    if form == "parquet":
        rows: list[dict[str, Any]] = pq.read_table(name).to_pylist()
        return rows
    with Path(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def in_ledger(store: Path, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(store) as db:
        return db.execute(query).fetchall()


def test_every_sum_of_every_minute_in_force_reads_back_from_parquet_to_the_bit(store: Path) -> None:
    rows = exported("intervals", "parquet", "--window", "minute")
    query = "SELECT start_ns, max(revision), body FROM ledger WHERE window = 'minute' GROUP BY start_ns ORDER BY 1"
    kept = in_ledger(store, query)

    assert len(rows) == len(kept) == 129
    for row, (start_ns, revision, body) in zip(rows, kept, strict=True):
        sums = msgspec.convert(msgspec.json.decode(body)["sums"], Sums)
        assert round(row["start_utc"].timestamp()) * S == start_ns
        assert (row["potline"], row["window"], row["revision"], row["is_in_force"]) == ("PL1", "minute", revision, True)
        for name in ("dc_kwh", "ac_kwh", "auxiliary_kwh", "charge_kah", "metal_t", "cell_days", "anode_effect_s"):
            assert row[name] == getattr(sums, name)
        assert row["meter_rectifier_1_kwh"] == sums.meters["rectifier_1"].kwh
        assert row["liquid_comprehensive_ac_energy_kwh"] == sums.comprehensive.energy_kwh
        whole = sums.comprehensive
        assert row["liquid_comprehensive_ac_kwh_per_t"] == pytest.approx(whole.energy_kwh / whole.metal_t, rel=1e-12)


def test_an_interval_has_a_column_for_each_sum_and_each_ends_in_its_unit() -> None:
    [first, *_] = exported("intervals", "parquet", "--window", "minute")
    counts = {"minutes": "whole_minutes", "pots": "pots_operating", "restated": "restated_minutes"}
    plain = [field.name for field in msgspec.structs.fields(Sums) if field.type in {int, float}]
    counts["electricity_withheld"] = "electricity_withheld_minutes"
    assert len(plain) == 30
    assert all(counts.get(name, name) in first for name in plain)
    units = (
        "_kwh",
        "_kah",
        "_t",
        "_s",
        "_kg",
        "_pct",
        "_u",
        "_t_co2",
        "_t_co2e",
        "_kwh_per_t",
        "_t_co2e_per_t",
        "_u95",
    )
    known = {
        "cell_days",
        "paired_cell_days",
        "startup_cell_days",
        "metal_scale_to_faraday",
        "pots_operating",
        "anode_effects",
        "revision",
    }
    numbers = [name for name, value in first.items() if isinstance(value, float)]
    assert len(numbers) > 40
    assert [name for name in numbers if not name.endswith(units) and name not in known] == []


def test_parquet_and_csv_hold_the_same_numbers() -> None:
    parquet = exported("intervals", "parquet", "--window", "minute")
    sheet = exported("intervals", "csv", "--window", "minute")
    assert len(parquet) == len(sheet) == 129
    for one, other in zip(parquet, sheet, strict=True):
        for name, value in one.items():
            if isinstance(value, bool):
                assert other[name] == ("true" if value else "false")
            elif isinstance(value, float):
                assert float(other[name]) == value
            elif isinstance(value, datetime):
                assert datetime.fromisoformat(other[name]) == value
            else:
                assert other[name] == ("" if value is None else str(value))


def test_what_was_stated_again_is_left_out_unless_all_revisions_are_asked_for() -> None:
    in_force = exported("intervals", "parquet", "--window", "minute")
    every = exported("intervals", "parquet", "--window", "minute", "--all-revisions")
    again = [row for row in every if row["start_utc"].timestamp() * S == T0 + 8 * 60 * S]
    assert [(row["revision"], row["is_in_force"]) for row in again] == [(1, False), (2, False), (3, True)]
    assert [row["anode_effect_s"] for row in again] == [0.0, 0.0, 90.0]
    assert [row for row in every if row["is_in_force"]] == in_force


def test_hours_are_exported_unless_other_windows_are_asked_for() -> None:
    assert {row["window"] for row in exported("intervals", "csv")} == {"hour"}
    assert len(exported("intervals", "csv")) == 2
    assert {row["window"] for row in exported("intervals", "csv", "--window", "all")} == {"minute", "hour"}


def test_the_chain_of_the_ledger_can_be_computed_again_from_the_file() -> None:
    rows = sorted(exported("ledger", "parquet", "--all-revisions"), key=lambda row: int(row["seq"]))
    assert len(rows) > 129
    previous = bytes(32)
    for number, row in enumerate(rows, 1):
        start_ns, written_ns = (round(row[name].timestamp()) * S for name in ("start_utc", "written_utc"))
        said = [row["potline"], start_ns, row["length_s"], row["revision"], row["reason"], written_ns]
        head = json.dumps(said, separators=(",", ":")).encode()
        previous = hashlib.sha256(previous + head + b"\n" + row["body"].encode()).digest()
        assert (row["seq"], row["digest_sha256"]) == (number, previous.hex())


def test_the_file_says_which_plant_and_which_entry_of_the_ledger_it_stands_on(store: Path) -> None:
    [(seq, digest)] = in_ledger(store, "SELECT seq, hex(digest) FROM ledger ORDER BY seq DESC LIMIT 1")
    exported("intervals", "parquet")
    facts = {key.decode(): value.decode() for key, value in pq.read_schema("out.parquet").metadata.items()}
    assert (facts["plant"], facts["ledger_last_entry"]) == ("example", str(seq))
    assert facts["ledger_last_digest_sha256"] == digest.lower()
    assert (facts["collector_version"], facts["what"], facts["revisions"]) == ("0.1.0", "intervals", "in force")
    assert (facts["from_utc"], facts["to_utc"]) == ("2026-03-01T04:00:00Z", "2026-03-01T07:00:00Z")

    exported("intervals", "csv")
    beside = json.loads(Path("out.csv-metadata.json").read_text(encoding="utf-8"))
    assert beside["notes"][0]["ledger_last_digest_sha256"] == digest.lower()
    assert [column["name"] for column in beside["tableSchema"]["columns"]] == list(exported("intervals", "csv")[0])


def test_readings_are_the_first_and_last_of_each_minute_with_their_unit() -> None:
    rows = [row for row in exported("readings", "csv") if row["point"] == "rectifier_1.active_energy_import"]
    row = rows[7]
    assert (row["owner"], row["quantity"], row["unit"], row["quality"]) == (
        "rectifier_1",
        "active_energy_import",
        "kWh",
        "192",
    )
    assert (row["minute_utc"], row["first_utc"], row["last_utc"]) == (
        "2026-03-01T04:07:00Z",
        "2026-03-01T04:07:00Z",
        "2026-03-01T04:07:40Z",
    )
    assert (row["integral_in_unit_s"], row["correction_in_unit"]) == ("", "0.0")
    # 60 MW in the eighth minute, half of it with 1 % losses, for 40 s
    assert float(row["last_in_unit"]) - float(row["first_in_unit"]) == pytest.approx(60_000 * 1.01 / 2 * 40 / 3600)


def test_readings_of_a_potline_are_those_of_its_meters_and_pots() -> None:
    owners = {row["owner"] for row in exported("readings", "csv", "--potline", "PL1")}
    assert owners == {"pl1_dc", "rectifier_1", "rectifier_2", "fume_treatment", "compressed_air"}


def test_of_an_event_told_twice_the_last_word_is_exported_and_both_on_request() -> None:
    rows = exported("events", "parquet")
    assert [(row["id"], row["rank"], row["duration_s"]) for row in rows] == [("AE-1", 1, 90.0), ("W-1", 0, None)]
    every = exported("events", "parquet", "--all-revisions")
    assert [(row["id"], row["rank"], row["is_in_force"]) for row in every] == [
        ("AE-1", 0, False),
        ("AE-1", 1, True),
        ("W-1", 0, True),
    ]
    assert (every[2]["pots"], every[2]["net_kg"], every[2]["refused_because"]) == ("1007 1008", 4250.0, "=1+1")
    assert every[0]["time_utc"] == datetime.fromtimestamp(T0 / S + 500, UTC)


def test_a_text_that_a_table_would_take_for_a_formula_is_no_formula_in_csv() -> None:
    assert exported("events", "csv")[1]["refused_because"] == "'=1+1"


def test_lines_of_csv_end_as_rfc_4180_has_it() -> None:
    exported("events", "csv")
    text = Path("out.csv").read_bytes()
    assert text.count(b"\r\n") == text.count(b"\n") == 3
    assert text.startswith(b"event,id,rank,is_in_force,potline,time_utc,pot,")


def test_without_pyarrow_parquet_is_refused_with_what_to_install_and_csv_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "pyarrow" else real(name, *rest)
    )
    result = potline("export", *PERIOD, "--what", "events", "--output", "out.parquet")
    assert result.exit_code == 69
    assert "Parquet needs pyarrow, which is not installed: make install-parquet" in result.stderr
    assert not Path("out.parquet").exists()
    assert len(exported("events", "csv")) == 2


def test_a_file_appears_whole_or_not_at_all(store: Path) -> None:
    Path("out.csv").write_text("before", encoding="utf-8")
    with sqlite3.connect(store) as db:
        db.execute("UPDATE event SET body = '{\"net_kg\": [1]}' WHERE id = 'W-1'")
    result = potline("export", *PERIOD, "--what", "events", "--output", "out.csv")
    assert isinstance(result.exception, TypeError)
    assert Path("out.csv").read_text(encoding="utf-8") == "before"
    assert not list(Path().glob(".out.csv*"))


def test_a_folder_that_is_not_there_is_told() -> None:
    result = potline("export", *PERIOD, "--what", "events", "--output", "nowhere/out.csv")
    assert result.exit_code == 1
    assert "write nowhere/out.csv: No such file or directory; check the folder" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--what", "events", "--output", "out.xlsx"), "end it with .parquet or .csv, or give --format"),
        (("--what", "events", "--output", "a.csv", "--window", "hour"), "events have no windows"),
        (("--what", "plant", "--output", "a.csv", "--potline", "PL1"), "the plant as a whole is no potline"),
        (("--what", "events", "--output", "a.csv", "--potline", "PL9"), "there is no potline PL9; there are PL1"),
    ],
)
def test_what_does_not_go_together_is_told(arguments: tuple[str, ...], words: str) -> None:
    result = potline("export", *PERIOD, *arguments)
    assert result.exit_code == 2
    assert words in result.stderr


def test_a_period_with_nothing_in_it_gives_a_file_without_rows() -> None:
    result = potline("export", "--from", "2020-01-01", "--to", "2020-01-02", "--what", "intervals", "--output", "a.csv")
    assert result.exit_code == 0
    assert "a.csv: 0 rows" in result.stdout
    assert Path("a.csv").read_text(encoding="utf-8").startswith("potline,window,start_utc,")


def test_beside_a_running_collector_the_export_holds_nothing_up(store: Path) -> None:
    async def beside() -> list[dict[str, Any]]:
        async with Store(store, PLANT.points) as running:
            clock = ClockByHand(T0 + (130 * 60 + 20) * S)
            line = await open_line(PLANT, running, clock)
            rows = await asyncio.to_thread(exported, "intervals", "parquet", "--window", "minute")
            for t in range(130 * 60 + 20, 131 * 60, 20):
                await drive(line, clock, t)
            return rows

    assert len(asyncio.run(beside())) >= 129


def test_25_000_rows_are_three_row_groups_and_no_more_than_10_000_rows_are_held_at_once(tmp_path: Path) -> None:
    made = most = 0

    def rows() -> Iterator[Row]:
        nonlocal made
        for made in range(1, 25_001):
            yield (made * 0.5, None)

    table = Table((Column("energy_kwh", Kind.NUMBER), Column("reason", Kind.TEXT)), rows())
    for written in write_parquet(table, tmp_path / "large.parquet", {"plant": "example"}):
        most = max(most, made - written)
    file = pq.ParquetFile(tmp_path / "large.parquet")
    assert (file.metadata.num_rows, file.metadata.num_row_groups, most) == (25_000, 3, 0)
    assert file.read()["energy_kwh"].to_pylist()[-1] == 12_500.0
