"""How well the figures of an interval are known: kWh/t and t CO2e/t with the share of each source of error. Pure.

Each figure goes through the same formula as the account. A source of error (the class of one transducer, the noise of
one meter, a factor) moves all inputs that it is in at once, and what the formula's answer moves by is its contribution.
So the current transducer that is in the DC energy and in the metal cancels out of their ratio, the metal that is in the
anode's emissions cancels out of theirs, and the feeders that are in kWh/t and in the electricity's emissions are one
and the same.

Invariants
----------
* The same name is the same error: two feeders on one voltage transformer name it alike.
* A class that is not configured is not guessed: the result says which, and has no uncertainty.
* A factor without a stated uncertainty counts as exact, and the result says so.
* Class errors are the same every minute, so a month is known no better than its minutes; noise falls with the root of
  their number (`collector.accounting.error_sources.over_time`).

References
----------
.. [1] JCGM 100:2008 (GUM), 5.1.3 and its note 2: sensitivity coefficients by moving the inputs; here by a part of the
   standard uncertainty, so that a formula is not asked outside the range of its inputs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from collector.accounting.error_sources import (
    AnodeCarbon,
    Charge,
    CurrentEfficiency,
    EfficiencyBasis,
    Emission,
    ErrorSource,
    Factor,
    FaradayMetal,
    MeterEnergy,
    SlopeMethod,
    WeighedMetal,
)
from collector.domain import anode_effect, carbon, electrolysis, emissions, energy
from collector.domain.electricity import location_based_co2_t
from collector.domain.metering import bridged_gap, weighed_mass
from collector.domain.propagation import Figure, added, exact, independent_sum
from collector.domain.validity import not_negative, within

_STEP = 1e-3
"""Part of a standard uncertainty by which inputs are moved: small beside any curvature, large beside rounding."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A figure and how well it is known.

    Attributes
    ----------
    value
        The figure [its unit].
    standard, expanded_95
        Standard uncertainty, and expanded with k = 2 [unit of the figure]; None where a class is missing.
    shares
        Share of each source in the variance, largest first [-].
    missing
        Sources without a configured class.
    uncounted
        Factors without a stated uncertainty, taken as exact.
    """

    value: float
    standard: float | None
    expanded_95: float | None
    shares: tuple[tuple[str, float], ...]
    missing: tuple[str, ...]
    uncounted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EnergyBudgets:
    """Budgets of energy [kWh], metal [t] and specific energy [kWh/t]."""

    energy_kwh: Budget
    metal_t: Budget
    kwh_per_t: Budget


@dataclass(frozen=True, slots=True)
class EmissionBudgets:
    """Budgets of emissions [t CO2e] and of their intensity [t CO2e/t]."""

    anode_t_co2e: Budget
    pfc_t_co2e: Budget
    fuel_t_co2e: Budget
    electricity_t_co2e: Budget
    total_t_co2e: Budget
    t_co2e_per_t: Budget


@dataclass(frozen=True, slots=True)
class _Stated:
    """A figure, and what is not known of its uncertainty."""

    figure: Figure
    missing: frozenset[str] = frozenset()
    uncounted: frozenset[str] = frozenset()

    @property
    def budget(self) -> Budget:
        known = not self.missing
        return Budget(
            value=self.figure.value,
            standard=self.figure.standard if known else None,
            expanded_95=self.figure.expanded_95 if known else None,
            shares=self.figure.shares if known else (),
            missing=tuple(sorted(self.missing)),
            uncounted=tuple(sorted(self.uncounted)),
        )


def energy_budgets(meters: Sequence[MeterEnergy], metal: FaradayMetal | WeighedMetal) -> EnergyBudgets:
    """Return how well the energy per tonne of an interval is known.

    Parameters
    ----------
    meters
        All that enter the energy, of the boundary that is stated.
    metal
        Metal of the same interval, by the basis that is stated.

    Raises
    ------
    ValueError
        If an input is outside its range, or there is no metal.
    """
    energy_kwh, metal_t = _energy(meters), _metal(metal)
    ratio = _through(energy.specific_energy, kwh=energy_kwh, metal_t=metal_t)
    return EnergyBudgets(energy_kwh.budget, metal_t.budget, ratio.budget)


def emission_budgets(
    meters: Sequence[MeterEnergy],
    metal: FaradayMetal | WeighedMetal,
    *,
    anode: AnodeCarbon | Emission,
    pfc: SlopeMethod | Emission,
    grid: Factor,
    fuels: Sequence[Factor] = (),
) -> EmissionBudgets:
    """Return how well the emissions of an interval and their intensity are known.

    Parameters
    ----------
    meters
        Electricity taken in.
    metal
        Metal of the same interval.
    anode, pfc
        What the emissions of the electrolysis follow from.
    grid
        Emission factor of the electricity [kg CO2/kWh].
    fuels
        What each fuel emitted; a factor without an uncertainty is missing, and not exact [t CO2].

    Raises
    ------
    ValueError
        If an input is outside its range, or on the edge of it and uncertain, or there is no metal.
    """
    metal_t = _metal(metal)
    anode_t = _emitted(metal_t, anode if isinstance(anode, Emission) else _of_carbon(anode))
    pfc_t = _emitted(metal_t, pfc if isinstance(pfc, Emission) else _of_slope(pfc))
    fuel_t = _added_up([_told(one) for one in fuels])
    electricity_t = _through(location_based_co2_t, kwh=_energy(meters), grid_factor=_factor(grid))
    total_t = _through(
        emissions.total_co2e_t,
        anode_co2_t=anode_t,
        pfc_co2e_t=pfc_t,
        electricity_co2_t=electricity_t,
        fuel_co2_t=fuel_t,
    )
    intensity = _through(emissions.emissions_intensity, co2e_t=total_t, metal_t=metal_t)
    return EmissionBudgets(
        anode_t.budget, pfc_t.budget, fuel_t.budget, electricity_t.budget, total_t.budget, intensity.budget
    )


def _of_carbon(anode: AnodeCarbon) -> Emission:
    factors = {
        "net_anode_consumption": anode.consumption,
        "sulphur_percent": anode.sulphur,
        "ash_percent": anode.ash,
    }
    return Emission(carbon.prebake_anode_co2_t, factors)


def _of_slope(pfc: SlopeMethod) -> Emission:
    def perfluorocarbons(metal_t: float, ae_seconds: float, slope: float, c2f6_per_cf4: float) -> float:
        minutes = anode_effect.anode_effect_minutes_per_cell_day(ae_seconds, pfc.cell_days)
        cf4_kg = anode_effect.slope_cf4_kg(metal_t, ae_minutes_per_cell_day=minutes, slope=slope)
        c2f6_kg = anode_effect.ratio_c2f6_kg(cf4_kg, c2f6_per_cf4=c2f6_per_cf4)
        return anode_effect.pfc_co2e_t(cf4_kg, c2f6_kg, gwp_cf4=pfc.gwp_cf4, gwp_c2f6=pfc.gwp_c2f6)

    factors = {"ae_seconds": pfc.ae_seconds, "slope": pfc.slope, "c2f6_per_cf4": pfc.c2f6_per_cf4}
    return Emission(perfluorocarbons, factors)


def _emitted(metal_t: _Stated, emission: Emission) -> _Stated:
    factors = {key: _factor(factor) for key, factor in emission.factors.items()}
    return _through(emission.formula, metal_t=metal_t, **factors)


def _told(factor: Factor) -> _Stated:
    """Return an amount that the plant tells: without its uncertainty, that of the whole is not known."""
    stated = _factor(factor)
    return _Stated(stated.figure, missing=stated.uncounted)


def _added_up(parts: Sequence[_Stated]) -> _Stated:
    return _Stated(
        added(exact(0.0), *(part.figure for part in parts)),
        frozenset().union(*(part.missing for part in parts)),
        frozenset().union(*(part.uncounted for part in parts)),
    )


def _energy(meters: Sequence[MeterEnergy]) -> _Stated:
    if len({one.meter for one in meters}) < len(meters):
        raise ValueError("one meter is given twice. Remedy: add up its intervals with over_time first.")
    figures, missing = [exact(0.0)], set[str]()
    for one in meters:
        not_negative(kwh=one.kwh, noise_kwh=one.noise_kwh)
        if not one.classes:
            missing.add(one.meter)
        missing |= {source.name for source in one.classes if source.relative is None}
        lasting = added(*(_lasting(one.kwh, source) for source in one.classes))
        bridged = [bridged_gap(gap.bridged_kwh, rated_power_kw=gap.rated_power_kw, gap_h=gap.gap_h) for gap in one.gaps]
        own = {f"{one.meter} noise": one.noise_kwh, f"{one.meter} gaps": independent_sum(np.array(bridged))}
        figures += [Figure(one.kwh, lasting.effects), Figure(0.0, own)]
    return _Stated(added(*figures), frozenset(missing))


def _lasting(value: float, source: ErrorSource) -> Figure:
    if source.relative is None:
        return exact(0.0)
    within(0, 0.2, remedy="give a fraction, 0.002 for 0.2 %", relative_uncertainty=source.relative)
    return Figure(0.0, {source.name: value * source.relative})


def _metal(metal: FaradayMetal | WeighedMetal) -> _Stated:
    if isinstance(metal, FaradayMetal):
        charge, efficiency = _charge(metal.charge), _efficiency(metal.efficiency, metal.charge)
        return _through(
            lambda charge_kah, current_efficiency: electrolysis.faraday_metal_t(
                charge_kah, current_efficiency=current_efficiency, pots=metal.pots
            ),
            charge_kah=charge,
            current_efficiency=efficiency,
        )
    figures, missing = [exact(0.0)], set[str]()
    for one in metal.weighings:
        lasting = _lasting(one.mass_t, one.scale)
        missing |= {one.scale.name} if one.scale.relative is None else set()
        rounding = weighed_mass(one.mass_t, scale_relative=0.0, weighings=one.count, resolution_t=one.resolution_t)
        figures += [lasting, Figure(one.mass_t, {f"{one.scale.name} rounding": rounding})]
    if metal.growth_t is not None:
        growth = _factor(Factor("growth of metal in the pots", metal.growth_t, metal.growth_standard_t))
        figures.append(growth.figure)
        # Growth is no factor with an edition: without its uncertainty, most of the answer would be missing.
        missing |= growth.uncounted
    return _Stated(added(*figures), frozenset(missing))


def _charge(charge: Charge) -> _Stated:
    not_negative(charge_kah=charge.kah, noise_kah=charge.noise_kah)
    source = charge.transducer
    lasting = _lasting(charge.kah, source)
    missing = frozenset({source.name} if source.relative is None else ())
    return _Stated(Figure(charge.kah, lasting.effects | {"charge noise": charge.noise_kah}), missing)


def _efficiency(efficiency: CurrentEfficiency, charge: Charge) -> _Stated:
    if efficiency.standard is None:
        return _Stated(exact(efficiency.value), frozenset({"current efficiency"}))
    not_negative(current_efficiency_uncertainty=efficiency.standard)
    if efficiency.basis is EfficiencyBasis.INDEPENDENT or charge.transducer.relative is None:
        return _Stated(Figure(efficiency.value, {"current efficiency": efficiency.standard}))
    shared = efficiency.value * charge.transducer.relative
    if shared > efficiency.standard:
        raise ValueError(
            f"current efficiency has a standard uncertainty of {efficiency.standard:g}, less than the {shared:g} that "
            f"{charge.transducer.name} gives it. Remedy: state the whole uncertainty, or that its basis is independent."
        )
    rest = float(np.sqrt(efficiency.standard**2 - shared**2))
    return _Stated(Figure(efficiency.value, {"current efficiency": rest, charge.transducer.name: -shared}))


def _factor(factor: Factor) -> _Stated:
    if factor.standard is None:
        return _Stated(exact(factor.value), uncounted=frozenset({factor.name}))
    not_negative(**{f"uncertainty of {factor.name}": factor.standard})
    return _Stated(Figure(factor.value, {factor.name: factor.standard}))


def _through(formula: Callable[..., float], **inputs: _Stated) -> _Stated:
    """Return what a formula makes of its inputs, each source moving all inputs it is in at once."""
    values = {name: stated.figure.value for name, stated in inputs.items()}
    effects: dict[str, float] = {}
    for source in dict.fromkeys(source for stated in inputs.values() for source in stated.figure.effects):
        moves = {name: stated.figure.effects.get(source, 0.0) for name, stated in inputs.items()}
        if not any(moves.values()):
            continue
        above = formula(**{name: value + _STEP * moves[name] for name, value in values.items()})
        below = formula(**{name: value - _STEP * moves[name] for name, value in values.items()})
        effects[source] = (above - below) / (2 * _STEP)
    return _Stated(
        Figure(formula(**values), effects),
        frozenset().union(*(stated.missing for stated in inputs.values())),
        frozenset().union(*(stated.uncounted for stated in inputs.values())),
    )
