"""Readings and events as tables: a counter's energy in its unit, and a place for whatever an event tells."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest
from line_story import PLANT, T0, S

from collector.plant.topology import Plant
from collector.readings.cell import Cell
from collector.readings.event import EffectCounters, Event, MetalTapped, ToldFactor, Weighing
from collector.readings.quantity import Quantity
from collector.readings.scale import Scale
from collector.reporting.export.inputs import events_table, readings_table
from collector.reporting.export.table import Row, Table, Value
from collector.store.commit import Commit
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

HOUR_NS = 3600 * S


def rows(table: Table) -> list[dict[str, Value]]:
    names = [column.name for column in table.columns]
    assert len(names) == len(set(names))
    found: list[Row] = list(table.rows)
    return [dict(zip(names, row, strict=True)) for row in found]


def counter_of(plant: Plant) -> int:
    """Return the number of a point that counts energy."""
    return next(at for at, point in enumerate(plant.points) if point.quantity is Quantity.ACTIVE_ENERGY_IMPORT)


async def test_a_counter_booked_in_whole_steps_is_exported_in_its_unit(tmp_path: Path) -> None:
    at = counter_of(PLANT)
    scale = Scale(0.001, 2**64)
    steps = Cell(
        T0, T0 + 5 * S, 74_347_498, T0 + 45 * S, 74_348_001, 0, 0.0, 0.0, joined=True, quality=192, scale=scale
    )
    wrapped = replace(steps, minute_ns=T0 + 60 * S, first=2**64 - 1_000, last=500, integral=2**64)
    async with Store(tmp_path / "store.sqlite", PLANT.points) as store:
        await store.commit(Commit(T0, cells={(at, T0): steps, (at, T0 + 60 * S): wrapped}))
        first, second = await store.ask(lambda db: rows(readings_table(db, PLANT, T0, T0 + HOUR_NS)))
    assert (first["unit"], first["first_in_unit"], first["last_in_unit"]) == ("kWh", 74347.498, 74348.001)
    for row, cell in ((first, steps.at(None)), (second, wrapped.at(None))):
        assert (row["first_in_unit"], row["last_in_unit"]) == (cell.first, cell.last)
        assert (row["correction_in_unit"], row["integral_in_unit_s"]) == (cell.integral, None)


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (
            MetalTapped("M-1", 0, "PL1", T0, "W-1", (("1007", 1203.5), ("1008", 1100.0)), 2303.5),
            {"event": "metal_tapped", "weighing_id": "W-1", "pots": "1007=1203.5 1008=1100.0", "net_kg": 2303.5},
        ),
        (
            ToldFactor("F-1", 2, "grid_factor", T0, T0 + HOUR_NS, 0.125, "operator"),
            {"event": "factor", "factor": "grid_factor", "factor_value": 0.125, "factor_source": "operator"},
        ),
        (
            EffectCounters("C-1", 0, "PL1", "1007", T0, 17, 512.5),
            {"event": "effect_counters", "pot": "1007", "effects_counted": 17, "seconds_counted": 512.5},
        ),
        (
            Weighing("W-1", 0, "PL1", ("1007", "1008"), T0, 2345.5, None),
            {"event": "weighing", "pots": "1007 1008", "net_kg": 2345.5, "refused_because": None},
        ),
    ],
)
async def test_an_event_is_exported_with_all_that_it_tells(
    tmp_path: Path, event: Event, told: dict[str, Value]
) -> None:
    async with Store(tmp_path / "store.sqlite", PLANT.points) as store:
        await store.commit(Commit(T0, events=[event]))
        [row] = await store.ask(lambda db: rows(events_table(db, T0, T0 + HOUR_NS, superseded=False)))
    assert {name: row[name] for name in told} == told
    assert (row["id"], row["rank"], row["potline"], row["time_utc"]) == (event.id, event.rank, event.potline, T0)
    rest = {name: value for name, value in asdict(event).items() if value not in (None, "")}
    assert sum(value not in (None, "") for value in row.values()) == len(rest) + 2  # and what it is, and that it holds
