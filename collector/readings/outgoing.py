"""What leaves the line: records of the outbox, and letters that could not be delivered or understood."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OutboxRecord:
    """A record of the outbox: ``lines`` lines of line protocol, ``raw_bytes`` long, in ``body`` gzip-compressed.

    One that is not whole was damaged on the disk; of one that is missing there, nothing is left. One that ``must_wait``
    may tell again what records before it tell that were not taken yet: written now, it must be written once more after
    those.
    """

    seq: int
    lines: int
    raw_bytes: int
    body: bytes
    is_whole: bool = True
    must_wait: bool = False
    created_ns: int = 0


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Something kept for a person to look at: where it came from or was meant for, and why it was not taken."""

    time_ns: int
    source: str
    place: str
    body: bytes
    reason: str
