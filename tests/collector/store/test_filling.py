"""How full an outbox is, and when that is worth a word."""

import pytest
from store_things import bounds

from collector.readings.outgoing import WhenFull
from collector.store.filling import FillingWatch, Share, share_of
from collector.store.outbox import OutboxState

S = 1_000_000_000
LIMITS = bounds(most_bytes=1000, age_s=100.0)


def holding(size_bytes: int) -> OutboxState:
    return OutboxState(1, size_bytes, 10_000 * S, 0)


@pytest.mark.parametrize(
    ("size_bytes", "oldest_s", "share"),
    [
        (0, 0, Share(0.0, "outbox_max_bytes")),
        (850, 9_990, Share(85.0, "outbox_max_bytes")),
        (850, 9_905, Share(95.0, "outbox_max_age")),
        (1200, 9_990, Share(120.0, "outbox_max_bytes")),
        (100, 10_050, Share(10.0, "outbox_max_bytes")),  # the future is not old
    ],
)
def test_an_outbox_is_as_full_as_the_tighter_of_its_bounds(size_bytes: int, oldest_s: int, share: Share) -> None:
    assert share_of(size_bytes, oldest_s * S, LIMITS, 10_000 * S) == share


def test_it_fires_at_80_percent_once_and_is_resolved_below_70_once() -> None:
    watch = FillingWatch(LIMITS)
    said = [watch.judge(holding(size), 10_000 * S) for size in (799, 800, 820, 750, 700, 799, 699, 750, 801)]
    assert [None if alert is None else (alert.state, alert.value, alert.limit) for alert in said] == [
        None,
        ("firing", 80.0, 80.0),
        None,
        None,
        None,
        None,
        ("resolved", pytest.approx(69.9), 70.0),
        None,
        ("firing", pytest.approx(80.1), 80.0),
    ]


@pytest.mark.parametrize(
    ("when_full", "words"),
    [(WhenFull.DROP_OLDEST, "its oldest records are dropped"), (WhenFull.BLOCK, "nothing more is taken in")],
)
def test_the_alert_says_which_bound_it_is_and_what_will_happen(when_full: WhenFull, words: str) -> None:
    limits = bounds(most_bytes=1000, age_s=100.0, when_full=when_full)
    alert = FillingWatch(limits).judge(holding(850), 10_000 * S)
    assert alert is not None
    assert (alert.rule, alert.severity) == ("outbox_filling", "warning")
    assert alert.text == (
        f"the outbox uses 85 % of [store] outbox_max_bytes: when it is full, {words};"
        " see why the databases do not take it"
    )


def test_what_was_said_before_a_restart_is_not_said_again_and_its_end_is() -> None:
    watch = FillingWatch(LIMITS, "firing")
    assert watch.judge(holding(850), 10_000 * S) is None
    alert = watch.judge(holding(10), 10_000 * S)
    assert alert is not None
    assert (alert.state, alert.text) == ("resolved", "the outbox uses 1 % of [store] outbox_max_bytes")
