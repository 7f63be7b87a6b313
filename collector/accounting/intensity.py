"""Ratios of an interval from its sums: kWh/t by boundary, t CO2e and t CO2e/t. Pure.

The metal of a minute or an hour follows from the charge by Faraday's law, because crucibles are weighed once a day at
best. Where a closed day or month has a better figure (weighed, or weighed and corrected by what the pots hold), every
tonne of the interval is scaled by it: numerator and denominator still speak of the same minutes.
"""

from dataclasses import dataclass

from collector.accounting.direct_emissions import perfluorocarbons
from collector.accounting.metal_basis import MetalBasis
from collector.accounting.parameters import Parameters
from collector.accounting.sums import Pair, Sums
from collector.domain import anode_effect, emissions, energy


@dataclass(frozen=True, slots=True)
class WeighedTonnes:
    """Tapped metal and its growth in the pots [t], with how sure they are; None where nobody said so.

    ``relative`` is the standard uncertainty of weighing [1], ``growth_standard_t`` that of the growth [t],
    ``count`` the number of weighings. ``unknown_standard_t`` is how sure it is which part of them belongs to the time
    for which the charge is known [t].
    """

    tapped_t: float
    count: int
    relative: float | None
    growth_t: float | None
    growth_standard_t: float | None
    unknown_standard_t: float = 0.0

    def times(self, part: float) -> "WeighedTonnes":
        """Return so many times these tonnes, as well known as they are."""
        growth_t = None if self.growth_t is None else self.growth_t * part
        growth_u_t = None if self.growth_standard_t is None else self.growth_standard_t * part
        unknown_t = self.unknown_standard_t * part
        return WeighedTonnes(self.tapped_t * part, self.count, self.relative, growth_t, growth_u_t, unknown_t)


@dataclass(frozen=True, slots=True)
class Metal:
    """How the metal of an interval is stated: ``scale`` times what Faraday's law and current efficiency give."""

    basis: MetalBasis = MetalBasis.FARADAY
    scale: float = 1.0
    weighed: WeighedTonnes | None = None


FARADAY = Metal()


@dataclass(frozen=True, slots=True)
class EnergyIntensity:
    """Specific energy of an interval. ``kwh_per_t`` is None where it is withheld; the rest still stands."""

    energy_kwh: float
    metal_t: float
    kwh_per_t: float | None
    coverage_pct: float
    estimated_pct: float
    quality: int
    basis: MetalBasis = MetalBasis.FARADAY


@dataclass(frozen=True, slots=True)
class EmissionsIntensity:
    """Emissions of an interval, location-based electricity. ``t_co2e_per_t`` is None where it is withheld.

    ``cf4_kg`` holds ``low_voltage_cf4_kg``, which is None where the plant gives no factor for it. ``fuel_t_co2e`` is in
    the total where it stands; None: the plant's fuels are not told for the interval, and none is in the total.
    Electricity and total are None where no factor was told for some of it, and none may stand in for it.
    """

    anode_t_co2e: float
    cf4_kg: float
    c2f6_kg: float
    pfc_t_co2e: float
    low_voltage_cf4_kg: float | None
    fuel_t_co2e: float | None
    electricity_t_co2e: float | None
    total_t_co2e: float | None
    metal_t: float
    t_co2e_per_t: float | None
    coverage_pct: float
    quality: int
    basis: MetalBasis = MetalBasis.FARADAY


def boundaries(sums: Sums) -> dict[str, Pair]:
    """Return the pair of each boundary that can be stated for a potline."""
    return {"dc": sums.dc, "liquid_ac": sums.liquid_ac, "liquid_comprehensive_ac": sums.comprehensive}


def best_known(sums: Sums) -> Pair:
    """Return the pair that is known for the most time: the charge is known in all minutes of each."""
    return max(boundaries(sums).values(), key=known_s)


def known_s(pair: Pair) -> float:
    """Return for how long a pair is known, by readings or bridged [s]."""
    return pair.covered_s + pair.estimated_s


def energy_intensity(
    pair: Pair, *, length_s: float, least_coverage_pct: float, metal: Metal = FARADAY
) -> EnergyIntensity | None:
    """Return kWh/t of an interval, or None if it holds no whole minute at all."""
    if not pair.minutes:
        return None
    coverage = 100.0 * (pair.covered_s + pair.estimated_s) / length_s
    metal_t = pair.metal_t * metal.scale
    stated = coverage >= least_coverage_pct - 1e-6 and metal_t > 0
    return EnergyIntensity(
        energy_kwh=pair.energy_kwh,
        metal_t=metal_t,
        kwh_per_t=energy.specific_energy(pair.energy_kwh, metal_t) if stated else None,
        coverage_pct=min(100.0, 100.0 * pair.covered_s / length_s),
        estimated_pct=min(100.0, 100.0 * pair.estimated_s / length_s),
        quality=pair.quality,
        basis=metal.basis,
    )


def emissions_intensity(
    sums: Sums,
    parameters: Parameters,
    *,
    length_s: float,
    least_coverage_pct: float,
    metal: Metal = FARADAY,
    electricity_t: float | None = None,
    fuel_t: float | None = None,
) -> EmissionsIntensity | None:
    """Return the emissions of an interval, or None if it holds no whole minute at all.

    ``electricity_t`` is that of the market-based electricity [t CO2]; None: location-based, as the minutes have it.
    ``fuel_t`` is that of fuels and soda ash [t CO2]; None: it is not told. Perfluorocarbons by slope follow from the
    anode-effect minutes per cell-day of the interval itself, as the rule sets define. By overvoltage, the ratio is
    withheld where nobody told the overvoltage of an anode effect.
    """
    pair = sums.comprehensive
    if not pair.minutes:
        return None
    metal_t = pair.metal_t * metal.scale
    gases = perfluorocarbons(sums, parameters, metal_t=metal_t)
    cf4, c2f6 = gases.cf4_kg, gases.c2f6_kg
    pfc = anode_effect.pfc_co2e_t(cf4, c2f6, gwp_cf4=parameters.gwp_cf4, gwp_c2f6=parameters.gwp_c2f6)
    anode = sums.anode_t_co2 * metal.scale
    electricity = electricity_t
    if electricity is None and not sums.electricity_withheld:
        electricity = sums.electricity_t_co2
    whole = None
    if electricity is not None:
        whole = emissions.total_co2e_t(
            anode_co2_t=anode, pfc_co2e_t=pfc, electricity_co2_t=electricity, fuel_co2_t=fuel_t or 0.0
        )
    coverage = 100.0 * (pair.covered_s + pair.estimated_s) / length_s
    stated = coverage >= least_coverage_pct - 1e-6 and metal_t > 0 and gases.is_whole
    return EmissionsIntensity(
        anode_t_co2e=anode,
        cf4_kg=cf4,
        c2f6_kg=c2f6,
        pfc_t_co2e=pfc,
        low_voltage_cf4_kg=gases.of_line.low_voltage_cf4_kg,
        fuel_t_co2e=fuel_t,
        electricity_t_co2e=electricity,
        total_t_co2e=whole,
        metal_t=metal_t,
        t_co2e_per_t=emissions.emissions_intensity(whole, metal_t) if stated and whole is not None else None,
        coverage_pct=min(100.0, 100.0 * pair.covered_s / length_s),
        quality=pair.quality,
        basis=metal.basis,
    )
