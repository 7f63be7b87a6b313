"""Means that limits are judged by, from the inputs that the store keeps; masses per tonne from the plant's ledger."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import fsum

from collector.accounting.integrals import Amount, Shape, between
from collector.accounting.plant_sums import WHOLE_PLANT, MassSum
from collector.accounting.rules import accounted
from collector.domain.flue_gas import NORMAL, concentration_at_reference
from collector.plant.limits import SPECIFIC, Limit
from collector.plant.meter import POLLUTANTS, GasConditions, Meter
from collector.readings.cell import Cell
from collector.readings.quantity import Kind, Quantity
from collector.reporting.basis import Averages, Basis
from collector.reporting.bounds import Bound, bounds_of
from collector.reporting.measured import around, cells_of
from collector.reporting.plant_reading import plant_hours

_STATE = (Quantity.GAS_TEMPERATURE, Quantity.GAS_PRESSURE, Quantity.H2O)
_AS_TOLD = {
    None: "nobody said what the analyser refers to",
    GasConditions.DUCT: "wet gas as it is in the duct",
    GasConditions.NORMAL_DRY: "dry gas at 0 degC and 101.325 kPa",
}

_Block = tuple[int, float, float]
"""Beginning [ns], mean, and the share of it that is covered [1]."""


def with_averages(db: sqlite3.Connection, basis: Basis, *, longest_gap_s: float) -> Basis:
    """Return a basis with the means that limits are judged by, of what is measured and kept."""
    end_ns = basis.last_ns + 1
    averages: dict[str, tuple[Averages, ...]] = {}
    hours: list[tuple[int, dict[str, dict[str, MassSum]]]] | None = None
    for bound in bounds_of(basis.plant, basis.rules):
        limit = bound.limit
        if not basis.has_in_force(limit):
            continue
        if limit.unit == SPECIFIC:
            if hours is None:
                hours = [(start, sums.masses) for start, sums in plant_hours(db, basis.window.start_ns, end_ns)]
            found = _per_tonne(bound, basis, hours)
        else:
            found = [
                told
                for meter in _meters(basis, limit)
                if (told := _of_meter(db, basis, bound, meter, end_ns, longest_gap_s)) is not None
            ]
        if found:
            averages[bound.key] = tuple(found)
    return replace(basis, averages=averages)


def _meters(basis: Basis, limit: Limit) -> list[Meter]:
    """Return the meters that a limit holds for: of its stack, of its potline, or all that have the quantity."""
    return [
        meter
        for meter in basis.plant.meters
        if limit.quantity in accounted(meter)
        and limit.quantity.kind is not Kind.COUNTER
        and (not limit.stack or meter.stack == limit.stack)
        and (not limit.potline or meter.potline == limit.potline)
    ]


def _of_meter(
    db: sqlite3.Connection, basis: Basis, bound: Bound, meter: Meter, end_ns: int, longest_gap_s: float
) -> Averages | None:
    """Return a meter's means; None where nothing of it is kept, or it cannot be brought to the limit's reference."""
    quantity, start_ns = bound.limit.quantity, basis.window.start_ns

    def means(of: Meter, what: Quantity) -> list[_Block]:
        cells = cells_of(db, basis.plant, of, what, start_ns, end_ns)
        times = bound.blocks(start_ns, end_ns, basis.plant.calendar) if cells else []
        return list(_blocks(cells, times, longest_gap_s))

    cells = cells_of(db, basis.plant, meter, quantity, start_ns, end_ns)
    if not cells:
        return None
    blocks, reference = means(meter, quantity), ""
    if quantity in POLLUTANTS:
        reference = _AS_TOLD[meter.conditions]
        if bound.is_normal and meter.conditions is not GasConditions.NORMAL_DRY:
            state = [_first(basis, meter.stack, each) for each in _STATE]
            if meter.conditions is None or None in state:
                return Averages(meter.id, quantity, (), (), (), reference=reference)
            of_gas = [means(each, what) for each, what in zip(state, _STATE, strict=True) if each is not None]
            blocks = list(_normal(blocks, of_gas))
            reference = f"brought to {_AS_TOLD[GasConditions.NORMAL_DRY]}"
    starts, values, covered = zip(*blocks, strict=True) if blocks else ((), (), ())
    return Averages(meter.id, quantity, starts, values, covered, reference=reference)


def _first(basis: Basis, stack: str, quantity: Quantity) -> Meter | None:
    return next((each for each in basis.plant.stack_meters(stack) if quantity in each.quantities), None)


def _normal(blocks: Sequence[_Block], state: Sequence[Sequence[_Block]]) -> Iterator[_Block]:
    """Yield concentrations of dry gas at normal conditions, where the state of the gas is known in the same block."""
    known = [{start: (mean, covered) for start, mean, covered in each} for each in state]
    for start, mean, covered in blocks:
        told = [each.get(start) for each in known]
        found = [each for each in told if each is not None]
        if len(found) < len(known):
            continue
        temperature, pressure, moisture = (value for value, _ in found)
        normal = concentration_at_reference(
            max(0.0, mean),
            temperature_c=temperature,
            ambient_kpa=pressure * 100,  # kPa per bar; the pressure is absolute
            static_kpa=0.0,
            water_fraction=moisture / 100,
            reference=NORMAL,
        )
        yield start, normal, min([covered, *(share for _, share in found)])


def _blocks(cells: Sequence[Cell], times: Sequence[tuple[int, int]], longest_gap_s: float) -> Iterator[_Block]:
    """Yield each block that has a reading."""
    for start_ns, end_ns in times:
        near = around(cells, start_ns, end_ns)
        amount: Amount = between(near, start_ns, end_ns, shape=Shape.GAUGE, longest_gap_s=longest_gap_s, modulus=None)
        if amount.known_s > 0:
            yield start_ns, amount.amount / amount.known_s, amount.covered_s / ((end_ns - start_ns) * 1e-9)


def _per_tonne(
    bound: Bound, basis: Basis, hours: Sequence[tuple[int, dict[str, dict[str, MassSum]]]]
) -> list[Averages]:
    """Return the mass of a pollutant per tonne of metal: sums of hours over sums of hours."""
    limit = bound.limit
    stack, label = limit.stack or WHOLE_PLANT, limit.quantity.label
    told = [(start, masses[stack][label]) for start, masses in hours if label in masses.get(stack, {})]
    found: list[_Block] = []
    for start_ns, end_ns in bound.blocks(basis.window.start_ns, basis.last_ns + 1, basis.plant.calendar):
        here = [mass for start, mass in told if start_ns <= start < end_ns and mass.minutes]
        metal_t = fsum(mass.metal_t for mass in here)
        if metal_t > 0:
            known_s = fsum(mass.covered_s + mass.estimated_s for mass in here)
            mean = fsum(mass.mass_kg for mass in here) / metal_t
            found.append((start_ns, mean, known_s / ((end_ns - start_ns) * 1e-9)))
    if not told:
        return []
    starts, values, covered = zip(*found, strict=True) if found else ((), (), ())
    where = limit.stack or "all stacks that are measured"
    return [Averages(where, limit.quantity, starts, values, covered, reference="mass over metal")]
