"""Samples and events that are published until it is enough, and what a database must hold of them, by count and sum."""

import threading
import time
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from plant_run import CollectorProcess
from pot_events import Events
from pot_samples import FIRST_POT, Samples
from publisher import Publisher, Report
from servers import InfluxDB1, Mosquitto

_NO_PROGRESS_S = 60.0
_LOOK_EVERY_S = 0.2

Place = tuple[int, int]
"""A tick, and a pot counted from the first one."""


@dataclass(frozen=True, slots=True)
class Sum:
    """How many voltages there are, and their sum in whole microvolts: no sum of ours is rounded."""

    count: int
    microvolts: int


class Load:
    """Publishes tick after tick of ever new samples, and some events among them, until the end.

    Parameters
    ----------
    samples
        As many as may be needed: it ends after a whole tick, when `ended` is called.
    rate
        Messages a second, at most.
    """

    def __init__(self, broker: Mosquitto, samples: Samples, events: Events, *, rate: float, within_s: float) -> None:
        self._samples = samples
        self._events = events
        self._publisher = Publisher(broker.host, broker.port)
        self._rate = rate
        self._within_s = within_s
        self._enough = threading.Event()
        self._pool = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        self._publishing = self._pool.submit(
            self._publisher.publish, self._messages(), rate=self._rate, within_s=self._within_s
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._enough.set()
        self._pool.shutdown()

    def ended(self) -> tuple[Report, Samples]:
        """End it; return what the broker acknowledged, and which samples those were."""
        self._enough.set()
        report = self._publishing.result()
        told = len(list(self._events.messages()))
        return report, replace(self._samples, ticks=(report.messages - told) // self._samples.pots)

    def _messages(self) -> Iterator[tuple[bytes, bytes]]:
        told = self._events.messages()
        for number, sample in enumerate(self._samples.messages()):
            if number % self._samples.pots == 0 and self._enough.is_set():
                break
            if number % 40 == 0 and (event := next(told, None)) is not None:
                yield event
            yield sample
        yield from told


def sums_of(samples: Samples, *, without: Collection[Place] = ()) -> dict[str, Sum]:
    """Return what each pot's voltages add up to, without some of them."""
    left_out: dict[int, list[int]] = {}
    for tick, place in without:
        left_out.setdefault(place, []).append(tick)
    found = {}
    for place in range(samples.pots):
        ticks = left_out.get(place, [])
        count = samples.ticks - len(ticks)
        numbers = (samples.ticks * (samples.ticks - 1) // 2 - sum(ticks)) * samples.pots + count * place
        found[str(FIRST_POT + place)] = Sum(count, count * 3_000_000 + numbers)
    return found


def sums_in_influxdb(influxdb: InfluxDB1) -> dict[str, Sum]:
    """Return what the database says that each pot's voltages add up to."""
    rows = influxdb.query("potline", "SELECT count(voltage_v), sum(voltage_v) FROM pot GROUP BY pot")
    return {row["pot"]: Sum(row["count"], round(row["sum"] * 1e6)) for row in rows}


def total(sums: dict[str, Sum]) -> Sum:
    """Return the sum of all pots."""
    return Sum(sum(each.count for each in sums.values()), sum(each.microvolts for each in sums.values()))


def wait_for_samples(influxdb: InfluxDB1, running: CollectorProcess, count: int, within_s: float) -> None:
    """Wait until the database holds so many samples, or no more come: what is missing then is to be counted."""
    until, moved, before = time.monotonic() + within_s, time.monotonic(), -1
    while time.monotonic() < min(until, moved + _NO_PROGRESS_S):
        assert running.process is not None
        assert running.process.poll() is None, running.log.read_text(encoding="utf-8")[-3000:]
        rows = influxdb.query("potline", "SELECT count(voltage_v) FROM pot")
        now = rows[0]["count"] if rows else 0
        if now >= count:
            return
        if now != before:
            moved, before = time.monotonic(), now
        time.sleep(_LOOK_EVERY_S)
