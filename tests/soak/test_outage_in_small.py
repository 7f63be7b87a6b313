"""The outage in small: every trouble of a database under load, each for a moment. In full: make outage."""

from pathlib import Path

import pytest
from outage_run import outage


@pytest.mark.timeout(600)
def test_a_database_in_every_trouble_and_cut_off_for_an_hour_holds_exactly_the_truth_in_the_end(tmp_path: Path) -> None:
    figures = outage(tmp_path, rate=1000, speed=600, stage_s=0.3, timeout_s=0.5)
    assert (figures.missing, figures.strange_or_altered) == (0, 0), figures
    assert figures.published == figures.in_database, figures
    assert figures.sums_of_pots_agree
    assert figures.refused_are_dead, figures
    assert figures.effects_are_right, figures
    assert figures.ledger_is_right, figures
    assert figures.right
