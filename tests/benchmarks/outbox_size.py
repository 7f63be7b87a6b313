"""What a reading takes on disk in the outbox while no database takes it, and what an outage of 72 h comes to.

    .venv/bin/python tests/benchmarks/outbox_size.py --pots 300 --minutes 20

A real collector process with a database that is not there; pots publish to a real mosquitto, a value of each every ten
seconds of plant time, as fast as the collector takes them. One line of JSON: bytes of the outbox's bodies and of the
store's files for each line and each reading, and from that the size after 72 h at some rates.
"""

import argparse
import gzip
import json
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from plant_run import START, wait_until
from pot_plant import StoreReader, logged, pot_collector
from pot_samples import Samples
from publisher import Publisher
from server_process import free_port
from servers import running_mosquitto

S = 1_000_000_000
EVERY_S = 10
OUTAGE_S = 72 * 3600
RATES = (100, 1_000, 10_000)


def main() -> None:
    """Run it and print one line of JSON."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pots", type=int, default=300)
    options.add_argument("--minutes", type=int, default=20)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running_mosquitto(
            folder / "broker", max_inflight_messages=0, max_queued_messages=0, log_type="error"
        ) as broker:
            settings = {
                "POTLINE_DELIVERY__AWAY__KIND": "influxdb1",
                "POTLINE_DELIVERY__AWAY__URL": f"http://127.0.0.1:{free_port()}",
                "POTLINE_DELIVERY__AWAY__DATABASE": "potline",
            }
            clock = f"{START}@{time.time():.3f}*1"
            with pot_collector(folder, broker.port, pots=chosen.pots, clock=clock, settings=settings) as running:
                wait_until(lambda: bool(logged(running, "subscribed")), 30, running.process, running.log)
                ticks = chosen.minutes * 60 // EVERY_S
                start_ns = round(datetime.fromisoformat(START).timestamp()) * S
                samples = Samples(chosen.pots, ticks, start_ns - ticks * EVERY_S * S, EVERY_S * S)
                empty = size_of(running.store)
                # As they come in the plant: a commit is a second of it, and not a second of a flood.
                rate = chosen.pots / EVERY_S * 10
                Publisher(broker.host, broker.port).publish(samples.messages(), rate=rate, within_s=3600)
                time.sleep(3)
                disk = StoreReader(running.store)
                bodies = disk.rows("SELECT body FROM outbox")
                running.stop()
                full = size_of(running.store)
    lines = sum(gzip.decompress(body).count(b"pot,") for (body,) in bodies)
    body_bytes = sum(len(body) for (body,) in bodies)
    per_line = (full - empty) / lines
    found = {
        "lines": lines,
        "records": len(bodies),
        "body_bytes_per_line": round(body_bytes / lines, 1),
        "store_bytes_per_line": round(per_line, 1),
        "gib_in_72_h": {str(rate): round(rate * OUTAGE_S * per_line / 1024**3, 2) for rate in RATES},
    }
    sys.stdout.write(json.dumps(found) + "\n")


def size_of(store: Path) -> int:
    """Return the size of the store's files [bytes]."""
    return sum(path.stat().st_size for path in store.parent.glob(f"{store.name}*"))


if __name__ == "__main__":
    main()
