"""A command that works on a store alone, long after its collector stopped: the outbox is no older by that."""

import asyncio
from pathlib import Path

import pytest
from line_story import PLANT, T0, S
from outbox_story import MINUTES, fill, folder, potline

from collector.clock import SystemClock
from collector.store.outbox import Bounds
from collector.store.store import Store

DAY_S = 86_400.0


async def oldest_and_dropped(path: Path) -> tuple[int, int, int]:
    """Return the age of the outbox as the next collector has it [ns], its records, and how many it drops."""
    now_ns = SystemClock().now_ns()
    async with Store(path, PLANT.points) as store:
        await store.note_pause(now_ns)
        state = await store.outbox_state(("plantdb", "cloud"))
        dropped = await store.let_go(("plantdb", "cloud"), Bounds(1 << 40, DAY_S, 1e9, 1e9), now_ns)
        return now_ns - state.oldest_ns, state.records, dropped.records


def test_a_period_sent_again_by_a_command_after_a_long_stop_drops_nothing_that_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled = tmp_path / "filled.sqlite"
    asyncio.run(fill(filled))
    path = folder(filled, tmp_path)
    monkeypatch.chdir(tmp_path)
    assert SystemClock().now_ns() - T0 > 2 * DAY_S * S  # what it was filled with is dated long ago
    result = potline("outbox", "resend", "plantdb", "--from", "2026-03-01T04:00Z", "--to", "2026-03-01T04:30Z", "--yes")
    assert "of the ledger, encoded again" in result.output  # so something new is written
    age_ns, records, dropped = asyncio.run(oldest_and_dropped(path))
    assert records > MINUTES
    assert age_ns < 3 * 3600 * S
    assert dropped == 0
