"""The soak: many QoS 1 messages, the collector killed every few seconds, and a count at the end.

    python tests/soak/killing_run.py --messages 1000000

A real broker, a real InfluxDB and the collector as a process. Every message is a sample of its own (pot, time, value);
among them are some weighings and anode effects, part of them told twice. Before every other kill the collector's
acknowledgements are held back on their way, so that the broker gives again what was on disk already. At the end the
database must hold exactly the samples that were published, and the ledger the sums of the events, each counted once.
Prints one line of JSON; the exit code is 1 if anything was lost or counted twice.
"""

import argparse
import random
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from cutting_proxy import CuttingProxy
from plant_run import CollectorProcess
from pot_events import Events, in_the_ledger, mixed
from pot_plant import StoreReader, cpu_s, pot_collector
from pot_samples import Samples, Tally, in_influxdb
from publisher import Publisher, Report
from servers import InfluxDB1, running_influxdb1, running_mosquitto
from soak_rig import accounts_begin_ns, alive, clock_from_now, to_influxdb1, told, wait_for_the_ledger
from tcp_proxy import Way

_SPEED = 60
_POTS = 1000
_STEP_NS = 100_000_000
_COMMIT_EVERY_S = 0.5
_NO_PROGRESS_S = 60.0
_NO_PROGRESS_KILLS = 10


@dataclass(frozen=True, slots=True)
class Figures:
    """What a soak tells."""

    messages: int
    samples: int
    events: int
    kills: int
    lost: int
    duplicates_with_effect: int
    altered: int
    ledger_is_right: bool
    redelivered: int
    seconds: float
    published_per_s: float
    taken_per_s: float
    longest_away_s: float
    collector_cpu_s: float
    collector_us_per_message: float
    broker_cpu_s: float
    database_cpu_s: float

    @property
    def right(self) -> bool:
        """Whether the end is exactly what was published."""
        return not (self.lost or self.duplicates_with_effect or self.altered) and self.ledger_is_right


@dataclass(slots=True)
class _Killer:
    """Kills a collector and starts it again, and adds up what it used."""

    running: CollectorProcess
    proxy: CuttingProxy
    outbox: StoreReader
    tally: Tally
    draw: random.Random
    kills: int = 0
    cpu_s: float = 0.0
    longest_away_s: float = 0.0

    def kill(self) -> None:
        """Kill, read what was left behind, and start again."""
        if self.kills % 2:
            self.proxy.freeze(Way.UP)
            time.sleep(self.draw.uniform(0.0, 2 * _COMMIT_EVERY_S))
        self.count_cpu()
        begin = time.monotonic()
        self.running.kill()
        self.proxy.cut()
        self.proxy.thaw()
        with self.outbox.as_left() as left:
            self.tally.take_lines(left.new_lines())
        self.kills += 1
        self.running.start()
        self.longest_away_s = max(self.longest_away_s, time.monotonic() - begin)

    def count_cpu(self) -> None:
        """Add what the process that is about to end has used."""
        assert self.running.process is not None
        self.cpu_s += cpu_s(self.running.process.pid)


