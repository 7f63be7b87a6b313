"""Pots in operation: what the mean voltages of a minute say."""

from dataclasses import replace

import pytest
from example_plant import example_plant
from hypothesis import given
from hypothesis import strategies as st

from collector.accounting.production import PotWatch
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.cell import MINUTE_NS
from collector.readings.quantity import Quantity

POTS = ("1001", "1002", "1003")
START = 29_539_000 * MINUTE_NS


def plant() -> Plant:
    """Return the example plant with three pots."""
    example = example_plant()
    (potline,) = example.potlines
    return replace(example, potlines=(replace(potline, pots=POTS),))


PLANT = plant()
(POTLINE,) = PLANT.potlines
PLACES = [PLANT.points.place(f"pot:{pot}", Quantity.POT_VOLTAGE) for pot in POTS]
NOISE = PLANT.points.place("pot:1001", Quantity.POT_NOISE)
Row = tuple[int, int, float, int]


def operating(*batches: list[Row], minute_ns: int = START, line_current_ka: float | None = 400.0) -> int:
    watch = PotWatch(PLANT)
    for batch in batches:
        watch.take(ReadingBatch.of(batch))
        watch.changes()
    return watch.operating(POTLINE, minute_ns, line_current_ka=line_current_ka)


def test_a_pot_that_shows_0_2_v_while_the_line_carries_400_ka_is_out() -> None:
    told = [(PLACES[0], START, 0.2, 192), (PLACES[1], START + 1, 4.1, 192)]
    assert operating(told) == 2
    assert operating(told, line_current_ka=5.0) == 3
    assert operating(told, line_current_ka=None) == 3


def test_a_line_of_which_no_pot_shows_a_voltage_stands_and_its_bridged_charge_is_that_of_all_pots() -> None:
    """The meter of the line was silent from before a stop until after it, and its charge is shared evenly."""
    told = [(place, START, 0.0, 192) for place in PLACES]
    assert operating(told[:2], line_current_ka=230.0) == 1
    assert operating(told, line_current_ka=230.0) == 3


def test_each_minute_has_its_own_mean() -> None:
    told = [
        (PLACES[0], START + MINUTE_NS - 1, 0.1, 192),
        (PLACES[0], START + MINUTE_NS, 4.1, 192),
        (PLACES[1], START, 4.0, 192),
        (PLACES[1], START + MINUTE_NS, 0.1, 192),
        (PLACES[2], START + MINUTE_NS, 0.1, 192),
    ]
    assert operating(told) == 2
    assert operating(told, minute_ns=START + MINUTE_NS) == 1


def test_what_is_bad_or_no_voltage_of_a_pot_says_nothing() -> None:
    assert operating([(PLACES[0], START, 0.0, 0), (PLACES[1], START, float("nan"), 192), (NOISE, START, 0.0, 192)]) == 3


@pytest.mark.parametrize(("after", "left"), [(9, 2), (60, 2), (1439, 2), (1440, 3)])
def test_a_minute_is_remembered_until_it_is_asked_for_and_at_most_for_a_day(after: int, left: int) -> None:
    """After a stop of an hour a broker tells the hour at once, before any of its minutes is closed."""
    later = [(PLACES[1], START + number * MINUTE_NS, 4.0, 192) for number in range(1, after + 1)]
    assert operating([(PLACES[0], START, 0.0, 192)], later) == left


@pytest.mark.parametrize(("asked", "left"), [(10, 2), (11, 3)])
def test_ten_minutes_after_it_was_asked_for_a_minute_is_forgotten(asked: int, left: int) -> None:
    watch = PotWatch(PLANT)
    watch.take(ReadingBatch.of([(PLACES[0], START, 0.0, 192)]))
    for number in range(asked + 1):
        watch.operating(POTLINE, START + number * MINUTE_NS, line_current_ka=400.0)
    assert watch.operating(POTLINE, START, line_current_ka=400.0) == left


def test_a_minute_is_remembered_until_the_last_potline_has_asked_for_it() -> None:
    other = replace(POTLINE, id="PL2", pots=("2001", "2002"))
    two = replace(PLANT, potlines=(POTLINE, other))
    watch = PotWatch(two)
    place = two.points.place("pot:2001", Quantity.POT_VOLTAGE)
    watch.take(ReadingBatch.of([(place, START, 0.0, 192)]))
    for number in range(100):
        watch.operating(POTLINE, START + number * MINUTE_NS, line_current_ka=400.0)
    assert watch.operating(other, START, line_current_ka=400.0) == 1


ROWS = st.tuples(
    st.sampled_from([*PLACES, NOISE]),
    st.integers(START, START + 3 * MINUTE_NS),
    st.sampled_from([0.0, 0.5, 4.0, 8.0]),
    st.sampled_from([0, 64, 192]),
)


@given(st.lists(st.lists(ROWS, max_size=12), max_size=4), st.integers(0, 3))
def test_a_pot_is_out_where_the_mean_of_all_its_usable_voltages_is_below_the_bound(
    batches: list[list[Row]], minute: int
) -> None:
    minute_ns = START + minute * MINUTE_NS
    out = 0
    for place in PLACES:
        heard: list[float] = []
        seconds: set[int] = set()
        last_ns = 0
        for batch in batches:
            usable = [(t, value) for point, t, value, quality in batch if point == place and quality >= 64]
            # A second that was heard before is told again.
            new = [(t, value) for t, value in usable if t > last_ns or t // 10**9 not in seconds]
            heard += [value for t, value in new if minute_ns <= t < minute_ns + MINUTE_NS]
            seconds |= {t // 10**9 for t, _ in new}
            last_ns = max([last_ns, *(t for t, _ in new)])
        out += bool(heard) and sum(heard) / len(heard) < POTLINE.pot_out_below_v
    assert operating(*batches, minute_ns=minute_ns) == (3 - out if out < 3 else 3)  # with none left, the line stands
