"""What the parts of a plant have in common while they are built: how they tell problems, and when they do not."""

import math
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from collector.plant.days import midnight_ns
from collector.plant.factors import DatedSeries, DatedValue
from collector.settings.parameter_models import Dated, HowSure
from collector.settings.problems import Problem
from collector.settings.sources import Origins
from collector.settings.toml_file import Path_, is_under


class Part:
    """A part of the plant while it is built, and the problems that it has.

    ``broken`` holds the paths whose values are known to be wrong: a stand-in is in their place, and nothing is said
    about it.
    """

    def __init__(self, origins: Origins, broken: AbstractSet[Path_]) -> None:
        self.problems: list[Problem] = []
        self._origins = origins
        self._broken = set(broken)

    def _fine(self, *path: str | int) -> bool:
        """Tell whether a value is what was written, and not a stand-in for it."""
        return not is_under(path, self._broken)

    def _any_broken(self, *sections: str) -> bool:
        return any(path[0] in sections for path in self._broken)

    def _report(self, path: Path_, what: str, remedy: str = "") -> None:
        self.problems.append(self._origins.problem(path, what, remedy))

    def _unknown(self, path: Path_, what: str, name: str, known: Iterable[str]) -> None:
        listed = ", ".join(sorted(known))
        self._report(path, f"there is no {what} '{name}'", f"one of: {listed}" if listed else "none is configured")


class DatedPart(Part):
    """A part with values that are in force from a day on, in the plant's time zone."""

    def __init__(self, origins: Origins, broken: AbstractSet[Path_], zone: ZoneInfo) -> None:
        super().__init__(origins, broken)
        self._zone = zone

    @property
    def _folder(self) -> Path:
        """The plant file's folder, at which the paths of its sheets start."""
        return self._origins.plant.path.parent if self._origins.plant else Path()

    def _from_ns(self, day: date) -> int:
        return midnight_ns(day, self._zone)

    def _to_ns(self, at: Path_, first: date, last: date | None) -> int | None:
        """Return when the last day of something ends [ns]; None where it has none."""
        if last is None:
            return None
        if last < first:
            self._report((*at, "valid_to"), f"{last} is before valid_from, {first}", "give the last day")
        return midnight_ns(last + timedelta(days=1), self._zone)

    def _relative(self, at: Path_, section: HowSure) -> float | None:
        """Return the relative standard uncertainty that is told [1], None where none is."""
        if section.uncertainty is not None and section.standard_uncertainty is not None:
            what = "uncertainty and standard_uncertainty exclude each other"
            self._report((*at, "standard_uncertainty"), what, "keep one: the first is twice the second")
        return relative(section)

    def _series(self, at: Path_, rows: Iterable[Dated[Any]], divisor: float = 1.0) -> DatedSeries:
        """Return dated values as a series; no day may stand in it twice."""
        seen: set[date] = set()
        values = []
        for place, row in enumerate(rows):
            if row.valid_from in seen:
                what = f"a value from {row.valid_from} on stands here twice"
                self._report((*at, place, "valid_from"), what, "keep one")
            seen.add(row.valid_from)
            sure = self._relative((*at, place), row)
            values.append(DatedValue(row.value / divisor, self._from_ns(row.valid_from), row.source, sure))
        name = ".".join(str(part) for part in at)
        return DatedSeries(name, tuple(sorted(values, key=lambda value: value.valid_from_ns)))

    def _refuse(self, at: Path_, refusal: tuple[str, str] | None) -> None:
        if refusal is not None:
            self._report(at, *refusal)


def relative(section: HowSure) -> float | None:
    """Return the relative standard uncertainty that a table tells [1], None where it tells none."""
    if section.standard_uncertainty is not None:
        return section.standard_uncertainty / 100
    return None if section.uncertainty is None else section.uncertainty / 200


def of_class(percent: float | None, conversion: Callable[[float], float] | None = None) -> float | None:
    """Return the relative standard uncertainty of an accuracy class [1]; None where there is no class.

    Parameters
    ----------
    percent
        The class: the largest error [% of the value].
    conversion
        From the largest error, a fraction, to a standard uncertainty; by default that of a rectangular distribution.
    """
    return None if percent is None else (conversion or _rectangular)(percent / 100)


def _rectangular(largest: float) -> float:
    """Any error up to the largest is as likely as another (GUM 4.3.7)."""
    return largest / math.sqrt(3)
