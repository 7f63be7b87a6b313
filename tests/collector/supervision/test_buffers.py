"""Large buffers between small things that stay, in processes of their own, and what is read of a socket at once."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from collector import assembly, starting
from collector.cli import main
from collector.supervision.buffers import MOST_READ_BYTES, map_large_buffers, read_in_small_pieces

ROOT = Path(__file__).parents[3]

_READS = """
import sys
from pathlib import Path
from collector.supervision.buffers import map_large_buffers

def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

assert sys.argv[1] == "as it is" or map_large_buffers()
largest = b"x" * 1_000_000
del largest
before_mb = resident_mb()
buffers, kept = [], []
for number in range(200):
    buffers.append(b"x" * 262_144)
    kept.append(b"x" * (1000 + number))
del buffers
print(resident_mb() - before_mb)
"""


def left_mb(how: str) -> float:
    """Return what 200 buffers of 256 KiB leave behind once they are freed, with a small thing that stays after each."""
    answer = subprocess.run(
        [sys.executable, "-c", _READS, how], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return float(answer.stdout)


def test_two_hundred_freed_buffers_leave_less_than_2_mb_behind_where_glibc_by_itself_keeps_52() -> None:
    assert left_mb("as it is") > 40
    assert left_mb("mapped") < 2


def test_the_collector_sees_to_its_buffers_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    async def run(*_: object, **__: object) -> None:
        done.append("run")

    monkeypatch.setattr(starting, "map_large_buffers", lambda: done.append("mapped"))
    monkeypatch.setattr(starting, "read_in_small_pieces", lambda: done.append("pieces"))
    monkeypatch.setattr(assembly, "run", run)
    answer = CliRunner().invoke(main, ["run", "--config", str(ROOT / "config" / "collector.toml")])
    assert (answer.exit_code, done) == (0, ["mapped", "pieces", "run"])


def test_it_is_said_whether_the_c_library_took_it() -> None:
    assert map_large_buffers() is True


@pytest.mark.asyncio
async def test_of_200000_bytes_that_are_there_a_connection_takes_65536_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where asyncio keeps how much it asks for is private: a new version of Python must pass this first."""
    transport = asyncio.selector_events._SelectorSocketTransport  # type: ignore[attr-defined]
    monkeypatch.setattr(transport, "max_size", 256 * 1024)
    read_in_small_pieces()
    pieces: list[int] = []
    all_read = asyncio.Event()

    class Sizes(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            pieces.append(len(data))
            if sum(pieces) == 200_000:
                all_read.set()

    here, there = socket.socketpair()
    with there:
        there.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 400_000)
        here.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 400_000)
        there.sendall(b"x" * 200_000)
        reader, _ = await asyncio.get_running_loop().create_connection(Sizes, sock=here)
        await all_read.wait()
        reader.close()
    assert max(pieces) == MOST_READ_BYTES == 65_536
