"""What is logged of the current efficiency when a month is closed."""

from pathlib import Path

import pytest
from closed_months import Month, commit_of, day_sums, plant_with_books, reconciled, tapped
from example_plant import CONVENTIONS
from structlog.testing import capture_logs

from collector.accounting.intensity import FARADAY, Metal
from collector.accounting.parameters import InForce, wanted
from collector.accounting.sums import total
from collector.accounting.windows import day_window, month_window
from collector.closing.book import Book
from collector.closing.efficiency import compare
from collector.closing.entries import Interval
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

PLANT = plant_with_books()


async def said(path: Path, metal: Metal, name: str = "month") -> list[str]:
    plant = PLANT
    potline, calendar = plant.potlines[0], plant.calendar
    window = month_window(2026, 3, calendar)
    stated = Interval(potline.id, window, total([day_sums()] * 31), 1, metal)
    if name == "day":
        stated = Interval(potline.id, day_window(calendar.day_of(window.start_ns), calendar), day_sums(), 1, metal)
    async with Store(path, plant.points) as store:
        await store.commit(commit_of(plant, [Month(2026, 3)]))
        in_force = InForce(plant, potline, wanted(plant, potline, CONVENTIONS))
        with capture_logs() as logs:
            await compare(Book(potline.id, store), in_force, stated, plant, 0, 90.0)
    return [f"{each['log_level']} {each['potline']} {each['month']}: {each['why']}" for each in logs]


async def test_a_month_at_94_50_percent_against_93_50_in_force_is_warned_of(tmp_path: Path) -> None:
    [warning] = await said(tmp_path / "s.sqlite", reconciled(31, 0.945))
    assert warning.startswith("warning PL1 2026-03: the current efficiency of 2026-03 is 0.9450 with")
    assert "0.9350 is in force, 0.0100 too low" in warning


@pytest.mark.parametrize(
    ("metal", "name"),
    [
        (reconciled(31, 0.936), "month"),
        (tapped(31, 0.90), "month"),
        (FARADAY, "month"),
        (reconciled(1, 0.99), "day"),
    ],
)
async def test_what_agrees_what_is_not_known_well_enough_and_single_days_are_let_pass(
    tmp_path: Path, metal: Metal, name: str
) -> None:
    assert await said(tmp_path / "s.sqlite", metal, name) == []
