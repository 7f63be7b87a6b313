"""What one commit holds. Everything in it becomes durable together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from collector.readings.cell import Cell
from collector.readings.event import Event
from collector.readings.outgoing import DeadLetter, Rendered
from collector.readings.pots import PotMinute, PotsInputs
from collector.readings.trace import Trace


@dataclass(frozen=True, slots=True)
class LedgerRecord:
    """The accounts of one potline over one interval. ``body`` is JSON with sorted keys."""

    potline: str
    window: str
    start_ns: int
    length_s: int
    revision: int
    reason: str
    body: bytes


def _no_lines() -> Rendered:
    """Return nothing."""
    return Rendered()


@dataclass(frozen=True, slots=True)
class Commit:
    """One transaction.

    ``lines`` is line protocol for the outbox, and so is what ``encode`` returns: that is called on the store's thread,
    so that many readings do not hold up the event loop. ``dirty`` marks minutes that are to be stated again, (potline,
    minute_ns) with a reason; of ``touched`` ones only the windows are; ``accounted`` have been, and wait for the
    windows they are part of; ``unchanged`` and ``settled`` are done with. ``parameters`` are kept under their digests.
    ``remembered`` replaces remembered values by their key.
    """

    time_ns: int
    lines: Sequence[bytes] = ()
    cells: Mapping[tuple[int, int], Cell] = field(default_factory=dict)
    traces: Mapping[tuple[int, int], Trace] = field(default_factory=dict)
    events: Sequence[Event] = ()
    pots: Sequence[tuple[str, int, PotsInputs]] = ()
    pot_minutes: Sequence[tuple[str, int, PotMinute]] = ()
    dirty: Mapping[tuple[str, int], str] = field(default_factory=dict)
    touched: Mapping[tuple[str, int], str] = field(default_factory=dict)
    accounted: Sequence[tuple[str, int]] = ()
    unchanged: Sequence[tuple[str, int]] = ()
    settled: Sequence[tuple[str, int]] = ()
    parameters: Mapping[str, bytes] = field(default_factory=dict)
    records: Sequence[LedgerRecord] = ()
    dead: Sequence[DeadLetter] = ()
    encode: Callable[[], Rendered] = _no_lines
    remembered: Mapping[str, str] = field(default_factory=dict)
