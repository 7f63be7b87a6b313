"""What the long runs have in common: their clock, the way to the database, the beginning of the accounts, the end."""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import Field, asdict
from pathlib import Path
from typing import Any, ClassVar, Protocol

from plant_run import START, CollectorProcess, wait_until
from pot_events import Events, in_the_ledger
from pot_plant import StoreReader, logged
from servers import InfluxDB1


class Answer(Protocol):
    """A dataclass of figures that knows whether they are as they must be."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def right(self) -> bool:
        """Whether the end is as it must be."""
        ...


def clock_from_now(speed: float) -> str:
    """Return the clock of a plant whose time begins now, so many times as fast."""
    return f"{START}@{time.time():.3f}*{speed:g}"


def to_influxdb1(url: str, *, commit_every: str, **more: str) -> dict[str, str]:
    """Return a collector's settings that bring everything to the database 'potline' of an InfluxDB 1.x.

    Parameters
    ----------
    commit_every
        How often readings are brought to disk, such as "300 ms".
    more
        More keys of the database's table, such as create_database="true".
    """
    keys = {"kind": "influxdb1", "url": url, "database": "potline", **more}
    settings = {f"POTLINE_DELIVERY__OLD__{key}".upper(): value for key, value in keys.items()}
    return {"POTLINE_STORE__COMMIT_EVERY": commit_every, **settings}


def accounts_begin_ns(running: CollectorProcess) -> int:
    """Wait until the broker is heard; return when the accounts begin [UTC ns]."""
    wait_until(lambda: bool(logged(running, "subscribed")), 60, running.process, running.log)
    found = StoreReader(running.store).rows("SELECT value FROM meta WHERE key = 'accounts_since_ns'")
    return int(found[0][0])


def wait_for_the_ledger(running: CollectorProcess, events: Events) -> None:
    """Wait until the ledger holds the events, each once."""
    wait_until(lambda: in_the_ledger(running) == events.told(), 60, running.process, running.log)


def effects_in(influxdb: InfluxDB1) -> dict[tuple[str, int], float]:
    """Return the anode effects in the database by pot and time [UTC ns], with their durations [s]."""
    rows = influxdb.query("potline", "SELECT duration_s FROM anode_effect GROUP BY pot")
    return {(row["pot"], row["time"]): row["duration_s"] for row in rows}


def alive(running: CollectorProcess) -> None:
    """Fail with the end of its log if the collector has ended by itself."""
    assert running.process is not None
    assert running.process.poll() is None, running.log.read_text(encoding="utf-8")[-3000:]


def told(run: Callable[[Path], Answer]) -> int:
    """Run in a temporary folder and print the figures as a line of JSON; return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        figures = run(Path(folder))
    sys.stdout.write(json.dumps(asdict(figures)) + "\n")
    return 0 if figures.right else 1
