"""Ten kills at random instants, one of them of the database, too. Two hundred: make kills."""

from pathlib import Path

import pytest
from random_kills import random_kills


@pytest.mark.timeout(600)
def test_10_kills_at_random_instants_under_load_end_in_exactly_what_was_published(tmp_path: Path) -> None:
    figures = random_kills(tmp_path, kills=10, rate=1500, longest_life_s=1.5)
    assert (figures.missing, figures.strange_or_altered) == (0, 0), figures
    assert figures.published == figures.in_database, figures
    assert figures.sums_of_pots_agree
    assert figures.effects_are_right, figures
    assert figures.ledger_is_right, figures
    assert figures.right
    assert figures.kills_before_it_ran >= 2, figures
    assert figures.kills_of_database == 1
