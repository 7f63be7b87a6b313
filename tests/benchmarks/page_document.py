"""How long the live page's document takes for 4 potlines, 1,200 pots and 300 meters: the first, the next, a new minute.

    python tests/benchmarks/page_document.py

One line of JSON each: real and processor time [ms], the document's size, and as a yardstick the time in which the
standard library reads and writes the same JSON.
"""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from example_plant import ClockByHand
from large_plant import END_NS, large_configuration, minute_sums, of_window, read_everything, write_a_day

from collector.accounting.windows import minute_window
from collector.instruments import Instruments
from collector.page.state import PageState
from collector.readings.cell import MINUTE_NS
from collector.readings.latest import LatestReadings
from collector.store.commit import Commit
from collector.store.store import Store


async def measured() -> None:
    """Print the times."""
    configuration = large_configuration()
    plant = configuration.plant
    latest = LatestReadings(len(plant.points))
    read_everything(plant, latest, END_NS)
    with tempfile.TemporaryDirectory() as folder:
        async with Store(Path(folder) / "s.sqlite", plant.points) as store:
            await write_a_day(store, plant, until_ns=END_NS - 17 * MINUTE_NS)
            state = PageState(
                plant,
                store.path,
                latest,
                clock=ClockByHand(END_NS),
                instruments=Instruments(target_states={"plantdb": "delivering"}),
                least_coverage_pct=90.0,
                alerts=list,
                rules=configuration.rules,
            )
            for name in ("first", "again", "again"):
                await timed(name, state)
            for ago in (17, 16):
                window = minute_window(END_NS - ago * MINUTE_NS)
                records = [of_window(plant, line, window, minute_sums(line)) for line in plant.potlines]
                await store.commit(Commit(END_NS, records=records))
                await timed("a new minute of all lines", state)


async def timed(name: str, state: PageState) -> None:
    """Print how long one document takes on a thread, and how large it is."""
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    body = await asyncio.to_thread(state.document)
    wall_ms, cpu_ms = 1e3 * (time.perf_counter() - wall_s), 1e3 * (time.process_time() - cpu_s)
    begin_s = time.perf_counter()
    json.dumps(json.loads(body))
    found = {
        "document": name,
        "wall_ms": round(wall_ms, 1),
        "cpu_ms": round(cpu_ms, 1),
        "bytes": len(body),
        "bare_ms": round(1e3 * (time.perf_counter() - begin_s), 1),
    }
    print(json.dumps(found))  # noqa: T201 - its purpose


if __name__ == "__main__":
    asyncio.run(measured())
