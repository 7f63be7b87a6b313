"""Anode effects of one pot: where they begin and end, what merges, and what gaps do to them."""

import pytest
from pot_curves import T0, S, batch, curve, last, plant_of, rules, since, told

from collector.accounting.anode_effects import VoltageWatch
from collector.readings.event import AnodeEffect, AnodeEffectKind, EffectOrigin


def only(events: list[AnodeEffect]) -> AnodeEffect:
    (effect,) = last(events)
    return effect


def test_an_effect_lasts_from_crossing_8_v_upwards_to_crossing_it_downwards_on_straight_lines() -> None:
    # 4 V at 9 s, 24 V at 10 s: 8 V is crossed a fifth of a second after 9 s, and again 0.8 s after 69 s.
    effect = only(told(curve((0, 10, 4.0), (10, 70, 24.0), (70, 80, 4.0))))
    assert since(effect.time_ns) == 9.2
    assert effect.until_ns == T0 + 69_800_000_000
    assert effect.duration_s == 60.6
    assert (effect.max_v, effect.kind, effect.origin) == (24.0, AnodeEffectKind.HVAE, EffectOrigin.VOLTAGE)
    assert effect.id == "V-PL1-1001-20260301T040009.200Z"
    assert (effect.unseen_s, effect.refused, effect.corrected) == (0.0, None, False)


def test_a_voltage_of_exactly_8_v_is_not_above_it() -> None:
    assert told(curve((0, 10, 4.0), (10, 20, 8.0), (20, 30, 4.0))) == []


def test_overvoltage_is_the_area_above_the_mean_voltage_before() -> None:
    effect = only(told(curve((0, 10, 4.0), (10, 70, 24.0), (70, 80, 4.0))))
    # 59 s at 24 V and two edges from 8 V to 24 V of 0.8 s each, above 4 V.
    assert effect.reference_v == 4.0
    assert effect.overvoltage_v_s == pytest.approx(59 * 20 + 2 * 0.8 * (16 - 4))


def test_without_a_reading_before_there_is_no_overvoltage_and_the_effect_begins_with_the_first_reading() -> None:
    effect = only(told(curve((0, 10, 24.0), (10, 20, 4.0))))
    assert (since(effect.time_ns), effect.duration_s, effect.overvoltage_v_s) == (0.0, 9.8, None)


def test_the_threshold_is_the_lines_own() -> None:
    rows = curve((0, 10, 4.0), (10, 20, 7.0), (20, 30, 4.0))
    assert told(rows) == []
    effect = only(told(rows, plant=plant_of(10, above_v=6.0, below_v=6.0)))
    assert effect.duration_s == pytest.approx(9 + 2 / 3)


def test_with_a_lower_threshold_for_the_end_a_dip_below_the_upper_one_does_not_end_it() -> None:
    rows = curve((0, 10, 4.0), (10, 20, 24.0), (20, 25, 7.0), (25, 30, 24.0), (30, 40, 4.0))
    plant = plant_of(10, above_v=8.0, below_v=6.0)
    assert only(told(rows, plant=plant)).duration_s == pytest.approx(20.7)  # from 9.2 s to 29.9 s
    assert only(told(rows)).duration_s == pytest.approx((19 + 16 / 17 - 9.2) + (29.8 - 24 - 1 / 17))


def test_two_rises_closer_than_15_min_are_one_effect_that_lasts_as_long_as_both() -> None:
    rows = curve((0, 10, 4.0), (10, 70, 24.0), (70, 960, 4.0), (960, 990, 24.0), (990, 1000, 4.0))
    effect = only(told(rows))
    assert since(effect.time_ns) == 9.2
    assert effect.duration_s == pytest.approx(60.6 + 30.6)
    assert effect.until_ns == T0 + 989_800_000_000


def test_two_rises_15_min_apart_are_two_effects() -> None:
    rows = curve((0, 10, 4.0), (10, 70, 24.0), (70, 980, 4.0), (980, 1010, 24.0), (1010, 1020, 4.0))
    assert [effect.duration_s for effect in last(told(rows))] == [60.6, 30.6]
    merged = last(told(rows, merging_gap_s=1000.0))
    assert [effect.duration_s for effect in merged] == [pytest.approx(91.2)]


def test_a_rise_shorter_than_the_shortest_is_nothing_and_does_not_merge() -> None:
    spike = curve((0, 10, 4.0), (10, 11, 24.0), (11, 300, 4.0))
    rows = [*spike, *curve((300, 360, 24.0), (360, 370, 4.0))]
    assert told(spike, shortest_s=5.0) == []
    effect = only(told(rows, shortest_s=5.0))
    assert (since(effect.time_ns), effect.duration_s) == (299.2, 60.6)
    assert only(told(spike)).duration_s == pytest.approx(1.6)


def test_it_is_told_at_its_start_every_30_s_and_at_its_end_with_growing_ranks() -> None:
    events = told(curve((0, 10, 4.0), (10, 100, 24.0), (100, 1000, 4.0)))
    assert [since(event.until_ns or 0) for event in events] == [10.0, 40.0, 70.0, 99.8]
    assert [event.duration_s for event in events] == pytest.approx([0.8, 30.8, 60.8, 90.6])
    assert [event.rank for event in events] == [800, 30_800, 60_800, 90_800]
    assert {event.id for event in events} == {"V-PL1-1001-20260301T040009.200Z"}


