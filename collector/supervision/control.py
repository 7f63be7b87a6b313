"""The door by which commands speak to a running collector: a socket in the file system, beside its store.

Not the page, which is read by many and changes nothing; and not a signal alone, which has no answer. Whoever may write
the store may use it, and nobody else: its mode is 0600. The place of the store says which collector is meant: only one
works on it. A question and its answer are one line of JSON each.
"""

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import structlog

from collector.supervision.outcome import Outcome

log = structlog.get_logger()

RELOAD = "reload"
LONGEST_QUESTION = 1000
ANSWER_WITHIN_S = 120.0
"""How long a command waits for an answer [s]: a reload comes after those before it."""

_LONGEST_PATH = 100
"""Longer names than this do not fit into the address of a socket (108 bytes on Linux)."""


class Question(msgspec.Struct, frozen=True):
    """What a command wants."""

    do: str


class NotRunning(Exception):
    """No collector answers beside a store."""


def socket_of(store: Path) -> Path:
    """Return where the collector that works on a store listens."""
    return store.with_name(store.name + ".control")


class ControlSocket:
    """Listens beside the store, and hands on what is asked for.

    Parameters
    ----------
    store : Path
        The store that the collector has for itself. What lies at the socket's place was left by one that was killed.
    reload : callable
        Reads the settings again, and returns what came of it.
    """

    def __init__(self, store: Path, reload: Callable[[], Awaitable[Outcome]]) -> None:
        self._path = socket_of(store)
        self._reload = reload
        self._server: asyncio.Server | None = None
        self._answering: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Listen. Where that is not possible, the log says so and the collector works without."""
        try:
            listening = await asyncio.to_thread(_bound, self._path)
        except OSError as exc:
            hint = "'systemctl reload' and SIGHUP work, 'potline reload' does not; check the folder of the store"
            log.warning("cannot listen for commands", path=str(self._path), reason=exc.strerror, hint=hint)
            return self
        self._server = await asyncio.start_server(self._answer, sock=listening, limit=LONGEST_QUESTION)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Listen no longer, and let those who still wait have their answers."""
        if self._server is None:
            return
        self._server.close()
        if self._answering:
            await asyncio.wait(self._answering, timeout=1.0)
        for task in self._answering:
            task.cancel()
        await asyncio.to_thread(self._path.unlink, missing_ok=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        with contextlib.closing(writer), contextlib.suppress(OSError):  # who asked may have gone
            outcome = await self._outcome(reader)
            writer.write(msgspec.json.encode(outcome) + b"\n")
            await writer.drain()

    async def _outcome(self, reader: asyncio.StreamReader) -> Outcome:
        try:
            asked = msgspec.json.decode(await reader.readline(), type=Question).do
        except (msgspec.DecodeError, ValueError) as exc:
            return Outcome("refused", problems=[f"understand the question: {exc}; use the command of this version"])
        if asked != RELOAD:
            return Outcome("refused", problems=[f"do '{asked}': this collector cannot; use the command of its version"])
        return await self._reload()


def ask_to_reload(store: Path) -> Outcome:
    """Have the collector that works on a store read its settings again.

    Raises
    ------
    NotRunning
        If no collector answers there.
    """
    place = f"ask the collector of {store}"
    try:
        with socket.socket(socket.AF_UNIX) as asking, _address(socket_of(store)) as address:
            asking.settimeout(ANSWER_WITHIN_S)
            asking.connect(address)
            asking.sendall(msgspec.json.encode(Question(RELOAD)) + b"\n")
            with asking.makefile("rb") as answer:
                said = answer.readline()
    except (FileNotFoundError, ConnectionRefusedError) as exc:
        hint = "is it running, with this [store] path? 'systemctl status potline'; another path takes a restart"
        raise NotRunning(f"{place}: nobody listens; {hint}") from exc
    except TimeoutError as exc:
        raise NotRunning(f"{place}: no answer in {ANSWER_WITHIN_S:g} s; look at its log") from exc
    except PermissionError as exc:
        raise NotRunning(f"{place}: {exc.strerror}; run the command as the collector's user, or root") from exc
    except OSError as exc:
        raise NotRunning(f"{place}: {exc.strerror or exc}; look at its log") from exc
    try:
        return msgspec.json.decode(said, type=Outcome)
    except msgspec.DecodeError as exc:
        raise NotRunning(f"{place}: it ended before it answered; look at its log") from exc


def _bound(path: Path) -> socket.socket:
    """Return a socket that listens at a path in place of one that nobody listens at any more.

    Raises
    ------
    OSError
        If that is not possible, or something else lies there.
    """
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()
    listening = socket.socket(socket.AF_UNIX)
    try:
        os.fchmod(listening.fileno(), 0o600)  # before there is a name by which somebody could find it
        with _address(path) as address:
            listening.bind(address)
        path.chmod(0o600)
        listening.setblocking(False)
        listening.listen(8)
    except BaseException:
        listening.close()
        raise
    return listening


@contextlib.contextmanager
def _address(path: Path) -> Iterator[str]:
    """Return a path, or a short name of the same place where it is too long for a socket's address."""
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
