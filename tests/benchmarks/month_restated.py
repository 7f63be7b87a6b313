"""A month of four potlines with 1,200 pots stated again because a factor changed: how long, and how much memory.

    .venv/bin/python tests/benchmarks/month_restated.py --days 31

The store is filled with the inputs of the month (a cell a minute for each point of 40 meters, anode effects
and weighings), the month is closed once, then an assay is corrected and everything is stated again, as 'potline
restate' does it, and a statement on the month is printed. As a yardstick every entry of the ledger is read, decoded,
encoded and written into an empty table. Printed is a line of JSON.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import json
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import structlog

from collector.accounting.parameters import Conventions
from collector.accounting.production import PotWatch
from collector.accounting.rules import rules
from collector.closing import opening
from collector.closing.closer import Closer
from collector.closing.restating import ask_for, work_off
from collector.closing.side_by_side import rehearsed, settle
from collector.instruments import Instruments
from collector.plant.topology import Plant
from collector.readings.cell import MINUTE_NS, Cell
from collector.readings.event import AnodeEffect, AnodeEffectKind, EffectOrigin, Event, Weighing
from collector.readings.pots import PotsInputs
from collector.readings.quantity import Kind
from collector.settings import load
from collector.store.commit import Commit
from collector.store.store import Store

CONFIG = Path(__file__).resolve().parents[2] / "config" / "collector.toml"
PLANT = Path(__file__).resolve().parents[2] / "simulators" / "scenarios" / "plants" / "smelter-1200.toml"
FIRST_NS = round(datetime(2026, 2, 28, 16, 0, tzinfo=UTC).timestamp()) * 1_000_000_000  # March in Shanghai
DAY_MIN = 1440
CONVENTIONS = Conventions(longest_gap_s=60.0, same_within_s=60.0, precedence=EffectOrigin.CONTROLLER)


def four_lines(folder: Path) -> Path:
    """Write the settings that are shipped, for the plant of the scenario and a store in a folder; return their file."""
    text = CONFIG.read_text(encoding="utf-8").replace('"plants/example.toml"', '"plant.toml"')
    text = text.replace('path = "../var/potline.sqlite"', 'path = "s.sqlite"')
    for name in ("profiles", "factors", "layouts"):
        for mark in ("# ", ""):
            text = text.replace(f'{mark}{name}_dir = "{name}"', f"{name}_dir = {json.dumps(str(CONFIG.parent / name))}")
    (folder / "collector.toml").write_text(text, encoding="utf-8")
    (folder / "plant.toml").write_text(PLANT.read_text(encoding="utf-8"), encoding="utf-8")
    return folder / "collector.toml"


def corrected(folder: Path) -> None:
    """Correct the assay of the anodes in the plant file."""
    file = folder / "plant.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('anode_sulphur = "2.0 %"', 'anode_sulphur = "1.9 %"'), encoding="utf-8")


def cells_of(plant: Plant, first_minute: int, minutes: int) -> dict[tuple[int, int], Cell]:
    """Return a cell a minute for each point that is booked: counters gain a little, gauges stay."""
    found = {}
    for place in rules(plant):
        counter = plant.points[place].quantity.kind is Kind.COUNTER
        for number in range(first_minute, first_minute + minutes):
            start = FIRST_NS + number * MINUTE_NS
            value = 1e6 + number * 900.0 if counter else 420.0
            last = value + 890.0 if counter else value
            times = start + 500_000_000, start + 59_500_000_000
            integral = 0.0 if counter else value * 59.0
            found[place, start] = Cell(start, times[0], value, times[1], last, integral, 0.0, 0.0, True, 192)
    return found


def events_of(plant: Plant, draw: random.Random, minutes: int) -> list[Event]:
    """Return the events of a day: an anode effect for every tenth pot, a weighing for every second."""
    found: list[Event] = []
    for potline in plant.potlines:
        for pot in potline.pots:
            time_ns = draw.randrange(minutes) * MINUTE_NS
            if draw.random() < 0.1:
                found.append(_effect(f"AE-{pot}-{time_ns}", potline.id, pot, time_ns, draw.uniform(20, 180)))
            if draw.random() < 0.5:
                found.append(Weighing(f"W-{pot}-{time_ns}", 0, potline.id, (pot,), time_ns, 2700.0, None))
    return found


def _effect(id_: str, potline: str, pot: str, time_ns: int, duration_s: float) -> AnodeEffect:
    return AnodeEffect(id_, 2, potline, pot, AnodeEffectKind.HVAE, time_ns, duration_s, 30.0, None, corrected=False)


def closer_of(plant: Plant, store: Store) -> Closer:
    """Return a closer as the collector has it."""
    return Closer(
        plant,
        store,
        grace_s=10.0,
        conventions=CONVENTIONS,
        least_coverage_pct=90.0,
        pots=PotWatch(plant),
        instruments=Instruments(),
    )


async def closed_month(plant: Plant, store: Store, days: int) -> float:
    """Fill the store with a month's inputs and close it; return how long the closing took [s]."""
    draw = random.Random(1)
    await store.meta("accounts_since_ns", str(FIRST_NS))
    for day in range(days):
        told = events_of(plant, draw, DAY_MIN)
        moved = [
            dataclasses.replace(event, time_ns=FIRST_NS + day * DAY_MIN * MINUTE_NS + event.time_ns) for event in told
        ]
        pots = [
            (potline.id, FIRST_NS + minute * MINUTE_NS, PotsInputs(len(potline.pots)))
            for potline in plant.potlines
            for minute in range(day * DAY_MIN, (day + 1) * DAY_MIN)
        ]
        await store.commit(Commit(day, cells=cells_of(plant, day * DAY_MIN, DAY_MIN), events=moved, pots=pots))
    started = time.monotonic()
    closer = closer_of(plant, store)
    now_ns = FIRST_NS + (days * DAY_MIN + 1) * MINUTE_NS
    await closer.open(now_ns - 10**12)
    while (closed := await closer.step(now_ns)) is not None:
        await store.commit(closed.commit(now_ns))
    return time.monotonic() - started