def test_across_midnight_it_is_one_effect_at_its_start() -> None:
    midnight_s = 20 * 3600.0
    rows = curve((midnight_s - 60, midnight_s - 20, 4.0), (midnight_s - 20, midnight_s + 40, 24.0))
    effect = only(told([*rows, ("1001", midnight_s + 40, 4.0)]))
    assert effect.id == "V-PL1-1001-20260301T235939.200Z"
    assert effect.duration_s == 60.6


def test_a_gap_between_two_readings_above_lies_in_the_effect_and_is_told_as_unseen() -> None:
    rows = curve((0, 10, 4.0), (10, 31, 24.0), (150, 170, 24.0), (170, 180, 4.0))
    effect = only(told(rows))
    assert effect.duration_s == pytest.approx(160.6)
    assert effect.unseen_s == 120.0


def test_of_a_gap_with_one_end_above_nothing_counts_and_it_is_told_as_unseen() -> None:
    ends = only(told(curve((0, 10, 4.0), (10, 31, 24.0), (150, 170, 4.0))))
    assert (ends.until_ns, ends.duration_s, ends.unseen_s) == (T0 + 30 * S, 20.8, 120.0)
    begins = only(told(curve((0, 11, 4.0), (130, 151, 24.0), (151, 160, 4.0))))
    assert (since(begins.time_ns), begins.duration_s, begins.unseen_s) == (130.0, 20.8, 120.0)


def test_a_gap_longer_than_the_merging_gap_ends_it_and_what_comes_then_is_another() -> None:
    rows = curve((0, 10, 4.0), (10, 31, 24.0), (1000, 1021, 24.0), (1021, 1030, 4.0))
    assert [(effect.duration_s, effect.unseen_s) for effect in last(told(rows))] == [(20.8, 900.0), (20.8, 0.0)]


def test_a_pot_that_falls_silent_is_given_up_at_the_same_time_whoever_notices() -> None:
    rows = curve((0, 10, 4.0), (10, 31, 24.0))
    by_reading = told([*rows, ("1001", 2000.0, 4.0)])
    plant = plant_of(10)
    watch = VoltageWatch(plant, rules())
    by_clock = watch.take(batch(rows, plant))
    assert watch.settle(T0 + 930 * S) == []
    by_clock += watch.settle(T0 + 931 * S)
    by_clock += watch.take(batch([("1001", 2000.0, 4.0)], plant))
    assert by_clock == by_reading
    assert watch.settle(T0 + 9000 * S) == []


def test_a_line_that_stops_ends_its_effects_and_begins_none() -> None:
    rows = curve((0, 10, 4.0), (10, 40, 24.0), (40, 400, 0.0), (400, 410, 4.0))
    effect = only(told(rows))
    assert effect.duration_s == pytest.approx(29 + 0.8 + 2 / 3)


def test_readings_of_bad_quality_and_above_the_sensors_limit_are_none() -> None:
    plant = plant_of(10)
    watch = VoltageWatch(plant, rules())
    assert watch.take(batch(curve((0, 10, 4.0)), plant)) == []
    assert watch.take(batch(curve((10, 20, 24.0)), plant, quality=0x18)) == []
    assert watch.take(batch(curve((20, 30, 60.5)), plant)) == []
    assert watch.take(batch(curve((30, 40, float("nan"))), plant)) == []
    assert watch.take(batch(curve((40, 50, float("-inf"))), plant)) == []
    assert watch.take(batch(curve((50, 60, 4.0)), plant)) == []


def test_a_restart_goes_on_with_the_same_effect_to_the_same_duration() -> None:
    plant = plant_of(10)
    rows = curve((0, 10, 4.0), (10, 200, 24.0), (200, 210, 4.0))
    whole = only(told(rows))
    for cut in (5, 11, 55, 199, 205):
        first = VoltageWatch(plant, rules())
        events = first.take(batch(rows[:cut], plant))
        second = VoltageWatch(plant, rules(), [*last(events), *first.standing()])
        # Some that are in the store are told again.
        events += second.take(batch(rows[max(0, cut - 3) :], plant))
        effect = only(events)
        assert (effect.id, effect.max_v) == (whole.id, 24.0), cut
        assert effect.duration_s == pytest.approx(190.6), cut
        assert effect.overvoltage_v_s == pytest.approx(whole.overvoltage_v_s), cut


def test_a_restart_that_lost_the_last_reading_goes_on_from_the_last_word() -> None:
    plant = plant_of(10)
    rows = curve((0, 10, 4.0), (10, 200, 24.0), (200, 210, 4.0))
    events = VoltageWatch(plant, rules()).take(batch(rows[:60], plant))
    assert since(last(events)[0].until_ns or 0) == 40.0
    events += VoltageWatch(plant, rules(), last(events)).take(batch(rows[60:], plant))
    assert only(events).duration_s == pytest.approx(190.6)


def test_a_restart_merges_into_the_effect_before_it() -> None:
    plant = plant_of(10)
    rows = curve((0, 10, 4.0), (10, 70, 24.0), (70, 500, 4.0), (500, 530, 24.0), (530, 540, 4.0))
    events = VoltageWatch(plant, rules()).take(batch(rows[:200], plant))
    events += VoltageWatch(plant, rules(), last(events)).take(batch(rows[200:], plant))
    assert only(events).duration_s == pytest.approx(91.2)


def test_the_same_readings_again_tell_the_same_words_with_the_same_ranks() -> None:
    rows = curve((0, 10, 4.0), (10, 100, 24.0), (100, 200, 4.0), (200, 220, 30.0), (220, 230, 4.0))
    assert told(rows) == told(rows)
