"""What adds up for the plant as a whole: energies of what serves several potlines, and masses from its stacks. Pure.

As for a potline (``sums``): always with ``math.fsum``, so that hours, days and months are the same to the bit in
whatever order they are added.
"""

from collections.abc import Callable, Iterable, Mapping
from math import fsum
from typing import TypeVar

import msgspec

from collector.accounting.sums import WORST_OF_NOTHING, MeterSum, Pair

WHOLE_PLANT = ""
"""Stands for the plant where a potline's or a stack's name would: in the ledger, in marks, among the stacks."""

_T = TypeVar("_T")


class EnergySum(msgspec.Struct, frozen=True):
    """Energy of all meters of one kind.

    ``kwh`` is all that is known, ``estimated_kwh`` the part of it that was bridged over gaps; ``minutes`` are those in
    which every meter of the kind was known to its full length, ``covered_s`` and ``estimated_s`` the time in them.
    """

    minutes: int = 0
    kwh: float = 0.0
    estimated_kwh: float = 0.0
    covered_s: float = 0.0
    estimated_s: float = 0.0
    quality: int = WORST_OF_NOTHING


class LoadSum(msgspec.Struct, frozen=True):
    """Electricity that the plant used, and what its own renewable plants made, of the same whole minutes [kWh]."""

    minutes: int = 0
    kwh: float = 0.0
    own_renewable_kwh: float = 0.0
    covered_s: float = 0.0
    estimated_s: float = 0.0
    quality: int = WORST_OF_NOTHING


class MassSum(msgspec.Struct, frozen=True):
    """Mass of one pollutant. ``known_kg`` is all; ``mass_kg`` and ``metal_t`` are of the same whole minutes."""

    minutes: int = 0
    known_kg: float = 0.0
    mass_kg: float = 0.0
    metal_t: float = 0.0
    covered_s: float = 0.0
    estimated_s: float = 0.0
    quality: int = WORST_OF_NOTHING


class PlantSums(msgspec.Struct, frozen=True):
    """Additive amounts of the plant over some minutes.

    ``energy`` is by what meters measure, ``generation`` by technology, ``meters`` by meter. ``metal_t`` is what each
    potline made in minutes whose charge is known. ``masses`` are by stack and pollutant; of the whole plant under an
    empty name, in minutes in which every stack that measures the pollutant is known. ``liquid`` and ``ingot`` may be
    divided: energy up to liquid metal and up to ingots, of all potlines.
    """

    minutes: int = 0
    energy: dict[str, EnergySum] = {}
    generation: dict[str, EnergySum] = {}
    meters: dict[str, MeterSum] = {}
    metal_t: dict[str, float] = {}
    masses: dict[str, dict[str, MassSum]] = {}
    load: LoadSum = LoadSum()
    liquid: Pair = Pair()
    ingot: Pair = Pair()
    restated: int = 0


def plant_total(sums: Iterable[PlantSums]) -> PlantSums:
    """Add up. ``restated`` counts minutes that were stated again."""
    parts = list(sums)
    if not parts:
        return PlantSums()
    if len(parts) == 1:
        return parts[0]
    return PlantSums(
        minutes=sum(part.minutes for part in parts),
        energy=_by_name([part.energy for part in parts], _added),
        generation=_by_name([part.generation for part in parts], _added),
        meters=_by_name([part.meters for part in parts], _added),
        metal_t=_by_name([part.metal_t for part in parts], fsum),
        masses=_by_name([part.masses for part in parts], lambda stacks: _by_name(stacks, _added)),
        load=_added([part.load for part in parts]),
        liquid=_added([part.liquid for part in parts]),
        ingot=_added([part.ingot for part in parts]),
        restated=sum(part.restated for part in parts),
    )


def _by_name(parts: Iterable[Mapping[str, _T]], add: Callable[[list[_T]], _T]) -> dict[str, _T]:
    named: dict[str, list[_T]] = {}
    for part in parts:
        for name, amount in part.items():
            named.setdefault(name, []).append(amount)
    return {name: add(amounts) for name, amounts in sorted(named.items())}


_Sum = TypeVar("_Sum", EnergySum, LoadSum, MassSum, MeterSum, Pair)


def _added(amounts: list[_Sum]) -> _Sum:
    """Add the fields of structs: counts and amounts; of qualities the worst."""
    kind = type(amounts[0])
    found: dict[str, int | float] = {}
    for name in kind.__struct_fields__:
        values = [getattr(amount, name) for amount in amounts]
        if name == "quality":
            found[name] = min(values)
        else:
            found[name] = sum(values) if name == "minutes" else fsum(values)
    return msgspec.convert(found, kind)