def copied(db: sqlite3.Connection) -> float:
    """Decode and encode every entry and write it into an empty table; return the time for it [s]."""
    started = time.monotonic()
    with contextlib.closing(sqlite3.connect(":memory:")) as empty:
        empty.execute("CREATE TABLE ledger (body BLOB)")
        rows = db.execute("SELECT body FROM ledger")
        empty.executemany(
            "INSERT INTO ledger VALUES (?)", ((msgspec.json.encode(msgspec.json.decode(body)),) for (body,) in rows)
        )
    return time.monotonic() - started


def printed(config_file: Path, kind: str, period: str) -> float:
    """Print a statement as a process of its own; return the time for it [s]."""
    started = time.monotonic()
    command = [sys.executable, "-m", "collector", "report", kind, period, "--config", str(config_file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"print the statement {kind} of {period}: exit code {done.returncode}: {done.stderr}")
    return time.monotonic() - started


async def run(folder: Path, days: int) -> dict[str, float]:
    """Close, compare and state again; return what each took."""
    config_file = four_lines(folder)
    configuration = load(config_file)
    plant, path = configuration.plant, configuration.store.path
    async with Store(path, plant.points) as store:
        closing_s = await closed_month(plant, store, days)
    corrected(folder)
    end_ns = FIRST_NS + days * DAY_MIN * MINUTE_NS
    names = [potline.id for potline in plant.potlines]
    started = time.monotonic()
    configuration = load(config_file)
    found = [
        change for each in rehearsed(config_file, configuration, names, FIRST_NS, end_ns) for change in each.changes
    ]
    differing = {(change.potline, minute): "sulphur corrected" for change in found for minute in change.differing}
    compared_s = time.monotonic() - started
    ask_for(path, differing)
    async with Store(path, plant.points) as store:
        entries = await asyncio.to_thread(
            settle, config_file, configuration.choice, names, len(differing) // len(names)
        )
        closer = opening.closer(configuration, store, PotWatch(plant), Instruments())
        entries += await work_off(store, closer, lambda: end_ns, lambda _: None)
        whole_s = time.monotonic() - started
        bare_s = await store.ask(copied)
        size = await store.ask(lambda db: db.execute("SELECT count(*), sum(length(body)) FROM ledger").fetchone())
    report_s = printed(config_file, "energy", "2026-03")
    return {
        "days": days,
        "report_s": round(report_s, 2),
        "bare_s": round(bare_s, 2),
        "minutes": len(differing),
        "entries": entries,
        "closing_s": round(closing_s, 1),
        "comparing_s": round(compared_s, 1),
        "restating_s": round(whole_s - compared_s, 1),
        "restated_s": round(whole_s, 1),
        "ledger_entries": size[0],
        "ledger_mb": round(size[1] / 1e6, 1),
        "store_mb": round(path.stat().st_size / 1e6, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def main() -> None:
    """Run and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--days", type=int, default=31)
    days = arguments.parse_args().days
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with tempfile.TemporaryDirectory() as folder:
        print(msgspec.json.encode(asyncio.run(run(Path(folder), days))).decode())  # noqa: T201


if __name__ == "__main__":
    main()
