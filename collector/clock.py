"""Time for the collector: UTC for stamps, a steady clock for cadence, and plant time that runs faster in simulations.

Simulated plant time is for demonstrations and tests. It starts in the past, runs ``speed`` times as fast as real time,
never passes the present, and goes on in real time once it has caught up. Simulator and collector agree on it by a text:
``START@UNIX*SPEED``, for example ``2026-11-22T03:00:00Z@1795316400.25*60``: at UNIX [s] of real time it was START.
"""

import asyncio
import re
import time
from datetime import datetime
from typing import Protocol

_SPEC = re.compile(r"(?P<start>\S+)@(?P<unix>\d+(?:\.\d+)?)\*(?P<speed>\d+(?:\.\d+)?)")
_FASTEST = 3600.0


class Clock(Protocol):
    """What the collector asks of a clock."""

    @property
    def speed(self) -> float:
        """Seconds of plant time in a second of real time."""
        ...

    def now_ns(self) -> int:
        """Return UTC of plant time [ns]. It may step when the machine's clock is set."""
        ...

    def steady_s(self) -> float:
        """Return a time that only ever runs forward [s of plant time]. Its zero means nothing."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for a while of plant time."""
        ...


class SystemClock:
    """The machine's clocks."""

    speed = 1.0

    def now_ns(self) -> int:
        """Return UTC [ns]."""
        return time.time_ns()

    def steady_s(self) -> float:
        """Return the monotonic clock [s]."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(max(0.0, seconds))


class StandingClock:
    """A clock that stands at a time [UTC ns], for work on what was, during which nothing becomes due."""

    speed = 1.0

    def __init__(self, time_ns: int) -> None:
        self._time_ns = time_ns

    def now_ns(self) -> int:
        """Return UTC [ns]."""
        return self._time_ns

    def steady_s(self) -> float:
        """Return the same in seconds."""
        return self._time_ns * 1e-9

    async def sleep(self, seconds: float) -> None:
        """Let others work: here no time passes."""
        del seconds
        await asyncio.sleep(0)


class SimulatedClock:
    """Plant time of a simulation, given by its text (see the module).

    Raises
    ------
    ValueError
        If the text is not of that form.
    """

    def __init__(self, spec: str) -> None:
        match = _SPEC.fullmatch(spec)
        if match is None:
            raise ValueError(f"'{spec}' is no clock; write START@UNIX*SPEED, like 2026-11-22T03:00:00Z@1795316400*60")
        start = datetime.fromisoformat(match["start"])
        if start.tzinfo is None:
            raise ValueError(f"'{match['start']}' has no time zone; end it with Z for UTC")
        self._speed = float(match["speed"])
        if not 1 <= self._speed <= _FASTEST:
            raise ValueError(f"a speed of {self._speed:g} is not possible; it goes from 1 to {_FASTEST:g}")
        self._start_s = start.timestamp()
        self._anchor_s = float(match["unix"])
        self._real_minus_monotonic = time.time() - time.monotonic()

    @property
    def speed(self) -> float:
        """Seconds of plant time in a second of real time: one, once the present is reached."""
        behind_s = time.monotonic() + self._real_minus_monotonic - self.steady_s()
        return self._speed if behind_s > 1e-3 else 1.0

    def steady_s(self) -> float:
        """Return plant time [s], never later than the present."""
        real = time.monotonic() + self._real_minus_monotonic
        return min(self._start_s + (real - self._anchor_s) * self._speed, real)

    def now_ns(self) -> int:
        """Return plant time [ns]."""
        return int(self.steady_s() * 1e9)

    async def sleep(self, seconds: float) -> None:
        """Wait for a while of plant time; the last part in real time once the present is reached."""
        until = self.steady_s() + max(0.0, seconds)
        while (left := until - self.steady_s()) > 0:
            real = time.monotonic() + self._real_minus_monotonic
            behind = real - self.steady_s() > 1e-3
            await asyncio.sleep(max(left / self._speed, 1e-4) if behind else left)


class ClockWatch:
    """Finds out that the machine's clock was set: UTC and the steady clock part by more than any drift."""

    LEAST_STEP_S = 0.5

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_s = self._offset()

    def step_s(self) -> float:
        """Return by how much the clock was set since this was last asked [s]; 0: it was not, or it was only trimmed."""
        before, self._offset_s = self._offset_s, self._offset()
        step_s = self._offset_s - before
        return step_s if abs(step_s) >= self.LEAST_STEP_S else 0.0

    def _offset(self) -> float:
        return self._clock.now_ns() * 1e-9 - self._clock.steady_s()
