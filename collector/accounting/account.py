"""What a potline used, made and emitted in an interval: inputs in, sums out; sums in, entries out. Pure.

The same functions serve the live line, a late correction, and an hour made of its minutes. Sums are additive, and every
ratio is made of sums at the end. For a ratio, numerator and denominator must speak of the same time: only minutes for
which both are known to their full length enter the ``dc`` and the ``ac`` pair.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from collector.accounting.integrals import Amount
from collector.domain import anode_effect, electrolysis, emissions, energy
from collector.plant.factors import FactorSeries, GwpSet
from collector.plant.topology import Potline
from collector.readings.cell import MINUTE_NS

DAY_S = 86400.0
WHOLE = 0.99
"""A minute is whole when this share of it is known; the rest is the millisecond between a reading and the boundary."""


class Pair(msgspec.Struct, frozen=True):
    """Energy and metal of the same whole minutes. ``minutes`` of them; coverage in seconds; worst quality."""

    minutes: int = 0
    energy_kwh: float = 0.0
    metal_t: float = 0.0
    covered_s: float = 0.0
    estimated_s: float = 0.0
    quality: int = 0xC0

    def __add__(self, other: "Pair") -> "Pair":
        return Pair(
            self.minutes + other.minutes,
            self.energy_kwh + other.energy_kwh,
            self.metal_t + other.metal_t,
            self.covered_s + other.covered_s,
            self.estimated_s + other.estimated_s,
            min(self.quality, other.quality),
        )


class Sums(msgspec.Struct, frozen=True):
    """Additive amounts of one potline over some minutes.

    ``dc_kwh``, ``ac_kwh``, ``charge_kah`` and ``metal_t`` are all that is known; the pairs hold what may be divided.
    ``cell_days`` counts pots in operation; ``anode_effect_s`` the whole duration of anode effects that began here.
    The ``ac`` pair carries the emissions of its minutes: anode and electricity in t CO2, and the anode-effect seconds
    and cell-days from which the perfluorocarbons follow.
    """

    minutes: int = 0
    pots: int = 0
    dc_kwh: float = 0.0
    ac_kwh: float = 0.0
    auxiliary_kwh: float = 0.0
    charge_kah: float = 0.0
    metal_t: float = 0.0
    tapped_t: float = 0.0
    cell_days: float = 0.0
    anode_effects: int = 0
    anode_effect_s: float = 0.0
    dc: Pair = Pair()
    ac: Pair = Pair()
    anode_t_co2: float = 0.0
    electricity_t_co2: float = 0.0
    paired_anode_effect_s: float = 0.0
    paired_cell_days: float = 0.0
    restatements: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.minutes + other.minutes,
            max(self.pots, other.pots),
            self.dc_kwh + other.dc_kwh,
            self.ac_kwh + other.ac_kwh,
            self.auxiliary_kwh + other.auxiliary_kwh,
            self.charge_kah + other.charge_kah,
            self.metal_t + other.metal_t,
            self.tapped_t + other.tapped_t,
            self.cell_days + other.cell_days,
            self.anode_effects + other.anode_effects,
            self.anode_effect_s + other.anode_effect_s,
            self.dc + other.dc,
            self.ac + other.ac,
            self.anode_t_co2 + other.anode_t_co2,
            self.electricity_t_co2 + other.electricity_t_co2,
            self.paired_anode_effect_s + other.paired_anode_effect_s,
            self.paired_cell_days + other.paired_cell_days,
            self.restatements + other.restatements,
        )


def total(sums: Iterable[Sums]) -> Sums:
    """Add up, in the order given: the same order gives the same bits."""
    result = Sums()
    for part in sums:
        result += part
    return result


@dataclass(frozen=True, slots=True)
class MinuteInputs:
    """What was measured in one minute of a potline. An empty mapping: nothing of the kind is configured."""

    start_ns: int
    dc_kwh: Amount | None
    charge_kah: Amount | None
    ac_kwh: Mapping[str, Amount]
    auxiliary_kwh: Mapping[str, Amount]
    pots_operating: int
    anode_effect_s: tuple[float, ...]
    tapped_kg: tuple[float, ...]


def account_minute(inputs: MinuteInputs, potline: Potline, grid: FactorSeries, *, restatements: int) -> Sums:
    """Return the sums of one minute.

    Raises
    ------
    LookupError
        If a dated parameter of the potline is not in force yet.
    """
    efficiency = potline.current_efficiency.at(inputs.start_ns).value
    consumption = potline.net_anode_consumption.at(inputs.start_ns).value
    pots = inputs.pots_operating
    cell_days = pots * MINUTE_NS * 1e-9 / DAY_S
    charge = inputs.charge_kah
    # A current transducer shows a little below zero when the line stands; pots do not run backwards.
    charge_kah = max(0.0, charge.amount) if charge else 0.0
    dc_kwh = max(0.0, inputs.dc_kwh.amount) if inputs.dc_kwh else 0.0
    metal_t = electrolysis.faraday_metal_t(charge_kah, current_efficiency=efficiency, pots=pots)
    effects_s = sum(inputs.anode_effect_s)
    ac_kwh = sum(amount.amount for amount in inputs.ac_kwh.values())
    dc_pair = ac_pair = Pair()
    anode = electricity = paired_effects_s = paired_cell_days = 0.0
    if charge and inputs.dc_kwh:
        dc_pair = _pair(dc_kwh, metal_t, (inputs.dc_kwh, charge))
    if charge and inputs.ac_kwh:
        ac_pair = _pair(ac_kwh, metal_t, (*inputs.ac_kwh.values(), charge))
    if ac_pair.minutes:
        anode = emissions.prebake_anode_co2_t(
            metal_t,
            net_anode_consumption=consumption,
            sulphur_percent=potline.anode_sulphur_pct,
            ash_percent=potline.anode_ash_pct,
        )
        electricity = emissions.location_based_co2_t(ac_kwh, grid_factor=grid.at(inputs.start_ns).value)
        paired_effects_s, paired_cell_days = effects_s, cell_days
    return Sums(
        minutes=1,
        pots=pots,
        dc_kwh=dc_kwh,
        ac_kwh=ac_kwh,
        auxiliary_kwh=sum(amount.amount for amount in inputs.auxiliary_kwh.values()),
        charge_kah=charge_kah,
        metal_t=metal_t,
        tapped_t=sum(inputs.tapped_kg) / 1000,
        cell_days=cell_days,
        anode_effects=len(inputs.anode_effect_s),
        anode_effect_s=effects_s,
        dc=dc_pair,
        ac=ac_pair,
        anode_t_co2=anode,
        electricity_t_co2=electricity,
        paired_anode_effect_s=paired_effects_s,
        paired_cell_days=paired_cell_days,
        restatements=restatements,
    )


def _pair(energy_kwh: float, metal_t: float, amounts: Iterable[Amount]) -> Pair:
    listed = list(amounts)
    if any(amount.known_s < WHOLE * MINUTE_NS * 1e-9 for amount in listed):
        return Pair()
    return Pair(
        minutes=1,
        energy_kwh=energy_kwh,
        metal_t=metal_t,
        covered_s=min(60.0, *(amount.covered_s for amount in listed)),
        estimated_s=max(amount.estimated_s for amount in listed),
        quality=min(amount.quality for amount in listed),
    )


@dataclass(frozen=True, slots=True)
class EnergyIntensity:
    """Specific energy of an interval. ``kwh_per_t`` is None where it is withheld; the rest still stands."""

    energy_kwh: float
    metal_t: float
    kwh_per_t: float | None
    coverage_pct: float
    estimated_pct: float
    quality: int


@dataclass(frozen=True, slots=True)
class EmissionsIntensity:
    """Emissions of an interval, location-based electricity. ``t_co2e_per_t`` is None where it is withheld."""

    anode_t_co2e: float
    cf4_kg: float
    c2f6_kg: float
    pfc_t_co2e: float
    electricity_t_co2e: float
    total_t_co2e: float
    metal_t: float
    t_co2e_per_t: float | None
    coverage_pct: float
    quality: int


def energy_intensity(pair: Pair, *, length_s: float, least_coverage_pct: float) -> EnergyIntensity | None:
    """Return kWh/t of an interval, or None if it holds no whole minute at all."""
    if not pair.minutes:
        return None
    coverage = 100.0 * (pair.covered_s + pair.estimated_s) / length_s
    stated = coverage >= least_coverage_pct - 1e-6 and pair.metal_t > 0
    return EnergyIntensity(
        energy_kwh=pair.energy_kwh,
        metal_t=pair.metal_t,
        kwh_per_t=energy.specific_energy(pair.energy_kwh, pair.metal_t) if stated else None,
        coverage_pct=min(100.0, 100.0 * pair.covered_s / length_s),
        estimated_pct=min(100.0, 100.0 * pair.estimated_s / length_s),
        quality=pair.quality,
    )


def emissions_intensity(
    sums: Sums, potline: Potline, gwp: GwpSet, *, length_s: float, least_coverage_pct: float
) -> EmissionsIntensity | None:
    """Return the emissions of an interval, or None if it holds no whole minute at all.

    Perfluorocarbons follow from the anode-effect minutes per cell-day of the interval itself, as the rule sets define.
    """
    pair = sums.ac
    if not pair.minutes:
        return None
    cf4 = c2f6 = 0.0
    if sums.paired_cell_days > 0:
        minutes = anode_effect.anode_effect_minutes_per_cell_day(sums.paired_anode_effect_s, sums.paired_cell_days)
        cf4 = anode_effect.slope_cf4_kg(pair.metal_t, ae_minutes_per_cell_day=minutes, slope=potline.slope.slope)
        c2f6 = anode_effect.ratio_c2f6_kg(cf4, c2f6_per_cf4=potline.slope.c2f6_per_cf4)
    pfc = anode_effect.pfc_co2e_t(cf4, c2f6, gwp_cf4=gwp.cf4, gwp_c2f6=gwp.c2f6)
    whole = emissions.total_co2e_t(
        anode_co2_t=sums.anode_t_co2, pfc_co2e_t=pfc, electricity_co2_t=sums.electricity_t_co2
    )
    coverage = 100.0 * (pair.covered_s + pair.estimated_s) / length_s
    stated = coverage >= least_coverage_pct - 1e-6 and pair.metal_t > 0
    return EmissionsIntensity(
        anode_t_co2e=sums.anode_t_co2,
        cf4_kg=cf4,
        c2f6_kg=c2f6,
        pfc_t_co2e=pfc,
        electricity_t_co2e=sums.electricity_t_co2,
        total_t_co2e=whole,
        metal_t=pair.metal_t,
        t_co2e_per_t=emissions.emissions_intensity(whole, pair.metal_t) if stated else None,
        coverage_pct=min(100.0, 100.0 * pair.covered_s / length_s),
        quality=pair.quality,
    )
