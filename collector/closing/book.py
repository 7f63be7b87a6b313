"""What the ledger has of a potline, at hand: loaded when it is asked for, let go of when it was not for a while."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from collector.accounting import sums as adding
from collector.accounting.fuel_spread import FuelsOfWindow
from collector.accounting.intensity import FARADAY, Metal
from collector.accounting.stating import Bridged
from collector.accounting.sums import Pair, Sums
from collector.accounting.windows import DAY_NS, HOUR_NS, ROLLING_STEP_NS, Window, minute_window
from collector.closing.pages import Pages, wording
from collector.readings.cell import MINUTE_NS
from collector.store.commit import LedgerRecord
from collector.store.store import Store

_MOST_TENS, _MOST_BLOCKS = 2 * 144 + 12, 2 * 24 + 12
"""A minute that is stated again has a part in rolling days of two days, and those of today go on meanwhile."""
_MOST_DAYS = 62
"""Of whole days, in thirty of which it has a part, the same."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What the ledger says of an interval: its sums, revision, the digests of its parameters, its metal, its fuels.

    ``wording`` is that of a longer window's body, see `collector.closing.pages.wording`.
    """

    sums: Sums
    revision: int
    parameters: tuple[str, ...]
    metal: Metal = FARADAY
    fuels: FuelsOfWindow | None = None
    wording: bytes = b""


class _Body(msgspec.Struct):
    sums: Sums
    parameters: tuple[str, ...]
    metal: Metal = FARADAY
    fuels: FuelsOfWindow | None = None


class _OldSums(Sums, frozen=True):
    ac: Pair = Pair()


class _OldBody(msgspec.Struct):
    """As version 1 of the store has it: parameters in place, and emissions by the rectifiers' energy alone."""

    sums: _OldSums


def stated(record: LedgerRecord) -> Stated:
    """Return what a record says."""
    try:
        body = msgspec.json.decode(record.body, type=_Body)
    except msgspec.ValidationError:
        old = msgspec.json.decode(record.body, type=_OldBody).sums
        values = {name: getattr(old, name) for name in Sums.__struct_fields__}
        return Stated(
            Sums(**values | {"liquid_ac": old.ac, "comprehensive": old.ac}),
            record.revision,
            (),
            wording=wording(record),
        )
    return Stated(body.sums, record.revision, body.parameters, body.metal, body.fuels, wording(record))


class Book(Pages[Stated]):
    """The entries in force of one potline."""

    def __init__(self, potline: str, store: Store) -> None:
        super().__init__(potline, store, stated)
        self._tens: dict[int, Sums] = {}
        self._blocks: dict[int, Sums] = {}
        self._days: dict[int, Sums] = {}

    async def put(self, window: Window, entry: Stated) -> None:
        """Note what was just stated."""
        await super().put(window, entry)
        if window.name == "hour":
            self._days.pop(window.start_ns // DAY_NS, None)
        if window.name == "minute":
            self._tens.pop(window.start_ns - window.start_ns % ROLLING_STEP_NS, None)
            self._blocks.pop(window.start_ns - window.start_ns % HOUR_NS, None)

    async def total(self, parts: Iterable[Window]) -> tuple[Sums, tuple[str, ...]]:
        """Return the sum of what is stated of some windows, and the digests of all their parameters."""
        known, digests = await self.of(parts)
        return adding.total(entry.sums for entry in known), digests

    async def bridged_at_edges(self, window: Window, meter: str) -> tuple[Bridged, ...]:
        """Return what of a meter's energy was bridged from before a window into it, and out of it.

        A counter that is bridged within a window tells its energy exactly; only how it is shared with what lies before
        and after the window is not known.
        """
        found = []
        for starts in (
            range(window.start_ns, window.end_ns, MINUTE_NS),
            range(window.end_ns - MINUTE_NS, window.start_ns - 1, -MINUTE_NS),
        ):
            kwh = minutes = 0.0
            for start_ns in starts:
                entry = await self.find(minute_window(start_ns))
                amount = None if entry is None else entry.sums.meters.get(meter)
                if amount is None or amount.estimated_kwh <= 0:
                    break
                kwh, minutes = kwh + amount.estimated_kwh, minutes + 1
            if minutes:
                found.append(Bridged(kwh, minutes / 60))
        return tuple(found)

    async def rolling(self, window: Window) -> Sums:
        """Return the sum of a window that is not bound to the clock: of whole hours (UTC) and of tens of minutes."""
        parts, start_ns = [], window.start_ns
        while start_ns < window.end_ns:
            if start_ns % HOUR_NS == 0 and start_ns + HOUR_NS <= window.end_ns:
                parts.append(await self._block(start_ns))
                start_ns += HOUR_NS
            else:
                parts.append(await self._ten(start_ns))
                start_ns += ROLLING_STEP_NS
        return adding.total(part for part in parts if part.minutes)

    async def of_hours(self, parts: Sequence[Window]) -> Sums:
        """Return the sum of many hours in a row, and of minutes at the edges: days of them are added up once."""
        whole: dict[int, list[Window]] = {}
        for part in parts:
            whole.setdefault(part.start_ns // DAY_NS, []).append(part)
        places = sorted(whole)
        sums = []
        for place in places:
            inner = place not in {places[0], places[-1]}
            if not inner:
                sums.append((await self.total(whole[place]))[0])
                continue
            if place not in self._days:
                self._days[place] = (await self.total(whole[place]))[0]
                _let_go(self._days, _MOST_DAYS)
            sums.append(self._days[place])
        return adding.total(part for part in sums if part.minutes)

    async def _block(self, start_ns: int) -> Sums:
        if start_ns not in self._blocks:
            tens = [await self._ten(ten) for ten in range(start_ns, start_ns + HOUR_NS, ROLLING_STEP_NS)]
            self._blocks[start_ns] = adding.total(ten for ten in tens if ten.minutes)
            _let_go(self._blocks, _MOST_BLOCKS)
        return self._blocks[start_ns]

    async def _ten(self, start_ns: int) -> Sums:
        if start_ns not in self._tens:
            page = await self.page("minute", start_ns)
            minutes = (page.get(minute) for minute in range(start_ns, start_ns + ROLLING_STEP_NS, MINUTE_NS))
            self._tens[start_ns] = adding.total(minute.sums for minute in minutes if minute is not None)
            _let_go(self._tens, _MOST_TENS)
        return self._tens[start_ns]


def _let_go(kept: dict[int, Sums], most: int) -> None:
    """Let go of what was made first."""
    while len(kept) > most:
        del kept[next(iter(kept))]
