"""What a device says of itself: function 43 with type 14, in a stream of objects or one by one. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulators.servers.layout import Plate

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 0x01, 0x02, 0x03

READ_DEVICE_IDENTIFICATION = 14
BASIC, REGULAR, INDIVIDUAL = 1, 2, 4
_CONFORMITY = 0x82
"""Basic and regular objects, in a stream and one by one."""

_LAST_OF = {BASIC: 0x02, REGULAR: 0x7F}
_ROOM = 246
"""Bytes of objects that fit into an answer behind its head of seven."""


def objects(plate: Plate) -> dict[int, bytes]:
    """Return the objects by their ids: vendor, product code, revision; product name, model, application."""
    texts = {0: plate.vendor, 1: plate.model, 2: plate.revision, 4: plate.title, 5: plate.model, 6: plate.serial}
    return {number: text.encode("latin-1", "replace")[: _ROOM - 2] for number, text in texts.items()}


def identification(plate: Plate, request: bytes) -> bytes | int:
    """Return the PDU that answers, or the code of an exception."""
    if len(request) < 2 or request[1] != READ_DEVICE_IDENTIFICATION:
        return ILLEGAL_FUNCTION
    if len(request) != 4 or request[2] not in {BASIC, REGULAR, INDIVIDUAL}:
        return ILLEGAL_VALUE
    code, wanted = request[2], request[3]
    known = objects(plate)
    if code == INDIVIDUAL:
        return _packed(code, {wanted: known[wanted]}) if wanted in known else ILLEGAL_ADDRESS
    listed = {number: content for number, content in known.items() if number <= _LAST_OF[code]}
    # An object that is not there begins the stream anew.
    first = wanted if wanted in listed else 0
    return _packed(code, {number: content for number, content in listed.items() if number >= first})


def _packed(code: int, listed: dict[int, bytes]) -> bytes:
    body, count, more, following = b"", 0, 0x00, 0
    for number, content in listed.items():
        if len(body) + 2 + len(content) > _ROOM:
            more, following = 0xFF, number
            break
        body += bytes((number, len(content))) + content
        count += 1
    return bytes((43, READ_DEVICE_IDENTIFICATION, code, _CONFORMITY, more, following, count)) + body
