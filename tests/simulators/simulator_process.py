"""The whole simulator as its user starts it: a process that announces itself and writes down the truth."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
BUSY = ROOT / "simulators" / "scenarios" / "busy.toml"
PATIENCE_S = 60
"""For what comes within a second or two on a machine that has nothing else to do."""


class Simulator:
    """A simulator process that has announced itself."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process = process
        self.truth = folder / "truth.jsonl"
        self.announced: dict[str, Any] = json.loads((folder / "announce.json").read_bytes())

    def end(self, number: int = signal.SIGTERM) -> tuple[float, str]:
        """End it by a signal; give the seconds that took and what it said."""
        before = time.monotonic()
        self.process.send_signal(number)
        said, _ = self.process.communicate(timeout=PATIENCE_S)
        return time.monotonic() - before, said

    def wait_for_minutes(self, count: int, *, at_most_s: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + at_most_s
        while len(self.rows()) < count:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.truth.read_bytes().splitlines()]


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "simulators", "run", *map(str, arguments)]


@contextmanager
def simulator(folder: Path, *arguments: str, scenario: Path = BUSY) -> Iterator[Simulator]:
    """Start a simulator whose files are in a folder; its temporary files are there too."""
    files = ("--announce", folder / "announce.json", "--truth", folder / "truth.jsonl")
    (folder / "tmp").mkdir(exist_ok=True)
    process = subprocess.Popen(
        command(scenario, *files, *arguments),
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(folder / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not (folder / "announce.json").exists():
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield Simulator(process, folder)
    finally:
        process.kill()
        process.communicate()


def clock(speed: int) -> str:
    return f"2026-01-05T03:00:00Z@{time.time():.3f}*{speed}"
