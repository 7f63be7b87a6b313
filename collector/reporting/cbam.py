"""Statement of direct embedded emissions for the European border adjustment. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from collector.accounting.direct_emissions import anode_co2_t, perfluorocarbons
from collector.accounting.emission_sources import anodes_of, gases_of
from collector.accounting.parameters import Named, Parameters
from collector.domain.carbon import carbonate_co2_t, mass_balance_co2_t
from collector.domain.cbam_obligation import Precursor, specific_embedded_emissions
from collector.domain.constants import CO2_PER_CARBON
from collector.domain.fuel_use import FuelByAmount, FuelByHeat
from collector.domain.pfc_account import PfcOfLine, sum_of_lines
from collector.domain.rule_sets import Carbonate, CarbonStream, DirectEmissions, Direction, cbam_direct
from collector.plant.declarations import ToldPrecursor
from collector.plant.factors import DatedSeries
from collector.plant.rule_tables import CbamNumbers, Sourced
from collector.reporting import direct, figures, shares
from collector.reporting.basis import Basis, LineBasis
from collector.reporting.figures import Known
from collector.reporting.statement import PLANT, Lack, Row, Section, Statement

_FILE = "cbam.toml"
_ANNEX_IV = (
    ("scrap", "scrap used per tonne of unwrought aluminium", "t/t", 1.0),
    ("pre_consumer", "pre-consumer share of the scrap", "%", 100.0),
    ("other_elements", "share of elements other than aluminium, where above 1 %", "%", 100.0),
)
_KEYS = {"pre_consumer": "pre_consumer_share"}


@dataclass(frozen=True, slots=True)
class _Source:
    """Emissions of one source, with the place and the words that its row has."""

    label: str
    known: Known
    where: str = PLANT
    note: str = ""
    source: str = ""

    @property
    def row(self) -> Row:
        return self.known.row(self.label, "t CO2e", where=self.where, note=self.note, source=self.source)


@dataclass(frozen=True, slots=True)
class _Counted:
    """All that was counted by the rule, how well its sources are known, and what is missing."""

    emissions: DirectEmissions
    sources: tuple[_Source, ...]
    missing: tuple[Lack, ...]

    @property
    def whole(self) -> Known:
        known = figures.whole_of(source.known for source in self.sources)
        return replace(known, figure=known.figure._replace(value=self.emissions.co2e_t))


def cbam_statement(basis: Basis) -> Statement:
    """Return the statement of direct embedded emissions for the border adjustment.

    Raises
    ------
    NoRules
        If there is no file of its numbers.
    """
    name, told = direct.one_of(basis.rules.cbam, "cbam", _FILE)
    counted = _counted(basis, name, told)
    precursors, lacks = _precursors(basis)
    missing = [*counted.missing, *lacks]
    level, lacks = _activity_level(basis)
    missing += lacks
    lost = shares.too_little(basis) or direct.lost(missing) or _withheld(missing)
    rows = [source.row for source in counted.sources]
    rows += _embedded(counted, precursors, level, told, lost)
    annex, lacks = _annex_iv(basis)
    missing += lacks
    parts = [source.known for source in counted.sources]
    remarks = tuple(dict.fromkeys([*counted.emissions.remarks, *figures.exact_remarks(parts)]))
    return basis.statement(
        "cbam",
        "Direct emissions for the carbon border adjustment",
        rule=f"{name}: {direct.cited(told)}",
        sections=[
            Section("Direct emissions by source", tuple(rows), remarks),
            Section("Precursors", tuple(_precursor_rows(precursors))),
            Section("Activity", (*direct.activity(basis, direct.net_anodes(basis)), *_level_rows(basis, level))),
            Section("What annex IV asks for", tuple(annex)),
            Section("Benchmarks and share in force", tuple(_obligation(basis))),
        ],
        missing=missing,
        remarks=[
            "Indirect emissions of electricity are excluded for aluminium (article 3 (2)); none are in any number.",
            "Alumina and purchased anodes bring no embedded emissions; the anodes' carbon is counted where it burns.",
            shares.metal_remark(basis.metal),
            "A declaration's activity level is what was weighed.",
        ],
    )


def _counted(basis: Basis, name: str, told: Sourced[CbamNumbers]) -> _Counted:
    missing = list(shares.without_parameters(basis))
    numbers, metal_t = told.value, shares.metal_t(basis)
    sources: list[_Source] = []
    gases: list[PfcOfLine] = []
    carbon: list[CarbonStream] = []
    uses: list[FuelByHeat | FuelByAmount] = []
    for line in basis.lines:
        for source, stream in _anodes(basis, line, missing):
            sources.append(source)
            carbon.append(stream)
        found = _gases(basis, line, name, numbers, missing)
        if found is not None:
            source, of_line = found
            sources.append(source)
            gases.append(of_line)
    fuels, lacks = shares.fuels_of(basis, "cbam")
    missing += lacks
    for fuel, amount in fuels:
        use = shares.fuel_by_heat(fuel, amount, co2_per_carbon=numbers.co2_per_carbon)
        uses.append(use)
        known, note = direct.burnt(basis, fuel, use, amount)
        sources.append(_Source(fuel.name, known, note=note, source=f"{fuel.source} ({fuel.verified})"))
    carbonates = []
    for source, carbonate in _soda_ash(basis, missing):
        sources.append(source)
        carbonates.append(carbonate)
    emissions = cbam_direct(
        metal_t, rules=numbers.rules, carbon=carbon, fuels=uses, carbonates=carbonates, pfc=sum_of_lines(gases)
    )
    return _Counted(emissions, tuple(sources), tuple(missing))


def _anodes(basis: Basis, line: LineBasis, missing: list[Lack]) -> Iterator[tuple[_Source, CarbonStream]]:
    """Yield the carbon of a line's anodes by the mass balance, which has its own CO2 per carbon."""
    where = line.potline.id
    parts: list[Known] = []
    burnt_t = 0.0
    for segment in shares.known_segments(line):
        parameters = segment.parameters
        if parameters is None:
            continue
        if parameters.anode_default is not None:
            what = f"anodes of {where}: a default per tonne of metal has no place in the mass balance"
            missing.append(Lack(what, 'give net_anode_consumption with anode_method = "net_consumption"'))
            return
        metal = direct.of_segment(basis, line, segment)
        # What burns of the carbon, as a stream of pure carbon: assays and dust are off it already.
        carbon_t = anode_co2_t(metal.value, parameters) / CO2_PER_CARBON
        burnt_t += carbon_t
        co2_t = mass_balance_co2_t(carbon_t, carbon_content=1.0)
        technology = line.potline.slope.technology
        known = figures.emitted(anodes_of(parameters), metal, co2_t, line=where, technology=technology)
        parts.append(known.marked(*direct.assay_of(line)))
    if parts:
        source = _Source(f"anodes of {where}", figures.whole_of(parts), where, source=direct.anode_source(line))
        yield source, CarbonStream(source.label, Direction.INTO_PROCESS, burnt_t, 1.0)


