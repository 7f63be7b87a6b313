"""A meter that was replaced, told in any order: what depends on the order, what does not, and what never happens."""

import itertools

import pytest
from bookkeeper import Bookkeeper, Row, shuffled
from draws import drawn
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.accounting.cells import Rule
from collector.accounting.counters import CONFIRM
from collector.accounting.integrals import Shape
from collector.readings.scale import Scale

S = 1_000_000_000
ENERGY = 1
RULES = {ENERGY: Rule(Shape.COUNTER, most_per_s=2.0, modulus=None, slack=0.5, scale=Scale(0.001))}
"""Up to 2 kWh a second, in Wh."""
GAINS = st.lists(st.integers(0, 40_000), min_size=CONFIRM, max_size=12)


def replaced(old: list[int], new: list[int]) -> tuple[list[Row], list[Row]]:
    """Return the readings of two meters [Wh], one every 20 s: the old one near 1 TWh, the new one near nothing."""
    of_old = [1_000_000_000_000 + total for total in itertools.accumulate(old)]
    of_new = list(itertools.accumulate(new))
    rows = [(ENERGY, place * 20 * S, wh / 1000, 0xC0) for place, wh in enumerate((*of_old, *of_new))]
    return rows[: len(old)], rows[len(old) :]


def total_kwh(keeper: Bookkeeper, rows: list[Row]) -> float:
    return keeper.amount(ENERGY, 0, rows[-1][1] // (60 * S) + 1).amount


@given(GAINS, GAINS, st.integers(0, 1 << 30), st.integers(1, 8))
@settings(max_examples=drawn(50), deadline=None)
def test_once_a_new_level_is_known_the_order_of_all_others_makes_no_difference(
    old: list[int], new: list[int], seed: int, batches: int
) -> None:
    of_old, of_new = replaced(old, new)
    now_ns = of_new[-1][1] + 3600 * S
    exact_wh = sum(old[1:]) + sum(new[1:])
    keepers = []
    for order in ([*of_old, *of_new], *shuffled([*of_old, *of_new], seed, 1)):
        keeper = Bookkeeper(RULES)
        keeper.book(of_old[:1], now_ns)
        for row in of_new[-CONFIRM:]:
            keeper.book([row], now_ns)
        cuts = [order[start::batches] for start in range(batches)]
        for batch in cuts:
            keeper.book(batch, now_ns)
            keeper.restart()
        keepers.append(keeper)
    assert keepers[0].cells == keepers[1].cells
    assert total_kwh(keepers[0], of_new) == exact_wh / 1000


@given(GAINS, GAINS, st.integers(0, 1 << 30), st.integers(1, 12))
@settings(max_examples=drawn(50), deadline=None)
def test_in_no_order_is_more_booked_than_both_meters_counted(
    old: list[int], new: list[int], seed: int, batches: int
) -> None:
    of_old, of_new = replaced(old, new)
    rows = [*of_old, *of_new]
    keeper = Bookkeeper(RULES)
    for batch in shuffled(rows, seed, batches):
        keeper.book(batch, rows[-1][1] + 3600 * S)
    booked = total_kwh(keeper, rows)
    assert 0 <= booked <= (sum(old[1:]) + sum(new[1:])) / 1000 * (1 + 1e-12)


def test_the_first_readings_of_a_new_level_are_booked_if_they_come_after_it_is_known_and_not_before() -> None:
    of_old, of_new = replaced([0, 100, 100], [0, 10, 10, 10])
    in_time, last_first = Bookkeeper(RULES), Bookkeeper(RULES)
    for row in (*of_old, *of_new):
        in_time.book([row])
    for row in (*of_old, *of_new[1:], of_new[0]):
        last_first.book([row])
    # The new meter counted 30 Wh. In time it is believed from its third reading on; the last one belongs to it then.
    assert total_kwh(in_time, of_new) == pytest.approx(0.2 + 0.01)
    assert total_kwh(last_first, of_new) == pytest.approx(0.2 + 0.03)
    for row in of_new[:2]:
        in_time.book([row])
    assert total_kwh(in_time, of_new) == pytest.approx(0.2 + 0.03)
