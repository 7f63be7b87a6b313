"""Amounts that several statements need: metal, anodes, gases and fuels of a period, each with what is missing. Pure."""

from collections.abc import Iterator

from collector.accounting.integrals import Amount
from collector.accounting.metal_basis import MetalBasis
from collector.accounting.period_metal import PeriodMetal
from collector.domain.anode_effect import anode_effect_minutes_per_cell_day
from collector.domain.fuel_use import FuelByAmount, FuelByHeat
from collector.plant.amounts import ToldAmounts
from collector.plant.materials import COUNTED, Fuel
from collector.readings.quantity import Quantity
from collector.reporting import uncertainty
from collector.reporting.basis import Basis, LineBasis, Segment
from collector.reporting.statement import Lack

WHOLE = 0.999
"""Share of a period that must be told for an amount to count as the period's: the rest is rounding of times."""


def metal_t(basis: Basis) -> float:
    """Return the metal of the period whose emissions are known [t]: that of the minutes known for all meters.

    It is as the period states it, by weight where closed days or months were weighed: see `Basis.metal`.
    """
    return basis.whole.comprehensive.metal_t


def metal_note(metal: PeriodMetal) -> str:
    """Return on what the metal of a pair stands, for the remarks of its row."""
    return f"{metal.words}; of the minutes known for all meters"


def metal_remark(metal: PeriodMetal) -> str:
    """Return on what the metal of a period stands, as a sentence."""
    match metal.bases:
        case (MetalBasis.RECONCILED,):
            return "Metal is what was weighed, reconciled with the metal that the pots hold."
        case (MetalBasis.TAPPED,):
            return "Metal is what was weighed; the change of the metal in the pots is not known, and not in it."
        case () | (MetalBasis.FARADAY,):
            return "Metal follows from charge and current efficiency (Faraday): an estimate until tapping confirms it."
    return f"Metal is weighed for a part of the period: {metal.words}; Faraday is by charge and current efficiency."


def too_little(basis: Basis) -> str:
    """Return why a ratio of the period is withheld: too little of the time is known; empty where enough is."""
    pair = basis.whole.comprehensive
    coverage = 100 * (pair.covered_s + pair.estimated_s) / (basis.known_s * len(basis.lines))
    enough = coverage >= basis.least_coverage_pct - 1e-6
    return "" if enough else f"withheld: less than {basis.least_coverage_pct:g} % of the time is known"


def known_segments(line: LineBasis) -> Iterator[Segment]:
    """Yield the parts of a line that have metal and parameters."""
    for segment in line.segments:
        if segment.parameters is not None and segment.sums.comprehensive.metal_t > 0:
            yield segment


def minutes_per_cell_day(line: LineBasis) -> float | None:
    """Return the anode-effect minutes per cell-day of a line [min/d]; None without cell-days."""
    sums = line.sums
    if not sums.paired_cell_days > 0:
        return None
    return anode_effect_minutes_per_cell_day(sums.paired_anode_effect_s, sums.paired_cell_days)


def without_parameters(basis: Basis) -> Iterator[Lack]:
    """Yield the lines with metal of which nothing says what it was accounted with."""
    for line in basis.lines:
        lost = sum(s.sums.comprehensive.metal_t for s in line.segments if s.parameters is None)
        if lost > 0:
            what = f"anodes of {lost:.1f} t of metal of {line.potline.id}: the parameters of that time are not kept"
            yield Lack(what, "restate the period, if its inputs are still kept")


