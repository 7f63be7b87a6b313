"""A simulated plant and real collector processes, as they run at a smelter, sixty times as fast."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import functions_seen

from collector.accounting.sums import Sums

ROOT = Path(__file__).parents[1]
START = "2026-03-01T03:30:00Z"
SPEED = 60
NOTHING = {name: 0 for name in Sums.__struct_fields__ if isinstance(getattr(Sums(), name), int | float)}
"""What an entry leaves out is zero."""


@dataclass(slots=True)
class Simulation:
    """A running simulator: where its servers listen, its clock (none: the machine's) and its truth."""

    clock: str
    announced: dict[str, Any]
    truth_file: Path

    def truth(self) -> dict[str, dict[str, Any]]:
        """Return the true minutes so far, by their start."""
        rows = {}
        for line in self.truth_file.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(json.JSONDecodeError):  # the last one may be half written
                row = json.loads(line)
                rows[row["minute"]] = row
        return rows

    def settings(self, name: str) -> dict[str, str]:
        """Return the environment that points a collector of that name to the simulated servers."""
        found = {"POTLINE_LOG__FORMAT": "json"}
        for kind in ("endpoints", "brokers"):
            for id_, place in self.announced[kind].items():
                # A port, a pseudo-terminal, or a broker, with the keys of a plant file.
                for key, value in place.items():
                    found[f"POTLINE_{kind}__{id_}__{key}".upper()] = str(value)
        for id_ in self.announced["brokers"]:
            found[f"POTLINE_BROKERS__{id_}__CLIENT_ID".upper()] = name
        return found

    @property
    def transports(self) -> dict[str, str]:
        """Return how each endpoint is reached, in the words of a plant file."""
        return dict(self.announced["transports"])

    def asked_for(self) -> set[int]:
        """Return all Modbus functions that were asked for, once the simulator has ended."""
        log = (self.truth_file.parent / "simulator.log").read_text(encoding="utf-8")
        listed = re.findall(r"asked for Modbus functions \[(.*)\]", log)
        return {int(number) for numbers in listed for number in numbers.split(",") if number.strip()}


@contextlib.contextmanager
def simulated_plant(
    folder: Path, scenario: str | Path, *, broker: str | None, speed: float = SPEED
) -> Iterator[Simulation]:
    """Run the simulator on free ports until the block ends, and note what its meters were asked for."""
    clock = f"{START}@{time.time():.3f}*{speed:g}"
    announced, truth = folder / "simulator.json", folder / "truth.jsonl"
    command = [sys.executable, "-m", "simulators", "run", str(ROOT / "simulators" / "scenarios" / scenario)]
    command += ["--clock", clock, "--announce", str(announced), "--truth", str(truth)]
    command += ["--broker", broker] if broker else []
    with _process(command, folder / "simulator.log", {}) as process:
        wait_until(announced.is_file, 60, process, folder / "simulator.log")
        plant = Simulation(clock, json.loads(announced.read_text(encoding="utf-8")), truth)
        yield plant
        functions_seen.saw_what_a_plant_saw(plant.announced["control"])


@dataclass(slots=True)
class CollectorProcess:
    """A collector as a process of its own, which can be killed and started again."""

    name: str
    folder: Path
    simulation: Simulation
    settings: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    @property
    def store(self) -> Path:
        """The store's file."""
        return self.folder / f"{self.name}.sqlite"

    @property
    def log(self) -> Path:
        """The log of the latest start."""
        return self.folder / f"{self.name}.{self.starts}.log"

    def start(self) -> None:
        """Start the process and wait until it runs."""
        self.spawn()
        wait_until(lambda: self._said("running") is not None, 60, self.process, self.log)

    def spawn(self) -> None:
        """Start the process, and do not wait."""
        self.starts += 1
        environment = dict(os.environ) | self.simulation.settings(self.name) | dict(self.settings)
        environment |= {"POTLINE_STORE__PATH": str(self.store), "POTLINE_PAGE__LISTEN": "127.0.0.1:0"}
        command = [sys.executable, "-m", "collector", "run", "--config", str(ROOT / "config" / "collector.toml")]
        command += ["--clock", self.simulation.clock] if self.simulation.clock else []
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)

    def kill(self) -> None:
        """End the process as a power cut does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Stop in order; return the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def entries(self) -> list[dict[str, Any]]:
        """Return what was logged by the latest start."""
        found = []
        for line in self.log.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                found.append(json.loads(line))
        return found

    def _said(self, event: str) -> dict[str, Any] | None:
        return next((entry for entry in self.entries() if entry.get("event") == event), None)

    def page(self) -> str:
        """Return the page's address."""
        said = self._said("page")
        assert said is not None
        return str(said["address"])

    def state(self) -> dict[str, Any]:
        """Return what the page shows."""
        with urllib.request.urlopen(f"{self.page()}api/state", timeout=10) as answer:  # noqa: S310 - our own page
            found: dict[str, Any] = json.load(answer)
        return found

    def minutes(self) -> dict[str, dict[str, Any]]:
        """Return the sums in force of each closed minute, by its start."""
        with contextlib.closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)) as db:
            rows = db.execute(
                "SELECT start_ns, max(revision), body FROM ledger WHERE length_s = 60 GROUP BY start_ns"
            ).fetchall()
        return {iso(start_ns): NOTHING | json.loads(body)["sums"] for start_ns, _, body in rows}


@contextlib.contextmanager
def collector(
    folder: Path, simulation: Simulation, name: str = "collector", settings: Mapping[str, str] | None = None
) -> Iterator[CollectorProcess]:
    """Run a collector until the block ends."""
    running = CollectorProcess(name, folder, simulation, settings or {})
    try:
        running.start()
        yield running
    finally:
        if running.process is not None and running.process.poll() is None:
            running.process.kill()
            running.process.wait()


@contextlib.contextmanager
def _process(command: list[str], log: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(
    true: Callable[[], bool], within_s: float, process: subprocess.Popen[bytes] | None = None, log: Path | None = None
) -> None:
    """Wait for something to become true, while the process that is to bring it about lives."""
    until = time.monotonic() + within_s
    while not true():
        tail = log.read_text(encoding="utf-8", errors="replace")[-3000:] if log is not None else ""
        if process is not None and process.poll() is not None:
            raise AssertionError(f"the process ended with exit code {process.returncode}:\n{tail}")
        if time.monotonic() > until:
            raise AssertionError(f"did not become true within {within_s:g} s:\n{tail}")
        time.sleep(0.05)


def iso(time_ns: int) -> str:
    """Write a time [UTC ns] as the truth ledger does."""
    return datetime.fromtimestamp(time_ns / 1e9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
