"""Damage to what a message says: each takes a message and gives the damaged one. Pure.

What is no JSON object is left as it is, except by the damages that look at bytes only, and by a wrong clock, which
Sparkplug nodes have as well.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from simulators.servers.sparkplug_wire import PayloadError, decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.servers.messages import Message
    from simulators.servers.sparkplug_wire import Metric

_TIMES = frozenset({"ts", "t", "start", "end", "sampled_at", "reported_at", "ts_start", "ts_end", "zeroed_at"})
_HEAD = frozenset({"v", "seq", "rev"})


def body_of(message: Message) -> dict[str, object] | None:
    """Read a message as a JSON object; None if it is none."""
    try:
        body = msgspec.json.decode(message.payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return body if isinstance(body, dict) else None


def with_body(message: Message, body: dict[str, object]) -> Message:
    """Give a message another body."""
    return message._replace(payload=msgspec.json.encode(body))


def shifted(message: Message, seconds: float) -> Message:
    """Set the sender's clock wrong: every time it tells is so much later [s]."""
    if message.topic.startswith("spBv1.0/"):
        by_ms = round(seconds * 1000)
        return _changed_metrics(
            message, lambda metric: replace(metric, timestamp_ms=_later(metric.timestamp_ms, by_ms)), by_ms
        )
    body = body_of(message)
    if body is None:
        return message
    by = timedelta(seconds=seconds)

    def later(key: str, value: object) -> object:
        if key in _TIMES and isinstance(value, str):
            moved = datetime.fromisoformat(value) + by
            return f"{moved:%Y-%m-%dT%H:%M:%S}.{moved.microsecond // 1000:03}Z"
        if isinstance(value, dict):
            return {name: later(name, entry) for name, entry in value.items()}
        return [later(key, entry) for entry in value] if isinstance(value, list) else value

    return with_body(message, {key: later(key, value) for key, value in body.items()})


def _later(time_ms: int | None, by_ms: int) -> int | None:
    return None if time_ms is None else time_ms + by_ms


def _changed_metrics(message: Message, change: Callable[[Metric], Metric], by_ms: int = 0) -> Message:
    try:
        payload = decode(message.payload)
    except PayloadError:
        return message
    metrics = [change(metric) for metric in payload.metrics]
    changed = replace(payload, timestamp_ms=_later(payload.timestamp_ms, by_ms), metrics=metrics)
    return message._replace(payload=encode(changed))


def with_comma_decimals(message: Message) -> Message:
    """Write every measured number as a text with a comma, as a gateway with another locale does."""
    return _with_numbers(message, lambda number: str(number).replace(".", ","))


def with_numbers_as_strings(message: Message) -> Message:
    """Write every measured number in quotation marks."""
    return _with_numbers(message, str)


def _with_numbers(message: Message, write: Callable[[float], str]) -> Message:
    body = body_of(message)
    if body is None:
        return message

    def written(value: object) -> object:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return write(value)
        if isinstance(value, dict):
            return {name: entry if name in _HEAD else written(entry) for name, entry in value.items()}
        return [written(entry) for entry in value] if isinstance(value, list) else value

    return with_body(message, {key: value if key in _HEAD else written(value) for key, value in body.items()})


def in_millivolts(message: Message) -> Message:
    """Give the pot voltage in mV under the name and the version that mean V."""
    body = body_of(message)
    if body is None:
        return message

    def scaled(value: object) -> object:
        if isinstance(value, list):
            return [scaled(entry) for entry in value]
        return value * 1000 if isinstance(value, int | float) else value

    def searched(value: object) -> object:
        if isinstance(value, dict):
            return {
                name: scaled(entry) if name.startswith("pot_voltage") else searched(entry)
                for name, entry in value.items()
            }
        return [searched(entry) for entry in value] if isinstance(value, list) else value

    return with_body(
        message, {key: scaled(value) if key == "pot_voltage_v" else searched(value) for key, value in body.items()}
    )


def without_leading_zeros(message: Message) -> Message:
    """Name pots as numbers in topic and body, as spreadsheets do."""
    levels = message.topic.split("/")
    for place in range(1, len(levels)):
        if levels[place - 1] == "pot":
            levels[place] = _bare(levels[place])
    message = message._replace(topic="/".join(levels))
    body = body_of(message)
    if body is None:
        return message
    if isinstance(body.get("pot"), str):
        body["pot"] = _bare(str(body["pot"]))
    pots = body.get("pots")
    if isinstance(pots, list):
        body["pots"] = [_bare(pot) if isinstance(pot, str) else pot for pot in pots]
    return with_body(message, body)


def _bare(pot: str) -> str:
    return pot.lstrip("0") or "0"


def truncated(message: Message, share: float) -> Message:
    """Keep only the beginning of the payload, at least one byte and not all."""
    size = len(message.payload)
    return message._replace(payload=message.payload[: max(1, min(size - 1, int(size * share)))])


def not_utf8(message: Message, share: float) -> Message:
    """Put two bytes into the payload that no UTF-8 text can have."""
    at = int(len(message.payload) * share)
    return message._replace(payload=message.payload[:at] + b"\xff\xfe" + message.payload[at:])


def historical(message: Message) -> Message:
    """Mark a message as stored on the way."""
    if message.topic.startswith("spBv1.0/"):
        return _changed_metrics(message, lambda metric: replace(metric, historical=True))
    body = body_of(message)
    return message if body is None else with_body(message, body | {"hist": True})


def corrected(message: Message) -> Message | None:
    """Make the correction of the end of an anode effect: half as long as it was told. None if it is none."""
    body = body_of(message)
    if body is None or body.get("phase") != "end" or body.get("kind") not in {"ae", "lvae"}:
        return None
    seconds = body.get("duration_s")
    if not isinstance(seconds, int | float):
        return None
    end = datetime.fromisoformat(str(body["start"])) + timedelta(seconds=seconds / 2)
    correction = {
        "phase": "correct",
        "duration_s": round(seconds / 2, 3),
        "end": f"{end:%Y-%m-%dT%H:%M:%S}.{end.microsecond // 1000:03}Z",
        "reason": "checked against the voltage record",
    }
    return with_body(message, body | correction)
