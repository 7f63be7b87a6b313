"""A line's room on a disk that fills: it waits with its commit, and goes on when the cause is gone.

Prints how many commits were acknowledged before it waited, how many records there were then, why it waited, and the
numbers of all records in the end, after the store was opened again.
"""

import asyncio
import base64
import json
import os
import resource
import sys
from pathlib import Path

from store_things import POINTS, bounds

from collector.clock import SystemClock
from collector.instruments import Instruments
from collector.readings.outgoing import WhenFull
from collector.store.commit import Commit
from collector.store.room import Room
from collector.store.store import Store


async def story(folder: Path) -> None:
    """Fill the disk, wait, make room, go on."""
    other = [folder / "other-1", folder / "other-2"]
    for file in other:
        file.write_bytes(bytes(700_000))
    path, instruments, clock = folder / "store.sqlite", Instruments(), SystemClock()
    acknowledged: list[int] = []
    is_over = asyncio.Event()
    async with Store(path, POINTS) as store:
        room = Room(
            store,
            targets=("db",),
            bounds=bounds(when_full=WhenFull.BLOCK),
            clock=clock,
            instruments=instruments,
            progress=lambda: None,
        )

        async def commit_all() -> None:
            number = 0
            while not is_over.is_set():
                number += 1
                text = base64.b64encode(os.urandom(20_000 if other[0].exists() else 20))
                await room.commit(Commit(clock.now_ns(), lines=[b'm text="%s" 1' % text]))
                acknowledged.append(number)

        committing = asyncio.create_task(commit_all())
        while not instruments.line_waits:  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(0.01)
        before, why = len(acknowledged), instruments.line_waits
        records = (await store.outbox_state()).records
        await asyncio.sleep(1.5)  # tried again meanwhile, and no better
        still = len(acknowledged)
        for file in other:
            file.unlink()
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        while len(acknowledged) == before:  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(0.01)
        is_over.set()
        await committing
        after = len(acknowledged)
    async with Store(path, POINTS) as store:
        seqs = [each.seq for each in await store.pending("db", most_bytes=1 << 30)]
    sys.stdout.write(json.dumps([before, still, records, why, after, seqs]))


if __name__ == "__main__":
    asyncio.run(story(Path(sys.argv[1])))
