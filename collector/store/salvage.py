"""Finds records of the outbox in the bytes of a store whose pages no longer lead to them.

Trusts as little as can be: not the header of the file, nor the tree, nor the heads of pages. A record's member says who
it is (see ``frame``); where it begins inside a page follows from its own words, for SQLite writes numbers in as few
bytes as they need; the rest of it lies on pages that are chained by four bytes each. A record counts only if its
checksum is right. So one damaged byte costs at most the record it belongs to.

Pages that were given free may hold records that were delivered long ago; the caller knows which it wants.

Source: the file format of SQLite 3, sections 1.6 (pages of trees), 2.1 (records) and 4.1 (write-ahead log).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from collector.store import frame
from collector.store.frame import Head

PAGE_BYTES = 4096
"""The size of the pages of every store; ``schema`` makes them so."""

_LOG_HEAD_BYTES = 32
_FRAME_HEAD_BYTES = 24
_MOST_LOCAL = PAGE_BYTES - 35
_LEAST_LOCAL = (PAGE_BYTES - 12) * 32 // 255 - 23
_PER_OVERFLOW = PAGE_BYTES - 4


class _Bytes(Protocol):
    """What a file lies in: bytes, or a file that is mapped into memory."""

    def find(self, sub: bytes, start: int, end: int, /) -> int: ...

    def __getitem__(self, part: slice, /) -> bytes: ...

    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of a store: those of the file, and newer ones in its write-ahead log, which may be empty."""

    file: _Bytes
    log: _Bytes = b""
    _in_log: dict[int, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Note where in the log each page lies, the newest last."""
        for at in range(_LOG_HEAD_BYTES, len(self.log) - _FRAME_HEAD_BYTES - PAGE_BYTES + 1, _frame_bytes()):
            number = int.from_bytes(self.log[at : at + 4], "big")
            self._in_log.setdefault(number, []).append(at + _FRAME_HEAD_BYTES)

    def versions(self, number: int) -> Iterator[bytes]:
        """Return what a page held, the newest first."""
        for at in reversed(self._in_log.get(number, ())):
            yield self.log[at : at + PAGE_BYTES]
        start = (number - 1) * PAGE_BYTES
        if 0 <= start < len(self.file):
            yield self.file[start : start + PAGE_BYTES]

    def members(self) -> Iterator[tuple[_Bytes, int, int]]:
        """Return the places where a record's member begins: bytes, offset, and where its page ends."""
        for content, first, step in ((self.file, 0, PAGE_BYTES), (self.log, _LOG_HEAD_BYTES, _frame_bytes())):
            at = content.find(frame.MAGIC, 0, len(content))
            while at >= 0:
                page = first + (at - first) // step * step
                yield content, at, page + step
                at = content.find(frame.MAGIC, at + 1, len(content))


def _frame_bytes() -> int:
    return _FRAME_HEAD_BYTES + PAGE_BYTES


def salvaged(pages: Pages) -> Mapping[int, tuple[Head, bytes]]:
    """Return all records that are whole, by their number, of the stretches of the store that hold any."""
    found: dict[int, tuple[Head, bytes]] = {}
    for content, at, end in pages.members():
        head = frame.head_of(content[at : at + frame.HEAD_BYTES])
        if head is None or head.seq in found:
            continue
        for body in _bodies(pages, head, content[at:end]):
            if frame.is_whole(head, body):
                found[head.seq] = head, body
                break
    return found


def _bodies(pages: Pages, head: Head, on_page: bytes) -> Iterator[bytes]:
    """Return what may be the whole of a member that begins on a page."""
    before = _bytes_before(head)
    payload = before + head.size
    local = payload
    if payload > _MOST_LOCAL:
        local = _LEAST_LOCAL + (payload - _LEAST_LOCAL) % _PER_OVERFLOW
        if local > _MOST_LOCAL:
            local = _LEAST_LOCAL
    kept = local - before
    begun = on_page[:kept]
    if local == payload:
        yield begun
    elif len(on_page) >= kept + 4:
        next_page = int.from_bytes(on_page[kept : kept + 4], "big")
        yield from _continued(pages, begun, next_page, head.size)


def _continued(pages: Pages, begun: bytes, number: int, size: int) -> Iterator[bytes]:
    """Follow the chain of pages, through what they hold now and through what the file held before the log."""
    for which in (0, -1):
        parts, length, following = [begun], len(begun), number
        while length < size and (versions := list(pages.versions(following))):
            page = versions[which]
            part = page[4 : 4 + min(_PER_OVERFLOW, size - length)]
            parts.append(part)
            length += len(part)
            following = int.from_bytes(page[:4], "big")
        yield b"".join(parts)


def _bytes_before(head: Head) -> int:
    """Return how many bytes of a row lie before its member: the types of its columns, and the numbers among them."""
    numbers = (head.created_ns, head.lines, head.raw_bytes, head.size)
    types = 1 + len(numbers) + _varint_bytes(12 + 2 * head.size)  # the row's number has the type of nothing at all
    return types + _varint_bytes(types + 1) + sum(_number_bytes(number) for number in numbers)


def _varint_bytes(number: int) -> int:
    return max(1, -(-number.bit_length() // 7))


def _number_bytes(number: int) -> int:
    if number in (0, 1):
        return 0
    bits = (number if number >= 0 else ~number).bit_length() + 1
    return next(size for size in (1, 2, 3, 4, 6, 8) if bits <= 8 * size)
