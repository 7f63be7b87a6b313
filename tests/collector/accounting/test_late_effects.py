"""Anode effects in voltages that come when later ones were looked at already."""

import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pot_curves import PLANT, T0, Row, S, batch, curve, last, rules, since

from collector.accounting.anode_effects import VoltageWatch
from collector.accounting.late_effects import OTHERWISE, TOGETHER
from collector.readings.batch import ReadingBatch
from collector.readings.event import AnodeEffect

REST_BEFORE = curve((0, 600, 4.0), every_s=5)
REST_AFTER = curve((1200, 1800, 4.0), every_s=5)
AWAY = curve((600, 800, 4.0), (800, 890, 24.0), (890, 1200, 4.0), every_s=5)


def heard_late(*late: list[Row], pots: tuple[str, ...] = ("1001",)) -> tuple[list[AnodeEffect], VoltageWatch]:
    """Tell what came in time, and then what came late, part by part."""
    watch = VoltageWatch(PLANT, rules())
    in_time = [(pot, t_s, volts) for pot in pots for _, t_s, volts in (*REST_BEFORE, *REST_AFTER)]
    found = []
    for place in range(0, len(in_time), 100):
        found += watch.take(batch(in_time[place : place + 100]))
    assert found == []
    for part in late:
        found += watch.take(batch(part))
    return last(found), watch


def in_order() -> AnodeEffect:
    watch = VoltageWatch(PLANT, rules())
    [effect] = last(watch.take(batch([*REST_BEFORE, *AWAY, *REST_AFTER])))
    return effect


def figures(effect: AnodeEffect) -> tuple[str, float, float | None, float | None]:
    return effect.id, since(effect.time_ns), effect.duration_s, effect.max_v


def test_an_effect_of_90_s_in_ten_minutes_that_come_late_is_the_one_that_would_have_been_found_in_time() -> None:
    [effect], watch = heard_late(AWAY)
    assert figures(effect) == figures(in_order())
    assert effect.duration_s == pytest.approx(93.0, abs=0.5)
    assert (effect.refused, effect.corrected, watch.late) == (None, False, 0)
    assert effect.overvoltage_v_s == pytest.approx(in_order().overvoltage_v_s)


@given(st.randoms(use_true_random=False), st.integers(1, 40))
def test_in_whatever_order_and_parts_they_come_the_same_effect_is_left(mixed: random.Random, size: int) -> None:
    rows = list(AWAY)
    mixed.shuffle(rows)
    effects, watch = heard_late(*(rows[place : place + size] for place in range(0, len(rows), size)))
    good = [effect for effect in effects if effect.refused is None]
    assert [figures(effect) for effect in good] == [figures(in_order())]
    assert {effect.refused for effect in effects} <= {None, OTHERWISE}
    assert watch.late == 0


def test_what_is_told_again_is_late_and_tells_nothing() -> None:
    found, watch = heard_late(AWAY, AWAY)
    assert len(found) == 1
    assert (watch.late, watch.late_pots) == (len(AWAY), {"1001": len(AWAY)})


def test_between_readings_that_were_joined_nothing_is_found() -> None:
    found, watch = heard_late([("1001", 1302.5, 24.0)])
    assert (found, watch.late_pots) == ([], {"1001": 1})


def test_a_gap_that_begins_in_an_effect_stays_as_it_was_told() -> None:
    watch = VoltageWatch(PLANT, rules())
    early = watch.take(batch([*curve((0, 600, 4.0), every_s=5), *curve((600, 700, 24.0), every_s=5)]))
    early += watch.take(batch(REST_AFTER))
    assert watch.take(batch(curve((700, 800, 24.0), every_s=5))) == []
    assert watch.late_pots == {"1001": 20}
    assert len(last(early)) == 1


def test_six_of_ten_pots_that_rose_together_are_the_measurement() -> None:
    pots = tuple(f"10{number:02}" for number in range(1, 8))
    late = [(pot, t_s, volts) for pot in pots for _, t_s, volts in AWAY]
    found, _ = heard_late(late, pots=pots)
    assert [effect.refused for effect in found] == [TOGETHER] * 7


@pytest.mark.parametrize("restarted", [False, True])
def test_after_an_effect_whose_end_was_not_heard_what_comes_late_is_only_counted(*, restarted: bool) -> None:
    """The voltage before such a gap is not known: neither after the silence, nor after a restart."""
    watch = VoltageWatch(PLANT, rules())
    told = watch.take(batch([*curve((0, 600, 4.0), every_s=5), *curve((600, 700, 24.0), every_s=5)]))
    told += watch.settle(T0 + 2000 * S)
    if restarted:
        watch = VoltageWatch(PLANT, rules(), last(told))
    watch.take(batch(curve((2100, 2200, 4.0), every_s=5)))
    assert watch.take(batch(curve((1800, 1900, 24.0), every_s=5))) == []
    assert watch.late_pots == {"1001": 20}


def test_36000_readings_that_came_late_are_held_in_less_than_a_megabyte() -> None:
    """An hour at one a second of ten pots: 16 bytes each, and what the gaps need beside."""
    pots = PLANT.potlines[0].pots
    watch = VoltageWatch(PLANT, rules())
    watch.take(batch([(pot, t_s, 4.0) for pot in pots for t_s in (0.0, 5.0, 4000.0)]))
    parts = [batch([(pot, 100.0 + t_s, 4.0 + t_s / 1e5) for pot in pots]) for t_s in range(3600)]
    whole = [ReadingBatch.joined(parts[place : place + 200]) for place in range(0, 3600, 200)]
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for part in whole:
        assert watch.take(part) == []
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert watch.late == 0
    assert 500_000 < held < 1_000_000
