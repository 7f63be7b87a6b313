"""What a process holds while it runs: memory, open descriptors and threads, read twice a second."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Self

LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds at an instant."""

    mb: float
    descriptors: int
    threads: int


class Footprint:
    """Reads what a process holds, twice a second, on a thread of its own, until the block or the process ends."""

    def __init__(self, pid: int) -> None:
        self.held: list[Held] = []
        self._proc = Path(f"/proc/{pid}")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read, name="footprint")

    @property
    def mb(self) -> list[float]:
        """Resident memory, look by look [MB]."""
        return [each.mb for each in self.held]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _read(self) -> None:
        while not self._over.wait(LOOK_EVERY_S):
            try:
                pages = int((self._proc / "statm").read_text(encoding="ascii").split()[1])
                descriptors, threads = (len(list((self._proc / name).iterdir())) for name in ("fd", "task"))
            except (FileNotFoundError, ProcessLookupError):
                return
            self.held.append(Held(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, descriptors, threads))


def first_tenth(values: Sequence[float]) -> float:
    """Return the median of the first tenth of some values."""
    return median(values[: max(1, len(values) // 10)])


def last_tenth(values: Sequence[float]) -> float:
    """Return the median of the last tenth of some values."""
    return median(values[-max(1, len(values) // 10) :])


def curve(values: Sequence[float]) -> tuple[float, ...]:
    """Return eleven of the values, from the first to the last, evenly spread."""
    return tuple(round(values[place * (len(values) - 1) // 10], 1) for place in range(11))
