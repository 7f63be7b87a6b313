"""The fields of an event in a message: each read as what its kind of event expects of it. Pure."""

import re
from datetime import date
from typing import Any

from collector.acquisition.mqtt import payload
from collector.acquisition.mqtt.instants import DAY_NS, NO_EARLIER_NS
from collector.acquisition.mqtt.message import Cause, PayloadProblem
from collector.acquisition.mqtt.paths import NOTHING, found
from collector.acquisition.mqtt.times import instant
from collector.plant.event_fields import FIELDS
from collector.plant.layout import (
    MessageLayout,
    dotted,
)


class Fields:
    """The fields of one event in a message. Each is None where the message, or its layout, has none."""

    def __init__(self, layout: MessageLayout, sample: object, message: object) -> None:
        self._layout = layout
        self._sample = sample
        self._message = message

    def text(self, name: str) -> str | None:
        """Return a text."""
        return payload.text(self._value(name), self._at(name))

    def needed_text(self, name: str) -> str:
        """Return a text that must be there."""
        return str(self._needed(name, self.text(name)))

    def word(self, name: str) -> str | None:
        """Return a word of the event, translated from that of the message."""
        value = self._value(name)
        if value is NOTHING or value is None:
            return None
        known = self._layout.fields[name].words or {word: word for word in self._rule(name).words}
        # A name without words of its own is what the message says.
        if not known:
            return self.text(name)
        written = payload.word(value)
        if written is None or written not in known:
            what = f"{self._at(name)} is {payload.shown(value)}; one of: {', '.join(known)}"
            raise PayloadProblem(Cause.UNKNOWN_WORD, what)
        return known[written]

    def needed_word(self, name: str) -> str:
        """Return a word that must be there."""
        return str(self._needed(name, self.word(name)))

    def number(self, name: str) -> float:
        """Return a number that must be there, in whatever unit."""
        return float(self._needed(name, payload.number(self._value(name), self._at(name))))

    def shares(self, name: str) -> tuple[tuple[str, float], ...]:
        """Return a list of at least one pot with its mass in the unit of the event."""
        value, field, at = self._needed(name, self._value(name)), self._layout.fields[name], self._at(name)
        if not isinstance(value, list) or not value:
            what = "is empty" if value == [] else f"is {payload.shown(value)}, and no array of pots"
            raise PayloadProblem(Cause.WRONG_TYPE, f"{at} {what}")
        if field.pot is None or field.mass is None:
            raise AssertionError("a layout says where the elements of a list of pots have pot and mass")
        listed = []
        for row, each in enumerate(value):
            inside = f"{at}[{row}]"
            pot = payload.text(found(each, field.pot), f"{inside}.{dotted(field.pot)}")
            mass = payload.number(found(each, field.mass), f"{inside}.{dotted(field.mass)}")
            if pot is None or mass is None:
                raise PayloadProblem(Cause.MISSING, f"{inside} lacks {'the pot' if pot is None else 'the mass'}")
            listed.append((pot, mass * field.factor))
        return tuple(listed)

    def measure(self, name: str) -> float | None:
        """Return a number in the unit of the event."""
        number = payload.number(self._value(name), self._at(name))
        return None if number is None else payload.number(number * self._layout.fields[name].factor, self._at(name))

    def whole(self, name: str, most: int) -> int:
        """Return a whole number from 0 to ``most``; 0 where there is none."""
        value = self._value(name)
        if value is NOTHING or value is None:
            return 0
        if type(value) is not int:
            payload.number(value, self._at(name))
            raise PayloadProblem(Cause.WRONG_TYPE, f"{self._at(name)} is {payload.shown(value)}, and no whole number")
        if not 0 <= value <= most:
            what = f"{self._at(name)} is {payload.shown(value)}; 0 to {most} are possible"
            raise PayloadProblem(Cause.WRONG_TYPE, what)
        return value

    def flag(self, name: str) -> bool:
        """Return a flag, False where there is none."""
        return payload.flag(self._value(name), self._at(name))

    def needed_flag(self, name: str) -> bool:
        """Return a flag that must be there."""
        value = self._value(name)
        return payload.flag(self._needed(name, None if value is NOTHING else value), self._at(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of at least one text."""
        value = self._needed(name, self._value(name))
        if not isinstance(value, list) or not value:
            what = "is empty" if value == [] else f"is {payload.shown(value)}, and no array of texts"
            raise PayloadProblem(Cause.WRONG_TYPE, f"{self._at(name)} {what}")
        at = self._at(name)
        return tuple(self._needed(name, payload.text(each, f"{at}[{row}]")) for row, each in enumerate(value))

    def time(self, name: str, arrived_ns: int | None) -> int | None:
        """Return a time [ns]; with a time of arrival, one that can have been by then."""
        value = self._value(name)
        if value is NOTHING or value is None:
            return None
        try:
            time_ns = instant(value, self._layout.fields[name].format)
        except ValueError as exc:
            raise PayloadProblem(Cause.WRONG_TYPE, f"{self._at(name)} {exc}") from exc
        if arrived_ns is not None and not NO_EARLIER_NS <= time_ns <= arrived_ns + DAY_NS:
            what = f"{self._at(name)} is {payload.shown(value)}: before 2000 or more than a day after its arrival"
            raise PayloadProblem(Cause.IMPOSSIBLE_TIME, what)
        return time_ns

    def needed_time(self, name: str, arrived_ns: int) -> int:
        """Return a time [ns] that must be there."""
        return int(self._needed(name, self.time(name, arrived_ns)))

    def day(self, name: str) -> date | None:
        """Return a day of the calendar."""
        written = self.text(name)
        if written is None:
            return None
        day = day_in(written)
        if day is None:
            what = f"{self._at(name)} is {payload.shown(written)}, and no day like 2026-03-01"
            raise PayloadProblem(Cause.WRONG_TYPE, what)
        return day

    def _value(self, name: str) -> Any:  # noqa: ANN401 - whatever a message holds
        field = self._layout.fields.get(name)
        if field is None:
            return NOTHING
        value = found(self._sample, field.path)
        return found(self._message, field.path) if value is NOTHING else value

    def _at(self, name: str) -> str:
        field = self._layout.fields.get(name)
        return name if field is None else dotted(field.path)

    def _rule(self, name: str) -> Any:  # noqa: ANN401
        return FIELDS[self._layout.tells][name]

    def _needed(self, name: str, value: Any) -> Any:  # noqa: ANN401 - the same as went in
        if value is None or value is NOTHING:
            raise PayloadProblem(Cause.MISSING, f"{self._at(name)} is missing")
        return value


def day_in(written: str) -> date | None:
    """Return the day of a text like 2026-03-01, None where it is none."""
    try:
        return date.fromisoformat(written) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", written) else None
    except ValueError:
        return None
