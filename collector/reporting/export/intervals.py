"""Intervals of potlines: what the ledger says of each, and the ratios that follow, as the streams have them.

Everything that the sums of an entry hold has a column under its own name. What may be divided stands once more by
boundary, with the metal as it is stated: scaled from Faraday's law to what was weighed, where that is known.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import msgspec

from collector.accounting import intensity
from collector.accounting.intensity import EmissionsIntensity, Metal, WeighedTonnes
from collector.accounting.parameters import Conventions, Parameters
from collector.accounting.sums import MeterSum, Pair, Sums
from collector.closing.book import Stated, stated
from collector.closing.projection import ParametersOf
from collector.plant.topology import Plant
from collector.reporting.export.entries import Kept, Span, entries
from collector.reporting.export.table import Column, Kind, Row, Table, Value, columns

HEAD = (
    Column("potline", Kind.TEXT),
    Column("window", Kind.TEXT),
    Column("start_utc", Kind.TIME),
    Column("end_utc", Kind.TIME),
    Column("length_s", Kind.COUNT),
    Column("revision", Kind.COUNT),
    Column("is_in_force", Kind.TRUTH),
    Column("reason", Kind.TEXT),
    Column("written_utc", Kind.TIME),
    Column("seq", Kind.COUNT),
)
TAIL = (
    Column("inputs_digest", Kind.TEXT),
    Column("parameters_digests", Kind.TEXT),
    Column("findings_json", Kind.TEXT),
    Column("not_configured_json", Kind.TEXT),
)
_COUNTS = {
    "minutes": "whole_minutes",
    "pots": "pots_operating",
    "anode_effects": "anode_effects",
    "pots_minutes": "pots_minutes",
    "restated": "restated_minutes",
    "electricity_withheld": "electricity_withheld_minutes",
    "startup_effects": "startup_effects",
}
"""Sums that count, under the names of their columns."""
_PLAIN = tuple(each.name for each in msgspec.structs.fields(Sums) if each.type is float)
_IN_PAIR = ("energy_kwh", "covered_s", "estimated_s", "estimated_kwh")
_BOUNDARIES = tuple(intensity.boundaries(Sums()))
_STATED = ("metal_t", "kwh_per_t", "kwh_per_t_u95", "coverage_pct", "estimated_pct")
_EMISSIONS = tuple(
    each.name for each in fields(EmissionsIntensity) if each.name not in {"metal_t", "coverage_pct", "quality", "basis"}
)
_WEIGHED = tuple(each.name for each in fields(WeighedTonnes))
_WEIGHED_NAMES = {
    "tapped_t": "metal_tapped_t",
    "count": "metal_weighings",
    "relative": "metal_weighing_relative_u",
    "growth_t": "metal_growth_t",
    "growth_standard_t": "metal_growth_u_t",
    "unknown_standard_t": "metal_unknown_u_t",
}


class _Meters(msgspec.Struct):
    meters: dict[str, MeterSum] = {}


class _OnlyMeters(msgspec.Struct):
    """The part of a body that says which meters it has."""

    sums: _Meters


class Beside(msgspec.Struct):
    """What stands in a body beside its sums."""

    inputs: str = ""
    findings: tuple[str, ...] = ()
    not_configured: tuple[str, ...] = ()
    expanded_relative_uncertainty: dict[str, float | None] = {}


_meters_of = msgspec.json.Decoder(_OnlyMeters).decode
beside_of = msgspec.json.Decoder(Beside).decode


@dataclass(frozen=True, slots=True)
class Judged:
    """By what ratios are made: the plant and its conventions, and below which coverage a ratio is withheld [%]."""

    plant: Plant
    conventions: Conventions
    least_coverage_pct: float


def intervals_table(
    db: sqlite3.Connection, places: Sequence[tuple[str, str]], span: Span, judged: Judged, *, superseded: bool
) -> Table:
    """Return the intervals of potlines.

    Parameters
    ----------
    db
        The store. It is gone through twice: first for the names of the meters, each of which has its columns.
    places
        Potlines and windows.
    span
        Which entries.
    judged
        By what ratios are made.
    superseded
        Also intervals that were stated again since, each revision in a row of its own.
    """
    meters = sorted(
        {
            meter
            for potline, window in places
            for kept in entries(db, potline, window, span, superseded=superseded)
            for meter in _meters_of(kept.record.body).sums.meters
        }
    )
    told = [
        *columns(Kind.COUNT, _COUNTS.values()),
        *columns(Kind.NUMBER, _PLAIN),
        *(column for boundary in _BOUNDARIES for column in columns_of_boundary(boundary)),
        *columns(Kind.NUMBER, (*_EMISSIONS, "t_co2e_per_t_u95")),
        Column("metal_basis", Kind.TEXT),
        Column("metal_scale_to_faraday", Kind.NUMBER),
        *(Column(_WEIGHED_NAMES[name], Kind.COUNT if name == "count" else Kind.NUMBER) for name in _WEIGHED),
        *(
            Column(f"meter_{meter}_{name}", Kind.COUNT if name == "minutes" else Kind.NUMBER)
            for meter in meters
            for name in MeterSum.__struct_fields__
        ),
    ]
    return Table((*HEAD, *told, *TAIL), _rows(db, places, span, judged, meters, superseded=superseded))


def columns_of_boundary(boundary: str) -> Iterator[Column]:
    """Yield the columns of a boundary, as `energy_cells` fills them."""
    yield Column(f"{boundary}_pair_minutes", Kind.COUNT)
    yield from columns(Kind.NUMBER, (f"{boundary}_{name}" for name in (*_IN_PAIR, *_STATED)))
    yield Column(f"{boundary}_quality", Kind.COUNT)


def head(kept: Kept) -> tuple[Value, ...]:
    """Return the first cells of the row of an entry."""
    of = kept.record
    end_ns = of.start_ns + of.length_s * 1_000_000_000
    first = (of.potline, of.window, of.start_ns, end_ns, of.length_s)
    return (*first, of.revision, kept.is_in_force, of.reason, kept.written_ns, kept.seq)


def tail(beside: Beside, parameters: Iterable[str]) -> tuple[Value, ...]:
    """Return the last cells of the row of an entry."""
    return (beside.inputs or None, " ".join(parameters), _listed(beside.findings), _listed(beside.not_configured))


def _listed(words: Sequence[str]) -> str | None:
    return json.dumps(words, ensure_ascii=False) if words else None


def _rows(
    db: sqlite3.Connection,
    places: Iterable[tuple[str, str]],
    span: Span,
    judged: Judged,
    meters: Sequence[str],
    *,
    superseded: bool,
) -> Iterator[Row]:
    parameters = ParametersOf(db, judged.plant, judged.conventions)
    for potline, window in places:
        for kept in entries(db, potline, window, span, superseded=superseded):
            entry = stated(kept.record)
            beside = beside_of(kept.record.body)
            sums = entry.sums
            found = parameters(potline, kept.record.start_ns, entry)
            length_s = float(kept.record.length_s)
            yield (
                *head(kept),
                *(getattr(sums, name) for name in _COUNTS),
                *(getattr(sums, name) for name in _PLAIN),
                *_energies(entry, beside, length_s, judged),
                *_emissions(entry, beside, length_s, judged, found),
                *_metal(entry.metal),
                *_meters(sums.meters, meters),
                *tail(beside, entry.parameters),
            )


def _energies(entry: Stated, beside: Beside, length_s: float, judged: Judged) -> Iterator[Value]:
    for boundary, pair in intensity.boundaries(entry.sums).items():
        relative = beside.expanded_relative_uncertainty.get(boundary)
        yield from energy_cells(pair, entry.metal, relative, length_s, judged.least_coverage_pct)


def energy_cells(
    pair: Pair, metal: Metal, relative_95: float | None, length_s: float, least_coverage_pct: float
) -> Iterator[Value]:
    """Yield the cells of a boundary: minutes, the pair's amounts, what is stated, quality."""
    found = intensity.energy_intensity(pair, length_s=length_s, least_coverage_pct=least_coverage_pct, metal=metal)
    yield pair.minutes
    if found is None:
        yield from (None,) * (len(_IN_PAIR) + len(_STATED) + 1)
        return
    yield from (getattr(pair, name) for name in _IN_PAIR)
    yield from (found.metal_t, found.kwh_per_t, _times(found.kwh_per_t, relative_95))
    yield from (found.coverage_pct, found.estimated_pct, found.quality)


