"""Services that the metal shares between potlines: each line's part, over an interval that is over. Pure.

What a minute of all potlines made is known only after all of them have closed it: so a line's own account is without
these services, and its comprehensive energy is completed here.
"""

from collections.abc import Sequence

from collector.accounting.parts_of_meters import share_of
from collector.accounting.plant_account import allocated_kwh
from collector.accounting.plant_sums import EnergySum, PlantSums
from collector.accounting.sums import Pair
from collector.plant.meter import Measures, Meter
from collector.plant.topology import Plant


def shared_by_metal(plant: Plant) -> list[Meter]:
    """Return the services that the metal shares between potlines: the others stand in the potlines' accounts.

    None where potlines are elsewhere: without their metal nothing can be shared.
    """
    if plant.elsewhere.pots:
        return []
    return [
        meter
        for meter in plant.plant_meters(Measures.AUXILIARY_AC)
        if meter.allocation is not None and all(share_of(plant, line, meter) is None for line in plant.potlines)
    ]


def with_shared(pair: Pair, potline: str, meters: Sequence[Meter], sums: PlantSums | None, length_s: float) -> Pair:
    """Return the comprehensive pair of a line with its part of the services that the metal shares.

    Parameters
    ----------
    pair
        Of the line's own account.
    meters
        The services that the metal shares; none: the pair is whole as it is.
    sums
        Of the plant in the same interval; None, or without metal of the line: nothing can be divided.
    length_s
        How long the interval is [s].
    """
    if not meters or not pair.minutes:
        return pair
    if sums is None or not sums.metal_t.get(potline, 0.0) > 0:
        return Pair()
    kwh = allocated_kwh(sums, meters).get(potline, {}).get(Measures.AUXILIARY_AC.value, 0.0)
    # Of the minutes of the pair: the services go with the metal.
    kwh *= min(1.0, pair.metal_t / sums.metal_t[potline])
    return with_energy(pair, kwh, sums.energy.get(Measures.AUXILIARY_AC.value, EnergySum()), length_s)


def with_energy(pair: Pair, kwh: float, energy: EnergySum, length_s: float) -> Pair:
    """Return a pair with a further energy, as well known as the worse of both."""
    lacking_s = max(0.0, length_s - energy.covered_s - energy.estimated_s)
    return Pair(
        minutes=pair.minutes,
        energy_kwh=pair.energy_kwh + kwh,
        metal_t=pair.metal_t,
        covered_s=max(0.0, pair.covered_s - lacking_s - max(0.0, energy.estimated_s - pair.estimated_s)),
        estimated_s=max(pair.estimated_s, energy.estimated_s),
        estimated_kwh=pair.estimated_kwh + (kwh * energy.estimated_kwh / energy.kwh if energy.kwh > 0 else 0.0),
        quality=min(pair.quality, energy.quality),
    )
