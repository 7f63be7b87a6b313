"""What is checked of every meter, whether it is asked or speaks by itself."""

from collections.abc import Set as AbstractSet

from collector.plant.meter import Measures
from collector.settings import models
from collector.settings.part import Part
from collector.settings.sources import Origins
from collector.settings.toml_file import Path_

_WITHOUT_POTLINE = frozenset({Measures.AUXILIARY_AC, Measures.MONITORED})


class AnyMeter(Part):
    """Meters while they are built."""

    def __init__(self, settings: models.Settings, origins: Origins, broken: AbstractSet[Path_]) -> None:
        super().__init__(origins, broken)
        self._settings = settings

    def _check_common(self, at: tuple[str, str], section: models.MeterSection, measures: Measures) -> None:
        """Check what is needed or not for what the meter measures."""
        self._check_potline(at, section.potline)
        for key, value in (("for", section.for_), ("from_csv", section.from_csv)):
            if value is not None:
                self._report((*at, key), "makes many meters of one table of the plant file only", "write it there")
        if not self._fine(*at, "measures"):
            return
        if section.potline is None and measures not in _WITHOUT_POTLINE and self._fine(*at, "potline"):
            self._report((*at, "potline"), f"is missing, and {measures.value} belongs to a potline", "add it")
        if section.rated_power is None and measures is not Measures.MONITORED and self._fine(*at, "rated_power"):
            what = f"is missing, and it bounds what {measures.value} may book"
            self._report((*at, "rated_power"), what, 'add it, like "60 MW"')

    def _check_potline(self, at: tuple[str, str], potline: str | None) -> None:
        known = self._settings.potlines
        if (
            potline is not None
            and potline not in known
            and self._fine(*at, "potline")
            and self._fine("potlines", potline)
        ):
            self._unknown((*at, "potline"), "potline", potline, known)
