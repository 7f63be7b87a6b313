"""Events out of messages: what happened once, with an id, told again and corrected. Pure.

Of several messages about one id the one with the highest rank counts. The rank follows from the revision; of an anode
effect the phase goes before it, of a weighing the void one goes before the one that is not.
"""

from collections.abc import Mapping
from datetime import date, datetime

from collector.acquisition.mqtt import payload
from collector.acquisition.mqtt.fields import Fields, day_in
from collector.acquisition.mqtt.instants import DAY_NS
from collector.acquisition.mqtt.message import Cause, PayloadProblem
from collector.acquisition.mqtt.owners import Owners
from collector.acquisition.mqtt.paths import found
from collector.acquisition.mqtt.times import nanoseconds
from collector.acquisition.mqtt.told import read_factor, read_metal_tapped
from collector.plant.layout import Level, MessageLayout, Tells, dotted
from collector.plant.topology import Plant
from collector.readings.event import AnodeEffect, AnodeEffectKind, Event, Laboratory, Production, Weighing

_PHASES = {"start": 0, "update": 1, "end": 2, "correct": 3}
_RANK_OF_PHASE = 1 << 48
_LONGEST_S = 86_400.0
_ROUNDING_KG = 0.5


class EventReader:
    """Reads the events of one declaration."""

    def __init__(self, layout: MessageLayout, owners: Owners, plant: Plant, *, longest_tare_age_s: float) -> None:
        self._layout = layout
        self._owners = owners
        self._zone = plant.time_zone
        self._calendar = plant.calendar
        self._longest_tare_age_ns = round(longest_tare_age_s * 1e9)

    def read(self, sample: object, message: object, names: Mapping[Level, str], arrived_ns: int) -> Event:
        """Return the event that a sample tells.

        Raises
        ------
        PayloadProblem
            If it cannot be, or speaks of what the plant does not have.
        """
        fields = Fields(self._layout, sample, message)
        match self._layout.tells:
            case Tells.ANODE_EFFECT:
                return self._anode_effect(fields, names, arrived_ns)
            case Tells.WEIGHING:
                return self._weighing(fields, arrived_ns)
            case Tells.METAL_TAPPED:
                return read_metal_tapped(fields, self._owners, self._calendar, names, arrived_ns)
            case Tells.FACTOR:
                return read_factor(fields, arrived_ns)
            case Tells.PRODUCTION:
                return self._production(fields, names, arrived_ns)
            case _:
                return self._laboratory(fields, sample, names, arrived_ns)

    def _anode_effect(self, fields: Fields, names: Mapping[Level, str], arrived_ns: int) -> AnodeEffect:
        pot = self._owners.pot(names, fields.text("pot"))
        phase = fields.needed_word("phase")
        time_ns = fields.needed_time("start", arrived_ns)
        duration_s, end_ns = fields.measure("duration"), fields.time("end", None)
        if duration_s is None and end_ns is not None:
            duration_s = (end_ns - time_ns) / 1e9
        if duration_s is None and phase in ("end", "correct"):
            raise PayloadProblem(Cause.MISSING, f"an anode effect with phase '{phase}' needs its duration or its end")
        if duration_s is not None and not 0 <= duration_s <= _LONGEST_S:
            raise PayloadProblem(Cause.CONTRADICTION, f"an anode effect of {duration_s:g} s is not possible")
        return AnodeEffect(
            id=fields.needed_text("id"),
            rank=_PHASES[phase] * _RANK_OF_PHASE + fields.whole("revision", _RANK_OF_PHASE - 1),
            potline=self._owners.potline_of(pot),
            pot=pot,
            kind=AnodeEffectKind(fields.word("kind") or "hvae"),
            time_ns=time_ns,
            duration_s=duration_s,
            max_v=fields.measure("max_voltage"),
            overvoltage_v_s=fields.measure("overvoltage"),
            corrected=phase == "correct",
        )

    def _weighing(self, fields: Fields, arrived_ns: int) -> Weighing:
        pots = fields.texts("pots")
        time_ns = fields.needed_time("time", arrived_ns)
        net_kg = fields.measure("net")
        if net_kg is None:
            raise PayloadProblem(Cause.MISSING, "the net weight is missing")
        void = fields.flag("void")
        return Weighing(
            id=fields.needed_text("id"),
            rank=fields.whole("revision", _RANK_OF_PHASE // 2 - 1) * 2 + void,
            potline=self._owners.line_of(pots),
            pots=pots,
            time_ns=time_ns,
            net_kg=net_kg,
            refused=self._why_not(fields, time_ns, net_kg, void=void),
        )

    def _why_not(self, fields: Fields, time_ns: int, net_kg: float, *, void: bool) -> str | None:
        at_rest = fields.needed_flag("stable") and not fields.flag("in_motion")
        gross_kg, tare_kg = fields.measure("gross"), fields.measure("tare")
        zeroed_ns = fields.time("zeroed_at", None)
        if void:
            return "void"
        if not at_rest:
            return "the scale was not at rest"
        if net_kg < 0:
            return "the net weight is negative"
        if gross_kg is not None and tare_kg is not None and abs(gross_kg - tare_kg - net_kg) > _ROUNDING_KG:
            return f"net {net_kg:g} kg is not gross minus tare ({gross_kg - tare_kg:g} kg)"
        if zeroed_ns is not None and time_ns - zeroed_ns > self._longest_tare_age_ns:
            return "the tare is too old"
        return None

    def _production(self, fields: Fields, names: Mapping[Level, str], arrived_ns: int) -> Production:
        day, shift, net_kg = fields.day("day"), fields.text("shift"), fields.measure("net")
        if net_kg is None or net_kg < 0:
            cause = Cause.MISSING if net_kg is None else Cause.CONTRADICTION
            raise PayloadProblem(cause, f"the mass of the metal is {'missing' if net_kg is None else 'negative'}")
        if day is None:
            day = _day_of(shift)
        start = datetime(day.year, day.month, day.day, tzinfo=self._zone)
        if not date(2000, 1, 1) <= day or start.timestamp() * 1e9 > arrived_ns + DAY_NS:
            raise PayloadProblem(Cause.IMPOSSIBLE_TIME, f"{day} is before 2000 or more than a day after its arrival")
        return Production(
            id=fields.needed_text("id"),
            rank=fields.whole("revision", _RANK_OF_PHASE),
            potline=self._owners.potline(names, fields.text("potline")),
            time_ns=nanoseconds(start),
            period=shift or day.isoformat(),
            net_kg=net_kg,
            basis=fields.text("basis") or "",
            status=fields.text("status") or "",
        )

    def _laboratory(self, fields: Fields, sample: object, names: Mapping[Level, str], arrived_ns: int) -> Laboratory:
        pot = self._owners.pot(names, fields.text("pot"))
        told = [(value.quantity.label, value.path, value.factor) for value in self._layout.values]
        told += [(kept.name, kept.path, 1.0) for kept in self._layout.kept]
        numbers = [(name, payload.number(found(sample, path), dotted(path)), factor) for name, path, factor in told]
        return Laboratory(
            id=fields.needed_text("id"),
            rank=fields.whole("revision", _RANK_OF_PHASE),
            potline=self._owners.potline_of(pot),
            pot=pot,
            time_ns=fields.needed_time("sampled_at", arrived_ns),
            reported_ns=fields.time("reported_at", arrived_ns),
            kind=fields.text("kind") or "",
            method=fields.text("method") or "",
            values=tuple((name, number * factor) for name, number, factor in numbers if number is not None),
        )


def _day_of(shift: str | None) -> date:
    """Return the day that the name of a shift begins with."""
    day = day_in((shift or "")[:10])
    if day is None:
        what = "the day is missing" if shift is None else f"the shift '{shift}' does not begin with a day; add the day"
        raise PayloadProblem(Cause.MISSING, what)
    return day