def _gases(
    basis: Basis, line: LineBasis, name: str, numbers: CbamNumbers, missing: list[Lack]
) -> tuple[_Source, PfcOfLine] | None:
    """Return the perfluorocarbons of a line by the rule's own coefficients; None where they are not known."""
    where, technology = line.potline.id, line.potline.slope.technology
    parameters = direct.last_parameters(line)
    if parameters is None:
        return None
    what = f"perfluorocarbons of {where}"
    if parameters.gas_defaults is not None:
        missing.append(Lack(f"{what}: {name} takes no default per tonne of metal", 'choose pfc_method = "slope"'))
        return None
    if parameters.overvoltage is not None:
        found = _by_overvoltage(basis, parameters, name, technology, numbers)
        file, remedy = "overvoltage coefficient", "add it to pfc_overvoltage.toml with its source"
    else:
        found = _by_slope(basis, parameters, name, technology, numbers)
        file, remedy = "slope", "add it to pfc_slope.toml with its source"
    if found is None:
        missing.append(Lack(f"{what}: {name} has no {file} of {technology}", remedy))
        return None
    if not line.sums.paired_cell_days > 0:
        missing.append(Lack(f"{what}: no cell-days are known", "see 'potline status' for its meters"))
        return None
    parameters, source, verified = found
    if line.sums.paired_untold_overvoltage_s > 0:
        lost = f"{what}: nobody told the overvoltage of {line.sums.paired_untold_overvoltage_s:.0f} s of anode effects"
        missing.append(Lack(lost, 'let the pot controllers tell it, or choose pfc_method = "slope"'))
    low = parameters.low_voltage
    if low is not None and parameters.low_voltage_added_to != name:
        lost = f"low-voltage emissions of {where}: their factor is added to {parameters.low_voltage_added_to}"
        missing.append(Lack(f"{lost}, and this statement goes by {name}", "give one that is added to this rule set"))
        parameters, low = direct.without_low_voltage(parameters), None
    elif low is None:
        lost = f"low-voltage emissions of {where}: no factor is configured, and none is counted"
        missing.append(Lack(lost, f"add [potlines.{where}.low_voltage] with its source"))
    metal = figures.metal_of(basis, line)
    gases = perfluorocarbons(line.sums, parameters, metal_t=metal.value)
    formula = gases_of(line.sums, parameters)
    co2e_t = formula.formula(metal_t=metal.value, **{key: one.value for key, one in formula.factors.items()})
    known = figures.emitted(formula, metal, co2e_t, line=where, technology=technology)
    known = known.marked(f"{file} {technology}", verified)
    note = ""
    if low is not None and gases.of_line.low_voltage_cf4_kg is not None:
        told = line.potline.direct.low_voltage
        mark = "" if told is None else told.cf4_kg_per_t.verified
        known = known.marked(f"low-voltage CF4 of {where}", mark)
        note = f"with {gases.of_line.low_voltage_cf4_kg:.4g} kg CF4 of low voltage: {low.source}"
    return _Source("anode effects", known, where, note, source), gases.of_line


