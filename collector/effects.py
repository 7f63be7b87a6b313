"""Anode effects between the voltages, the store and the streams: each is booked and written once.

A pot's voltage tells of an effect at its start, every 30 s while it lasts, and at its end; a controller does as it
likes. Both are kept under their own ids. Whenever one of them says something new, it is judged again which of the pot's
effects count, and what has changed by that is marked and written:

- the minutes in which the changed effects began are accounted again, where they are closed already;
- the stream ``anode_effect`` has one line for each effect, at its start, rewritten as it grows. An effect that turns
  out to be merged into another, or to be none, keeps its line with ``duration_s`` and ``overvoltage_v_s`` 0 and
  ``corrected`` true: a database cannot be asked to forget a line, and holding lines back until it is certain that no
  controller tells the same effect would make every one of them late. So sums over the stream count none twice. An
  effect whose start is corrected leaves such a line behind, too. Two effects that begin in the same nanosecond share
  their line: it is that of the one that counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

import msgspec
import structlog

from collector.accounting.anode_effects import VoltageWatch
from collector.accounting.effect_counting import REACH_NS, Counting, counted, told_by
from collector.accounting.excursions import EffectRules
from collector.delivery import lineprotocol
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.event import AnodeEffect
from collector.store.store import Store

log = structlog.get_logger()

_COMPARED_AFTER_NS = 3_600_000_000_000
_MOST_MERGED = 1000

STANDING = "anode_effects_standing"
"""Under this the store remembers the effects that go on, up to the last reading that is in it."""

_Place = tuple[str, str, int]
"""Pot, kind and start [UTC ns] of an effect: where its line stands."""


@dataclass(slots=True)
class Judged:
    """What follows from new words about effects: lines, and the places (potline, time [ns]) of what has changed."""

    lines: list[bytes] = field(default_factory=list)
    places: list[tuple[str, int]] = field(default_factory=list)


class Effects:
    """The anode effects of a plant.

    Once a day, an hour after midnight, what the controllers told of the day before is compared with what the voltages
    showed. Where both tell of effects at all, each one that only one of them tells is said and counted: a controller
    that is deaf, a pot whose voltage does not arrive.

    Parameters
    ----------
    plant : Plant
        Its pots.
    store : Store
        Where effects are kept.
    rules : EffectRules
        How they are found and counted.
    known : iterable of AnodeEffect
        What the store knows of the last day and of what went on, so that the watch goes on where it was.
    now_ns : int
        Present time [UTC ns].
    """

    def __init__(
        self, plant: Plant, store: Store, rules: EffectRules, known: Iterable[AnodeEffect], *, now_ns: int
    ) -> None:
        self._plant = plant
        self._store = store
        self._rules = rules
        listed = list(known)
        self._watch = VoltageWatch(plant, rules, listed)
        self._remembered: list[AnodeEffect] | None = None
        self._compared = self._day_before(now_ns)
        self.merged: dict[str, str] = {}
        """Ids of the latest effects that are merged into another one, with the id of that."""
        self.merged |= self._counted({each.id: each for each in listed}.values()).merged

    @classmethod
    async def opened(cls, plant: Plant, store: Store, rules: EffectRules, now_ns: int) -> "Effects":
        """Go on where the store ends."""
        known = msgspec.json.decode(await store.meta(STANDING, "[]"), type=list[AnodeEffect])
        for line in plant.potlines:
            known += await store.effects_between(line.id, now_ns - REACH_NS, now_ns + REACH_NS)
        return cls(plant, store, rules, known, now_ns=now_ns)

    @property
    def late(self) -> int:
        """Voltages that came too late to be looked at."""
        return self._watch.late

    def go_on_from(self, before: "Effects") -> None:
        """Take over what was counted before: all else is on disk."""
        then = before._watch  # noqa: SLF001 - of the same class
        self._watch.late, self._watch.late_pots = then.late, then.late_pots
        self._compared = before._compared  # noqa: SLF001 - of the same class

    def seen(self, batch: ReadingBatch) -> list[AnodeEffect]:
        """Return what the voltages of a batch tell, and what is over because a pot has fallen silent.

        Silent is a pot of which nothing comes while others speak: what a broker has kept during a stop is still to come
        when the clock is far on.
        """
        return [*self._watch.take(batch), *self._watch.settle(self._watch.heard_ns)]

    async def compare(self, now_ns: int) -> int:
        """Compare the words of controllers and voltages on the day before, once a day; return how many stand alone."""
        day = self._day_before(now_ns)
        if day == self._compared:
            return 0
        self._compared = day
        start_ns, end_ns = (self._midnight(each) for each in (day, day + timedelta(days=1)))
        alone = 0
        for line in self._plant.potlines:
            around = await self._store.effects_between(line.id, start_ns - REACH_NS, end_ns + REACH_NS)
            told = told_by(around, start_ns, end_ns, same_within_s=self._rules.same_within_s)
            if not all(each.count for each in told.values()):
                continue
            found = sum(each.alone for each in told.values())
            alone += found
            if found:
                log.warning(
                    "controllers and voltages tell of different anode effects",
                    potline=line.id,
                    day=day.isoformat(),
                    **{origin.value: f"{t.count}, {t.seconds:.0f} s, {t.alone} alone" for origin, t in told.items()},
                )
        return alone

    def _day_before(self, now_ns: int) -> date:
        return datetime.fromtimestamp((now_ns - _COMPARED_AFTER_NS) // 10**9, self._plant.time_zone).date() - timedelta(
            days=1
        )

    def _midnight(self, day: date) -> int:
        return int(datetime.combine(day, time.min, self._plant.time_zone).timestamp()) * 10**9

    def standing(self) -> dict[str, str]:
        """Return what is to be remembered of the effects that go on: empty if nothing has changed."""
        standing = self._watch.standing()
        if standing == self._remembered:
            return {}
        self._remembered = standing
        return {STANDING: msgspec.json.encode(standing).decode()}

    async def judge(self, fresh: Sequence[AnodeEffect]) -> Judged:
        """Return what changes with effects that tell something new, before they are in the store."""
        judged = Judged()
        for line in self._plant.potlines:
            told = {effect.id: effect for effect in fresh if effect.potline == line.id}
            if told:
                await self._judge_line(line.id, told, judged)
        return judged

    async def _judge_line(self, potline: str, told: Mapping[str, AnodeEffect], judged: Judged) -> None:
        moved_from = await self._store.minutes_of(told)
        times = [effect.time_ns for effect in told.values()] + [time_ns for _, time_ns in moved_from]
        known = await self._store.effects_between(potline, min(times) - REACH_NS, max(times) + REACH_NS)
        pots = {effect.pot for effect in told.values()} | {each.pot for each in known if each.id in told}
        before = {effect.id: effect for effect in known if effect.pot in pots}
        after = before | dict(told)
        was, now = self._counted(before.values()), self._counted(after.values())
        for id_ in after:
            self.merged.pop(id_, None)
        self.merged |= now.merged
        for id_ in list(self.merged)[:-_MOST_MERGED]:
            del self.merged[id_]
        then, stands = {each.id for each in was.effects}, {each.id for each in now.effects}
        changed = {id_ for id_ in after if after[id_] != before.get(id_) or (id_ in then) is not (id_ in stands)}
        lines: dict[_Place, bytes] = {}
        for effect in (each[id_] for each in (before, after) for id_ in sorted(changed) if id_ in each):
            judged.places.append((potline, effect.time_ns))
            lines[_place(effect)] = self._line(_nothing(effect))
        for id_ in sorted(changed & stands):
            lines[_place(after[id_])] = self._line(after[id_])
        for effect in now.effects:
            if effect.id not in changed and _place(effect) in lines:
                lines[_place(effect)] = self._line(effect)
        judged.lines += lines.values()

    def _counted(self, effects: Iterable[AnodeEffect]) -> Counting:
        return counted(effects, same_within_s=self._rules.same_within_s, precedence=self._rules.precedence)

    def _line(self, effect: AnodeEffect) -> bytes:
        tags = {"plant": self._plant.id, "potline": effect.potline, "pot": effect.pot, "kind": effect.kind.value}
        fields = {
            "duration_s": effect.duration_s,
            "max_v": effect.max_v,
            "overvoltage_v_s": effect.overvoltage_v_s,
            "corrected": effect.corrected,
        }
        line = lineprotocol.line(lineprotocol.series("anode_effect", tags), fields, effect.time_ns)
        if line is None:
            raise AssertionError("an anode effect always has the field 'corrected'")
        return line


def _place(effect: AnodeEffect) -> _Place:
    return effect.pot, effect.kind.value, effect.time_ns


def _nothing(effect: AnodeEffect) -> AnodeEffect:
    # A field that is not written stays as it is: an overvoltage that nobody told must not become one of 0.
    overvoltage_v_s = None if effect.overvoltage_v_s is None else 0.0
    return replace(effect, duration_s=0.0, overvoltage_v_s=overvoltage_v_s, corrected=True)
