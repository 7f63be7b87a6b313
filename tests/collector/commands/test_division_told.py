"""What commands tell of a plant that is divided between collectors, and what they refuse."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from example_plant import CONFIG

from collector.cli import main
from collector.commands.invocation import EX_CONFIG, EX_FAILURE
from collector.settings import Choice, store_path

_SECOND = """
[potlines.PL2]
name = "Potline 2"
pots = ["2001..2004"]
technology = "cwpb"
current_efficiency = [{ value = "93.5 %", valid_from = 2024-01-01, source = "balance" }]
net_anode_consumption = [{ value = "0.415 t/t", valid_from = 2024-01-01, source = "report" }]
anode_sulphur = "2 %"
anode_ash = "0.4 %"

[potlines.PL3]
name = "Potline 3"
pots = ["3001..3004"]
technology = "cwpb"
current_efficiency = [{ value = "93.5 %", valid_from = 2024-01-01, source = "balance" }]
net_anode_consumption = [{ value = "0.415 t/t", valid_from = 2024-01-01, source = "report" }]
anode_sulphur = "2 %"
anode_ash = "0.4 %"

[collectors.a]
potlines = ["PL1"]
shared = true

[collectors.b]
potlines = ["PL2"]
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    plant = tmp_path / "divided.toml"
    example = (CONFIG.parent / "plants" / "example.toml").read_text(encoding="utf-8")
    plant.write_text(example + _SECOND, encoding="utf-8")
    monkeypatch.setenv("POTLINE_PLANT_FILE", str(plant))
    monkeypatch.setenv("POTLINE_STORE__PATH", str(tmp_path / "potline.sqlite"))
    return CONFIG


def potline(*words: str, settings: Path) -> Result:
    return CliRunner().invoke(main, [*words, "--config", str(settings)])


def test_check_shows_who_has_what_and_warns_of_the_line_of_nobody(settings: Path) -> None:
    said = potline("check", settings=settings).output.splitlines()
    assert "  a: PL1 and what belongs to the plant as a whole" in said
    assert "  b: PL2" in said
    assert "warning: PL3: no collector looks after it; add it to a [collectors.NAME]" in said


def test_check_of_one_collector_shows_its_meters_and_its_store(settings: Path, tmp_path: Path) -> None:
    said = potline("check", "--collector", "b", settings=settings).output.splitlines()
    assert "  b: PL2 (this one)" in said
    assert f"this collector: b, its store {tmp_path / 'potline-b.sqlite'}" in said
    assert "plant example: 1 potline, 4 pots, 0 meters" in said


def test_check_tells_programs_the_same(settings: Path) -> None:
    document = json.loads(potline("check", "--json", "--collector", "b", settings=settings).output)
    assert document["collector"] == "b"
    assert document["collectors"] == [
        {"name": "a", "potlines": ["PL1"], "shared": True},
        {"name": "b", "potlines": ["PL2"], "shared": False},
    ]
    assert [line["id"] for line in document["potlines"]] == ["PL2"]


def test_a_divided_plant_is_not_run_as_a_whole(settings: Path) -> None:
    result = potline("run", settings=settings)
    assert result.exit_code == EX_CONFIG
    assert "say with --collector which one this is" in result.output


def test_a_collector_that_is_not_there_is_told_with_those_that_are(settings: Path) -> None:
    result = potline("run", "--collector", "c", settings=settings)
    assert result.exit_code == EX_CONFIG
    assert "neither a collector nor a potline 'c' in the plant file; one of: a, b, PL1, PL2, PL3" in result.output


@pytest.mark.parametrize(
    ("collector", "kind", "refused"),
    [("b", "energy", True), ("b", "compliance", True), ("a", "energy", True), ("a", "compliance", False)],
)
def test_a_statement_on_a_plant_is_not_made_of_a_part_of_it(
    settings: Path, collector: str, kind: str, *, refused: bool
) -> None:
    result = potline("report", kind, "2026-03", "--collector", collector, settings=settings)
    said = "a statement is on all of a plant" in result.output
    assert said is refused
    assert not refused or result.exit_code == EX_FAILURE


@pytest.mark.parametrize(
    ("choice", "name"),
    [
        (Choice(), "potline.sqlite"),
        (Choice("a"), "potline-a.sqlite"),
        (Choice("PL1+PL2"), "potline-PL1-PL2.sqlite"),
        (Choice(potlines=("PL1", "PL2", "PL1")), "potline-PL1-PL2.sqlite"),
    ],
)
def test_the_store_of_a_choice_is_found_without_all_of_the_settings(settings: Path, choice: Choice, name: str) -> None:
    found = store_path(settings, choice)
    assert found is not None
    assert found.name == name


def test_the_store_of_the_collector_that_the_environment_names_is_found(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POTLINE_COLLECTOR", "b")
    found = store_path(settings)
    assert found is not None
    assert found.name == "potline-b.sqlite"
