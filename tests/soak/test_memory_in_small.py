"""The long outage in small: two hours of plant time. A day: make memory."""

from pathlib import Path

import pytest
from memory_run import long_outage


@pytest.mark.timeout(240)
def test_memory_is_flat_within_a_tenth_over_two_hours_without_the_database_which_then_takes_everything(
    tmp_path: Path,
) -> None:
    figures = long_outage(tmp_path, hours=2, speed=480, pots=100, every_s=10)
    assert figures.highest_growth <= 0.10, figures
    assert figures.published == figures.in_database, figures
    assert figures.published.count == figures.messages - 240, figures
    assert figures.ledger_is_right
    assert figures.right
    # The outage was one: what was told was kept on disk, not in memory.
    assert figures.outbox_records >= 20, figures
