"""Pot telemetry of 1,200 pots over MQTT: what the collector takes of a core, and whether it loses anything.

    .venv/bin/python tests/benchmarks/mqtt_rates.py --kind batch --rate 80000 --seconds 15 --repeat 3

A real mosquitto, the collector as a process with the simulated smelter of 1,200 pots (without its Modbus meters), and
the simulators' load as another. QoS 1, acknowledged after the commit. ``single`` is a message for each sample of four
values, ``batch`` one for a hundred in columns. One line of JSON a run:

- rate_asked, rate_reached: samples a second, the latter from the first commit until the last sample is on disk
- core_share: of the collector alone, all threads, over the same time
- us_per_sample: processor time of the collector for each sample
- lost: samples that the load sent and the outbox does not hold
- slowest_answer_ms: of its page, asked ten times a second: so long was its event loop held up, or the machine busy
- load_core: what the load itself took
- yardstick_us: processor time for reading a sample's JSON and formatting its line, one by one, on this machine
"""

import argparse
import http.client
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

import msgspec
from plant_run import ROOT, CollectorProcess, Simulation, collector, wait_until
from pot_plant import StoreReader, cpu_s, logged
from servers import Mosquitto, running_mosquitto

POTS, SAMPLES_IN_BATCH = 1200, 100
PLANT = ROOT / "simulators" / "scenarios" / "plants" / "smelter-1200.toml"
_LEFT_OUT = re.compile(r"^\[+(endpoints|meters)\b")
_SENT = re.compile(r"(\d+) messages with (\d+) samples .* with ([\d.]+)% of a core.*; (\d+) unsent, (\d+) dropped")
_ASK_EVERY_S = 0.1
_BEGUN = 100
"""Lines on disk from which on time and CPU are taken: the collector itself writes a few every ten seconds."""
_LOOK_EVERY_S = 0.05
_NOTHING_MORE_S = 30.0
"""Where nothing has come to disk for so long after the load's end, nothing more will come."""
_LAST_COMMIT_S = 2.0