def _by_slope(
    basis: Basis, parameters: Parameters, name: str, technology: str, numbers: CbamNumbers
) -> tuple[Parameters, str, str] | None:
    slope = basis.rules.slopes.get(name, {}).get(technology)
    if slope is None:
        return None
    rules = numbers.rules
    made = direct.with_slope(
        parameters,
        slope=slope.slope,
        ratio=slope.c2f6_per_cf4,
        relative=slope.relative_standard_uncertainty,
        gwp=(rules.gwp_cf4, rules.gwp_c2f6),
    )
    return direct.of_edition(made, name), f"{slope.source} ({slope.verified})", slope.verified


def _by_overvoltage(
    basis: Basis, parameters: Parameters, name: str, technology: str, numbers: CbamNumbers
) -> tuple[Parameters, str, str] | None:
    table = basis.rules.overvoltage.get(name)
    row = None if table is None else table.value.get(technology)
    if table is None or row is None:
        return None
    rules = numbers.rules
    made = direct.with_slope(
        parameters,
        slope=parameters.slope,
        ratio=row.c2f6_per_cf4,
        relative=parameters.slope_relative_uncertainty,
        gwp=(rules.gwp_cf4, rules.gwp_c2f6),
    )
    coefficient = Named(row.overvoltage_coefficient, table.source)
    return direct.of_edition(made, name, overvoltage=coefficient), direct.cited(table), table.verified


def _soda_ash(basis: Basis, missing: list[Lack]) -> Iterator[tuple[_Source, Carbonate]]:
    ash = basis.plant.materials.soda_ash
    if ash is None:
        missing.append(Lack("soda ash: none is configured, and none is counted", "add [soda_ash] if scrubbers use it"))
        return
    amount = shares.told_amount(basis, ash.amounts)
    if amount is None:
        missing.append(Lack("soda ash: no amount is told for all of the period", "complete its sheet"))
        return
    co2_t = carbonate_co2_t(amount, co2_per_carbonate=ash.t_co2_per_t)
    spread = shares.spread_pct(basis, ash.amounts)
    name = "soda ash (factor or amount)"
    known = figures.told(name, co2_t, ash.relative_of_emission, verified=ash.verified, estimated_pct=spread)
    source = _Source(ash.name, known, note=f"{amount:,.6g} t", source=f"{ash.source} ({ash.verified})")
    yield source, Carbonate(ash.name, amount, ash.t_co2_per_t)


def _precursors(basis: Basis) -> tuple[list[tuple[ToldPrecursor, Precursor, Known]], list[Lack]]:
    """Return the precursors with their mass and their embedded emissions [t CO2e], and those that are not told."""
    declared, found, lacks = basis.plant.declared.cbam, [], []
    for one in declared.precursors:
        mass_t = shares.told_amount(basis, one.consumed)
        if mass_t is None:
            what = f"precursor {one.name}: no mass is told for all of the period"
            lacks.append(Lack(what, "complete its sheet"))
            continue
        embedded = one.embedded
        used = Precursor(one.name, mass_t, embedded.value, embedded.source)
        co2e_t = mass_t * embedded.value
        by_factor = figures.told(
            f"embedded emissions of {one.name}",
            co2e_t,
            embedded.relative_standard_uncertainty,
            verified=embedded.verified,
        )
        by_mass = figures.told(f"mass of {one.name}", co2e_t, one.amount_relative_standard_uncertainty)
        known = replace(figures.beside(by_factor, by_mass), estimated_pct=shares.spread_pct(basis, one.consumed))
        found.append((one, used, known))
    if not declared.precursors_complete:
        what = "precursors: nobody says that all are listed" if found else "precursors: none is configured"
        remedy = "add [cbam.precursors.NAME] for each, and precursors_complete = true in [cbam]"
        lacks.append(Lack(f"{what}, and none beside is counted", remedy))
    return found, lacks


def _withheld(missing: list[Lack]) -> str:
    """Return why the ratio is withheld where a precursor or the goods are not told."""
    found = [lack.what for lack in missing if lack.what.startswith(("precursor ", "goods"))]
    return f"withheld: {found[0]}" if found else ""


