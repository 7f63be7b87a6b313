"""potline restate and verify, over a store that a line has filled with 130 minutes of the example plant."""

import asyncio
import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from example_plant import ClockByHand, open_line
from line_story import PLANT, T0, S, drive, minutes

from collector.accounting.sums import Sums
from collector.cli import main
from collector.store.store import Store

CONFIG = Path(__file__).parents[3] / "config"
PERIOD = ("--from", "2026-03-01T04:10+00:00", "--to", "2026-03-01T04:20+00:00")
OLD, NEW = 'value = "0.415 t/t"', 'value = "0.425 t/t"'


async def _tell(path: Path, minutes_told: int) -> None:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(path, PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, minutes_told * 60 + 15, 20):
            await drive(line, clock, t)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store that was filled once for all tests."""
    path = tmp_path_factory.mktemp("told") / "potline.sqlite"
    asyncio.run(_tell(path, 130))
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


def potline(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, arguments, prog_name="potline", input=typed)


def other_anodes(folder: Path) -> None:
    """Correct the net consumption of anodes in the plant file."""
    plant = folder / "config" / "plants" / "example.toml"
    text = plant.read_text(encoding="utf-8")
    assert text.count(OLD) == 1
    plant.write_text(text.replace(OLD, NEW), encoding="utf-8")


async def _in_force(path: Path) -> dict[int, tuple[int, Sums]]:
    async with Store(path, PLANT.points) as store:
        return await minutes(store)


def in_force(path: Path) -> dict[int, tuple[int, Sums]]:
    return asyncio.run(_in_force(path))


def entries(path: Path) -> list[tuple[str, int, int, str]]:
    with sqlite3.connect(path) as db:
        return db.execute("SELECT window, start_ns, revision, reason FROM ledger WHERE revision > 1").fetchall()


def test_with_the_same_settings_every_minute_comes_out_the_same_to_the_bit() -> None:
    result = potline("restate", *PERIOD, "--reason", "nothing", "--yes")
    assert result.exit_code == 0
    assert result.stdout == "10 minutes, 0 come out differently\n"


def test_the_difference_is_shown_and_nothing_is_written_before_it_is_confirmed(tmp_path: Path, store: Path) -> None:
    other_anodes(tmp_path)
    shown = potline("restate", *PERIOD, "--reason", "anodes weighed anew", "--dry-run")
    refused = potline("restate", *PERIOD, "--reason", "anodes weighed anew", typed="n\n")

    assert shown.exit_code == refused.exit_code == 0
    assert "10 minutes, 10 come out differently" in shown.stdout
    assert "Write 10 minutes again?" in refused.stdout
    assert entries(store) == []


def test_a_restatement_writes_exactly_the_minutes_of_the_period_and_the_windows_above(
    tmp_path: Path, store: Path
) -> None:
    before = in_force(store)
    other_anodes(tmp_path)
    result = potline("restate", *PERIOD, "--reason", "anodes weighed anew", "--yes")
    after = in_force(store)

    assert result.exit_code == 0, result.output
    assert {number for number, (revision, _) in after.items() if revision > 1} == set(range(10, 20))
    assert all(after[number] == before[number] for number in before if not 10 <= number < 20)
    for number in range(10, 20):
        old, new = before[number][1], after[number][1]
        assert new.anode_t_co2 == pytest.approx(old.anode_t_co2 * 0.425 / 0.415, rel=1e-12)
        assert (new.dc, new.liquid_ac, new.metal_t) == (old.dc, old.liquid_ac, old.metal_t)
    told = entries(store)
    assert {reason for window, _, _, reason in told if window == "minute"} == {"anodes weighed anew"}
    assert [(start, revision) for window, start, revision, _ in told if window == "hour"] == [(T0, 2)]
    assert potline("verify").exit_code == 0


def test_a_second_restatement_has_nothing_to_do(tmp_path: Path, store: Path) -> None:
    other_anodes(tmp_path)
    potline("restate", *PERIOD, "--reason", "anodes weighed anew", "--yes")
    written = entries(store)
    again = potline("restate", *PERIOD, "--reason", "once more", "--yes")
    assert again.stdout == "10 minutes, 0 come out differently\n"
    assert entries(store) == written


def test_the_difference_is_told_in_numbers_as_json(tmp_path: Path, store: Path) -> None:
    other_anodes(tmp_path)
    result = potline("restate", *PERIOD, "--reason", "anodes weighed anew", "--json")
    [change] = json.loads(result.stdout)["changes"]

    assert change["day"] == "2026-03-01"
    assert (change["minutes"], change["differing"], change["without_inputs"]) == (10, 10, 0)
    assert change["before"]["kwh_per_t"] == change["after"]["kwh_per_t"]
    # 0.010 t/t more anode, 97.6 % of it carbon
    more = change["after"]["t_co2e_per_t"] - change["before"]["t_co2e_per_t"]
    assert more == pytest.approx(0.010 * 0.976 * 44 / 12, rel=1e-9)
    assert entries(store) == []


def test_beside_a_running_collector_that_one_states_the_minutes_again(store: Path) -> None:
    async def beside() -> tuple[Result, dict[int, tuple[int, Sums]]]:
        clock = ClockByHand(T0 + (130 * 60 + 20) * S)
        async with Store(store, PLANT.points) as running:
            line = await open_line(PLANT, running, clock)
            with sqlite3.connect(store) as db:  # a value of a minute is corrected behind its back
                db.execute("DELETE FROM pot_minute")  # what pots told is kept for some days, and counts before this
                db.execute("UPDATE pots SET operating = 39 WHERE minute_ns = ?", (T0 + 12 * 60 * S,))
            result = await asyncio.to_thread(potline, "restate", *PERIOD, "--reason", "a pot was out", "--yes")
            for t in range(130 * 60 + 20, 131 * 60, 20):
                await drive(line, clock, t)
            return result, await minutes(running)

    result, found = asyncio.run(beside())
    assert result.exit_code == 0, result.output
    assert "the running collector states them again" in result.stdout
    assert {number for number, (revision, _) in found.items() if revision > 1} == {12}
    assert found[12][1].pots == 39


def test_a_running_collector_with_other_settings_is_not_believed_to_do_the_work(tmp_path: Path, store: Path) -> None:
    async def beside() -> Result:
        async with Store(store, PLANT.points) as running:
            await open_line(PLANT, running, ClockByHand(T0 + 131 * 60 * S))
            other_anodes(tmp_path)
            return await asyncio.to_thread(potline, "restate", *PERIOD, "--reason", "anodes", "--yes")

    result = asyncio.run(beside())
    assert result.exit_code == 1
    assert "was started with other settings: restart it" in result.stderr


def test_verify_finds_an_input_that_was_altered(store: Path) -> None:
    with sqlite3.connect(store) as db:
        db.execute(
            "UPDATE cell SET first = first + 1 WHERE minute_ns = ? AND point ="
            " (SELECT id FROM point WHERE name LIKE 'rectifier_1%active_energy_import%')",
            (T0 + 7 * 60 * S,),
        )
    result = potline("verify")
    assert result.exit_code == 1
    assert "minute 2026-03-01T04:07:00Z (PL1): its inputs give something else: ac_kwh 1010, now 1009" in result.stdout


def test_verify_finds_an_hour_that_is_not_the_sum_of_its_minutes(store: Path) -> None:
    with sqlite3.connect(store) as db:
        db.execute(
            "UPDATE ledger SET body = CAST(replace(CAST(body AS TEXT), '\"charge_kah\":', '\"charge_kah\":1') AS BLOB)"
            " WHERE window = 'hour' AND start_ns = ?",
            (T0,),
        )
    result = potline("verify", "--json")
    found = json.loads(result.stdout)["findings"]
    assert len(found) == 2  # the chain, and the sum
    assert "its minutes add up to something else: charge_kah" in found[1]["what"]


def test_times_are_in_the_plants_time_zone_and_have_to_make_sense() -> None:
    local = potline("restate", "--from", "2026-03-01T12:10", "--to", "2026-03-01T12:20", "--reason", "x", "--dry-run")
    assert local.stdout == "10 minutes, 0 come out differently\n"
    assert potline("restate", "--from", "2026-03-02", "--to", "2026-03-01", "--reason", "x").exit_code == 2
    wrong = potline("restate", "--from", "yesterday", "--to", "2026-03-01", "--reason", "x")
    assert "'yesterday' is no time; write 2026-03-01" in wrong.stderr
    none = potline("restate", *PERIOD, "--reason", "x", "--potline", "PL9")
    assert "there is no potline PL9; there are PL1" in none.stderr
