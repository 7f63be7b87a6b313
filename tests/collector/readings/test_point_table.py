"""The table of points: places that readings carry, also while the plant is changed under them."""

import tracemalloc

import pytest

from collector.readings.point import Point, PointTable
from collector.readings.quantity import Quantity

POWER, ENERGY = Quantity.ACTIVE_POWER, Quantity.ACTIVE_ENERGY_IMPORT
A, B, C = (Point(owner, POWER) for owner in "abc")


def test_points_stand_in_their_order_and_an_owner_has_its_own() -> None:
    table = PointTable([A, B, Point("a", ENERGY)])
    assert (len(table), list(table), table[1]) == (3, [A, B, Point("a", ENERGY)], B)
    assert table.of("a") == {POWER: 0, ENERGY: 2}
    assert (table.place("b", POWER), table.find("b", ENERGY), table.of("c")) == (1, None, {})
    assert table.unused == frozenset()


def test_a_point_that_stands_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="a point stands twice in the table"):
        PointTable([A, B, A])


def test_after_a_change_a_point_keeps_its_place_and_a_new_one_stands_behind() -> None:
    table = PointTable([C, B], after=PointTable([A, B]))
    assert list(table) == [A, B, C]
    assert (table.place("b", POWER), table.place("c", POWER)) == (1, 2)


def test_the_place_of_a_point_that_is_gone_is_unused_until_it_comes_back() -> None:
    gone = PointTable([B], after=PointTable([A, B]))
    assert gone.unused == {0}
    assert (gone.find("a", POWER), gone.of("a"), len(gone)) == (None, {}, 2)
    with pytest.raises(KeyError):
        gone.place("a", POWER)
    back = PointTable([A, B, C], after=gone)
    assert (back.place("a", POWER), back.unused) == (0, frozenset())


def test_a_thousand_meters_of_the_same_quantities_keep_where_these_stand_once() -> None:
    quantities = list(Quantity)[:50]

    def kept(meters: int) -> int:
        points = [Point(f"m{number}", quantity) for number in range(meters) for quantity in quantities]
        tracemalloc.start()
        try:
            table = PointTable(points)
            now, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert table.of("m7") == {quantity: 350 + place for place, quantity in enumerate(quantities)}
        assert table.place("m7", quantities[3]) == 353
        return now

    # A dictionary of 50 quantities takes 2.3 kB and more, their places in the tuple of all points 400 bytes.
    assert (kept(1000) - kept(500)) / 500 < 1000


def test_quantities_of_an_owner_that_stand_apart_are_found_wherever_they_are() -> None:
    table = PointTable([A, B, Point("b", ENERGY), Point("a", ENERGY)])
    assert (table.of("a"), table.of("b")) == ({POWER: 0, ENERGY: 3}, {POWER: 1, ENERGY: 2})
    assert (table.find("a", ENERGY), table.find("b", Quantity.FREQUENCY)) == (3, None)
