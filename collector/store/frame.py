"""How a record of the outbox lies on disk: a gzip member that says who it is. Pure.

The head of a gzip member may hold fields of one's own, which every reader of gzip steps over. A record's member carries
its number, when it was written, how much it holds and a checksum over all of it. So a record can be sent as it lies, is
known to be whole before it is sent, and is found again in a file whose pages no longer say where it is.

The head, little-endian, in 50 bytes: ``1f 8b 08 04``, time 0 (4 bytes), ``04``, ``ff``, 38 (2 bytes), ``PL``, 34
(2 bytes); layout 1 (2 bytes); sequence number and time written [ns] (8 bytes each); lines, bytes when unpacked, bytes
of the whole member, checksum (4 bytes each). The checksum is the CRC-32 of all bytes behind ``34`` but its own.

Source: RFC 1952, section 2.3.1.1.
"""

import gzip
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from isal import isal_zlib

_MAGIC = bytes.fromhex("1f8b0804 00000000 04ff 2600") + b"PL" + bytes.fromhex("2200")
_SAID = struct.Struct("<HqqIII")
_CRC = struct.Struct("<I")
_END = struct.Struct("<II")
_LAYOUT = 1
_SAID_END = len(_MAGIC) + _SAID.size
HEAD_BYTES = _SAID_END + _CRC.size
MAGIC = _MAGIC + struct.pack("<H", _LAYOUT)
"""What each member begins with."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a member says of itself: ``size`` bytes on disk, ``raw_bytes`` when unpacked, written at ``created_ns``."""

    seq: int
    created_ns: int
    lines: int
    raw_bytes: int
    size: int


def pack(lines: Sequence[bytes], *, seq: int, created_ns: int) -> tuple[Head, bytes]:
    """Return lines as one member: it ends with a new line, so that members can be put one behind the other."""
    raw = b"\n".join(lines) + b"\n"
    packer = isal_zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(raw) + packer.flush() + _END.pack(isal_zlib.crc32(raw), len(raw) & 0xFFFFFFFF)
    head = Head(seq, created_ns, len(lines), len(raw), HEAD_BYTES + len(packed))
    said = _SAID.pack(_LAYOUT, seq, created_ns, head.lines, head.raw_bytes, head.size)
    return head, b"".join((_MAGIC, said, _CRC.pack(_checksum(said, packed)), packed))


def head_of(body: bytes | memoryview, at: int = 0) -> Head | None:
    """Return what the member that begins at some place says of itself, or None if no head of ours is there."""
    if body[at : at + len(MAGIC)] != MAGIC or len(body) - at < HEAD_BYTES:
        return None
    _, seq, created_ns, lines, raw_bytes, size = _SAID.unpack_from(body, at + len(_MAGIC))
    return Head(seq, created_ns, lines, raw_bytes, size)


def is_whole(head: Head, body: bytes) -> bool:
    """Tell whether a member is to the bit what was written."""
    if len(body) != head.size:
        return False
    said = memoryview(body)[len(_MAGIC) : _SAID_END]
    return int(_CRC.unpack_from(body, _SAID_END)[0]) == _checksum(said, memoryview(body)[HEAD_BYTES:])


def unpacks(body: bytes) -> bool:
    """Tell whether bytes that say nothing of themselves are gzip as a whole, and what they hold fits its checksum."""
    try:
        gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        return False
    return True


def _checksum(said: bytes | memoryview, packed: bytes | memoryview) -> int:
    return isal_zlib.crc32(packed, isal_zlib.crc32(said))