class Asking(threading.Thread):
    """Asks the page for its health again and again, and notes how long the slowest answer took [s]."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self._place = urlsplit(address).netloc
        self._done = threading.Event()
        self.slowest_s = 0.0

    def run(self) -> None:
        connection = http.client.HTTPConnection(self._place, timeout=10)
        while not self._done.wait(_ASK_EVERY_S):
            begin = time.perf_counter()
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            self.slowest_s = max(self.slowest_s, time.perf_counter() - begin)
        connection.close()

    def stop(self) -> None:
        """Ask no more."""
        self._done.set()
        self.join()


@dataclass(frozen=True, slots=True)
class _Mark:
    """How much was on disk at a time, and what the collector had used of the processor by then [s]."""

    lines: int
    time_s: float
    cpu_s: float

    @classmethod
    def of(cls, store: StoreReader, pid: int) -> Self:
        """Look."""
        return cls(_written(store), time.monotonic(), cpu_s(pid))

    def later(self, store: StoreReader, pid: int) -> Self:
        """Wait a moment and look again; the same where nothing has come since."""
        time.sleep(_LOOK_EVERY_S)
        now = self.of(store, pid)
        return now if now.lines > self.lines else self


def _written(store: StoreReader) -> int:
    """Return how many lines have come to disk."""
    ((lines,),) = store.rows("SELECT coalesce(sum(lines), 0) FROM outbox")
    return int(lines)


def _of_pots(store: StoreReader) -> int:
    """Return how many of them are lines of pots."""
    return (b"\n" + store.new_lines()).count(b"\npot,")


def heard_plant(folder: Path) -> tuple[Path, str, str]:
    """Write the plant without endpoints and meters; return its file, its broker's id and the broker's site."""
    text = PLANT.read_text(encoding="utf-8")
    tables = re.split(r"^(?=\[)", text, flags=re.MULTILINE)
    kept = "".join(table for table in tables if not _LEFT_OUT.match(table))
    file = folder / "plant.toml"
    file.write_text(kept, encoding="utf-8")
    ((broker, keys),) = tomllib.loads(kept)["brokers"].items()
    return file, broker, keys["site"]


def run(kind: str, rate: int, seconds: int) -> dict[str, float | str]:
    """Run once and return what was seen."""
    with (
        tempfile.TemporaryDirectory() as name,
        running_mosquitto(
            Path(name) / "broker", max_inflight_messages=0, max_queued_messages=0, log_type="error"
        ) as broker,
    ):
        folder = Path(name)
        plant, broker_id, site = heard_plant(folder)
        now = time.time()
        clock = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%S.%fZ}@{now:.6f}*1"
        settings = {
            "POTLINE_PLANT_FILE": str(plant),
            f"POTLINE_BROKERS__{broker_id}__HOST".upper(): broker.host,
            f"POTLINE_BROKERS__{broker_id}__PORT".upper(): str(broker.port),
        }
        nothing_else = Simulation(clock, {"endpoints": {}, "brokers": {}}, folder / "nothing")
        with collector(folder, nothing_else, settings=settings) as running:
            wait_until(lambda: bool(logged(running, "subscribed")), 20, running.process, running.log)
            return {"kind": kind} | _measured(running, broker, site, kind, rate, seconds)


def _measured(
    running: CollectorProcess, broker: Mosquitto, site: str, kind: str, rate: int, seconds: int
) -> dict[str, float | str]:
    assert running.process is not None
    pid = running.process.pid
    batch = SAMPLES_IN_BATCH if kind == "batch" else 1
    command = [sys.executable, "-m", "simulators", "load", "--broker", f"{broker.host}:{broker.port}", "--site", site]
    command += ["--pots", str(POTS), "--rate", str(round(rate / POTS)), "--seconds", str(seconds)]
    asking, reader = Asking(running.page()), StoreReader(running.store)
    load = subprocess.Popen([*command, "--batch", str(batch)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        wait_until(lambda: _written(reader) >= _BEGUN, 20, running.process, running.log)
        start = now = _Mark.of(reader, pid)
        commits = running.state()["totals"]["commits_total"]
        asking.start()
        while load.poll() is None:
            now = now.later(reader, pid)
        told, _ = load.communicate()
        sent = _SENT.search(told)
        assert sent is not None, told
        samples = int(sent[2])
        while now.lines < samples and time.monotonic() < now.time_s + _NOTHING_MORE_S:
            now = now.later(reader, pid)
    finally:
        load.kill()
        load.wait()
    asking.stop()
    wall, cpu, lines = now.time_s - start.time_s, now.cpu_s - start.cpu_s, now.lines - start.lines
    # The collector writes a few lines of its own: what they took the place of is still on its way.
    time.sleep(_LAST_COMMIT_S)
    totals = running.state()["totals"]
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return {
        "rate_asked": round(rate / POTS) * POTS,
        "rate_reached": round(lines / wall),
        "samples": samples,
        "core_share": round(cpu / wall, 3),
        "us_per_sample": round(cpu / lines * 1e6, 2),
        "peak_rss_mb": round(int(status.partition("VmHWM:")[2].split()[0]) / 1024),
        "lost": samples - _of_pots(reader),
        "not_taken_by_broker": int(sent[4]) + int(sent[5]),
        "commits_per_s": round((totals["commits_total"] - commits) / wall, 1),
        "longest_commit_ms": round(totals["commit_slowest_s"] * 1000),
        "slowest_answer_ms": round(asking.slowest_s * 1000, 1),
        "load_core": float(sent[3]) / 100,
        "yardstick_us": round(yardstick(), 2),
    }


def yardstick() -> float:
    """Return the processor time for a sample where JSON is read and lines are formatted one by one [us]."""
    text = "2026-03-01T04:05:06.123Z"
    columns = {name: [4.1234 + place / 7 for place in range(SAMPLES_IN_BATCH)] for name in "abcd"}
    payload = msgspec.json.encode({"t": [text] * SAMPLES_IN_BATCH, **columns})
    best = float("inf")
    for _ in range(200):
        begin = time.process_time()
        message = msgspec.json.decode(payload)
        lines = [
            f"pot,plant=p,pot=1 a={a!r},b={b!r},c={c!r},d={d!r},quality=192i {stamp}".encode()
            for stamp, a, b, c, d in zip(*(message[name] for name in "tabcd"), strict=True)
        ]
        best = min(best, (time.process_time() - begin) / len(lines))
    return best * 1e6


def main() -> None:
    """Run it and print a line of JSON for each run."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kind", choices=("single", "batch"), default="batch")
    options.add_argument("--rate", type=int, default=80_000, help="samples a second, of all pots")
    options.add_argument("--seconds", type=int, default=15)
    options.add_argument("--repeat", type=int, default=1)
    chosen = options.parse_args()
    for _ in range(chosen.repeat):
        sys.stdout.write(json.dumps(run(chosen.kind, chosen.rate, chosen.seconds)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
