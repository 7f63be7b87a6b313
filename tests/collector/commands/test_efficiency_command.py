"""potline efficiency and the statements of months whose metal was weighed."""

import json
import os
import shutil
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from closed_months import DAY_T, Month, plant_with_books, reconciled, tapped, write

from collector.cli import main
from collector.settings import load

CONFIG = Path(__file__).parents[3] / "config"
TAPPING = """
[tapping]
largest_crucible = "15 t"
counts = "production"
reconciled = ["tapped+inventory_change"]
books_uncertainty = "0.4 %"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with the shipped settings and books of metal, and no store yet."""
    for name in os.environ:
        if name.upper().startswith("POTLINE_"):
            monkeypatch.delenv(name)
    shutil.copytree(CONFIG, tmp_path / "config")
    plant = tmp_path / "config" / "plants" / "example.toml"
    plant.write_text(plant.read_text() + TAPPING)
    (tmp_path / "var").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def potline(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="potline")


def told(*months: Month, classes: bool = True) -> None:
    write(Path("var/potline.sqlite"), plant_with_books(classes=classes), months)


def document(*arguments: str) -> dict[str, object]:
    result = potline("efficiency", *arguments, "--json")
    assert result.exit_code == 0, result.output
    [found] = json.loads(result.stdout)["potlines"]
    assert isinstance(found, dict)
    return found


FIRST = Month(2026, 1, reconciled(31, 0.945), reconciled(1, 0.945))
SECOND = Month(2026, 2, reconciled(28, 0.945), reconciled(1, 0.945))
THIRD = Month(2026, 3, reconciled(31, 0.945), reconciled(1, 0.945))


def test_three_months_at_94_50_percent_against_93_50_in_force_are_beyond_the_uncertainty() -> None:
    told(FIRST, SECOND, THIRD)
    found = document()
    assert found["months_used"] == ["2026-01", "2026-02", "2026-03"]
    assert found["current_efficiency"] == pytest.approx(0.945)
    assert found["in_force"] == pytest.approx(0.935)
    # Weighing 0.15 %, charge 0.1 %, and 3 t a month of metal in the pots.
    made_t = 90 * DAY_T * 0.945 / 0.935
    relative = (0.0015**2 + 0.001**2 + 3 * 3.0**2 / made_t**2) ** 0.5
    assert found["u95"] == pytest.approx(2 * 0.945 * relative, rel=1e-6)
    assert found["agrees"] is False
    assert "0.0100 too low" in str(found["deviation"])


def test_the_row_that_is_proposed_is_one_that_the_plant_file_takes() -> None:
    told(FIRST, SECOND, THIRD)
    proposal = document()["proposal"]
    assert isinstance(proposal, dict)
    row = tomllib.loads(f"rows = [{proposal['toml']}]")["rows"][0]
    assert (row["value"], row["valid_from"].isoformat()) == ("94.50 %", "2026-04-01")
    plant = Path("config/plants/example.toml")
    text = plant.read_text()
    plant.write_text(text.replace("current_efficiency = [\n", f"current_efficiency = [\n    {proposal['toml']}\n", 1))
    values = load(Path("config/collector.toml")).plant.potlines[0].current_efficiency.values
    assert values[-1].value == pytest.approx(0.945)
    assert values[-1].relative_standard_uncertainty == pytest.approx(proposal["standard_uncertainty"] / 0.945, abs=5e-6)
    again = document()
    assert (again["in_force_next"], again["deviation_next"]) == (pytest.approx(0.945), None)
    assert again["agrees"] is False  # the accounts of the closed months are as they were


def test_people_see_months_value_warning_and_row() -> None:
    told(FIRST, SECOND, THIRD)
    result = potline("efficiency", "2026-02", "2026-03")
    assert result.exit_code == 0, result.output
    assert "2026-01" not in result.stdout
    assert "current efficiency of 2026-02, 2026-03: 94.50 % ±" in result.stdout
    assert "WARNING: the current efficiency of 2026-02, 2026-03 is 0.9450" in result.stdout
    assert '{ value = "94.50 %", valid_from = 2026-04-01, source = "metal balance of 2026-02 to' in result.stdout


def test_a_month_at_93_60_percent_agrees_with_93_50_in_force() -> None:
    told(Month(2026, 3, reconciled(31, 0.936)))
    found = document()
    assert (found["agrees"], found["deviation"]) == (True, None)
    assert "agrees within the uncertainty" in potline("efficiency").stdout


def test_a_month_by_charge_is_left_out_and_tapped_metal_alone_proposes_nothing() -> None:
    told(Month(2026, 2), Month(2026, 3, tapped(31, 0.93)))
    found = document()
    assert found["months_used"] == ["2026-03"]
    findings = found["findings"]
    assert isinstance(findings, list)
    assert findings[0].startswith("2026-02 is left out: its metal is not stated by weight")
    assert found["proposal"] is None
    assert "the change of the metal in the pots is missing" in str(found["why_no_proposal"])
    assert found["agrees"] is None


