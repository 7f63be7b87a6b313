"""Payloads as JSON: what is in them, or exactly why nothing is. Pure: bytes in, values or a problem with its cause out.

A number is a number: one that is written as text, with a comma, or as NaN is refused, because what its sender means by
it next is anybody's guess. Unknown keys are ignored. A missing value is an absent key or null.
"""

import math
import re
from typing import Any

import msgspec

from collector.acquisition.mqtt.message import Cause, PayloadProblem
from collector.acquisition.mqtt.paths import NOTHING
from collector.plant.layout import Scalar

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What parsing bytes may raise."""

_any = msgspec.json.Decoder()

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NO_NUMBER = re.compile(r"[:\[,]\s*[+-]?(?:nan|inf(?:inity)?)\b", re.IGNORECASE)
_COMMA = re.compile(r":\s*[+-]?[0-9]+,[0-9]")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_WITH_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+")
_NAN = re.compile(r"[+-]?(?:nan|inf(?:inity)?|1\.#\w+)", re.IGNORECASE)
_SHOWN = 40
_LONGEST_WHOLE = 21
"""Characters of a whole number of 64 bits with its sign, and one to spare."""


def parsed(payload: bytes) -> Any:  # noqa: ANN401 - whatever a message holds
    """Return a message as it is.

    Raises
    ------
    PayloadProblem
        If it is not JSON.
    """
    try:
        return _any.decode(payload)
    except UNREADABLE as exc:
        raise unreadable(payload, exc) from exc


def unreadable(payload: bytes, why: Exception) -> PayloadProblem:
    """Return what is wrong with a payload that is no JSON, by what the parser raised."""
    if isinstance(why, RecursionError):
        return PayloadProblem(Cause.NOT_JSON, "not JSON that anybody needs: nested too deeply")
    try:
        text = payload.decode()
    except UnicodeDecodeError as exc:
        return PayloadProblem(Cause.NOT_UTF8, f"not UTF-8 text (byte {exc.start})")
    bare = _TEXT.sub('""', text)
    if _NO_NUMBER.search(bare):
        return PayloadProblem(Cause.NOT_A_NUMBER, "NaN or infinity is no number, and not JSON; leave the key out")
    if _COMMA.search(bare):
        return PayloadProblem(Cause.DECIMAL_COMMA, "a number has a comma where JSON has a point")
    if "out of range" in str(why):
        return PayloadProblem(Cause.NOT_A_NUMBER, "a number is larger than any that can be computed with")
    return PayloadProblem(Cause.NOT_JSON, "empty" if not text.strip() else f"not JSON: {why}")


def only_number(payload: bytes) -> float:
    """Return the number that is all of a payload; a whole number as an int, exactly.

    Raises
    ------
    PayloadProblem
        If it is none.
    """
    try:
        text = payload.decode().strip()
    except UnicodeDecodeError as exc:
        raise PayloadProblem(Cause.NOT_UTF8, f"not UTF-8 text (byte {exc.start})") from exc
    if not _NUMBER.fullmatch(text):
        raise _no_number(text, "the payload", Cause.WRONG_TYPE)
    value = _finite(float(text), "the payload")
    # A long whole number stays one: a counter's steps may be more than a float64 tells apart.
    return int(text) if len(text) <= _LONGEST_WHOLE and text.lstrip("+-").isdecimal() else value


def number(value: object, at: str) -> float | None:
    """Return a number, None where there is none.

    Raises
    ------
    PayloadProblem
        If something else stands there.
    """
    if value is NOTHING or value is None:
        return None
    if type(value) is float:
        return _finite(value, at)
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            return _finite(math.inf, at)
    if isinstance(value, str):
        raise _no_number(value.strip(), at, Cause.NUMBER_AS_TEXT)
    raise PayloadProblem(Cause.WRONG_TYPE, f"{at} is {shown(value)}, and no number")


def _finite(value: float, at: str) -> float:
    if not math.isfinite(value):
        raise PayloadProblem(Cause.NOT_A_NUMBER, f"{at} is larger than any number that can be computed with")
    return value


def _no_number(text: str, at: str, if_number: Cause) -> PayloadProblem:
    if _NAN.fullmatch(text):
        return PayloadProblem(Cause.NOT_A_NUMBER, f"{at} is {shown(text)}, and no number; leave it out")
    if _WITH_COMMA.fullmatch(text):
        return PayloadProblem(Cause.DECIMAL_COMMA, f"{at} is {shown(text)}, with a comma where a point should be")
    if _NUMBER.fullmatch(text):
        return PayloadProblem(if_number, f"{at} is {shown(text)}, a number written as text; write it without quotes")
    return PayloadProblem(Cause.WRONG_TYPE, f"{at} is {shown(text)}, and no number")


def text(value: object, at: str) -> str | None:
    """Return a text of 1 to 200 characters, None where there is none.

    Raises
    ------
    PayloadProblem
        If something else stands there.
    """
    if value is NOTHING or value is None:
        return None
    if not isinstance(value, str):
        raise PayloadProblem(Cause.WRONG_TYPE, f"{at} is {shown(value)}, and no text")
    if not 1 <= len(value) <= 200:
        raise PayloadProblem(Cause.WRONG_TYPE, f"{at} has {len(value)} characters; 1 to 200 are possible")
    return value


def flag(value: object, at: str) -> bool:
    """Return a flag, False where there is none.

    Raises
    ------
    PayloadProblem
        If something else stands there.
    """
    if value is NOTHING or value is None:
        return False
    if not isinstance(value, bool):
        raise PayloadProblem(Cause.WRONG_TYPE, f"{at} is {shown(value)}; true or false should stand here")
    return value


def is_one_of(value: object, among: tuple[Scalar, ...]) -> bool:
    """Tell whether a value is one of some. True is not 1 here, and neither is 1.0."""
    return any(type(value) is type(each) and value == each for each in among)


def word(value: object) -> str | None:
    """Return what a word table is asked with: a text, or a number or flag as it is written; None if it is no word."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) and abs(value) < 1 << 64 else None


def shown(value: object) -> str:
    """Write a value in a sentence, short."""
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "an array"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and value.bit_length() > 128:
        return "a very long number"
    written = repr(value)
    return written if len(written) <= _SHOWN else f"{written[:_SHOWN]} ..."
