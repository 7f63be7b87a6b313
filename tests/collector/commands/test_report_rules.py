"""potline report compliance by the rules that a plant names: stack by stack, at normal conditions, and by tonne."""

import asyncio
import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from example_plant import ClockByHand, open_line
from line_story import PLANT, T0, S, drive

from collector.accounting.plant_sums import MassSum, PlantSums
from collector.accounting.windows import HOUR_NS, Window
from collector.cli import main
from collector.closing.plant_entries import plant_record
from collector.readings.cell import MINUTE_NS, Cell
from collector.readings.quantity import Quantity
from collector.settings import load
from collector.store.commit import Commit
from collector.store.store import Store

CONFIG = Path(__file__).parents[3] / "config"
TWO_HOURS = "2026-03-01T12:00/2026-03-01T14:00"
STACK = """
[meters.{name}]
broker = "potroom"
quantities = [{quantities}]
measures = "stack"
stack = "{stack}"
"""
ADDED = (
    STACK.format(name="dry", stack="GTC-1", quantities='"so2"')
    + 'conditions = "normal_dry"\n'
    + STACK.format(name="hot", stack="GTC-2", quantities='"so2", "gas_temperature", "gas_pressure", "h2o"')
    + 'conditions = "duct"\n'
    + STACK.format(name="unsaid", stack="GTC-3", quantities='"so2"')
    + """
[limit_rules.gb_25465_2010]
valid_from = 2024-01-01
averaged_over = "1h"
source = "permit, page 3"
[limit_rules.us_40cfr63_ll]
valid_from = 2024-01-01
averaged_over = "2h"
plants = "existing"
cells = "CWPB1"
source = "permit, page 4"
[limits.so2_mass]
of = "so2"
most = "15 kg/t"
averaged_over = "1h"
stack = "GTC-1"
valid_from = 2024-01-01
source = "permit"
"""
)


def shown(number: int, value: float) -> Cell:
    """Return a minute of a gauge that stands."""
    start = T0 + number * MINUTE_NS
    return Cell(start, start, value, start + 59 * S, value, value * 59.0, 0.0, 0.0, True, 192)


def hour(so2_kg: float, dust_kg: float) -> PlantSums:
    def mass(kg: float) -> MassSum:
        return MassSum(60, kg, kg, 5.0, 3600.0, 0.0, 192)

    return PlantSums(minutes=60, masses={"GTC-1": {"so2": mass(so2_kg)}, "": {"dust": mass(dust_kg)}})


