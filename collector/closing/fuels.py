"""Amounts of fuels that are told after their time: the windows that they belong to are stated again."""

import json

from collector.accounting.fuel_spread import FuelsOfWindow, fuels_of_window, told_spans
from collector.accounting.sums import Sums
from collector.accounting.windows import HOUR_NS, Window
from collector.plant.topology import Plant
from collector.store.commit import Commit
from collector.store.store import Store

TOLD = "amounts of fuels were told or corrected"
"""The reason of the revisions."""


def fuels_of(plant: Plant, potline: str, window: Window, sums: Sums) -> FuelsOfWindow | None:
    """Return the fuels of a window that is no minute: what is told by the month says nothing of a minute."""
    if window.name == "minute":
        return None
    return fuels_of_window(plant, potline, window, minutes=sums.comprehensive.minutes)


async def note_fuels(store: Store, plant: Plant, potline: str, since_ns: int, closed_ns: int, now_ns: int) -> None:
    """Mark the windows of a potline whose fuels are told otherwise than when this was last looked at.

    Parameters
    ----------
    store, plant, potline
        Where, and whose.
    since_ns, closed_ns
        From when on and up to when there are accounts [ns].
    now_ns
        The time of the commit [ns].
    """
    key = f"fuels_told:{potline}"
    told = told_spans(plant.materials)
    known: dict[str, tuple[int, int]] = json.loads(await store.meta(key, "{}"))
    changed = {said: tuple(span) for said, span in (told | known).items() if (said in told) != (said in known)}
    if not changed:
        return
    touched: dict[tuple[str, int], str] = {}
    for start_ns, end_ns in changed.values():
        first_ns, last_ns = max(start_ns, since_ns), min(end_ns, closed_ns)
        # A minute of each hour is enough: its hour, shift, day, month and rolling windows follow.
        touched |= {(potline, hour): TOLD for hour in range(first_ns - first_ns % HOUR_NS, last_ns, HOUR_NS)}
    await store.commit(Commit(now_ns, touched=touched, remembered={key: json.dumps(told, sort_keys=True)}))
