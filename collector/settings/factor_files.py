"""The files of factors, and what the plant takes from them: electricity, warming potentials, slopes."""

from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, TypeAdapter

from collector.plant.factors import EmissionFactor, FactorKind, FactorSeries, GwpSet, HourlyFactors, SlopeCoefficients
from collector.plant.told import Untold
from collector.settings import formulas, models
from collector.settings import parameter_models as shapes
from collector.settings.monthly import half
from collector.settings.part import DatedPart, relative
from collector.settings.problems import ConfigurationError
from collector.settings.sheet import Row
from collector.settings.sources import Origins
from collector.settings.told_sheets import ToldSheet, hour_of, in_hours, number_of
from collector.settings.toml_file import Path_, TomlFile
from collector.settings.validation import validated

_GRID, _GWP, _SLOPES = "grid_electricity.toml", "gwp.toml", "pfc_slope.toml"
_OF_EMISSIONS = {"grid_factor": FactorKind.CO2, "residual_factor": FactorKind.CO2}


class FactorFiles(DatedPart):
    """Reads the files of factors and picks what the plant names."""

    def __init__(
        self,
        settings: models.Settings,
        origins: Origins,
        *,
        broken: AbstractSet[Path_],
        factors_dir: Path,
        zone: ZoneInfo,
        today: date,
    ) -> None:
        super().__init__(origins, broken, zone)
        self._emissions = settings.emissions
        self._factors_dir = factors_dir
        self._today = today
        self._electricity = self._entries(_GRID, shapes.GridFactorSection)

    def series(self, key: str) -> FactorSeries | None:
        """Return an emission factor of electricity over time; None where none is named, or it is refused."""
        rows: list[shapes.FactorFrom] | None = getattr(self._emissions, key)
        if rows is None and getattr(self._emissions, f"{key}_untold", None) is not None:
            self._report(("emissions", f"{key}_untold"), f"belongs to a {key}", f"add {key}, or remove it")
        if rows is None or self._electricity is None or not self._fine("emissions", key):
            return None
        file, known = self._electricity
        before = len(self.problems)
        alone = len(rows) == 1 and rows[0].valid_from is None
        entries = []
        for place, row in enumerate(rows):
            at: Path_ = ("emissions", key) if alone else ("emissions", key, place, "factor")
            if row.factor not in file.values:
                listed = ", ".join(sorted(file.values))
                self._report(at, f"'{row.factor}' does not stand in {file.name}", f"one of: {listed}")
            found = known.get(row.factor)
            if found is None:
                continue
            if row.valid_from is None and not alone:
                self._report(
                    at[:-1], "does not say from when on it is used", "add valid_from = 2024-01-01, or the like"
                )
                continue
            wanted = _OF_EMISSIONS.get(key, FactorKind.CARBON_FOOTPRINT)
            if found.kind != wanted.value:
                what = f"{row.factor} is of kind {found.kind}, and {key} is of kind {wanted.value}"
                self._report(at, what, "the two are not comparable; name one of the right kind")
            entries.append((row.valid_from or found.valid_from, row.factor, found, at))
        if len(entries) < len(rows) or not entries:
            return None
        entries.sort(key=lambda entry: entry[0])
        self._check_times(key, entries)
        if len(self.problems) > before:
            return None
        hourly = self._hourly() if key == "grid_factor" else None
        untold = getattr(self._emissions, f"{key}_untold", None)
        named = tuple((self._from_ns(start), self._factor(id_, found)) for start, id_, found, _ in entries)
        sure = self._of_values(hourly, untold) if key == "grid_factor" else None
        counts = None if untold is None else Untold(untold)
        return FactorSeries(f"emissions.{key}", named, hourly, counts, relative_standard_uncertainty=sure)

    def _of_values(self, hourly: HourlyFactors | None, untold: str | None) -> float | None:
        """Return the relative standard uncertainty of the values of hours, which is told expanded (k = 2) [1]."""
        expanded = self._emissions.grid_factor_uncertainty
        if expanded is not None and hourly is None and untold is None and self._fine("emissions", "grid_factor_csv"):
            what = "belongs to the values of a grid_factor_csv or to those that are told, and there are none"
            remedy = "give the named factor an uncertainty in its file, and remove this"
            self._report(("emissions", "grid_factor_uncertainty"), what, remedy)
        return half(expanded)

    def _factor(self, id_: str, found: shapes.GridFactorSection) -> EmissionFactor:
        return EmissionFactor(
            id=id_,
            value=found.value,
            valid_from_ns=self._from_ns(found.valid_from),
            source=found.source,
            verified=found.verified,
            unit=found.unit,
            valid_to_ns=None if found.valid_to is None else self._from_ns(found.valid_to + timedelta(days=1)),
            kind=FactorKind(found.kind),
            region=found.region or "",
            scope=found.scope or "",
            relative_standard_uncertainty=relative(found),
        )

    def _check_times(self, key: str, entries: list[tuple[date, str, shapes.GridFactorSection, Path_]]) -> None:
        """Check that each factor is valid while it is used, that one is in force today, and no day stands twice."""
        first, id_, _, at = entries[0]
        if first > self._today:
            what = f"{id_} is in force from {first} on, which is to come"
            self._report(at, what, "choose the factor that is in force today")
        following = [entry[0] for entry in entries[1:]]
        for (start, name, factor, place), after in zip(entries, [*following, None], strict=True):
            if factor.valid_from > start:
                what = f"{name} is used from {start} on, and is valid from {factor.valid_from} on only"
                self._report(place, what, "use it later, and name the one before it")
            if after == start:
                self._report(place, f"two factors are used from {start} on", "keep one")
            if factor.valid_to is not None and (after or self._today).toordinal() > factor.valid_to.toordinal() + 1:
                what = f"{name} is valid to {factor.valid_to} only, and nothing is named for the time after it"
                self._report(place, what, f"name the factor that follows it in {key}, with its valid_from")

    def _hourly(self) -> HourlyFactors | None:
        """Return the factors of single hours; None where none are configured, or they are refused."""
        name, gaps, at = (
            self._emissions.grid_factor_csv,
            self._emissions.grid_factor_gaps,
            ("emissions", "grid_factor_csv"),
        )
        if name is None:
            if gaps is not None and self._fine(*at):
                self._report(("emissions", "grid_factor_gaps"), "belongs to a grid_factor_csv", "remove it")
            return None
        if gaps is None and self._fine("emissions", "grid_factor_gaps"):
            what = "does not say what counts in hours that the file leaves out"
            self._report(at, what, 'add grid_factor_gaps = "estimate" (the named factor, as estimated) or "refuse"')
        told = ToldSheet(self._folder, name, ("time", "kg_co2_per_kwh", "source"), at=at, report=self._report)
        rows = told.read(_hour)
        if rows is None:
            return None
        wrong = list(in_hours([(row, hour[0]) for row, hour in rows]))
        told.refuse(wrong)
        if wrong:
            return None
        hours = sorted(hour for _, hour in rows)
        starts, values, sources = zip(*hours, strict=True)
        hourly = HourlyFactors(name, starts, values, tuple(dict.fromkeys(sources)))
        if gaps == "refuse" and hourly.missing:
            what = f"{name} leaves out {len(hourly.missing)} of its hours"
            self._report(at, what, 'complete it, or let the named factor count there: grid_factor_gaps = "estimate"')
        return hourly

    def gwp(self) -> GwpSet | None:
        """Return the set of warming potentials that the plant names."""
        read = self._entries(_GWP, shapes.GwpSection, named="gwp")
        if read is None:
            return None
        file, entries = read
        for id_, entry in entries.items():
            self._refuse_in(file, (id_, "cf4"), formulas.warming_potential(entry.cf4))
            self._refuse_in(file, (id_, "c2f6"), formulas.warming_potential(entry.c2f6))
        name = self._emissions.gwp
        found = entries.get(name)
        return found and GwpSet(name, found.cf4, found.c2f6, found.source, found.verified)

    def slopes(self) -> dict[str, SlopeCoefficients] | None:
        """Return the slopes of the rule set that the plant names, by technology."""
        read = self._entries(_SLOPES, shapes.SlopeSection, named="method")
        if read is None:
            return None
        file, entries = read
        all_rows = {
            id_: TypeAdapter(dict[str, shapes.SlopeRow]).validate_python(entry.__pydantic_extra__)
            for id_, entry in entries.items()
        }
        for id_, rows in all_rows.items():
            for technology, row in rows.items():
                self._check_sure(file, (id_, technology), row)
                self._refuse_in(file, (id_, technology, "slope"), formulas.slope(row.slope))
                self._refuse_in(file, (id_, technology, "c2f6_per_cf4"), formulas.c2f6_per_cf4(row.c2f6_per_cf4))
        method = self._emissions.method
        if method not in all_rows:
            return None
        of_method = entries[method]
        self._check_prescribed(method, of_method.gwp)
        return {
            technology: SlopeCoefficients(
                method,
                technology,
                row.slope,
                row.c2f6_per_cf4,
                of_method.source,
                of_method.verified,
                relative(row),
            )
            for technology, row in all_rows[method].items()
        }

    def _check_prescribed(self, method: str, prescribed: str | None) -> None:
        """Check that the warming potentials are those that the method prescribes, if it prescribes any."""
        chosen = self._emissions.gwp
        if prescribed is None or chosen == prescribed or not self._fine("emissions", "gwp"):
            return
        what = f"{method} prescribes the warming potentials of {prescribed}, and these are those of {chosen}"
        remedy = f'write gwp = "{prescribed}", or choose a method that leaves them to the report'
        self._report(("emissions", "gwp"), what, remedy)

    def _refuse_in(self, file: TomlFile, path: Path_, refusal: formulas.Refusal | None) -> None:
        if refusal is not None:
            self.problems.append(file.problem(path, *refusal))

    def _entries(self, name: str, model: type[BaseModel], *, named: str = "") -> tuple[TomlFile, dict[str, Any]] | None:
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
                self._check_entry(file, id_, found)
        if named:
            wanted = getattr(self._emissions, named)
            if wanted not in file.values and self._fine("emissions", named):
                listed = ", ".join(sorted(file.values))
                self._report(("emissions", named), f"'{wanted}' does not stand in {file.name}", f"one of: {listed}")
        return file, entries

    def _check_entry(self, file: TomlFile, id_: str, entry: BaseModel) -> None:
        if not isinstance(entry, shapes.GridFactorSection):
            return
        self._refuse_in(file, (id_, "value"), formulas.grid_factor(entry.value))
        if entry.kind == FactorKind.CARBON_FOOTPRINT.value and entry.unit != "kg CO2e/kWh":
            what = f"a factor of kind {entry.kind} counts all gases, and {entry.unit} does not"
            self.problems.append(file.problem((id_, "unit"), what, 'write unit = "kg CO2e/kWh", if that is its unit'))
        if entry.valid_to is not None and entry.valid_to < entry.valid_from:
            what = f"{entry.valid_to} is before valid_from, {entry.valid_from}"
            self.problems.append(file.problem((id_, "valid_to"), what, "give the last day"))
        self._check_sure(file, (id_,), entry)

    def _check_sure(self, file: TomlFile, at: Path_, section: shapes.HowSure) -> None:
        if section.uncertainty is not None and section.standard_uncertainty is not None:
            what = "uncertainty and standard_uncertainty exclude each other"
            self.problems.append(file.problem((*at, "standard_uncertainty"), what, "keep one"))


def _hour(row: Row) -> tuple[int, float, str]:
    """Return the beginning of an hour, its factor and where it is from."""
    value = number_of(row, "kg_co2_per_kwh")
    refusal = formulas.grid_factor(value)
    if refusal is not None:
        raise ValueError("; ".join(refusal))
    if not row.cells["source"]:
        raise ValueError("its source is empty; write where the number is from")
    return hour_of(row), value, row.cells["source"]
