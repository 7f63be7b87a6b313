"""Metal of a period as it is stated: by weight where closed days or months were weighed, by charge elsewhere. Pure.

A period is made of entries of the ledger, the longest there are, and each says how its metal is stated. So a month that
was reconciled counts by its weight, and of one that is not over yet those of its days that were. Energy, anodes and
ratios go by the same tonnes, because the sums themselves are brought to them (`by_weight`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import fsum, hypot

import msgspec

from collector.accounting.error_sources import ErrorSource, WeighedMetal, Weighings
from collector.accounting.intensity import FARADAY, Metal, WeighedTonnes
from collector.accounting.metal_basis import MetalBasis
from collector.accounting.sums import Pair, Sums

_WEAKEST_FIRST = (MetalBasis.FARADAY, MetalBasis.TAPPED, MetalBasis.RECONCILED)

WEIGHING = "weighing"
"""The error of weighing, by name: the same one wherever metal of the plant is weighed."""


def by_weight(sums: Sums, metal: Metal) -> Sums:
    """Return sums with every tonne of metal, and what is reckoned per tonne, as it is stated.

    Parameters
    ----------
    sums
        Of an interval, with the metal of Faraday's law [t].
    metal
        How the metal of that interval is stated.

    Returns
    -------
    Sums
        Energies, times and counts are the same. The anodes' CO2 follows the metal; perfluorocarbons do so when they
        are worked out from the pair's metal.
    """
    if metal.scale == 1.0:
        return sums
    return msgspec.structs.replace(
        sums,
        metal_t=sums.metal_t * metal.scale,
        anode_t_co2=sums.anode_t_co2 * metal.scale,
        dc=scaled(sums.dc, metal.scale),
        liquid_ac=scaled(sums.liquid_ac, metal.scale),
        comprehensive=scaled(sums.comprehensive, metal.scale),
    )


def scaled(pair: Pair, scale: float) -> Pair:
    """Return a pair with so many times its metal."""
    return msgspec.structs.replace(pair, metal_t=pair.metal_t * scale)


def weakest(bases: Iterable[MetalBasis]) -> MetalBasis:
    """Return the basis that metal of several bases has together: the weakest of them; of nothing Faraday's law."""
    return min(bases, key=_WEAKEST_FIRST.index, default=MetalBasis.FARADAY)


@dataclass(frozen=True, slots=True)
class PeriodMetal:
    """Metal of a period.

    Attributes
    ----------
    faraday_t
        All of it by charge and current efficiency [t].
    stated_t
        What is stated, by the basis that it stands on [t].
    weighed
        Of each part that was weighed, what was tapped and how much the pots gained.
    capacity_t
        What the charge makes at a current efficiency of 1 [t]; None where it is not known what some of the metal was
        accounted with.
    """

    faraday_t: float = 0.0
    stated_t: Mapping[MetalBasis, float] = field(default_factory=dict)
    weighed: tuple[WeighedTonnes, ...] = ()
    capacity_t: float | None = None

    @property
    def t(self) -> float:
        """All that is stated [t]."""
        return fsum(self.stated_t.values())

    @property
    def bases(self) -> tuple[MetalBasis, ...]:
        """On what it stands, the weakest first."""
        return tuple(basis for basis in _WEAKEST_FIRST if self.stated_t.get(basis, 0.0) > 0)

    @property
    def basis(self) -> MetalBasis:
        """The weakest basis of any of it."""
        return weakest(self.bases)

    @property
    def words(self) -> str:
        """On what it stands, in words: the basis, or the share of each where there are several."""
        if len(self.bases) <= 1:
            return _WORDS[self.basis]
        shares = (f"{_WORDS[basis]} {100 * self.stated_t[basis] / self.t:.1f} %" for basis in reversed(self.bases))
        return ", ".join(shares)


_WORDS = {MetalBasis.FARADAY: "Faraday", MetalBasis.TAPPED: "tapped", MetalBasis.RECONCILED: "reconciled"}


def metal_of(parts: Iterable[tuple[float, Metal]], *, capacity_t: float | None = None) -> PeriodMetal:
    """Return the metal of a period from its parts: of each, the tonnes by Faraday's law and how they are stated."""
    listed = list(parts)
    stated: dict[MetalBasis, list[float]] = {}
    for faraday_t, metal in listed:
        stated.setdefault(metal.basis, []).append(faraday_t * metal.scale)
    return PeriodMetal(
        faraday_t=fsum(faraday_t for faraday_t, _ in listed),
        stated_t={basis: fsum(tonnes) for basis, tonnes in stated.items()},
        weighed=tuple(metal.weighed for _, metal in listed if metal.weighed is not None),
        capacity_t=capacity_t,
    )


def by_charge(metal_t: float) -> PeriodMetal:
    """Return metal that is known by charge alone [t]."""
    return metal_of([(metal_t, FARADAY)])


def together(metals: Iterable[PeriodMetal]) -> PeriodMetal:
    """Return the metal of several potlines."""
    listed = list(metals)
    capacities = [metal.capacity_t for metal in listed]
    return PeriodMetal(
        faraday_t=fsum(metal.faraday_t for metal in listed),
        stated_t={
            basis: fsum(metal.stated_t.get(basis, 0.0) for metal in listed)
            for basis in _WEAKEST_FIRST
            if any(basis in metal.stated_t for metal in listed)
        },
        weighed=tuple(weighed for metal in listed for weighed in metal.weighed),
        capacity_t=None if None in capacities else fsum(each for each in capacities if each is not None),
    )


def weighed_metal(weighed: Iterable[WeighedTonnes]) -> WeighedMetal:
    """Return weighed metal as uncertainties are worked out from it.

    Notes
    -----
    The error of weighing is one and the same for all parts and potlines: crucibles of a plant go over the same scales,
    and books are kept from them. So it adds up, which is the safe side where there are several scales. The growth of
    the metal in the pots is measured potline by potline and anew for each part: its errors add up as squares, and so do
    those of time for which the charge is not known. Metal that is tapped alone has no uncertainty, because the growth,
    which is most of it, is missing.
    """
    listed = list(weighed)
    growths = [each.growth_t for each in listed]
    errors = [each.growth_standard_t for each in listed]
    unknown = [each.unknown_standard_t for each in listed]
    return WeighedMetal(
        tuple(Weighings(each.tapped_t, ErrorSource(WEIGHING, each.relative), each.count, 0.0) for each in listed),
        fsum(growth for growth in growths if growth is not None),
        None
        if None in errors or None in growths
        else hypot(*unknown, *(error for error in errors if error is not None)),
    )
