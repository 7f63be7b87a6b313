"""Points: one variable of one meter or one pot. Readings refer to a point by its place in the table."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from collector.readings.quantity import Quantity


@dataclass(frozen=True, slots=True)
class Point:
    """One variable: who measures it, and what."""

    owner: str
    """A meter's id, or ``pot:`` and a pot's number."""
    quantity: Quantity

    @property
    def name(self) -> str:
        """The name by which the store knows the point: it outlives changes of the plant file."""
        return f"{self.owner}.{self.quantity.label}"


class PointTable:
    """All points of the plant in a fixed order. The place of a point is the integer that readings carry.

    Parameters
    ----------
    points : iterable of Point
        What the plant has.
    after : PointTable or None
        The table before this one, where the plant was changed while readings were under way: a point keeps its place,
        a new one gets a place behind all others, and the place of one that is gone is kept, ``unused``.
    """

    def __init__(self, points: Iterable[Point], *, after: "PointTable | None" = None) -> None:
        asked_for = list(points)
        here = dict.fromkeys(asked_for)
        if len(here) != len(asked_for):
            raise ValueError("a point stands twice in the table")
        before = () if after is None else tuple(after)
        known = set(before)
        self._points = (*before, *(point for point in asked_for if point not in known))
        self._of = _by_owner((place, point) for place, point in enumerate(self._points) if point in here)
        self.unused = frozenset(place for place, point in enumerate(self._points) if point not in here)
        """Places of points that the plant had and has no longer."""

    def __len__(self) -> int:
        return len(self._points)

    def __iter__(self) -> Iterator[Point]:
        return iter(self._points)

    def __getitem__(self, place: int) -> Point:
        return self._points[place]

    def place(self, owner: str, quantity: Quantity) -> int:
        """Return the place of a point; KeyError if the plant has no such point."""
        first, after = self._of[owner]
        return first + after[quantity]

    def find(self, owner: str, quantity: Quantity) -> int | None:
        """Return the place of a point, or None if the plant has no such point."""
        if owner not in self._of:
            return None
        first, after = self._of[owner]
        return first + after[quantity] if quantity in after else None

    def of(self, owner: str) -> dict[Quantity, int]:
        """Return the places of all points of one owner, by quantity."""
        if owner not in self._of:
            return {}
        first, after = self._of[owner]
        return {quantity: first + place for quantity, place in after.items()}


def _by_owner(points: Iterable[tuple[int, Point]]) -> dict[str, tuple[int, dict[Quantity, int]]]:
    """Return for each owner the first of its places, and how far after it each of its quantities stands.

    The latter is one object for all owners of which it is the same: thousands of meters have a few register maps.
    """
    places: dict[str, dict[Quantity, int]] = {}
    shared: dict[tuple[tuple[Quantity, int], ...], dict[Quantity, int]] = {}
    found: dict[str, tuple[int, dict[Quantity, int]]] = {}
    for owner, of_owner in groupby(points, key=lambda each: each[1].owner):
        places.setdefault(owner, {}).update({point.quantity: place for place, point in of_owner})
    for owner, own in places.items():
        first = min(own.values())
        after = {quantity: place - first for quantity, place in own.items()}
        found[owner] = first, shared.setdefault(tuple(after.items()), after)
    return found
