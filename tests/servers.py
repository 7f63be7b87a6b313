"""Real servers for tests: mosquitto, InfluxDB 1.x and VictoriaMetrics, each a plain child process.

Imitations agree with their author. These servers disagree, so the tests that concern a broker or a database use them.
A server listens on a free port of the loopback interface, keeps its files in a folder of the test, and is ended by its
handle. A missing program is a failure with the command that installs it, never a skipped test.

    with running_influxdb1(tmp_path) as influxdb:
        influxdb.create_database("potline")

The calls of the handles block. That is harmless beside a collector under test, which waits for the server, not for us;
a test that measures time in the same event loop calls them with `asyncio.to_thread`.
"""

import gzip
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

HOST = "127.0.0.1"
INSTALL = "sudo apt-get install mosquitto influxdb victoria-metrics mbpoll"

_SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin"])
_READY_WITHIN_S = 20.0
_STOP_WITHIN_S = 10.0
_LOOK_EVERY_S = 0.01
_ATTEMPTS = 5
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


class Server:
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

    def command(self) -> list[str]:
        """Write the configuration and give the command line."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether the server does its work; asked when it listens."""
        raise NotImplementedError

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


class HttpServer(Server):
    """A server spoken to over HTTP."""

    health = "/"

    @property
    def url(self) -> str:
        """Base address, without a slash at the end."""
        return f"http://{self.host}:{self.port}"

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """One request on a connection of its own: status and body of the answer."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def answers(self) -> bool:
        try:
            status, _ = self.request("GET", self.health)
        except (OSError, http.client.HTTPException):
            return False
        return status < 300

    def _expect(self, method: str, path: str, body: bytes | None = None, *, zipped: bool = False) -> bytes:
        headers = {"Content-Encoding": "gzip"} if zipped else {}
        status, answer = self.request(method, path, body, headers)
        if status >= 300:
            raise ServerError(f"{method} {self.url}{path}: {status} {answer.decode(errors='replace')}")
        return answer


class Mosquitto(Server):
    """An MQTT broker.

    Parameters
    ----------
    options : lines of mosquitto.conf; True and False are written as mosquitto wants them. Anonymous clients are let in
        and persistence is off unless an option says otherwise.
    """

    def __init__(
        self, folder: Path, port: int | None = None, *, options: Mapping[str, str | int | bool] | None = None
    ) -> None:
        super().__init__(folder, port)
        self.options: dict[str, str | int | bool] = {
            "allow_anonymous": True,
            "persistence": False,
            "persistence_location": f"{folder}/",
            "log_dest": "stderr",
            "log_type": "all",
        }
        # Started by root it becomes the user 'mosquitto', who may not write into the test's folder.
        if os.geteuid() == 0:
            self.options["user"] = "root"
        self.options.update(options or {})

    def command(self) -> list[str]:
        lines = [f"listener {self.port} {self.host}"]
        lines += [
            f"{key} {str(value).lower() if isinstance(value, bool) else value}" for key, value in self.options.items()
        ]
        configuration = self.folder / "mosquitto.conf"
        configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return [program("mosquitto"), "-c", str(configuration)]

    def answers(self) -> bool:
        """Say CONNECT (3.1.1, clean) and wait for CONNACK. A refusal for want of a password is an answer too."""
        connect = bytes.fromhex("100c 0004 4d515454 04 02 000a 0000")
        try:
            with socket.create_connection((self.host, self.port), timeout=2) as wire:
                wire.sendall(connect)
                return wire.recv(4)[:1] == b"\x20"
        except OSError:
            return False


class InfluxDB1(HttpServer):
    """InfluxDB 1.x, without authentication unless asked for."""

    health = "/ping"

    def __init__(self, folder: Path, port: int | None = None, *, max_body_size: int = 25_000_000) -> None:
        super().__init__(folder, port)
        self.max_body_size = max_body_size

    def command(self) -> list[str]:
        configuration = self.folder / "influxdb.conf"
        configuration.write_text(
            f"""
