"""Anode effects and weighings of one pot, from metrics that tell the last one of each. Pure.

A node tells the last effect in its present values, and tells them again at every birth: the effect is the same as long
as its id is. It also counts its effects, so that one that was told while nobody listened is missed, if not known. What
it counts is told on as well, whenever it changes, to be compared with the effects of a shift and a day.
"""

from collections import OrderedDict

from collector.acquisition.mqtt import sparkplug_wire as wire
from collector.acquisition.mqtt.message import Cause, PayloadProblem
from collector.acquisition.mqtt.sparkplug_metrics import MS_NS, NO_EARLIER_MS, Fields, Told
from collector.acquisition.mqtt.sparkplug_wire import Value
from collector.plant.sparkplug import EventField
from collector.readings.event import AnodeEffect, AnodeEffectKind, EffectCounters, Event, Weighing

_ENDED = 2 << 48
_CORRECTED = 3 << 48
"""Ranks of messages about an anode effect, as the other layouts have them: an end, and a correction of it."""
_DAY_MS = 86_400_000
_LONGEST_S = 86_400.0
_LONGEST_ID = 200
_REMEMBERED = 64

_OF_EFFECT = frozenset(
    {
        EventField.EFFECT_ID,
        EventField.EFFECT_START,
        EventField.EFFECT_DURATION,
        EventField.EFFECT_MAX_VOLTAGE,
        EventField.EFFECT_OVERVOLTAGE,
    }
)
_OF_WEIGHING = frozenset({EventField.WEIGHING_ID, EventField.WEIGHING_NET})


