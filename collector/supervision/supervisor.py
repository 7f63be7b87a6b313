"""Restarts what may fail. Whatever raises anything else ends the process: a bug is never skipped silently."""

import asyncio
import random
from collections.abc import Awaitable, Callable, MutableMapping

import structlog

log = structlog.get_logger()

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0


def pause(failures: int, *, longest_s: float = LONGEST_PAUSE_S, draw: Callable[[], float] = random.random) -> float:
    """Return how long to wait after some failures in a row: full jitter, so that many do not return at once [s]."""
    return draw() * _most(failures, longest_s)


def _most(failures: int, longest_s: float) -> float:
    """Return the longest wait after some failures in a row [s]."""
    return min(longest_s, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 16))


async def keep_running(
    name: str,
    work: Callable[[], Awaitable[None]],
    *,
    temporary: type[Exception],
    states: MutableMapping[str, str],
    running: str,
    longest_pause_s: float = LONGEST_PAUSE_S,
    did_well: Callable[[], bool] = lambda: False,
) -> None:
    """Run something for ever; after a failure that is temporary, wait and start it again.

    Parameters
    ----------
    name : str
        For the log and for ``states``.
    work : callable
        Makes the coroutine to run. An attribute ``retry_after_s`` of its failure sets the least pause.
    temporary : type
        The failure after which it is started again. Any other ends the process.
    states : mapping
        Where to note ``running`` or why it waits.
    longest_pause_s : float
        The longest wait between two starts [s].
    did_well : callable
        Whether the work has done what it is for since its latest start. If so, and it ran longer than the wait before
        it may have been, the waits begin anew: a link that is cut every few seconds is back within a second each time.
        Two that throw each other out, each after a moment, still wait longer and longer.
    """
    loop = asyncio.get_running_loop()
    failures = 0
    said: set[str] = set()
    while True:
        started = loop.time()
        states[name] = running
        try:
            await work()
        except temporary as exc:
            ran_s = loop.time() - started
            if ran_s > STEADY_S or (did_well() and ran_s > _most(failures, longest_pause_s)):
                failures = 0
            if failures == 0:
                said.clear()
            if str(exc) not in said:  # two reasons by turns are no news either
                said.add(str(exc))
                log.warning("waits and tries again", name=name, reason=str(exc))
            states[name] = str(exc)
            failures += 1
            await asyncio.sleep(max(pause(failures, longest_s=longest_pause_s), getattr(exc, "retry_after_s", 0.0)))
        else:
            failures = 0
            await asyncio.sleep(pause(1))  # work that ends at once must not keep the event loop to itself
