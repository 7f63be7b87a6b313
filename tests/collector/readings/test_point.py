"""Points and their places in the table."""

import time

from collector.readings.point import Point, PointTable
from collector.readings.quantity import Quantity

POWER, ENERGY, VOLTAGE = list(Quantity)[:3]


def test_the_points_of_an_owner_are_found_wherever_they_stand_and_in_the_order_of_the_table() -> None:
    table = PointTable([Point("m1", POWER), Point("m2", POWER), Point("m1", VOLTAGE), Point("m1", ENERGY)])
    assert list(table.of("m1").items()) == [(POWER, 0), (VOLTAGE, 2), (ENERGY, 3)]
    assert table.of("m2") == {POWER: 1}
    assert table.of("m3") == {}


def test_who_changes_what_was_found_does_not_change_the_table() -> None:
    table = PointTable([Point("m1", POWER)])
    table.of("m1").clear()
    assert table.of("m1") == {POWER: 0}


def test_the_points_of_4_000_meters_are_not_looked_for_among_all_others() -> None:
    meters = [f"m{number}" for number in range(4000)]
    table = PointTable(Point(meter, quantity) for meter in meters for quantity in (POWER, ENERGY, VOLTAGE))
    begin = time.process_time()
    found = sum(len(table.of(meter)) for meter in meters)
    # 10 ms; a look at every point for every meter takes more than 2 s.
    assert (found, time.process_time() - begin < 0.5) == (12_000, True)
