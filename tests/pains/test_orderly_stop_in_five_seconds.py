"""SIGTERM ends the process within five seconds, with all that was taken in on disk, whatever is going on around it."""

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from counting_modbus import CountingModbus
from cutting_proxy import CuttingProxy
from numbered_samples import ACKNOWLEDGED, NumberedSamples, S, numbers_in
from plant_run import wait_until
from pot_plant import StoreReader
from reloaded_plant import ReloadedCollector, broker, database, endpoint, reloaded
from servers import Mosquitto

WITHIN_S = 5.0


@contextmanager
def silent_server() -> Iterator[int]:
    """Take connections at a port, and never say anything: a database or device that hangs."""
    with ExitStack() as opened, socket.create_server(("127.0.0.1", 0)) as listening:

        def take() -> None:
            while True:
                try:
                    wire, _ = listening.accept()
                except OSError:
                    return
                opened.callback(wire.close)

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@contextmanager
def viewer(running: ReloadedCollector, path: str, *, reads: bool) -> Iterator[None]:
    """Look at the page on one connection all the time, or ask for it and never read."""
    address = running.logged("page")[0]["address"].removeprefix("http://").rstrip("/")
    host, port = address.split(":")
    ask = f"GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode()
    enough = threading.Event()
    with socket.create_connection((host, int(port))) as wire:
        wire.settimeout(10)

        def look() -> None:
            while not enough.wait(0.05):
                try:
                    wire.sendall(ask)
                    if reads and not wire.recv(1 << 20):
                        return
                except OSError:  # it has stopped
                    return

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        yield
        enough.set()
        thread.join(15)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("trouble", ["nothing", "half-open", "broker gone", "everything hangs"])
def test_a_stop_under_load_takes_less_than_five_seconds_and_everything_taken_in_is_on_disk(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto], trouble: str
) -> None:
    place = mosquitto(max_inflight_messages=0, max_queued_messages=0, log_type="error")
    with (
        CountingModbus() as one,
        CuttingProxy(place.port) as way,
        silent_server() as hanging,
        silent_server() as dumb,
        silent_server() as refused,
    ):
        plant = endpoint("a", one.port, *range(1, 11)) + endpoint("dumb", dumb, 1) + broker(way.port)
        databases = database("hangs", f"http://127.0.0.1:{hanging}") + database("away", f"http://127.0.0.1:{refused}")
        with reloaded(tmp_path, plant, databases) as running:
            wait_until(lambda: bool(running.logged("subscribed")), 60, running.process, running.log)
            ((since,),) = StoreReader(running.store).rows("SELECT value FROM meta WHERE key = 'accounts_since_ns'")
            with (
                viewer(running, "/api/state", reads=True),
                viewer(running, "/api/state", reads=False),
                NumberedSamples(place.host, place.port, int(since) - 3600 * S, rate=500) as samples,
            ):
                wait_until(lambda: samples.sent[ACKNOWLEDGED] > 1000, 30)
                if trouble == "half-open":
                    way.lose_server()
                elif trouble == "broker gone":
                    way.cut()
                    way.refuse()
                elif trouble == "everything hangs":
                    way.freeze()
                time.sleep(0.3)
                given_up = [running.given_up(f"a{unit}") for unit in range(1, 11)]
                began = time.monotonic()
                code = running.stop()
                took_s = time.monotonic() - began
                samples.stop()
            assert code == 0, running.log.read_text(encoding="utf-8")[-3000:]
            sys.stdout.write(f"{trouble}: {took_s:.2f} s\n")
            assert took_s < WITHIN_S
            assert not running.store.with_name("store.sqlite-wal").exists()
            for unit in range(1, 11):
                running.has_all(f"a{unit}", unit, one, given_up[unit - 1])
            found = numbers_in(running, ACKNOWLEDGED)
            assert found == list(range(len(found)))
            assert len(found) > 500
