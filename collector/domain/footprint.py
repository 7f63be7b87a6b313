"""Carbon footprint of primary aluminium, from the mine to the gate of the smelter, stage by stage.

Invariants
----------
* What is not known is listed and never assumed: with a stage missing, the footprint is withheld, and only the sum of
  what was counted is told.
* Electricity enters with the footprint of a kilowatt hour; a factor of CO2 alone is refused.
* What is cut off is declared with its size, and is small: the rule's bounds for one item and for all of them hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from collector.domain.electricity import FactorKind, footprint_electricity_co2e_t
from collector.domain.market_based import ElectricityFactor
from collector.domain.validity import not_negative, positive, within


class Stage(Enum):
    """Stages of the life cycle, cradle to gate."""

    ALUMINA = "alumina"
    ANODES = "anodes"
    FLUORIDES = "fluorides"
    TRANSPORT = "transport"
    ELECTROLYSIS_CARBON = "electrolysis, carbon"
    ELECTROLYSIS_PFC = "electrolysis, perfluorocarbons"
    ELECTRICITY = "electricity"
    CASTING = "casting"


class DeclaredUnit(Enum):
    """What one footprint is of."""

    LIQUID_METAL = "1 t of primary liquid aluminium"
    REMELT_INGOT = "1 t of remelt ingot"

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Stages that lie within its boundary: liquid metal ends before casting."""
        return tuple(stage for stage in Stage if stage is not Stage.CASTING or self is DeclaredUnit.REMELT_INGOT)


@dataclass(frozen=True, slots=True)
class Flow:
    """A material, a fuel or a transport with its upstream factor.

    Parameters
    ----------
    stage
        Where it belongs; electricity has its own record.
    name
        What flows.
    amount
        How much in the interval [any unit].
    unit
        Unit of the amount: t, t km, GJ.
    co2e_kg_per_unit
        Factor; None where none is known [kg CO2e per unit].
    source
        Source of the factor; empty where there is none.
    """

    stage: Stage
    name: str
    amount: float
    unit: str
    co2e_kg_per_unit: float | None
    source: str


@dataclass(frozen=True, slots=True)
class Emitted:
    """Emissions of the site itself, computed elsewhere: carbon, perfluorocarbons, fuels [t CO2e]."""

    stage: Stage
    name: str
    co2e_t: float


@dataclass(frozen=True, slots=True)
class ElectricityUse:
    """Electricity of the footprint's boundary.

    Parameters
    ----------
    name
        Which electricity: electrolysis, services, casting.
    kwh
        Energy in the interval [kWh].
    factor
        Footprint of the kilowatt hour; None where none is known [kg CO2e/kWh].
    """

    name: str
    kwh: float
    factor: ElectricityFactor | None


Contribution: TypeAlias = Flow | Emitted | ElectricityUse
"""Anything that adds to a footprint."""


@dataclass(frozen=True, slots=True)
class CutOff:
    """An item left out for its smallness.

    Parameters
    ----------
    stage
        Where it belongs.
    name
        What is left out.
    share_percent
        Its estimated share of the footprint [%].
    reason
        How the share was estimated.
    """

    stage: Stage
    name: str
    share_percent: float
    reason: str


@dataclass(frozen=True, slots=True)
class FootprintRules:
    """What the rule prescribes.

    Parameters
    ----------
    id
        Name in the factor tables.
    cut_off_item_percent
        One item must be below this to be cut off [%].
    cut_off_total_percent
        All items together may be this at most [%].
    """

    id: str
    cut_off_item_percent: float
    cut_off_total_percent: float


@dataclass(frozen=True, slots=True)
class StageAmount:
    """Emissions of one stage per tonne of product [t CO2e/t], and their share of what was counted [-]."""

    stage: Stage
    co2e_t_per_t: float
    share: float


@dataclass(frozen=True, slots=True)
class ProductFootprint:
    """Footprint of the product.

    Parameters
    ----------
    rule_set
        Which rules, by their name in the factor tables.
    declared_unit
        What it is of.
    co2e_t_per_t
        Footprint; None, withheld, when something is missing [t CO2e/t].
    counted_co2e_t_per_t
        Sum of what was counted, a lower bound while something is missing [t CO2e/t].
    stages
        Stages that were counted, in the order of the life cycle.
    missing
        What is missing, as phrases that name the stage.
    cut_off
        What was left out for its smallness.
    """

    rule_set: str
    declared_unit: DeclaredUnit
    co2e_t_per_t: float | None
    counted_co2e_t_per_t: float
    stages: tuple[StageAmount, ...]
    missing: tuple[str, ...]
    cut_off: tuple[CutOff, ...]


