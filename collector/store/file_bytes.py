"""The bytes of a file, read piece by piece: a store may be larger than the memory, and its disk may fail to read."""

import os
from pathlib import Path

_AT_ONCE = 1 << 20


class FileBytes:
    """A file as bytes that are sought and cut. What the disk cannot read counts as zeros."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY)
        self._size = os.fstat(self._descriptor).st_size

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def __len__(self) -> int:
        """Return how many bytes there are."""
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        """Return the bytes between two places."""
        start, end, _ = part.indices(self._size)
        return self._read(start, end - start) if start < end else b""

    def find(self, sub: bytes, start: int, end: int) -> int:
        """Return where some bytes stand first between two places, or -1."""
        at, end = start, min(end, self._size)
        while at + len(sub) <= end:
            found = self._read(at, min(_AT_ONCE, end - at)).find(sub)
            if found >= 0:
                return at + found
            at += _AT_ONCE - len(sub) + 1
        return -1

    def _read(self, at: int, size: int) -> bytes:
        try:
            return os.pread(self._descriptor, size, at)
        except OSError:
            if size <= 4096:
                return bytes(size)
            return b"".join(self._read(place, min(4096, at + size - place)) for place in range(at, at + size, 4096))
