"""Damage leads to a store made anew, with what it has cost counted; other errors do not."""

from pathlib import Path

import pytest
from store_things import POINTS

from collector.store import frame
from collector.store.commit import Commit
from collector.store.salvage import PAGE_BYTES
from collector.store.schema import StoreError
from collector.store.store import Store

pytestmark = pytest.mark.asyncio


async def test_a_page_of_the_outbox_that_is_lost_leads_to_a_store_made_anew_and_its_records_are_counted(
    tmp_path: Path,
) -> None:
    path = tmp_path / "store.sqlite"
    async with Store(path, POINTS) as store:
        for number in range(1, 201):
            await store.commit(Commit(number, lines=[b"m n=%di 1" % number]))
        assert store.lost_records == 0
    content = path.read_bytes()
    pages = {at // PAGE_BYTES for at in range(len(content)) if content.startswith(frame.MAGIC, at)}
    lost = sorted(pages)[1]
    start = lost * PAGE_BYTES
    count = content[start : start + PAGE_BYTES].count(frame.MAGIC)
    path.write_bytes(content[:start] + b"\xff" * PAGE_BYTES + content[start + PAGE_BYTES :])

    async with Store(path, POINTS) as store:
        with pytest.raises(StoreError, match="at the next start it is made anew from what can be read"):
            await store.pending("db", most_bytes=1 << 30)
    async with Store(path, POINTS) as store:
        found = [each.seq for each in await store.newest("db", most_bytes=1 << 30, since_ns=0)]
        assert store.lost_records == 200 - len(found)
        assert store.lost_records == count > 10


async def test_a_database_that_is_closed_is_a_store_error_and_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    store = Store(path, POINTS)
    await store.__aenter__()
    await store.commit(Commit(1, lines=[b"m n=1i 1"]))
    await store._do(store._db.close)
    with pytest.raises(StoreError, match="closed database"):
        await store.outbox_state()
    with pytest.raises(StoreError, match="closed database"):
        await store.__aexit__(None, None, None)
    async with Store(path, POINTS) as store:
        assert (store.done_at_opening, (await store.outbox_state()).records) == ([], 1)
