"""What the statements of direct emissions have in common: their rules, their fuels, their activity. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from collector.accounting.parameters import Named, Parameters
from collector.domain.fuel_use import FuelUse
from collector.plant.materials import COUNTED, Fuel
from collector.plant.rule_tables import Sourced
from collector.reporting import figures, shares
from collector.reporting.basis import Basis, LineBasis, Segment
from collector.reporting.figures import Known
from collector.reporting.statement import Lack, Row

T = TypeVar("T")


class NoRules(LookupError):
    """There is no rule set to state by. The text says what to add."""


def one_of(tables: Mapping[str, Sourced[T]], kind: str, file: str) -> tuple[str, Sourced[T]]:
    """Return the rules of a file.

    Raises
    ------
    NoRules
        If there are none.
    """
    for name, told in tables.items():
        return name, told
    raise NoRules(f"state {kind}: no rules are configured; add {file} to factors_dir")


def cited(told: Sourced[T]) -> str:
    """Return source and mark as a row shows them."""
    return f"{told.source} ({told.verified})"


def lost(missing: Sequence[Lack]) -> str:
    """Return why a sum is withheld: anodes or gases of some metal are not known. Fuels are the plant's to tell."""
    found = [lack.what for lack in missing if lack.what.startswith(("anodes", "perfluorocarbons", "anode effects"))]
    return f"withheld: {found[0]}" if found else ""


def last_parameters(line: LineBasis) -> Parameters | None:
    """Return the parameters of the latest part of a line's period that are kept."""
    kept = [segment.parameters for segment in shares.known_segments(line) if segment.parameters is not None]
    return kept[-1] if kept else None


def of_segment(basis: Basis, line: LineBasis, segment: Segment) -> Known:
    """Return the metal of a part of a line [t], known as well as that of the whole line."""
    whole = figures.metal_of(basis, line)
    metal_t = segment.sums.comprehensive.metal_t
    return figures.times(whole, metal_t / whole.value) if whole.value > 0 else whole


def with_slope(
    parameters: Parameters, *, slope: float, ratio: float, relative: float | None, gwp: tuple[float, float]
) -> Parameters:
    """Return the parameters of a line with the slope and the warming potentials of a rule set in place of its own."""
    return msgspec.structs.replace(
        parameters,
        slope=slope,
        c2f6_per_cf4=ratio,
        slope_relative_uncertainty=relative,
        gwp_cf4=gwp[0],
        gwp_c2f6=gwp[1],
    )


def without_low_voltage(parameters: Parameters) -> Parameters:
    """Return the parameters of a line without its low-voltage term."""
    return msgspec.structs.replace(parameters, low_voltage=None, low_voltage_added_to="")


def of_edition(parameters: Parameters, name: str, *, overvoltage: Named | None = None) -> Parameters:
    """Return the parameters of a line as those of a rule set's edition; by overvoltage, with its coefficient."""
    return msgspec.structs.replace(parameters, method=name, overvoltage=overvoltage)


def assay_of(line: LineBasis) -> tuple[str, str]:
    """Return the name and the mark of where the assay of a line's anodes is from; its own has no mark."""
    direct = line.potline.direct
    return f"assay of the anodes of {line.potline.id}", direct.assay_verified


def anode_source(line: LineBasis) -> str:
    """Return where the carbon of a line's anodes is from, in words."""
    parameters = last_parameters(line)
    if parameters is None:
        return ""
    if parameters.anode_default is not None:
        return f"default per tonne of metal: {parameters.anode_default.source}"
    if parameters.paste is not None:
        return f"paste: {parameters.paste.consumption.source}; {parameters.paste.source}"
    told, direct = parameters.net_anode_consumption, line.potline.direct
    assay = f"; assay: {direct.assay} ({direct.assay_verified})" if direct.assay else ""
    return "" if told is None else f"net anode consumption: {told.source}{assay}"


