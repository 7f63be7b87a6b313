"""Word to systemd from a real process: it lives on the progress of the line, not on that of the process."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from example_plant import CONFIG
from server_process import free_port

HERE = Path(__file__).parent


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    """Listen where the collector tells systemd how it is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(30)
        yield listener


@pytest.fixture
def stuck(tmp_path: Path) -> Path:
    """Name the file whose existence holds every commit."""
    return tmp_path / "stuck"


@pytest.fixture
def collector(tmp_path: Path, systemd: socket.socket, stuck: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the collector with the example plant; none of its meters answers."""
    del systemd
    folder = tmp_path / "config"
    shutil.copytree(CONFIG.parent, folder)
    environment = os.environ | {
        "NOTIFY_SOCKET": str(tmp_path / "notify"),
        "POTLINE_STORE__PATH": str(tmp_path / "store.sqlite"),
        "POTLINE_PAGE__LISTEN": f"127.0.0.1:{free_port()}",
    }
    command = [sys.executable, str(HERE / "stuck_child.py"), str(stuck)]
    command += ["run", "--config", str(folder / "collector.toml")]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet) as process:
        yield process
        if process.poll() is None:
            process.kill()


def heard(systemd: socket.socket, seconds: float) -> list[bytes]:
    """Collect what is told in a time."""
    said = []
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        systemd.settimeout(left)
        try:
            said.append(systemd.recv(200))
        except TimeoutError:
            break
    return said


def falls_silent(systemd: socket.socket, seconds: float) -> None:
    """Wait until nothing is told for some time; what was on its way before is passed over."""
    until = time.monotonic() + 30
    while heard(systemd, seconds):
        assert time.monotonic() < until, "it goes on and on"


def hears(systemd: socket.socket, word: bytes) -> None:
    """Wait until a word is told; what comes before it is passed over."""
    systemd.settimeout(30)
    while systemd.recv(200) != word:
        pass


def test_a_stuck_line_stops_feeding_the_watchdog_though_its_process_lives(
    systemd: socket.socket, stuck: Path, collector: subprocess.Popen[bytes]
) -> None:
    hears(systemd, b"READY=1")
    # About once a second, whether meters answer or not.
    hears(systemd, b"WATCHDOG=1")
    hears(systemd, b"WATCHDOG=1")

    stuck.touch()
    # What was on its way: the commit in work and the one after it.
    falls_silent(systemd, 4)
    assert collector.poll() is None

    stuck.unlink()
    hears(systemd, b"WATCHDOG=1")
    collector.send_signal(signal.SIGTERM)
    hears(systemd, b"STOPPING=1")
    assert collector.wait(30) == 0


def test_a_stopped_process_says_nothing(
    systemd: socket.socket, stuck: Path, collector: subprocess.Popen[bytes]
) -> None:
    del stuck
    hears(systemd, b"READY=1")
    collector.send_signal(signal.SIGSTOP)
    falls_silent(systemd, 3)
    collector.send_signal(signal.SIGCONT)
    hears(systemd, b"WATCHDOG=1")
