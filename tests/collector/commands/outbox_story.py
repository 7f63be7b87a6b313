"""A folder with the shipped settings, two databases, and a store that a line has filled with 65 minutes."""

import gzip
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner, Result
from example_plant import ClockByHand, open_line
from line_story import PLANT, T0, S, drive

from collector.cli import main
from collector.readings.outgoing import DeadLetter
from collector.store import outbox
from collector.store.store import Store

CONFIG = Path(__file__).parents[3] / "config"
DATABASES = """
[delivery.plantdb]
kind = "influxdb1"
url = "http://127.0.0.1:9"
database = "plant"
[delivery.cloud]
kind = "influxdb1"
url = "http://127.0.0.1:9"
database = "cloud"
"""
MINUTES = 65


async def fill(path: Path) -> None:
    """Tell a line an hour and five minutes."""
    clock = ClockByHand(T0 - 3 * S)
    async with Store(path, PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, MINUTES * 60 + 15, 20):
            await drive(line, clock, t)


def folder(filled: Path, where: Path) -> Path:
    """Make the folder; return the store in it."""
    shutil.copytree(CONFIG, where / "config")
    with (where / "config" / "collector.toml").open("a", encoding="utf-8") as file:
        file.write(DATABASES)
    (where / "var").mkdir()
    shutil.copy(filled, where / "var" / "potline.sqlite")
    return where / "var" / "potline.sqlite"


def potline(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, arguments, prog_name="potline", input=typed)


def letter(time_s: float, source: str, place: str, body: bytes, reason: str) -> DeadLetter:
    return DeadLetter(T0 + round(time_s * S), source, place, body, reason)


def in_store(path: Path, work: Callable[[sqlite3.Connection], object]) -> None:
    """Change something in the store, as its collector would have."""
    with sqlite3.connect(path) as db:
        work(db)


def take_all(path: Path, *targets: str) -> None:
    """Let databases have taken everything that there is."""

    def work(db: sqlite3.Connection) -> None:
        for target in targets:
            outbox.take(db, target, range(1, outbox.last_number(db) + 1))

    in_store(path, work)


def left_for(path: Path, target: str) -> list[str]:
    """Return the lines that a database has not taken, in the order in which it is to take them."""
    with sqlite3.connect(path) as db:
        records = outbox.newest(db, target, most_bytes=1 << 40, since_ns=0)
        while len(records) % 500 == 0 and records:
            raise AssertionError("more records than one look returns")
    return b"".join(gzip.decompress(record.body) for record in records if record.body).decode().splitlines()


def wrong_of(result: Result) -> str:
    return f"{result.exit_code}: {result.output}"
