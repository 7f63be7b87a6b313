"""When a suspicion begins, changes and ends: told once each, to the log and to the stream ``alert``, over restarts.

What was told last is remembered in the store, in the transaction of the window that told it. A window that says less
than was told is no news: while a meter is named, an hour in which it can be that meter or another one changes nothing.
News is a group of meters that has nothing to do with those that were told, a told one that fits again, and a meter that
is named out of several.
"""

import msgspec
import structlog

from collector.accounting.windows import Window
from collector.delivery import lineprotocol

log = structlog.get_logger()

RULE = "energy_balance"
"""What the alerts of the balance carry as their tag ``rule``."""
SEVERITY = "warning"
"""Nothing is lost by a meter that is wrong, and somebody has to look at it."""

Groups = tuple[tuple[str, ...], ...]
"""For each error that was found the meters that it can be in."""


class Remembered(msgspec.Struct, frozen=True):
    """What has to outlive a restart: what the last windows said by their name, up to when, and what was told last.

    ``told_ns``: the time of that alert [UTC ns]. Two alerts never share one: the later would overwrite the other.
    """

    said: dict[str, Groups] = {}
    last_ns: int = 0
    told: Groups = ()
    told_ns: int = 0


class Suspicions:
    """The suspicion of one line's balance.

    Parameters
    ----------
    plant, potline
        Whose it is.
    limit
        Most false alarms that are accepted, as a share of windows [1]: the limit of the alerts.
    kept
        What ``remembered`` gave before, from the store; empty where there is nothing.

    Raises
    ------
    ValueError
        If what was kept cannot be read.
    """

    def __init__(self, plant: str, potline: str, *, limit: float, kept: str) -> None:
        self._plant, self._potline, self._limit = plant, potline, limit
        self._now = _decoded(kept)

    @property
    def remembered(self) -> str:
        """What the store has to remember."""
        return msgspec.json.encode(self._now).decode()

    def take(self, window: Window, found: Groups, probability: float | None) -> list[bytes]:
        """Note what a tested window says, and return the alert that follows from it, if there is news.

        Parameters
        ----------
        window
            An hour or a day. One that ended before another that was noted is of the past, and no news.
        found
            For each error that was found in it the meters that it can be in.
        probability
            How likely sound meters look at least this bad [1]; None: not known.
        """
        before = self._now
        if window.end_ns < before.last_ns:
            return []
        said = before.said | {window.name: found}
        now = said.get("hour", ()) or said.get("day", ())
        told = told_after(before.told, now)
        if told == before.told:
            self._now = Remembered(said, window.end_ns, told, before.told_ns)
            return []
        told_ns = max(window.end_ns, before.told_ns + 1)
        self._now = Remembered(said, window.end_ns, told, told_ns)
        text = _text(told)
        self._say(window, before.told, told)
        tags = {"plant": self._plant, "potline": self._potline, "rule": RULE, "severity": SEVERITY}
        fields = {
            "state": "firing" if told else "resolved",
            "value": probability,
            "limit": self._limit,
            "text": text,
            "firing": int(bool(told)),
        }
        line = lineprotocol.line(lineprotocol.series("alert", tags), fields, told_ns)
        return [] if line is None else [line]

    def _say(self, window: Window, before: Groups, told: Groups) -> None:
        at = {"potline": self._potline, "window": window.name, "start_ns": window.start_ns}
        if not told:
            log.info("energy balance closes again", **at)
            return
        new = [group for group in told if group not in before]
        for (meter,) in (group for group in new if len(group) == 1):
            hint = "compare it with its neighbours; when it is repaired or replaced, set reference_from"
            log.warning("meter does not fit the energy balance", meter=meter, hint=hint, **at)
        several = [" or ".join(group) for group in new if len(group) > 1]
        if several:
            log.warning("energy balance does not close", suspects=several, **at)
        if not new:
            log.info("fewer meters are suspected", suspects=[" or ".join(group) for group in told], **at)


def told_after(told: Groups, found: Groups) -> Groups:
    """Return what is told after a window that found something; the same as before where that is no news.

    Parameters
    ----------
    told
        What was told last.
    found
        What the window says: for each error the meters that it can be in, in any order.
    """
    after = []
    for group in found:
        likely = [known for known in told if set(known) & set(group)]
        # One that was named, or several of which nobody is named now either: what was told stands.
        stands = [known for known in likely if len(known) == 1 or len(group) > 1]
        after += stands or [tuple(sorted(group))]
    return tuple(sorted(set(after)))


def _text(told: Groups) -> str:
    if not told:
        return "the energy balance closes again"
    listed = "; ".join(
        f"{group[0]} does not fit the energy balance"
        if len(group) == 1
        else f"the energy balance does not close: {' or '.join(group)}"
        for group in told
    )
    return f"{listed}; compare the meter with its neighbours"


def _decoded(kept: str) -> Remembered:
    if not kept:
        return Remembered()
    try:
        return msgspec.json.decode(kept, type=Remembered)
    except msgspec.DecodeError as exc:
        what = "read the suspects of a balance from the store"
        raise ValueError(f"{what}: {exc}; 'potline verify' tells whether the store is damaged") from exc
