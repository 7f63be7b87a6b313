"""Comprehensive energy of ingots in standard coal equivalent: electricity and the fuels that the plant names. Pure.

It is of the plant as a whole: fuels are not told by potline.
"""

from collections.abc import Iterator, Sequence
from math import fsum

from collector.domain.boundaries import STANDARD_COAL_GJ_PER_KG, ingot_comprehensive_kgce_per_t
from collector.domain.levels import Indicator
from collector.reporting.basis import Basis
from collector.reporting.inside import INGOT, cast_of
from collector.reporting.shares import fuels_of
from collector.reporting.statement import Lack, Row


def coal_rows(basis: Basis, where: str, intensities: Sequence[Row]) -> Iterator[Row]:
    """Yield the indicator, where the energy of ingots of that place is stated and all its fuels are known."""
    told, cast = basis.rules.kgce_per_kwh, cast_of(basis)
    ingot = next((row for row in intensities if row.where == where and row.label == INGOT), None)
    fuels = fuels_kgce(basis)
    if told is None or cast is None or ingot is None or fuels is None:
        return
    unit, label = Indicator.INGOT_COMPREHENSIVE.unit, Indicator.INGOT_COMPREHENSIVE.value
    if ingot.value is None:
        yield Row(label, None, unit, where=where, note=ingot.note)
        return
    value = ingot_comprehensive_kgce_per_t(
        ingot.value * cast.ingots_t, kgce_per_kwh=told.value, fuels_kgce=fuels, ingot_t=cast.ingots_t
    )
    yield Row(
        label,
        float(value),
        unit,
        where=where,
        coverage_pct=ingot.coverage_pct,
        estimated_pct=ingot.estimated_pct,
        uncertainty=ingot.uncertainty,
        note=f"electricity at {told.value:g} kgce/kWh, and {fuels / cast.ingots_t:.1f} kgce/t of fuels",
        source=f"{told.source} ({told.verified})",
    )


def fuels_kgce(basis: Basis) -> float | None:
    """Return the heat of the fuels that belong to it [kgce]; None where one of them is not known."""
    house = basis.plant.casthouse
    if house is None:
        return None
    known = {fuel.name: (fuel, amount) for fuel, amount in fuels_of(basis, "energy")[0]}
    parts = []
    for name in house.fuels:
        if name not in known or known[name][0].content is None:
            return None
        fuel, amount = known[name]
        if fuel.content is not None:
            parts.append(amount * fuel.content.net_calorific_gj / STANDARD_COAL_GJ_PER_KG)
    return fsum(parts)


def coal_lacks(basis: Basis) -> Iterator[Lack]:
    """Yield what is missing for it, where the plant tells what it casts."""
    house = basis.plant.casthouse
    if house is None:
        return
    what = Indicator.INGOT_COMPREHENSIVE.value
    if basis.rules.kgce_per_kwh is None:
        yield Lack(f"{what}: there is no coal equivalent", "add coal_equivalent.electricity to energy_levels.toml")
    if not house.fuels:
        yield Lack(f"{what}: no fuels are named for it, and electricity stands alone", "add [casthouse] fuels")
    found, lacks = fuels_of(basis, "energy")
    yield from (lack for lack in lacks if any(lack.what.startswith(f"fuel {name}:") for name in house.fuels))
    for fuel, _ in found:
        if fuel.name in house.fuels and fuel.content is None:
            yield Lack(
                f"{what}: the heat of fuel {fuel.name} is not told", f"add net_calorific_gj to [fuels.{fuel.name}]"
            )