async def _tell(path: Path, config: Path) -> None:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(path, PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 122 * 60 + 15, 20):
            await drive(line, clock, t)
    plant = load(config).plant

    def point(meter: str, quantity: Quantity) -> int:
        return plant.points.place(meter, quantity)

    told = {
        point("dry", Quantity.SO2): (190.0, 201.0),
        # 100 degC, 100 kPa and 5 % of water: the dry gas at 0 degC has 1.457 times the concentration.
        point("hot", Quantity.SO2): (130.0, 150.0),
        point("hot", Quantity.GAS_TEMPERATURE): (100.0, 100.0),
        point("hot", Quantity.GAS_PRESSURE): (1.0, 1.0),
        point("hot", Quantity.H2O): (5.0, 5.0),
        point("unsaid", Quantity.SO2): (900.0, 900.0),
    }
    cells = {
        (place, T0 + n * MINUTE_NS): shown(n, first if n < 60 else second)
        for place, (first, second) in told.items()
        for n in range(122)
    }
    records = [
        plant_record(
            Window("hour", T0 + n * HOUR_NS, T0 + (n + 1) * HOUR_NS), sums, revision=1, reason="closed", parameters=[]
        )
        for n, sums in enumerate((hour(70.0, 12.0), hour(80.0, 20.0)))
    ]
    async with Store(path, plant.points) as store:
        await store.commit(Commit(T0, cells=cells, records=records))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with settings and a store, filled once for all tests."""
    folder = tmp_path_factory.mktemp("ruled")
    shutil.copytree(CONFIG, folder / "config")
    plant = folder / "config" / "plants" / "example.toml"
    plant.write_text(plant.read_text(encoding="utf-8") + ADDED, encoding="utf-8")
    (folder / "var").mkdir()
    asyncio.run(_tell(folder / "var" / "potline.sqlite", folder / "config" / "collector.toml"))
    return folder


@pytest.fixture
def document(told: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[dict[str, object]]]:
    """Return the statement of compliance."""
    for name in os.environ:
        if name.upper().startswith("POTLINE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(told)
    result = CliRunner().invoke(main, ["report", "compliance", TWO_HOURS, "--format", "json"], prog_name="potline")
    assert result.exit_code == 0, result.output
    found: dict[str, list[dict[str, object]]] = json.loads(result.stdout)
    return found


def value(document: dict[str, list[dict[str, object]]], label: str, where: str) -> dict[str, object]:
    sections = document["sections"]
    (found,) = (
        row
        for section in sections
        for row in section["rows"]  # type: ignore[attr-defined]
        if (row["label"], row["where"]) == (label, where)
    )
    return dict(found)


SO2 = "gb_25465_2010: so2 (so2)"


def test_201_mg_of_dry_gas_exceed_200_in_one_of_two_hours(document: dict[str, list[dict[str, object]]]) -> None:
    outside = value(document, f"{SO2}: blocks outside", "GTC-1")
    assert outside["value"] == 1
    assert "most 200 mg/Nm3, mean over 1 h; dry gas at 0 degC and 101.325 kPa" in str(outside["note"])
    assert str(outside["source"]).endswith("permit, page 3")
    assert value(document, f"{SO2}: outside, greatest mean", "GTC-1")["value"] == pytest.approx(201.0)
    assert value(document, f"{SO2}: outside, length", "GTC-1")["value"] == 1.0


def test_150_mg_of_hot_wet_gas_are_218_at_normal_conditions(document: dict[str, list[dict[str, object]]]) -> None:
    factor = (373.15 / 273.15) * (101.325 / 100) / 0.95
    assert factor == pytest.approx(1.457, abs=0.001)
    assert value(document, f"{SO2}: greatest mean", "GTC-2")["value"] == pytest.approx(150 * factor, rel=1e-4)
    assert value(document, f"{SO2}: least mean", "GTC-2")["value"] == pytest.approx(130 * factor, rel=1e-4)
    assert "brought to dry gas" in str(value(document, f"{SO2}: blocks outside", "GTC-2")["note"])


def test_a_concentration_of_which_nobody_said_what_it_refers_to_is_not_judged_by_a_rule(
    document: dict[str, list[dict[str, object]]],
) -> None:
    missing = [lack["what"] for lack in document["missing"]]
    assert "gb_25465_2010: so2: so2 of GTC-3 is not judged: nobody said what the analyser refers to" in missing
    assert [
        text for text in map(str, missing) if text.startswith("gb_25465_2010: total_fluoride (stack) is not judged")
    ]


def test_dust_of_32_kg_over_10_t_keeps_3_7_kg_per_t_and_says_that_the_roof_is_not_in_it(
    document: dict[str, list[dict[str, object]]],
) -> None:
    label = "us_40cfr63_ll: particulate (dust)"
    found = value(document, f"{label}: blocks outside", "plant")
    assert found["value"] == 0
    assert "of the stacks alone: the roof is not measured" in str(found["note"])
    assert value(document, f"{label}: greatest mean", "plant")["value"] == pytest.approx(3.2)


def test_the_plants_own_limit_of_15_kg_per_t_is_exceeded_in_the_hour_of_80_kg_over_5_t(
    document: dict[str, list[dict[str, object]]],
) -> None:
    assert value(document, "so2_mass (so2): blocks outside", "GTC-1")["value"] == 1
    assert value(document, "so2_mass (so2): outside, greatest mean", "GTC-1")["value"] == pytest.approx(16.0)
