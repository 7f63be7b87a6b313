"""Statement of the carbon footprint of the product: cradle to gate, stage by stage, nothing assumed. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import fsum, hypot

from collector.accounting.intensity import emissions_intensity
from collector.domain.electricity import FactorKind
from collector.domain.footprint import (
    Contribution,
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
from collector.plant.factors import EmissionFactor, FactorSeries
from collector.plant.materials import Stage, UpstreamFactor
from collector.plant.rule_tables import Sourced
from collector.reporting import shares, uncertainty
from collector.reporting.basis import Basis, LineBasis
from collector.reporting.direct import NoRules
from collector.reporting.statement import Lack, Row, Section, Statement

_STAGES = {
    Stage.ALUMINA: Of.ALUMINA,
    Stage.ANODES: Of.ANODES,
    Stage.ALF3: Of.FLUORIDES,
    Stage.TRANSPORT: Of.TRANSPORT,
}
"""Stages before the gate of liquid metal; casting lies behind it."""
_PRIMARY = "own"


@dataclass(frozen=True, slots=True)
class _Part:
    """A contribution with where it is from, whether it is primary data, and its standard uncertainty [1]."""

    contribution: Contribution
    source: str
    is_primary: bool
    relative: float | None
    unknown: str


def footprint_statement(basis: Basis) -> Statement:
    """Return the statement of the product's carbon footprint for 1 t of primary liquid aluminium.

    Raises
    ------
    NoRules
        If there is no rule of a product footprint that holds on the first day of the period.
    """
    name, told = _rule(basis)
    metal = shares.metal_t(basis)
    parts = [*_upstream(basis, metal), *_site(basis), *_electricity(basis)]
    missing = list(shares.without_parameters(basis))
    is_whole = not missing
    missing += _lacking(basis)
    if not metal > 0:
        missing.append(Lack("footprint: there is no metal to divide by", "state a longer period"))
        sections: list[Section] = []
    else:
        found = product_footprint(
            metal,
            declared_unit=DeclaredUnit.LIQUID_METAL,
            rules=told.value,
            contributions=[part.contribution for part in parts],
            cut_off=(),
        )
        missing += [Lack(f"footprint: {what}", _remedy(what)) for what in found.missing]
        sections = [
            _result(basis, found, parts, told, is_whole=is_whole),
            _stages(found),
            _factors(parts, metal),
            _quality(found, parts),
        ]
    rules = told.value
    return basis.statement(
        "footprint",
        "Carbon footprint of primary aluminium",
        rule=f"{name}: {told.source} ({told.verified})",
        sections=sections,
        missing=missing,
        remarks=[
            f"Declared unit: {DeclaredUnit.LIQUID_METAL.value}.",
            "Boundary: cradle to gate, from the mine to tapped metal.",
            f"Warming potentials: {basis.plant.gwp.id} ({basis.plant.gwp.source}).",
            "Electricity enters by its carbon-footprint factor only; the grid's CO2 factor has no place here.",
            f"Cut-offs: none (at most {rules.cut_off_item_percent:g} % each, {rules.cut_off_total_percent:g} % in all)",
            "Fuels of the site stand in no stage before the gate of liquid metal, unless an upstream factor has them.",
            "Biogenic emissions and removals: none.",
        ],
    )


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


def _upstream(basis: Basis, metal: float) -> Iterator[_Part]:
    for stage, factor in basis.plant.materials.footprint.items():
        if stage not in _STAGES or not _in_force(basis, factor):
            continue
        amount, unit = metal * factor.amount_per_t, "t"
        if factor.distance_km is not None:
            amount, unit = amount * factor.distance_km, "t km"
        flow = Flow(_STAGES[stage], stage.value, amount, unit, factor.value, factor.source)
        yield _Part(
            flow,
            f"{factor.value:g} {factor.unit}; {factor.source} ({factor.verified})",
            factor.verified == _PRIMARY,
            factor.relative_standard_uncertainty,
            f"footprint.{stage.value}",
        )


def _site(basis: Basis) -> Iterator[_Part]:
    for line in basis.lines:
        for segment in shares.known_segments(line):
            if segment.parameters is None:
                continue
            parameters = segment.parameters
            stated = emissions_intensity(segment.sums, parameters, length_s=basis.known_s, least_coverage_pct=0.0)
            if stated is None:
                continue
            where = line.potline.id
            anode = Emitted(Of.ELECTROLYSIS_CARBON, f"anodes of {where}", stated.anode_t_co2e)
            pfc = Emitted(Of.ELECTROLYSIS_PFC, f"anode effects of {where}", stated.pfc_t_co2e)
            source = parameters.net_anode_consumption.source
            consumption = line.potline.net_anode_consumption.at(basis.last_ns).relative_standard_uncertainty
            unknown = f"net anode consumption of {where}"
            yield _Part(
                anode, f"net anode consumption: {source}", is_primary=True, relative=consumption, unknown=unknown
            )
            slope = line.potline.slope.relative_standard_uncertainty
            text = f"slope: {parameters.slope_source}; {parameters.gwp}"
            yield _Part(pfc, text, is_primary=True, relative=slope, unknown=f"slope of {where}")


def _electricity(basis: Basis) -> Iterator[_Part]:
    """Yield the electricity of each line by the factor of each day: a factor may end within the period."""
    series = basis.plant.footprint_factor
    for line in basis.lines:
        own = _ratio_sure(basis, line)
        kwh_of: dict[EmissionFactor | None, list[float]] = {}
        for day in line.days:
            kwh_of.setdefault(_named(series, day.window.start_ns), []).append(day.sums.comprehensive.energy_kwh)
        for named, kwh in kwh_of.items():
            use = f"electrolysis and services of {line.potline.id}"
            unknown = f"electricity of {line.potline.id} (factor or meters)"
            if named is None:
                yield _Part(ElectricityUse(use, fsum(kwh), None), "", is_primary=False, relative=None, unknown=unknown)
                continue
            given = named.relative_standard_uncertainty
            yield _Part(
                ElectricityUse(
                    use, fsum(kwh), ElectricityFactor(named.value, FactorKind.CARBON_FOOTPRINT, named.source)
                ),
                f"{named.value:g} {named.unit}; {named.id}: {named.source} ({named.verified})",
                is_primary=False,
                relative=None if given is None or own is None else hypot(given, own),
                unknown=unknown,
            )


def _named(series: FactorSeries | None, time_ns: int) -> EmissionFactor | None:
    if series is None:
        return None
    try:
        return series.named(time_ns)
    except LookupError:  # none is in force: the electricity is listed without a factor
        return None


def _ratio_sure(basis: Basis, line: LineBasis) -> float | None:
    pair = line.sums.comprehensive
    budget = uncertainty.of_energy(basis.plant, line, "liquid_comprehensive_ac", pair, basis.last_ns)
    if budget is None or budget.standard is None or not budget.value > 0:
        return None
    return budget.standard / budget.value


def _lacking(basis: Basis) -> Iterator[Lack]:
    for stage, factor in basis.plant.materials.footprint.items():
        if stage in _STAGES and not _in_force(basis, factor):
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
    basis: Basis, found: ProductFootprint, parts: list[_Part], told: Sourced[FootprintRules], *, is_whole: bool
) -> Section:
    pair = basis.whole.comprehensive
    seconds = basis.known_s * len(basis.lines)
    expanded, reason = _expanded(found, parts)
    estimated, coverage = 100 * pair.estimated_s / seconds, min(100.0, 100 * pair.covered_s / seconds)
    too_little = shares.too_little(basis)
    value = found.co2e_t_per_t if not too_little and is_whole else None
    note = "" if value is not None else "withheld: something is missing, see below"
    note = too_little or note
    source = f"{told.source} ({told.verified})"
    rows = [
        Row(
            "carbon footprint",
            value,
            "t CO2e/t",
            digits=3,
            coverage_pct=coverage,
            estimated_pct=estimated,
            expanded_95=expanded if value is not None else None,
            uncertainty=reason,
            quality=pair.quality,
            note=note,
            source=source,
        ),
        Row(
            "sum of what was counted",
            found.counted_co2e_t_per_t,
            "t CO2e/t",
            digits=3,
            coverage_pct=coverage,
            estimated_pct=estimated,
            note="a lower bound while something is missing",
        ),
        Row("metal of the period", pair.metal_t, "t", digits=3, note=shares.metal_note(basis.metal)),
    ]
    return Section("Result", tuple(rows))


def _expanded(found: ProductFootprint, parts: list[_Part]) -> tuple[float | None, str]:
    """Return the expanded uncertainty per tonne, with the parts taken as independent; or what is not configured."""
    unknown = [part.unknown for part in parts if part.relative is None]
    if unknown:
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        return None, f"not configured: {', '.join(unknown[:3])}{more}"
    whole_t = sum(_t(part) for part in parts)
    if not whole_t > 0:
        return None, "nothing was counted"
    metal = whole_t / found.counted_co2e_t_per_t
    return 2 * hypot(*(_t(part) * (part.relative or 0.0) for part in parts)) / metal, ""


def _t(part: _Part) -> float:
    one = part.contribution
    if isinstance(one, Emitted):
        return one.co2e_t
    if isinstance(one, ElectricityUse):
        return 0.0 if one.factor is None else one.kwh * one.factor.kg_per_kwh / 1000  # kg per t
    return 0.0 if one.co2e_kg_per_unit is None else one.amount * one.co2e_kg_per_unit / 1000


def _stages(found: ProductFootprint) -> Section:
    rows = []
    for each in found.stages:
        rows += [
            Row(each.stage.value, each.co2e_t_per_t, "t CO2e/t", digits=4),
            Row(f"{each.stage.value}, share of what was counted", 100 * each.share, "%", digits=1),
        ]
    return Section("Stages of the life cycle", tuple(rows))


def _factors(parts: list[_Part], metal: float) -> Section:
    rows = []
    for part in parts:
        one = part.contribution
        if isinstance(one, Flow):
            label = f"{one.name}, amount for each tonne of metal"
            rows.append(Row(label, one.amount / metal, f"{one.unit}/t", digits=4, source=part.source))
        elif isinstance(one, ElectricityUse):
            rows.append(Row(one.name, one.kwh / 1000, "MWh", source=part.source or "no factor"))
        else:
            rows.append(Row(one.name, one.co2e_t, "t CO2e", digits=2, source=part.source))
    return Section("Amounts and factors", tuple(rows))


def _quality(found: ProductFootprint, parts: list[_Part]) -> Section:
    whole_t = sum(_t(part) for part in parts)
    primary = 100 * sum(_t(part) for part in parts if part.is_primary) / whole_t if whole_t > 0 else None
    rows = (
        Row("share from primary data", primary, "%", note="measured on the site, or factors that are the plant's own"),
        Row("share from secondary data", None if primary is None else 100 - primary, "%"),
        Row("stages counted", float(len(found.stages)), "stages", digits=0),
        Row("stages within the boundary", float(len(found.declared_unit.stages)), "stages", digits=0),
    )
    return Section("Quality of the data", rows)
