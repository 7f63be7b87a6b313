"""The files of rules: limits on energy and pollutants, prices, defaults, and what the rule sets prescribe.

A file that is not there gives nothing, and the statement that needs it says so. One that is there must be right.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from collector.domain.footprint import FootprintRules
from collector.domain.levels import Indicator, Limits
from collector.domain.rule_sets import CbamRules, ChinaEtsRules, DefaultGases, DefaultPerMetal
from collector.plant.factors import SlopeCoefficients
from collector.plant.rule_tables import (
    AnodeTier1,
    Benchmarks,
    CbamNumbers,
    LimitRule,
    NetConsumption,
    Overvoltage,
    PollutantLimit,
    PrebakeDefaults,
    RuleTables,
    SoderbergDefaults,
    Sourced,
)
from collector.settings import parameter_models as shapes
from collector.settings import rule_models as rows
from collector.settings.part import relative
from collector.settings.price_rules import prices
from collector.settings.problems import ConfigurationError, Problem
from collector.settings.toml_file import Path_, TomlFile
from collector.settings.validation import validated

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

_DEFAULTS_EXCLUDE = "give cf4_kg_per_t and c2f6_kg_per_t, or co2e_t_per_t alone"


class RuleFiles:
    """Reads the files of rules; ``problems`` says what is wrong with them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.problems: list[Problem] = []

    def tables(self) -> RuleTables:
        """Return all that is well."""
        levels, limits = self._file("energy_levels.toml"), self._file("emission_limits.toml")
        carbon, footprint = self._file("carbon.toml"), self._file("product_footprint.toml")
        cbam, china = self._file("cbam.toml"), self._file("china_ets.toml")
        price = self._file("power_price.toml")
        stepped, banded = prices(price, self.problems) if price else ({}, {})
        coal = self._one(levels, ("coal_equivalent", "electricity"), rows.CoalEquivalent)
        return RuleTables(
            energy_levels=self._levels(levels),
            kgce_per_kwh=None if coal is None else _sourced(coal, coal.value),
            stepped_prices=stepped,
            banded_prices=banded,
            emission_limits=self._all(limits, (), rows.LimitRuleSection, lambda _, one: _limit_rule(one)),
            anode_tier1=self._all(
                carbon, ("tier1",), rows.AnodeTier1Section, lambda _, one: AnodeTier1(one.prebake, one.soderberg)
            ),
            prebake=self._all(
                carbon, ("prebake",), rows.PrebakeSection, lambda _, one: PrebakeDefaults(**_numbers(one))
            ),
            soderberg=self._all(
                carbon, ("soderberg",), rows.SoderbergSection, lambda _, one: SoderbergDefaults(**_numbers(one))
            ),
            carbonates=self._all(carbon, ("carbonates",), rows.CarbonateSection, lambda _, one: one.co2_per_carbonate),
            cbam=self._with_potentials(cbam, rows.CbamSection, _cbam),
            cbam_benchmarks=self._all(
                cbam, ("benchmarks",), rows.BenchmarkSection, lambda _, one: Benchmarks(one.primary, one.secondary)
            ),
            cbam_shares=self._shares(cbam),
            china_ets=self._with_potentials(china, rows.ChinaEtsSection, _china),
            anode_effect_defaults=self._all(
                china, ("anode_effect_defaults",), rows.AnodeEffectDefault, lambda _, one: _effects(one)
            ),
            anode_defaults=self._all(china, ("anode_defaults",), rows.AnodeDefault, lambda _, one: _anodes(one)),
            product_footprint=self._all(
                footprint,
                (),
                rows.FootprintRuleSection,
                lambda id_, one: FootprintRules(id_, one.cut_off_item_percent, one.cut_off_total_percent),
            ),
            overvoltage=self._by_technology(
                "pfc_overvoltage.toml",
                rows.OvervoltageSection,
                rows.OvervoltageRow,
                lambda _, row: Overvoltage(row.overvoltage_coefficient, row.c2f6_per_cf4),
            ),
            pfc_tier1=self._by_technology(
                "pfc_tier1.toml",
                rows.Tier1GasSection,
                rows.Tier1GasRow,
                lambda section, row: DefaultGases(row.cf4_kg_per_t, row.c2f6_kg_per_t, section.source),
            ),
            slopes=self._slopes(),
        )

    def _file(self, name: str) -> TomlFile | None:
        path = self._folder / name
        if not path.is_file():
            return None
        try:
            return TomlFile(path)
        except ConfigurationError as exc:
            self.problems += exc.problems
            return None

    def _report(self, file: TomlFile, at: Path_, exc: ValueError) -> None:
        what, _, remedy = str(exc).partition(" Remedy: ")
        self.problems.append(file.problem(at, what.rstrip("."), remedy.rstrip(".")))

    def _checked(self, file: TomlFile, at: Path_, model: type[M], values: object) -> M | None:
        found = validated(file, model, values, at)
        if isinstance(found, list):
            self.problems += found
            return None
        checked: M = found
        return checked

    def _one(self, file: TomlFile | None, at: Path_, model: type[M]) -> M | None:
        values = None if file is None else file.value(at)
        return None if file is None or values is None else self._checked(file, at, model, values)

    def _sections(self, file: TomlFile | None, at: Path_, model: type[M]) -> Iterator[tuple[str, M]]:
        tables = None if file is None else (file.value(at) if at else file.values)
        if file is None or tables is None:
            return
        if not isinstance(tables, dict):
            self.problems.append(file.problem(at, "is no table", "write it like the file that is shipped"))
            return
        for id_, values in tables.items():
            found = self._checked(file, (*at, id_), model, values)
            if found is not None:
                yield id_, found

    def _all(
        self, file: TomlFile | None, at: Path_, model: type[M], made: Callable[[str, M], T]
    ) -> dict[str, Sourced[T]]:
        found = {}
        for id_, section in self._sections(file, at, model):
            try:
                found[id_] = _sourced(section, made(id_, section))
            except ValueError as exc:
                if file is not None:
                    self._report(file, (*at, id_), exc)
        return found

    def _levels(self, file: TomlFile | None) -> Mapping[str, Mapping[Indicator, Sourced[Limits]]]:
        found: dict[str, dict[Indicator, Sourced[Limits]]] = {}
        for edition in [] if file is None else file.values:
            if edition == "coal_equivalent":
                continue
            for name, section in self._sections(file, (edition,), rows.LevelsSection):
                try:
                    indicator = _indicator(name, section)
                    limits = Limits(indicator, section.level_1, section.level_2, section.level_3)
                except ValueError as exc:
                    if file is not None:
                        self._report(file, (edition, name), exc)
                    continue
                found.setdefault(edition, {})[indicator] = _sourced(section, limits)
        return found

    def _with_potentials(
        self, file: TomlFile | None, model: type[M], made: Callable[[str, M, shapes.GwpSection], T]
    ) -> dict[str, Sourced[T]]:
        """Return the rules of a file, each with the warming potentials that it names."""
        gwp = self._file("gwp.toml")
        found: dict[str, Sourced[T]] = {}
        for id_, section in self._sections(file, ("rules",), model):
            name = getattr(section, "gwp")  # noqa: B009 - each of these models has it, and their base has not
            try:
                known = shapes.GwpSection.model_validate(None if gwp is None else gwp.values.get(name))
            except ValidationError:
                if file is not None:
                    what = f"gwp.toml has no set of warming potentials '{name}' that can be used"
                    self.problems.append(file.problem(("rules", id_, "gwp"), what, "add it there, or name another"))
                continue
            found[id_] = _sourced(section, made(id_, section, known))
        return found

    def _shares(self, file: TomlFile | None) -> Sourced[Mapping[int, float]] | None:
        section = self._one(file, ("obligation",), rows.ObligationSection)
        if section is None or file is None:
            return None
        wrong = [year for year in section.share_percent if not (len(year) == 4 and year.isdecimal())]
        for year in wrong:
            what = f"'{year}' is no year"
            self.problems.append(file.problem(("obligation", "share_percent", year), what, "write it like 2026"))
        if wrong:
            return None
        return _sourced(section, {int(year): share / 100 for year, share in section.share_percent.items()})

    def _by_technology(
        self, name: str, model: type[M], row: type[BaseModel], made: Callable[[M, Any], T]
    ) -> dict[str, Sourced[Mapping[str, T]]]:
        found: dict[str, Sourced[Mapping[str, T]]] = {}
        for id_, section in self._sections(self._file(name), (), model):
            known = TypeAdapter(dict[str, row]).validate_python(section.__pydantic_extra__)  # type: ignore[valid-type]
            found[id_] = _sourced(section, {technology: made(section, each) for technology, each in known.items()})
        return found

    def _slopes(self) -> Mapping[str, Mapping[str, SlopeCoefficients]]:
        """Return the slopes of all methods: a rule set takes its own, whatever the plant's method is."""
        path = self._folder / "pfc_slope.toml"
        found: dict[str, Mapping[str, SlopeCoefficients]] = {}
        if not path.is_file():
            return found
        try:
            tables = TomlFile(path).values
        except ConfigurationError:  # told where the plant's own method is read
            return found
        for method, values in tables.items():
            try:
                section = shapes.SlopeSection.model_validate(values)
            except ValidationError:  # the same
                continue
            known = TypeAdapter(dict[str, shapes.SlopeRow]).validate_python(section.__pydantic_extra__)
            found[method] = {
                technology: SlopeCoefficients(
                    method,
                    technology,
                    row.slope,
                    row.c2f6_per_cf4,
                    section.source,
                    section.verified,
                    relative(row),
                )
                for technology, row in known.items()
            }
        return found


