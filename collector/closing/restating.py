"""What a restatement would change, and asking for it: what 'potline restate' does."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType

from collector.accounting import sums as adding
from collector.accounting.intensity import EmissionsIntensity, EnergyIntensity, emissions_intensity, energy_intensity
from collector.accounting.parameters import Conventions, InForce, Parameters, wanted
from collector.accounting.sums import Sums
from collector.closing.closer import Closer
from collector.closing.plant_closer import PlantCloser
from collector.closing.recomputing import KeptParameters, Recomputed, recomputed
from collector.plant.topology import Plant, Potline
from collector.readings.cell import MINUTE_NS
from collector.store import again
from collector.store.schema import StoreError
from collector.store.store import Store


@dataclass(frozen=True, slots=True)
class Figures:
    """What some minutes of a day add up to; None where they hold no whole minute."""

    sums: Sums
    energy: EnergyIntensity | None
    emissions: EmissionsIntensity | None


@dataclass(frozen=True, slots=True)
class Change:
    """What a restatement does to one potline and one day of the plant's calendar.

    ``before`` and ``after`` speak of the same minutes: those of the day that lie in the period and whose inputs are
    kept. ``without_inputs`` are the others: they stay as they are.
    """

    potline: str
    day: date
    minutes: int
    differing: Sequence[int]
    without_inputs: int
    before: Figures
    after: Figures


def changes(
    db: sqlite3.Connection, plant: Plant, potline: Potline, start_ns: int, end_ns: int, conventions: Conventions
) -> Iterator[Change]:
    """Compute a period again with the settings as they are now, and yield what comes out, day by day.

    Raises
    ------
    LookupError
        If a dated parameter is not in force in all of the period.
    """
    in_force = InForce(plant, potline, wanted(plant, potline, conventions))
    days = Days(db, plant, potline, in_force)
    for minute in recomputed(db, potline.id, start_ns, end_ns, lambda minute_ns, _: in_force.at(minute_ns)[0]):
        yield from days.add(minute)
    yield from days.rest()


def differs(minute: Recomputed, in_force: InForce) -> bool:
    """Tell whether a minute would be stated again: its sums come out differently, or it names other parameters.

    Some parameters have no part in the sums of a minute and yet in what is made of them, as the slope has.
    """
    if minute.sums is None:
        return False
    _, name = in_force.at(minute.minute_ns)
    return minute.differs or minute.known.parameters not in {(name,), ()}


class Days:
    """Gathers minutes that were computed again to days of the plant's calendar."""

    def __init__(self, db: sqlite3.Connection, plant: Plant, potline: Potline, in_force: InForce) -> None:
        self._potline = potline.id
        self._zone = plant.time_zone
        self._kept = KeptParameters(db)
        self._in_force = in_force
        self._day: date | None = None
        self._found: list[Recomputed] = []

    def add(self, minute: Recomputed) -> Iterator[Change]:
        """Take the next minute, and yield the day before it if that is over."""
        local = datetime.fromtimestamp(minute.minute_ns / 1e9, UTC).astimezone(self._zone).date()
        if local != self._day:
            yield from self.rest()
            self._day = local
        self._found.append(minute)

    def rest(self) -> Iterator[Change]:
        """Yield the day that is not over."""
        if self._day is not None and self._found:
            yield self._change(self._day, self._found)
        self._found = []

    def _change(self, day: date, found: Sequence[Recomputed]) -> Change:
        known = [(minute, sums) for minute in found if (sums := minute.sums) is not None]
        before = after = Figures(Sums(), None, None)
        if known:
            first = known[0][0]
            before = _figures([minute.known.sums for minute, _ in known], self._kept(first.minute_ns, first.known))
            after = _figures([sums for _, sums in known], self._in_force.at(first.minute_ns)[0])
        return Change(
            potline=self._potline,
            day=day,
            minutes=len(found),
            differing=[minute.minute_ns for minute, _ in known if differs(minute, self._in_force)],
            without_inputs=len(found) - len(known),
            before=before,
            after=after,
        )


def _figures(minutes: Sequence[Sums], parameters: Parameters | None) -> Figures:
    """Return the figures of some minutes, without a bound of coverage: what is missing is missing on both sides."""
    sums = adding.total(minutes)
    length_s = len(minutes) * MINUTE_NS * 1e-9
    energy = energy_intensity(sums.comprehensive, length_s=length_s, least_coverage_pct=0.0)
    if parameters is None:  # of an entry that was made before parameters were kept
        return Figures(sums, energy, None)
    return Figures(sums, energy, emissions_intensity(sums, parameters, length_s=length_s, least_coverage_pct=0.0))


def ask_for(
    path: Path,
    minutes: Mapping[tuple[str, int], str],
    windows: Mapping[tuple[str, int], str] = MappingProxyType({}),
) -> None:
    """Mark minutes to be stated again by the collector that works on the store.

    Parameters
    ----------
    path
        The store.
    minutes
        Potline and start of each, with the reason.
    windows
        The same of minutes of which only the windows over them are stated again.

    Raises
    ------
    StoreError
        If the store cannot be written to.
    """
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as db:
            db.execute("PRAGMA synchronous = FULL")
            db.execute("BEGIN IMMEDIATE")
            again.mark(db, minutes)
            again.touch(db, windows)
            db.execute("COMMIT")
    except sqlite3.DatabaseError as exc:
        raise StoreError(f"mark minutes in the store {path}: {exc}; check that you may write to it") from exc


async def work_off(
    store: Store,
    closer: Closer,
    now_ns: Callable[[], int],
    told: Callable[[int], None],
    *,
    plantwide: PlantCloser | None = None,
) -> int:
    """State again all that is marked, and return how many entries that made. ``told`` hears of it in between.

    ``plantwide`` follows with what stands on the potlines' minutes; None: there is no account of the plant as a whole.
    """
    await closer.open(now_ns())
    if plantwide is not None:
        await plantwide.open(now_ns())
    entries = 0
    while (closed := await closer.settle()) is not None:
        marks = {} if plantwide is None else plantwide.marks_of(closed.records)
        touched = {} if plantwide is None else plantwide.touched_by_tonnes(closed.records)
        await store.commit(replace(closed.commit(now_ns()), dirty=marks, touched=touched))
        entries += len(closed.records)
        told(entries)
    while plantwide is not None and (closed := await plantwide.settle()) is not None:
        await store.commit(closed.commit(now_ns()))
        entries += len(closed.records)
        told(entries)
    return entries
