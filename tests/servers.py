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
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from server_process import PortTakenError, Server, ServerError, program

_ATTEMPTS = 5


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
        """Say CONNECT (3.1.1, clean) and wait for CONNACK. A refusal for want of a password is an answer too.

        One that wants TLS is taken at its word: it listens.
        """
        if "certfile" in self.options:
            return True
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