def soak(
    folder: Path,
    *,
    messages: int,
    rate: float,
    every_s: tuple[float, float] = (2.0, 5.0),
    least_kills: int = 0,
    protocol: str = "5",
    seed: int = 5,
    within_s: float = 3600.0,
) -> Figures:
    """Publish, kill every few seconds until everything is on disk, let the collector finish, and count.

    Parameters
    ----------
    messages
        How many samples, a multiple of 1000.
    rate
        Messages a second, at most.
    every_s
        Shortest and longest life of the collector.
    least_kills
        How often it is killed at least, on a machine so busy that few lives take in everything.
    """
    with (
        running_mosquitto(
            folder / "broker", persistence=True, max_inflight_messages=0, max_queued_messages=0, log_type="error"
        ) as broker,
        running_influxdb1(folder / "influxdb") as influxdb,
        CuttingProxy(broker.port) as proxy,
        pot_collector(
            folder,
            proxy.port,
            pots=_POTS,
            clock=clock_from_now(_SPEED),
            broker={"protocol": protocol, "max_unacknowledged": 20_000},
            settings=to_influxdb1(influxdb.url, commit_every=f"{_COMMIT_EVERY_S} s", create_database="true"),
        ) as running,
    ):
        start_ns = accounts_begin_ns(running)
        outbox = StoreReader(running.store)
        samples = Samples(_POTS, messages // _POTS, start_ns - messages // _POTS * _STEP_NS, _STEP_NS)
        events = Events(max(10, messages // 5000), _POTS, start_ns)
        killer = _Killer(running, proxy, outbox, Tally(samples), random.Random(seed))
        publisher = Publisher(broker.host, broker.port)
        begin = time.monotonic()
        with ThreadPoolExecutor(1) as pool:
            publishing = pool.submit(publisher.publish, mixed(samples, events), rate=rate, within_s=within_s)
            _kill_until_all_is_on_disk(killer, publishing, every_s, least_kills)
            report: Report = publishing.result()
        stored = _stored(influxdb, samples, running, within_s)
        wait_for_the_ledger(running, events)
        seconds = time.monotonic() - begin
        killer.count_cpu()
        assert broker.pid is not None
        assert influxdb.pid is not None
        return Figures(
            messages=report.messages,
            samples=len(samples),
            events=report.messages - len(samples),
            kills=killer.kills,
            lost=stored.missing,
            duplicates_with_effect=stored.again + stored.strange,
            altered=stored.altered,
            ledger_is_right=in_the_ledger(running) == events.told(),
            redelivered=killer.tally.again,
            seconds=round(seconds, 1),
            published_per_s=round(report.rate),
            taken_per_s=round(report.messages / seconds),
            longest_away_s=round(killer.longest_away_s, 1),
            collector_cpu_s=round(killer.cpu_s, 1),
            collector_us_per_message=round(killer.cpu_s / report.messages * 1e6, 1),
            broker_cpu_s=round(cpu_s(broker.pid), 1),
            database_cpu_s=round(cpu_s(influxdb.pid), 1),
        )


def _kill_until_all_is_on_disk(
    killer: _Killer, publishing: Future[Report], every_s: tuple[float, float], least_kills: int
) -> None:
    """Kill every few seconds until all was published and has been seen on disk, or kill after kill no more is there."""
    tally, missing, idle = killer.tally, -1, 0
    while not publishing.done() or (tally.missing and idle < _NO_PROGRESS_KILLS) or killer.kills < least_kills:
        time.sleep(killer.draw.uniform(*every_s))
        killer.kill()
        idle = idle + 1 if tally.missing == missing else 0
        missing = tally.missing


def _stored(influxdb: InfluxDB1, samples: Samples, running: CollectorProcess, within_s: float) -> Tally:
    """Wait until the database holds as much as was published, or no more comes, and count what it holds."""
    until, moved, before = time.monotonic() + within_s, time.monotonic(), -1
    while time.monotonic() < min(until, moved + _NO_PROGRESS_S):
        alive(running)
        rows = influxdb.query("potline", "SELECT count(voltage_v) FROM pot")
        now = rows[0]["count"] if rows else 0
        if now >= len(samples):
            break
        if now != before:
            moved, before = time.monotonic(), now
        time.sleep(0.2)
    return in_influxdb(influxdb, samples)


def main() -> int:
    """Run a soak as the command line says."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--messages", type=int, default=1_000_000, help="samples to publish, a multiple of 1000")
    arguments.add_argument("--rate", type=float, default=10_000, help="messages a second, at most")
    arguments.add_argument("--protocol", choices=("5", "3.1.1"), default="5", help="the collector's version of MQTT")
    arguments.add_argument("--seed", type=int, default=5, help="of the instants of the kills")
    asked = arguments.parse_args()
    return told(
        lambda folder: soak(folder, messages=asked.messages, rate=asked.rate, protocol=asked.protocol, seed=asked.seed)
    )


if __name__ == "__main__":
    raise SystemExit(main())
