"""When which minute of the plant as a whole is closed, or stated again: after those of all its potlines.

What has to be stated again is kept in the store, as for a potline (``closer``): first the minutes, then, once no minute
is left, the windows that they touch. A minute of the plant stands on the minutes of its potlines: whoever commits what
was stated of these commits with it what ``marks_of`` and ``touched_by`` say. Days and months stand on the metal that
the potlines state of them.
"""

import asyncio
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence

import msgspec
import structlog

from collector.accounting.late import Span
from collector.accounting.metal_basis import MetalBasis
from collector.accounting.plant_account import account_plant_minute
from collector.accounting.plant_metal import (
    PlantUncertainties,
    plant_by_weight,
    plant_metal,
)
from collector.accounting.plant_parameters import PlantMeter, StackMass, digest, encoded, is_anything, plant_parameters
from collector.accounting.plant_sums import WHOLE_PLANT, LoadSum, PlantSums
from collector.accounting.windows import (
    ROLLING_NS,
    Window,
    minute_window,
    parts_of,
    windows_between,
    windows_touched,
)
from collector.closing.closed import Closed, runs
from collector.closing.closer import CLOSED, Closer
from collector.closing.following import Following
from collector.closing.pages import wording
from collector.closing.plant_book import PlantBook, PlantStated
from collector.closing.plant_entries import plant_lines, plant_record
from collector.closing.plant_gathering import PlantGathered, gather_plant
from collector.closing.renewable import StatedShare, renewable_shares
from collector.closing.told import WHY, Times, used_in
from collector.closing.tonnage import BY_WEIGHT
from collector.instruments import Instruments
from collector.plant.meter import Measures
from collector.plant.topology import Plant
from collector.readings.cell import MINUTE_NS, minute_of
from collector.readings.pots import PotsInputs
from collector.store import again
from collector.store.commit import LedgerRecord
from collector.store.store import Store

log = structlog.get_logger()

_MOST_MINUTES = 60
_MOST_AGAIN = 240
_MOST_WINDOWS = 50

_QUARTER_NS = 15 * MINUTE_NS

_WITH_SHARES = ("hour", "day", "month")

_TONNES_CHANGED = "a potline states other tonnes"
A_POTLINE_CHANGED = "a potline's minute was stated again"


