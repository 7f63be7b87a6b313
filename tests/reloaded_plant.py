"""A collector process whose files a test rewrites while it runs: counting meters, a broker, and 'potline reload'."""

import contextlib
import gzip
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from counting_modbus import CountingModbus
from plant_run import ROOT, wait_until

_COLLECTOR = """
plant_file = "plant.toml"
profiles_dir = "profiles"
factors_dir = "{root}/config/factors"
layouts_dir = "{root}/config/layouts"
[store]
path = "store.sqlite"
commit_every = "200 ms"
[page]
listen = "127.0.0.1:0"
[log]
format = "json"
{more}
"""

_PLANT = """
[plant]
id = "example"
name = "Example"
time_zone = "UTC"
[emissions]
method = "ipcc_2006"
gwp = "ar5"
grid_factor = "cn-national-2023"
[potlines.PL1]
name = "Potline 1"
pots = ["1001..1040"]
technology = "cwpb"
current_efficiency = [{ value = "93.5 %", valid_from = 2024-01-01, source = "balance" }]
net_anode_consumption = [{ value = "0.415 t/t", valid_from = 2024-01-01, source = "report" }]
anode_sulphur = "2 %"
anode_ash = "0.4 %"
"""

_PROFILE = """
title = "A counter"
vendor = "Test"
models = ["T"]
confidence = "single"
sources = ["the test"]

[modbus]
function = 4
addresses_from = 0
word_order = "msw_first"

[registers]
active_power = { address = 0, type = "u32", unit = "kW" }

[[test_vectors]]
register = "active_power"
raw = "00000007"
value = 7.0
unit = "kW"
origin = "computed: the number itself"
"""


def endpoint(name: str, port: int, *units: int, every: str = "100 ms", more: str = "") -> str:
    """Return an endpoint and its meters, called by its name and their units: ``a1``."""
    head = f'[endpoints.{name}]\ntransport = "modbus_tcp"\nhost = "127.0.0.1"\nport = {port}\n'
    meters = (
        f'[meters.{name}{unit}]\nmeasures = "monitored"\nprofile = "counter"\nendpoint = "{name}"\n'
        f'unit = {unit}\nevery = "{every}"\n{more}\n'
        for unit in units
    )
    return head + "".join(meters)


def broker(port: int, *, more: str = "") -> str:
    """Return a broker that tells of pots."""
    return f'[brokers.potroom]\nhost = "127.0.0.1"\nport = {port}\nsite = "example"\nclient_id = "reloaded"\n{more}\n'


def database(name: str, url: str) -> str:
    """Return an InfluxDB 1.x."""
    return f'[delivery.{name}]\nkind = "influxdb1"\nurl = "{url}"\ndatabase = "potline"\ncreate_database = true\n'


@dataclass(slots=True)
class ReloadedCollector:
    """The process, its files, and what its store holds."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Path:
        """The store's file."""
        return self.folder / "store.sqlite"

    @property
    def log(self) -> Path:
        """What it logs."""
        return self.folder / "collector.log"

    def write(self, plant: str, collector: str = "") -> None:
        """Write the settings."""
        text = _COLLECTOR.format(root=ROOT, more=collector)
        (self.folder / "collector.toml").write_text(text, encoding="utf-8")
        (self.folder / "plant.toml").write_text(_PLANT + plant, encoding="utf-8")
        (self.folder / "profiles").mkdir(exist_ok=True)
        (self.folder / "profiles" / "counter.toml").write_text(_PROFILE, encoding="utf-8")

    def potline(self, *words: str) -> list[str]:
        """Return the command line of a command."""
        return [sys.executable, "-m", "collector", *words, "--config", str(self.folder / "collector.toml")]

    def start(self) -> None:
        """Start, and wait until it runs."""
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                self.potline("run"), env={**os.environ, **self.environment}, stdout=output, stderr=output
            )
        wait_until(lambda: bool(self.logged("running")), 60, self.process, self.log)

    def reload(self) -> "subprocess.CompletedProcess[str]":
        """Run 'potline reload'."""
        return subprocess.run(self.potline("reload"), capture_output=True, text=True, timeout=120, check=False)

    def hang_up(self) -> None:
        """Send SIGHUP."""
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def stop(self) -> int:
        """Stop in order, and return the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def logged(self, event: str) -> list[dict[str, Any]]:
        """Return what was logged under a name."""
        found = []
        for line in self.log.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                entry = json.loads(line)
                if entry.get("event") == event:
                    found.append(entry)
        return found

    def lines(self) -> list[str]:
        """Return all lines of the outbox, in their order."""
        with contextlib.closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=10)) as db:
            rows = db.execute("SELECT body FROM outbox ORDER BY seq").fetchall()
        return [line for (body,) in rows for line in gzip.decompress(body).decode().splitlines()]

    def given_up(self, meter: str) -> int:
        """Return how many answers of a meter were not waited for: on a busy machine one may take too long."""
        with urllib.request.urlopen(f"{self.logged('page')[-1]['address']}api/state", timeout=10) as answer:  # noqa: S310
            state = json.load(answer)
        return sum(each["silent"] for each in state["meters"] if each["id"] == meter)

    def has_all(self, meter: str, unit: int, server: CountingModbus, given_up: int) -> int:
        """See that all that a meter has shown is there, once, but for an answer under way; return how many."""
        shown = self.shown(meter)
        assert shown == sorted(set(shown)), "something is there twice, or out of order"
        missing = set(range(1, server.answered[unit])) - set(shown)
        assert len(missing) <= given_up, f"{meter}: {sorted(missing)[:10]} of {len(shown)}"
        return len(shown)

    def shown(self, meter: str) -> list[int]:
        """Return what a meter has shown, in order, as often as it is in the outbox."""
        pattern = re.compile(rf"^meter,meter={meter},\S* active_power_kw=([\d.]+),quality=192i ")
        return [int(float(found[1])) for line in self.lines() if (found := pattern.match(line))]


@contextlib.contextmanager
def reloaded(folder: Path, plant: str, collector: str = "") -> Iterator[ReloadedCollector]:
    """Run a collector until the block ends."""
    running = ReloadedCollector(folder)
    running.write(plant, collector)
    try:
        running.start()
        yield running
    finally:
        if running.process is not None and running.process.poll() is None:
            running.process.kill()
            running.process.wait()
