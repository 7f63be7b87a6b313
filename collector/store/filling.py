"""How near the outbox is to its bounds, and when that is worth a word. Pure."""

from dataclasses import dataclass

from collector.store.outbox import Bounds, OutboxState

FIRES_AT_PCT = 80.0
RESOLVED_BELOW_PCT = 70.0
"""Lower, so that an outbox that stands at the limit does not speak with every record."""
GOES_ON_BELOW_PCT = 90.0
"""A line that was held up takes the next when the outbox is this far down, and not with every record that goes."""
FULL_PCT = 100.0
RULE = "outbox_filling"

_FIRING, _RESOLVED = "firing", "resolved"


@dataclass(frozen=True, slots=True)
class Alert:
    """A change of an alert rule's state: ``value`` against ``limit``, and both in words."""

    rule: str
    severity: str
    state: str
    value: float
    limit: float
    text: str


@dataclass(frozen=True, slots=True)
class Share:
    """How much of the tighter one of the outbox's bounds is used [%], and which one it is."""

    pct: float
    bound: str


def share_of(size_bytes: int, oldest_ns: int, bounds: Bounds, now_ns: int) -> Share:
    """Return how full an outbox is.

    Parameters
    ----------
    size_bytes : int
        Its size on disk [bytes].
    oldest_ns : int
        When its oldest record was written [UTC ns]; 0 if there is none.
    bounds : Bounds
        Its bounds.
    now_ns : int
        Present time [UTC ns].
    """
    of_bytes = 100.0 * size_bytes / bounds.outbox_max_bytes
    age_s = max(0.0, (now_ns - oldest_ns) * 1e-9) if oldest_ns else 0.0
    of_age = 100.0 * age_s / bounds.outbox_max_age_s
    return Share(of_bytes, "outbox_max_bytes") if of_bytes >= of_age else Share(of_age, "outbox_max_age")


class FillingWatch:
    """Says once when the outbox fills, and once when it has emptied again.

    Parameters
    ----------
    bounds : Bounds
        The outbox's bounds.
    state : str
        What was said last: "firing" or "resolved".
    """

    def __init__(self, bounds: Bounds, state: str = _RESOLVED) -> None:
        self._bounds = bounds
        self.state = state

    def judge(self, state: OutboxState, now_ns: int) -> Alert | None:
        """Return an alert if its state has changed."""
        share = share_of(state.size_bytes, state.oldest_ns, self._bounds, now_ns)
        is_firing = share.pct >= (RESOLVED_BELOW_PCT if self.state == _FIRING else FIRES_AT_PCT)
        word = _FIRING if is_firing else _RESOLVED
        if word == self.state:
            return None
        self.state = word
        limit = FIRES_AT_PCT if is_firing else RESOLVED_BELOW_PCT
        text = f"the outbox uses {share.pct:.0f} % of [store] {share.bound}"
        if is_firing:
            text += f": when it is full, {self._bounds.when_full.says}; see why the databases do not take it"
        return Alert(RULE, "warning", word, share.pct, limit, text)
