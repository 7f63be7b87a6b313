"""What the plant as a whole used and emitted in a minute: inputs and parameters in, sums out. Pure.

Desulphurisation is booked and stands in no kWh/t: the comprehensive energy is that of rectifiers and services, as in
the accounts of the potlines and in the tiered price.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum

import msgspec

from collector.accounting.account import WHOLE
from collector.accounting.integrals import Amount
from collector.accounting.plant_parameters import PlantMeter, PlantParameters, PlantWanted
from collector.accounting.plant_sums import WHOLE_PLANT, EnergySum, LoadSum, MassSum, PlantSums
from collector.accounting.sums import MeterSum, Pair, Sums
from collector.plant.meter import Measures, Meter
from collector.readings.cell import MINUTE_NS

_MINUTE_S = MINUTE_NS * 1e-9


@dataclass(frozen=True, slots=True)
class PlantInputs:
    """What was measured in one minute of the plant.

    ``energy_kwh`` is by meter, ``masses_kg`` in the order of what is wanted, ``lines`` what the potlines' own accounts
    say of the minute; a potline that has none is not in it.
    """

    start_ns: int
    energy_kwh: Mapping[str, Amount]
    masses_kg: tuple[Amount, ...]
    lines: Mapping[str, Sums]

    def digest(self) -> str:
        """Return the first 16 hexadecimal digits of a digest over all of it: the same inputs give the same digits."""
        return hashlib.blake2b(msgspec.msgpack.encode(self), digest_size=8).hexdigest()


def account_plant_minute(inputs: PlantInputs, parameters: PlantParameters, *, restated: bool) -> PlantSums:
    """Return the sums of one minute. ``restated``: whether this minute was stated before."""
    wanted = parameters.wanted
    measured = sorted({meter.measures for meter in wanted.meters}, key=lambda measures: measures.value)
    technologies = sorted(
        {meter.technology for meter in wanted.meters if meter.technology is not None}, key=lambda each: each.value
    )
    metal = _metal(inputs.lines)
    liquid = _liquid(inputs, wanted)
    casting = wanted.of(Measures.CASTHOUSE_AC)
    return PlantSums(
        minutes=1,
        energy={each.value: _energy(inputs, wanted.of(each)) for each in measured},
        generation={
            each.value: _energy(inputs, [meter for meter in wanted.meters if meter.technology is each])
            for each in technologies
        },
        meters={meter.meter: _meter(inputs.energy_kwh[meter.meter]) for meter in wanted.meters},
        metal_t=metal,
        masses=_masses(inputs, wanted, metal),
        load=_load(inputs, wanted),
        liquid=liquid,
        ingot=_with(liquid, [inputs.energy_kwh[meter.meter] for meter in casting]) if casting else Pair(),
        restated=int(restated),
    )


def allocated_kwh(sums: PlantSums, meters: Iterable[Meter]) -> dict[str, dict[str, float]]:
    """Return how the energy of services, desulphurisation and casthouse is shared between potlines [kWh].

    Parameters
    ----------
    sums
        Of the interval: energy by meter, and metal of the potlines.
    meters
        The plant's meters: each is one potline's, or says how it is shared.

    Returns
    -------
    dict
        By potline, and by what is measured. What is shared by metal stays with the plant, under an empty name, where
        there is none; so does what nobody said how to share.
    """
    found: dict[str, dict[str, list[float]]] = {}
    for meter in meters:
        if meter.measures not in _SHARED or meter.id not in sums.meters:
            continue
        for potline, kwh in _shares_of(meter, sums).items():
            found.setdefault(potline, {}).setdefault(meter.measures.value, []).append(kwh)
    return {
        potline: {measures: fsum(parts) for measures, parts in sorted(energies.items())}
        for potline, energies in sorted(found.items())
    }


_SHARED = frozenset({Measures.AUXILIARY_AC, Measures.DESULPHURISATION_AC, Measures.CASTHOUSE_AC})


def _shares_of(meter: Meter, sums: PlantSums) -> dict[str, float]:
    """Return the parts of a meter's energy by potline; they add up to it."""
    kwh = sums.meters[meter.id].kwh
    if meter.potline is not None:
        return {meter.potline: kwh}
    if meter.allocation is None:
        potlines = list(sums.metal_t)
        return {potlines[0] if len(potlines) == 1 else WHOLE_PLANT: kwh}
    if meter.allocation.is_by_metal and not fsum(sums.metal_t.values()) > 0:
        return {WHOLE_PLANT: kwh}
    return meter.allocation.shared(kwh, sums.metal_t)


def _metal(lines: Mapping[str, Sums]) -> dict[str, float]:
    """Return the metal of the potlines whose charge is known to its full length."""
    return {name: line.metal_t for name, line in sorted(lines.items()) if line.dc.minutes or line.liquid_ac.minutes}


def _is_whole(amount: Amount) -> bool:
    return amount.known_s >= WHOLE * _MINUTE_S


def _meter(amount: Amount) -> MeterSum:
    return MeterSum(amount.amount, _estimated(amount))


def _estimated(amount: Amount) -> float:
    return amount.amount * amount.estimated_s / amount.known_s if amount.known_s > 0 else 0.0


