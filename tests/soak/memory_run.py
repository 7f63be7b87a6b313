"""The long outage: a day of plant time without the database, and the memory of the collector all the while.

    python tests/soak/memory_run.py --hours 24

A real broker, the collector as a process, and a database that refuses every connection. Each pot tells its voltage
every few seconds of plant time, which runs fast; nothing that is told can be delivered, so all of it stays in the
outbox on disk. The memory that the process holds is read twice a second. After the warm-up it must stay within a tenth
of what it is then. When the database is there at last, it must take everything: counted and summed by query. Prints one
line of JSON; the exit code is 1 if anything is not so.
"""

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from footprint import LOOK_EVERY_S, Footprint, curve, first_tenth
from pot_events import Events, in_the_ledger
from pot_load import Load, Sum, sums_in_influxdb, sums_of, total, wait_for_samples
from pot_plant import StoreReader, cpu_s, pot_collector
from pot_samples import Samples
from server_process import free_port
from servers import running_influxdb1, running_mosquitto
from soak_rig import accounts_begin_ns, alive, clock_from_now, to_influxdb1, told, wait_for_the_ledger

_WARM_AFTER = 1 / 6
_MOST_GROWTH = 0.10


@dataclass(frozen=True, slots=True)
class Figures:
    """What a long outage tells. Memory is in MB, growth a share of what is held after the warm-up."""

    messages: int
    plant_hours: float
    pots: int
    samples_per_plant_s: float
    warm_mb: float
    highest_mb: float
    end_mb: float
    highest_growth: float
    curve_mb: tuple[float, ...]
    outbox_records: int
    outbox_mb: float
    store_mb: float
    collector_cpu_s: float
    drained_s: float
    highest_while_draining_mb: float
    published: Sum
    in_database: Sum
    ledger_is_right: bool
    seconds: float

    @property
    def right(self) -> bool:
        """Whether memory was flat and nothing is missing."""
        return self.highest_growth <= _MOST_GROWTH and self.published == self.in_database and self.ledger_is_right


def long_outage(
    folder: Path, *, hours: float, speed: float, pots: int, every_s: float, within_s: float = 7200.0
) -> Figures:
    """Publish for a while of plant time without a database, then let it be there, and count.

    Parameters
    ----------
    hours
        How long the database is away [h of plant time].
    speed
        Seconds of plant time in a second.
    every_s
        How often each pot tells its voltage [s of plant time].
    """
    port = free_port()
    with (
        running_mosquitto(
            folder / "broker", max_inflight_messages=0, max_queued_messages=0, log_type="error"
        ) as broker,
        pot_collector(
            folder,
            broker.port,
            pots=pots,
            clock=clock_from_now(speed),
            settings=to_influxdb1(f"http://127.0.0.1:{port}", commit_every="100 ms"),
        ) as running,
    ):
        start_ns = accounts_begin_ns(running)
        assert running.process is not None
        pid = running.process.pid
        reader = StoreReader(running.store)
        samples = Samples(pots, 1 << 20, start_ns, round(every_s * 1e9))
        events = Events(60, pots, start_ns)
        begin = time.monotonic()
        rate = pots / every_s * speed
        with Footprint(pid) as footprint:
            with Load(broker, samples, events, rate=rate, within_s=within_s) as load:
                while time.monotonic() < begin + hours * 3600 / speed:
                    alive(running)
                    time.sleep(LOOK_EVERY_S)
                report, samples = load.ended()
            before = footprint.mb
            records, size = reader.rows("SELECT count(*), sum(size) FROM outbox")[0]
            store_mb = sum(file.stat().st_size for file in folder.glob(running.store.name + "*")) / 1e6
            there = time.monotonic()
            with running_influxdb1(folder / "influxdb", port=port) as influxdb:
                influxdb.create_database("potline")
                wait_for_samples(influxdb, running, len(samples), within_s)
                drained_s = time.monotonic() - there
                found = sums_in_influxdb(influxdb)
            wait_for_the_ledger(running, events)
        warm = before[int(len(before) * _WARM_AFTER) :]
        warm_mb = first_tenth(warm)
        used_s = cpu_s(pid)
        assert running.stop() == 0
        published = sums_of(samples)
        return Figures(
            messages=report.messages,
            plant_hours=hours,
            pots=pots,
            samples_per_plant_s=round(pots / every_s, 1),
            warm_mb=round(warm_mb, 1),
            highest_mb=round(max(warm), 1),
            end_mb=round(warm[-1], 1),
            highest_growth=round(max(warm) / warm_mb - 1, 3),
            curve_mb=curve(warm),
            outbox_records=records,
            outbox_mb=round(size / 1e6, 1),
            store_mb=round(store_mb, 1),
            collector_cpu_s=round(used_s, 1),
            drained_s=round(drained_s, 1),
            highest_while_draining_mb=round(max(footprint.mb[len(before) :], default=0.0), 1),
            published=total(published),
            in_database=total(found),
            ledger_is_right=in_the_ledger(running) == events.told(),
            seconds=round(time.monotonic() - begin, 1),
        )


def main() -> int:
    """Run a long outage as the command line says."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--hours", type=float, default=24, help="how long the database is away [h of plant time]")
    arguments.add_argument("--speed", type=float, default=240, help="seconds of plant time in a second")
    arguments.add_argument("--pots", type=int, default=300, help="in one potline")
    arguments.add_argument(
        "--every", type=float, default=10, help="how often a pot tells its voltage [s of plant time]"
    )
    asked = arguments.parse_args()
    return told(
        lambda folder: long_outage(folder, hours=asked.hours, speed=asked.speed, pots=asked.pots, every_s=asked.every)
    )


if __name__ == "__main__":
    raise SystemExit(main())
