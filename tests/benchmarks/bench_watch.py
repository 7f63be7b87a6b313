"""Looking on from outside: what a process uses, and how soon its readings can be queried."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from bench_plants import BenchPlant
from pot_plant import cpu_s
from servers import InfluxDB1

_LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Mark:
    """What a process has used of the processor, all its threads, by a time [s]."""

    time_s: float
    cpu_s: float

    @classmethod
    def of(cls, pid: int) -> Self:
        """Look."""
        return cls(time.monotonic(), cpu_s(pid))

    def share_until(self, later: "Mark") -> float:
        """Return the share of a core between this mark and a later one [1]."""
        return (later.cpu_s - self.cpu_s) / (later.time_s - self.time_s)


def peak_mb(pid: int) -> float:
    """Return the most memory that a process has held so far [MB]."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


class Freshness(threading.Thread):
    """Asks an InfluxDB for what is new of some pots or meters, and notes how long after its own time it was seen.

    The time of a look is when its answer has come, so what is told is never less than what was.

    Parameters
    ----------
    newest_alone
        Of what a look finds of a pot only the newest counts: the samples before it in a batch had to wait for it at
        the source.
    """

    def __init__(self, influxdb: InfluxDB1, plant: BenchPlant, *, newest_alone: bool) -> None:
        super().__init__(daemon=True)
        self.ages_s: list[float] = []
        self._influxdb, self._plant, self._newest_alone = influxdb, plant, newest_alone
        self._seen = dict.fromkeys(plant.probed, time.time_ns())
        self._done = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self.join()

    def run(self) -> None:
        plant = self._plant
        places = " OR ".join(f"\"{plant.tag}\"='{name}'" for name in plant.probed)
        while not self._done.wait(_LOOK_EVERY_S):
            rows = self._influxdb.query(
                "potline",
                f'SELECT "{plant.field}" FROM "{plant.measurement}" WHERE ({places})'  # noqa: S608 - our own names
                f' AND time > {min(self._seen.values())} GROUP BY "{plant.tag}"',
            )
            now_ns, found = time.time_ns(), dict[str, list[int]]()
            for row in rows:
                if row["time"] > self._seen[row[plant.tag]]:
                    found.setdefault(row[plant.tag], []).append(row["time"])
            for name, times in found.items():
                self._seen[name] = max(times)
                self.ages_s += [(now_ns - each) / 1e9 for each in ([max(times)] if self._newest_alone else times)]

    def told(self) -> dict[str, float]:
        """Return median and 99th percentile of the ages [ms], and of how many."""
        if not self.ages_s:
            raise RuntimeError("nothing of what is watched has come to the database; look at the collector's log")
        ages_ms = np.array(self.ages_s) * 1e3
        return {
            "latency_p50_ms": round(float(np.percentile(ages_ms, 50))),
            "latency_p99_ms": round(float(np.percentile(ages_ms, 99))),
            "latency_of": len(self.ages_s),
        }


def waited_for(count: Callable[[], float], wanted: float, *, nothing_more_s: float) -> float:
    """Wait until a count is reached, or no longer grows for so long; return the time until it last grew [s]."""
    begin = moved = time.monotonic()
    before = count()
    while before < wanted and time.monotonic() < moved + nothing_more_s:
        time.sleep(_LOOK_EVERY_S)
        now = count()
        if now != before:
            moved, before = time.monotonic(), now
    return moved - begin
