"""What a rule set counts of a smelter's direct emissions: the European border adjustment and the Chinese guideline.

A rule set is a record of the numbers that it prescribes; they stand in ``config/factors`` with source and mark, and
none has a default here. Each function takes the amounts of an interval and such a record, and answers source by source.

Footprints of the product are in `footprint`; embedded emissions and free allocation in `cbam_obligation`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from collector.domain.anode_effect import pfc_co2e_t, ratio_c2f6_kg, slope_cf4_kg
from collector.domain.carbon import anode_co2_t, carbonate_co2_t, mass_balance_co2_t, net_anode_t
from collector.domain.fuel_use import FuelByAmount, FuelByHeat, FuelUse
from collector.domain.pfc import default_gas_kg
from collector.domain.pfc_account import PfcOfPlant
from collector.domain.validity import not_negative, positive, within


@dataclass(frozen=True, slots=True)
class SourceAmount:
    """Emissions of one source [t CO2e]."""

    source: str
    co2e_t: float


@dataclass(frozen=True, slots=True)
class DirectEmissions:
    """Direct emissions by one rule set.

    Parameters
    ----------
    rule_set
        Which one, by its name in the factor tables.
    metal_t
        Metal that the amounts belong to [t].
    sources
        Emissions, an element a source; what left the process with its carbon is negative [t CO2e].
    auxiliary_kwh
        Electricity that the rule has reported beside the emissions and not counted; None if it has none reported [kWh].
    remarks
        What the reader must know to judge the numbers, as sentences.
    """

    rule_set: str
    metal_t: float
    sources: tuple[SourceAmount, ...]
    auxiliary_kwh: float | None
    remarks: tuple[str, ...]

    @property
    def co2e_t(self) -> float:
        """Sum of the sources [t CO2e]."""
        return sum(source.co2e_t for source in self.sources)

    @property
    def co2e_t_per_t(self) -> float:
        """Sum of the sources over the metal [t CO2e/t]."""
        positive(metal_t=self.metal_t)
        return self.co2e_t / self.metal_t


class Direction(Enum):
    """Which way a stream of carbon goes."""

    INTO_PROCESS = 1
    OUT_OF_PROCESS = -1


@dataclass(frozen=True, slots=True)
class CarbonStream:
    """Material of the mass balance: anodes, paste, coke; sold tar and the like leave the process.

    Parameters
    ----------
    name
        The material.
    direction
        Into the process or out of it.
    material_t
        Mass in the interval [t].
    carbon_content
        Carbon in it [t C/t].
    """

    name: str
    direction: Direction
    material_t: float
    carbon_content: float


@dataclass(frozen=True, slots=True)
class Carbonate:
    """Carbonate used up in flue gas cleaning, units as in `carbon.carbonate_co2_t`."""

    name: str
    carbonate_t: float
    co2_per_carbonate: float


@dataclass(frozen=True, slots=True)
class CbamRules:
    """What the European rule prescribes: its name and its warming potentials [t CO2e/t]."""

    id: str
    gwp_cf4: float
    gwp_c2f6: float


def cbam_direct(
    metal_t: float,
    *,
    rules: CbamRules,
    carbon: Sequence[CarbonStream],
    fuels: Sequence[FuelByHeat | FuelByAmount],
    carbonates: Sequence[Carbonate],
    pfc: PfcOfPlant,
) -> DirectEmissions:
    """Direct emissions of primary aluminium under the European border adjustment.

    Parameters
    ----------
    metal_t
        Metal made in the interval, the activity level [t].
    rules
        Name and warming potentials of the rule [t CO2e/t].
    carbon
        Anodes, paste and other carbon by mass balance; fuels are not repeated here [t, t C/t].
    fuels
        Fuels for drying, heating pots, baking and casting [t or 1000 Nm3].
    carbonates
        Soda ash, limestone and the like of the scrubbers [t].
    pfc
        Perfluorocarbons of all lines [kg].

    Returns
    -------
    DirectEmissions
        Emissions by source [t CO2e].

    Raises
    ------
    ValueError
        If an amount or a factor is outside the range of its formula, or the metal is negative.

    Notes
    -----
    ``E = sum of 3.664 · AD · CC (in less out) + sum of fuels + sum of carbonates + CF4 · GWP1 + C2F6 · GWP2``

    Electricity is not taken: for aluminium, indirect emissions are excluded. Alumina and purchased anodes bring no
    embedded emissions with them; the carbon of purchased anodes is counted here, where it burns.

    References
    ----------
    .. [1] (EU) 2025/2547, article 3 (2) (indirect emissions), section 3.17.2.1 (boundary), annex II, equation 12 (mass
       balance) and section B.7 (perfluorocarbons).
    """
    not_negative(metal_t=metal_t)
    balance = [
        SourceAmount(
            stream.name,
            stream.direction.value * mass_balance_co2_t(stream.material_t, carbon_content=stream.carbon_content),
        )
        for stream in carbon
    ]
    scrubbing = [
        SourceAmount(one.name, carbonate_co2_t(one.carbonate_t, co2_per_carbonate=one.co2_per_carbonate))
        for one in carbonates
    ]
    gases = pfc.co2e_t(gwp_cf4=rules.gwp_cf4, gwp_c2f6=rules.gwp_c2f6)
    remarks = [f"{line}: emissions below the threshold of anode effects are not in" for line in pfc.without_low_voltage]
    return DirectEmissions(
        rule_set=rules.id,
        metal_t=metal_t,
        sources=(*balance, *_burnt(fuels), *scrubbing, SourceAmount("anode effects", gases)),
        auxiliary_kwh=None,
        remarks=tuple(remarks),
    )


@dataclass(frozen=True, slots=True)
class ChinaEtsRules:
    """What the Chinese guideline prescribes, by the text that the tables were made from.

    Parameters
    ----------
    id
        Name in the factor tables.
    gwp_cf4, gwp_c2f6
        Warming potentials [t CO2e/t].
    anode_loss_percent
        Share of the gross anode that does not react [%].
    sulphur_percent, ash_percent
        Assays of the anode where the plant has none [%].
    slope
        CF4 for each anode-effect minute per cell-day [(kg CF4/t Al)/(min/d)].
    c2f6_per_cf4
        Ratio of the masses [kg/kg].
    """

    id: str
    gwp_cf4: float
    gwp_c2f6: float
    anode_loss_percent: float
    sulphur_percent: float
    ash_percent: float
    slope: float
    c2f6_per_cf4: float


@dataclass(frozen=True, slots=True)
class GrossAnodes:
    """Anodes set into the pots; the guideline's loss is taken off [t]."""

    gross_t: float