def _emissions(
    entry: Stated, beside: Beside, length_s: float, judged: Judged, parameters: Parameters | None
) -> Iterator[Value]:
    found = None
    if parameters is not None:
        least = judged.least_coverage_pct
        found = intensity.emissions_intensity(
            entry.sums,
            parameters,
            length_s=length_s,
            least_coverage_pct=least,
            metal=entry.metal,
            fuel_t=None if entry.fuels is None else entry.fuels.t_co2,
        )
    if found is None:
        yield from (None,) * (len(_EMISSIONS) + 1)
        return
    yield from (getattr(found, name) for name in _EMISSIONS)
    yield _times(found.t_co2e_per_t, beside.expanded_relative_uncertainty.get("t_co2e_per_t"))


def _times(value: float | None, relative: float | None) -> float | None:
    return None if value is None or relative is None else value * relative


def _metal(metal: Metal) -> Iterator[Value]:
    yield metal.basis.value
    yield metal.scale
    yield from (None if metal.weighed is None else getattr(metal.weighed, name) for name in _WEIGHED)


def _meters(found: Mapping[str, MeterSum], meters: Sequence[str]) -> Iterator[Value]:
    for meter in meters:
        amount = found.get(meter)
        yield from (None if amount is None else getattr(amount, name) for name in MeterSum.__struct_fields__)
