"""A device whose registers a test fills by hand."""

import asyncio
import struct

from adversarial_modbus import Answering, Request


def showing(image: dict[int, int]) -> Answering:
    """Answer with what stands in the image; a request for what does not is refused with exception 02."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        wanted = range(request.address, request.address + request.count)
        if all(address in image for address in wanted):
            words = struct.pack(f">{request.count}H", *(image[address] for address in wanted))
            writer.write(request.adu(bytes([request.function, len(words)]) + words))
        else:
            writer.write(request.adu(bytes([0x80 | request.function, 2])))

    return answer


def words(content: bytes) -> list[int]:
    """Return registers that hold some bytes."""
    return [int.from_bytes(content[at : at + 2]) for at in range(0, len(content), 2)]


def put(image: dict[int, int], address: int, content: bytes) -> None:
    """Write bytes into an image."""
    image.update(zip(range(address, address + len(content) // 2), words(content), strict=True))
