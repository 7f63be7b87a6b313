"""A clock that goes when it is told to."""

S = 1_000_000_000


class MovedClock:
    """Stands at ``now_s`` until that is set."""

    speed = 1.0

    def __init__(self, now_s: int = 100) -> None:
        self.now_s = now_s

    def now_ns(self) -> int:
        """Return the time [ns]."""
        return self.now_s * S

    def steady_s(self) -> float:
        """Return nothing of use."""
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """Nobody waits for this clock."""
        raise AssertionError(seconds)
