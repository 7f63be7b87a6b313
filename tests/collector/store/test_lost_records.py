"""Records of the outbox that damage has cost are counted when the store is made anew."""

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

    said = ""
    for _ in range(2):  # it is found when the page is read, and the next start mends it
        try:
            async with Store(path, POINTS) as store:
                found = [each.seq for each in await store.pending("db", most_bytes=1 << 30)]
                counted = store.lost_records
                break
        except StoreError as exc:
            said = str(exc)
    assert "at the next start it is made anew from what can be read" in said
    assert counted == 200 - len(found)
    assert counted == count > 10
