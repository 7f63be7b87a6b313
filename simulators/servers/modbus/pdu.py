"""What a meter answers to a read. Pure: a request PDU and registers in, an answer PDU out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.servers.modbus.identification import identification

if TYPE_CHECKING:
    from simulators.servers.registers import Image

READ_COILS, READ_DISCRETE, READ_HOLDING, READ_INPUT, ENCAPSULATED = 1, 2, 3, 4, 43
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, BUSY = 0x01, 0x02, 0x03, 0x06
NO_PATH, TARGET_FAILED = 0x0A, 0x0B
MOST_REGISTERS = 125
MOST_BITS = 2000


def answer(image: Image, request: bytes) -> bytes:
    """Return the PDU that answers a request PDU (function code first, at least one byte)."""
    function = request[0]
    if function == ENCAPSULATED and image.plate is not None:
        identified = identification(image.plate, request)
        return exception(function, identified) if isinstance(identified, int) else identified
    bits = function in {READ_COILS, READ_DISCRETE}
    # A device without bits knows the functions all the same: every address is a wrong one.
    if not bits and function not in image.functions:
        return exception(function, ILLEGAL_FUNCTION)
    count = _count(request, MOST_BITS if bits else MOST_REGISTERS)
    if count is None:
        return exception(function, ILLEGAL_VALUE)
    address = int.from_bytes(request[1:3])
    refused = image.refusal(function, address, count)
    if refused is not None:
        return exception(function, refused)
    content = image.read(address, count, function)
    if content is None:
        return exception(function, ILLEGAL_ADDRESS)
    return bytes((function, len(content))) + content


def exception(function: int, code: int) -> bytes:
    """Return the PDU of an exception."""
    return bytes((function | 0x80, code))


def asked_registers(request: bytes) -> range:
    """Return the addresses that a read of registers asks for; of any other request, none."""
    return asked_addresses(request) if request[0] in {READ_HOLDING, READ_INPUT} else range(0)


def asked_addresses(request: bytes) -> range:
    """Return the addresses that a read of registers or bits asks for; of any other request, none."""
    if len(request) != 5 or request[0] not in {READ_COILS, READ_DISCRETE, READ_HOLDING, READ_INPUT}:
        return range(0)
    first = int.from_bytes(request[1:3])
    return range(first, first + int.from_bytes(request[3:5]))


def _count(request: bytes, most: int) -> int | None:
    """Return how many things a read asks for, or None if the request is not well formed."""
    if len(request) != 5:
        return None
    count = int.from_bytes(request[3:5])
    return count if 1 <= count <= most else None
