"""Pot voltages between the pots, the store and the minutes: each counts in its minute, also over a restart, also late.

What the pots of a line told in a minute is kept for some days. A voltage that comes late is added to it, and the minute
is stated again where it is closed. Two things cannot be made good, and are counted: voltages older than what is kept,
and voltages at whose time nobody knows the line's current, which are in the count of pots in operation and in no
energy.
"""

import numpy as np
import structlog

from collector.accounting.production import PotWatch
from collector.instruments import Instruments
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.cell import MINUTE_NS, minute_of
from collector.readings.pots import PotMinute
from collector.readings.quantity import Quantity
from collector.store import pot_minutes
from collector.store.store import Store

log = structlog.get_logger()

SINCE = "pot_minutes_since_ns"
"""Under this the store remembers from when on it keeps what the pots tell."""

_REACH_NS = 10 * MINUTE_NS
_MARGIN_NS = 60 * MINUTE_NS
"""So long before a minute is let go of, nothing is added to it any more."""


class PotMinutes:
    """Adds pot voltages to their minutes.

    Parameters
    ----------
    plant, watch, store, instruments
        The pots, what adds up their voltages, where that is kept, and where it is counted.
    since_ns
        The first minute of which everything is kept [UTC ns].
    """

    def __init__(self, plant: Plant, watch: PotWatch, store: Store, instruments: Instruments, *, since_ns: int) -> None:
        self._watch = watch
        self._store = store
        self._instruments = instruments
        self._since_ns = since_ns
        self._is_voltage = np.array([point.quantity is Quantity.POT_VOLTAGE for point in plant.points], np.bool_)
        self._is_said = False

    @classmethod
    async def opened(
        cls, plant: Plant, watch: PotWatch, store: Store, instruments: Instruments, now_ns: int
    ) -> "PotMinutes":
        """Go on where the store ends: with the minutes that are not closed yet, and those just before."""
        since_ns = int(await store.meta(SINCE, str(minute_of(now_ns))))
        for potline in plant.potlines:
            last_ns = await store.last_minute(potline.id)
            start_ns = (minute_of(now_ns) if last_ns is None else last_ns) - _REACH_NS
            kept = await _between(store, potline.id, start_ns, now_ns + _MARGIN_NS)
            watch.restore({(potline.id, minute): told for minute, told in kept.items()})
        return cls(plant, watch, store, instruments, since_ns=since_ns)

    def go_on_from(self, before: "PotMinutes") -> None:
        """Take over what was counted before: all else is on disk."""
        now, then = self._watch, before._watch  # noqa: SLF001 - of the same class
        now.late, now.repeated, now.without_current = then.late, then.repeated, then.without_current
        self._is_said = before._is_said  # noqa: SLF001 - of the same class

    async def take(self, batch: ReadingBatch, now_ns: int) -> list[tuple[str, int, PotMinute]]:
        """Add the voltages of a batch; return the lines and minutes [UTC ns] that have changed, to be committed."""
        oldest_ns = max(self._since_ns, now_ns - pot_minutes.KEPT_NS + _MARGIN_NS)
        old = (batch.time_ns < oldest_ns) & self._is_voltage[batch.point]
        if old.any():
            self._refuse(int(np.count_nonzero(old)), oldest_ns)
            batch = batch.select(np.flatnonzero(~old))
        places = self._watch.unknown(batch)
        if places:
            self._watch.restore(await self._store.ask(lambda db: pot_minutes.of(db, places)))
        self._watch.take(batch)
        self._instruments.late_pots_booked_total = self._watch.late
        self._instruments.late_pots_repeated_total = self._watch.repeated
        self._instruments.pots_without_current_total = self._watch.without_current
        changed = self._watch.changes()
        self._watch.let_go(now_ns - _REACH_NS)  # what is older is in the store, and comes back when it is spoken of
        return changed

    def _refuse(self, count: int, oldest_ns: int) -> None:
        self._instruments.late_pots_refused_total += count
        if not self._is_said:
            self._is_said = True
            log.warning(
                "pot voltages came too late to be added to their minutes, they are counted from now on",
                count=count,
                kept_since_ns=oldest_ns,
            )


async def _between(store: Store, potline: str, start_ns: int, end_ns: int) -> dict[int, PotMinute]:
    return await store.ask(lambda db: pot_minutes.between(db, potline, start_ns, end_ns))
