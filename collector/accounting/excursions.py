"""Anode effects of one pot from its voltage, reading by reading. Pure.

The voltage between two readings is a straight line, so an excursion begins and ends where that line crosses the
threshold. Two excursions of a pot that lie closer together than the merging gap are one effect: it begins with the
first, and its duration is the time above the threshold, not the time between. Some rules that no reading decides:

- A gap in the readings that is longer than the longest covered one lies in the effect if both its ends do. If only one
  end does, nothing of it counts: the effect ends with its last reading above, or begins with the first.
- A gap longer than the merging gap ends the effect with the last reading before it.
- All such gaps, in an effect or at its end, are told as its unseen time; its duration is then an estimate.
- Excursions shorter than the shortest one that counts are nothing: neither told nor merged. The shortest is 0 s where
  nothing else is configured, because the rule sets count every rise above the threshold, and name no least duration.
- An effect is at most a day old when an excursion is merged into it.

Of means over some seconds instead of samples, each edge of an effect is known to less than one such period, and its
duration to less than two. Means draw a steep edge out, and the threshold is low on it: so effects of 25 V come out
longer on the average, by about a period. One that is shorter than a period may not be seen at all.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from collector.accounting.windows import DAY_NS
from collector.readings.event import AnodeEffect, AnodeEffectKind, EffectOrigin

TOLD_EVERY_NS = 30_000_000_000
"""An effect that lasts is told again no sooner than after this time."""

_SECOND_NS = 1_000_000_000
_RANKS_NS = 1_000_000


@dataclass(frozen=True, slots=True)
class EffectRules:
    """How anode effects are found and counted.

    Attributes
    ----------
    longest_gap_s : float
        Readings up to this far apart are joined by a straight line [s].
    merging_gap_s : float
        Excursions of a pot closer together than this are one effect [s].
    shortest_s : float
        Excursions shorter than this do not count [s].
    sensor_limit_v : float
        A voltage above this is none that a pot can have: an open wire or a fault of the measurement [V].
    together : float
        Where more than this share of a line's pots is above the threshold at once, none of them is in effect [1].
    same_within_s : float
        Effects of a pot from two origins that overlap or lie this close together are one [s].
    precedence : EffectOrigin
        Whose word counts then.
    """

    longest_gap_s: float
    merging_gap_s: float
    shortest_s: float
    sensor_limit_v: float
    together: float
    same_within_s: float
    precedence: EffectOrigin

    @property
    def ends_after_ns(self) -> int:
        """The gap in the readings that ends an effect [ns]."""
        return round(max(self.merging_gap_s, self.longest_gap_s) * 1e9)


@dataclass(slots=True)
class _Sum:
    """Time above the threshold, the voltage's integral over it, and what else adds up over excursions."""

    time_ns: int = 0
    volt_s: float = 0.0
    max_v: float = 0.0
    unseen_ns: int = 0

    def __add__(self, other: "_Sum") -> "_Sum":
        return _Sum(
            self.time_ns + other.time_ns,
            self.volt_s + other.volt_s,
            max(self.max_v, other.max_v),
            self.unseen_ns + other.unseen_ns,
        )

    def line(self, time_ns: int, from_v: float, to_v: float) -> None:
        """Add a straight line of the voltage."""
        self.time_ns += time_ns
        self.volt_s += (from_v + to_v) / 2 * (time_ns * 1e-9)
        self.max_v = max(self.max_v, from_v, to_v)


@dataclass(slots=True)
class _Effect:
    """An effect as far as its excursions are over. ``told_ns``: the reading at which it was told last."""

    start_ns: int
    until_ns: int
    reference_v: float | None
    rank: int = -1
    told_ns: int = 0
    excursions: int = 0
    over: _Sum = field(default_factory=_Sum)
    refused: str | None = None


@dataclass(slots=True)
class _Excursion:
    """The voltage above the threshold, up to the last reading. ``void``: why it does not count."""

    into: _Effect
    last_ns: int
    last_v: float
    told: bool = False
    void: str | None = None
    sum: _Sum = field(default_factory=_Sum)


