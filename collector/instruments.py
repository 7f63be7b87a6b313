"""The collector's own metrics: one catalogue, each with its meaning.

Totals count since the start of the process. They are written every ten seconds as the stream ``collector``, with what
the process itself takes of the machine.
"""

import os
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from collector.readings.health import MeterHealth


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a database has not taken yet: records, lines, bytes on disk; when the oldest was written [UTC ns], or 0."""

    records: int
    lines: int
    size_bytes: int
    oldest_ns: int

    def lag_s(self, now_ns: int) -> float:
        """Return how old the oldest of it is [s]; 0 where everything was taken."""
        return max(0.0, (now_ns - self.oldest_ns) / 1e9) if self.oldest_ns else 0.0


def process_fields(statm: Path = Path("/proc/self/statm")) -> dict[str, int | float]:
    """Return what the process takes of the machine, by its names in the stream ``collector``. Reads a file.

    They are no instruments: ``/metrics`` has the same from its client library, under ``process_``.

    Returns
    -------
    dict
        ``process_cpu_seconds_total``: processor time of all threads since the start, in user and system mode [s].
        ``process_resident_bytes``: what it holds in memory now [bytes]; missing on systems without Linux's ``/proc``.

    References
    ----------
    proc_pid_statm(5): the second number is the resident set size in pages.
    """
    found: dict[str, int | float] = {"process_cpu_seconds_total": time.process_time()}
    try:
        pages = int(statm.read_text("ascii").split()[1])
    except FileNotFoundError:
        return found
    return found | {"process_resident_bytes": pages * os.sysconf("SC_PAGE_SIZE")}


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
    late_pots_booked_total: int = 0
    """Pot voltages that came late and were added to the pots in operation and their energy of a minute."""
    late_pots_repeated_total: int = 0
    """Pot voltages that came late, of a second in which their pot was heard already; not added."""
    late_pots_refused_total: int = 0
    """Pot voltages that came later than what pots have told is kept; not added."""
    pots_without_current_total: int = 0
    """Pot voltages at whose time the line's current was not known; their minutes have no energy of the pots."""
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
    """Lines dropped from the outbox, of whatever cause; without those of records of which nothing is left to count."""
    log_lost_total: int = 0
    """1 if the write-ahead log of an unorderly stop was gone at the start: what was committed last may be missing."""
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
    outbox_used_pct: float = 0.0
    """How much of the tighter one of the outbox's bounds is used [%]; 0 without a database."""
    meters_silent: int = 0
    """Polled meters that do not answer, or whose answers cannot be used."""
    registers_set_aside: int = 0
    """Registers that meters refuse, and that are asked for only now and then."""
    outbox_delivered_records: int = 0
    """Records that every database has taken; they are kept only to be sent again."""
    outbox_delivered_bytes: int = 0
    """Their size on disk [bytes]."""
    dead_letters: int = 0
    """Dead letters that are kept."""
    clock_steps_total: int = 0
    """Times that the machine's clock was seen to be set."""
    late_refused_by_cause: dict[str, int] = field(default_factory=dict)
    """Readings that came late and could not be booked, by the cause."""
    dropped_records_by_cause: dict[str, int] = field(default_factory=dict)
    """Records that left the outbox and no database has, by the cause. One that is damaged counts for each database."""
    readings_lost_by_wait: dict[str, int] = field(default_factory=dict)
    """Readings of polled meters that found no place while the line waited, by what it waited for."""
    line_waits: str = ""
    """Why the line takes nothing from the inbox for now, in words; empty while it does."""
    line_waits_for: str = ""
    """What it waits for, in a word: 'outbox_full' or 'disk'."""
    rejected_by_cause: dict[str, int] = field(default_factory=dict)
    """All messages that could not be understood, by what was wrong with them."""
    refused_by_cause: dict[str, int] = field(default_factory=dict)
    """Lines that a database refused for good, by the cause."""
    sparkplug: Counter[str] = field(default_factory=Counter)
    """What happened in Sparkplug's sessions without a word, all brokers added: births asked for, repeated messages."""
    meters: dict[str, MeterHealth] = field(default_factory=dict)
    """How each polled meter is doing."""
    source_states: dict[str, str] = field(default_factory=dict)
    """State of each source: 'running', or why it waits."""
    target_states: dict[str, str] = field(default_factory=dict)
    """State of each database: 'delivering', or why it waits."""
    waiting: dict[str, Waiting] = field(default_factory=dict)
    """What each database has not taken yet, as of the last look at the outbox, every ten seconds."""
    delivered_ns: dict[str, int] = field(default_factory=dict)
    """When each database took lines for the last time since the start [UTC ns]."""

    def meter(self, meter_id: str) -> MeterHealth:
        """Return how a meter is doing, to be kept up to date by the one who polls it."""
        return self.meters.setdefault(meter_id, MeterHealth())

    def look_at_meters(self) -> None:
        """Count the meters that are silent, and the registers that are set aside."""
        told = self.meters.values()
        self.meters_silent = sum(bool(meter.error) for meter in told)
        self.registers_set_aside = sum(len(each.registers) for meter in told for each in meter.set_aside)

    def dropped_record(self, cause: str, records: int = 1) -> None:
        """Count records that left the outbox and no database has."""
        self.dropped_records_by_cause[cause] = self.dropped_records_by_cause.get(cause, 0) + records

    def lost_readings(self, count: int) -> None:
        """Count readings that found no place while the line waited."""
        wait = self.line_waits_for
        self.readings_lost_by_wait[wait] = self.readings_lost_by_wait.get(wait, 0) + count

    def lags_s(self, now_ns: int) -> dict[str, float]:
        """Return how old the oldest line is that each database has not taken [s], by its name; 0: it has all."""
        return {name: waiting.lag_s(now_ns) for name, waiting in self.waiting.items()}

    def stream_fields(self) -> dict[str, int | float]:
        """Return the numbers among them, by their names in the stream ``collector``; of causes, those that occurred."""
        found = {
            name: getattr(self, name)
            for name in self.__dataclass_fields__
            if isinstance(getattr(self, name), int | float)
        }
        for start, counts in (
            ("late_refused", self.late_refused_by_cause),
            ("dropped_records", self.dropped_records_by_cause),
            ("readings_lost", self.readings_lost_by_wait),
            ("rejected", self.rejected_by_cause),
            ("refused", self.refused_by_cause),
            ("sparkplug", self.sparkplug),
        ):
            found |= {f"{start}_{cause.replace(' ', '_')}_total": count for cause, count in dict(counts).items()}
        return found
