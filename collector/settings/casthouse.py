"""From [casthouse] to the metal that was cast."""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from zoneinfo import ZoneInfo

from collector.plant.amounts import Amount, ToldAmounts
from collector.plant.casthouse import Casthouse
from collector.settings import models
from collector.settings.part import DatedPart
from collector.settings.sheet import Row
from collector.settings.sources import Origins
from collector.settings.told_sheets import ToldSheet, month_of, number_of
from collector.settings.toml_file import Path_

_AT: Path_ = ("casthouse", "cast_csv")
_LIQUID, _INGOTS = "liquid_t", "ingot_t"
_Month = tuple[int, int, float, float]
"""When a month begins and ends [ns], liquid metal and ingots [t]."""


class CasthouseSections(DatedPart):
    """Builds what the casthouse makes."""

    def __init__(self, settings: models.Settings, origins: Origins, broken: AbstractSet[Path_], zone: ZoneInfo) -> None:
        super().__init__(origins, broken, zone)
        self._settings = settings

    def casthouse(self) -> Casthouse | None:
        """Return what was cast; None where nothing is told, or ``problems`` says what is wrong."""
        section = self._settings.casthouse
        if section is None:
            return None
        for place, name in enumerate(section.fuels):
            if name not in self._settings.fuels and self._fine("fuels", name):
                self._unknown(("casthouse", "fuels", place), "fuel", name, self._settings.fuels)
        if not self._fine(*_AT):
            return None
        sheet = ToldSheet(self._folder, section.cast_csv, ("month", _LIQUID, _INGOTS), at=_AT, report=self._report)
        rows = sheet.read(self._month)
        if rows is None:
            return None
        wrong = list(_refused(rows))
        sheet.refuse(wrong)
        if wrong:
            return None
        told = sorted(month for _, month in rows)

        def column(of: Callable[[_Month], float]) -> ToldAmounts:
            amounts = (Amount(month[0], month[1], of(month), section.source) for month in told)
            return ToldAmounts(section.cast_csv, tuple(amounts))

        return Casthouse(column(lambda m: m[2]), column(lambda m: m[3]), section.source, tuple(section.fuels))

    def _month(self, row: Row) -> _Month:
        start_ns, end_ns = month_of(row, self._zone)
        return start_ns, end_ns, number_of(row, _LIQUID), number_of(row, _INGOTS)


def _refused(rows: Sequence[tuple[Row, _Month]]) -> Iterator[tuple[Row, str]]:
    """Yield rows that cannot be, with the reason."""
    seen: dict[int, int] = {}
    for row, (start_ns, _, liquid_t, ingot_t) in rows:
        first = seen.setdefault(start_ns, row.number)
        if first != row.number:
            yield row, f"row {first} tells the same month; keep one"
        elif ingot_t > liquid_t:
            what = f"{ingot_t:g} t of ingots are more than {liquid_t:g} t of liquid metal"
            yield row, f"{what}; leave out what was cast of bought metal or scrap"
