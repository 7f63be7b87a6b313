"""A server of the tests as a plain child process: started, seen to be the one that listens, ended by its handle."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

HOST = "127.0.0.1"
INSTALL = "sudo apt-get install mosquitto influxdb victoria-metrics mbpoll"

_SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent), "/usr/sbin", "/usr/bin"])
_READY_WITHIN_S = 60.0
_STOP_WITHIN_S = 30.0
_LOOK_EVERY_S = 0.01
_TCP_LISTEN = "0A"
_TAKEN = "address already in use"


class ServerMissingError(Exception):
    """The server's program is not installed."""


class ServerError(Exception):
    """The server did not start, ended by itself or refused a request."""


class PortTakenError(ServerError):
    """Another process listens on the port that was meant for the server."""


def program(name: str) -> str:
    """Path of a server's program, also where Debian puts it outside a user's PATH."""
    path = shutil.which(name, path=_SEARCH_PATH)
    if path is None:
        raise ServerMissingError(f"{name} is not installed. Install the test servers: {INSTALL}")
    return path


def free_port() -> int:
    """Find a TCP port that is free now. Somebody may take it: hence `PortTakenError` and a next attempt."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def listeners(port: int) -> set[str]:
    """Inodes of the sockets that listen on a TCP port, of this network namespace."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except FileNotFoundError:
            continue
        for row in rows:
            column = row.split()
            if column[3] == _TCP_LISTEN and int(column[1].rpartition(":")[2], 16) == port:
                inodes.add(column[9])
    return inodes


def sockets_of(pid: int) -> set[str]:
    """Inodes of the sockets that a process holds open."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    return inodes


class Server(ABC):
    """A server as a child process; the same port and the same files from start to start.

    Attributes
    ----------
    host, port : where it listens
    folder : its files
    log : what it has printed, of all its starts
    """

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.host = HOST
        self.port = free_port() if port is None else port
        self.folder = folder
        self.log = folder / f"{type(self).__name__.lower()}.log"
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def command(self) -> list[str]:
        """Write the configuration and give the command line."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether the server does its work; asked when it listens."""

    @property
    def pid(self) -> int | None:
        """Process id, None while the server is not running."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start and wait until it answers, it is alive, and it is the one that listens."""
        if self.pid is not None:
            raise ServerError(f"start {self}: it is running as process {self.pid}")
        # A server of somebody else would answer our question as well as ours.
        if listeners(self.port):
            raise PortTakenError(f"start {self}: another process listens there")
        with self.log.open("ab") as log:
            begin = log.tell()
            self._process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder
            )
        try:
            self._wait_until_ready(begin)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """End it as an operator would (SIGTERM), so that it saves what it keeps. A second stop does nothing."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.kill()
                raise ServerError(f"stop {self}: still running after {_STOP_WITHIN_S:.0f} s{self._tail()}") from None
        self._process = None

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL): what is not on disk is lost."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None

    def restart(self) -> None:
        """Stop and start, on the same port and the same files."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Stop its work without closing a connection, as an overloaded machine or a dead switch does. See `resume`."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `pause`."""
        self._signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        if self.pid is None:
            self.start()
        return self

    def __exit__(self, *_: object) -> None:
        # A paused process would not notice SIGTERM.
        if self.pid is not None:
            self.resume()
        self.stop()

    def __str__(self) -> str:
        return f"{type(self).__name__} on {self.host}:{self.port}"

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            raise ServerError(f"send {number.name} to {self}: it is not running")
        self._process.send_signal(number)

    def _wait_until_ready(self, begin: int) -> None:
        process = self._process
        assert process is not None
        deadline = time.monotonic() + _READY_WITHIN_S
        while time.monotonic() < deadline:
            if process.poll() is not None:
                taken = _TAKEN in self._printed(begin).lower() or bool(listeners(self.port))
                kind = PortTakenError if taken else ServerError
                raise kind(f"start {self}: it ended with status {process.returncode}{self._tail(begin)}")
            here = listeners(self.port)
            if here and not here & sockets_of(process.pid):
                raise PortTakenError(f"start {self}: another process listens there{self._tail(begin)}")
            if here and self.answers() and process.poll() is None:
                return
            time.sleep(_LOOK_EVERY_S)
        raise ServerError(f"start {self}: no answer within {_READY_WITHIN_S:.0f} s{self._tail(begin)}")

    def _printed(self, begin: int = 0) -> str:
        with self.log.open("rb") as log:
            log.seek(begin)
            return log.read().decode(errors="replace")

    def _tail(self, begin: int = 0) -> str:
        lines = self._printed(begin).splitlines()[-40:]
        return "\n".join(["", f"--- its log ({self.log}) ---", *lines])
