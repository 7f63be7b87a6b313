"""What one commit holds. Everything in it becomes durable together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from collector.readings.cell import Cell
from collector.readings.event import Event
from collector.readings.outgoing import DeadLetter
from collector.readings.trace import Trace


@dataclass(frozen=True, slots=True)
class LedgerRecord:
    """The accounts of one potline over one interval. ``body`` is JSON with sorted keys."""

    potline: str
    start_ns: int
    length_s: int
    revision: int
    reason: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """One transaction.

    ``lines`` is line protocol for the outbox. ``dirty`` and ``accounted`` add and remove minutes that are to be
    accounted again: (potline, minute_ns) with a reason.
    """

    time_ns: int
    lines: Sequence[bytes] = ()
    cells: Mapping[tuple[int, int], Cell] = field(default_factory=dict)
    traces: Mapping[tuple[int, int], Trace] = field(default_factory=dict)
    events: Sequence[Event] = ()
    pots: Sequence[tuple[str, int, int]] = ()
    dirty: Mapping[tuple[str, int], str] = field(default_factory=dict)
    accounted: Sequence[tuple[str, int]] = ()
    records: Sequence[LedgerRecord] = ()
    dead: Sequence[DeadLetter] = ()
