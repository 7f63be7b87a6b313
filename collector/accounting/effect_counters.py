"""What controllers count of anode effects, against the effects that are counted here. Pure.

A counter is a check and no source: whether a controller counts an effect where it begins or where it ends, nobody
tells, and what it counts while a pot is tested is in no account. So effects around the edges of the time may be on
either side, and only what no reading of that explains is a difference.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from collector.accounting.effect_counting import until_ns
from collector.readings.event import AnodeEffect, AnodeEffectKind, EffectCounters


@dataclass(frozen=True, slots=True)
class PotCheck:
    """One pot in an interval.

    Attributes
    ----------
    pot : str
        Which.
    controller, controller_s : int, float or None
        Effects and their time [s] by the controller's counters; None where it does not count seconds.
    counted, counted_s : int, float
        Effects that began in the interval and count, and their time [s].
    difference : int
        Effects that the controller has counted more (or less, below zero) than can be explained; 0 if there are none.
    """

    pot: str
    controller: int
    controller_s: float | None
    counted: int
    counted_s: float
    difference: int


def checked(
    counters: Iterable[EffectCounters],
    effects: Iterable[AnodeEffect],
    start_ns: int,
    end_ns: int,
    *,
    same_within_s: float,
) -> list[PotCheck]:
    """Compare, for each pot whose counter is known at both ends of an interval and did not begin again in it.

    Parameters
    ----------
    counters : iterable of EffectCounters
        Of the interval and of some time before it: a counter tells only what changes, so its last word holds.
    effects : iterable of AnodeEffect
        Those that count, of the interval and of the time around it.
    start_ns, end_ns : int
        The interval [UTC ns].
    same_within_s : float
        So far apart may be the times of one thing here and there [s].
    """
    within_ns = round(same_within_s * 1e9)
    told: dict[str, list[EffectCounters]] = {}
    for each in sorted(counters, key=lambda one: one.time_ns):
        if each.time_ns < end_ns:
            told.setdefault(each.pot, []).append(each)
    of_pot: dict[str, list[AnodeEffect]] = {}
    for effect in effects:
        if effect.kind is AnodeEffectKind.HVAE and effect.refused is None:
            of_pot.setdefault(effect.pot, []).append(effect)
    found = []
    for pot, readings in sorted(told.items()):
        before = [each for each in readings if each.time_ns <= start_ns]
        here = [*before[-1:], *(each for each in readings if each.time_ns > start_ns)]
        if not before or any(later.count < earlier.count for earlier, later in pairwise(here)):
            continue
        gained = here[-1].count - here[0].count
        first_s, last_s = here[0].seconds, here[-1].seconds
        mine = of_pot.get(pot, [])
        begun = [each for each in mine if start_ns <= each.time_ns < end_ns]
        surely = sum(start_ns + within_ns < each.time_ns and until_ns(each) + within_ns < end_ns for each in mine)
        perhaps = sum(each.time_ns - within_ns < end_ns and until_ns(each) + within_ns >= start_ns for each in mine)
        found.append(
            PotCheck(
                pot,
                gained,
                None if first_s is None or last_s is None else last_s - first_s,
                len(begun),
                sum(each.duration_s or 0.0 for each in begun),
                max(0, gained - perhaps) + min(0, gained - surely),
            )
        )
    return found
