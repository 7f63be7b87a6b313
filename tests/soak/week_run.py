"""A week of plant time: a night of everything after the other, servers away, meters silent, the collector restarted.

    python tests/soak/week_run.py --hours 168 --speed 240

The simulator, a real broker, a real InfluxDB 1.x and the collector are processes. On the first day the collector is
killed or stopped eight times. Then it lives to the end: what it holds of memory, descriptors and threads a day later is
compared with what it holds in the end. When all corrections have come, ledger and database must say what happened: the
totals of the minutes, each minute in both, every record delivered, and nothing found by 'potline verify'. Prints one
line of JSON; the exit code is 1 if anything is not so.
"""

import argparse
import contextlib
import json
import os
import random
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from footprint import Footprint, Held, curve, first_tenth, last_tenth
from plant_run import ROOT, CollectorProcess, collector, iso, simulated_plant
from pot_plant import cpu_s
from servers import running_influxdb1, running_mosquitto
from soak_rig import to_influxdb1, told
from week_happenings import SETTLED_AFTER_S, Week, believed, scenario
from week_truth import Compared, compared, differing, judged, missing, pfc_minutes

from collector.store import outbox
from collector.store.schema import open_reader

_WARM_AFTER = 1 / 6
_MOST_GROWTH, _MOST_LATE_GROWTH = 0.08, 0.02
"""Since the warm-up, and in the second half of the time since then. What fills is known and little: sums of tens of
minutes (0.7 MB a potline, in two days), hours (0.06 MB a day, for six weeks), and the pages that SQLite keeps at hand
(2 MB a connection, as the store grows). Of 115 MB a whole week came to 5.9 %, and 1.3 % in its second half."""
_MORE_DESCRIPTORS = 3
_MORE_THREADS = 2
_COMMIT_EVERY = "10 s"
_DELIVERED_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What a week tells. Memory is in MB, growth a share of what is held after the warm-up."""

    plant_hours: float
    speed: float
    happened: dict[str, int]
    minutes: int
    missing_minutes: int
    totals: dict[str, Compared]
    minutes_that_differ: int
    undelivered: int
    delivered: int
    dead_letters: int
    findings: list[str]
    recomputed_minutes: int
    warm_mb: float
    highest_mb: float
    end_mb: float
    highest_growth: float
    late_growth: float
    curve_mb: tuple[float, ...]
    descriptors_warm: float
    descriptors_end: float
    threads_warm: float
    threads_end: float
    ledger_behind_s: float
    simulator_behind_s: float
    store_mb: float
    collector_cpu_s: float
    seconds: float

    @property
    def flat(self) -> bool:
        """Whether the collector holds no more in the end than a day after its last start."""
        return (
            self.highest_growth <= _MOST_GROWTH
            and self.late_growth <= _MOST_LATE_GROWTH
            and self.descriptors_end - self.descriptors_warm <= _MORE_DESCRIPTORS
            and self.threads_end - self.threads_warm <= _MORE_THREADS
        )

    @property
    def apart(self) -> dict[str, Compared]:
        """The totals that are not what happened."""
        return {name: each for name, each in self.totals.items() if not each.agrees}

    @property
    def right(self) -> bool:
        """Whether all is as it must be."""
        wrong = self.missing_minutes or self.apart or self.minutes_that_differ or self.undelivered or self.findings
        return self.flat and not wrong


def week(folder: Path, *, hours: float, speed: float, seed: int = 7) -> Figures:
    """Let a while of plant time happen, and compare.

    Parameters
    ----------
    hours
        How long, without the last hours in which corrections come [h of plant time].
    speed
        Seconds of plant time in a second.
    seed
        Of the instants at which things happen.
    """
    begin = time.monotonic()
    with ExitStack() as stack:
        broker = stack.enter_context(
            running_mosquitto(
                folder / "broker", persistence=True, max_inflight_messages=0, max_queued_messages=0, log_type="error"
            )
        )
        influxdb = stack.enter_context(running_influxdb1(folder / "influxdb"))
        settings = believed()
        settings |= to_influxdb1(influxdb.url, commit_every=_COMMIT_EVERY, create_database="true")
        with ExitStack() as simulation:
            place = f"{broker.host}:{broker.port}"
            plant = simulation.enter_context(simulated_plant(folder, scenario(folder), broker=place, speed=speed))
            running = stack.enter_context(collector(folder, plant, settings=settings))
            happening = Week(plant, running, broker, influxdb, hours, speed, random.Random(seed))
            happening.first_day()
            assert running.process is not None
            with Footprint(running.process.pid) as footprint:
                happening.other_days()
                ledger_behind_s = _behind_s(running, happening.now_ns())
            end_ns = happening.now_ns() - round(SETTLED_AFTER_S * 1e9)
            used_s = cpu_s(running.process.pid)
            assert running.stop() == 0
        truth = plant.truth()
        left = _delivered(running, happening.now_ns())
        stated = running.minutes()
        minutes = judged(stated, truth, end_ns)
        verified = _verified(running)
        return Figures(
            plant_hours=hours,
            speed=speed,
            happened=dict(happening.happened),
            minutes=len(minutes),
            missing_minutes=missing(minutes, stated, truth),
            totals=compared(stated, truth, minutes, pfc_minutes(influxdb)),
            minutes_that_differ=differing(influxdb, stated),
            undelivered=left.behind["old"].records,
            delivered=left.delivered,
            dead_letters=left.dead,
            findings=[f"{found['place']}: {found['what']}" for found in verified["findings"]],
            recomputed_minutes=verified["recomputed_minutes"],
            ledger_behind_s=round(ledger_behind_s, 1),
            simulator_behind_s=round(happening.latest_s, 1),
            store_mb=round(sum(file.stat().st_size for file in folder.glob(running.store.name + "*")) / 1e6, 1),
            collector_cpu_s=round(used_s, 1),
            seconds=round(time.monotonic() - begin, 1),
            **held_at_the_end(footprint.held),
        )


def held_at_the_end(held: list[Held]) -> dict[str, Any]:
    """Return what was held after the warm-up and in the end."""
    warm = held[int(len(held) * _WARM_AFTER) :]
    mb = [each.mb for each in warm]
    warm_mb = first_tenth(mb)
    found: dict[str, Any] = {
        "warm_mb": round(warm_mb, 1),
        "highest_mb": round(max(mb), 1),
        "end_mb": round(last_tenth(mb), 1),
        "highest_growth": round(max(mb) / warm_mb - 1, 3),
        "late_growth": round(last_tenth(mb) / first_tenth(mb[len(mb) // 2 :]) - 1, 3),
        "curve_mb": curve(mb),
    }
    for name in ("descriptors", "threads"):
        values = [float(getattr(each, name)) for each in warm]
        found |= {f"{name}_warm": first_tenth(values), f"{name}_end": last_tenth(values)}
    return found


def _behind_s(running: CollectorProcess, now_ns: int) -> float:
    """Return how long ago the newest minute of the ledger ended [s of plant time]."""
    with contextlib.closing(open_reader(running.store)) as db:
        newest_ns = db.execute("SELECT max(start_ns) FROM ledger WHERE window = 'minute'").fetchone()[0]
    return float(now_ns - newest_ns) * 1e-9 - 60.0


def _delivered(running: CollectorProcess, now_ns: int) -> outbox.OutboxState:
    """Let the collector live once more, in real time, until the database has everything; return how its outbox is."""
    clock = f"{iso(now_ns + 1_000_000_000)}@{time.time():.3f}*1"
    running.simulation = replace(running.simulation, clock=clock)
    running.start()

    def state() -> outbox.OutboxState:
        with contextlib.closing(open_reader(running.store)) as db:
            return outbox.state(db, ("old",))

    found = state()
    until = time.monotonic() + _DELIVERED_WITHIN_S
    while found.behind["old"].records and time.monotonic() < until:
        time.sleep(0.2)
        found = state()
    assert running.stop() == 0
    return found


def _verified(running: CollectorProcess) -> dict[str, Any]:
    """Return what 'potline verify' says."""
    command = [sys.executable, "-m", "collector", "verify", "--json"]
    command += ["--config", str(ROOT / "config" / "collector.toml")]
    environment = dict(os.environ) | {"POTLINE_STORE__PATH": str(running.store)}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1800, check=False)
    assert answer.returncode in {0, 1}, answer.stderr[-3000:]
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def main() -> int:
    """Run a week as the command line says."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--hours", type=float, default=168, help="how long [h of plant time]")
    arguments.add_argument("--speed", type=float, default=240, help="seconds of plant time in a second")
    arguments.add_argument("--seed", type=int, default=7, help="of the instants at which things happen")
    asked = arguments.parse_args()
    return told(lambda folder: week(folder, hours=asked.hours, speed=asked.speed, seed=asked.seed))


if __name__ == "__main__":
    raise SystemExit(main())
