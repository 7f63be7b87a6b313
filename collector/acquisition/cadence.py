"""Drift-free ticks: the n-th tick is at start + n periods, however long the work between takes."""

import math


class Cadence:
    """Due times of something periodic, on a steady clock. Ticks that were missed are skipped and counted.

    Attributes
    ----------
    due_s : float
        When the next tick is due [s]. It is only read: ``advance`` moves it.
    skipped : int
        How many ticks were missed.
    """

    def __init__(self, *, period_s: float, start_s: float) -> None:
        self.period_s = period_s
        self.skipped = 0
        self.due_s = start_s
        self._start_s = start_s
        self._tick = 0

    def advance(self, now_s: float) -> None:
        """Move on to the first tick that is still to come, after the one at ``due_s`` was served at ``now_s``."""
        self._move(1)
        if self.due_s <= now_s:
            missed = math.floor((now_s - self.due_s) / self.period_s) + 1
            self.skipped += missed
            self._move(missed)

    def _move(self, ticks: int) -> None:
        self._tick += ticks
        self.due_s = self._start_s + self._tick * self.period_s  # not added up: sums of rounded periods drift
