"""What leaves the line: records of the outbox, and letters that could not be delivered or understood."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class WhenFull(StrEnum):
    """What happens when the outbox reaches a bound: its oldest records go, or nothing more is taken in."""

    DROP_OLDEST = "drop_oldest"
    BLOCK = "block"

    @property
    def says(self) -> str:
        """What happens, in words."""
        return "its oldest records are dropped" if self is WhenFull.DROP_OLDEST else "nothing more is taken in"


class DropCause(StrEnum):
    """Why a record left the outbox without any database having it.

    ``AGE`` and ``BYTES`` are its bounds; ``DAMAGED`` was changed or lost by the disk; ``DISK`` made room on a disk that
    was full.
    """

    AGE = "age"
    BYTES = "bytes"
    DAMAGED = "damaged"
    DISK = "disk"


@dataclass(frozen=True, slots=True, eq=False)
class Rendered:
    """Lines of line protocol, and for each series in them its start of a line and its first and last time [ns]."""

    lines: Sequence[bytes] = ()
    spans: Sequence[tuple[bytes, int, int]] = ()


@dataclass(frozen=True, slots=True)
class OutboxRecord:
    """A record of the outbox: ``lines`` lines of line protocol, ``raw_bytes`` long, in ``body`` gzip-compressed.

    One that is not whole was damaged on the disk; of one that is missing there, nothing is left. One that ``must_wait``
    may tell again what records before it tell that were not taken yet: written now, it must be written once more after
    those. One that ``is_new`` tells nothing that any record before it tells. ``left_out`` lines are of streams that the
    database does not take; they are no longer in it.
    """

    seq: int
    lines: int
    raw_bytes: int
    body: bytes
    is_whole: bool = True
    must_wait: bool = False
    created_ns: int = 0
    is_new: bool = False
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Something kept for a person to look at: where it came from or was meant for, and why it was not taken."""

    time_ns: int
    source: str
    place: str
    body: bytes
    reason: str
