"""The write-ahead log of a real SQLite, with damage of all kinds."""

import contextlib
import random
import sqlite3
from pathlib import Path

import pytest

from collector.store.write_ahead_log import mended

STEP = 4096 + 24
ROWS = 25


@pytest.fixture
def files(tmp_path: Path) -> tuple[bytes, bytes]:
    """Return a database and its log of some commits."""
    path, dice = tmp_path / "log.sqlite", random.Random(5)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, body BLOB)")
        for _ in range(ROWS):
            db.execute("INSERT INTO t (body) VALUES (?)", (dice.randbytes(dice.randrange(6000)),))
        return path.read_bytes(), path.with_name("log.sqlite-wal").read_bytes()


def rows_of(folder: Path, database: bytes, log: bytes) -> int | str:
    """Return how many rows SQLite finds with a log, or what it says."""
    folder.mkdir()
    path = folder / "log.sqlite"
    path.write_bytes(database)
    path.with_name("log.sqlite-wal").write_bytes(log)
    with contextlib.closing(sqlite3.connect(path)) as db:
        try:
            return int(db.execute("SELECT count(*) FROM t").fetchone()[0])
        except sqlite3.DatabaseError as exc:
            return str(exc)


def flipped(log: bytes, at: int, change: int = 0xFF) -> bytes:
    return log[:at] + bytes([log[at] ^ change]) + log[at + 1 :]


def test_a_log_without_damage_stays_as_it_is(files: tuple[bytes, bytes]) -> None:
    found = mended(files[1], 4096)
    assert (found.log, found.put_right, found.sealed) == (files[1], [], [])
    assert mended(b"", 4096).log == b""


def test_without_mending_a_flipped_byte_costs_all_that_was_committed_after_it(
    tmp_path: Path, files: tuple[bytes, bytes]
) -> None:
    damaged = flipped(files[1], 32 + STEP * 20 + 2000)
    found = rows_of(tmp_path / "as it is", files[0], damaged)
    assert isinstance(found, int)
    assert found < ROWS - 10
    assert rows_of(tmp_path / "mended", files[0], mended(damaged, 4096).log) == ROWS


def test_each_byte_of_the_head_and_of_the_head_of_a_frame_is_put_right(files: tuple[bytes, bytes]) -> None:
    places = [*range(32), *range(32 + 8, 32 + 24), *range(32 + STEP * 7 + 8, 32 + STEP * 7 + 24)]
    for at in places:
        found = mended(flipped(files[1], at), 4096)
        assert (found.log == files[1], list(found.put_right)) == (True, [at]), at


@pytest.mark.parametrize("seed", range(3))
def test_a_byte_flipped_anywhere_is_put_right_or_stays_where_it_is_and_no_commit_is_lost(
    tmp_path: Path, files: tuple[bytes, bytes], seed: int
) -> None:
    dice, right = random.Random(seed), 0
    for number in range(40):
        at, change = dice.randrange(len(files[1])), dice.randrange(1, 256)
        found = mended(flipped(files[1], at, change), 4096)
        right += found.log == files[1]
        assert rows_of(tmp_path / str(number), files[0], found.log) in (
            ROWS,
            "database disk image is malformed",  # the byte is in the tree: then a rescue is needed
        )
    assert right > 20


def test_a_damaged_sector_costs_no_later_commit(tmp_path: Path, files: tuple[bytes, bytes]) -> None:
    at = 32 + STEP * 20 + 24 + 1024
    damaged = files[1][:at] + b"\x55" * 512 + files[1][at + 512 :]
    found = mended(damaged, 4096)
    assert (list(found.put_right), list(found.sealed)) == ([], [32 + STEP * 20])
    assert rows_of(tmp_path / "mended", files[0], found.log) == ROWS


def test_the_torn_end_of_a_log_is_left_to_sqlite(tmp_path: Path, files: tuple[bytes, bytes]) -> None:
    for cut in (1, 100, 3000, STEP + 7):
        torn = files[1][:-cut]
        assert mended(torn, 4096).log == torn
    torn = files[1][:-3000] + bytes(3000)
    assert mended(torn, 4096).log == torn
    assert rows_of(tmp_path / "torn", files[0], torn) == ROWS - 1
