"""The collector's own metrics: one catalogue, each with its meaning.

Totals count since the start of the process. They are written every ten seconds as the stream ``collector``.
"""

from dataclasses import dataclass, field

from collector.readings.health import MeterHealth


@dataclass(slots=True)
class Instruments:
    """Counters and states that the rooms set as they work. Single-threaded: only the event loop touches them."""

    readings_total: int = 0
    """Readings that reached the line, of any quality."""
    readings_bad_total: int = 0
    """Readings without a usable value among them."""
    rejected_total: int = 0
    """Messages that could not be understood and are kept as dead letters."""
    rejected_not_kept_total: int = 0
    """Further messages that could not be understood: so many came in a second that they were counted only."""
    poll_late_total: int = 0
    """Polls that were skipped because the one before took too long."""
    late_readings_total: int = 0
    """Readings older than one of the same point that was booked already; not booked again."""
    late_voltages_total: int = 0
    """Pot voltages older than one of the same pot that was looked at for anode effects already; not looked at."""
    effects_told_by_one_total: int = 0
    """Anode effects of which only the controller or only the voltage told, where both tell of others; once a day."""
    glitches_total: int = 0
    """Counter readings refused by the physical bound or as a drop that did not last."""
    delivered_total: int = 0
    """Lines that a database has taken, all databases added."""
    refused_total: int = 0
    """Lines that a database refused for good; kept as dead letters."""
    dropped_total: int = 0
    """Lines dropped from the outbox because it was full or they were too old."""
    entries_total: int = 0
    """Ledger entries written."""
    commits_total: int = 0
    """Commits of the store."""
    commit_slowest_s: float = 0.0
    """The slowest commit so far [s]."""
    outbox_records: int = 0
    """Records in the outbox."""
    outbox_bytes: int = 0
    """Their size on disk [bytes]."""
    clock_steps_total: int = 0
    """Times that the machine's clock was seen to be set."""
    rejected_by_cause: dict[str, int] = field(default_factory=dict)
    """All messages that could not be understood, by what was wrong with them."""
    meters: dict[str, MeterHealth] = field(default_factory=dict)
    """How each polled meter is doing."""
    source_states: dict[str, str] = field(default_factory=dict)
    """State of each source: 'running', or why it waits."""
    target_states: dict[str, str] = field(default_factory=dict)
    """State of each database: 'delivering', or why it waits."""

    def meter(self, meter_id: str) -> MeterHealth:
        """Return how a meter is doing, to be kept up to date by the one who polls it."""
        return self.meters.setdefault(meter_id, MeterHealth())

    def stream_fields(self) -> dict[str, int | float]:
        """Return the numbers among them, by their names in the stream ``collector``."""
        return {
            name: getattr(self, name)
            for name in self.__dataclass_fields__
            if isinstance(getattr(self, name), int | float)
        }
