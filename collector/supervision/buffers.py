"""Where buffers come from that are large and short-lived, so that a process that lives for months stays as it is.

Glibc takes buffers from its heap once larger ones were freed. Whatever small thing outlives a buffer there keeps its
place from being joined with others and used again. asyncio asks for 256 KiB for each read of a socket: where 40 pots,
five meters and a database were 300 times as fast as they are, the heap grew from 27 to 48 MB within a day of the plant,
and 18 MB of it were free.
"""

import asyncio.selector_events
import ctypes

LARGE_BYTES = 128 * 1024
"""From this size on a buffer is mapped by itself: where glibc begins, and what it then moves up to 32 MiB."""

MOST_READ_BYTES = 64 * 1024
"""What is read of a socket at once: some hundred messages. Mapping a buffer for each read would take 10 µs of it."""

_M_MMAP_THRESHOLD = -3


def map_large_buffers() -> bool:
    """Have each large buffer mapped by itself, and given back when it is freed, for as long as the process lives.

    Returns
    -------
    bool
        Whether it was taken; False where the C library knows no such thing.

    References
    ----------
    mallopt(3), M_MMAP_THRESHOLD: setting it ends its moving by itself.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES))


def read_in_small_pieces() -> None:
    """Have no connection of asyncio ask for a large buffer to read into.

    The only place for it, and private: a test holds it against the versions of Python.
    """
    transport = asyncio.selector_events._SelectorSocketTransport  # type: ignore[attr-defined]  # noqa: SLF001 - see above
    transport.max_size = MOST_READ_BYTES
