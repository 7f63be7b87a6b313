"""Alert rules: whether stream, field and tags are there, and limits have their unit and stand on their sides."""

import difflib
import re
import string
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property

from collector.instruments import Instruments
from collector.plant.alerts import AlertRule, AlertTopic, Severity, Side
from collector.plant.streams import LINES, OF_READINGS, Place, known_tag_values, places, unit_of
from collector.plant.topology import Plant
from collector.readings import units
from collector.settings.alert_models import AlertMqttSection, AlertSection
from collector.settings.part import Part
from collector.settings.sources import Origins
from collector.settings.toml_file import Path_

OWN = ("outbox_filling", "energy_balance", "anode_effect_counters_shift", "anode_effect_counters_day")
"""The alerts that the collector has of itself; no rule may have their names."""

_IN_TEXTS = ("rule", "severity", "stream", "field", "value", "limit", "unit", "plant", "series")
_IN_TOPICS = ("plant", "rule", "severity", "series", "potline")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_PLAIN = ("", "1")


class AlertRules(Part):
    """Makes rules of checked sections, for a plant."""

    def __init__(self, origins: Origins, broken: AbstractSet[Path_], plant: Plant) -> None:
        super().__init__(origins, broken)
        self._plant = plant
        self._known = known_tag_values(plant)

    @cached_property
    def _places(self) -> list[Place]:
        return places(self._plant)

    def made(self, sections: Mapping[str, AlertSection]) -> tuple[AlertRule, ...]:
        """Return the rules; what is wrong stands in ``problems``."""
        rules = (self._rule(name, section) for name, section in sections.items() if self._fine("alerts", name))
        return tuple(rule for rule in rules if rule is not None)

    def topic(self, section: AlertMqttSection | None) -> AlertTopic | None:
        """Return where alerts are told over MQTT; None: nowhere."""
        if section is None or not self._fine("alert_mqtt", "broker"):
            return None
        broker = next((broker for broker in self._plant.brokers if broker.id == section.broker), None)
        if broker is None:
            names = [broker.id for broker in self._plant.brokers]
            self._unknown(("alert_mqtt", "broker"), "broker", section.broker, names)
            return None
        session, places_of = f"{broker.client_id}-alerts", {(host.lower(), port) for host, port in broker.addresses}
        for other in self._plant.brokers:
            is_same = any((host.lower(), port) in places_of for host, port in other.addresses)
            if is_same and other.client_id == session:
                what = f"alerts are told as {session}, which is the client_id of {other.id} at the same broker"
                self._report(("alert_mqtt", "broker"), what, "change that client_id")
        found = self._placeholders(("alert_mqtt", "topic"), section.topic, _IN_TOPICS)
        if not {"rule", "series"} <= found and self._fine("alert_mqtt", "topic"):
            what = "has no {rule} or no {series}, so that alerts would overwrite each other's retained message"
            self._report(("alert_mqtt", "topic"), what, "write it like potline/{plant}/alert/{rule}/{series}")
        return AlertTopic(broker, section.topic)

    def _rule(self, name: str, section: AlertSection) -> AlertRule | None:
        at: Path_ = ("alerts", name)
        before = len(self.problems)
        if name in OWN:
            self._report(at, f"{name} is an alert that the collector has of itself", "give it another name")
        if section.stream not in {*OF_READINGS, *LINES}:
            self._not_known((*at, "stream"), "stream", section.stream, {*OF_READINGS, *LINES})
            return None
        of_stream = [place for place in self._places if place.stream == section.stream]
        unit_of_field = self._fields(section.stream, of_stream)
        if section.field not in unit_of_field:
            self._not_known((*at, "field"), f"field of {section.stream} in this plant", section.field, unit_of_field)
            return None
        is_of_readings = any(place.field == section.field for place in of_stream)
        tags = {key for place in of_stream for key in place.tags} if is_of_readings else {"plant"}
        if not is_of_readings:
            tags |= {*LINES[section.stream].tags}
        self._where(at, section, tags)
        side, limit, resolves_at = self._limits(at, section, unit_of_field[section.field])
        if section.text is not None:
            self._placeholders((*at, "text"), section.text, (*_IN_TEXTS, *tags))
        rule = AlertRule(
            name=name,
            stream=section.stream,
            field=section.field,
            where={key: tuple(values) for key, values in section.where.items()},
            side=side,
            limit=limit,
            resolves_at=resolves_at,
            unit=unit_of_field[section.field],
            for_s=section.for_,
            resolves_after_s=section.resolves_after,
            silent_for_s=section.silent_for,
            severity=Severity(section.severity),
            text=section.text or "",
        )
        of_field = [place for place in of_stream if place.field == section.field]
        if is_of_readings and len(self.problems) == before and not any(rule.covers(place.tags) for place in of_field):
            self._report((*at, "where"), f"no {section.stream} with {section.field} is like that", "correct it")
        return rule

    def _fields(self, stream: str, of_stream: Sequence[Place]) -> dict[str, str]:
        """Return the fields of a stream that are numbers, with their units."""
        lines = LINES[stream].fields if stream in LINES else ()
        if stream == "collector":
            lines = (*lines, *Instruments().stream_fields())
        return {field: unit_of(field) for field in lines} | {place.field: place.unit for place in of_stream}

    def _where(self, at: Path_, section: AlertSection, tags: AbstractSet[str]) -> None:
        for tag, values in section.where.items():
            if tag not in tags:
                self._not_known((*at, "where", tag), f"tag of {section.stream}", tag, tags)
                continue
            for place, value in enumerate(values):
                if tag in self._known and value not in self._known[tag]:
                    key = (*at, "where", tag, place) if len(values) > 1 else (*at, "where", tag)
                    self._not_known(key, tag, value, self._known[tag])

    def _limits(self, at: Path_, section: AlertSection, unit: str) -> tuple[Side | None, float, float]:
        """Return on which side of which limit a value is wrong, and where it is right again."""
        above, below = (self._number((*at, key), getattr(section, key), unit) for key in ("above", "below"))
        back_below, back_above = (
            self._number((*at, key), getattr(section, key), unit) for key in ("resolves_below", "resolves_above")
        )
        self._belong_together(at, section)
        if above is not None and back_below is not None and back_below > above:
            what = f"{section.resolves_below} is above the limit, {section.above}"
            self._report((*at, "resolves_below"), what, "give the same or less, or leave it out")
        if below is not None and back_above is not None and back_above < below:
            what = f"{section.resolves_above} is below the limit, {section.below}"
            self._report((*at, "resolves_above"), what, "give the same or more, or leave it out")
        if above is not None:
            return Side.ABOVE, above, above if back_below is None else back_below
        if below is not None:
            return Side.BELOW, below, below if back_above is None else back_above
        return None, 0.0, 0.0

    def _belong_together(self, at: Path_, section: AlertSection) -> None:
        if section.above is not None and section.below is not None:
            self._report((*at, "below"), "is given beside above", "make two rules of it")
        if section.above is None and section.below is None:
            if section.silent_for is None:
                self._report(at, "has no limit", "add above or below, or silent_for")
            for key, name in (("for_", "for"), ("resolves_after", "resolves_after")):
                if getattr(section, key):
                    self._report((*at, name), "needs a limit", "add above or below, or remove it")
        for key, other in (("resolves_below", "above"), ("resolves_above", "below")):
            if getattr(section, key) is not None and getattr(section, other) is None:
                self._report((*at, key), f"is for a rule with {other}", f"add {other}, or remove it")

    def _number(self, at: Path_, told: str | None, unit: str) -> float | None:
        """Return a limit in the unit of the field."""
        if told is None or not self._fine(*at):
            return None
        if unit in _PLAIN and _NUMBER.fullmatch(told):
            return float(told)
        if not unit:
            self._report(at, f"'{told}' is no number, and this field has no unit", "write it like 3")
            return None
        try:
            return units.parse(told, unit)
        except ValueError as exc:
            what, _, remedy = str(exc).partition("; ")
            self._report(at, what, remedy)
            return None

    def _placeholders(self, at: Path_, text: str, known: Iterable[str]) -> set[str]:
        """Return the placeholders of a text."""
        found: set[str] = set()
        try:
            parts = list(string.Formatter().parse(text))
        except ValueError:
            self._report(at, "holds a single { or }", "write {{ and }} where they are no placeholder")
            return found
        for _, name, spec, conversion in parts:
            if name is None:
                continue
            found.add(name)
            if name not in known:
                self._not_known(at, "placeholder here", name, known)
            elif spec or conversion:
                self._report(at, f"{{{name}}} has a format of its own", f"write {{{name}}} alone")
        return found

    def _not_known(self, at: Path_, what: str, name: str, known: Iterable[str]) -> None:
        names = sorted(set(known))
        near = difflib.get_close_matches(name, names, n=1)
        listed = f"one of: {', '.join(names)}" if names else "there is none"
        self._report(at, f"'{name}' is no {what}", f"did you mean '{near[0]}'?" if near else listed)
