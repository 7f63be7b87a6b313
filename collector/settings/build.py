"""From checked sections to the plant: references, uniqueness, and everything that looks right and is wrong."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, TypeAdapter

from collector.plant.factors import DatedSeries, DatedValue, EmissionFactor, GwpSet, SlopeCoefficients
from collector.plant.meter import Broker, Endpoint
from collector.plant.topology import Plant, Potline
from collector.settings import formulas, models
from collector.settings.brokers import Brokers
from collector.settings.endpoints import Endpoints
from collector.settings.fields import pots_of
from collector.settings.layouts import Layouts
from collector.settings.meters import Meters
from collector.settings.part import Part
from collector.settings.problems import ConfigurationError, shown
from collector.settings.sources import Origins
from collector.settings.toml_file import Path_, TomlFile, is_under
from collector.settings.validation import validated

_Secret = Callable[[Path_, str], Path]
_GRID, _GWP, _SLOPES = "grid_electricity.toml", "gwp.toml", "pfc_slope.toml"


class Builder(Part):
    """Builds the plant and collects the problems that only show when the parts are put together."""

    def __init__(
        self,
        settings: models.Settings,
        origins: Origins,
        *,
        broken: AbstractSet[Path_],
        profiles_dir: Path,
        factors_dir: Path,
        layouts_dir: Path,
        secret: _Secret,
        find: Callable[[str], Path],
        today: date,
    ) -> None:
        super().__init__(origins, broken)
        self._settings = settings
        self._broken |= self._missing(profiles_dir=profiles_dir, factors_dir=factors_dir)
        if any(section.layouts for section in settings.brokers.values()):
            self._broken |= self._missing(layouts_dir=layouts_dir)
        self._profiles_dir = profiles_dir
        self._factors_dir = factors_dir
        self._layouts_dir = layouts_dir
        self._secret = secret
        self._find = find
        self._today = today

    def plant(self) -> Plant | None:
        """Return the plant, or None where ``problems``, or what is broken, says why not."""
        settings = self._settings
        grid = self._grid_factor()
        gwp = self._gwp()
        slopes = self._slopes()
        endpoints = self._endpoints()
        pots = {id_: self._pots(("potlines", id_, "pots"), section.pots) for id_, section in settings.potlines.items()}
        self._unique_pots(pots)
        potlines = [self._potline(id_, section, pots[id_], slopes) for id_, section in settings.potlines.items()]
        layouts = Layouts(settings, self._origins, broken=self._broken, layouts_dir=self._layouts_dir)
        of_brokers = layouts.of_brokers()
        meters = Meters(settings, self._origins, broken=self._broken, profiles_dir=self._profiles_dir)
        built = meters.built(endpoints, of_brokers)
        self.problems += [*layouts.problems, *meters.problems]
        brokers = self._brokers()
        if not settings.potlines and not self._any_broken("potlines"):
            self._report(("potlines",), "no potline is configured", "add [potlines.NAME]")
        if not settings.meters and not settings.brokers and not self._any_broken("meters", "brokers"):
            self._report(("meters",), "neither a meter nor a broker is configured", "add [meters.NAME]")
        if self.problems or self._broken or grid is None or gwp is None:
            return None
        return Plant(
            id=settings.plant.id,
            name=settings.plant.name,
            time_zone=ZoneInfo(settings.plant.time_zone),
            method=settings.emissions.method,
            gwp=gwp,
            grid_factor=grid,
            potlines=tuple(potline for potline in potlines if potline is not None),
            endpoints=tuple(endpoints.values()),
            meters=built,
            brokers=brokers,
            layouts=layouts.read,
        )

    def _missing(self, **folders: Path) -> set[Path_]:
        """Report the folders that are not there; nothing else needs to be said about what should be in them."""
        found: set[Path_] = set()
        for key, folder in folders.items():
            if not os.path.isdir(folder):  # noqa: PTH112 - never raises
                if not is_under((key,), self._broken):
                    self._report((key,), f"there is no folder {shown(folder)}", "correct its path, or make it")
                found.add((key,))
        return found

    def _refuse(self, file: TomlFile | Origins, path: Path_, refusal: formulas.Refusal | None) -> None:
        if refusal is not None:
            self.problems.append(file.problem(path, *refusal))

    def _entries(self, name: str, key: str, model: type[BaseModel]) -> tuple[TomlFile, dict[str, Any]] | None:
        """Return a factor file with all its entries that are well-formed, and report the others."""
        if not self._fine("factors_dir"):
            return None
        try:
            file = TomlFile(self._factors_dir / name)
        except ConfigurationError as exc:
            self.problems += exc.problems
            return None
        entries: dict[str, Any] = {}
        for id_, values in file.values.items():
            found = validated(file, model, values, (id_,))
            if isinstance(found, list):
                self.problems += found
            else:
                entries[id_] = found
        wanted = getattr(self._settings.emissions, key)
        if wanted not in file.values and self._fine("emissions", key):
            listed = ", ".join(sorted(file.values))
            self._report(("emissions", key), f"'{wanted}' does not stand in {file.name}", f"one of: {listed}")
        return file, entries

    def _grid_factor(self) -> EmissionFactor | None:
        read = self._entries(_GRID, "grid_factor", models.GridFactorSection)
        if read is None:
            return None
        file, entries = read
        for id_, entry in entries.items():
            self._refuse(file, (id_, "value"), formulas.grid_factor(entry.value))
        name = self._settings.emissions.grid_factor
        found = entries.get(name)
        if found is None:
            return None
        if found.valid_from > self._today:
            what = f"{name} is in force from {found.valid_from} on, which is to come"
            self._report(("emissions", "grid_factor"), what, "choose the factor that is in force today")
        return EmissionFactor(name, found.value, _ns(found.valid_from), found.source, found.verified)

    def _gwp(self) -> GwpSet | None:
        read = self._entries(_GWP, "gwp", models.GwpSection)
        if read is None:
            return None
        file, entries = read
        for id_, entry in entries.items():
            self._refuse(file, (id_, "cf4"), formulas.warming_potential(entry.cf4))
            self._refuse(file, (id_, "c2f6"), formulas.warming_potential(entry.c2f6))
        name = self._settings.emissions.gwp
        found = entries.get(name)
        return found and GwpSet(name, found.cf4, found.c2f6, found.source)

    def _slopes(self) -> dict[str, SlopeCoefficients] | None:
        read = self._entries(_SLOPES, "method", models.SlopeSection)
        if read is None:
            return None
        file, entries = read
        all_rows = {
            id_: TypeAdapter(dict[str, models.SlopeRow]).validate_python(entry.__pydantic_extra__)
            for id_, entry in entries.items()
        }
        for id_, rows in all_rows.items():
            for technology, row in rows.items():
                self._refuse(file, (id_, technology, "slope"), formulas.slope(row.slope))
                self._refuse(file, (id_, technology, "c2f6_per_cf4"), formulas.c2f6_per_cf4(row.c2f6_per_cf4))
        method = self._settings.emissions.method
        if method not in all_rows:
            return None
        return {
            technology: SlopeCoefficients(method, technology, row.slope, row.c2f6_per_cf4, entries[method].source)
            for technology, row in all_rows[method].items()
        }

    def _potline(
        self,
        id_: str,
        section: models.PotlineSection,
        pots: tuple[str, ...],
        slopes: dict[str, SlopeCoefficients] | None,
    ) -> Potline | None:
        at = ("potlines", id_)
        slope = None if slopes is None else slopes.get(section.technology)
        if slopes is not None and slope is None and self._fine(*at, "technology"):
            what = f"{self._settings.emissions.method} has no technology '{section.technology}'"
            self._report((*at, "technology"), what, f"one of: {', '.join(sorted(slopes))}")
        for place, row in enumerate(section.current_efficiency):
            self._refuse(
                self._origins, (*at, "current_efficiency", place, "value"), formulas.current_efficiency(row.value)
            )
        for place, row in enumerate(section.net_anode_consumption):
            self._refuse(
                self._origins, (*at, "net_anode_consumption", place, "value"), formulas.net_anode_consumption(row.value)
            )
        self._refuse(self._origins, (*at, "anode_sulphur"), formulas.anode_sulphur(section.anode_sulphur))
        self._refuse(self._origins, (*at, "anode_ash"), formulas.anode_ash(section.anode_ash))
        self._in_force((*at, "current_efficiency"), section.current_efficiency)
        self._in_force((*at, "net_anode_consumption"), section.net_anode_consumption)
        below = section.anode_effect_above if section.anode_effect_below is None else section.anode_effect_below
        if below > section.anode_effect_above and self._fine(*at, "anode_effect_above"):
            what = f"{below:g} V is above anode_effect_above, {section.anode_effect_above:g} V"
            self._report((*at, "anode_effect_below"), what, "give the same or less, or leave it out")
        if slope is None:
            return None
        return Potline(
            id=id_,
            name=section.name,
            pots=pots,
            slope=slope,
            current_efficiency=_series(f"potlines.{id_}.current_efficiency", section.current_efficiency, 100.0),
            net_anode_consumption=_series(f"potlines.{id_}.net_anode_consumption", section.net_anode_consumption, 1.0),
            anode_sulphur_pct=section.anode_sulphur,
            anode_ash_pct=section.anode_ash,
            pot_out_below_v=section.pot_out_below,
            effect_above_v=section.anode_effect_above,
            effect_below_v=below,
        )

    def _in_force(self, at: Path_, rows: list[models.Dated[float]]) -> None:
        """Check that one value, and one only, is in force today. An hour of today may have begun yesterday in UTC."""
        first = min(row.valid_from for row in rows)
        if first >= self._today:
            what = f"the first value is in force from {first} on only"
            self._report(at, what, "add the one before it, valid from an earlier day than today")
        seen: set[date] = set()
        for place, row in enumerate(rows):
            if row.valid_from in seen:
                self._report(
                    (*at, place, "valid_from"), f"a value from {row.valid_from} on stands here twice", "keep one"
                )
            seen.add(row.valid_from)

    def _pots(self, at: Path_, texts: list[str]) -> tuple[str, ...]:
        pots: list[str] = []
        for place, text in enumerate(texts):
            try:
                pots += pots_of(text)
            except ValueError as exc:
                what, _, remedy = str(exc).partition("; ")
                self._report((*at, place), what, remedy)
        return tuple(pots)

    def _unique_pots(self, pots_by_line: Mapping[str, tuple[str, ...]]) -> None:
        seen: dict[str, str] = {}
        for id_, pots in pots_by_line.items():
            if not self._fine("potlines", id_, "pots"):
                continue
            counted = Counter(pots)
            twice = [pot for pot, times in counted.items() if times > 1 or pot in seen]
            if twice:
                where = f"in {seen[twice[0]]}, too" if twice[0] in seen else "twice"
                more = f" (and {len(twice) - 1} more)" if len(twice) > 1 else ""
                self._report(
                    ("potlines", id_, "pots"),
                    f"pot {twice[0]} stands {where}{more}",
                    "pot numbers are unique in the plant",
                )
            seen |= dict.fromkeys(pots, id_)

    def _endpoints(self) -> dict[str, Endpoint]:
        return Endpoints(fine=self._fine, report=self._report, find=self._find).made(self._settings.endpoints)

    def _brokers(self) -> tuple[Broker, ...]:
        made = Brokers(
            fine=self._fine,
            report=self._report,
            find=self._find,
            secret=self._secret,
            layouts_dir=self._layouts_dir,
        )
        brokers = made.made(self._settings.brokers)
        self.problems += made.problems
        return brokers


def _series(name: str, rows: Iterable[models.Dated[float]], divisor: float) -> DatedSeries:
    values = [DatedValue(row.value / divisor, _ns(row.valid_from), row.source) for row in rows]
    return DatedSeries(name, tuple(sorted(values, key=lambda value: value.valid_from_ns)))


def _ns(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000_000
