"""Distinct samples of pots to be published, and the count of what became of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from servers import InfluxDB1

FIRST_POT = 1001
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LINE = re.compile(
    rb"^pot,plant=example,pot=(\d+),potline=PL1 voltage_v=([-+.\de]+),quality=(\d+)i (\d+)$", re.MULTILINE
)


def rfc3339(time_ns: int) -> str:
    """Write a time [UTC ns] as pot controllers do, to the millisecond."""
    stamp = _EPOCH + timedelta(milliseconds=time_ns // 1_000_000)
    return stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Samples:
    """One voltage of each pot at each tick, every one with a value of its own."""

    pots: int
    ticks: int
    start_ns: int
    step_ns: int

    def __len__(self) -> int:
        return self.pots * self.ticks

    @property
    def end_ns(self) -> int:
        """When the last ones were taken."""
        return self.start_ns + (self.ticks - 1) * self.step_ns

    def messages(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield them tick by tick, as pot controllers send them."""
        topics = [
            b"smelter/v1/example/potline/PL1/pot/%d/telemetry" % (FIRST_POT + place) for place in range(self.pots)
        ]
        number = 0
        for tick in range(self.ticks):
            head = (
                b'{"v":1,"ts":"%b","q":"good","m":{"pot_voltage_v":'
                % rfc3339(self.start_ns + tick * self.step_ns).encode()
            )
            for topic in topics:
                yield topic, b"%b%d.%06d}}" % (head, 3 + number // 1_000_000, number % 1_000_000)
                number += 1

    def values(self) -> NDArray[np.float64]:
        """Return what was published, ticks by pots, as the texts in the messages read back."""
        numbers = np.arange(len(self))
        texts = np.char.mod("%d", 3 + numbers // 1_000_000) + np.char.mod(".%06d", numbers % 1_000_000)
        return texts.astype(np.float64).reshape(self.ticks, self.pots)


@dataclass(slots=True)
class Tally:
    """What was found of some samples: how often each, and what is not as it was published."""

    samples: Samples
    found: NDArray[np.int64] = field(init=False)
    strange: int = 0
    """Samples of no pot or time that was published."""
    altered: int = 0
    """Samples with another value or quality than was published."""
    _values: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        self.found = np.zeros((self.samples.ticks, self.samples.pots), np.int64)
        self._values = self.samples.values()

    @property
    def missing(self) -> int:
        """Samples of which nothing was found."""
        return int((self.found == 0).sum())

    @property
    def again(self) -> int:
        """Samples that were found more than once, each time counted."""
        return int(np.maximum(self.found - 1, 0).sum())

    @property
    def highest(self) -> int:
        """The number of the last sample that was found, in the order of publishing; -1 for none."""
        rows = np.flatnonzero(self.found)
        return int(rows[-1]) if len(rows) else -1

    def take(self, pot: NDArray[np.int64], time_ns: NDArray[np.int64], value: NDArray[np.float64]) -> None:
        """Count samples that were found somewhere."""
        place = pot - FIRST_POT
        tick, odd = np.divmod(time_ns - self.samples.start_ns, self.samples.step_ns)
        known = (odd == 0) & (place >= 0) & (place < self.samples.pots) & (tick >= 0) & (tick < self.samples.ticks)
        self.strange += int((~known).sum())
        place, tick = place[known], tick[known]
        self.altered += int((self._values[tick, place] != value[known]).sum())
        np.add.at(self.found, (tick, place), 1)

    def take_lines(self, lines: bytes) -> None:
        """Count the pots' lines among some line protocol. Each has a voltage and nothing else, of good quality."""
        rows = _LINE.findall(lines)
        self.altered += sum(quality != b"192" for _, _, quality, _ in rows)
        self.altered += sum(line.startswith(b"pot,") for line in lines.split(b"\n")) - len(rows)
        self.take(
            np.array([int(pot) for pot, _, _, _ in rows], np.int64),
            np.array([int(time_ns) for _, _, _, time_ns in rows], np.int64),
            np.array([float(value) for _, value, _, _ in rows], np.float64),
        )


def in_influxdb(influxdb: InfluxDB1, samples: Samples) -> Tally:
    """Count what a database has of some samples."""
    tally = Tally(samples)
    for pot in influxdb.query("potline", "SHOW TAG VALUES FROM pot WITH KEY = pot"):
        query = f"SELECT voltage_v, quality FROM pot WHERE pot = '{pot['value']}'"  # noqa: S608 - our own words
        rows = influxdb.query("potline", query)
        tally.altered += sum(row["quality"] != 192 for row in rows)
        tally.take(
            np.full(len(rows), int(pot["value"])),
            np.array([row["time"] for row in rows], np.int64),
            np.array([row["voltage_v"] for row in rows], np.float64),
        )
    return tally