def test_without_the_class_of_the_current_nothing_is_judged() -> None:
    told(THIRD, classes=False)
    found = document()
    assert (found["u95"], found["agrees"], found["proposal"]) == (None, None, None)
    assert "cannot be said without its uncertainty" in str(found["deviation"])


def test_charge_that_is_known_for_95_percent_does_not_make_the_efficiency_higher() -> None:
    told(Month(2026, 3, reconciled(31, 0.945), part=0.95))
    found = document()
    assert found["current_efficiency"] == pytest.approx(0.945, rel=1e-6)


def test_a_month_that_is_not_over_or_no_month_is_told_with_what_to_write() -> None:
    told(THIRD)
    result = potline("efficiency", "2026-04")
    assert (result.exit_code, "no such month is over" in result.stderr) == (1, True)
    assert "2026-03-01 is no month; write it like 2026-03" in potline("efficiency", "2026-03-01").stderr
    assert "it is before FROM" in potline("efficiency", "2026-03", "2026-02").stderr


def rows(kind: str, period: str) -> dict[tuple[str, str], dict[str, object]]:
    result = potline("report", kind, period, "--format", "json")
    assert result.exit_code == 0, result.output
    sections = json.loads(result.stdout)["sections"]
    return {
        (row["where"], row["label"]): row
        for section in sections
        for row in section["rows"]
        if not (section["by_period"] and row["period"])
    }


def test_every_statement_of_a_weighed_month_goes_by_the_same_tonnes() -> None:
    told(THIRD)
    made_t = 31 * DAY_T * 0.945 / 0.935
    energy, footprint = rows("energy", "2026-03"), rows("footprint", "2026-03")
    cbam, china = rows("cbam", "2026-03"), rows("china-ets", "2026-03")
    assert energy["PL1", "metal stated"]["value"] == pytest.approx(made_t, rel=1e-9)
    assert energy["PL1", "metal stated"]["note"] == "reconciled"
    assert energy["PL1", "metal (Faraday)"]["value"] == pytest.approx(31 * DAY_T, rel=1e-9)
    assert footprint["plant", "metal of the period"]["value"] == pytest.approx(made_t, rel=1e-9)
    assert cbam["PL1", "metal"]["value"] == pytest.approx(made_t, rel=1e-9)
    assert china["PL1", "metal"]["value"] == pytest.approx(made_t, rel=1e-9)
    assert china["PL1", "metal"]["note"] == "reconciled; of the minutes known for all meters"
    assert cbam["PL1", "net anodes"]["value"] == pytest.approx(made_t * 0.415, rel=1e-9)
    assert energy["PL1", "dc"]["value"] == pytest.approx(31 * 64_000 * 24 / made_t, rel=1e-9)
    assert energy["PL1", "dc"]["note"] == "metal: reconciled"


def test_the_statement_of_a_closed_month_warns_of_a_current_efficiency_that_does_not_agree() -> None:
    told(THIRD)
    result = potline("report", "energy", "2026-03", "--format", "json")
    statement = json.loads(result.stdout)
    assert statement["remarks"][0].startswith("PL1: the current efficiency of 2026-03 is 0.9450 with")
    found = rows("energy", "2026-03")
    assert found["PL1", "current efficiency"]["value"] == pytest.approx(94.5)
    assert found["PL1", "difference"]["note"] == "beyond the uncertainty"


def test_a_period_of_weighed_days_and_others_says_how_much_stands_on_what() -> None:
    """Seven days of March are reconciled, three of April are not: 94.5 over 93.5 makes 70.2 % of the metal."""
    told(THIRD, Month(2026, 4))
    found = rows("energy", "2026-03-25T00:00/2026-04-04T00:00")
    assert found["PL1", "metal stated"]["value"] == pytest.approx(7 * DAY_T * 0.945 / 0.935 + 3 * DAY_T)
    assert found["PL1", "metal stated"]["note"] == "reconciled 70.2 %, Faraday 29.8 %"
    assert found["PL1", "dc"]["expanded_95"] is None
    assert found["PL1", "dc"]["uncertainty"] == "metal stands on several bases; state a closed day or month"


def test_the_uncertainty_of_a_weighed_month_is_that_of_the_scale_and_the_metal_in_the_pots(folder: Path) -> None:
    plant = folder / "config" / "plants" / "example.toml"
    text = plant.read_text()
    for meter in ("pl1_dc", "rectifier_1", "rectifier_2"):
        assert f"[meters.{meter}]\n" in text
        text = text.replace(f"[meters.{meter}]\n", f'[meters.{meter}]\nuncertainty = "0.2 %"\n')
    plant.write_text(text)
    told(THIRD)
    found = rows("energy", "2026-03")["PL1", "dc"]
    made_t = 31 * DAY_T * 0.945 / 0.935
    expected = 2 * (0.001**2 + 0.0015**2 + (3 / made_t) ** 2) ** 0.5
    assert found["expanded_95"] == pytest.approx(31 * 64_000 * 24 / made_t * expected, rel=1e-4)