class PotEvents:
    """The events of one pot.

    Parameters
    ----------
    potline, pot
        Whose they are.
    """

    def __init__(self, potline: str, pot: str) -> None:
        self._potline = potline
        self._pot = pot
        self._present: Fields = {}
        self._told: OrderedDict[str, tuple[Value | None, ...]] = OrderedDict()
        self._counted: tuple[int, float | None] | None = None
        self._shown: tuple[int, float | None] | None = None
        self._announced: tuple[int, float | None] | None = None
        self._since: tuple[int, float] = (0, 0.0)
        """Effects that were told since they were counted last, and their seconds."""

    def take(self, told: Told, arrived_ns: int, *, birth: bool) -> tuple[list[Event], list[PayloadProblem]]:
        """Return what is new in what a message tells, and what could not be used."""
        events: list[Event] = []
        problems: list[PayloadProblem] = []
        for (stamp_ms, historical), fields in sorted(told.items(), key=lambda item: item[0]):
            # The past does not change the present, and the present explains nothing of the past.
            known = {} if historical else self._present
            for of, read in ((_OF_EFFECT, self._effect), (_OF_WEIGHING, self._weighing)):
                if of.isdisjoint(fields):
                    continue
                try:
                    event = read(known, fields, stamp_ms, arrived_ns)
                except PayloadProblem as exc:
                    problems.append(exc)
                    continue
                if not historical:
                    self._present |= {field: value for field, value in fields.items() if field in of}
                if event is not None:
                    events.append(event)
            events += self._counters(fields, stamp_ms)
            if not historical:
                self._count(fields, birth=birth)
        return events, problems

    def _counters(self, fields: Fields, stamp_ms: int) -> list[EffectCounters]:
        """Return what the node has counted by then, where it is something else than it told last."""
        count, seconds = fields.get(EventField.EFFECT_COUNT), fields.get(EventField.EFFECT_SECONDS)
        if count is None:
            return []
        told = int(count), None if seconds is None else float(seconds)
        if told == self._shown:
            return []
        self._shown = told
        id_ = f"AEC-{self._potline}-{self._pot}-{stamp_ms}"
        return [EffectCounters(id_, 0, self._potline, self._pot, stamp_ms * MS_NS, *told)]

    @property
    def unsettled(self) -> bool:
        """Whether the counters of a birth are still to be compared."""
        return self._announced is not None

    def settle(self) -> list[PayloadProblem]:
        """Compare the counters of the last birth with what was told; to be called once a node speaks of the present.

        What it stored while it was away it tells after its birth, and has counted by then.
        """
        if self._announced is None:
            return []
        (count, seconds), before = self._announced, self._counted
        told, told_s = self._since
        self._counted, self._announced, self._since = self._announced, None, (0, 0.0)
        missed = 0 if before is None else count - before[0] - told
        if before is None or missed <= 0 or count < before[0]:
            return []
        text = f"pot {self._pot} counts {missed} anode effects more than it has told"
        if seconds is not None and before[1] is not None:
            text += f", of together {seconds - before[1] - told_s:.1f} s"
        return [PayloadProblem(Cause.MISSING, text)]

    def _effect(self, known: Fields, fields: Fields, stamp_ms: int, arrived_ns: int) -> AnodeEffect | None:
        id_ = _id(fields.get(EventField.EFFECT_ID, known.get(EventField.EFFECT_ID)))
        if not id_:
            return None
        if id_ != _id(known.get(EventField.EFFECT_ID)) and EventField.EFFECT_START not in fields:
            raise PayloadProblem(Cause.MISSING, f"anode effect {id_} comes without its start")
        merged = known | fields
        start_ms, duration_s = merged.get(EventField.EFFECT_START), merged.get(EventField.EFFECT_DURATION)
        if start_ms is None or duration_s is None:
            raise PayloadProblem(Cause.MISSING, f"anode effect {id_} comes without its duration")
        if not NO_EARLIER_MS <= int(start_ms) <= arrived_ns // MS_NS + _DAY_MS:
            text = f"anode effect {id_} began at {int(start_ms)} ms: before 2000, or more than a day after its arrival"
            raise PayloadProblem(Cause.IMPOSSIBLE_TIME, text)
        if not 0 <= float(duration_s) <= _LONGEST_S:
            raise PayloadProblem(Cause.IMPOSSIBLE_TIME, f"an anode effect of {float(duration_s):g} s is not possible")
        max_v = merged.get(EventField.EFFECT_MAX_VOLTAGE)
        overvoltage = merged.get(EventField.EFFECT_OVERVOLTAGE)
        before = self._remember(id_, (start_ms, duration_s, max_v, overvoltage))
        if before == self._told[id_]:
            return None
        number, seconds = self._since
        if before is None:
            self._since = number + 1, seconds + float(duration_s)
        else:
            self._since = number, seconds + float(duration_s) - float(before[1] or 0)
        return AnodeEffect(
            id=id_,
            rank=_ENDED if before is None else _CORRECTED + stamp_ms,
            potline=self._potline,
            pot=self._pot,
            kind=AnodeEffectKind.HVAE,
            time_ns=int(start_ms) * MS_NS,
            duration_s=float(duration_s),
            max_v=None if max_v is None else float(max_v),
            overvoltage_v_s=None if overvoltage is None else float(overvoltage),
            corrected=before is not None,
        )

    def _weighing(self, known: Fields, fields: Fields, stamp_ms: int, arrived_ns: int) -> Weighing | None:
        del arrived_ns
        id_ = _id(fields.get(EventField.WEIGHING_ID, known.get(EventField.WEIGHING_ID)))
        if not id_:
            return None
        net_kg = (known | fields).get(EventField.WEIGHING_NET)
        if net_kg is None:
            raise PayloadProblem(Cause.MISSING, f"weighing {id_} comes without its net weight")
        # A crucible of several pots has one id, and each pot tells its own part.
        own = f"{id_}/{self._pot}"
        before = self._remember(own, (net_kg,))
        if before == self._told[own]:
            return None
        return Weighing(
            id=own,
            rank=0 if before is None else stamp_ms,
            potline=self._potline,
            pots=(self._pot,),
            time_ns=stamp_ms * MS_NS,
            net_kg=float(net_kg),
            refused="the net weight is negative" if float(net_kg) < 0 else None,
        )

    def _remember(self, id_: str, content: tuple[Value | None, ...]) -> tuple[Value | None, ...] | None:
        """Return what was told under an id before."""
        before = self._told.get(id_)
        self._told[id_] = content
        if len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        return before

    def _count(self, fields: Fields, *, birth: bool) -> None:
        """Take the node's counters in: those of a birth to be compared, the first ones to begin with."""
        count, seconds = fields.get(EventField.EFFECT_COUNT), fields.get(EventField.EFFECT_SECONDS)
        if count is None or (self._counted is not None and not birth):
            return
        counted = int(count), None if seconds is None else float(seconds)
        if birth:
            self._announced = counted
        else:
            self._counted, self._since = counted, (0, 0.0)


def _id(raw: Value | None) -> str:
    """Return an id, empty where there is none.

    Raises
    ------
    PayloadProblem
        If it is no text, or too long for one.
    """
    if not isinstance(raw, bytes):
        return ""
    id_ = wire.text(raw)
    if len(id_) > _LONGEST_ID:
        raise PayloadProblem(Cause.WRONG_TYPE, f"an id of {len(id_)} characters is longer than {_LONGEST_ID}")
    return id_
