"""Kills, full disks and power: what was acknowledged is there."""

import asyncio
import contextlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from store_things import POINTS, behind_its_back, record

from collector.readings.cell import MINUTE_NS
from collector.store import ledger
from collector.store.commit import Commit
from collector.store.schema import StoreError, open_reader
from collector.store.store import Store

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
ENVIRONMENT = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{HERE}"}


def killed_while_committing(path: Path, number: int, *, after_s: float) -> int:
    """Run a committing collector, kill it with SIGKILL some time after its first commit; return the last one told."""
    command = [sys.executable, str(HERE / "committing_child.py"), str(path), str(number)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT) as child:
        assert child.stdout is not None
        told = child.stdout.readline()
        time.sleep(after_s)
        child.kill()
        told += child.stdout.read()
    return int(told[: told.rindex(b"\n")].split()[-1])


def test_what_was_acknowledged_is_there_after_eight_kills_at_random_instants_and_nothing_is_half(
    tmp_path: Path,
) -> None:
    path = tmp_path / "store.sqlite"
    chance = random.Random(7)
    highest = -1
    for _ in range(8):
        acknowledged = killed_while_committing(path, highest + 1, after_s=chance.uniform(0.0, 0.15))
        with contextlib.closing(open_reader(path)) as db:
            numbers = {
                "cells": db.execute(f"SELECT minute_ns / {MINUTE_NS} FROM cell ORDER BY 1"),  # noqa: S608 - a constant
                "events": db.execute("SELECT CAST(id AS INTEGER) FROM event ORDER BY 1"),
                "pots": db.execute("SELECT minute_ns FROM pots ORDER BY 1"),
                "dirty": db.execute("SELECT minute_ns FROM dirty ORDER BY 1"),
                "ledger": db.execute("SELECT written_ns FROM ledger ORDER BY seq"),
                "outbox": db.execute("SELECT created_ns FROM outbox ORDER BY seq"),
                "dead": db.execute("SELECT time_ns FROM dead ORDER BY seq"),
            }
            found = {table: [row[0] for row in rows] for table, rows in numbers.items()}
            findings = list(ledger.verify(db))
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        highest = found["outbox"][-1]
        # The one after the last acknowledged may be on disk already: killed between its commit and its word.
        assert highest in (acknowledged, acknowledged + 1)
        assert all(table == list(range(highest + 1)) for table in found.values())
        assert findings == []
    assert highest > 8


@pytest.mark.asyncio
async def test_a_kill_frees_the_store_for_the_next_collector_at_once(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    await asyncio.to_thread(killed_while_committing, path, 0, after_s=0.0)
    async with Store(path, POINTS) as store:
        assert await store.last_minute("PL1") is not None


@pytest.mark.asyncio
async def test_a_full_disk_is_a_store_error_and_the_store_goes_on_when_there_is_space_again(tmp_path: Path) -> None:
    def limit(pages: int) -> int:
        return int(store._db.execute(f"PRAGMA max_page_count = {pages}").fetchone()[0])

    big = Commit(2, lines=[b'm text="%s" 1' % os.urandom(200_000).hex().encode()], records=[record(2)])
    async with Store(tmp_path / "store.sqlite", POINTS) as store:
        await store.commit(Commit(1, lines=[b"m n=1i 1"], records=[record(1)]))
        await store._do(limit, 40)
        with pytest.raises(StoreError, match=r"store\.sqlite: database or disk is full; check the disk's space"):
            await store.commit(big)
        assert (await store.outbox_state()).records == 1
        assert await store.last_minute("PL1") == 1 * MINUTE_NS
        await store.commit(Commit(2, lines=[b"m n=2i 2"]))  # what still fits is still taken
        await store._do(limit, 100_000)
        await store.commit(big)
        assert (await store.outbox_state()).records == 3
        assert await store.last_minute("PL1") == 2 * MINUTE_NS


def story_of_a_full_disk(command: list[str], preexec: Callable[[], None] | None = None) -> None:
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=True, preexec_fn=preexec)
    acknowledged, kept, records, said = json.loads(done.stdout)
    assert acknowledged > 3
    assert kept == acknowledged
    assert records == acknowledged + 1
    assert "disk" in said


def allow_files_of_720_kb() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing beyond it is an error then, not the end
    resource.setrlimit(resource.RLIMIT_FSIZE, (720_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def test_a_file_that_may_not_grow_any_further_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    story_of_a_full_disk([sys.executable, str(HERE / "full_disk_child.py"), str(tmp_path)], allow_files_of_720_kb)


def mount_of_1_mb(folder: Path) -> list[str] | None:
    """Return the start of a command with a file system of 1 MB of its own; None where the machine does not allow it."""
    start = ["unshare", "-rm", "sh", "-c", f'mount -t tmpfs -o size=1m tmpfs {folder} && exec "$@"', "sh"]
    if shutil.which("unshare") is None:
        return None
    return start if subprocess.run([*start, "true"], capture_output=True, check=False).returncode == 0 else None


def test_a_file_system_that_fills_up_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    # Where the machine allows no file system of one's own, the bound on a file stands in for it.
    story = [sys.executable, str(HERE / "full_disk_child.py"), str(tmp_path)]
    start = mount_of_1_mb(tmp_path)
    if start is not None:
        story_of_a_full_disk([*start, *story])
    else:
        story_of_a_full_disk(story, allow_files_of_720_kb)


@pytest.mark.asyncio
async def test_a_cancelled_commit_is_whole_or_not_there_and_the_store_goes_on(tmp_path: Path) -> None:
    async with Store(tmp_path / "store.sqlite", POINTS) as store:
        task = asyncio.create_task(store.commit(Commit(1, lines=[b"m n=1i 1"], records=[record(1)])))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await store.commit(Commit(2, lines=[b"m n=2i 2"], records=[record(2)]))
        records = len(await store.latest_records("PL1", "minute", 0, 10 * MINUTE_NS))
        assert (await store.outbox_state()).records == records
        assert records in {1, 2}


@pytest.mark.asyncio
async def test_a_commit_of_which_one_part_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    async with Store(path, POINTS) as store:
        await store.commit(Commit(1, records=[record(1)]))
        with pytest.raises(StoreError, match="UNIQUE"):
            await store.commit(Commit(2, lines=[b"m n=2i 2"], dirty={("PL1", 1): "x"}, records=[record(2), record(1)]))
        assert (await store.outbox_state()).records == 0
        assert await store.dirty(10) == {}
        await store.commit(Commit(3, lines=[b"m n=3i 3"]))
    with behind_its_back(path) as db:
        assert db.execute("SELECT count(*) FROM ledger").fetchone() == (1,)
        assert db.execute("SELECT created_ns FROM outbox").fetchall() == [(3,)]
