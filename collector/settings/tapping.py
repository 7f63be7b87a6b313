"""From sections to the plant's calendar, and to how it weighs its metal."""

from collections.abc import Set as AbstractSet
from zoneinfo import ZoneInfo

from collector.plant.calendar import Shifts, local_start
from collector.plant.tapping import Heights, Tapping
from collector.settings import models
from collector.settings.part import DatedPart
from collector.settings.sources import Origins
from collector.settings.toml_file import Path_


class Tappings(DatedPart):
    """Builds shifts, the beginning of the day, and the rules of tapped metal."""

    def __init__(self, settings: models.Settings, origins: Origins, broken: AbstractSet[Path_], zone: ZoneInfo) -> None:
        super().__init__(origins, broken, zone)
        self._settings = settings

    def shifts(self) -> Shifts:
        """Return the shifts; ``problems`` says what is wrong with them."""
        try:
            return Shifts.of(self._settings.plant.shifts)
        except ValueError as exc:
            self._report(("plant", "shifts"), str(exc), 'write them like { N = "00:00", D = "08:00", S = "16:00" }')
            return Shifts()

    def day_starts_min(self) -> int:
        """Return when the production day begins, counted from midnight of its date [min]."""
        try:
            return local_start(self._settings.plant.day_starts)
        except ValueError as exc:
            self._report(("plant", "day_starts"), str(exc), 'write it like "08:00"')
            return 0

    def tapping(self) -> Tapping | None:
        """Return how metal is weighed; None where nothing is said of it."""
        section = self._settings.tapping
        if section is None:
            return None
        twice = set(section.tapped) & set(section.reconciled)
        if twice:
            what = f"'{min(twice)}' stands for tapped metal and for reconciled metal"
            self._report(("tapping", "reconciled"), what, "keep it in one of both")
        return Tapping(
            largest_net_kg=section.largest_crucible * 1000,
            books_count=section.counts == "production",
            final=frozenset(section.final),
            tapped=frozenset(section.tapped),
            reconciled=frozenset(section.reconciled),
            books_relative_u=None if section.books_uncertainty is None else section.books_uncertainty / 200,
            heights=self._heights(section),
        )

    def _heights(self, section: models.TappingSection) -> Heights | None:
        given = (section.metal_height, section.height_uncertainty, section.height_longest_age)
        if section.metal_height is None or section.height_uncertainty is None or section.height_longest_age is None:
            if any(value is not None for value in given):
                what = "metal_height, height_uncertainty and height_longest_age belong together"
                self._report(("tapping",), what, "give all three, or none")
            return None
        return Heights(
            name=section.metal_height,
            standard_u_cm=section.height_uncertainty / 2,
            longest_age_s=section.height_longest_age,
            least_measured_pct=section.height_least_measured,
        )
