"""How well the ratios of an interval are known, from its sums and parameters. Pure.

What is not configured is not guessed: then there is no uncertainty, and it is said what is missing. That holds for
factors, too, of files and told; only what has no setting for its uncertainty (assays, the time of anode effects) counts
as exact, as in statements. Three things are taken on the safe side: all that was bridged of an integral counts as one
gap; current efficiency is taken as found with another measurement of the charge than the line's own; and the register
of a counter is taken as exact, because its step is far below the class of the meter over an hour.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collector.accounting.emission_sources import WITHOUT_SETTING, anodes_of, gases_of, of_named
from collector.accounting.error_sources import (
    Charge,
    CurrentEfficiency,
    EfficiencyBasis,
    ErrorSource,
    Factor,
    FaradayMetal,
    Gap,
    MeterEnergy,
    WeighedMetal,
)
from collector.accounting.integrals import Shape
from collector.accounting.intensity import Metal
from collector.accounting.parameters import MeterRole, Parameters, Role
from collector.accounting.period_metal import weighed_metal
from collector.accounting.sums import Sums
from collector.accounting.uncertainty import Budget, emission_budgets, energy_budgets

_ROLES = {
    "dc": (Role.DC,),
    "liquid_ac": (Role.RECTIFIER,),
    "liquid_comprehensive_ac": (Role.RECTIFIER, Role.AUXILIARY),
}
_TAKEN_IN = (Role.RECTIFIER, Role.AUXILIARY)
"""Alternating current: what the plant takes in, and the emissions of electricity are counted on."""


@dataclass(frozen=True, slots=True)
class Bridged:
    """Energy that was booked over a gap [kWh], and the gap's length [h]."""

    kwh: float
    hours: float


@dataclass(frozen=True, slots=True)
class Uncertainties:
    """Relative expanded uncertainties (k = 2) of an interval's ratios [1]; None where something is missing.

    ``kwh_per_t`` is by boundary. ``missing`` names what is not configured; ``shares`` is each source's share in the
    variance of the comprehensive consumption and of the emissions, largest first [1].
    """

    kwh_per_t: dict[str, float | None]
    t_co2e_per_t: float | None
    missing: tuple[str, ...]
    shares: dict[str, tuple[tuple[str, float], ...]]


def uncertainties(
    sums: Sums,
    parameters: Parameters,
    metal: Metal,
    *,
    length_s: float,
    at_edges: Mapping[str, tuple[Bridged, ...]],
    fuels: Sequence[Factor] = (),
) -> Uncertainties:
    """Return how well the ratios of an interval are known.

    Parameters
    ----------
    sums
        Of the interval.
    parameters
        Of the interval, or of its beginning.
    metal
        How its metal is stated.
    length_s
        Its length [s].
    at_edges
        By meter, what of a counter was bridged over the beginning and the end of the interval.
    fuels
        What of each fuel stands in the interval's emissions [t CO2].
    """
    kwh_per_t: dict[str, float | None] = {}
    missing: set[str] = set()
    shares: dict[str, tuple[tuple[str, float], ...]] = {}
    if sums.charge_kah <= 0 or sums.metal_t <= 0 or sums.cell_days <= 0:
        return Uncertainties({}, None, (), {})
    made = _metal(sums, parameters, metal, length_s)
    meters = _energies(sums, parameters, length_s, at_edges)
    for boundary, roles in _ROLES.items():
        of_boundary = [energy for place, energy in meters if place.role in roles and energy.kwh > 0]
        if of_boundary:
            budget = energy_budgets(of_boundary, made).kwh_per_t
            kwh_per_t[boundary] = _relative(budget)
            missing |= set(budget.missing)
            shares[boundary] = budget.shares
    taken_in = [energy for place, energy in meters if place.role in _TAKEN_IN and energy.kwh > 0]
    t_co2e_per_t = None
    if taken_in and not sums.electricity_withheld:
        emitted = _emissions(sums, parameters, taken_in, made, fuels)
        unsure = {*emitted.missing, *(name for name in emitted.uncounted if not name.startswith(WITHOUT_SETTING))}
        t_co2e_per_t = None if unsure else _relative(emitted)
        missing |= unsure
        shares["t_co2e_per_t"] = () if unsure else emitted.shares
    return Uncertainties(kwh_per_t, t_co2e_per_t, tuple(sorted(missing)), shares)


def _relative(budget: Budget) -> float | None:
    return None if budget.expanded_95 is None or budget.value <= 0 else budget.expanded_95 / budget.value


def _energies(
    sums: Sums, parameters: Parameters, length_s: float, at_edges: Mapping[str, tuple[Bridged, ...]]
) -> list[tuple[MeterRole, MeterEnergy]]:
    found = []
    for place in parameters.wanted.meters:
        amount = sums.meters.get(place.meter)
        if amount is None:
            continue
        bridged = at_edges.get(place.meter, ())
        if place.energy.shape is Shape.GAUGE and amount.estimated_kwh > 0:
            hours = length_s / 3600 * min(1.0, amount.estimated_kwh / amount.kwh)
            bridged = (Bridged(amount.estimated_kwh, hours),)
        # No more can have passed than the rated power times the time, whatever was bridged.
        gaps = tuple(Gap(gap.kwh, max(place.rated_kw * place.share, gap.kwh / gap.hours), gap.hours) for gap in bridged)
        sources = tuple(ErrorSource(name, relative) for name, relative in place.sources)
        found.append((place, MeterEnergy(place.meter, max(0.0, amount.kwh), sources, 0.0, gaps)))
    return found


def _metal(sums: Sums, parameters: Parameters, metal: Metal, length_s: float) -> FaradayMetal | WeighedMetal:
    if metal.weighed is not None:
        return weighed_metal([metal.weighed])
    name, relative = parameters.charge_source
    charge = Charge(sums.charge_kah, ErrorSource(name, relative), 0.0)
    value = parameters.current_efficiency.value
    relative_u = parameters.current_efficiency.relative_uncertainty
    efficiency = CurrentEfficiency(
        value, None if relative_u is None else value * relative_u, EfficiencyBasis.INDEPENDENT
    )
    return FaradayMetal(charge, efficiency, pots=sums.cell_days * 86400.0 / length_s)


def _emissions(
    sums: Sums,
    parameters: Parameters,
    meters: list[MeterEnergy],
    metal: FaradayMetal | WeighedMetal,
    fuels: Sequence[Factor],
) -> Budget:
    grid = parameters.grid
    return emission_budgets(
        meters,
        metal,
        anode=anodes_of(parameters),
        pfc=gases_of(sums, parameters),
        grid=of_named("grid factor", grid),
        fuels=fuels,
    ).t_co2e_per_t
