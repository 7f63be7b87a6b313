"""Counters of controllers against the anode effects that count: only what nothing explains is a difference."""

from collector.accounting.effect_counters import PotCheck, checked
from collector.readings.event import AnodeEffect, AnodeEffectKind, EffectCounters

S = 1_000_000_000
HOUR = 3600


def counter(t_s: float, count: int, seconds: float | None, pot: str = "1007") -> EffectCounters:
    return EffectCounters(f"AEC-{pot}-{t_s}", 0, "PL1", pot, round(t_s * S), count, seconds)


def effect(t_s: float, duration_s: float, pot: str = "1007") -> AnodeEffect:
    kind = AnodeEffectKind.HVAE
    return AnodeEffect(f"AE-{pot}-{t_s}", 0, "PL1", pot, kind, round(t_s * S), duration_s, 31.0, None, corrected=False)


def check(counters: list[EffectCounters], *effects: AnodeEffect) -> list[PotCheck]:
    return checked(counters, effects, 0, 8 * HOUR * S, same_within_s=60.0)


def test_two_effects_and_a_counter_that_gained_two_agree() -> None:
    told = [counter(-900, 100, 8000.0), counter(3700, 101, 8090.0), counter(7300, 102, 8120.0)]
    found = check(told, effect(3600, 90.0), effect(7200, 30.0))
    assert found == [PotCheck("1007", 2, 120.0, 2, 120.0, 0)]


def test_an_effect_that_only_the_controller_counted_is_a_difference_of_one() -> None:
    found = check([counter(-900, 100, None), counter(7300, 102, None)], effect(3600, 90.0))
    assert found == [PotCheck("1007", 2, None, 1, 90.0, 1)]


def test_an_effect_that_the_controller_did_not_count_is_a_difference_of_one_less() -> None:
    [found] = check([counter(-900, 100, 8000.0)], effect(3600, 90.0))
    assert (found.controller, found.counted, found.difference) == (0, 1, -1)


def test_an_effect_over_the_end_of_the_shift_may_be_counted_on_either_side() -> None:
    over = effect(8 * HOUR - 30, 90.0)
    [in_it] = check([counter(-900, 100, None), counter(8 * HOUR - 20, 101, None)], over)
    [after_it] = check([counter(-900, 100, None), counter(8 * HOUR + 70, 101, None)], over)
    assert (in_it.controller, in_it.difference) == (1, 0)
    assert (after_it.controller, after_it.difference) == (0, 0)


def test_a_counter_that_began_again_or_was_not_known_before_is_not_compared() -> None:
    assert check([counter(-900, 100, None), counter(3700, 1, None)], effect(3600, 90.0)) == []
    assert check([counter(3700, 100, None)], effect(3600, 90.0)) == []


def test_each_pot_is_compared_by_itself() -> None:
    told = [counter(-900, 5, None), counter(-900, 7, None, "1008"), counter(3700, 8, None, "1008")]
    found = check(told, effect(3600, 90.0))
    assert [(each.pot, each.difference) for each in found] == [("1007", -1), ("1008", 1)]