class PlantCloser:
    """Closes the plant's minutes in order, each once all potlines have closed it.

    Parameters
    ----------
    lines
        Closes the potlines; this one follows it.
    longest_gap_s
        A gap between readings up to this long counts as covered [s].
    least_coverage_pct
        Below it, ratios are withheld [%].
    """

    def __init__(
        self,
        plant: Plant,
        store: Store,
        lines: Closer,
        *,
        longest_gap_s: float,
        least_coverage_pct: float,
        instruments: Instruments,
    ) -> None:
        self._plant = plant
        self._calendar = plant.calendar
        self._store = store
        self._lines = lines
        self._following = Following(lines, least_coverage_pct=least_coverage_pct)
        self._least_coverage_pct = least_coverage_pct
        self._instruments = instruments
        self._parameters = plant_parameters(plant, longest_gap_s=longest_gap_s)
        is_ours = not plant.elsewhere.plant_wide
        self._works = is_ours and (is_anything(self._parameters) or plant.portfolio.certificates_told)
        self._has_casthouse = bool(self._parameters.wanted.of(Measures.CASTHOUSE_AC))
        self._points = _points(plant, self._parameters.wanted.meters, self._parameters.wanted.masses)
        self._book = PlantBook(store)
        self._next_ns = 0
        self._since_ns = 0
        self._windows: deque[tuple[Window, str]] = deque()
        self._settling: list[tuple[str, int]] = []
        self._kept = False

    async def open(self, now_ns: int) -> None:
        """Go on where the ledger ends. The first minute of all is the first whole one after this was first opened.

        Not before the potlines' accounts begin; ``lines`` are open.
        """
        if not self._works:
            return
        first_ns = max(self._lines.since_ns, minute_of(now_ns) + MINUTE_NS)
        self._since_ns = int(await self._store.meta("plant_accounts_since_ns", str(first_ns)))
        last_ns = await self._store.last_minute(WHOLE_PLANT)
        self._next_ns = self._since_ns if last_ns is None else last_ns + MINUTE_NS

    def as_told(self, plant: Plant) -> None:
        """Go on with the plant as it is with the factors that were told; nothing else of it may differ."""
        self._plant = plant

    def touched_by(self, times: Iterable[Times], *, not_before_ns: int) -> dict[tuple[str, int], str]:
        """Return minutes whose windows are to be stated again, for factors were told of these times.

        Every window that has a part in them has one of these minutes: none begins or ends within a quarter of an hour
        of the clock but at its edges, or where the times themselves do.
        """
        found: dict[tuple[str, int], str] = {}
        if self._works:
            for start_ns, end_ns in times:
                first_ns = minute_of(max(start_ns, self._since_ns, not_before_ns))
                last_ns = min(end_ns, self._next_ns)
                starts = range(first_ns - first_ns % _QUARTER_NS + _QUARTER_NS, last_ns, _QUARTER_NS)
                found |= {(WHOLE_PLANT, minute): WHY for minute in (first_ns, *starts) if minute < last_ns}
        return found

    @property
    def closed_until_ns(self) -> int:
        """The end of the last closed minute [ns]; 0 where there is nothing to account for the plant as a whole."""
        return self._next_ns

    async def stated(self, window: Window) -> PlantSums | None:
        """Return what is stated of a window that is bound to the clock: what potlines have a part in."""
        entry = await self._book.find(window) if self._works else None
        return None if entry is None else entry.sums

    async def suppose(self, minute_ns: int, sums: PlantSums) -> None:
        """Take a closed minute to be stated again like this, and write nothing: for a closer that only rehearses."""
        window = minute_window(minute_ns)
        known = await self._book.find(window)
        revision = 1 if known is None else known.revision + 1
        again = msgspec.structs.replace(sums, restated=1)
        await self._book.put(window, PlantStated(again, revision, (digest(self._parameters),)))

    async def would_state(self, window: Window) -> tuple[PlantStated | None, PlantSums] | None:
        """Return what the ledger has of a window, and what would be stated instead; None if that is the same."""
        known = await self._book.find(window)
        told = await self._statement(window, CLOSED)
        return None if told is None else (known, plant_by_weight(told[0].sums, told[0].metal))

    def marks(self, spans: Iterable[Span], *, not_before_ns: int, reason: str) -> dict[tuple[str, int], str]:
        """Return the closed minutes that readings changed, to be marked.

        Parameters
        ----------
        spans
            Which points changed, and when.
        not_before_ns
            Older minutes stay as they are: their inputs are, or soon will be, let go of [ns].
        reason
            Why they are stated again.
        """
        found: dict[tuple[str, int], str] = {}
        for point, since_ns, until_ns in spans:
            if point in self._points:
                first_ns = minute_of(max(since_ns, self._since_ns, not_before_ns))
                minutes = range(first_ns, min(until_ns, self._next_ns), MINUTE_NS)
                found |= {(WHOLE_PLANT, minute): reason for minute in minutes}
        return found

    def marks_of(self, records: Iterable[LedgerRecord]) -> dict[tuple[str, int], str]:
        """Return the closed minutes that stand on minutes of potlines which are stated now, to be marked."""
        return {
            (WHOLE_PLANT, record.start_ns): A_POTLINE_CHANGED
            for record in records
            if record.window == "minute" and self._since_ns <= record.start_ns < self._next_ns
        }

    def touched_by_tonnes(self, records: Iterable[LedgerRecord]) -> dict[tuple[str, int], str]:
        """Return a closed minute of each day or month that a potline states again: its tonnes may be others."""
        if self._plant.tapping is None:
            return {}
        starts = (
            max(record.start_ns, self._since_ns)
            for record in records
            if record.window in BY_WEIGHT and record.revision > 1
        )
        return {(WHOLE_PLANT, minute_of(start)): _TONNES_CHANGED for start in starts if start < self._next_ns}

    async def step(self, *, waits: bool = False) -> Closed | None:
        """Close what is due and, unless that waits, state again what changed, in portions; None: there is nothing."""
        if not self._works:
            return None
        closed = Closed()
        await self._close_due(closed)
        if not waits:
            await self._state_again(closed)
        if not closed.is_something:
            return None
        self._instruments.entries_total += len(closed.records)
        return closed

    async def settle(self) -> Closed | None:
        """State again some of what is marked, and close nothing new: for the command line."""
        if not self._works:
            return None
        closed = Closed()
        await self._state_again(closed)
        return closed if closed.is_something else None

    async def _close_due(self, closed: Closed) -> None:
        self._book.written()  # what the step before stated
        until_ns = min(self._lines.closed_until(potline.id) for potline in self._plant.potlines)
        due = min(_MOST_MINUTES, (until_ns - self._next_ns) // MINUTE_NS)
        if due <= 0:
            return
        minutes: list[int] = []
        for gathered in await self._gather(self._next_ns, due):
            await self._minute(gathered, "closed", closed)
            minutes.append(gathered.inputs.start_ns)
            self._next_ns += MINUTE_NS
        for window in self._over(minutes):
            await self._window(window, CLOSED, closed)

    async def _gather(self, start_ns: int, minutes: int) -> list[PlantGathered]:
        wanted = self._parameters.wanted
        return await self._store.ask(lambda db: gather_plant(db, wanted, start_ns, minutes))

    async def _state_again(self, closed: Closed) -> None:
        if not self._windows and not self._settling:
            await self._again(closed)
            if not closed.accounted and not closed.unchanged:
                touched = await self._store.ask(again.plant_accounted)
                starts = sorted(touched)
                for window in self._over(starts):
                    self._windows.append((window, touched[starts[bisect_left(starts, window.start_ns)]]))
                self._settling = [(WHOLE_PLANT, minute) for minute in touched]
        await self._some_windows(closed)

    async def _again(self, closed: Closed) -> None:
        """State minutes again that are marked in the store."""
        marked = await self._store.ask(lambda db: again.plant_marked(db, _MOST_AGAIN))
        for (_, start_ns), count in runs((WHOLE_PLANT, minute) for minute in marked):
            for gathered in await self._gather(start_ns, count):
                minute = gathered.inputs.start_ns
                known = minute < self._next_ns  # others are closed in their turn
                if known and not gathered.noted:
                    log.error(
                        "minute of the plant cannot be stated again",
                        minute_ns=minute,
                        reason="its inputs are no longer kept; see [store] keep_inputs",
                    )
                    known = False
                if known and await self._minute(gathered, marked[minute], closed):
                    closed.accounted.append((WHOLE_PLANT, minute))
                else:
                    closed.unchanged.append((WHOLE_PLANT, minute))

    async def _minute(self, gathered: PlantGathered, reason: str, closed: Closed) -> bool:
        """Account one minute; False if the ledger says the same already."""
        inputs = gathered.inputs
        window = minute_window(inputs.start_ns)
        known = await self._book.find(window)
        name = digest(self._parameters)
        sums = account_plant_minute(inputs, self._parameters, restated=known is not None)
        if known is not None:
            if same(sums, known.sums) and known.parameters == (name,):
                return False
            log.info("minute of the plant stated again", minute_ns=inputs.start_ns, reason=reason)
        revision = 1 if known is None else known.revision + 1
        if not self._kept:
            self._kept = True
            closed.parameters[name] = encoded(self._parameters)
        # Noted as the pots of a potline are: it goes when the inputs of the minute go.
        closed.pots.append((WHOLE_PLANT, inputs.start_ns, PotsInputs(0)))
        closed.records.append(
            plant_record(window, sums, revision=revision, reason=reason, parameters=[name], inputs=inputs.digest())
        )
        closed.lines += self._lines_of(window, sums, [], revision)
        await self._book.put(window, PlantStated(sums, revision, (name,)))
        return True

    def _over(self, minutes: Sequence[int]) -> list[Window]:
        return windows_touched(minutes, closed_until_ns=self._next_ns, calendar=self._calendar)

    async def _some_windows(self, closed: Closed) -> None:
        for _ in range(min(_MOST_WINDOWS, len(self._windows))):
            window, reason = self._windows.popleft()
            await self._window(window, reason, closed)
            await asyncio.sleep(0)  # a late correction touches many windows; others work in between
        if not self._windows:
            closed.settled += self._settling
            self._settling = []

    async def _window(self, window: Window, reason: str, closed: Closed) -> None:
        """State a window that is over, from what the windows and minutes say that it is made of."""
        if window.name in ROLLING_NS:
            sums, _ = await self._book.total(parts_of(window, self._calendar))
            if sums.minutes:
                closed.lines += self._lines_of(window, sums, [], sums.restated + 1)
            return
        told = await self._statement(window, reason)
        if told is None:
            return
        stated, record, sure = told
        sums = stated.sums
        closed.records.append(record)
        shares = await self._shares(window, sums.load)
        basis = plant_metal(sums, stated.metal).basis
        by_weight = plant_by_weight(sums, stated.metal)
        closed.lines += self._lines_of(window, by_weight, shares, record.revision, basis, sure)
        closed.lines += await self._following.by_the_market(self._plant, window, sums)
        closed.lines += await self._following.with_services(self._plant, window, sums)

    async def _statement(
        self, window: Window, reason: str
    ) -> tuple[PlantStated, LedgerRecord, PlantUncertainties | None] | None:
        """Return what is to be stated of a window, and note it; None if the ledger says the same, to the byte."""
        sums, digests = await self._book.total(parts_of(window, self._calendar))
        if not sums.minutes:
            return None
        lines = await self._following.accounts(self._plant, window)
        metals = {potline: line.metal for potline, line in lines.items() if line.metal.basis is not MetalBasis.FARADAY}
        sure = self._following.sure(self._plant, self._parameters.wanted, window, sums, lines) if metals else None
        told = used_in(self._plant, window.start_ns, window.end_ns)
        known = await self._book.find(window)
        revision = 1 if known is None else known.revision + 1
        why = CLOSED if known is None else reason
        record = plant_record(
            window, sums, revision=revision, reason=why, parameters=digests, metal=metals, sure=sure, told=told
        )
        if known is not None and known.wording == wording(record):
            return None
        stated = PlantStated(sums, revision, digests, metals, told, wording(record))
        await self._book.put(window, stated)
        return stated, record, sure

    async def _shares(self, window: Window, load: LoadSum) -> list[StatedShare]:
        if window.name not in _WITH_SHARES:
            return []
        hours = [(window, load)]
        if window.name != "hour":
            within = windows_between("hour", window.start_ns, window.end_ns, self._calendar)
            entries = [(hour, await self._book.find(hour)) for hour in within if hour.start_ns >= window.start_ns]
            hours = [(hour, entry.sums.load) for hour, entry in entries if entry is not None]
        return renewable_shares(window, load, hours, self._plant, least_coverage_pct=self._least_coverage_pct)

    def _lines_of(
        self,
        window: Window,
        sums: PlantSums,
        shares: Sequence[StatedShare],
        revision: int,
        basis: MetalBasis = MetalBasis.FARADAY,
        sure: PlantUncertainties | None = None,
    ) -> list[bytes]:
        return plant_lines(
            window,
            sums,
            shares,
            plant=self._plant.id,
            has_casthouse=self._has_casthouse,
            revision=revision,
            least_coverage_pct=self._least_coverage_pct,
            basis=basis,
            sure=sure,
        )


def same(sums: PlantSums, known: PlantSums) -> bool:
    """Tell whether two sums say the same, whatever was stated again."""
    return msgspec.structs.replace(sums, restated=known.restated) == known


def _points(plant: Plant, meters: Sequence[PlantMeter], masses: Sequence[StackMass]) -> frozenset[int]:
    """Return the points that the plant's account is made of."""
    names = {*(meter.energy.point for meter in meters), *(place.rate.point for place in masses)}
    return frozenset(place for place, point in enumerate(plant.points) if point.name in names)