@dataclass(frozen=True, slots=True)
class NetAnodes:
    """Anodes used up, butts weighed and subtracted [t]."""

    net_t: float


@dataclass(frozen=True, slots=True)
class DefaultPerMetal:
    """A printed default of a whole source per metal, with the text that prints it [t CO2e/t]."""

    co2e_t_per_t: float
    source: str


@dataclass(frozen=True, slots=True)
class AnodeEffectMinutes:
    """Anode-effect minutes per cell-day of the interval [min/d]."""

    ae_minutes_per_cell_day: float


@dataclass(frozen=True, slots=True)
class DefaultGases:
    """Printed defaults of both gases per metal, with the text that prints them [kg/t]."""

    cf4_kg_per_t: float
    c2f6_kg_per_t: float
    source: str


AnodeActivity: TypeAlias = GrossAnodes | NetAnodes | DefaultPerMetal
"""How the anodes are known."""

AnodeEffectActivity: TypeAlias = AnodeEffectMinutes | DefaultGases | DefaultPerMetal
"""How the anode effects are known. Printed defaults conflict with each other: one is chosen, none is assumed."""


def china_ets_process(
    metal_t: float,
    *,
    rules: ChinaEtsRules,
    fuels: Sequence[FuelUse],
    anodes: AnodeActivity,
    anode_effects: AnodeEffectActivity,
    auxiliary_kwh: float,
) -> DirectEmissions:
    """Emissions of the smelting process under the Chinese emissions trading.

    Parameters
    ----------
    metal_t
        Metal made in the interval [t].
    rules
        Numbers of the guideline.
    fuels
        Fossil fuels of the process [t, 1000 Nm3 or 10,000 Nm3].
    anodes
        Gross or net mass, or a default [t or t CO2e/t].
    anode_effects
        Minutes per cell-day, or a default that the plant has chosen [min/d, kg/t or t CO2e/t].
    auxiliary_kwh
        Electricity of the process, reported beside the emissions [kWh].

    Returns
    -------
    DirectEmissions
        Fuel, anodes and anode effects; electricity beside them [t CO2e, kWh].

    Raises
    ------
    ValueError
        If an amount or a factor is outside the range of its formula.

    Notes
    -----
    ``E = E_fuel + E_anode + E_AE``; electricity is an auxiliary parameter and in no sum.

    Captive power and other products have guidelines of their own.

    References
    ----------
    .. [1] China, CETS-AG-04.01-V01-2024, as third parties compute it; the official text of its appendix A was not seen.
    """
    not_negative(metal_t=metal_t, auxiliary_kwh=auxiliary_kwh)
    anode_t, anode_remarks = _china_anodes(metal_t, rules, anodes)
    effects_t, effect_remarks = _china_anode_effects(metal_t, rules, anode_effects)
    return DirectEmissions(
        rule_set=rules.id,
        metal_t=metal_t,
        sources=(*_burnt(fuels), SourceAmount("anodes", anode_t), SourceAmount("anode effects", effects_t)),
        auxiliary_kwh=auxiliary_kwh,
        remarks=(*anode_remarks, *effect_remarks),
    )