def _energy(inputs: PlantInputs, meters: Iterable[PlantMeter]) -> EnergySum:
    amounts = [inputs.energy_kwh[meter.meter] for meter in meters]
    kwh, estimated = fsum(each.amount for each in amounts), fsum(map(_estimated, amounts))
    if not all(map(_is_whole, amounts)):
        return EnergySum(kwh=kwh, estimated_kwh=estimated)
    return EnergySum(
        1, kwh, estimated, _least_covered(amounts), max(each.estimated_s for each in amounts), _worst(amounts)
    )


def _least_covered(amounts: Sequence[Amount]) -> float:
    return min(_MINUTE_S, *(each.covered_s for each in amounts))


def _worst(amounts: Sequence[Amount]) -> int:
    return min(each.quality for each in amounts)


def _liquid(inputs: PlantInputs, wanted: PlantWanted) -> Pair:
    """Return energy and metal of all potlines with the services that several of them share."""
    lines = [inputs.lines[name].comprehensive for name in wanted.potlines if name in inputs.lines]
    if wanted.elsewhere or len(lines) < len(wanted.potlines) or not all(line.minutes for line in lines):
        return Pair()
    together = Pair(
        minutes=1,
        energy_kwh=fsum(line.energy_kwh for line in lines),
        metal_t=fsum(line.metal_t for line in lines),
        covered_s=min(line.covered_s for line in lines),
        estimated_s=max(line.estimated_s for line in lines),
        estimated_kwh=fsum(line.estimated_kwh for line in lines),
        quality=min(line.quality for line in lines),
    )
    shared = [meter for meter in wanted.of(Measures.AUXILIARY_AC) if not meter.in_lines]
    return _with(together, [inputs.energy_kwh[meter.meter] for meter in shared])


def _with(pair: Pair, amounts: Sequence[Amount]) -> Pair:
    """Return a pair with further energies of the same minute; nothing where one of them is not whole."""
    if not pair.minutes or not all(map(_is_whole, amounts)):
        return Pair()
    return Pair(
        minutes=1,
        energy_kwh=fsum([pair.energy_kwh, *(each.amount for each in amounts)]),
        metal_t=pair.metal_t,
        covered_s=min([pair.covered_s, *(each.covered_s for each in amounts)]),
        estimated_s=max([pair.estimated_s, *(each.estimated_s for each in amounts)]),
        estimated_kwh=fsum([pair.estimated_kwh, *map(_estimated, amounts)]),
        quality=min([pair.quality, *(each.quality for each in amounts)]),
    )


def _load(inputs: PlantInputs, wanted: PlantWanted) -> LoadSum:
    """Return what the plant used: what came in and what it made itself; without incomers, what the potlines took."""
    own = wanted.of(Measures.GENERATION)
    renewable = [meter for meter in own if meter.technology is not None and meter.technology.is_renewable]
    made = [inputs.energy_kwh[meter.meter] for meter in own]
    if wanted.by_incomers:
        amounts = made + [inputs.energy_kwh[meter.meter] for meter in wanted.of(Measures.INCOMER_AC)]
        if not all(map(_is_whole, amounts)):
            return LoadSum()
        kwh, covered_s = fsum(each.amount for each in amounts), _least_covered(amounts)
        estimated_s, quality = max(each.estimated_s for each in amounts), _worst(amounts)
    else:
        lines = _liquid(inputs, wanted)
        if not lines.minutes or not all(map(_is_whole, made)):
            return LoadSum()
        kwh, covered_s = lines.energy_kwh, min([lines.covered_s, *(each.covered_s for each in made)])
        estimated_s = max([lines.estimated_s, *(each.estimated_s for each in made)])
        quality = min([lines.quality, *(each.quality for each in made)])
    own_kwh = fsum(inputs.energy_kwh[meter.meter].amount for meter in renewable)
    return LoadSum(1, kwh, own_kwh, covered_s, estimated_s, quality)


def _masses(inputs: PlantInputs, wanted: PlantWanted, metal: Mapping[str, float]) -> dict[str, dict[str, MassSum]]:
    metal_t = fsum(metal.values()) if len(metal) == len(wanted.potlines) else None
    if wanted.elsewhere:
        metal_t = 0.0  # the mass alone is stated: the metal of others is theirs to tell
    by_pollutant: dict[str, list[Amount]] = {}
    found: dict[str, dict[str, MassSum]] = {}
    for place, amount in zip(wanted.masses, inputs.masses_kg, strict=True):
        by_pollutant.setdefault(place.pollutant, []).append(amount)
        found.setdefault(place.stack, {})[place.pollutant] = _mass([amount], metal_t)
    if by_pollutant:
        found[WHOLE_PLANT] = {name: _mass(amounts, metal_t) for name, amounts in by_pollutant.items()}
    return found


def _mass(amounts: Sequence[Amount], metal_t: float | None) -> MassSum:
    known_kg = fsum(max(0.0, each.amount) for each in amounts)
    if metal_t is None or not all(map(_is_whole, amounts)):
        return MassSum(known_kg=known_kg)
    estimated_s = max(each.estimated_s for each in amounts)
    return MassSum(1, known_kg, known_kg, metal_t, _least_covered(amounts), estimated_s, _worst(amounts))
