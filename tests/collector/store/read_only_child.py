"""A collector on a file system of its own that turns read-only while it works, and is writable again later.

Prints what a commit and a start say meanwhile, whether reading goes on, and how many records are there in the end.
"""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from store_things import POINTS

from collector.store.commit import Commit
from collector.store.schema import StoreError, StoreUnwritable
from collector.store.store import Store


async def mounted(folder: Path, how: str) -> None:
    """Mount the folder's file system anew."""
    await asyncio.to_thread(subprocess.run, ["mount", "-o", f"remount,{how}", str(folder)], check=True)


async def story(folder: Path) -> None:
    """Commit, meet a file system that is read-only, start on it, go on when it is writable."""
    path = folder / "store.sqlite"
    said: dict[str, str | int] = {}
    async with Store(path, POINTS) as store:
        await store.commit(Commit(1, lines=[b"m n=1i 1"]))
    await mounted(folder, "ro")
    try:
        async with Store(path, POINTS):
            pass
    except StoreUnwritable:
        raise
    except StoreError as exc:
        said["start"] = str(exc)
    await mounted(folder, "rw")
    async with Store(path, POINTS) as store:
        said["records"] = (await store.outbox_state()).records
        await store.commit(Commit(2, lines=[b"m n=2i 2"]))
        said["in the end"] = (await store.outbox_state()).records
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    asyncio.run(story(Path(sys.argv[1])))
