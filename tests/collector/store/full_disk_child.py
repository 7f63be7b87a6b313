"""A collector on a file system of 1 MB that something else has half filled: it commits until the disk is full.

Then the other file goes, and so does the bound on the size of files where that stood for the disk, and it commits
once more. Prints how many commits were acknowledged before, what the failure said, and how many are there in the end.
"""

import asyncio
import json
import os
import resource
import sys
from pathlib import Path

from store_things import POINTS

from collector.store.commit import Commit
from collector.store.schema import StoreError
from collector.store.store import Store


async def fill(folder: Path) -> None:
    """Fill the disk, make room, go on."""
    other = folder / "other"
    other.write_bytes(bytes(400_000))
    async with Store(folder / "store.sqlite", POINTS) as store:
        acknowledged = 0
        said = ""
        while not said:
            line = b'm text="%s" 1' % os.urandom(20_000).hex().encode()
            try:
                await store.commit(Commit(acknowledged, lines=[line]))
                acknowledged += 1
            except StoreError as exc:
                said = str(exc)
        kept = (await store.outbox_state()).records
        other.unlink()
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        await store.commit(Commit(acknowledged, lines=[b"m n=1i 1"]))
    async with Store(folder / "store.sqlite", POINTS) as store:
        records = (await store.outbox_state()).records
    sys.stdout.write(json.dumps([acknowledged, kept, records, said]))


if __name__ == "__main__":
    asyncio.run(fill(Path(sys.argv[1])))
