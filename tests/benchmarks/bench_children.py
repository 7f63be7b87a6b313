"""The processes beside the collector: each is told what to do on its input, and answers in lines of JSON."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plant_run import ROOT
from servers import Mosquitto

HERE = Path(__file__).parent
_SENT = re.compile(
    r"(\d+) messages with (\d+) samples in ([\d.]+) s.* with ([\d.]+)% of a core.*; (\d+) unsent, (\d+) dropped"
)


class Child:
    """A process with a line of input for each line of output."""

    def __init__(self, script: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def line(self) -> str:
        """Return its next line; what it printed last where it has ended."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args!r} ended with exit code {self.process.wait()}")
        return line

    def ask(self, command: str) -> dict[str, Any]:
        """Tell it something and return what it answers."""
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.line())
        return found

    def end(self) -> None:
        """Close its input and wait for its end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def child(script: str, *arguments: str) -> Iterator[Child]:
    """Run a script of this folder beside the block."""
    running = Child(script, *arguments)
    try:
        yield running
    finally:
        running.end()


@dataclass(frozen=True, slots=True)
class Sent:
    """What a load over MQTT came to: ``core`` is the share of a core that it took itself."""

    messages: int
    samples: int
    seconds: float
    core: float
    not_taken: int


class MqttLoad:
    """Pot telemetry of the simulators, as a process of its own, for some seconds."""

    def __init__(self, broker: Mosquitto, site: str, *, pots: int, rate: int, batch: int, seconds: int) -> None:
        command = [sys.executable, "-m", "simulators", "load", "--broker", f"{broker.host}:{broker.port}"]
        command += ["--site", site, "--pots", str(pots), "--rate", str(round(rate / pots)), "--batch", str(batch)]
        self.process = subprocess.Popen(
            [*command, "--seconds", str(seconds)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )

    def ended(self) -> Sent:
        """Wait for its end and return what it says."""
        told, _ = self.process.communicate()
        sent = _SENT.search(told)
        if sent is None:
            raise RuntimeError(f"the load ended with exit code {self.process.returncode}: {told}")
        return Sent(int(sent[1]), int(sent[2]), float(sent[3]), float(sent[4]) / 100, int(sent[5]) + int(sent[6]))


@contextmanager
def mqtt_load(broker: Mosquitto, site: str, *, pots: int, rate: int, batch: int, seconds: int) -> Iterator[MqttLoad]:
    """Send beside the block; what is still being sent at its end is cut off."""
    load = MqttLoad(broker, site, pots=pots, rate=rate, batch=batch, seconds=seconds)
    try:
        yield load
    finally:
        load.process.kill()
        load.process.wait()
        if load.process.stdout is not None:
            load.process.stdout.close()


@contextmanager
def on_one_core() -> Iterator[None]:
    """Let what is started in the block run on the last core alone, where there are several."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
