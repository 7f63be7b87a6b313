"""What is inside each kWh/t of a period: a potline's own account, services that lines share by metal, casting. Pure.

A potline's ledger holds its own meters and its fixed shares. What the metal shares, and what the casthouse took, stands
in the account of the plant; it is brought to the potlines here, over the metal of the whole period.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import fsum

from collector.accounting.intensity import boundaries
from collector.accounting.plant_account import allocated_kwh
from collector.accounting.plant_sums import WHOLE_PLANT, EnergySum, PlantSums
from collector.accounting.shared_services import shared_by_metal, with_energy, with_shared
from collector.accounting.sums import Pair, total
from collector.domain.boundaries import ingot_comprehensive_ac_kwh
from collector.plant.meter import Measures, Meter
from collector.reporting.basis import Basis, LineBasis
from collector.reporting.statement import Lack

INGOT = "ingot_comprehensive_ac"
_COMPREHENSIVE = "liquid_comprehensive_ac"
_WHOLE = 0.999


@dataclass(frozen=True, slots=True)
class Cast:
    """Liquid metal that was cast and the ingots of it, of the whole plant in a period [t]."""

    liquid_t: float
    ingots_t: float


def pairs_of(basis: Basis, line: LineBasis | None) -> dict[str, Pair]:
    """Return energy and metal of each boundary that can be stated, of a potline or, with None, of all together."""
    if line is None:
        found = boundaries(total(each.sums for each in basis.lines))
        parts = [_comprehensive(basis, each) for each in basis.lines]
        kwh = fsum([*(part.energy_kwh for part in parts), _of_no_line(basis, Measures.AUXILIARY_AC)])
        found[_COMPREHENSIVE] = replace_energy(found[_COMPREHENSIVE], kwh, parts)
    else:
        found = boundaries(line.sums)
        found[_COMPREHENSIVE] = _comprehensive(basis, line)
    ingot = _ingot(basis, line, found[_COMPREHENSIVE])
    return found if ingot is None else {**found, INGOT: ingot}


def replace_energy(pair: Pair, kwh: float, parts: list[Pair]) -> Pair:
    """Return a pair with another energy, as well known as its parts are."""
    if not all(part.minutes for part in parts):
        return Pair()
    whole = Pair(
        minutes=sum(part.minutes for part in parts),
        energy_kwh=kwh,
        metal_t=pair.metal_t,
        covered_s=fsum(part.covered_s for part in parts),
        estimated_s=fsum(part.estimated_s for part in parts),
        estimated_kwh=fsum(part.estimated_kwh for part in parts),
        quality=min(part.quality for part in parts),
    )
    return whole if kwh != pair.energy_kwh else pair


def _comprehensive(basis: Basis, line: LineBasis) -> Pair:
    """Return the comprehensive pair of a line, with its part of the services that lines share by metal."""
    shared = shared_by_metal(basis.plant)
    return with_shared(line.sums.comprehensive, line.potline.id, shared, basis.of_plant, basis.known_s)


def _unshared(basis: Basis) -> list[Meter]:
    """Return the services of which nobody said which potlines they serve."""
    plant = basis.plant
    return [
        meter
        for meter in plant.plant_meters(Measures.AUXILIARY_AC)
        if meter.allocation is None and len(plant.potlines) > 1
    ]


def _of_no_line(basis: Basis, measures: Measures) -> float:
    """Return what is the plant's and no potline's [kWh]; of some of its potlines alone, nothing is."""
    if basis.of_plant is None or not basis.is_of_all_lines:
        return 0.0
    meters = _unshared(basis) if measures is Measures.AUXILIARY_AC else basis.plant.plant_meters(measures)
    return allocated_kwh(basis.of_plant, meters).get(WHOLE_PLANT, {}).get(measures.value, 0.0)


def cast_of(basis: Basis) -> Cast | None:
    """Return what was cast in the period; None where it is not told for all of it."""
    told = basis.plant.casthouse
    if told is None:
        return None
    start_ns, end_ns = basis.window.start_ns, basis.last_ns + 1
    if told.liquid.known_ns(start_ns, end_ns) < _WHOLE * (end_ns - start_ns):
        return None
    return Cast(told.liquid.between(start_ns, end_ns), told.ingots.between(start_ns, end_ns))


def _ingot(basis: Basis, line: LineBasis | None, liquid: Pair) -> Pair | None:
    cast, sums = cast_of(basis), basis.of_plant
    energy = None if sums is None else sums.energy.get(Measures.CASTHOUSE_AC.value)
    if cast is None or sums is None or energy is None or not cast.ingots_t > 0:
        return None
    if not liquid.minutes or not liquid.metal_t > 0:
        return Pair()
    part, kwh = _part_of_casting(basis, line, sums)
    liquid_t, ingots_t = cast.liquid_t * part, cast.ingots_t * part
    if not ingots_t > 0:
        return Pair()
    whole_kwh = ingot_comprehensive_ac_kwh(
        liquid.energy_kwh / liquid.metal_t, liquid_cast_t=liquid_t, casting_kwh=max(0.0, kwh)
    )
    lines = len(basis.lines) if line is None else 1
    known = with_energy(liquid, kwh, replace_times(energy, lines), basis.known_s * lines)
    return Pair(
        known.minutes, whole_kwh, ingots_t, known.covered_s, known.estimated_s, known.estimated_kwh, known.quality
    )


def replace_times(energy: EnergySum, lines: int) -> EnergySum:
    """Return an energy with its times as often as there are potlines: those of a pair of several add up, too."""
    return EnergySum(
        energy.minutes,
        energy.kwh,
        energy.estimated_kwh,
        energy.covered_s * lines,
        energy.estimated_s * lines,
        energy.quality,
    )


def _part_of_casting(basis: Basis, line: LineBasis | None, sums: PlantSums) -> tuple[float, float]:
    """Return what part of the metal that was cast is a line's [1], by its metal, and what casting it took [kWh]."""
    by_line = allocated_kwh(sums, [m for m in basis.plant.meters if m.measures is Measures.CASTHOUSE_AC])
    lines = basis.lines if line is None else (line,)
    names = [each.potline.id for each in lines]
    whole_t = fsum(sums.metal_t.values())
    part = fsum(sums.metal_t.get(name, 0.0) for name in names) / whole_t if whole_t > 0 else 0.0
    wanted = [*names, WHOLE_PLANT] if line is None and basis.is_of_all_lines else names
    return part, fsum(by_line.get(name, {}).get(Measures.CASTHOUSE_AC.value, 0.0) for name in wanted)


