"""Devices that tests make up word by word: what they hold, what they refuse, what they call themselves."""

import asyncio
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from adversarial_modbus import Answering, Request

FUNCTIONS = {3, 4}


def floats(address: int, *values: float) -> dict[int, int]:
    """Return registers of f32 with the high word first, from an address on."""
    words = struct.unpack(f">{2 * len(values)}H", struct.pack(f">{len(values)}f", *values))
    return dict(enumerate(words, address))


def text(address: int, content: str, registers: int) -> dict[int, int]:
    """Return registers of a text, two characters each."""
    data = content.encode().ljust(2 * registers, b"\0")
    return dict(enumerate(struct.unpack(f">{registers}H", data), address))


@dataclass(slots=True)
class Device:
    """Registers by address, for one function. ``silent`` addresses are not answered at all, other ones refused.

    ``objects`` are told to function 43/14; without any it is refused. ``busy`` is how often it asks for patience first.
    """

    words: Mapping[int, int]
    function: int = 3
    silent: frozenset[int] = frozenset()
    objects: Mapping[int, str] = field(default_factory=dict)
    busy: int = 0

    def answer(self, request: Request) -> bytes | None:
        """Return the PDU that answers, None for silence."""
        if self.busy:
            self.busy -= 1
            return bytes([request.function | 0x80, 6])
        if request.function == 0x2B:
            return self._identification(request)
        if request.function not in FUNCTIONS:
            return bytes([request.function | 0x80, 1])
        places = range(request.address, request.address + request.count)
        if self.silent.intersection(places):
            return None
        words = [self.words[place] for place in places if place in self.words]
        if request.function != self.function or len(words) < request.count:
            return bytes([request.function | 0x80, 2])
        return struct.pack(f">BB{len(words)}H", request.function, 2 * len(words), *words)

    def _identification(self, request: Request) -> bytes:
        if not self.objects:
            return bytes([0xAB, 1])
        body = b"".join(bytes([n, len(told)]) + told.encode() for n, told in self.objects.items())
        return bytes([0x2B, 0x0E, request.count, 0x82, 0, 0, len(self.objects)]) + body


def behind(devices: Mapping[int, Device], *, absent: int | None = None, after_s: float = 0.0) -> Answering:
    """Answer for several units. Others are silent, or a gateway answers for them with an exception after a while."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        device = devices.get(request.unit)
        pdu = device.answer(request) if device is not None else None
        if device is None and absent is not None:
            await asyncio.sleep(after_s)
            pdu = bytes([request.function | 0x80, absent])
        if pdu is not None:
            writer.write(request.adu(pdu))

    return answer


def everywhere(device: Device) -> Answering:
    """Answer for every unit: a device that does not look at the id."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        pdu = device.answer(request)
        if pdu is not None:
            writer.write(request.adu(pdu))

    return answer
