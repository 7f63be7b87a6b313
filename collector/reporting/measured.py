"""What meters outside the potlines' accounts counted or showed in a period, from the inputs that the store keeps."""

import sqlite3
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from collector.accounting.cells import Rule
from collector.accounting.integrals import Amount, between
from collector.accounting.rules import rules
from collector.accounting.windows import windows_between
from collector.closing.book import stated
from collector.plant.materials import COUNTED
from collector.plant.meter import Measures, Meter
from collector.plant.topology import Plant
from collector.readings.cell import Cell
from collector.readings.quantity import Quantity
from collector.reporting.basis import Basis, HourOfLoad
from collector.store import inputs, ledger

_SECOND_NS = 1_000_000_000


def with_counted(db: sqlite3.Connection, basis: Basis, *, longest_gap_s: float) -> Basis:
    """Return a basis with what own plants generated and meters of fuels counted."""
    plant = basis.plant
    wanted = [(meter, Quantity.ACTIVE_ENERGY_IMPORT) for meter in plant.plant_meters(Measures.GENERATION)]
    for fuel in plant.materials.fuels:
        wanted += [
            (meter, next(q for q in COUNTED if q in meter.quantities and q.unit == fuel.unit))
            for meter in plant.meters
            if meter.id == fuel.meter
        ]
    end_ns = basis.window.start_ns + round(basis.known_s * 1e9)
    booked, counted = rules(plant), {}
    for meter, quantity in wanted:
        cells = cells_of(db, plant, meter, quantity, basis.window.start_ns, end_ns)
        if cells:
            rule = booked[plant.points.place(meter.id, quantity)]
            counted[meter.id, quantity] = _amount(
                rule, cells, basis.window.start_ns, end_ns, longest_gap_s=longest_gap_s
            )
    return replace(basis, counted=counted)


def with_hours(db: sqlite3.Connection, basis: Basis, *, longest_gap_s: float) -> Basis:
    """Return a basis with the hours in which load and own renewable generation are known."""
    plant, window = basis.plant, basis.window
    end_ns = window.start_ns + round(basis.known_s * 1e9)
    loads: dict[int, list[float]] = {}
    for line in basis.lines:
        for record in ledger.latest_records(db, line.potline.id, "hour", window.start_ns, end_ns):
            pair = stated(record).sums.comprehensive
            if pair.covered_s + pair.estimated_s >= basis.least_coverage_pct / 100 * record.length_s:
                loads.setdefault(record.start_ns, []).append(pair.energy_kwh)
    meters = [m for m in plant.plant_meters(Measures.GENERATION) if m.technology and m.technology.is_renewable]
    energy = Quantity.ACTIVE_ENERGY_IMPORT
    booked = rules(plant)
    kept = [
        (booked[plant.points.place(meter.id, energy)], cells_of(db, plant, meter, energy, window.start_ns, end_ns))
        for meter in meters
    ]
    found = []
    for hour in windows_between("hour", window.start_ns, end_ns, plant.calendar):
        if len(loads.get(hour.start_ns, [])) < len(basis.lines):
            continue
        amounts = [
            _amount(
                rule,
                around(cells, hour.start_ns, hour.end_ns),
                hour.start_ns,
                hour.end_ns,
                longest_gap_s=longest_gap_s,
            )
            for rule, cells in kept
        ]
        if any(amount.known_s < basis.least_coverage_pct / 100 * hour.length_s for amount in amounts):
            continue
        generated = sum(max(0.0, amount.amount) for amount in amounts)
        found.append(HourOfLoad(hour.start_ns, hour.end_ns, sum(loads[hour.start_ns]), generated))
    return replace(basis, hours=tuple(found))


def around(cells: Sequence[Cell], start_ns: int, end_ns: int) -> Sequence[Cell]:
    """Return the cells of an interval, with the nearest one before and after it."""
    first = bisect_left(cells, start_ns, key=lambda cell: cell.minute_ns)
    last = bisect_left(cells, end_ns, key=lambda cell: cell.minute_ns)
    return cells[max(0, first - 1) : last + 1]


def cells_of(
    db: sqlite3.Connection, plant: Plant, meter: Meter, quantity: Quantity, start_ns: int, end_ns: int
) -> list[Cell]:
    """Return the cells of a meter's quantity in an interval, with their neighbours; none where none lies in it."""
    name = plant.points[plant.points.place(meter.id, quantity)].name
    cells = inputs.cells_of(db, name, start_ns, end_ns)
    return cells if any(start_ns <= cell.minute_ns < end_ns for cell in cells) else []


def _amount(rule: Rule, cells: Sequence[Cell], start_ns: int, end_ns: int, *, longest_gap_s: float) -> Amount:
    return between(cells, start_ns, end_ns, shape=rule.shape, longest_gap_s=longest_gap_s, modulus=rule.modulus)
