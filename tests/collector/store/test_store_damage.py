"""A byte of the store that is wrong, a page, the end of a file: it opens, says what was damaged, and loses no more."""

import gzip
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from store_things import ENERGY, POINTS, POWER, behind_its_back, cells, effect, record

from collector.readings.outgoing import OutboxRecord
from collector.store.commit import Commit
from collector.store.schema import StoreError
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

COMMITS = 40
HUGE = 1 << 40


def line(number: int) -> bytes:
    """Return a line of some length that does not get much shorter when it is packed."""
    return b'm,n=%d text="%s" %d' % (
        number,
        random.Random(number).randbytes(number * 131 % 6000).hex().encode(),
        number,
    )


async def fill(path: Path, *, orderly: bool) -> dict[str, bytes]:
    """Commit something in every table; return the files as they lie on disk then."""
    async with Store(path, POINTS) as store:
        for number in range(1, COMMITS + 1):
            await store.commit(
                Commit(
                    number,
                    lines=[line(number)],
                    cells=cells(POWER, number) | cells(ENERGY, number),
                    events=[effect(number, rank=1, id_=f"AE-{number}")],
                    records=[record(number, body=b"x" * (number * 97 % 900))],
                )
            )
        if not orderly:  # what a kill leaves behind
            return contents(path.parent)
    return contents(path.parent)


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder."""
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


def laid_out(folder: Path, files: dict[str, bytes]) -> Path:
    """Put files into an empty folder; return the path of the store."""
    folder.mkdir()
    for name, content in files.items():
        if not name.endswith("-shm"):
            folder.joinpath(name).write_bytes(content)
    return folder / "store.sqlite"


async def outbox_of(path: Path) -> tuple[list[OutboxRecord], list[str]]:
    """Return the outbox of a store, as it is after as many starts as it takes, and what was said."""
    said: list[str] = []
    for _ in range(3):
        try:
            async with Store(path, POINTS) as store:
                said += store.done_at_opening
                found = await store.pending("db", most_bytes=HUGE)
                await store.commit(Commit(99, lines=[b"m n=1i 1"], cells=cells(POWER, 99), records=[record(99)]))
                return found, said
        except StoreError as exc:
            said.append(str(exc))
    raise AssertionError(said)


def whole(records: list[OutboxRecord]) -> set[int]:
    """Return the numbers of the records that say what was written."""
    return {each.seq for each in records if each.is_whole and gzip.decompress(each.body) == line(each.seq) + b"\n"}


def flips(content: bytes, seed: int, count: int) -> Iterator[tuple[int, bytes]]:
    """Return a file with one byte changed, again and again."""
    dice = random.Random(seed)
    for _ in range(count):
        at = dice.randrange(len(content))
        yield at, content[:at] + bytes([content[at] ^ dice.randrange(1, 256)]) + content[at + 1 :]


ALL = set(range(1, COMMITS + 1))


@pytest.mark.parametrize("seed", range(3))
async def test_a_byte_flipped_anywhere_in_the_file_costs_at_most_one_record_of_the_outbox(
    tmp_path: Path, seed: int
) -> None:
    files = await fill(tmp_path / "store.sqlite", orderly=True)
    for number, (at, content) in enumerate(flips(files["store.sqlite"], seed, 12)):
        path = laid_out(tmp_path / f"{number}", files | {"store.sqlite": content})
        found, said = await outbox_of(path)
        assert len(ALL - whole(found)) <= 1, (at, at // 4096 + 1, at % 4096, said)
        assert not [each for each in found if each.is_whole and each.seq not in whole(found)], "told as whole"


@pytest.mark.parametrize("seed", range(3))
async def test_a_byte_flipped_anywhere_in_the_log_costs_at_most_one_record_of_the_outbox(
    tmp_path: Path, seed: int
) -> None:
    files = await fill(tmp_path / "store.sqlite", orderly=False)
    assert len(files["store.sqlite-wal"]) > 400_000
    for number, (at, content) in enumerate(flips(files["store.sqlite-wal"], seed, 8)):
        path = laid_out(tmp_path / f"{number}", files | {"store.sqlite-wal": content})
        found, said = await outbox_of(path)
        assert len(ALL - whole(found)) <= 1, (at, (at - 32) // 4120, (at - 32) % 4120, said)


async def test_without_damage_nothing_is_said_and_nothing_is_missing(tmp_path: Path) -> None:
    for orderly in (True, False):
        files = await fill(tmp_path / f"{orderly}" / "store.sqlite", orderly=orderly)
        found, said = await outbox_of(laid_out(tmp_path / f"again-{orderly}", files))
        assert (whole(found), said) == (ALL, [])


async def test_the_first_page_is_put_right_and_nothing_is_lost(tmp_path: Path) -> None:
    files = await fill(tmp_path / "store.sqlite", orderly=True)
    for number, at in enumerate((0, 16, 18, 44, 60, 100, 105, 2000, 3000, 4095)):
        content = bytearray(files["store.sqlite"])
        content[at] ^= 0xFF
        path = laid_out(tmp_path / f"{number}", files | {"store.sqlite": bytes(content)})
        found, said = await outbox_of(path)
        assert whole(found) == ALL
        assert said == ["the first page of the store was damaged and was put right; check the disk's health"]


async def test_all_pages_but_the_first_lost_is_said_and_the_damaged_file_is_kept(tmp_path: Path) -> None:
    files = await fill(tmp_path / "store.sqlite", orderly=True)
    content = files["store.sqlite"]
    damaged = content[:4096] + b"\xff" * (len(content) - 4096)
    path = laid_out(tmp_path / "new", files | {"store.sqlite": damaged})
    found, said = await outbox_of(path)
    assert found == []
    assert "the store was damaged in ledger, point, cell" in said[-1]
    kept = [file for file in path.parent.iterdir() if ".damaged-" in file.name and file.name.endswith("Z")]
    assert [len(file.read_bytes()) for file in kept] == [len(damaged)]


async def test_a_damaged_page_of_the_ledger_is_found_when_it_is_read_and_costs_what_stood_on_it(tmp_path: Path) -> None:
    files = await fill(tmp_path / "store.sqlite", orderly=True)
    content = bytearray(files["store.sqlite"])
    with sqlite3.connect(tmp_path / "store.sqlite") as db:
        [root] = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ledger'").fetchone()
    child = int.from_bytes(content[(root - 1) * 4096 + 8 :][:4], "big")  # the last one
    assert content[(child - 1) * 4096] == 0x0D
    content[(child - 1) * 4096] = 0x77
    path = laid_out(tmp_path / "new", files | {"store.sqlite": bytes(content)})
    async with Store(path, POINTS) as store:
        with pytest.raises(StoreError, match="at the next start it is made anew from what can be read"):
            await store.latest_records("PL1", "minute", 0, 1 << 62)
    async with Store(path, POINTS) as store:
        entries = await store.latest_records("PL1", "minute", 0, 1 << 62)
        assert 20 < len(entries) < COMMITS
        assert f"of the ledger: {COMMITS - len(entries)}" in store.done_at_opening[0]
        assert len(await store.pending("db", most_bytes=HUGE)) == COMMITS


async def test_a_rescue_that_was_cut_short_between_its_renames_is_brought_to_its_end(tmp_path: Path) -> None:
    files = await fill(tmp_path / "store.sqlite", orderly=True)
    path = laid_out(tmp_path / "new", files)
    path.rename(path.with_name("store.sqlite.rescued"))
    found, _ = await outbox_of(path)
    assert whole(found) == ALL


async def test_a_store_whose_pages_somebody_has_moved_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    await fill(path, orderly=True)
    with behind_its_back(path) as db:
        db.isolation_level = None
        db.execute("CREATE TABLE somebody (n)")
        db.execute("DROP TABLE somebody")
        db.execute("VACUUM")
    found, said = await outbox_of(path)
    assert (whole(found), said) == (ALL, [])
    async with Store(path, POINTS) as store:
        assert store.done_at_opening == []