def _sourced(section: Any, value: T) -> Sourced[T]:  # noqa: ANN401 - any section with a source and a mark
    first, last = getattr(section, "valid_from", None), getattr(section, "valid_to", None)
    return Sourced(value, section.source, section.verified, first, last)


def _numbers(section: BaseModel) -> dict[str, float]:
    return section.model_dump(exclude={"source", "verified", "valid_from", "valid_to"})


def _indicator(name: str, section: rows.LevelsSection) -> Indicator:
    known = [each.value for each in Indicator]
    if name not in known:
        raise ValueError(f"'{name}' is no indicator. Remedy: one of: {', '.join(known)}.")
    indicator = Indicator(name)
    boundary = "ingot_comprehensive_ac" if indicator is Indicator.INGOT_COMPREHENSIVE else name
    if section.boundary != boundary or section.unit != indicator.unit:
        what = f"{name} has boundary {section.boundary} in {section.unit}"
        raise ValueError(f'{what}. Remedy: write boundary = "{boundary}" and unit = "{indicator.unit}".')
    return indicator


def _limit_rule(section: rows.LimitRuleSection) -> LimitRule:
    limits = tuple(
        PollutantLimit(
            row.pollutant, row.limit, row.unit, row.outlets, row.averaging or "", tuple(row.cells), row.plants or ""
        )
        for row in section.limits
    )
    return LimitRule(limits, is_law=section.status == "law")


