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
    """All points of the plant in a fixed order. The place of a point is the integer that readings carry."""

    def __init__(self, points: Iterable[Point]) -> None:
        self._points = tuple(points)
        self._places = {point: place for place, point in enumerate(self._points)}
        if len(self._places) != len(self._points):
            raise ValueError("a point stands twice in the table")
        # Asked for each meter of a plant: without this it would take the square of their number.
        self._of: dict[str, list[int]] = {}
        for place, point in enumerate(self._points):
            self._of.setdefault(point.owner, []).append(place)

    def __len__(self) -> int:
        return len(self._points)

    def __iter__(self) -> Iterator[Point]:
        return iter(self._points)

    def __getitem__(self, place: int) -> Point:
        return self._points[place]

    def place(self, owner: str, quantity: Quantity) -> int:
        """Return the place of a point; KeyError if the plant has no such point."""
        return self._places[Point(owner, quantity)]

    def find(self, owner: str, quantity: Quantity) -> int | None:
        """Return the place of a point, or None if the plant has no such point."""
        return self._places.get(Point(owner, quantity))

    def of(self, owner: str) -> dict[Quantity, int]:
        """Return the places of all points of one owner, by quantity."""
        return {self._points[place].quantity: place for place in self._of.get(owner, ())}
