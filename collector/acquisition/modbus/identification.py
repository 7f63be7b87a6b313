"""Device identification (function 43/14): vendor, product, revision and what else a device tells. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

FUNCTION, KIND = 0x2B, 0x0E
_HEAD = 7  # function, kind, read code, conformity, more follows, next object, number of objects


@dataclass(frozen=True, slots=True)
class Part:
    """One answer's objects; ``next`` is the object to go on with, None if these were the last."""

    objects: Mapping[int, str]
    next: int | None


def length(pdu: bytes) -> int | None:
    """Return how long an answer is by what it says of itself; None as long as too little of it is there."""
    if len(pdu) < _HEAD:
        return None
    end = _HEAD
    for _ in range(pdu[_HEAD - 1]):
        if len(pdu) < end + 2:
            return None
        end += 2 + pdu[end + 1]
    return end


def read(pdu: bytes) -> Part:
    """Return what an answer of the right length says."""
    objects: dict[int, str] = {}
    place = _HEAD
    while place < len(pdu):
        size = pdu[place + 1]
        objects.setdefault(pdu[place], _text(pdu[place + 2 : place + 2 + size]))
        place += 2 + size
    return Part(objects, pdu[5] if pdu[4] else None)


def _text(data: bytes) -> str:
    """Return a device's text without padding, and with a mark for each character that cannot be shown."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text.strip("\0 \t\r\n"))
