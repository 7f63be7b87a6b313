"""What every test gets: real servers on request, and three guards that need no request."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import functions_seen
import pytest
import structlog
from blockbuster import BlockBuster
from draws import USUAL, drawn
from hypothesis import settings
from longest_first import weight
from servers import (
    InfluxDB1,
    Mosquitto,
    VictoriaMetrics,
    running_influxdb1,
    running_mosquitto,
    running_victoria_metrics,
)

# Machines that run tests are shared: how long one example takes says nothing.
settings.register_profile("shared machine", deadline=None, max_examples=drawn(USUAL))
settings.load_profile("shared machine")

# Tests start the collector some hundreds of times, and every worker imports every test: where the environment forbids
# to keep what is compiled, each time half a second of a core goes into compiling the same files.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# --- Order ------------------------------------------------------------------------------------------------------------


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long files: one that comes last would keep one worker busy while the others have nothing to do."""
    items.sort(key=lambda item: weight(item.path.name), reverse=True)


# --- Guards -----------------------------------------------------------------------------------------------------------

# Threads of an executor that has been shut down, and children that have been ended, need a moment to be gone.
_GONE_WITHIN_S = 2.0
# Started once by multiprocessing, for the life of the process.
_LIVES_ON = b"multiprocessing.resource_tracker"


def _threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.is_alive() and not thread.daemon}


def _children() -> dict[int, str]:
    """Child processes of this one by id, with their command lines; empty where the kernel does not list them."""
    children = {}
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        try:
            ids = (task / "children").read_text(encoding="ascii").split()
        except FileNotFoundError:
            continue
        for child in map(int, ids):
            try:
                command = Path(f"/proc/{child}/cmdline").read_bytes()
            except FileNotFoundError:
                continue
            if _LIVES_ON not in command:
                children[child] = command.replace(b"\0", b" ").decode(errors="replace") or "(ended, never waited for)"
    return children


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves threads or processes behind: they would disturb another test, far from their cause."""
    threads, children = _threads(), _children()
    yield
    deadline = time.monotonic() + _GONE_WITHIN_S
    while True:
        left_threads = _threads() - threads
        left_children = {pid: command for pid, command in _children().items() if pid not in children}
        if not left_threads and not left_children:
            return
        if time.monotonic() > deadline:
            pytest.fail(f"left behind: threads {left_threads or 'none'}, processes {left_children or 'none'}")
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Undo what a command that was tested in this process has set up for its logs."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(autouse=True, scope="session")
def _blocking_detector() -> Iterator[BlockBuster]:
    # One for the whole session: what it wraps are built-in types, and only what it finds in the call stack differs.
    detector = BlockBuster(scanned_modules=["collector"])
    yield detector
    detector.deactivate()


@pytest.fixture(autouse=True)
def nothing_blocks_the_loop(_blocking_detector: BlockBuster) -> Iterator[BlockBuster]:
    """Fail collector code that sleeps, reads a file, asks SQLite or waits for a lock inside the event loop.

    Only calls with a frame of the package `collector` below them count: tests and servers may block. Where the
    collector may block on purpose, say so narrowly in the test and with a reason:

        nothing_blocks_the_loop.functions["os.stat"].can_block_in("collector/settings/files.py", "read")
    """
    _blocking_detector.activate()
    yield _blocking_detector
    _blocking_detector.deactivate()


@pytest.fixture(autouse=True)
def nothing_is_written() -> Iterator[None]:
    """Fail a test in which a server of the tests was asked for more than to read: the collector never writes."""
    functions_seen.forget()
    yield
    wrong = functions_seen.that_write()
    functions_seen.forget()
    if wrong:
        pytest.fail(f"a server was asked for Modbus functions that do more than read: {sorted(wrong)}")


# --- Servers ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Callable[..., Mosquitto]]:
    """Start MQTT brokers: `broker = mosquitto(persistence=True, max_queued_messages=0)`."""
    with ExitStack() as stack:
        count = 0

        def start(*, port: int | None = None, **options: str | int | bool) -> Mosquitto:
            nonlocal count
            count += 1
            return stack.enter_context(running_mosquitto(tmp_path / f"mosquitto-{count}", port=port, **options))

        yield start


@pytest.fixture
def influxdb1(tmp_path: Path) -> Iterator[InfluxDB1]:
    """Run an InfluxDB 1.x without databases."""
    with running_influxdb1(tmp_path / "influxdb1") as server:
        yield server


@pytest.fixture
def victoria_metrics(tmp_path: Path) -> Iterator[VictoriaMetrics]:
    """Run an empty VictoriaMetrics."""
    with running_victoria_metrics(tmp_path / "victoria-metrics") as server:
        yield server
