"""Statement of the carbon footprint of the product: cradle to gate, stage by stage, nothing assumed. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import fsum

from collector.accounting.emission_sources import anodes_of, gases_of
from collector.accounting.intensity import emissions_intensity
from collector.domain.electricity import FactorKind
from collector.domain.footprint import (
    Contribution,
    CutOff,
    DeclaredUnit,
    ElectricityUse,
    Emitted,
    Flow,
    FootprintRules,
    ProductFootprint,
    product_footprint,
)
from collector.domain.footprint import Stage as Of
from collector.domain.market_based import ElectricityFactor
from collector.domain.propagation import Figure
from collector.plant.factors import EmissionFactor, FactorSeries
from collector.plant.materials import Stage, UpstreamFactor
from collector.plant.rule_tables import Sourced
from collector.reporting import direct, figures, shares, uncertainty
from collector.reporting.basis import Basis, LineBasis
from collector.reporting.direct import NoRules
from collector.reporting.figures import Known
from collector.reporting.statement import Lack, Row, Section, Statement

_STAGES = {
    Stage.ALUMINA: Of.ALUMINA,
    Stage.ANODES: Of.ANODES,
    Stage.ALF3: Of.FLUORIDES,
    Stage.TRANSPORT: Of.TRANSPORT,
    Stage.CASTING: Of.CASTING,
}
"""Stages that upstream factors tell; casting lies behind the gate of liquid metal."""
_PRIMARY = "own"


@dataclass(frozen=True, slots=True)
class _Part:
    """A contribution with how well its emissions are known [t CO2e], where it is from, and if it is primary data."""

    contribution: Contribution
    known: Known
    source: str
    is_primary: bool


def footprint_statement(basis: Basis) -> Statement:
    """Return the statement of the product's carbon footprint for 1 t of primary liquid aluminium.

    Raises
    ------
    NoRules
        If there is no rule of a product footprint that holds on the first day of the period.
    """
    name, told = _rule(basis)
    metal = figures.whole_of(figures.metal_of(basis, line) for line in basis.lines)
    choices = basis.plant.declared.footprint
    unit = DeclaredUnit.REMELT_INGOT if choices.remelt_ingot else DeclaredUnit.LIQUID_METAL
    parts = [*_upstream(basis, metal, unit), *_site(basis), *_electricity(basis)]
    missing = list(shares.without_parameters(basis))
    missing += _untold(basis)
    product, lacks = _product(basis, metal)
    missing += lacks
    is_whole = not missing
    missing += _lacking(basis, unit)
    if not metal.value > 0:
        missing.append(Lack("footprint: there is no metal to divide by", "state a longer period"))
        sections: list[Section] = []
    else:
        found = product_footprint(
            product.value,
            declared_unit=unit,
            rules=told.value,
            contributions=[part.contribution for part in parts],
            cut_off=[CutOff(Of(one.stage), one.name, one.share_percent, one.reason) for one in choices.cut_offs],
        )
        missing += [Lack(f"footprint: {what}", _remedy(what)) for what in found.missing]
        sections = [
            _result(basis, found, parts, product, told, is_whole=is_whole),
            _stages(found, parts, product),
            _factors(parts, metal),
            _cut_off(found),
            _quality(found, parts),
        ]
    rules, gwp = told.value, basis.plant.gwp
    bounds = f"at most {rules.cut_off_item_percent:g} % each, {rules.cut_off_total_percent:g} % in all"
    cut = ", ".join(f"{one.name} {one.share_percent:g} %" for one in choices.cut_offs) or "none"
    ends = "cast ingots" if choices.remelt_ingot else "tapped metal"
    return basis.statement(
        "footprint",
        "Carbon footprint of primary aluminium",
        rule=f"{name}: {direct.cited(told)}",
        sections=sections,
        missing=missing,
        remarks=[
            f"Declared unit: {unit.value}.",
            f"Boundary: cradle to gate, from the mine to {ends}.",
            f"Warming potentials: {gwp.id} ({gwp.source}; {gwp.verified}).",
            "Electricity enters by its carbon-footprint factor only; the grid's CO2 factor has no place here.",
            f"Cut-offs: {cut} ({bounds})",
            "Fuels of the site stand in no stage before the gate of liquid metal, unless an upstream factor has them.",
            "Biogenic emissions and removals: none.",
            *figures.exact_remarks(part.known for part in parts),
        ],
    )


def _product(basis: Basis, metal: Known) -> tuple[Known, list[Lack]]:
    """Return the mass of the declared unit [t]: liquid metal, or what casting leaves of it."""
    choices = basis.plant.declared.footprint
    if not choices.remelt_ingot:
        return metal, []
    loss = choices.melt_loss
    if loss is None:
        what = "remelt ingot: nobody tells what casting loses of the liquid metal"
        return metal, [Lack(what, "add [product.melt_loss] with its source")]
    lost = figures.told("melt loss", metal.value * loss.value, loss.relative_standard_uncertainty)
    return figures.beside(figures.times(metal, 1 - loss.value), lost).marked("melt loss", loss.verified), []


def _untold(basis: Basis) -> Iterator[Lack]:
    for line in basis.lines:
        seconds = line.sums.paired_untold_overvoltage_s
        if seconds > 0:
            what = f"perfluorocarbons of {line.potline.id}: nobody told the overvoltage of {seconds:.0f} s"
            yield Lack(what, 'let the pot controllers tell it, or choose pfc_method = "slope"')


def _rule(basis: Basis) -> tuple[str, Sourced[FootprintRules]]:
    known = basis.rules.product_footprint
    for name, told in known.items():
        if told.holds_on(basis.day):
            return name, told
    if known:
        days = ", ".join(f"{name} from {told.valid_from}" for name, told in known.items())
        raise NoRules(f"state footprint: no rule holds on {basis.day}; there is {days}: state a later period")
    raise NoRules("state footprint: no rules are configured; add product_footprint.toml to factors_dir")


def _in_force(basis: Basis, factor: UpstreamFactor) -> bool:
    start_ns = basis.window.start_ns
    return factor.valid_from_ns <= start_ns and (factor.valid_to_ns is None or start_ns < factor.valid_to_ns)


def _upstream(basis: Basis, metal: Known, unit: DeclaredUnit) -> Iterator[_Part]:
    for stage, factor in basis.plant.materials.footprint.items():
        if _STAGES[stage] not in unit.stages or not _in_force(basis, factor):
            continue
        amount, of = metal.value * factor.amount_per_t, "t"
        if factor.distance_km is not None:
            amount, of = amount * factor.distance_km, "t km"
        flow = Flow(_STAGES[stage], stage.value, amount, of, factor.value, factor.source)
        name, co2e_t = f"footprint.{stage.value}", amount * factor.value / 1000  # kg per t
        by_factor = figures.told(name, co2e_t, factor.relative_standard_uncertainty)
        known = figures.times(metal, co2e_t / metal.value if metal.value > 0 else 0.0)
        known = figures.beside(known, by_factor).marked(name, factor.verified)
        source = f"{factor.value:g} {factor.unit}; {factor.source} ({factor.verified})"
        yield _Part(flow, known, source, is_primary=factor.verified == _PRIMARY)


def _site(basis: Basis) -> Iterator[_Part]:
    for line in basis.lines:
        where, technology, own = line.potline.id, line.potline.slope.technology, line.potline.direct
        for segment in shares.known_segments(line):
            if segment.parameters is None:
                continue
            parameters = segment.parameters
            stated = emissions_intensity(segment.sums, parameters, length_s=basis.known_s, least_coverage_pct=0.0)
            if stated is None:
                continue
            metal = direct.of_segment(basis, line, segment)
            of_anodes = anodes_of(parameters)
            anode = figures.emitted(of_anodes, metal, stated.anode_t_co2e, line=where, technology=technology)
            if own.anode_default is not None:
                anode = anode.marked("default of the anodes", own.anode_default.verified)
            yield _Part(
                Emitted(Of.ELECTROLYSIS_CARBON, f"anodes of {where}", stated.anode_t_co2e),
                anode.marked(*direct.assay_of(line)),
                direct.anode_source(line),
                is_primary=parameters.anode_default is None,
            )
            of_gases = gases_of(segment.sums, parameters)
            gases = figures.emitted(of_gases, metal, stated.pfc_t_co2e, line=where, technology=technology)
            source, mark = direct.gas_source(line, parameters)
            gases = gases.marked("coefficients of the gases", mark)
            gases = gases.marked(f"warming potentials {parameters.gwp}", basis.plant.gwp.verified)
            if own.low_voltage is not None:
                gases = gases.marked("low-voltage CF4", own.low_voltage.cf4_kg_per_t.verified)
            yield _Part(
                Emitted(Of.ELECTROLYSIS_PFC, f"anode effects of {where}", stated.pfc_t_co2e),
                gases,
                f"{source}; {parameters.gwp}",
                is_primary=parameters.gas_defaults is None,
            )


def _electricity(basis: Basis) -> Iterator[_Part]:
    """Yield the electricity of each line by the factor of each day: a factor may end within the period."""
    series = basis.plant.footprint_factor
    for line in basis.lines:
        where, metal = line.potline.id, figures.metal_of(basis, line)
        own = _relative_energy(basis, line)
        kwh_of: dict[EmissionFactor | None, list[float]] = {}
        for day in line.days:
            kwh_of.setdefault(_named(series, day.window.start_ns), []).append(day.sums.comprehensive.energy_kwh)
        for named, kwh in kwh_of.items():
            use, energy = f"electrolysis and services of {where}", fsum(kwh)
            if named is None:
                nothing = replace(figures.whole_of([metal]), figure=Figure(0.0, {}), missing=frozenset())
                yield _Part(ElectricityUse(use, energy, None), nothing, "", is_primary=False)
                continue
            co2e_t = energy * named.value / 1000  # kg per t
            by_meters = figures.told(f"electricity of {where} (meters)", co2e_t, own)
            by_factor = figures.told(f"factor {named.id}", co2e_t, named.relative_standard_uncertainty)
            known = replace(metal, figure=by_meters.figure, missing=by_meters.missing, exact=frozenset())
            yield _Part(
                ElectricityUse(use, energy, ElectricityFactor(named.value, FactorKind.CARBON_FOOTPRINT, named.source)),
                figures.beside(known, by_factor).marked(f"factor {named.id}", named.verified),
                f"{named.value:g} {named.unit}; {named.id}: {named.source} ({named.verified})",
                is_primary=False,
            )


def _named(series: FactorSeries | None, time_ns: int) -> EmissionFactor | None:
    if series is None:
        return None
    try:
        return series.named(time_ns)
    except LookupError:  # none is in force: the electricity is listed without a factor
        return None


def _relative_energy(basis: Basis, line: LineBasis) -> float | None:
    budget = uncertainty.of_energy_kwh(basis.plant, line.potline, line.sums, basis.last_ns)
    if budget is None or budget.standard is None or not budget.value > 0:
        return None
    return budget.standard / budget.value


def _lacking(basis: Basis, unit: DeclaredUnit) -> Iterator[Lack]:
    for stage, factor in basis.plant.materials.footprint.items():
        if _STAGES[stage] in unit.stages and not _in_force(basis, factor):
            where = f"[footprint.{stage.value}]"
            yield Lack(f"{stage.value}: its factor is not valid then", f"correct valid_from or valid_to in {where}")
    if basis.plant.footprint_factor is None:
        remedy = "add footprint_factor in [emissions]"
        yield Lack("electricity: no carbon-footprint factor is configured", remedy)


def _remedy(what: str) -> str:
    stage = what.partition(":")[0]
    named = {of.value: own.value for own, of in _STAGES.items()}
    if stage in named:
        return f"add [footprint.{named[stage]}]"
    return "add footprint_factor in [emissions]" if stage == Of.ELECTRICITY.value else "see 'potline status'"


def _result(
    basis: Basis,
    found: ProductFootprint,
    parts: list[_Part],
    product: Known,
    told: Sourced[FootprintRules],
    *,
    is_whole: bool,
) -> Section:
    too_little = shares.too_little(basis)
    withheld = "" if found.co2e_t_per_t is not None and is_whole else "withheld: something is missing, see below"
    ratio = figures.per(figures.whole_of(part.known for part in parts), product)
    ratio = replace(ratio, figure=ratio.figure._replace(value=found.counted_co2e_t_per_t))
    rows = [
        ratio.row("carbon footprint", "t CO2e/t", digits=3, withheld=too_little or withheld, source=direct.cited(told)),
        ratio.row("sum of what was counted", "t CO2e/t", digits=3, note="a lower bound while something is missing"),
        product.row("metal of the period", "t", digits=3, note=f"{shares.metal_note(basis.metal)}; as declared"),
    ]
    return Section("Result", tuple(rows))


def _t(part: _Part) -> float:
    return part.known.value


def _stages(found: ProductFootprint, parts: list[_Part], product: Known) -> Section:
    rows = []
    for each in found.stages:
        whole = figures.whole_of(part.known for part in parts if _stage_of(part) is each.stage)
        known = figures.per(whole, product)
        known = replace(known, figure=known.figure._replace(value=each.co2e_t_per_t))
        rows.append(known.row(each.stage.value, "t CO2e/t", digits=4))
        label = f"{each.stage.value}, share of what was counted"
        rows.append(_plain(label, 100 * each.share, "%", whole))
    return Section("Stages of the life cycle", tuple(rows))


def _stage_of(part: _Part) -> Of:
    one = part.contribution
    return Of.ELECTRICITY if isinstance(one, ElectricityUse) else one.stage


def _plain(label: str, value: float | None, unit: str, of: Known, *, digits: int = 1, note: str = "") -> Row:
    """Return a number that follows from others: it has their coverage, and no uncertainty of its own."""
    return Row(
        label,
        value,
        unit,
        digits=digits,
        coverage_pct=of.coverage_pct,
        estimated_pct=of.estimated_pct,
        uncertainty="follows from the numbers above",
        quality=of.quality,
        note=note,
    )


def _cut_off(found: ProductFootprint) -> Section:
    why = "an estimate of the plant's own"
    rows = [
        Row(f"{one.name} ({one.stage.value})", one.share_percent, "%", 2, uncertainty=why, note=one.reason)
        for one in found.cut_off
    ]
    return Section("Cut off for their smallness", tuple(rows))


def _factors(parts: list[_Part], metal: Known) -> Section:
    rows = []
    for part in parts:
        one, known = part.contribution, part.known
        if isinstance(one, Flow):
            label, why = f"{one.name}, amount for each tonne of metal", "the plant's own figure, taken as exact"
            amount = one.amount / metal.value
            rows.append(Row(label, amount, f"{one.unit}/t", 4, uncertainty=why, source=part.source))
            rows.append(known.row(f"{one.name}, emissions", "t CO2e", digits=2, source=part.source))
        elif isinstance(one, ElectricityUse):
            why = "see its emissions" if one.factor is not None else "no factor"
            rows.append(
                replace(
                    _plain(one.name, one.kwh / 1000, "MWh", known), uncertainty=why, source=part.source or "no factor"
                )
            )
            if one.factor is not None:
                label = f"{one.name}, emissions"
                rows.append(known.row(label, "t CO2e", digits=2, source=part.source))
        else:
            rows.append(known.row(one.name, "t CO2e", digits=2, source=part.source))
    return Section("Amounts and factors", tuple(rows))


def _quality(found: ProductFootprint, parts: list[_Part]) -> Section:
    whole_t = sum(_t(part) for part in parts)
    primary = 100 * sum(_t(part) for part in parts if part.is_primary) / whole_t if whole_t > 0 else None
    whole, own = figures.whole_of(part.known for part in parts), "measured on the site, or factors of the plant's own"
    secondary = None if primary is None else 100 - primary
    rows = (
        _plain("share from primary data", primary, "%", whole, note=own),
        _plain("share from secondary data", secondary, "%", whole),
        Row("stages counted", float(len(found.stages)), "stages", digits=0, uncertainty="counted"),
        Row("stages within the boundary", float(len(found.declared_unit.stages)), "stages", 0, uncertainty="counted"),
    )
    return Section("Quality of the data", rows)
