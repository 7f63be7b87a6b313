"""Tapped metal: from weighings of crucibles, and what the books say of them, to the metal of each pot. Pure.

Every weighing is counted once, whoever tells of it and however often. What counts is, in this order: the scale's
weighing of the crucible; where there is none, the weights that are told pot by pot under its id; where there are none
either, what the books say of it. A weighing that is refused counts under no name: a crucible that was weighed again has
another id. The shares of the pots in a crucible add up to its net weight exactly.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import TypeVar

from collector.accounting.spreading import spread
from collector.accounting.windows import HOUR_NS
from collector.readings.event import MetalTapped, Weighing

ROUNDING_KG = 0.5
"""The books round the metal of each pot to whole kilogrammes; what is off by more is said [kg]."""

AGAIN_NS = HOUR_NS
"""The same pots with the same net weight within this time are probably one crucible under two ids [ns]."""


class Share(Enum):
    """How the metal of one pot in a crucible is known.

    ``ALONE``: the crucible holds no other. ``TOLD``: in proportion to what is told of each pot. ``EQUAL``: nothing is
    known but the pots.
    """

    ALONE = "alone"
    TOLD = "told"
    EQUAL = "equal"


class Teller(Enum):
    """Who gives the weight of a crucible: a scale, or the plant's books where no scale's weighing came."""

    SCALE = "scale"
    BOOKS = "books"


@dataclass(frozen=True, slots=True)
class PotTap:
    """The metal of one pot in a crucible [kg], and how it is known."""

    pot: str
    kg: float
    share: Share


@dataclass(frozen=True, slots=True)
class Tap:
    """A crucible of tapped metal: its weighing, and its pots, which add up to ``net_kg``."""

    weighing_id: str
    potline: str
    time_ns: int
    net_kg: float
    pots: tuple[PotTap, ...]
    teller: Teller


@dataclass(frozen=True, slots=True)
class Refused:
    """A weighing that is kept and not counted, and why."""

    weighing_id: str
    potline: str
    time_ns: int
    net_kg: float
    reason: str


@dataclass(frozen=True, slots=True)
class Tapped:
    """Tapped metal, in order of time. ``findings`` are sentences for whoever keeps the books."""

    taps: tuple[Tap, ...] = ()
    refused: tuple[Refused, ...] = ()
    findings: tuple[str, ...] = ()

    @property
    def kg(self) -> float:
        """All of it together [kg]."""
        return math.fsum(tap.net_kg for tap in self.taps)

    def kg_of_potlines(self) -> dict[str, float]:
        """Return the metal of each potline [kg]."""
        return _added((tap.potline, tap.net_kg) for tap in self.taps)

    def kg_of_pots(self) -> dict[str, float]:
        """Return the metal of each pot [kg]."""
        return _added((pot.pot, pot.kg) for tap in self.taps for pot in tap.pots)

    def between(self, start_ns: int, end_ns: int) -> "Tapped":
        """Return what was weighed from one time on and before another. Findings stay: they have no one time."""
        taps = tuple(tap for tap in self.taps if start_ns <= tap.time_ns < end_ns)
        refused = tuple(refused for refused in self.refused if start_ns <= refused.time_ns < end_ns)
        return Tapped(taps, refused, self.findings)


def tapped(
    weighings: Iterable[Weighing],
    told: Iterable[MetalTapped] = (),
    *,
    largest_net_kg: float,
) -> Tapped:
    """Return the tapped metal that weighings, and what the books say of them, come to.

    Parameters
    ----------
    weighings
        Weighings in any order and with any repetitions; of each id the highest rank counts. One whose id ends with a
        stroke and its only pot tells of that pot's share in the weighing that is named before the stroke.
    told
        What the books say of weighings, in the same manner.
    largest_net_kg
        What the largest crucible holds [kg]. A net weight above it is refused.

    Raises
    ------
    ValueError
        If the largest net weight is not above zero and finite.
    """
    if not (math.isfinite(largest_net_kg) and largest_net_kg > 0):
        raise ValueError(f"largest_net_kg is {largest_net_kg}: give what the largest crucible of the plant holds [kg]")
    scale: dict[str, Weighing] = {}
    parts: dict[str, list[Weighing]] = {}
    books: dict[str, list[MetalTapped]] = {}
    for weighing in _highest(weighings):
        whole_id, _, pot = weighing.id.rpartition("/")
        if whole_id and weighing.pots == (pot,):
            parts.setdefault(whole_id, []).append(weighing)
        else:
            scale[weighing.id] = weighing
    for said in _highest(told):
        books.setdefault(said.weighing_id, []).append(said)
    ledger = _Ledger(largest_net_kg)
    for weighing_id in sorted({*scale, *parts, *books}):
        own_parts, own_books = parts.get(weighing_id, []), books.get(weighing_id, [])
        if weighing_id in scale:
            ledger.weighed(scale[weighing_id], own_parts, own_books)
        elif own_parts:
            ledger.told_by_pot(weighing_id, own_parts, own_books)
        else:
            ledger.only_in_books(weighing_id, own_books)
    taps = tuple(sorted(ledger.taps, key=lambda tap: (tap.time_ns, tap.weighing_id)))
    refused = tuple(sorted(ledger.refused, key=lambda refused: (refused.time_ns, refused.weighing_id)))
    return Tapped(taps, refused, (*ledger.findings, *_twice(taps)))


class _Ledger:
    """What weighings come to, one weighing at a time."""

    def __init__(self, largest_net_kg: float) -> None:
        self._largest_net_kg = largest_net_kg
        self.taps: list[Tap] = []
        self.refused: list[Refused] = []
        self.findings: list[str] = []

    def weighed(
        self,
        weighing: Weighing,
        parts: Sequence[Weighing],
        books: Sequence[MetalTapped],
    ) -> None:
        """Count a weighing of the scale; others only say how it is shared."""
        reason = self._why_not(weighing)
        if reason is not None:
            self._refuse(weighing, reason)
            others = [event.id for event in parts] + [said.id for said in books]
            self.findings += [
                f"{other} tells of weighing {weighing.id}, which is refused ({reason}); it is not counted"
                for other in others
            ]
            return
        told = {part.pots[0]: part.net_kg for part in parts if part.refused is None} or self._by_pot(books)
        self._compare(weighing.id, weighing.net_kg, books)
        pots = self._shared(weighing, told)
        self._tap(weighing.id, weighing.potline, weighing.time_ns, weighing.net_kg, pots, Teller.SCALE)

    def told_by_pot(self, weighing_id: str, parts: Sequence[Weighing], books: Sequence[MetalTapped]) -> None:
        """Count weights that are told pot by pot; the books about the same weighing are not counted again."""
        net_kg = 0.0
        for part in parts:
            reason = self._why_not(part)
            if reason is not None:
                self._refuse(part, reason)
                continue
            net_kg += part.net_kg
            pots = (PotTap(part.pots[0], part.net_kg, Share.ALONE),)
            self._tap(part.id, part.potline, part.time_ns, part.net_kg, pots, Teller.SCALE)
        self._compare(weighing_id, net_kg, books)

    def only_in_books(self, weighing_id: str, books: Sequence[MetalTapped]) -> None:
        """Count what the books say of a weighing that never came."""
        told = self._by_pot(books)
        net_kg = books[0].net_kg if len(books) == 1 else math.fsum(told.values())
        weighing = Weighing(weighing_id, 0, books[0].potline, tuple(told), books[0].time_ns, net_kg, refused=None)
        reason = self._why_not(weighing)
        if reason is not None:
            self._refuse(weighing, reason)
            return
        self.findings.append(f"weighing {weighing_id} did not come; {books[0].id} of the books stands in for it")
        pots = self._shared(weighing, told)
        self._tap(weighing_id, weighing.potline, weighing.time_ns, net_kg, pots, Teller.BOOKS)

    def _tap(
        self, weighing_id: str, potline: str, time_ns: int, net_kg: float, pots: tuple[PotTap, ...], teller: Teller
    ) -> None:
        self.taps.append(Tap(weighing_id, potline, time_ns, net_kg, pots, teller))

    def _refuse(self, weighing: Weighing, reason: str) -> None:
        self.refused.append(Refused(weighing.id, weighing.potline, weighing.time_ns, weighing.net_kg, reason))

    def _why_not(self, weighing: Weighing) -> str | None:
        if weighing.refused is not None:
            return weighing.refused
        if not math.isfinite(weighing.net_kg):
            return "the net weight is no number"
        if weighing.net_kg < 0:
            return "the net weight is negative"
        if weighing.net_kg == 0:
            return "the net weight is zero"
        if weighing.net_kg > self._largest_net_kg:
            return f"net {weighing.net_kg:g} kg is more than the largest crucible holds ({self._largest_net_kg:g} kg)"
        return None if weighing.pots else "no pot is named"

    def _shared(self, weighing: Weighing, told_kg: Mapping[str, float]) -> tuple[PotTap, ...]:
        """Return the pots of a crucible with their shares: as told, else equal."""
        pots = tuple(dict.fromkeys(weighing.pots))
        if told_kg and set(told_kg) != set(pots):
            self.findings.append(
                f"weighing {weighing.id} is of pots {', '.join(pots)}, and shares are told of {', '.join(told_kg)};"
                " these are not used"
            )
        elif told_kg:
            off_kg = math.fsum(told_kg.values()) - weighing.net_kg
            if abs(off_kg) > ROUNDING_KG * len(pots):
                self.findings.append(
                    f"the shares told of weighing {weighing.id} are together {off_kg:+g} kg off its net weight;"
                    " they are scaled to it"
                )
        share, weights = Share.EQUAL, [1.0] * len(pots)
        if len(pots) == 1:
            share = Share.ALONE
        elif set(told_kg) == set(pots) and _can_weigh(told_kg.values()):
            share, weights = Share.TOLD, [told_kg[pot] for pot in pots]
        parts = spread(weighing.net_kg, weights)
        return tuple(PotTap(pot, kg, share) for pot, kg in zip(pots, parts, strict=True))

    def _by_pot(self, books: Sequence[MetalTapped]) -> dict[str, float]:
        """Return what the books say of each pot of a weighing; of two that speak of one pot the later one counts."""
        told: dict[str, float] = {}
        for said in books:
            again = [pot for pot, _ in said.pots if pot in told]
            if again:
                self.findings.append(
                    f"{said.id} tells again of pot {', '.join(again)} in weighing {said.weighing_id}; this one counts"
                )
            told |= dict(said.pots)
        return told

    def _compare(self, weighing_id: str, net_kg: float, books: Sequence[MetalTapped]) -> None:
        said_kg = math.fsum(said.net_kg for said in books)
        if books and abs(said_kg - net_kg) > ROUNDING_KG * sum(len(said.pots) for said in books):
            self.findings.append(
                f"the books ({', '.join(said.id for said in books)}) have {said_kg:g} kg of weighing {weighing_id},"
                f" the scale {net_kg:g} kg; the scale counts"
            )


_Told = TypeVar("_Told", Weighing, MetalTapped)


def _highest(events: Iterable[_Told]) -> list[_Told]:
    """Return of each id what its highest rank tells, in order of ids; of one rank what was told first."""
    found: dict[str, _Told] = {}
    for event in events:
        if event.id not in found or event.rank > found[event.id].rank:
            found[event.id] = event
    return [found[id_] for id_ in sorted(found)]


def _can_weigh(weights: Iterable[float]) -> bool:
    listed = list(weights)
    return all(math.isfinite(weight) and weight >= 0 for weight in listed) and any(listed)


def _twice(taps: Sequence[Tap]) -> list[str]:
    """Say which crucibles were probably weighed under two ids."""
    alike = sorted(taps, key=lambda tap: (tuple(sorted(pot.pot for pot in tap.pots)), tap.net_kg, tap.time_ns))
    return [
        f"weighings {first.weighing_id} and {second.weighing_id} are of the same pots and {first.net_kg:g} kg within"
        " an hour; if it was one crucible, let one of them be voided"
        for first, second in pairwise(alike)
        if {pot.pot for pot in first.pots} == {pot.pot for pot in second.pots}
        and first.net_kg == second.net_kg
        and second.time_ns - first.time_ns < AGAIN_NS
    ]


def _added(masses: Iterable[tuple[str, float]]) -> dict[str, float]:
    listed: dict[str, list[float]] = {}
    for name, kg in masses:
        listed.setdefault(name, []).append(kg)
    return {name: math.fsum(listed[name]) for name in sorted(listed)}