def _cbam(id_: str, section: rows.CbamSection, gwp: shapes.GwpSection) -> CbamNumbers:
    return CbamNumbers(CbamRules(id_, gwp.cf4, gwp.c2f6), section.co2_per_carbon)


def _china(id_: str, section: rows.ChinaEtsSection, gwp: shapes.GwpSection) -> ChinaEtsRules:
    return ChinaEtsRules(
        id=id_,
        gwp_cf4=gwp.cf4,
        gwp_c2f6=gwp.c2f6,
        anode_loss_percent=section.anode_loss_percent,
        sulphur_percent=section.sulphur_percent,
        ash_percent=section.ash_percent,
        slope=section.slope,
        c2f6_per_cf4=section.c2f6_per_cf4,
    )


def _effects(section: rows.AnodeEffectDefault) -> DefaultGases | DefaultPerMetal:
    cf4, c2f6, whole = section.cf4_kg_per_t, section.c2f6_kg_per_t, section.co2e_t_per_t
    if cf4 is not None and c2f6 is not None and whole is None:
        return DefaultGases(cf4, c2f6, section.source)
    if whole is not None and cf4 is None and c2f6 is None:
        return DefaultPerMetal(whole, section.source)
    raise ValueError(f"a default of anode effects is both gases, or their CO2 equivalent. Remedy: {_DEFAULTS_EXCLUDE}.")


def _anodes(section: rows.AnodeDefault) -> DefaultPerMetal | NetConsumption:
    whole, net = section.co2e_t_per_t, section.net_anode_consumption
    if whole is not None and net is None:
        return DefaultPerMetal(whole, section.source)
    if net is not None and whole is None:
        return NetConsumption(net)
    raise ValueError("a default of anodes has one number. Remedy: give co2e_t_per_t or net_anode_consumption.")
