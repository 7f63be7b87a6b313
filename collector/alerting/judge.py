"""When an alert fires and when it is resolved: a limit, a second one to come back (hysteresis), and hold times. Pure.

    quiet -> pending -> firing -> resolving -> quiet

- Between limit and ``resolves_at`` nothing changes: what fires goes on firing, what is quiet stays so.
- A value that is right again before the hold is over begins it anew, and so does a wrong one while it is resolved.
- Hold times run by the times of the values. A value older than the latest one that was judged changes nothing.
- Silence fires at once when it has lasted, and the first usable value resolves it.
"""

from enum import IntEnum
from typing import NamedTuple

from collector.plant.alerts import AlertRule, Side


class Phase(IntEnum):
    """Where an alert stands."""

    QUIET = 0
    PENDING = 1
    """Wrong, and not for long enough yet."""
    FIRING = 2
    RESOLVING = 3
    """Firing, and right again, not for long enough yet."""
    SILENT = 4
    """Firing, for no usable value comes."""

    @property
    def is_firing(self) -> bool:
        """Whether the alert is told as firing."""
        return self >= Phase.FIRING


class Standing(NamedTuple):
    """Of one series: its phase, since which value's time, and the time of the latest value that was judged [UTC ns]."""

    phase: Phase = Phase.QUIET
    since_ns: int = 0
    last_ns: int = 0


def is_wrong(rule: AlertRule, value: float) -> bool:
    """Tell whether a value is beyond the limit."""
    if rule.side is None:
        return False
    return value > rule.limit if rule.side is Side.ABOVE else value < rule.limit


def is_right(rule: AlertRule, value: float) -> bool:
    """Tell whether a value is right again."""
    if rule.side is None:
        return True
    return value <= rule.resolves_at if rule.side is Side.ABOVE else value >= rule.resolves_at


def after(rule: AlertRule, before: Standing, time_ns: int, value: float) -> list[Standing]:
    """Return where an alert stands after a usable value, with each step that it took: the last one is where it stands.

    There is more than one step where a value ends a silence and is wrong itself.

    Parameters
    ----------
    rule
        The rule.
    before
        Where it stood.
    time_ns
        Time of the value [UTC ns].
    value
        The value [the rule's unit].
    """
    if time_ns < before.last_ns:
        return [before]
    if before.phase is Phase.SILENT:
        quiet = Standing(Phase.QUIET, time_ns, time_ns)
        rest = after(rule, quiet, time_ns, value)
        return [quiet] if rest[-1] == quiet else [quiet, *rest]
    return [_next(rule, before, time_ns, value)]


def _next(rule: AlertRule, before: Standing, time_ns: int, value: float) -> Standing:
    phase, since_ns = before.phase, before.since_ns
    match phase:
        case Phase.QUIET | Phase.PENDING:
            if not is_wrong(rule, value):
                return Standing(Phase.QUIET, since_ns, time_ns)
            began_ns = time_ns if phase is Phase.QUIET else since_ns
            if time_ns - began_ns >= ns(rule.for_s):
                return Standing(Phase.FIRING, time_ns, time_ns)
            return Standing(Phase.PENDING, began_ns, time_ns)
        case _:
            if not is_right(rule, value):
                return Standing(Phase.FIRING, since_ns, time_ns)
            began_ns = time_ns if phase is Phase.FIRING else since_ns
            if time_ns - began_ns >= ns(rule.resolves_after_s):
                return Standing(Phase.QUIET, time_ns, time_ns)
            return Standing(Phase.RESOLVING, began_ns, time_ns)


def held_anew(before: Standing, step_ns: int) -> Standing:
    """Return where an alert stands after the clock was set: what was held is held anew, and nothing is blind for it.

    Parameters
    ----------
    before
        Where it stood.
    step_ns
        By how much the clock was set, backwards negative [ns].
    """
    phase = {Phase.PENDING: Phase.QUIET, Phase.RESOLVING: Phase.FIRING}.get(before.phase, before.phase)
    return Standing(phase, before.since_ns, before.last_ns + min(0, step_ns))


def ns(seconds: float) -> int:
    """Return a time [s] in nanoseconds."""
    return round(seconds * 1e9)
