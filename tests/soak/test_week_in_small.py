"""The week in small: three hours of everything. A week: make week."""

from pathlib import Path

import pytest
from week_run import week


@pytest.mark.timeout(240)
def test_three_hours_of_everything_end_in_what_happened(tmp_path: Path) -> None:
    figures = week(tmp_path, hours=3, speed=480)
    assert figures.apart == {}, figures
    assert figures.missing_minutes == 0, figures
    assert figures.minutes_that_differ == 0, figures
    assert figures.undelivered == 0, figures
    assert figures.findings == [], figures
    assert figures.flat, figures
    assert figures.right
    # All of it happened.
    assert figures.happened["collector killed"] + figures.happened["collector stopped"] == 2
    assert figures.happened["broker restarted"] == 6
    assert figures.happened["database stopped"] == 3
    assert figures.totals["anode_effects"].true > 0
