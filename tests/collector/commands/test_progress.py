"""How far a long command is: seen on a terminal, and nowhere else."""

import os
import pty
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
WORK = """
import time
from collector.commands.progress import shown, timed
done = 0
with shown("chain of digests", lambda: done, total=40):
    for done in range(41):
        time.sleep(0.02)
with timed("computing"):
    time.sleep(1.2)
print("over")
"""


def _run(errors: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WORK],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        check=True,
        timeout=30,
    )


def test_a_terminal_sees_a_bar_that_fills_and_the_seconds_of_what_cannot_be_counted() -> None:
    controller, terminal = pty.openpty()
    try:
        result = _run(terminal)
        seen = os.read(controller, 100_000).decode()
    finally:
        os.close(controller)
        os.close(terminal)
    assert result.stdout == "over\n"
    assert "chain of digests" in seen
    assert "40/40" in seen
    assert "computing, 1 s" in seen


def test_a_file_gets_nothing_of_it() -> None:
    result = _run(subprocess.PIPE)
    assert (result.stdout, result.stderr) == ("over\n", "")
