"""The collector's own metrics: one catalogue, each with its meaning.

Totals count since the start of the process. They are written every ten seconds as the stream ``collector``.
"""

from collections import Counter
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
    late_voltages_total: int = 0
    """Pot voltages older than one of the same pot that was looked at for anode effects already; not looked at."""
    effects_told_by_one_total: int = 0
    """Anode effects of which only the controller or only the voltage told, where both tell of others; once a day."""
    late_booked_total: int = 0
    """Readings that were booked into the past: later ones of the same point had been booked before."""
    late_repeated_total: int = 0
    """Readings of a point and a time that were booked already; not booked again."""
    late_refused_total: int = 0
    """Readings that came late and could not be booked."""
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
    """Records in the outbox that a database has not taken; without one, all of them."""
    outbox_bytes: int = 0
    """Their size on disk [bytes]."""
    clock_steps_total: int = 0
    """Times that the machine's clock was seen to be set."""
    late_refused_by_cause: dict[str, int] = field(default_factory=dict)
    """Readings that came late and could not be booked, by the cause."""
    rejected_by_cause: dict[str, int] = field(default_factory=dict)
    """All messages that could not be understood, by what was wrong with them."""
    refused_by_cause: dict[str, int] = field(default_factory=dict)
    """Lines that a database refused for good, and records that were damaged before it could take them."""
    sparkplug: Counter[str] = field(default_factory=Counter)
    """What happened in Sparkplug's sessions without a word, all brokers added: births asked for, repeated messages."""
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
        """Return the numbers among them, by their names in the stream ``collector``; of causes, those that occurred."""
        found = {
            name: getattr(self, name)
            for name in self.__dataclass_fields__
            if isinstance(getattr(self, name), int | float)
        }
        for start, counts in (
            ("late_refused", self.late_refused_by_cause),
            ("rejected", self.rejected_by_cause),
            ("refused", self.refused_by_cause),
            ("sparkplug", self.sparkplug),
        ):
            found |= {f"{start}_{cause.replace(' ', '_')}_total": count for cause, count in counts.items()}
        return found
