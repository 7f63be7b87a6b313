"""Metal of the plant in a closed day or month: the sum of what its potlines state, and how well it is known. Pure.

The sums of the plant keep the metal of Faraday's law, as those of the potlines do. How each potline states its metal
stands beside them, and each tonne of the plant is brought to it: kWh/t of the plant, kg/t of its stacks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from collector.accounting.error_sources import ErrorSource, Gap, MeterEnergy, over_time
from collector.accounting.intensity import FARADAY, Metal
from collector.accounting.metal_basis import MetalBasis
from collector.accounting.parameters import Parameters, Role
from collector.accounting.parts_of_meters import lasting_errors
from collector.accounting.period_metal import PeriodMetal, metal_of, scaled, weighed_metal
from collector.accounting.plant_sums import MassSum, PlantSums
from collector.accounting.sums import MeterSum, Sums
from collector.accounting.uncertainty import energy_budgets
from collector.plant.meter import Meter

_INTO_LIQUID = (Role.RECTIFIER, Role.AUXILIARY)


@dataclass(frozen=True, slots=True)
class LineAccount:
    """What a potline states of a window: its sums, what they were computed with, and how its metal is stated."""

    sums: Sums
    parameters: Parameters
    metal: Metal


@dataclass(frozen=True, slots=True)
class PlantUncertainties:
    """How well metal and kWh/t of the plant are known; None where a class is missing, or metal is not reconciled.

    ``metal_standard_t``: standard uncertainty of the metal that all weighings and growths come to [t]. ``liquid``,
    ``ingot``: relative expanded uncertainties (k = 2) of the plant's kWh/t [1]. ``missing`` is what is not configured.
    """

    metal_standard_t: float | None = None
    liquid: float | None = None
    ingot: float | None = None
    missing: tuple[str, ...] = ()


def plant_metal(sums: PlantSums, lines: Mapping[str, Metal]) -> PeriodMetal:
    """Return the metal of the plant: of each potline as it states it, by charge where it states nothing."""
    return metal_of((metal_t, lines.get(potline, FARADAY)) for potline, metal_t in sums.metal_t.items())


def stated_together(metal: PeriodMetal) -> Metal:
    """Return how the metal of all potlines together is stated: on the weakest basis of any of them."""
    if not metal.faraday_t > 0:
        return FARADAY
    return Metal(metal.basis, metal.t / metal.faraday_t)


def plant_by_weight(sums: PlantSums, lines: Mapping[str, Metal]) -> PlantSums:
    """Return sums of the plant with every tonne as it is stated.

    Parameters
    ----------
    sums
        Of a window, with the metal of Faraday's law [t].
    lines
        How each potline states its metal of the same window; one that is not in it does so by charge.
    """
    scale = stated_together(plant_metal(sums, lines)).scale
    return msgspec.structs.replace(
        sums,
        metal_t={potline: metal_t * lines.get(potline, FARADAY).scale for potline, metal_t in sums.metal_t.items()},
        liquid=scaled(sums.liquid, scale),
        ingot=scaled(sums.ingot, scale),
        masses={
            stack: {name: _mass(mass, scale) for name, mass in pollutants.items()}
            for stack, pollutants in sums.masses.items()
        },
    )


def _mass(mass: MassSum, scale: float) -> MassSum:
    return msgspec.structs.replace(mass, metal_t=mass.metal_t * scale)


def plant_uncertainties(
    sums: PlantSums,
    lines: Sequence[LineAccount],
    *,
    services: Sequence[Meter],
    casthouse: Sequence[Meter],
    length_s: float,
) -> PlantUncertainties:
    """Return how well metal and energy per tonne of the plant are known.

    Parameters
    ----------
    sums
        Of the plant.
    lines
        All of its potlines.
    services, casthouse
        The plant's own meters of services, and of the casthouse.
    length_s
        Length of the window [s].

    Notes
    -----
    The error of weighing is the same for all potlines and adds up; those of the metal in the pots add up as squares
    (`collector.accounting.period_metal.weighed_metal`). A meter that is in two potlines' accounts is one error.
    All that was bridged of a meter counts as one gap, the widest that it can be.
    """
    if not lines or any(line.metal.basis is not MetalBasis.RECONCILED or not line.metal.weighed for line in lines):
        return PlantUncertainties()
    metal = weighed_metal(line.metal.weighed for line in lines if line.metal.weighed is not None)
    own = [energy for line in lines for energy in _of_line(line, length_s)]
    liquid = energy_budgets(_merged([*own, *_of_plant(sums, services, length_s)]), metal)
    missing = set(liquid.kwh_per_t.missing)
    ingot = None
    if casthouse:
        whole = energy_budgets(_merged([*own, *_of_plant(sums, [*services, *casthouse], length_s)]), metal).kwh_per_t
        ingot = None if whole.expanded_95 is None or not whole.value > 0 else whole.expanded_95 / whole.value
        missing |= set(whole.missing)
    found = liquid.kwh_per_t
    return PlantUncertainties(
        metal_standard_t=liquid.metal_t.standard,
        liquid=None if found.expanded_95 is None or not found.value > 0 else found.expanded_95 / found.value,
        ingot=ingot,
        missing=tuple(sorted(missing)),
    )


def _of_line(line: LineAccount, length_s: float) -> Iterable[MeterEnergy]:
    for place in line.parameters.wanted.meters:
        amount = line.sums.meters.get(place.meter)
        if place.role in _INTO_LIQUID and amount is not None and amount.kwh > 0:
            yield _energy(place.meter, amount, place.sources, place.rated_kw * place.share, length_s)


def _of_plant(sums: PlantSums, meters: Iterable[Meter], length_s: float) -> Iterable[MeterEnergy]:
    for meter in meters:
        amount = sums.meters.get(meter.id)
        if amount is not None and amount.kwh > 0:
            yield _energy(meter.id, amount, lasting_errors(meter), meter.rated_power_kw, length_s)


def _energy(
    meter: str, amount: MeterSum, sources: Iterable[tuple[str, float | None]], rated_kw: float, length_s: float
) -> MeterEnergy:
    gaps: tuple[Gap, ...] = ()
    if amount.estimated_kwh > 0:
        hours = length_s / 3600 * min(1.0, amount.estimated_kwh / amount.kwh)
        gaps = (Gap(amount.estimated_kwh, max(rated_kw, amount.estimated_kwh / hours), hours),)
    return MeterEnergy(meter, amount.kwh, tuple(ErrorSource(name, relative) for name, relative in sources), 0.0, gaps)


def _merged(energies: Iterable[MeterEnergy]) -> list[MeterEnergy]:
    by_meter: dict[str, list[MeterEnergy]] = {}
    for energy in energies:
        by_meter.setdefault(energy.meter, []).append(energy)
    return [over_time(parts) for parts in by_meter.values()]