def _activity_level(basis: Basis) -> tuple[Known, list[Lack]]:
    """Return the goods: what was told, else the metal of the pots [t]."""
    declared = basis.plant.declared.cbam
    metal = figures.whole_of(figures.metal_of(basis, line) for line in basis.lines)
    if declared.production is None:
        what = "goods of the activity level: none are told, and the metal of the pots stands for them"
        if declared.precursors:
            return metal, [Lack("goods: none are told, and metal of others is in them", "add production_csv to [cbam]")]
        return metal, [Lack(what.replace("goods of", "weighed goods of", 1), "add production_csv to [cbam]")]
    amount = shares.told_amount(basis, declared.production)
    if amount is None:
        return metal, [Lack("goods: none are told for all of the period", "complete the sheet of production_csv")]
    spread = shares.spread_pct(basis, declared.production)
    relative = declared.production_relative_standard_uncertainty
    return figures.told("goods (production_uncertainty)", amount, relative, estimated_pct=spread), []


def _level_rows(basis: Basis, level: Known) -> Iterator[Row]:
    note = "as told" if basis.plant.declared.cbam.production is not None else "the metal of the pots"
    yield level.row("activity level", "t", digits=3, note=note)


def _embedded(
    counted: _Counted,
    precursors: list[tuple[ToldPrecursor, Precursor, Known]],
    level: Known,
    told: Sourced[CbamNumbers],
    lost: str,
) -> Iterator[Row]:
    source, whole = direct.cited(told), counted.whole.marked(_FILE, told.verified)
    yield whole.row("direct emissions", "t CO2e", source=source)
    label, unit = "specific embedded emissions (SEE), direct", "t CO2e/t"
    if not level.value > 0:
        yield whole.row(label, unit, digits=4, withheld=lost or "no metal", source=source)
        return
    see = specific_embedded_emissions(
        whole.value, precursors=[used for _, used, _ in precursors], activity_level_t=level.value
    )
    note = "" if lost else "of what is counted here: see what is missing"
    ratio = figures.per(figures.whole_of([whole, *(known for _, _, known in precursors)]), level)
    ratio = figures.times(ratio, see / ratio.value) if ratio.value > 0 else ratio
    yield ratio.row(label, unit, digits=4, withheld=lost, note=note, source=source)


def _precursor_rows(precursors: list[tuple[ToldPrecursor, Precursor, Known]]) -> Iterator[Row]:
    default_t = whole_t = 0.0
    for one, used, known in precursors:
        source = f"{one.embedded.source} ({one.embedded.verified})"
        mass = figures.told(f"mass of {one.name}", used.mass_t, one.amount_relative_standard_uncertainty)
        mass = replace(mass, estimated_pct=known.estimated_pct)
        yield mass.row(f"{one.name} used up, losses included", "t", digits=3, note=f"made: {one.made.value}")
        factor = figures.told(
            f"embedded emissions of {one.name}",
            used.embedded_t_per_t,
            one.embedded.relative_standard_uncertainty,
            verified=one.embedded.verified,
        )
        yield factor.row(f"{one.name}, specific embedded emissions", "t CO2e/t", digits=4, source=source)
        yield known.row(f"{one.name}, embedded emissions", "t CO2e", source=source)
        default_t += known.value * one.default_share
        whole_t += known.value
    if whole_t > 0:
        share, why = 100 * default_t / whole_t, "follows from the shares that are told"
        yield Row("share of default values in the precursors' emissions", share, "%", uncertainty=why)


def _annex_iv(basis: Basis) -> tuple[list[Row], list[Lack]]:
    rows, lacks = [], []
    for key, label, unit, factor in _ANNEX_IV:
        series: DatedSeries | None = getattr(basis.plant.declared.cbam, key)
        setting = f"add {_KEYS.get(key, key)} to [cbam]"
        if series is None:
            lacks.append(Lack(f"{label} [{unit}]", setting))
            continue
        try:
            value = series.at(basis.last_ns)
        except LookupError as exc:
            what, _, remedy = str(exc.args[0]).partition("; ")
            lacks.append(Lack(what, remedy))
            continue
        known = figures.told(label, factor * value.value, value.relative_standard_uncertainty)
        rows.append(known.row(label, unit, digits=3, source=value.source))
    return rows, lacks


def _obligation(basis: Basis) -> Iterator[Row]:
    year, rules, why = basis.day.year, basis.rules, "prescribed"
    marks = rules.cbam_benchmarks.get(str(year))
    if marks is not None:
        value, source = marks.value.primary, direct.cited(marks)
        yield Row("benchmark, primary", value, "t CO2e/t", digits=3, uncertainty=why, source=source)
    told = rules.cbam_shares
    if told is not None and year in told.value:
        share = 100 * told.value[year]
        label = f"share of the obligation in force in {year}"
        yield Row(label, share, "%", uncertainty=why, source=direct.cited(told))
