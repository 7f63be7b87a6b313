"""What the tests of whole scenarios share: the simulator as a process."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@contextmanager
def running(folder: Path, scenario: Path, *, speed: int = 60) -> Iterator[dict[str, Any]]:
    """Run a scenario and give what it announces; the command is the one that a person types."""
    announcement = folder / "announce.json"
    clock = f"2026-01-05T03:00:00Z@{time.time():.3f}*{speed}"
    # Nobody listens on port 9: the messages are not what is looked at here.
    arguments = ["--clock", clock, "--announce", str(announcement), "--broker", "127.0.0.1:9"]
    process = subprocess.Popen(
        [sys.executable, "-m", "simulators", "run", str(scenario), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not announcement.exists():
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.02)
        announced: dict[str, Any] = json.loads(announcement.read_bytes())
        yield announced
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=30)
        assert process.returncode == 0, said
        assert f"control: {announced['control']}" in said
        assert "Traceback" not in said
    finally:
        process.kill()
        process.communicate()
