"""Kills at random instants: the collector is killed again and again, also while it starts, and so is the database.

    python tests/soak/random_kills.py --kills 200

A real broker, a real InfluxDB 1.x and the collector as a process, under load from the first kill to the last. A life of
the collector ends at a random time after it was started, by SIGKILL: every other one within the time that a start
takes, when the store is being opened. Every tenth kill takes the database along. At the end the database must hold
exactly what was published, each sample compared, and counted and summed by query, and the ledger the sums of the
events, each counted once. Prints one line of JSON; the exit code is 1 if anything is not so.
"""

import argparse
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from plant_run import CollectorProcess, wait_until
from pot_events import Events, in_the_ledger
from pot_load import Load, Sum, sums_in_influxdb, sums_of, total, wait_for_samples
from pot_plant import logged, pot_collector
from pot_samples import Samples, in_influxdb
from servers import InfluxDB1, running_influxdb1, running_mosquitto
from soak_rig import accounts_begin_ns, alive, clock_from_now, effects_in, to_influxdb1, told, wait_for_the_ledger

_SPEED = 60
_POTS = 200
_STEP_NS = 100_000_000
_MOST_TICKS = 864_000
_KILLS_A_DATABASE = 10


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of the kills."""

    messages: int
    samples: int
    events: int
    kills: int
    kills_before_it_ran: int
    kills_of_database: int
    missing: int
    strange_or_altered: int
    published: Sum
    in_database: Sum
    sums_of_pots_agree: bool
    effects_are_right: bool
    ledger_is_right: bool
    seconds: float
    published_per_s: float

    @property
    def right(self) -> bool:
        """Whether the end is exactly what was published."""
        return (
            not (self.missing or self.strange_or_altered)
            and self.published == self.in_database
            and self.sums_of_pots_agree
            and self.effects_are_right
            and self.ledger_is_right
        )


@dataclass(slots=True)
class _Killer:
    """Kills a collector and its database, and counts."""

    running: CollectorProcess
    influxdb: InfluxDB1
    draw: random.Random
    longest_life_s: float
    kills: int = 0
    before_it_ran: int = 0
    of_database: int = 0

    def kill(self) -> None:
        """Let the collector live for a while, and kill it: every other time before it can have done much."""
        begin = time.monotonic()
        if self.kills % 2:
            wait_until(lambda: bool(logged(self.running, "running")), 30, self.running.process, self.running.log)
            begin = time.monotonic()
        until = begin + self.draw.uniform(0.0, self.longest_life_s)
        time.sleep(max(0.0, until - time.monotonic()))
        alive(self.running)
        self.running.kill()
        self.kills += 1
        self.before_it_ran += not logged(self.running, "running")
        if self.kills % _KILLS_A_DATABASE == 0:
            self.influxdb.kill()
            self.of_database += 1
            self.running.spawn()
            self.influxdb.start()
        else:
            self.running.spawn()


def random_kills(
    folder: Path, *, kills: int, rate: float, longest_life_s: float, seed: int = 200, within_s: float = 3600.0
) -> Figures:
    """Publish, kill, let the collector finish, and count.

    Parameters
    ----------
    kills
        Of the collector; every tenth takes the database along.
    rate
        Messages a second, at most.
    longest_life_s
        Of a collector, from its start; of every other one from when it runs [s].
    """
    draw = random.Random(seed)
    with (
        running_mosquitto(
            folder / "broker", persistence=True, max_inflight_messages=0, max_queued_messages=0, log_type="error"
        ) as broker,
        running_influxdb1(folder / "influxdb") as influxdb,
        pot_collector(
            folder,
            broker.port,
            pots=_POTS,
            clock=clock_from_now(_SPEED),
            settings=to_influxdb1(influxdb.url, commit_every="300 ms", create_database="true"),
        ) as running,
    ):
        start_ns = accounts_begin_ns(running)
        samples = Samples(_POTS, _MOST_TICKS, start_ns - _MOST_TICKS * _STEP_NS, _STEP_NS)
        events = Events(max(20, kills), _POTS, start_ns)
        killer = _Killer(running, influxdb, draw, longest_life_s)
        begin = time.monotonic()
        with Load(broker, samples, events, rate=rate, within_s=within_s) as load:
            while killer.kills < kills:
                killer.kill()
            report, samples = load.ended()
        published = sums_of(samples)
        wait_for_samples(influxdb, running, len(samples), within_s)
        wait_for_the_ledger(running, events)
        seconds = time.monotonic() - begin
        wait_until(lambda: bool(logged(running, "running")), 30, running.process, running.log)
        assert running.stop() == 0
        tally, sums = in_influxdb(influxdb, samples), sums_in_influxdb(influxdb)
        return Figures(
            messages=report.messages,
            samples=len(samples),
            events=report.messages - len(samples),
            kills=killer.kills,
            kills_before_it_ran=killer.before_it_ran,
            kills_of_database=killer.of_database,
            missing=tally.missing,
            strange_or_altered=tally.strange + tally.altered + tally.again,
            published=total(published),
            in_database=total(sums),
            sums_of_pots_agree=sums == published,
            effects_are_right=effects_in(influxdb) == events.effects(),
            ledger_is_right=in_the_ledger(running) == events.told(),
            seconds=round(seconds, 1),
            published_per_s=round(report.rate),
        )


def main() -> int:
    """Kill as the command line says."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--kills", type=int, default=200, help="of the collector")
    arguments.add_argument("--rate", type=float, default=1000, help="messages a second, at most")
    arguments.add_argument("--seed", type=int, default=200, help="of the instants of the kills")
    asked = arguments.parse_args()
    return told(
        lambda folder: random_kills(folder, kills=asked.kills, rate=asked.rate, longest_life_s=2.0, seed=asked.seed)
    )


if __name__ == "__main__":
    raise SystemExit(main())
