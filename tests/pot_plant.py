"""A plant that speaks over MQTT alone, a collector process for it, and what its store holds."""

import contextlib
import gzip
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plant_run import CollectorProcess, Simulation, collector
from pot_samples import FIRST_POT

_PLANT = """
[plant]
id = "example"
name = "Pots alone"
time_zone = "Asia/Shanghai"

[emissions]
method = "ipcc_2006"
gwp = "ar5"
grid_factor = "cn-national-2023"

[potlines.PL1]
name = "Potline 1"
pots = ["{first}..{last}"]
technology = "cwpb"
current_efficiency = [{{ value = "93.5 %", valid_from = 2024-01-01, source = "example" }}]
net_anode_consumption = [{{ value = "0.415 t/t", valid_from = 2024-01-01, source = "example" }}]
anode_sulphur = "2.0 %"
anode_ash = "0.4 %"

[brokers.potroom]
host = "127.0.0.1"
port = {port}
site = "example"
client_id = "potline-example"
{more}
"""


@contextlib.contextmanager
def pot_collector(
    folder: Path,
    port: int,
    *,
    pots: int,
    clock: str,
    broker: Mapping[str, str | int] | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[CollectorProcess]:
    """Run a collector that listens to one broker and knows some pots, until the block ends.

    Parameters
    ----------
    broker
        More keys of the broker's table.
    settings
        More settings, as environment variables.
    """
    plant_file = folder / "pots.toml"
    more = "\n".join(f"{key} = {value!r}" for key, value in (broker or {}).items())
    plant_file.write_text(
        _PLANT.format(first=FIRST_POT, last=FIRST_POT + pots - 1, port=port, more=more), encoding="utf-8"
    )
    nothing_else = Simulation(clock, {"endpoints": {}, "brokers": {}}, folder / "nothing")
    found = {"POTLINE_PLANT_FILE": str(plant_file), **(settings or {})}
    with collector(folder, nothing_else, settings=found) as running:
        yield running


@dataclass(slots=True)
class StoreReader:
    """Reads a store's outbox on from where it was read before. Beside the collector, or on a copy after its death."""

    path: Path
    _seq: int = field(default=0, init=False)

    def new_lines(self) -> bytes:
        """Return the line protocol of all records since the last time."""
        with self._open() as db:
            rows = db.execute("SELECT seq, body FROM outbox WHERE seq > ? ORDER BY seq", (self._seq,)).fetchall()
        self._seq = rows[-1][0] if rows else self._seq
        return b"".join(gzip.decompress(body) for _, body in rows)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        with self._open() as db:
            return db.execute(query).fetchall()

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=10)) as db:
            yield db

    @contextlib.contextmanager
    def as_left(self) -> Iterator["StoreReader"]:
        """Read the files as a killed collector left them, without repairing them in its place."""
        with tempfile.TemporaryDirectory() as folder:
            for end in ("", "-wal"):
                left = self.path.with_name(self.path.name + end)
                if left.exists():
                    shutil.copyfile(left, Path(folder) / left.name)
            copy = StoreReader(Path(folder) / self.path.name)
            copy._seq = self._seq
            yield copy
            self._seq = copy._seq


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has used so far [s]."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def logged(running: CollectorProcess, event: str) -> list[dict[str, Any]]:
    """Return what was logged under a name since the latest start."""
    return [entry for entry in running.entries() if entry.get("event") == event]