reporting-disabled = true
# The backup port: any free one.
bind-address = "{self.host}:0"
[meta]
dir = "{self.folder}/meta"
[data]
dir = "{self.folder}/data"
wal-dir = "{self.folder}/wal"
[monitor]
store-enabled = false
[http]
bind-address = "{self.host}:{self.port}"
max-body-size = {self.max_body_size}
""",
            encoding="utf-8",
        )
        return [program("influxd"), "run", "-config", str(configuration)]

    def create_database(self, name: str) -> None:
        """Create a database; one that exists stays as it is."""
        self._results("", f'CREATE DATABASE "{name}"')

    def write(self, database: str, lines: str | bytes) -> None:
        """Write line protocol with times in ns, gzipped as the collector does it."""
        body = lines.encode() if isinstance(lines, str) else lines
        path = "/write?" + urlencode({"db": database, "precision": "ns"})
        self._expect("POST", path, gzip.compress(body, 1), zipped=True)

    def query(self, database: str, influxql: str) -> list[dict[str, Any]]:
        """Rows of all series as dicts, times in ns. Tags of GROUP BY are keys beside the columns."""
        return [
            {**series.get("tags", {}), **dict(zip(series["columns"], row, strict=True))}
            for result in self._results(database, influxql)
            for series in result.get("series", [])
            for row in series.get("values", [])
        ]

    def _results(self, database: str, influxql: str) -> list[dict[str, Any]]:
        path = "/query?" + urlencode({"db": database, "q": influxql, "epoch": "ns"})
        results: list[dict[str, Any]] = json.loads(self._expect("POST", path))["results"]
        for result in results:
            if "error" in result:
                raise ServerError(f"query {self}: {result['error']}: {influxql}")
        return results


class VictoriaMetrics(HttpServer):
    """VictoriaMetrics, for its InfluxDB v2 write endpoint.

    Not a store of record: strings become 0, floats keep about 12 digits, times are cut to ms, a repeated line is kept
    twice, and a bad line is counted, not refused.
    """

    health = "/health"

    def command(self) -> list[str]:
        return [
            program("victoria-metrics"),
            f"-httpListenAddr={self.host}:{self.port}",
            f"-storageDataPath={self.folder}/data",
            # The default of one month drops the past without a word.
            "-retentionPeriod=100y",
            # Otherwise it plans for 60 % of the machine's memory.
            "-memory.allowedBytes=128MB",
            "-search.latencyOffset=0s",
        ]

    def flush(self) -> None:
        """Make what was written visible to queries."""
        self._expect("GET", "/internal/force_flush")

    def export(self, match: str) -> list[dict[str, Any]]:
        """Series as they are stored: {"metric": labels, "values": [...], "timestamps": [ms, ...]}."""
        answer = self._expect("GET", "/api/v1/export?" + urlencode({"match[]": match}))
        return [json.loads(line) for line in answer.decode().splitlines()]

    def query(self, promql: str, time_s: float | None = None) -> list[dict[str, Any]]:
        """Ask an instant query, for now or for a time."""
        asked: dict[str, str | float] = {"query": promql, "nocache": "1"}
        if time_s is not None:
            asked["time"] = time_s
        answer = json.loads(self._expect("GET", "/api/v1/query?" + urlencode(asked)))
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result


AServer = TypeVar("AServer", bound=Server)


@contextmanager
def _running(make: Callable[[], AServer], *, fixed: bool) -> Iterator[AServer]:
    """Start a server, on another port if somebody was quicker, and end it in any case."""
    for left in reversed(range(1 if fixed else _ATTEMPTS)):
        server = make()
        try:
            server.start()
        except PortTakenError:
            if not left:
                raise
        else:
            with server:
                yield server
            return


@contextmanager
def running_mosquitto(folder: Path, *, port: int | None = None, **options: str | int | bool) -> Iterator[Mosquitto]:
    """Run an MQTT broker beside the block. Keywords are lines of mosquitto.conf, for example max_queued_messages=0."""
    with _running(lambda: Mosquitto(folder, port, options=options), fixed=port is not None) as broker:
        yield broker


@contextmanager
def running_influxdb1(folder: Path, *, port: int | None = None, max_body_size: int = 25_000_000) -> Iterator[InfluxDB1]:
    """Run an InfluxDB 1.x beside the block."""
    with _running(lambda: InfluxDB1(folder, port, max_body_size=max_body_size), fixed=port is not None) as influxdb:
        yield influxdb


@contextmanager
def running_victoria_metrics(folder: Path, *, port: int | None = None) -> Iterator[VictoriaMetrics]:
    """Run a VictoriaMetrics beside the block."""
    with _running(lambda: VictoriaMetrics(folder, port), fixed=port is not None) as victoria_metrics:
        yield victoria_metrics