def product_footprint(
    product_t: float,
    *,
    declared_unit: DeclaredUnit,
    rules: FootprintRules,
    contributions: Sequence[Contribution],
    cut_off: Sequence[CutOff],
) -> ProductFootprint:
    """Carbon footprint of primary aluminium per declared unit.

    Parameters
    ----------
    product_t
        Product made in the interval, of the kind that the declared unit names [t].
    declared_unit
        Liquid metal or remelt ingot.
    rules
        Bounds of what may be cut off [%].
    contributions
        Materials, transports, emissions and electricity of the interval.
    cut_off
        What is left out for its smallness [%].

    Returns
    -------
    ProductFootprint
        Footprint, stages with their shares, and what is missing [t CO2e/t].

    Raises
    ------
    ValueError
        If there is no product; an amount or a factor is negative; a factor has no source; electricity has a factor that
        is no carbon footprint; a contribution lies outside the boundary of the declared unit; or a cut-off is too
        large.

    Notes
    -----
    ``CFP = sum over stages of sum of (amount · factor) / product``; share of a stage = its sum over the sum of all.

    Cradle to gate. The stages and their completeness are this program's reading of the rule: whatever is named there
    and has no amount here is listed as missing.

    References
    ----------
    .. [1] GB/T 44905-2024: declared unit, boundary and cut-off (below 1 % for an item, at most 5 % in all); its text
       was seen in summaries.
    .. [2] ISO 14067:2018.
    """
    positive(product_t=product_t)
    _refuse_cut_off(cut_off, rules)
    amounts: dict[Stage, float] = {}
    missing: list[str] = []
    present = {one.stage for one in cut_off}
    for one in contributions:
        stage = Stage.ELECTRICITY if isinstance(one, ElectricityUse) else one.stage
        if stage not in declared_unit.stages:
            raise ValueError(
                f"{one.name} belongs to {stage.value}, which lies outside {declared_unit.value}. "
                "Remedy: leave it out, or declare remelt ingot."
            )
        present.add(stage)
        co2e_t = _co2e_t(one)
        if co2e_t is None:
            missing.append(f"{stage.value}: {one.name} has no factor")
        else:
            amounts[stage] = amounts.get(stage, 0.0) + co2e_t
    missing += [f"{stage.value}: no amount" for stage in declared_unit.stages if stage not in present]
    counted_t = sum(amounts.values())
    return ProductFootprint(
        rule_set=rules.id,
        declared_unit=declared_unit,
        co2e_t_per_t=None if missing else counted_t / product_t,
        counted_co2e_t_per_t=counted_t / product_t,
        stages=tuple(
            StageAmount(stage, amounts[stage] / product_t, amounts[stage] / counted_t if counted_t else 0.0)
            for stage in declared_unit.stages
            if stage in amounts
        ),
        missing=tuple(missing),
        cut_off=tuple(cut_off),
    )


def _co2e_t(one: Contribution) -> float | None:
    if isinstance(one, Emitted):
        not_negative(**{one.name: one.co2e_t})
        return one.co2e_t
    if isinstance(one, ElectricityUse):
        not_negative(**{one.name: one.kwh})
        if one.factor is None:
            return None
        if one.factor.kind is not FactorKind.CARBON_FOOTPRINT:
            raise ValueError(
                f"factor of {one.name} ({one.factor.source}) is of kind {one.factor.kind.value}. "
                "Remedy: a footprint needs the carbon footprint of a kilowatt hour, not the CO2 of its generation."
            )
        return footprint_electricity_co2e_t(one.kwh, footprint_factor=one.factor.kg_per_kwh)
    not_negative(**{one.name: one.amount})
    if one.co2e_kg_per_unit is None:
        return None
    if not one.source.strip():
        raise ValueError(f"factor of {one.name} has no source. Remedy: name the declaration or database it is from.")
    not_negative(**{f"factor of {one.name}": one.co2e_kg_per_unit})
    return one.amount * one.co2e_kg_per_unit / 1000  # kg per t


def _refuse_cut_off(cut_off: Sequence[CutOff], rules: FootprintRules) -> None:
    for one in cut_off:
        within(0, 100, remedy="give percent", **{f"share_percent of {one.name}": one.share_percent})
        if one.share_percent >= rules.cut_off_item_percent:
            raise ValueError(
                f"{one.name} is {one.share_percent:g} % of the footprint, and {rules.id} cuts off what is below "
                f"{rules.cut_off_item_percent:g} %. Remedy: count it."
            )
    total = sum(one.share_percent for one in cut_off)
    if total > rules.cut_off_total_percent:
        raise ValueError(
            f"what is cut off adds up to {total:g} %, and {rules.id} has at most {rules.cut_off_total_percent:g} %. "
            "Remedy: count the largest of it."
        )
