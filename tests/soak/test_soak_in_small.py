"""The soak in small: 50,000 messages, the collector killed every few seconds. In full: make soak."""

from pathlib import Path

import pytest
from killing_run import soak


@pytest.mark.timeout(600)
def test_50_000_messages_with_a_kill_every_few_seconds_end_in_exactly_what_was_published(tmp_path: Path) -> None:
    figures = soak(tmp_path, messages=50_000, rate=4000, every_s=(1.5, 3.0), least_kills=3, protocol="3.1.1")
    assert (figures.lost, figures.duplicates_with_effect, figures.altered) == (0, 0, 0), figures
    assert figures.ledger_is_right, figures
    assert figures.right
    assert figures.kills >= 3
    assert figures.redelivered > 0, figures
