"""Intervals of the plant as a whole: energies by what they serve, masses from stacks, kWh/t and kg/t of all potlines.

Which amounts there are depends on the plant: each that any entry of the period has is a column, named by its place in
the entry, with a meter, stack or potline named in it: ``meters_<meter>_kwh``, ``masses_<stack>_<pollutant>_...``.
"""

import sqlite3
from collections.abc import Iterator

import msgspec

from collector.accounting.intensity import FARADAY
from collector.accounting.plant_metal import plant_by_weight, plant_metal
from collector.accounting.plant_sums import WHOLE_PLANT, MassSum, PlantSums
from collector.accounting.sums import Pair
from collector.closing.plant_book import PlantStated, plant_stated
from collector.domain.pollutants import specific_emission_kg_per_t
from collector.reporting.export.entries import Span, entries
from collector.reporting.export.intervals import (
    HEAD,
    TAIL,
    Beside,
    Judged,
    beside_of,
    columns_of_boundary,
    energy_cells,
    head,
    tail,
)
from collector.reporting.export.table import Column, Kind, Row, Table, Value

_COUNTS = {"minutes": "whole_minutes", "restated": "restated_minutes"}
_BOUNDARIES = {"liquid_comprehensive_ac": "liquid", "ingot_comprehensive_ac": "ingot"}
_APART = {*_COUNTS, *_BOUNDARIES.values()}


class _MetalU(msgspec.Struct):
    metal_standard_uncertainty_t: float | None = None


_metal_u_of = msgspec.json.Decoder(_MetalU).decode


def plant_table(db: sqlite3.Connection, windows: list[str], span: Span, judged: Judged, *, superseded: bool) -> Table:
    """Return the intervals of the plant as a whole.

    Parameters
    ----------
    db
        The store. It is gone through twice: first for the names of all amounts.
    windows
        Names of windows.
    span
        Which entries.
    judged
        By what ratios are made.
    superseded
        Also intervals that were stated again since, each revision in a row of its own.
    """
    amounts: dict[str, Kind] = {}
    for window in windows:
        for kept in entries(db, WHOLE_PLANT, window, span, superseded=superseded):
            for name, value in _amounts(plant_stated(kept.record), kept.record.length_s, judged).items():
                amounts[name] = Kind.COUNT if isinstance(value, int) else amounts.get(name, Kind.NUMBER)
    told = [
        *(Column(name, Kind.COUNT) for name in _COUNTS.values()),
        *(column for boundary in _BOUNDARIES for column in columns_of_boundary(boundary)),
        Column("metal_basis", Kind.TEXT),
        Column("metal_u_t", Kind.NUMBER),
        *(Column(name, amounts[name]) for name in sorted(amounts)),
    ]
    return Table((*HEAD, *told, *TAIL), _rows(db, windows, span, judged, sorted(amounts), superseded=superseded))


def _rows(
    db: sqlite3.Connection, windows: list[str], span: Span, judged: Judged, names: list[str], *, superseded: bool
) -> Iterator[Row]:
    for window in windows:
        for kept in entries(db, WHOLE_PLANT, window, span, superseded=superseded):
            entry = plant_stated(kept.record)
            beside = beside_of(kept.record.body)
            amounts = _amounts(entry, kept.record.length_s, judged)
            yield (
                *head(kept),
                *(getattr(entry.sums, name) for name in _COUNTS),
                *_energies(entry, beside, kept.record.length_s, judged),
                plant_metal(entry.sums, entry.metal).basis.value,
                _metal_u_of(kept.record.body).metal_standard_uncertainty_t,
                *(amounts.get(name) for name in names),
                *tail(beside, entry.parameters),
            )


def _energies(entry: PlantStated, beside: Beside, length_s: float, judged: Judged) -> Iterator[Value]:
    weighed = plant_by_weight(entry.sums, entry.metal)
    for boundary, name in _BOUNDARIES.items():
        pair: Pair = getattr(weighed, name)
        relative = beside.expanded_relative_uncertainty.get(boundary)
        yield from energy_cells(pair, FARADAY, relative, length_s, judged.least_coverage_pct)


def _amounts(entry: PlantStated, length_s: float, judged: Judged) -> dict[str, Value]:
    """Return all amounts of an entry by the names of their columns, and kg/t of each stack and pollutant."""
    found: dict[str, Value] = {}
    for field in PlantSums.__struct_fields__:
        if field not in _APART:
            found |= _flat(field, getattr(entry.sums, field))
    for stack, pollutants in plant_by_weight(entry.sums, entry.metal).masses.items():
        for pollutant, mass in pollutants.items():
            found[_named("masses", stack, pollutant, "kg_per_t")] = _kg_per_t(mass, length_s, judged)
    return found


def _flat(name: str, value: object) -> dict[str, Value]:
    if isinstance(value, msgspec.Struct):
        parts = ((_named(name, field), getattr(value, field)) for field in value.__struct_fields__)
    elif isinstance(value, dict):
        # The unit comes last: metal_t of a potline is metal_<potline>_t.
        stem, unit = ("metal", "t") if name == "metal_t" else (name, "")
        parts = ((_named(stem, key, unit), each) for key, each in value.items())
    elif isinstance(value, int | float):
        return {name: value}
    else:
        raise TypeError(f"amount {name} of the plant is {value!r}, which no column of a table holds")
    found: dict[str, Value] = {}
    for key, each in parts:
        found |= _flat(key, each)
    return found


def _named(first: str, *parts: str) -> str:
    """Return the name of a column; the plant as a whole has an empty name among stacks."""
    *between, last = parts
    return "_".join([first, *(part or "plant" for part in between), *([last] if last else [])])


def _kg_per_t(mass: MassSum, length_s: float, judged: Judged) -> float | None:
    coverage_pct = 100 * (mass.covered_s + mass.estimated_s) / length_s
    if not mass.minutes or coverage_pct < judged.least_coverage_pct - 1e-6 or not mass.metal_t > 0:
        return None
    return specific_emission_kg_per_t(mass.mass_kg, metal_t=mass.metal_t)
