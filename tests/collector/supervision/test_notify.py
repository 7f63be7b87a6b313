"""Word to systemd over a real datagram socket."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collector.supervision.notify import notify


@contextmanager
def listening(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.settimeout(2)
        yield listener


def test_nobody_is_told_where_systemd_does_not_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert notify("READY=1") is False
    monkeypatch.setenv("NOTIFY_SOCKET", "")
    assert notify("READY=1") is False


def test_a_state_arrives_as_one_datagram(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", path)
    with listening(path) as listener:
        assert notify("READY=1") is True
        assert notify("WATCHDOG=1") is True
        assert [listener.recv(100), listener.recv(100)] == [b"READY=1", b"WATCHDOG=1"]


def test_an_abstract_socket_is_reached_too(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"potline-test-{os.getpid()}"
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    with listening(f"\0{name}") as listener:
        assert notify("STOPPING=1") is True
        assert listener.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize("name", ["nobody", "x" * 200])
def test_a_socket_that_is_not_there_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / name))
    assert notify("READY=1") is False


@pytest.mark.asyncio
async def test_a_systemd_that_does_not_read_does_not_hold_up_the_loop(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", path)
    with listening(path) as listener:
        told = 0
        while notify("WATCHDOG=1"):
            told += 1
            assert told < 100_000
        assert listener.recv(100) == b"WATCHDOG=1"
        assert notify("WATCHDOG=1") is True
