"""How well the figures of a potline are known, as far as the classes of its meters are configured. Pure.

Noise of single meters is not configured anywhere and is taken as none: over the hours, days and months of statements it
is small beside the classes, which last. What was bridged is taken as one gap, which is the widest it can be.
"""

from collector.accounting.error_sources import (
    Charge,
    CurrentEfficiency,
    EfficiencyBasis,
    ErrorSource,
    FaradayMetal,
    Gap,
    MeterEnergy,
    WeighedMetal,
)
from collector.accounting.metal_basis import MetalBasis
from collector.accounting.parameters import Role
from collector.accounting.period_metal import PeriodMetal, weighed_metal
from collector.accounting.sums import Pair, Sums
from collector.accounting.uncertainty import Budget, energy_budgets
from collector.domain.electrolysis import faraday_metal_t
from collector.plant.meter import Measures, Meter
from collector.plant.topology import Plant, Potline
from collector.reporting.basis import LineBasis

ROLES = {
    "dc": (Role.DC,),
    "liquid_ac": (Role.RECTIFIER,),
    "liquid_comprehensive_ac": (Role.RECTIFIER, Role.AUXILIARY),
}
_MEASURES = {Role.DC: Measures.LINE_DC, Role.RECTIFIER: Measures.RECTIFIER_AC, Role.AUXILIARY: Measures.AUXILIARY_AC}


def of_energy(plant: Plant, line: LineBasis, boundary: str, pair: Pair, time_ns: int) -> Budget | None:
    """Return how well the kWh/t of a boundary is known; None where there is nothing to judge, see `why_no_metal`.

    Parameters
    ----------
    line
        The potline, with the sums of the period and on what its metal stands.
    boundary
        ``dc``, ``liquid_ac`` or ``liquid_comprehensive_ac``.
    pair
        The pair of that boundary in the sums.
    time_ns
        When the current efficiency is taken, where the metal follows from it.
    """
    potline, sums = line.potline, line.sums
    if why_no_metal(line.metal):
        return None
    metal: FaradayMetal | WeighedMetal | None
    if line.metal.basis is MetalBasis.RECONCILED:
        metal = _weighed(line.metal, pair)
    else:
        metal = _metal(plant, potline, sums, pair, time_ns)
    if metal is None:
        return None
    return energy_budgets(_meters(plant, boundary, sums, pair), metal).kwh_per_t


def why_no_metal(metal: PeriodMetal) -> str:
    """Return why nothing is said of how well metal is known; empty where its basis allows it."""
    if len(metal.bases) > 1:
        return "metal stands on several bases; state a closed day or month"
    if metal.basis is MetalBasis.TAPPED:
        return "the change of the metal in the pots is missing"
    return ""


def _weighed(metal: PeriodMetal, pair: Pair) -> WeighedMetal | None:
    """Return the weighed metal of a pair: the part of the period's for which its energy is known."""
    of_period_t = sum(each.tapped_t + (each.growth_t or 0.0) for each in metal.weighed)
    if not of_period_t > 0 or not pair.metal_t > 0:
        return None
    part = pair.metal_t / of_period_t
    return weighed_metal(each.times(part) for each in metal.weighed)


def of_energy_kwh(plant: Plant, potline: Potline, sums: Sums, time_ns: int) -> Budget | None:
    """Return how well the electricity of a line is known, rectifiers and services [kWh]; None without metal."""
    pair = sums.comprehensive
    metal = _metal(plant, potline, sums, pair, time_ns)
    if metal is None:
        return None
    return energy_budgets(_meters(plant, "liquid_comprehensive_ac", sums, pair), metal).energy_kwh


def why_none(budget: Budget | None) -> str:
    """Return in words why a figure has no uncertainty; empty where it has one."""
    if budget is None:
        return "no metal to judge"
    if not budget.missing:
        return ""
    more = f" and {len(budget.missing) - 3} more" if len(budget.missing) > 3 else ""
    return f"not configured: {', '.join(budget.missing[:3])}{more}"


def _metal(plant: Plant, potline: Potline, sums: Sums, pair: Pair, time_ns: int) -> FaradayMetal | None:
    """Return the metal of a pair as Faraday's law has it: the charge of all pots, with the mean of their number."""
    line_meter = plant.line_meter(potline)
    if line_meter is None or not pair.metal_t > 0 or not sums.charge_kah > 0:
        return None
    efficiency = potline.current_efficiency.at(time_ns)
    sure = efficiency.relative_standard_uncertainty
    one_pot_t = faraday_metal_t(sums.charge_kah, current_efficiency=efficiency.value, pots=1.0)
    return FaradayMetal(
        Charge(sums.charge_kah, of_current(line_meter), 0.0),
        CurrentEfficiency(
            efficiency.value, None if sure is None else efficiency.value * sure, EfficiencyBasis.INDEPENDENT
        ),
        pots=pair.metal_t / one_pot_t,
    )


def _meters(plant: Plant, boundary: str, sums: Sums, pair: Pair) -> list[MeterEnergy]:
    """Return the meters of a boundary with their parts of the pair's energy."""
    measures = [_MEASURES[role] for role in ROLES[boundary]]
    listed = [
        meter for each in measures for meter in plant.meters if meter.measures is each and meter.id in sums.meters
    ]
    whole_kwh = sum(sums.meters[meter.id].kwh for meter in listed)
    part = pair.energy_kwh / whole_kwh if whole_kwh > 0 else 0.0
    gap_h = pair.estimated_s / 3600
    return [
        MeterEnergy(
            meter=meter.id,
            kwh=sums.meters[meter.id].kwh * part,
            classes=_classes(meter),
            noise_kwh=0.0,
            gaps=_gaps(meter, sums.meters[meter.id].estimated_kwh * part, gap_h),
        )
        for meter in listed
    ]


def _gaps(meter: Meter, bridged_kwh: float, gap_h: float) -> tuple[Gap, ...]:
    if not bridged_kwh > 0:
        return ()
    return (Gap(bridged_kwh, max(meter.rated_power_kw, bridged_kwh / gap_h) if gap_h else 0.0, gap_h),) if gap_h else ()


def _classes(meter: Meter) -> tuple[ErrorSource, ...]:
    sure = meter.accuracy
    if sure.whole is not None:
        return (ErrorSource(meter.id, sure.whole),)
    parts = {"": sure.meter, " current": sure.current, " voltage": sure.voltage}
    found = tuple(ErrorSource(f"{meter.id}{name}", part) for name, part in parts.items() if part is not None)
    return found or (ErrorSource(meter.id, None),)


def of_current(meter: Meter) -> ErrorSource:
    """Return the error of a line's current: that of its transducer, or of the whole meter where only that is told."""
    sure = meter.accuracy
    if sure.whole is None and sure.current is not None:
        return ErrorSource(f"{meter.id} current", sure.current)
    return ErrorSource(meter.id, sure.whole)
