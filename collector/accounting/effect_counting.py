"""Which anode effects count: one that two tell is one. Pure.

A pot's controller and the pot's voltage tell of the same effect. Two effects of one pot and one kind that overlap, or
lie within a tolerance of each other, are one if their origins differ, or if both came from the voltage. The one whose
origin has precedence counts, unless it does not know its duration and the other does. The other is kept, and known as
merged. Two effects that a controller tells under two ids are two: that is the controller's word.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from collector.accounting.windows import DAY_NS
from collector.readings.cell import MINUTE_NS, minute_of
from collector.readings.event import AnodeEffect, AnodeEffectKind, EffectOrigin

REACH_NS = DAY_NS + 60 * MINUTE_NS
"""Effects that begin further apart than this are not one: none lasts longer than a day, no tolerance is an hour."""


@dataclass(frozen=True, slots=True)
class Counting:
    """The effects that count, in order of time, and the ids of merged ones with that of the effect they are in."""

    effects: tuple[AnodeEffect, ...]
    merged: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PotMinute:
    """Anode effects of a pot that began in one minute: their number, their time [s] and their overvoltage [V s].

    ``overvoltage_v_s`` is None if one of them does not tell it.
    """

    count: int
    seconds: float
    overvoltage_v_s: float | None


@dataclass(frozen=True, slots=True)
class Told:
    """High-voltage effects of one origin: their number and their time [s], and how many of them it tells alone."""

    count: int
    seconds: float
    alone: int


def counted(effects: Iterable[AnodeEffect], *, same_within_s: float, precedence: EffectOrigin) -> Counting:
    """Return which of some effects count.

    Parameters
    ----------
    effects : iterable of AnodeEffect
        Each id once, as its highest rank tells it. Those that are refused do not count.
    same_within_s : float
        Effects this close together may be one [s].
    precedence : EffectOrigin
        Whose word counts.
    """
    within_ns = round(same_within_s * 1e9)
    good = [effect for effect in effects if effect.refused is None]
    good.sort(key=lambda each: (each.duration_s is None, each.origin is not precedence, each.time_ns, each.id))
    of_pot: dict[tuple[str, object], list[AnodeEffect]] = {}
    merged: dict[str, str] = {}
    for effect in good:
        others = of_pot.setdefault((effect.pot, effect.kind), [])
        into = next((other for other in others if _is_one(effect, other, within_ns)), None)
        if into is None:
            others.append(effect)
        else:
            merged[effect.id] = into.id
    found = (effect for others in of_pot.values() for effect in others)
    return Counting(tuple(sorted(found, key=lambda each: (each.time_ns, each.id))), merged)


def pot_minutes(effects: Iterable[AnodeEffect]) -> dict[tuple[str, int], PotMinute]:
    """Return the sums of effects that count, by pot and by the minute they began in [UTC ns]."""
    found: dict[tuple[str, int], PotMinute] = {}
    for effect in effects:
        key = effect.pot, minute_of(effect.time_ns)
        before = found.get(key, PotMinute(0, 0.0, 0.0))
        overvoltage = None
        if before.overvoltage_v_s is not None and effect.overvoltage_v_s is not None:
            overvoltage = before.overvoltage_v_s + effect.overvoltage_v_s
        found[key] = PotMinute(before.count + 1, before.seconds + (effect.duration_s or 0.0), overvoltage)
    return found


def told_by(
    effects: Iterable[AnodeEffect], start_ns: int, end_ns: int, *, same_within_s: float
) -> dict[EffectOrigin, Told]:
    """Return what each origin tells of high-voltage effects that began in an interval, to compare one with the other.

    Parameters
    ----------
    effects : iterable of AnodeEffect
        Those of the interval, and of the time around it.
    start_ns, end_ns : int
        The interval [UTC ns].
    same_within_s : float
        Effects of two origins this close together are one [s].
    """
    within_ns = round(same_within_s * 1e9)
    good = [each for each in effects if each.refused is None and each.kind is AnodeEffectKind.HVAE]
    found = {}
    for origin in EffectOrigin:
        begun = [each for each in good if each.origin is origin and start_ns <= each.time_ns < end_ns]
        others: dict[str, list[AnodeEffect]] = {}
        for each in good:
            if each.origin is not origin:
                others.setdefault(each.pot, []).append(each)
        alone = [each for each in begun if not any(_is_one(each, o, within_ns) for o in others.get(each.pot, ()))]
        found[origin] = Told(len(begun), sum(each.duration_s or 0.0 for each in begun), len(alone))
    return found


def until_ns(effect: AnodeEffect) -> int:
    """Return up to when an effect is known [UTC ns]."""
    if effect.until_ns is not None:
        return effect.until_ns
    return effect.time_ns + round((effect.duration_s or 0.0) * 1e9)


def _is_one(effect: AnodeEffect, other: AnodeEffect, within_ns: int) -> bool:
    if effect.origin is other.origin is EffectOrigin.CONTROLLER:
        return False
    return effect.time_ns - within_ns <= until_ns(other) and other.time_ns - within_ns <= until_ns(effect)