def _burnt(fuels: Sequence[FuelUse]) -> list[SourceAmount]:
    return [SourceAmount(fuel.name, fuel.co2_t) for fuel in fuels]


def _china_anodes(metal_t: float, rules: ChinaEtsRules, anodes: AnodeActivity) -> tuple[float, list[str]]:
    if isinstance(anodes, DefaultPerMetal):
        remedy = "give t CO2 per t of metal, 1.424 and not 1424 kg/t; the reaction alone gives 1.22"
        within(1, 3, remedy=remedy, co2e_t_per_t=anodes.co2e_t_per_t)
        return metal_t * anodes.co2e_t_per_t, [f"anodes by a default: {anodes.source}"]
    if isinstance(anodes, GrossAnodes):
        net_t = net_anode_t(anodes.gross_t, loss_percent=rules.anode_loss_percent)
        remarks = [f"net anodes by the loss of the rule, {rules.anode_loss_percent:g} %"]
    else:
        net_t, remarks = anodes.net_t, []
    return anode_co2_t(net_t, sulphur_percent=rules.sulphur_percent, ash_percent=rules.ash_percent), remarks


def _china_anode_effects(metal_t: float, rules: ChinaEtsRules, effects: AnodeEffectActivity) -> tuple[float, list[str]]:
    if isinstance(effects, DefaultPerMetal):
        remedy = "give t CO2e per t of metal, 0.1454 and not 145.4 kg/t"
        within(0, 20, remedy=remedy, co2e_t_per_t=effects.co2e_t_per_t)
        return metal_t * effects.co2e_t_per_t, [f"anode effects by a default: {effects.source}"]
    if isinstance(effects, DefaultGases):
        cf4_kg = default_gas_kg(metal_t, gas_kg_per_t=effects.cf4_kg_per_t)
        c2f6_kg = default_gas_kg(metal_t, gas_kg_per_t=effects.c2f6_kg_per_t)
        remarks = [f"anode effects by a default: {effects.source}"]
    else:
        minutes = effects.ae_minutes_per_cell_day
        cf4_kg = slope_cf4_kg(metal_t, ae_minutes_per_cell_day=minutes, slope=rules.slope)
        c2f6_kg = ratio_c2f6_kg(cf4_kg, c2f6_per_cf4=rules.c2f6_per_cf4)
        remarks = []
    return pfc_co2e_t(cf4_kg, c2f6_kg, gwp_cf4=rules.gwp_cf4, gwp_c2f6=rules.gwp_c2f6), remarks
