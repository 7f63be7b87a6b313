"""A file system that is read-only: at the start a clear word, while it runs nothing lost, and nothing acknowledged."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_file_system import own_file_system
from store_things import POINTS

from collector.store.commit import Commit
from collector.store.schema import StoreError, StoreUnwritable, lock
from collector.store.store import Store

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SAID = r"Read-only file system; mount the file system of .* for writing, and check the disk's health"


def test_a_start_on_a_read_only_file_system_says_what_to_do_and_goes_well_when_it_is_writable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = own_file_system(tmp_path, megabytes=4)
    if start is not None:
        command = [*start, sys.executable, str(HERE / "read_only_child.py"), str(tmp_path)]
        environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{HERE}"}
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        told = json.loads(done.stdout)
        assert "Read-only file system; mount the file system of" in told["start"]
        assert (told["records"], told["in the end"]) == (1, 2)
        return

    def read_only(*_: object) -> int:  # the words of the kernel stand in for it
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "open", read_only)
    with pytest.raises(StoreError, match=SAID):
        lock(tmp_path / "store.sqlite")


@pytest.mark.asyncio
async def test_a_store_that_turns_read_only_can_be_read_takes_no_commit_and_takes_the_same_one_later(
    tmp_path: Path,
) -> None:
    def read_only(yes: int) -> None:
        store._db.execute(f"PRAGMA query_only = {yes}")

    second = Commit(2, lines=[b"m n=2i 2"])
    async with Store(tmp_path / "store.sqlite", POINTS) as store:
        await store.commit(Commit(1, lines=[b"m n=1i 1"]))
        await store._do(read_only, 1)
        with pytest.raises(StoreUnwritable, match="attempt to write a readonly database; check the disk's space"):
            await store.commit(second)
        assert len(await store.pending("db", most_bytes=1 << 20)) == 1
        await store._do(read_only, 0)
        await store.commit(second)
        assert len(await store.pending("db", most_bytes=1 << 20)) == 2
