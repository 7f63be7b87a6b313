"""A real file system that is full: the line waits with its commit, and what was acknowledged is there."""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from small_file_system import own_file_system

HERE = Path(__file__).parent
ENVIRONMENT = os.environ | {"PYTHONPATH": f"{HERE.parents[2]}{os.pathsep}{HERE}"}


def story(command: list[str], preexec: Callable[[], None] | None = None) -> None:
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=False, preexec_fn=preexec)
    assert done.returncode == 0, done.stderr.decode()
    before, still, records, why, after, seqs = json.loads(done.stdout.splitlines()[-1])
    assert 3 < before == still == records
    assert "disk" in why
    assert after > before
    assert seqs[:after] == list(range(1, after + 1))
    assert len(seqs) - after in {0, 1}  # the one that was under way at the stop


def allow_files_of_720_kb_at_first() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing beyond it is an error then, not the end
    resource.setrlimit(resource.RLIMIT_FSIZE, (720_000, resource.RLIM_INFINITY))


def test_files_that_may_not_grow_are_waited_for_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    story([sys.executable, str(HERE / "waiting_child.py"), str(tmp_path)], allow_files_of_720_kb_at_first)


def test_a_file_system_that_something_else_fills_is_waited_for_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    # Where the machine allows no file system of one's own, the bound on a file stands in for it.
    command = [sys.executable, str(HERE / "waiting_child.py"), str(tmp_path)]
    start = own_file_system(tmp_path, megabytes=2)
    if start is not None:
        story([*start, *command])
    else:
        story(command, allow_files_of_720_kb_at_first)