def fuels_of(basis: Basis, kind: str) -> tuple[list[tuple[Fuel, float]], list[Lack]]:
    """Return the fuels with their amounts in the period, and those whose amount is not known for all of it.

    ``kind``: the statement; fuels that lie outside its boundary are told as left out.
    """
    found: list[tuple[Fuel, float]] = []
    lacks: list[Lack] = []
    if not basis.plant.materials.fuels:
        lacks.append(Lack("fuels: none is configured, and none is counted", "add [fuels.NAME] for each that burns"))
    start_ns, end_ns = basis.window.start_ns, basis.window.start_ns + round(basis.known_s * 1e9)
    for fuel in basis.plant.materials.fuels:
        if fuel.name in basis.plant.declared.left_out.get(kind, ()):
            what = f"fuel {fuel.name} is outside the boundary of this statement, by the plant's choice"
            lacks.append(Lack(what, f"add '{kind}' to counts_in of [fuels.{fuel.name}] if it belongs in"))
            continue
        if fuel.amounts is not None:
            if fuel.amounts.known_ns(start_ns, end_ns) >= WHOLE * (end_ns - start_ns):
                found.append((fuel, fuel.amounts.between(start_ns, end_ns)))
            else:
                lacks.append(Lack(f"fuel {fuel.name}: no amount is told for all of the period", "complete its sheet"))
            continue
        counted = counted_of(basis, fuel.meter, COUNTED)
        if counted is None or counted.known_s < WHOLE * basis.known_s:
            what = f"fuel {fuel.name}: its meter {fuel.meter} is not known for all of the period"
            lacks.append(Lack(what, "tell its amounts by month, or state a period whose inputs are kept"))
        else:
            found.append((fuel, counted.amount))
    return found, lacks


def electricity_sure(basis: Basis) -> tuple[float | None, str]:
    """Return the expanded uncertainty of the electricity of all lines [kWh], or None and why there is none.

    The errors of lines are added as if they were one and the same: they may share meters.
    """
    whole = 0.0
    for line in basis.lines:
        sums = line.sums
        budget = uncertainty.of_energy_kwh(basis.plant, line.potline, sums, basis.last_ns)
        reason = uncertainty.why_none(budget)
        if budget is None or budget.expanded_95 is None:
            return None, reason
        whole += budget.expanded_95
    return whole, ""


def told_amount(basis: Basis, told: ToldAmounts) -> float | None:
    """Return what a sheet tells of the period; None where it does not tell all of it."""
    start_ns, end_ns = span_of(basis)
    if told.known_ns(start_ns, end_ns) < WHOLE * (end_ns - start_ns):
        return None
    return told.between(start_ns, end_ns)


def spread_pct(basis: Basis, told: ToldAmounts) -> float:
    """Return which part of a told amount is spread: it is of spans that reach out of the period [%]."""
    start_ns, end_ns = span_of(basis)
    whole = told.between(start_ns, end_ns)
    inside = sum(row.amount for row in told.rows if start_ns <= row.start_ns and row.end_ns <= end_ns)
    return 100 * (1 - inside / whole) if whole > 0 else 0.0


def span_of(basis: Basis) -> tuple[int, int]:
    """Return when the known part of the period begins and ends [ns]."""
    return basis.window.start_ns, basis.window.start_ns + round(basis.known_s * 1e9)


def counted_of(basis: Basis, meter: str, quantities: tuple[Quantity, ...]) -> Amount | None:
    """Return what a meter counted, None where nothing is kept of it."""
    return next(
        (amount for (id_, quantity), amount in basis.counted.items() if id_ == meter and quantity in quantities), None
    )


def fuel_by_heat(fuel: Fuel, amount: float, *, co2_per_carbon: float) -> FuelByHeat | FuelByAmount:
    """Return a fuel as the mass balance of carbon has it; ``co2_per_carbon`` in t CO2/t C."""
    if fuel.content is None:
        return _by_factor(fuel, amount)
    content = fuel.content
    per_tj = content.carbon_t_per_gj * 1000 * co2_per_carbon  # GJ per TJ
    return FuelByHeat(fuel.name, amount, content.net_calorific_gj, per_tj, content.oxidation)


def _by_factor(fuel: Fuel, amount: float) -> FuelByAmount:
    if fuel.kg_co2_per_unit is None:
        raise ValueError(f"reckon with fuel {fuel.name}: it has neither factor nor content; add one of them")
    return FuelByAmount(fuel.name, amount, fuel.kg_co2_per_unit / 1000)  # kg per t
