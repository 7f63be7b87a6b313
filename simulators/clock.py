"""Plant time: an anchor in real time, run faster until it has caught up with the present."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Protocol, Self

from simulators.instants import SECOND_NS, iso_seconds

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DECIMAL = re.compile(r"\d+(?:\.\d+)?")


class Clock(Protocol):
    """Something that tells a time [UTC ns]."""

    def now_ns(self) -> int:
        """Return the time [UTC ns]."""


class RealTime:
    """The time of day at the start, carried on by the monotonic clock: nobody can step it."""

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - time.monotonic_ns()

    def now_ns(self) -> int:
        """Return the real time [UTC ns]."""
        return self._offset_ns + time.monotonic_ns()


@dataclass(frozen=True, slots=True)
class ClockSpec:
    """An anchor: plant time was ``start_ns`` when real time was ``unix_ns``, and runs ``speed`` times as fast.

    Parameters
    ----------
    start_ns
        Plant time at the anchor [UTC ns].
    unix_ns
        Real time at the anchor [UTC ns].
    speed
        Plant seconds per real second, above 0.
    text
        The specification as written, for example ``2026-11-22T03:00:00Z@1795316400.25*60``.
    """

    start_ns: int
    unix_ns: int
    speed: Fraction
    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``START@UNIX*SPEED``.

        Raises
        ------
        ValueError
            With a sentence that says which part is wrong.
        """
        start, at, rest = text.partition("@")
        unix, star, speed = rest.partition("*")
        if not (at and star):
            raise ValueError(
                f"{text!r} is not of the form START@UNIX*SPEED, such as 2026-11-22T03:00:00Z@1795316400.25*60"
            )
        try:
            moment = datetime.fromisoformat(start)
        except ValueError:
            raise ValueError(f"START {start!r} is not a time such as 2026-11-22T03:00:00Z") from None
        if moment.tzinfo is None:
            raise ValueError(f"START {start!r} has no time zone: add a Z for UTC")
        if not _DECIMAL.fullmatch(unix):
            raise ValueError(f"UNIX {unix!r} is not a number of seconds since 1970")
        if not _DECIMAL.fullmatch(speed) or not Fraction(speed):
            raise ValueError(f"SPEED {speed!r} is not a number above 0")
        start_ns = (moment - _EPOCH) // timedelta(microseconds=1) * 1000
        return cls(start_ns, int(Fraction(unix) * SECOND_NS), Fraction(speed), text)

    @classmethod
    def ago(cls, now_ns: int, ago_s: int = 0, speed: int = 1) -> Self:
        """Return the anchor of plant time that begins some seconds before ``now_ns`` and runs at a speed.

        The anchor is a whole second that is over at ``now_ns``. Without more it is that of plain real time.
        """
        second = now_ns // SECOND_NS - 1
        return cls.parse(f"{iso_seconds((second - ago_s) * SECOND_NS)}@{second}*{speed}")

    @property
    def begin_ns(self) -> int:
        """The first whole second of plant time [UTC ns], the simulation's beginning."""
        return min(self.start_ns, self.unix_ns) // SECOND_NS * SECOND_NS


class PlantClock:
    """Plant time, never later than real time.

    Parameters
    ----------
    spec
        The anchor.
    real
        The clock of real time; another one only for tests.
    """

    def __init__(self, spec: ClockSpec, real: Clock | None = None) -> None:
        self.spec = spec
        self._real = real or RealTime()

    def now_ns(self) -> int:
        """Return plant time [UTC ns]."""
        spec = self.spec
        real_ns = self._real.now_ns()
        run_ns = (real_ns - spec.unix_ns) * spec.speed.numerator // spec.speed.denominator
        return min(spec.start_ns + run_ns, real_ns)

    def real_ns_of(self, plant_ns: int) -> int:
        """Return the real time [UTC ns] at which plant time reaches ``plant_ns``."""
        spec = self.spec
        run_ns = -(-(plant_ns - spec.start_ns) * spec.speed.denominator // spec.speed.numerator)
        return max(spec.unix_ns + run_ns, plant_ns)

    async def sleep_until(self, plant_ns: int) -> None:
        """Return as soon as plant time is at least ``plant_ns`` [UTC ns]."""
        left_ns = self.real_ns_of(plant_ns) - self._real.now_ns()
        if left_ns > 0:
            # A microsecond more than its float can lose: too early would be before the step that is waited for.
            await asyncio.sleep(left_ns / SECOND_NS + 1e-6)
