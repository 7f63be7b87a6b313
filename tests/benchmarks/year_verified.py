"""A ledger of a year checked: how long 'potline verify' takes, and how much memory.

    .venv/bin/python tests/benchmarks/year_verified.py --days 365

One potline with five meters: minutes, hours, days and months; nothing was let go of but the inputs of the minutes, as
after more than 45 days. Printed is a line of JSON.
"""

import argparse
import contextlib
import json
import resource
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from collector.accounting import sums as adding
from collector.accounting.sums import MeterSum, Pair, Sums
from collector.accounting.windows import DAY_NS, HOUR_NS, Window, minute_window
from collector.closing import entries
from collector.closing.auditing import Checked
from collector.closing.checking import check
from collector.closing.entries import Interval
from collector.readings.cell import MINUTE_NS
from collector.store import ledger
from collector.store.commit import LedgerRecord
from collector.store.schema import open_database, open_reader

FIRST_NS = round(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000_000
MONTH_DAYS = 30


def minute(number: int) -> Sums:
    """Return a minute that is not like the one before."""
    kwh, metal_t = 1000.1 + number % 97 * 0.37, 0.0836 + number % 13 * 1e-5
    pair = Pair(1, kwh, metal_t, 60.0)
    meters = {f"meter_{place}": MeterSum(kwh / 5) for place in range(5)}
    return Sums(
        minutes=1,
        pots=300,
        dc_kwh=kwh,
        ac_kwh=kwh * 1.02,
        charge_kah=6.7,
        metal_t=metal_t,
        cell_days=300 / 1440,
        dc=pair,
        liquid_ac=pair,
        comprehensive=pair,
        anode_t_co2=metal_t * 1.5,
        electricity_t_co2=kwh * 5e-4,
        paired_cell_days=300 / 1440,
        meters=meters,
    )


def record(window: Window, sums: Sums) -> LedgerRecord:
    """Return an entry without an uncertainty."""
    return entries.record(Interval("PL1", window, sums, 1), reason="closed", parameters=["0" * 32])


def records(days: int) -> Iterator[LedgerRecord]:
    """Yield the entries of a year in the order in which they are written; months are of thirty days."""
    month: list[Sums] = []
    for day in range(days):
        hours = []
        for hour in range(24):
            start_ns = FIRST_NS + day * DAY_NS + hour * HOUR_NS
            minutes = [minute(start_ns // MINUTE_NS + number) for number in range(60)]
            for number, sums in enumerate(minutes):
                yield record(minute_window(start_ns + number * MINUTE_NS), sums)
            hours.append(adding.total(minutes))
            yield record(Window("hour", start_ns, start_ns + HOUR_NS), hours[-1])
        start_ns = FIRST_NS + day * DAY_NS
        month.append(adding.total(hours))
        yield record(Window("day", start_ns, start_ns + DAY_NS), month[-1])
        if len(month) == MONTH_DAYS:
            end_ns = start_ns + DAY_NS
            yield record(Window("month", end_ns - MONTH_DAYS * DAY_NS, end_ns), adding.total(month))
            month = []


def written(path: Path, told: Iterable[LedgerRecord]) -> None:
    """Write entries, some thousands at a time."""
    with contextlib.closing(open_database(path)) as db:
        portion: list[LedgerRecord] = []
        for each in told:
            portion.append(each)
            if len(portion) == 20_000:
                _commit(db, portion)
                portion = []
        _commit(db, portion)


def _commit(db: sqlite3.Connection, portion: list[LedgerRecord]) -> None:
    db.execute("BEGIN")
    ledger.append(db, portion, FIRST_NS)
    db.execute("COMMIT")


def main() -> None:
    """Write, check and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--days", type=int, default=365)
    days = arguments.parse_args().days
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "s.sqlite")
        written(path, records(days))
        before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        counts = Checked()
        with contextlib.closing(open_reader(path)) as db:
            started, cpu = time.monotonic(), time.process_time()
            chain = sum(1 for _ in ledger.verify(db))
            chain_s = time.monotonic() - started
            findings = sum(1 for _ in check(db, counts))
            whole_s = time.monotonic() - started
        found = {
            "days": days,
            "chain_findings": chain,
            "findings": findings,
            "chain_s": round(chain_s, 1),
            "verified_s": round(whole_s, 1),
            "cpu_s": round(time.process_time() - cpu, 1),
            "before_mb": round(before_mb, 1),
            "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
            "store_mb": round(path.stat().st_size / 1e6, 1),
        }
        print(json.dumps(found | msgspec.to_builtins(counts)))  # noqa: T201


if __name__ == "__main__":
    main()
