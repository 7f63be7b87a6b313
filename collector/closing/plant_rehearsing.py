"""What a restatement would write of the plant as a whole, after its potlines: shown before it is (``rehearsing``)."""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import partial

from collector.accounting.intensity import EnergyIntensity, energy_intensity
from collector.accounting.parameters import InForce, wanted
from collector.accounting.plant_parameters import PlantParameters, digest, is_anything, plant_parameters
from collector.accounting.plant_sums import WHOLE_PLANT, PlantSums, plant_total
from collector.accounting.sums import Sums
from collector.accounting.windows import Window
from collector.clock import SystemClock
from collector.closing import opening
from collector.closing.plant_recomputing import PlantRecomputed, recomputed_plant
from collector.closing.recomputing import recomputed
from collector.closing.rehearsing import Rehearsed, Told, Windows, opened, pages
from collector.closing.restating import Change, Figures
from collector.instruments import Instruments
from collector.readings.cell import MINUTE_NS
from collector.settings import Configuration
from collector.store.reader import StoreReader


async def rehearse_plant(
    configuration: Configuration, start_ns: int, end_ns: int, moved: Mapping[str, Collection[int]]
) -> Rehearsed:
    """Return what a restatement of the plant as a whole would change, after that of its potlines.

    Parameters
    ----------
    configuration, start_ns, end_ns
        As for `collector.closing.rehearsing.rehearse`.
    moved
        By potline, the minutes of it that are stated again before.

    Raises
    ------
    StoreError, LookupError
        As for `collector.closing.rehearsing.rehearse`.
    """
    plant = configuration.plant
    parameters = plant_parameters(plant, longest_gap_s=configuration.accounting.longest_gap_s)
    if not is_anything(parameters):
        return Rehearsed()
    async with StoreReader(configuration.store.path, plant.points) as store:
        configuration = await store.ask(partial(opening.as_told, configuration))
        closer = opening.plant_closer(configuration, store, await opened(configuration, store), Instruments())
        await closer.open(SystemClock().now_ns())

        async def told(window: Window) -> Told | None:
            found = await closer.would_state(window)
            if found is None:
                return None
            known, after = found
            before = None if known is None else _intensity(known.sums, window.length_s)
            return before, _intensity(after, window.length_s)

        windows = Windows(configuration, WHOLE_PLANT, closer.closed_until_ns, told)
        days = _Days(configuration, parameters)
        changes: list[Change] = []
        for first_ns, last_ns in pages(start_ns, end_ns):

            def computed(
                db: sqlite3.Connection, first_ns: int = first_ns, last_ns: int = last_ns
            ) -> list[PlantRecomputed]:
                instead = _instead(db, configuration, moved, first_ns, last_ns)
                return list(recomputed_plant(db, first_ns, last_ns, lambda _: parameters, instead))

            found = await store.ask(computed)
            for minute in found:
                changes += days.add(minute)
                if minute.sums is not None and days.differs(minute):
                    windows.differing.append(minute.minute_ns)
                    await closer.suppose(minute.minute_ns, minute.sums)
            await windows.over([minute.minute_ns for minute in found], last_ns)
        changes += days.rest()
        return Rehearsed(tuple(changes), tuple(await windows.rest()))


def _instead(
    db: sqlite3.Connection,
    configuration: Configuration,
    moved: Mapping[str, Collection[int]],
    start_ns: int,
    end_ns: int,
) -> dict[tuple[str, int], Sums]:
    """Return what the minutes of potlines will say that are stated again before."""
    plant, agreed = configuration.plant, opening.conventions(configuration)
    found = {}
    for name, minutes in moved.items():
        if any(start_ns <= minute < end_ns for minute in minutes):
            potline = plant.potline(name)
            force = InForce(plant, potline, wanted(plant, potline, agreed))
            for minute in recomputed(db, name, start_ns, end_ns, lambda at_ns, _, force=force: force.at(at_ns)[0]):  # type: ignore[misc]
                if minute.sums is not None and minute.minute_ns in minutes:
                    found[name, minute.minute_ns] = minute.sums
    return found


class _Days:
    """Gathers minutes that were computed again to days of the plant's calendar."""

    def __init__(self, configuration: Configuration, parameters: PlantParameters) -> None:
        self._zone = configuration.plant.time_zone
        self._name = digest(parameters)
        self._day: date | None = None
        self._found: list[PlantRecomputed] = []

    def differs(self, minute: PlantRecomputed) -> bool:
        """Tell whether a minute would be stated again."""
        return minute.sums is not None and (minute.differs or minute.known.parameters != (self._name,))

    def add(self, minute: PlantRecomputed) -> Iterator[Change]:
        """Take the next minute, and yield the day before it if that is over."""
        local = datetime.fromtimestamp(minute.minute_ns / 1e9, UTC).astimezone(self._zone).date()
        if local != self._day:
            yield from self.rest()
            self._day = local
        self._found.append(minute)

    def rest(self) -> Iterator[Change]:
        """Yield the day that is not over."""
        if self._day is not None and self._found:
            known = [(minute.known.sums, sums) for minute in self._found if (sums := minute.sums) is not None]
            length_s = len(known) * MINUTE_NS * 1e-9
            yield Change(
                potline=WHOLE_PLANT,
                day=self._day,
                minutes=len(self._found),
                differing=[minute.minute_ns for minute in self._found if self.differs(minute)],
                without_inputs=len(self._found) - len(known),
                before=_figures([before for before, _ in known], length_s),
                after=_figures([after for _, after in known], length_s),
            )
        self._found = []


def _figures(minutes: list[PlantSums], length_s: float) -> Figures:
    """Return the figures of some minutes: the plant's energy, and no emissions, which are its potlines'."""
    return Figures(Sums(), _intensity(plant_total(minutes), length_s) if minutes else None, None)


def _intensity(sums: PlantSums, length_s: float) -> EnergyIntensity | None:
    return energy_intensity(sums.liquid, length_s=length_s, least_coverage_pct=0.0)
