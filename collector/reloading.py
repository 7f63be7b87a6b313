"""Reading the settings again while the collector runs: when told to, one at a time, wholly or not at all."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import structlog

from collector.changes import Changes, changes
from collector.running import Running, in_place
from collector.settings import Configuration, ConfigurationError, LogSettings, load
from collector.supervision.notify import notify
from collector.supervision.outcome import Outcome

log = structlog.get_logger()

STOPPING = Outcome("stopping")


class Reloads:
    """Reads a collector's settings again whenever somebody asks.

    Who asks while another reload is under way waits for the next one, together with all others that ask meanwhile: the
    files may have changed since the one under way has read them.

    Parameters
    ----------
    config_file
        The collector's file.
    set_log
        Sets up the log by other settings.
    """

    def __init__(self, config_file: Path, set_log: Callable[[LogSettings], None]) -> None:
        self._config_file = config_file
        self._set_log = set_log
        self._wanted = asyncio.Event()
        self._waiting: list[asyncio.Future[Outcome]] = []
        self._is_over = False

    def hang_up(self) -> None:
        """Have the settings read again, and tell nobody but the log: what SIGHUP asks for."""
        self._wanted.set()

    async def ask(self) -> Outcome:
        """Have the settings read again, and return what came of it."""
        if self._is_over:
            return STOPPING
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        self._wanted.set()
        return await answer

    async def serve(self, running: Running, show: Callable[[Configuration], None]) -> None:
        """Reload whenever somebody asks, until the collector is stopped. ``show`` is told what is in force now."""
        stopping = asyncio.create_task(running.stop.wait())
        waiting: list[asyncio.Future[Outcome]] = []
        try:
            while await _comes_first(self._wanted.wait(), stopping):
                self._wanted.clear()
                waiting, self._waiting = self._waiting, []
                notify(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")
                outcome = await self._reload(running, show, stopping)
                notify("READY=1")
                _answer(waiting, outcome)
        finally:
            stopping.cancel()
            self._is_over = True
            _answer([*waiting, *self._waiting], STOPPING)

    async def _reload(
        self, running: Running, show: Callable[[Configuration], None], stopping: asyncio.Task[bool]
    ) -> Outcome:
        began_s = time.monotonic()
        reading = asyncio.create_task(asyncio.to_thread(_read, self._config_file, running.configuration))
        if not await _comes_first(reading, stopping):
            return STOPPING
        read = reading.result()
        if isinstance(read, Outcome):
            return _refused(read.problems)
        configuration, found = read
        if found.refused:
            return _refused(found.refused)
        if not found.is_something:
            log.info("settings read again", outcome="nothing has changed")
            return Outcome("unchanged")
        if why := running.instruments.line_waits:
            return _refused([f"the line waits: {why}; reload again once it goes on"])
        await running.change_to(configuration, found)
        if found.log:
            self._set_log(configuration.log)
        show(configuration)
        told = {"added": list(found.added), "changed": list(found.changed), "removed": list(found.removed)}
        log.warning("settings changed", **told, took_s=round(time.monotonic() - began_s, 3))
        return Outcome("changed", **told)


def _read(config_file: Path, running: Configuration) -> tuple[Configuration, Changes] | Outcome:
    """Read the settings, and find out what differs. On a thread: thousands of meters take half a second."""
    try:
        wanted = load(config_file, choice=running.choice)
    except ConfigurationError as exc:
        return Outcome("refused", problems=[str(problem) for problem in exc.problems])
    return in_place(running, wanted), changes(running, wanted)


def _refused(problems: Sequence[str]) -> Outcome:
    for problem in problems:
        log.error("settings are refused, the old ones stay in force", problem=problem)
    return Outcome("refused", problems=list(problems))


async def _comes_first(wanted: Coroutine[Any, Any, Any] | asyncio.Task[Any], stopping: asyncio.Task[bool]) -> bool:
    """Wait for something; False if the collector is stopped before it comes."""
    waiting = asyncio.ensure_future(wanted)
    await asyncio.wait([waiting, stopping], return_when=asyncio.FIRST_COMPLETED)
    if waiting.done() and not stopping.done():
        return True
    waiting.cancel()
    return False


def _answer(waiting: Sequence[asyncio.Future[Outcome]], outcome: Outcome) -> None:
    for answer in waiting:
        if not answer.done():
            answer.set_result(outcome)
