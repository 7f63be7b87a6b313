"""potline report, over a store that a line has filled with 130 minutes of the example plant."""

import asyncio
import csv
import io
import json
import os
import re
import shutil
import sqlite3
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from example_plant import ClockByHand, open_line
from line_story import PLANT, T0, S, drive, effect, events

from collector.cli import main
from collector.store.store import Store

CONFIG = Path(__file__).parents[3] / "config"
TWO_HOURS = "2026-03-01T12:00/2026-03-01T14:00"
KINDS = ("energy", "footprint", "cbam", "china-ets", "compliance", "renewable")
VOID = {"meta", "br"}


async def _tell(path: Path) -> None:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(path, PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 130 * 60 + 15, 20):
            # The anode effect is told two minutes after it ended: its minute is stated again.
            await drive(line, clock, t, *([events(effect(600, 90.0, rank=2))] if t == 840 else []))


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


def report(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["report", *arguments], prog_name="potline")


def document(*arguments: str) -> dict[str, object]:
    result = report(*arguments, "--format", "json")
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


def values(kind: str, period: str = TWO_HOURS, *more: str) -> dict[tuple[str, str], float | None]:
    sections = document(kind, period, *more)["sections"]
    assert isinstance(sections, list)
    return {(row["where"], row["label"]): row["value"] for section in sections for row in section["rows"]}


