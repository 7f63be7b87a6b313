"""A whole simulated month, with all that goes wrong in it, through line and store: whether the ledger agrees.

    python tests/end_to_end/whole_month.py --days 31

March 2026 of a plant in Norway, whose clock is set on the 29th. Prints one line of JSON: for each figure of days and
month how far it is from what happened, in expanded uncertainties, at the most; the largest ratio of a stated
uncertainty to that of the meters' classes alone; what 'potline verify' would find; how many minutes differ and how many
entries are made when all of it is stated again. The exit code is 1 where something does not agree.

Measured on two cores that others used as well: 44,580 minutes, 2,524 anode effects, 619 weighings of which 88 were
voided and 59 corrected, 15,000 readings that came late, 125 that were not believed. All 352 figures of 31 days and the
month agree, the farthest at 0.82 of its expanded uncertainty, and none is stated with more than 1.11 times what the
classes imply. Nothing is found by verifying, and nothing changes by restating. 138 s of CPU for the month, 4 min in
all, 266 MB at the peak, 240 MB of store.
"""

import argparse
import asyncio
import contextlib
import json
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

import structlog
from example_plant import CONVENTIONS, ClockByHand
from month_figures import accounts, figures
from month_meters import HOUR_NS
from month_run import Month, simulated

from collector.accounting.production import PotWatch
from collector.closing.auditing import Checked
from collector.closing.checking import check
from collector.closing.closer import Closer
from collector.closing.restating import changes, work_off
from collector.instruments import Instruments
from collector.readings.cell import MINUTE_NS
from collector.store import again, ledger
from collector.store.schema import open_reader
from collector.store.store import Store

_ZONE = "Europe/Oslo"
_FIRST = datetime(2026, 3, 1, tzinfo=ZoneInfo(_ZONE))


async def stated_again(month: Month) -> int:
    """Mark every minute of a run and work it off with the same settings; return how many entries that makes."""
    plant = month.both.plant
    clock = ClockByHand(month.end_ns + HOUR_NS)
    marked = {("PL1", minute): "asked for" for minute in range(month.begin_ns, month.end_ns, MINUTE_NS)}
    async with Store(month.store, plant.points) as store:
        await store.ask(lambda db: again.mark(db, marked))
        closer = Closer(
            plant,
            store,
            grace_s=10.0,
            conventions=CONVENTIONS,
            least_coverage_pct=90.0,
            pots=PotWatch(plant),
            instruments=Instruments(),
        )
        return await work_off(store, closer, clock.now_ns, lambda _: None)


def differing(month: Month) -> int:
    """Return how many minutes come out differently with the same settings."""
    plant = month.both.plant
    with contextlib.closing(open_reader(month.store)) as db:
        found = changes(db, plant, plant.potlines[0], month.begin_ns, month.end_ns, CONVENTIONS)
        return sum(len(change.differing) for change in found)


def compared(month: Month) -> dict[str, object]:
    """Compare days and month with what happened, and check the ledger."""
    off: dict[str, float] = {}
    wider, disagreeing, windows = 0.0, [], 0
    with contextlib.closing(open_reader(month.store)) as db:
        for name in ("day", "month"):
            for account in accounts(db, month, name):
                windows += 1
                for figure in figures(month, account):
                    key = f"{name}.{figure.name}"
                    off[key] = max(off.get(key, 0.0), round(figure.off, 3))
                    wider = max(wider, figure.standard / figure.by_classes)
                    if not figure.agrees:
                        disagreeing.append(f"{key} from {account.start_ns}")
        checked = Checked()
        findings = [finding.what for finding in ledger.verify(db)] + [doubt.what for doubt in check(db, checked)]
    return {
        "windows": windows,
        "disagreeing": disagreeing,
        "worst": off,
        "widest": round(wider, 3),
        "recomputed_minutes": checked.minutes,
        "without_inputs": checked.without_inputs,
        "findings": findings,
        "minutes_that_differ": differing(month),
        "entries_by_restating": asyncio.run(stated_again(month)),
    }


def main() -> None:
    """Run and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--days", type=int, default=31)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--portion", type=int, default=5, help="minutes that arrive together")
    told = arguments.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    begin_ns, end_ns = (
        int(day.astimezone(UTC).timestamp()) * 1_000_000_000 for day in (_FIRST, _FIRST + timedelta(days=told.days))
    )
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        month = simulated(
            Path(folder),
            begin_ns=begin_ns,
            days=told.days,
            zone=_ZONE,
            seed=told.seed,
            portion=told.portion,
            length_ns=end_ns - begin_ns,
        )
        simulated_s, cpu_s = time.monotonic() - started, time.process_time()
        answer = compared(month)
        store_mb = round(month.store.stat().st_size / 1e6, 1)
    used = resource.getrusage(resource.RUSAGE_SELF)
    answer |= {
        "minutes": (end_ns - begin_ns) // MINUTE_NS,
        **month.told,
        **month.counted,
        "simulated_s": round(simulated_s, 1),
        "simulated_cpu_s": round(cpu_s, 1),
        "whole_s": round(time.monotonic() - started, 1),
        "store_mb": store_mb,
        "peak_mb": round(used.ru_maxrss / 1024, 1),
    }
    print(json.dumps(answer))  # noqa: T201 - a figure is what it is for
    wrong = (answer["disagreeing"], answer["findings"], answer["minutes_that_differ"], answer["entries_by_restating"])
    sys.exit(1 if any(wrong) else 0)


if __name__ == "__main__":
    main()
