"""What a message takes on disk in the outbox while no database takes it, and what an outage of 72 h comes to.

    .venv/bin/python tests/benchmarks/outbox_size.py --pots 300 --minutes 10

A real collector process with a database that is not there. Pots publish voltage, resistance and noise to a real
mosquitto, with the digits and the scatter of a pot, every ten seconds of plant time; ten times as fast as a plant. One
line of JSON: bytes of the compressed bodies, and of the store with them over the store without them, for each line of
three values; and from that the size after 72 h at some rates of lines.
"""

import argparse
import contextlib
import gzip
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

import msgspec
from plant_run import START, wait_until
from pot_plant import StoreReader, logged, pot_collector
from pot_samples import FIRST_POT, rfc3339
from publisher import Publisher
from server_process import free_port
from servers import running_mosquitto

S = 1_000_000_000
EVERY_S, FASTER = 10, 10
OUTAGE_S = 72 * 3600
RATES = (100, 1_000, 10_000)


def messages(pots: int, ticks: int, end_ns: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the telemetry of pots up to a time, each in its own milliseconds."""
    draw = random.Random(72)
    for tick in range(ticks, 0, -1):
        for pot in range(pots):
            at = rfc3339(end_ns - tick * EVERY_S * S + pot * EVERY_S * S // pots)
            values = {
                "pot_voltage_v": round(draw.gauss(4.1, 0.03), 3),
                "resistance_uohm": round(draw.gauss(6.2, 0.08), 3),
                "noise_mv": round(abs(draw.gauss(12, 4)), 1),
            }
            body = msgspec.json.encode({"v": 1, "ts": at, "q": "good", "m": values})
            yield b"smelter/v1/example/potline/PL1/pot/%d/telemetry" % (FIRST_POT + pot), body


def main() -> None:
    """Run it and print one line of JSON."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pots", type=int, default=300)
    options.add_argument("--minutes", type=int, default=10)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        bodies, taken = kept(Path(name), chosen.pots, chosen.minutes * 60 // EVERY_S)
    lines = sum(gzip.decompress(body).count(b"pot,") for body in bodies)
    per_line = taken / lines
    found = {
        "lines": lines,
        "records": len(bodies),
        "body_bytes_per_line": round(sum(map(len, bodies)) / lines, 1),
        "store_bytes_per_line": round(per_line, 1),
        "gib_in_72_h": {str(rate): round(rate * OUTAGE_S * per_line / 1024**3, 2) for rate in RATES},
    }
    sys.stdout.write(f"{msgspec.json.encode(found).decode()}\n")


def kept(folder: Path, pots: int, ticks: int) -> tuple[list[bytes], int]:
    """Return the bodies in the outbox after some ticks, and how much larger the store is with them [bytes]."""
    away = {
        "POTLINE_DELIVERY__AWAY__KIND": "influxdb1",
        "POTLINE_DELIVERY__AWAY__URL": f"http://127.0.0.1:{free_port()}",
        "POTLINE_DELIVERY__AWAY__DATABASE": "potline",
    }
    clock = f"{START}@{time.time():.3f}*1"
    with (
        running_mosquitto(
            folder / "broker", max_inflight_messages=0, max_queued_messages=0, log_type="error"
        ) as broker,
        pot_collector(folder, broker.port, pots=pots, clock=clock, settings=away) as running,
    ):
        wait_until(lambda: bool(logged(running, "subscribed")), 30, running.process, running.log)
        end_ns = round(datetime.fromisoformat(START).timestamp()) * S
        publisher = Publisher(broker.host, broker.port)
        publisher.publish(messages(pots, ticks, end_ns), rate=pots / EVERY_S * FASTER, within_s=3600)
        wait_until(lambda: running.state()["totals"]["readings_total"] >= 3 * pots * ticks, 60, running.process)
        time.sleep(2)  # the last commit
        bodies = [body for (body,) in StoreReader(running.store).rows("SELECT body FROM outbox")]
        running.stop()
    with contextlib.closing(sqlite3.connect(running.store, isolation_level=None)) as db:
        full = vacuumed(db)
        db.execute("DELETE FROM outbox")
        return bodies, full - vacuumed(db)


def vacuumed(db: sqlite3.Connection) -> int:
    """Return the size of a store without free pages [bytes]."""
    db.execute("VACUUM")
    (pages,), (size,) = (db.execute(f"PRAGMA {what}").fetchone() for what in ("page_count", "page_size"))
    return int(pages) * int(size)


if __name__ == "__main__":
    main()