def lacking(basis: Basis) -> Iterator[Lack]:
    """Yield what of the boundaries is not configured or not known."""
    plant = basis.plant
    for meter in _unshared(basis):
        what = f"liquid_comprehensive_ac of single potlines: {meter.id} serves several, and is in none of them"
        yield Lack(what, f'add allocate to [meters.{meter.id}]: "by_metal", or a share for each potline')
    if shared_by_metal(plant) and basis.of_plant is None:
        what = "liquid_comprehensive_ac: services that the metal shares are not in the ledger of the period"
        yield Lack(what, "state a period in which the plant's account was kept")
    for line in basis.lines:
        name = line.potline.id
        if not plant.meters_on(line.potline, Measures.STARTUP_AC):
            what = f"liquid_ac of {name}: energy of pots that are started is not measured apart, and is in it"
            yield Lack(what, "add a meter with measures = startup_ac")
        if line.potline.idle_busbar_share is None:
            what = f"liquid_ac of {name}: losses of busbars around pots that are cut out are in it"
            yield Lack(what, f"add idle_busbar_loss to [potlines.{name}]")
        if line.potline.line_loss_share is None:
            what = f"liquid_comprehensive_ac of {name}: losses before the meters are not in it"
            yield Lack(what, f"add line_losses to [potlines.{name}]")
    if not any(meter.measures is Measures.CASTHOUSE_AC for meter in plant.meters):
        yield Lack(f"{INGOT}: the energy of casting is not measured", "add a meter with measures = casthouse_ac")
    if plant.casthouse is None:
        yield Lack(f"{INGOT}: nobody tells the liquid metal that was cast, and the ingots", "add [casthouse] cast_csv")
    elif cast_of(basis) is None:
        yield Lack(f"{INGOT}: what was cast is not told for all of the period", "complete the sheet of [casthouse]")
