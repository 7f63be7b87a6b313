"""What is held of the ledger: as much after days as after hours, and what the store does not have yet."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from line_story import PLANT

from collector.accounting.sums import Sums
from collector.accounting.windows import DAY_NS, HOUR_NS, Window, minute_window
from collector.closing.book import Book, Stated
from collector.readings.cell import MINUTE_NS
from collector.store.commit import Commit, LedgerRecord
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

T0 = 1_767_139_200_000_000_000
"""2025-12-31T00:00:00Z."""


@dataclass(frozen=True)
class _Body:
    sums: Sums
    parameters: tuple[str, ...] = ("p",)


def said(minute: int, revision: int = 1) -> tuple[Window, Stated, LedgerRecord]:
    """Return what is stated of a minute after T0: as many kWh as its number."""
    window, sums = minute_window(T0 + minute * MINUTE_NS), Sums(minutes=1, dc_kwh=float(minute))
    body = msgspec.json.encode(_Body(sums))
    record = LedgerRecord("PL1", "minute", window.start_ns, 60, revision, "closed", body)
    return window, Stated(sums, revision, ("p",)), record


def held(book: Book) -> int:
    """Return how many entries of minutes are at hand."""
    return sum(map(len, [*book._pages["minute"].values(), book._unwritten["minute"]]))


async def test_of_three_days_of_minutes_no_more_than_six_hours_and_a_step_are_held(tmp_path: Path) -> None:
    most = 0
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        book = Book("PL1", store)
        for first in range(0, 3 * 1440, 60):
            book.written()
            records = []
            for minute in range(first, first + 60):
                window, entry, record = said(minute)
                await book.put(window, entry)
                records.append(record)
            await store.commit(Commit(T0, records=records))
            most = max(most, held(book))
        # And all of it can still be asked for.
        day = [minute_window(T0 + minute * MINUTE_NS) for minute in range(1440)]
        sums, digests = await book.total(day)
        assert (sums.minutes, sums.dc_kwh, digests) == (1440, 1439 * 720, ("p",))
        assert (await book.rolling(Window("rolling_24h", T0 + DAY_NS, T0 + 2 * DAY_NS))).minutes == 1440
        most = max(most, held(book))
    assert most == 420


async def test_what_the_store_does_not_have_yet_is_at_hand_after_its_page_was_let_go_of(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        book = Book("PL1", store)
        await store.commit(Commit(T0, records=[said(7)[2]]))
        again = Stated(Sums(minutes=1, dc_kwh=700.0), 2, ("p",))
        await book.put(minute_window(T0 + 7 * MINUTE_NS), again)
        for hour in range(1, 20):
            assert await book.find(minute_window(T0 + hour * HOUR_NS)) is None
        assert T0 not in book._pages["minute"]
        assert await book.find(minute_window(T0 + 7 * MINUTE_NS)) == again


async def test_what_is_only_supposed_is_held_for_four_days_of_minutes(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        book = Book("PL1", store)
        for minute in range(5 * 1440):
            window, entry, _ = said(minute)
            await book.put(window, entry)
        assert await book.find(minute_window(T0 + 1439 * MINUTE_NS)) is None
        assert await book.find(minute_window(T0 + 1440 * MINUTE_NS)) == said(1440)[1]
        assert held(book) == 5760 + 5 * 60  # of one hour of the six nothing is left


async def test_tens_of_minutes_hours_and_days_that_were_added_up_are_bounded(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        book = Book("PL1", store)
        for end in range(1440, 6 * 1440, 10):
            await book.rolling(Window("rolling_24h", T0 + (end - 1440) * MINUTE_NS, T0 + end * MINUTE_NS))
        assert (len(book._tens), len(book._blocks)) == (300, 60)