class PotCurve:
    """The voltage of one pot as far as it is about anode effects.

    Parameters
    ----------
    potline, pot
        Whose it is.
    above_v, below_v
        Threshold at which an effect begins, and at which it ends [V].
    rules
        How effects are found.
    """

    def __init__(self, potline: str, pot: str, *, above_v: float, below_v: float, rules: EffectRules) -> None:
        self._potline = potline
        self._pot = pot
        self._above_v = above_v
        self._below_v = below_v
        self._longest_gap_ns = round(rules.longest_gap_s * 1e9)
        self._merging_gap_ns = round(rules.merging_gap_s * 1e9)
        self._ends_after_ns = rules.ends_after_ns
        self._shortest_ns = round(rules.shortest_s * 1e9)
        self._effect: _Effect | None = None
        self._now: _Excursion | None = None

    @property
    def burning(self) -> bool:
        """Whether the voltage is above the threshold."""
        return self._now is not None

    def standing(self) -> AnodeEffect | None:
        """Return the effect that is going on and was told, as it stands after the last reading."""
        now = self._now
        if now is None or not now.told or now.void != now.into.refused:
            return None
        return self._body(now.into, now.into.over + now.sum, now.last_ns, last_v=now.last_v)

    def restore(self, known: AnodeEffect) -> None:
        """Go on with the last effect of the pot, as it was told before a restart."""
        until_ns = known.time_ns if known.until_ns is None else known.until_ns
        time_ns = round((known.duration_s or 0.0) * 1e9)
        volt_s = (known.overvoltage_v_s or 0.0) + (known.reference_v or 0.0) * time_ns * 1e-9
        over = _Sum(time_ns, volt_s, known.max_v or 0.0, round(known.unseen_s * 1e9))
        effect = _Effect(known.time_ns, until_ns, known.reference_v, known.rank, until_ns, 1, over, known.refused)
        self._effect = effect
        if known.last_v is not None:
            self._now = _Excursion(effect, until_ns, known.last_v, told=True, void=known.refused)

    def take(
        self, before: tuple[int, float] | None, time_ns: int, value: float, reference_v: float | None
    ) -> list[AnodeEffect]:
        """Take the next reading, and return what there is to tell. What is over by then is settled before.

        Parameters
        ----------
        before : tuple of int and float, or None
            Time [UTC ns] and voltage [V] of the reading before it, if there was any.
        time_ns, value : int, float
            Time [UTC ns], later than that, and voltage [V].
        reference_v : float or None
            The mean voltage so far of the pot at rest [V], None if not known.
        """
        if self._now is not None:
            return self._go_on(self._now, time_ns, value)
        return self._begin(before, time_ns, value, reference_v) if value > self._above_v else []

    def settle(self, now_ns: int) -> list[AnodeEffect]:
        """End an excursion of which nothing was heard for longer than the merging gap."""
        now = self._now
        if now is None or now_ns - now.last_ns <= self._ends_after_ns:
            return []
        now.sum.unseen_ns += self._ends_after_ns
        return self._end(now, now.last_ns, now.last_ns + self._ends_after_ns)

    def void(self, time_ns: int, why: str) -> list[AnodeEffect]:
        """Take back the excursion that is going on."""
        now = self._now
        if now is None or now.void is not None:
            return []
        now.void = why
        if not now.told:
            return []
        if now.into.excursions:
            return [self._told(now.into, time_ns, now.into.over, now.into.until_ns, corrected=True)]
        now.into.refused = why
        return [self._told(now.into, time_ns, now.sum, now.last_ns, last_v=now.last_v, corrected=True)]

    def _begin(
        self, before: tuple[int, float] | None, time_ns: int, value: float, reference_v: float | None
    ) -> list[AnodeEffect]:
        start_ns, start_v, unseen_ns = time_ns, value, 0
        if before is not None and before[1] <= self._above_v:
            gap_ns = time_ns - before[0]
            if gap_ns <= self._longest_gap_ns:
                start_ns, start_v = _crossing(before, (time_ns, value), self._above_v), self._above_v
            elif gap_ns <= self._ends_after_ns:
                unseen_ns = gap_ns
        into = self._effect
        if into is None or into.refused is not None or not self._is_one(into, start_ns):
            into = _Effect(start_ns, start_ns, reference_v)
        self._now = now = _Excursion(into, time_ns, value)
        now.sum.unseen_ns = unseen_ns
        now.sum.line(time_ns - start_ns, start_v, value)
        return self._news(now)

    def _is_one(self, effect: _Effect, start_ns: int) -> bool:
        return start_ns - effect.until_ns < self._merging_gap_ns and start_ns - effect.start_ns < DAY_NS

    def _go_on(self, now: _Excursion, time_ns: int, value: float) -> list[AnodeEffect]:
        before = now.last_ns, now.last_v
        gap_ns = time_ns - now.last_ns
        long = gap_ns > self._longest_gap_ns
        now.sum.unseen_ns += gap_ns if long else 0
        if value >= self._below_v:
            now.sum.line(gap_ns, now.last_v, value)
            now.last_ns, now.last_v = time_ns, value
            return self._news(now)
        end_ns = now.last_ns
        if not long:
            end_ns = _crossing(before, (time_ns, value), self._below_v)
            now.sum.line(end_ns - now.last_ns, now.last_v, self._below_v)
        return self._end(now, end_ns, time_ns)

    def _news(self, now: _Excursion) -> list[AnodeEffect]:
        """Tell of an excursion that goes on: first when it is long enough, then from time to time."""
        if now.void is not None or now.sum.time_ns < self._shortest_ns:
            return []
        if now.told and now.last_ns - now.into.told_ns < TOLD_EVERY_NS:
            return []
        now.told = True
        self._effect = now.into
        return [self._told(now.into, now.last_ns, now.into.over + now.sum, now.last_ns, last_v=now.last_v)]

    def _end(self, now: _Excursion, end_ns: int, reading_ns: int) -> list[AnodeEffect]:
        self._now = None
        if now.void is not None or now.sum.time_ns < self._shortest_ns:
            return []
        self._effect = effect = now.into
        effect.over += now.sum
        effect.until_ns = end_ns
        effect.excursions += 1
        return [self._told(effect, reading_ns, effect.over, end_ns)]

    def _told(
        self,
        effect: _Effect,
        reading_ns: int,
        over: _Sum,
        until_ns: int,
        *,
        last_v: float | None = None,
        corrected: bool = False,
    ) -> AnodeEffect:
        """Return what is told after a reading. The same readings give the same id, ranks and bodies."""
        effect.rank = max(effect.rank + 1, (reading_ns - effect.start_ns) // _RANKS_NS)
        effect.told_ns = reading_ns
        return self._body(effect, over, until_ns, last_v=last_v, corrected=corrected)

    def _body(
        self, effect: _Effect, over: _Sum, until_ns: int, *, last_v: float | None, corrected: bool = False
    ) -> AnodeEffect:
        duration_s = over.time_ns / 1e9
        reference_v = effect.reference_v
        return AnodeEffect(
            id=f"V-{self._potline}-{self._pot}-{_compact(effect.start_ns)}",
            rank=effect.rank,
            potline=self._potline,
            pot=self._pot,
            kind=AnodeEffectKind.HVAE,
            time_ns=effect.start_ns,
            duration_s=duration_s,
            max_v=over.max_v,
            overvoltage_v_s=None if reference_v is None else over.volt_s - reference_v * duration_s,
            corrected=corrected,
            origin=EffectOrigin.VOLTAGE,
            until_ns=until_ns,
            last_v=last_v,
            reference_v=reference_v,
            unseen_s=over.unseen_ns / 1e9,
            refused=effect.refused,
        )


def _crossing(before: tuple[int, float], after: tuple[int, float], level_v: float) -> int:
    """Return when the straight line between two readings crosses a voltage [UTC ns]."""
    share = (level_v - before[1]) / (after[1] - before[1])
    return before[0] + round((after[0] - before[0]) * share)


def _compact(time_ns: int) -> str:
    """Write a time to the millisecond, as ids have it."""
    seconds, rest_ns = divmod(time_ns, _SECOND_NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%dT%H%M%S}.{rest_ns // 1_000_000:03}Z"
