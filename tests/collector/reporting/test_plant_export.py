"""Intervals of the plant as a whole as a table: every amount has its column, and ratios follow from sums."""

import asyncio
import contextlib
from pathlib import Path

import pytest
from example_plant import CONVENTIONS, ClockByHand, open_line
from line_story import T0, S
from plantwide_story import drive_plant, plantwide

from collector.reporting.export.entries import Span, last_entry
from collector.reporting.export.intervals import Judged
from collector.reporting.export.plant_intervals import plant_table
from collector.reporting.export.table import Value
from collector.store.schema import open_reader
from collector.store.store import Store

PLANT = plantwide()


async def _tell(path: Path) -> None:
    clock = ClockByHand(T0 - 3 * S)
    async with Store(path, PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, 12 * 60, 20):
            await drive_plant(line, clock, t)


def exported(path: Path) -> list[dict[str, Value]]:
    with contextlib.closing(open_reader(path)) as db:
        span = Span(T0, T0 + 3600 * S, last_entry(db)[0])
        table = plant_table(db, ["minute"], span, Judged(PLANT, CONVENTIONS, 90.0), superseded=False)
        names = [column.name for column in table.columns]
        assert len(names) == len(set(names))
        return [dict(zip(names, row, strict=True)) for row in table.rows]


def test_a_minute_of_the_plant_has_its_energies_masses_and_ratios_in_columns(tmp_path: Path) -> None:
    asyncio.run(_tell(tmp_path / "store"))
    rows = exported(tmp_path / "store")
    assert len(rows) == 11
    row = rows[5]
    assert (row["potline"], row["window"], row["whole_minutes"]) == ("", "minute", 1)
    assert row["meters_casthouse_kwh"] == pytest.approx(900.0 / 60)
    assert row["energy_casthouse_ac_kwh"] == pytest.approx(900.0 / 60)
    assert row["generation_solar_kwh"] == pytest.approx(6_000.0 / 60)
    metal_t, liquid_kwh, ingot_kwh = (
        row[name] for name in ("metal_PL1_t", "liquid_comprehensive_ac_energy_kwh", "ingot_comprehensive_ac_energy_kwh")
    )
    assert isinstance(metal_t, float)
    assert isinstance(liquid_kwh, float)
    assert isinstance(ingot_kwh, float)
    assert row["liquid_comprehensive_ac_kwh_per_t"] == pytest.approx(liquid_kwh / metal_t, rel=1e-12)
    assert ingot_kwh - liquid_kwh == pytest.approx(900.0 / 60)
    mass_kg = row["masses_GTC-1_hf_mass_kg"]
    assert isinstance(mass_kg, float)
    assert row["masses_GTC-1_hf_kg_per_t"] == pytest.approx(mass_kg / metal_t, rel=1e-12)
    assert row["masses_plant_hf_mass_kg"] == mass_kg