class Page(HTMLParser):
    """What a page is made of: whether its tags are balanced, the cells of its rows, what it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.loads: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [f"{tag} {key}={value}" for key, value in attrs if key in {"src", "href"}]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_one_balanced_page_that_loads_nothing_and_gives_every_number_its_unit(kind: str) -> None:
    result = report(kind, TWO_HOURS)
    assert result.exit_code == 0, result.output
    page = Page(result.stdout)
    assert page.open == []
    assert page.loads == []
    assert "url(" not in result.stdout
    assert "@page { size: A4" in result.stdout
    heads: list[str] = []
    numbers = 0
    for row in page.rows:
        if "unit" in row:
            heads = row
        elif "unit" in heads and len(row) == len(heads):
            numbers += 1
            assert row[heads.index("value")]
            assert row[heads.index("unit")]
    assert numbers > 0
    assert "Stands on ledger entries up to" in result.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_a_sheet_with_one_number_a_row(kind: str) -> None:
    result = report(kind, TWO_HOURS, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    numbers = [row for row in rows if row["value"]]
    assert numbers
    assert all(row["unit"] and row["label"] and row["period"] for row in numbers)
    assert all(isinstance(float(row["value"]), float) for row in numbers)
    assert [row for row in rows if row["label"] == "stands on entries up to"]


def test_dc_is_the_energy_of_the_two_hours_over_their_metal() -> None:
    found = values("energy")
    # 120 minutes of 60 MW to 66 MW, 40 pots at 400 kA and 93.5 %
    metal_t = 0.3355727277e-3 * 0.935 * 400 * 2 * 40
    assert found["PL1", "DC energy"] == pytest.approx(125.95)
    assert found["PL1", "metal (Faraday)"] == pytest.approx(metal_t, rel=1e-7)
    assert found["PL1", "dc"] == pytest.approx(125_950 / metal_t, rel=1e-7)
    assert found["PL1", "liquid_ac"] == pytest.approx(125_950 * 1.01 / metal_t, rel=1e-7)
    assert found["PL1", "liquid_comprehensive_ac"] == pytest.approx((125_950 * 1.01 + 3600) / metal_t, rel=1e-7)


def test_anode_effects_weigh_the_same_per_tonne_in_every_statement_but_for_its_own_coefficients() -> None:
    minutes = 90 / 60 / (40 * 2 / 24)
    cbam, china = values("cbam"), values("china-ets")
    assert cbam["PL1", "anode-effect minutes per cell-day"] == pytest.approx(minutes)
    metal_t = cbam["PL1", "metal"]
    assert metal_t is not None
    assert cbam["PL1", "anode effects"] == pytest.approx(0.143 * minutes * metal_t * (6630 + 0.121 * 11100) / 1000)
    assert china["PL1", "anode effects"] == pytest.approx(0.143 * minutes * metal_t * (6630 + 0.1 * 11100) / 1000)
    assert cbam["PL1", "anodes of PL1"] == pytest.approx(metal_t * 0.415 * 0.976 * 3.664)
    assert china["PL1", "anodes"] == pytest.approx(metal_t * 0.415 * 0.976 * 44 / 12)


def test_a_default_of_the_anode_effects_counts_only_where_it_is_named() -> None:
    named = values("china-ets", TWO_HOURS, "--anode-effects", "draft_2024")
    metal_t = named["PL1", "metal"]
    assert metal_t is not None
    assert named["PL1", "anode effects"] == pytest.approx(0.1454 * metal_t)
    assert named["plant", "default by_gases"] == pytest.approx(0.26316)
    unknown = report("china-ets", TWO_HOURS, "--anode-effects", "mine")
    assert unknown.exit_code == 1
    assert "has no default of anode effects 'mine'; one of: by_gases, draft_2024" in unknown.stderr
    assert report("cbam", TWO_HOURS, "--anode-effects", "draft_2024").exit_code == 2


def test_the_statement_names_the_last_entry_its_digest_and_what_was_stated_again(store: Path) -> None:
    standing = document("energy", TWO_HOURS)["standing"]
    assert isinstance(standing, dict)
    with sqlite3.connect(store) as db:
        seq, digest = db.execute("SELECT seq, digest FROM ledger ORDER BY seq DESC LIMIT 1").fetchone()
    assert (standing["last_entry"], standing["digest"]) == (seq, digest.hex())
    assert standing["revisions"] == [
        {"potline": "PL1", "interval": "1 minute", "revision": 2, "reason": "an event was told or corrected"}
    ]
    assert len(standing["parameters"]) == 1


def test_a_month_of_which_two_hours_are_known_withholds_its_ratios_and_says_that_it_is_not_over() -> None:
    found = document("energy", "2026-03")
    assert values("energy", "2026-03")["PL1", "dc"] is None
    assert any("not over" in remark for remark in found["remarks"])  # type: ignore[attr-defined]
    assert "withheld: less than 90 % is known" in report("energy", "2026-03").stdout


def test_reading_beside_a_running_collector_changes_nothing(store: Path) -> None:
    async def beside() -> Result:
        async with Store(store, PLANT.points):
            return await asyncio.to_thread(report, "energy", TWO_HOURS)

    with sqlite3.connect(store) as db:
        before = db.execute("SELECT count(*), max(seq) FROM ledger").fetchone()
    assert asyncio.run(beside()).exit_code == 0
    with sqlite3.connect(store) as db:
        assert db.execute("SELECT count(*), max(seq) FROM ledger").fetchone() == before


def test_what_is_not_configured_is_listed_with_its_remedy_and_withholds_the_footprint() -> None:
    found = document("footprint", TWO_HOURS)
    missing = {lack["what"]: lack["remedy"] for lack in found["missing"]}  # type: ignore[attr-defined]
    assert missing["footprint: alumina: no amount"] == "add [footprint.alumina]"
    assert missing["electricity: no carbon-footprint factor is configured"] == "add footprint_factor in [emissions]"
    assert values("footprint")["plant", "carbon footprint"] is None
    renewable = document("renewable", TWO_HOURS)["missing"]
    assert "contracts: none is configured" in {lack["what"] for lack in renewable}  # type: ignore[attr-defined]


def test_periods_and_kinds_that_there_are_not_are_refused_in_words() -> None:
    empty = report("energy", "2025-01")
    assert empty.exit_code == 1
    assert "state 2025-01: the ledger has no minute of it; it reaches from 2026-03-01 12:00+08:00" in empty.stderr
    wrong = report("energy", "march")
    assert wrong.exit_code == 2
    assert "'march' is no period; write a month 2026-03" in wrong.stderr
    assert "'water' is not one of" in report("water", "2026-03").stderr
    assert "there is no potline PL9; there are PL1" in report("energy", TWO_HOURS, "--potline", "PL9").stderr
    assert "name a kind and a period, or --list" in report("energy").stderr


def test_a_missing_file_of_rules_is_named(tmp_path: Path) -> None:
    for name in ("cbam", "product_footprint", "energy_levels"):
        (tmp_path / "config" / "factors" / f"{name}.toml").unlink()
    refused = report("cbam", TWO_HOURS)
    assert refused.exit_code == 1
    assert refused.stderr == "state cbam: no rules are configured; add cbam.toml to factors_dir\n"
    assert "add product_footprint.toml to factors_dir" in report("footprint", TWO_HOURS).stderr
    assert "add energy_levels.toml to factors_dir" in report("energy", TWO_HOURS).stdout


def test_a_value_that_is_no_longer_in_the_settings_ends_in_words(tmp_path: Path) -> None:
    plant = tmp_path / "config" / "plants" / "example.toml"
    text = plant.read_text(encoding="utf-8")
    old = 'value = "93.5 %", valid_from = 2024-01-01'
    assert old in text
    plant.write_text(text.replace(old, 'value = "93.5 %", valid_from = 2026-06-01'), encoding="utf-8")
    result = report("energy", TWO_HOURS)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"state energy of {TWO_HOURS}: potlines.PL1.current_efficiency: no value is in")


def test_without_a_store_there_is_no_statement(store: Path) -> None:
    store.unlink()
    result = report("energy", TWO_HOURS)
    assert result.exit_code == 69
    assert "there is none; check [store] path" in result.stderr


def test_a_statement_is_written_into_a_file_and_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    written = report("energy", TWO_HOURS, "--out", "energy.html")
    assert written.exit_code == 0
    assert written.stdout.startswith("energy.html: Energy of primary aluminium")
    assert (tmp_path / "energy.html").read_text(encoding="utf-8") == report("energy", TWO_HOURS).stdout
    refused = report("energy", TWO_HOURS, "--out", "nowhere/energy.html")
    assert refused.exit_code == 1
    assert "write nowhere/energy.html: No such file or directory" in refused.stderr


def test_the_list_tells_kinds_and_how_far_the_ledger_reaches() -> None:
    lines = report("--list").stdout.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == list(KINDS)
    assert lines[-1] == "the ledger reaches from 2026-03-01 12:00+08:00 to 2026-03-01 14:09+08:00, plant time"


def test_the_examples_of_the_readme_run(tmp_path: Path) -> None:
    readme = (CONFIG.parent / "README.md").read_text(encoding="utf-8")
    examples = re.findall(r"^\.venv/bin/potline report (.+)$", readme, flags=re.MULTILINE)
    assert {example.split()[0] for example in examples} == set(KINDS)
    for example in examples:
        result = report(*example.split())
        assert result.exit_code == 0, (example, result.output)
    assert {path.name for path in tmp_path.glob("*.*")} == {
        "energy.html",
        "footprint.html",
        "cbam.csv",
        "ets.html",
        "compliance.html",
    }


def test_names_from_the_settings_cannot_become_markup(tmp_path: Path) -> None:
    plant = tmp_path / "config" / "plants" / "example.toml"
    text = plant.read_text(encoding="utf-8").replace('"Example smelter"', '"<script>alert(1)</script> & Sons"')
    plant.write_text(text, encoding="utf-8")
    page = report("energy", TWO_HOURS).stdout
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Sons" in page
