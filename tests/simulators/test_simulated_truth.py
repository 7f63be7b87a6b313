"""Questions to a truth ledger, as a person or a test asks them."""

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from simulators.cli import main
from simulators.clock import ClockSpec
from simulators.instants import parse_instant
from simulators.physics.smelter import Smelter
from simulators.scenario import load_scenario
from simulators.servers.files import TruthFile
from simulators.tables import ConfigurationError
from simulators.truth import sums

SCENARIOS = Path(__file__).parents[2] / "simulators" / "scenarios"
THREE_O_CLOCK = ClockSpec.parse("2026-11-22T03:00:00Z@1795327200*60").begin_ns


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write twelve minutes of the four-line smelter."""
    smelter = Smelter(load_scenario(SCENARIOS / "smelter-1200.toml"), THREE_O_CLOCK)
    for _ in range(720):
        smelter.step()
    file = tmp_path_factory.mktemp("truth") / "truth.jsonl"
    with TruthFile(file) as truth:
        truth.append([*smelter.finished_minutes(), *smelter.remaining_minutes()])
    return file


def ask(file: Path, *arguments: str) -> str:
    result = CliRunner().invoke(main, ["truth", str(file), *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_sums_are_those_of_the_minutes_for_each_line_and_for_all(ledger: Path) -> None:
    rows = [json.loads(line) for line in ledger.read_bytes().splitlines()]
    found = json.loads(ask(ledger, "--json"))
    assert list(found) == ["PL1", "PL2", "PL3", "PL4", "all"]
    assert found["all"]["minutes"] == 48
    for name in ("dc_kwh", "metal_t", "ae_s", "electricity_t_co2e", "pot_kah"):
        assert found["all"]["values"][name] == pytest.approx(sum(row[name] for row in rows), rel=1e-12, abs=1e-12)
        each = sum(found[line]["values"][name] for line in ("PL1", "PL2", "PL3", "PL4"))
        assert found["all"]["values"][name] == pytest.approx(each, rel=1e-12, abs=1e-12)
    assert len(found["PL3"]["pots_kwh"]) == 300
    pots_kwh = sum(found["PL3"]["pots_kwh"]) + found["PL3"]["values"]["busbar_kwh"]
    assert pots_kwh == pytest.approx(found["PL3"]["values"]["dc_kwh"], rel=1e-9)
    assert sum(len(found[line]["meters"]) for line in ("PL1", "PL2", "PL3", "PL4")) == 40


def test_ratios_are_sums_over_sums(ledger: Path) -> None:
    entry = json.loads(ask(ledger, "--json", "--potline", "PL1"))["PL1"]
    values, ratios = entry["values"], entry["ratios"]
    assert ratios["dc_kwh_per_t"] == pytest.approx(values["dc_kwh"] / values["metal_t"], rel=1e-12)
    assert 12_500 < ratios["dc_kwh_per_t"] < 13_200
    assert ratios["mean_pot_v"] == pytest.approx(4.01, rel=0.01)


def test_a_stretch_of_time_begins_with_its_first_minute_and_ends_before_its_last(ledger: Path) -> None:
    found = json.loads(
        ask(ledger, "--json", "--potline", "PL2", "--from", "2026-11-22T03:02:00Z", "--to", "2026-11-22T03:05:00Z")
    )
    assert list(found) == ["PL2"]
    entry = found["PL2"]
    assert (entry["minutes"], entry["first"], entry["last"]) == (3, "2026-11-22T03:02:00Z", "2026-11-22T03:04:00Z")
    assert entry["values"]["seconds"] == 180


def test_people_get_a_table(ledger: Path) -> None:
    lines = ask(ledger).splitlines()
    assert lines[0].split() == ["PL1", "PL2", "PL3", "PL4", "all"]
    assert any(line.startswith("dc_kwh_per_t ") for line in lines)


def test_a_last_line_that_is_half_written_is_left_out(ledger: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(ledger.read_bytes()[:-40])
    assert sums(cut)["PL4"].minutes == 11


@pytest.mark.parametrize(
    ("content", "arguments", "complaint"),
    [
        (None, [], "cannot be read (No such file or directory); check the path"),
        (b"{}\n", [], "line 1: is not a minute of a truth ledger; give a file written with --truth"),
        (b"", [], "has no such minute; look at its first and last line for what it has"),
        (
            msgspec.json.encode({"minute": "2026-11-22T03:00:00Z", "potline": "PL1"}) + b"\n",
            ["--potline", "PL9"],
            "has no such minute; look at its first and last line for what it has",
        ),
    ],
)
def test_a_file_that_gives_no_answer_is_one_line_and_exit_code_78(
    tmp_path: Path, content: bytes | None, arguments: list[str], complaint: str
) -> None:
    file = tmp_path / "truth.jsonl"
    if content is not None:
        file.write_bytes(content)
    result = CliRunner().invoke(main, ["truth", str(file), *arguments])
    assert result.exit_code == 78
    assert result.output == f"{file}: {complaint}\n"


def test_a_time_without_a_zone_is_refused(ledger: Path) -> None:
    result = CliRunner().invoke(main, ["truth", str(ledger), "--from", "2026-11-22T03:00:00"])
    assert result.exit_code == 2
    assert "has no time zone: add a Z for UTC" in result.output
    with pytest.raises(ValueError, match="is not a time such as"):
        parse_instant("yesterday")


def test_sums_refuse_what_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        sums(tmp_path / "nothing.jsonl")
