"""A small parser of line protocol, written from its specification and not from our encoder."""

from typing import NamedTuple

Value = float | int | str | bool


class ParsedLine(NamedTuple):
    """A line taken apart."""

    measurement: str
    tags: dict[str, str]
    fields: dict[str, Value]
    time_ns: int


def parse_line(line: bytes, *, backslash_takes_any: bool = False) -> ParsedLine:
    r"""Take a line apart; ValueError if it is none.

    Databases differ in one point. To most of them a backslash escapes a comma, an equals sign or a space, and stands
    for itself before anything else. While it looks for the end of a tag, InfluxDB 1 and 2 skip whatever comes after a
    backslash, also a second backslash (``backslash_takes_any``).
    """
    text = line.decode()
    if "\n" in text or "\r" in text:
        raise ValueError("more than one line")
    head, rest = _until(text, " ", backslash_takes_any=backslash_takes_any)
    measurement, *pairs = _split(head, ",", backslash_takes_any=backslash_takes_any)
    tags = {}
    for pair in pairs:
        key, value = _split(pair, "=", backslash_takes_any=backslash_takes_any)
        if not key or not value or key in tags:
            raise ValueError(f"no tag: {pair!r}")
        tags[_plain(key)] = _plain(value)
    fields_text, time_text = _fields_and_time(rest)
    return ParsedLine(_plain(measurement), tags, _fields(fields_text), int(time_text))


def _until(text: str, end: str, *, backslash_takes_any: bool) -> tuple[str, str]:
    place = 0
    while place < len(text):
        if text[place] == "\\" and (backslash_takes_any or text[place + 1 : place + 2] in {",", "=", " "}):
            place += 2
            continue
        if text[place] == end:
            return text[:place], text[place + 1 :]
        place += 1
    raise ValueError(f"no {end!r} in {text!r}")


def _split(text: str, mark: str, *, backslash_takes_any: bool) -> list[str]:
    parts = []
    text += mark
    while text:
        part, text = _until(text, mark, backslash_takes_any=backslash_takes_any)
        parts.append(part)
    return parts


def _plain(text: str) -> str:
    for mark in (",", "=", " "):
        text = text.replace("\\" + mark, mark)
    return text


def _fields_and_time(text: str) -> tuple[str, str]:
    quoted = False
    place = 0
    while place < len(text):
        if text[place] == "\\":
            place += 2
            continue
        if text[place] == '"':
            quoted = not quoted
        elif text[place] == " " and not quoted:
            return text[:place], text[place + 1 :]
        place += 1
    raise ValueError(f"no time in {text!r}")


def _fields(text: str) -> dict[str, Value]:
    found: dict[str, Value] = {}
    while text:
        key, text = _until(text, "=", backslash_takes_any=False)
        if text.startswith('"'):
            value, text = _string(text[1:])
            found[_plain(key)] = value
        else:
            number, _, text = text.partition(",")
            found[_plain(key)] = _number(number)
            continue
        text = text.removeprefix(",")
    return found


def _string(text: str) -> tuple[str, str]:
    value = ""
    place = 0
    while text[place] != '"':
        if text[place] == "\\" and text[place + 1] in {'"', "\\"}:
            place += 1
        value += text[place]
        place += 1
    return value, text[place + 1 :]


def _number(text: str) -> Value:
    if text in {"true", "false"}:
        return text == "true"
    if text.endswith("i"):
        return int(text[:-1])
    if not set(text) <= set("0123456789+-.e"):
        raise ValueError(f"no number: {text!r}")
    return float(text)
