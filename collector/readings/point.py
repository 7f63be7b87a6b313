"""Points: one variable of one meter or one pot. Readings refer to a point by its place in the table."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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
        self._of: dict[str, dict[Quantity, int]] = {}
        for place, point in enumerate(self._points):
            if point in here:
                self._of.setdefault(point.owner, {})[point.quantity] = place
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
        return self._of[owner][quantity]

    def find(self, owner: str, quantity: Quantity) -> int | None:
        """Return the place of a point, or None if the plant has no such point."""
        return self._of.get(owner, {}).get(quantity)

    def of(self, owner: str) -> dict[Quantity, int]:
        """Return the places of all points of one owner, by quantity."""
        return dict(self._of.get(owner, ()))