def gas_source(line: LineBasis, parameters: Parameters) -> tuple[str, str]:
    """Return where the coefficients of a line's gases are from, in words, and their mark."""
    chosen, slope = line.potline.direct, line.potline.slope
    low = f"; low voltage: {parameters.low_voltage.source}" if parameters.low_voltage is not None else ""
    if parameters.gas_defaults is not None:
        mark = "" if chosen.gas_defaults is None else chosen.gas_defaults.cf4_kg_per_t.verified
        return f"default per tonne of metal: {parameters.gas_defaults[0].source} ({mark})", mark
    if parameters.overvoltage is not None:
        mark = "" if chosen.overvoltage is None else chosen.overvoltage.coefficient.verified
        return f"overvoltage: {parameters.overvoltage.source} ({mark}){low}", mark
    return f"slope: {parameters.slope_source} ({slope.verified}){low}", slope.verified


def burnt(basis: Basis, fuel: Fuel, use: FuelUse, told: float) -> tuple[Known, str]:
    """Return what a fuel emitted [t CO2], and a note on how its amount is known."""
    amounts = fuel.amounts
    spread = 0.0 if amounts is None else shares.spread_pct(basis, amounts)
    coverage, bridged = 100.0, spread
    if amounts is None:
        counted = shares.counted_of(basis, fuel.meter, COUNTED)
        if counted is not None:
            coverage = min(100.0, 100 * counted.covered_s / basis.known_s)
            bridged = min(100.0, 100 * counted.estimated_s / basis.known_s)
    name = f"fuel {fuel.name} (factor or amount)"
    known = figures.told(
        name, use.co2_t, fuel.relative_of_emission, verified=fuel.verified, estimated_pct=bridged, coverage_pct=coverage
    )
    how = f"{told:,.6g} {fuel.unit}"
    return known, f"{how}, spread evenly over the time it was told for" if spread > _ROUNDING_PCT else how


_ROUNDING_PCT = 1e-6


def activity(basis: Basis, anodes: Mapping[str, Known]) -> Iterator[Row]:
    """Yield the rows of what the emissions belong to. ``anodes``: net anodes by potline [t]."""
    for line in basis.lines:
        where, metal = line.potline.id, figures.metal_of(basis, line)
        yield metal.row("metal", "t", digits=3, where=where, note=shares.metal_note(line.metal))
        if where in anodes:
            yield anodes[where].row("net anodes", "t", digits=3, where=where)
        minutes = shares.minutes_per_cell_day(line)
        yield _counted(metal, "anode-effect minutes per cell-day", minutes, "min/d", 4, where)
        yield _counted(metal, "cell-days", line.sums.paired_cell_days, "d", 2, where)
        if line.potline.direct.overvoltage is not None:
            volt_s = line.sums.paired_overvoltage_v_s
            yield _counted(metal, "overvoltage of anode effects", volt_s, "V s", 1, where)


def _counted(metal: Known, label: str, value: float | None, unit: str, digits: int, where: str) -> Row:
    return Row(
        label,
        value,
        unit,
        digits=digits,
        where=where,
        coverage_pct=metal.coverage_pct,
        estimated_pct=metal.estimated_pct,
        uncertainty="counted; no class is told for it",
        quality=metal.quality,
    )


def net_anodes(basis: Basis) -> dict[str, Known]:
    """Return the net anodes of the lines that reckon by their consumption [t]."""
    found: dict[str, Known] = {}
    for line in basis.lines:
        parts = [
            _net(basis, line, segment, segment.parameters.net_anode_consumption)
            for segment in shares.known_segments(line)
            if segment.parameters is not None and segment.parameters.net_anode_consumption is not None
        ]
        if parts:
            found[line.potline.id] = figures.whole_of(parts)
    return found


def _net(basis: Basis, line: LineBasis, segment: Segment, consumption: Named) -> Known:
    metal = of_segment(basis, line, segment)
    name = f"net anode consumption of {line.potline.id}"
    net = figures.times(metal, consumption.value)
    factor = figures.told(name, net.value, consumption.relative_uncertainty)
    return figures.beside(net, factor)
