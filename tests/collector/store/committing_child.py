"""A collector that commits without end, and prints the number of a commit as soon as the store has acknowledged it."""

import asyncio
import sys
from pathlib import Path

from store_things import POINTS, POWER, cells, effect, record

from collector.readings.outgoing import DeadLetter
from collector.readings.pots import PotsInputs
from collector.store.commit import Commit
from collector.store.store import Store


async def commit_without_end(path: Path, number: int) -> None:
    """Commit something in every table, numbered."""
    async with Store(path, POINTS) as store:
        while True:
            await store.commit(
                Commit(
                    number,
                    lines=[b"first n=%di 1" % number, b"second n=%di 1" % number],
                    cells=cells(POWER, number),
                    events=[effect(number, rank=1, id_=str(number))],
                    pots=[("PL1", number, PotsInputs(40))],
                    dirty={("PL1", number): "because"},
                    records=[record(number, body=b"x" * (number * 997 % 5000))],
                    dead=[DeadLetter(number, "broker", "topic", b"?", "not JSON")],
                )
            )
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
            number += 1


if __name__ == "__main__":
    asyncio.run(commit_without_end(Path(sys.argv[1]), int(sys.argv[2])))
