"""What a restatement would write, shown before it is: the closers themselves go over a period and commit nothing.

Minutes are computed again day by day; the windows over them are stated as the closer states them, of what it has been
given. So a window is shown with its new figures, and one that is wrong though its minutes are right is found as well.
"""

import sqlite3
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from collector.accounting.intensity import EnergyIntensity, energy_intensity
from collector.accounting.parameters import InForce, Parameters, wanted
from collector.accounting.production import PotWatch
from collector.accounting.windows import DAY_NS, Window, windows_touched
from collector.clock import SystemClock
from collector.closing import opening
from collector.closing.auditing import NAMES
from collector.closing.closer import Closer
from collector.closing.recomputing import Recomputed, recomputed
from collector.closing.restating import Change, Days, differs
from collector.instruments import Instruments
from collector.settings import Configuration
from collector.store.reader import StoreReader


@dataclass(frozen=True, slots=True)
class WindowChange:
    """A longer window that would be stated again. ``follows``: because minutes of it are; else it is wrong itself.

    ``before`` is None where it has no entry.
    """

    potline: str
    window: Window
    follows: bool
    before: EnergyIntensity | None
    after: EnergyIntensity | None


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a restatement does to a potline or to the plant: day by day, and window by window."""

    changes: tuple[Change, ...] = ()
    windows: tuple[WindowChange, ...] = ()


Told = tuple[EnergyIntensity | None, EnergyIntensity | None]


async def rehearse(configuration: Configuration, potline_id: str, start_ns: int, end_ns: int) -> Rehearsed:
    """Return what a restatement of a potline would change.

    Parameters
    ----------
    configuration
        The settings as they are now.
    potline_id, start_ns, end_ns
        Which potline, and which minutes [UTC ns].

    Raises
    ------
    StoreError
        If the store cannot be read.
    LookupError
        If a dated parameter is not in force in all of the period.
    """
    async with StoreReader(configuration.store.path, configuration.plant.points) as store:
        configuration = await store.ask(partial(opening.as_told, configuration))
        plant = configuration.plant
        potline = plant.potline(potline_id)
        in_force = InForce(plant, potline, wanted(plant, potline, opening.conventions(configuration)))

        def now(minute_ns: int) -> Parameters:
            return in_force.at(minute_ns)[0]

        closer = await opened(configuration, store, potline_id)
        days = await store.ask(lambda db: Days(db, plant, potline, in_force))
        changes: list[Change] = []

        async def told(window: Window) -> Told | None:
            found = await closer.would_state(potline_id, window)
            if found is None:
                return None
            known, after = found
            length_s = window.length_s
            before = None
            if known is not None:
                before = energy_intensity(
                    known.sums.comprehensive, length_s=length_s, least_coverage_pct=0.0, metal=known.metal
                )
            pair, metal = after.sums.comprehensive, after.metal
            return before, energy_intensity(pair, length_s=length_s, least_coverage_pct=0.0, metal=metal)

        windows = Windows(configuration, potline_id, closer.closed_until(potline_id), told)
        for first_ns, last_ns in pages(start_ns, end_ns):

            def computed(
                db: sqlite3.Connection, first_ns: int = first_ns, last_ns: int = last_ns
            ) -> tuple[list[Recomputed], list[Change]]:
                found = list(recomputed(db, potline_id, first_ns, last_ns, lambda minute_ns, _: now(minute_ns)))
                return found, [change for minute in found for change in days.add(minute)]

            found, told_of_days = await store.ask(computed)
            changes += told_of_days
            for minute in found:
                if minute.sums is not None and differs(minute, in_force):
                    windows.differing.append(minute.minute_ns)
                    await closer.suppose(potline_id, minute.minute_ns, minute.sums)
            await windows.over([minute.minute_ns for minute in found], last_ns)
        changes += await store.ask(lambda _: list(days.rest()))
        return Rehearsed(tuple(changes), tuple(await windows.rest()))


async def opened(configuration: Configuration, store: StoreReader, only: str = "") -> Closer:
    """Return a closer that goes over a store and writes nothing, with its books open."""
    closer = opening.closer(configuration, store, PotWatch(configuration.plant), Instruments(), only=only)
    await closer.open(SystemClock().now_ns())
    return closer


def pages(start_ns: int, end_ns: int) -> Iterator[tuple[int, int]]:
    """Yield the days (UTC) of a period: as much as is held at a time."""
    for day_ns in range(start_ns - start_ns % DAY_NS, end_ns, DAY_NS):
        yield max(start_ns, day_ns), min(end_ns, day_ns + DAY_NS)


class Windows:
    """The longer windows over a period, each asked for once all of its minutes in the period were seen."""

    def __init__(
        self,
        configuration: Configuration,
        potline: str,
        closed_until_ns: int,
        told: Callable[[Window], Awaitable[Told | None]],
    ) -> None:
        self._calendar = configuration.plant.calendar
        self._potline = potline
        self._closed_until_ns = closed_until_ns
        self._told = told
        self._open: set[Window] = set()
        self._found: list[WindowChange] = []
        self.differing: list[int] = []
        """Minutes that would be stated again, in order."""

    async def over(self, minutes: Sequence[int], until_ns: int) -> None:
        """Take the minutes of a page, and state what is over at its end."""
        self._open.update(
            windows_touched(minutes, closed_until_ns=self._closed_until_ns, calendar=self._calendar, names=NAMES)
        )
        await self._state(until_ns)

    async def rest(self) -> list[WindowChange]:
        """State what ends after the period, and return all that was found."""
        await self._state(2**63)
        return self._found

    async def _state(self, until_ns: int) -> None:
        due = [window for window in self._open if window.end_ns <= until_ns]
        for window in sorted(due, key=lambda window: (window.end_ns, NAMES.index(window.name))):
            self._open.remove(window)
            told = await self._told(window)
            if told is not None:
                place = bisect_left(self.differing, window.start_ns)
                follows = place < len(self.differing) and self.differing[place] < window.end_ns
                self._found.append(WindowChange(self._potline, window, follows, *told))
