"""When which minute is closed, or stated again.

What has to be stated again is kept in the store until it is done: first the minutes, then, once no minute is left, the
windows that they touch. So a correction of a month gives one new revision of the month, and a crash in between loses
nothing.
"""

import asyncio
from bisect import bisect_left
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import msgspec
import structlog

from collector.accounting.account import account_minute
from collector.accounting.fingerprint import fingerprint
from collector.accounting.intensity import FARADAY, Metal
from collector.accounting.parameters import Conventions, InForce, Parameters, Wanted, encoded, wanted
from collector.accounting.production import PotWatch, inputs_of
from collector.accounting.stating import uncertainties
from collector.accounting.sums import Sums
from collector.accounting.windows import ROLLING_NS, Window, minute_window, parts_of, rolling_ending, windows_touched
from collector.closing import balancing, efficiency, entries
from collector.closing.balancing import Balancing
from collector.closing.book import Book, Stated
from collector.closing.closed import Closed, runs
from collector.closing.entries import Interval
from collector.closing.fuels import fuels_of, note_fuels
from collector.closing.gathering import Gathered, gather_with_pots
from collector.closing.pages import wording
from collector.closing.pricing import Pricing
from collector.closing.recomputing import same
from collector.closing.tonnage import BY_WEIGHT, Tonnes, rules_of_metal, tonnes_of
from collector.instruments import Instruments
from collector.plant.balance import BalanceRules
from collector.plant.rule_tables import SteppedPrice
from collector.plant.topology import Plant, Potline
from collector.readings.cell import MINUTE_NS, minute_of
from collector.store.commit import LedgerRecord
from collector.store.store import Store

log = structlog.get_logger()

_MOST_MINUTES = 60
"""Minutes that are closed in one step, so that catching up after a long stop does not hold up the line."""
_MOST_AGAIN = 240
_MOST_WINDOWS = 100

SETTINGS = "accounts_fingerprint"
"""Under this name the collector that works on a store says which settings its accounts go by."""

CLOSED = "closed"


@dataclass(slots=True)
class _Line:
    """A potline's state: the next minute to close, why it has to wait, and what the ledger has of it."""

    potline: Potline
    wanted: Wanted
    in_force: InForce
    next_ns: int
    book: Book
    balancing: Balancing
    pricing: Pricing
    waits_for: str = ""


class Closer:
    """Closes minutes in order, potline by potline, once nothing more is expected for them."""

    def __init__(
        self,
        plant: Plant,
        store: Store,
        *,
        grace_s: float,
        conventions: Conventions,
        least_coverage_pct: float,
        pots: PotWatch,
        instruments: Instruments,
        balances: Mapping[str, BalanceRules] = MappingProxyType({}),
        price: SteppedPrice | None = None,
        only: str = "",
    ) -> None:
        """``only``: the one potline to work on; empty: all of them."""
        self._plant = plant
        self._calendar = plant.calendar
        self._store = store
        self._grace_ns = int(grace_s * 1e9)
        self._conventions = conventions
        self._least_coverage_pct = least_coverage_pct
        self._pots = pots
        self._instruments = instruments
        self._balances = balances
        self._price = price
        self._only = only
        self._lines: dict[str, _Line] = {}
        self._not_before_ns = 0
        self._since_ns = 0
        self._windows: deque[tuple[_Line, Window, str]] = deque()
        self._settling: list[tuple[str, int]] = []
        self._kept_parameters: set[str] = set()

    async def open(self, now_ns: int) -> None:
        """Go on where the ledger ends; the first minute of all is the first whole one after the first start.

        For as long as the grace nothing is closed after a start: the first readings bridge the time it was away.
        """
        self._not_before_ns = now_ns + self._grace_ns
        await self._store.note(SETTINGS, await asyncio.to_thread(lambda: self.fingerprint))
        self._since_ns = int(await self._store.meta("accounts_since_ns", str(minute_of(now_ns) + MINUTE_NS)))
        for potline in self._plant.potlines:
            if self._only not in {"", potline.id}:
                continue
            last_ns = await self._store.last_minute(potline.id)
            next_ns = self._since_ns if last_ns is None else last_ns + MINUTE_NS
            book = Book(potline.id, self._store)
            what = await asyncio.to_thread(wanted, self._plant, potline, self._conventions)
            kept = {key: await self._store.meta(key, "") for key in Balancing.keys(potline.id)}
            least = self._least_coverage_pct
            self._lines[potline.id] = _Line(
                potline=potline,
                wanted=what,
                in_force=InForce(self._plant, potline, what),
                next_ns=next_ns,
                book=book,
                balancing=Balancing(
                    self._plant, potline, self._balances.get(potline.id), kept=kept, least_coverage_pct=least
                ),
                pricing=Pricing(self._plant, potline, self._price, least_coverage_pct=least),
            )
            if self._store.writes:
                await note_fuels(self._store, self._plant, potline.id, self._since_ns, next_ns, now_ns)

    def as_told(self, plant: Plant) -> None:
        """Go on with the plant as it is with the factors that were told; nothing else of it may differ."""
        self._plant = plant
        for line in self._lines.values():
            line.in_force = InForce(plant, line.potline, line.wanted)

    @property
    def fingerprint(self) -> str:
        """The digest of all settings that its entries and lines depend on."""
        agreed = self._conventions, self._least_coverage_pct
        return fingerprint(self._plant, *agreed, self._balances, self._price)

    @property
    def since_ns(self) -> int:
        """The start of the first minute of all [ns]: there are no accounts of what was before."""
        return self._since_ns

    def closed_until(self, potline_id: str) -> int:
        """Return the end of the last closed minute of a potline [ns]."""
        return self._lines[potline_id].next_ns

    async def interval(self, potline_id: str, window: Window) -> tuple[Interval, Parameters] | None:
        """Return what is stated of a window of a potline, and with which parameters; None where nothing is."""
        line = self._lines[potline_id]
        if (known := await line.book.find(window)) is None:
            return None
        parameters, _ = line.in_force.at(max(window.start_ns, self._since_ns))
        fuels = known.fuels or fuels_of(self._plant, potline_id, window, known.sums)
        return Interval(potline_id, window, known.sums, known.revision, known.metal, fuels=fuels), parameters

    async def suppose(self, potline_id: str, minute_ns: int, sums: Sums) -> None:
        """Take a closed minute to be stated again like this, and write nothing: for a closer that only rehearses."""
        line, window = self._lines[potline_id], minute_window(minute_ns)
        known = await line.book.find(window)
        _, name = line.in_force.at(minute_ns)
        revision = 1 if known is None else known.revision + 1
        await line.book.put(window, Stated(msgspec.structs.replace(sums, restated=1), revision, (name,)))

    async def would_state(self, potline_id: str, window: Window) -> tuple[Stated | None, Interval] | None:
        """Return what the ledger has of a window, and what would be stated instead; None if that is the same."""
        line = self._lines[potline_id]
        known = await line.book.find(window)
        told = await self._statement(line, window, CLOSED)
        return None if told is None else (known, told[0])

    def potlines_of(self, point: int) -> list[str]:
        """Return the potlines in whose accounts a point stands."""
        owner = self._plant.points[point].owner
        lines = self._lines.values()
        return [line.potline.id for line in lines if any(owner == place.meter for place in line.wanted.meters)]

    async def step(self, now_ns: int, *, waits: bool = False) -> Closed | None:
        """Close what is due and, unless that waits, state again what changed, in portions; None: there is nothing."""
        closed = Closed()
        if now_ns >= self._not_before_ns:
            for line in self._lines.values():
                await self._close_due(line, now_ns, closed)
        if not waits:
            await self._state_again(closed)
        if not closed.is_something:
            return None
        self._instruments.entries_total += len(closed.records)
        return closed

    async def settle(self) -> Closed | None:
        """State again some of what is marked, and close nothing new: for the command line."""
        closed = Closed()
        await self._state_again(closed)
        return closed if closed.is_something else None

    async def _state_again(self, closed: Closed) -> None:
        if not self._windows and not self._settling:
            await self._again(closed)
            if not closed.accounted and not closed.unchanged:
                await self._touched()
        await self._some_windows(closed)

    async def _close_due(self, line: _Line, now_ns: int, closed: Closed) -> None:
        line.book.written()  # what the step before stated
        due = min(_MOST_MINUTES, (now_ns - self._grace_ns - line.next_ns) // MINUTE_NS)
        if due <= 0:
            return
        found = await self._gather(line, line.next_ns, due)
        minutes: list[int] = []
        for gathered in found:
            try:
                await self._minute(line, gathered, "closed", closed)
            except LookupError as exc:  # no factor is in force: the minute waits, and that is said once
                if line.waits_for != str(exc):
                    line.waits_for, potline = str(exc), line.potline.id
                    log.error(  # noqa: TRY400 - the sentence says it all
                        "minutes cannot be closed", potline=potline, minute_ns=line.next_ns, reason=str(exc)
                    )
                break
            line.waits_for = ""
            minutes.append(gathered.inputs.start_ns)
            line.next_ns += MINUTE_NS
        for window in self._over(line, minutes):
            await self._window(line, window, CLOSED, closed)

    async def _gather(self, line: _Line, start_ns: int, minutes: int) -> list[Gathered]:
        return await self._store.ask(lambda db: gather_with_pots(db, line.wanted, line.potline.pots, start_ns, minutes))

    async def _again(self, closed: Closed) -> None:
        """State minutes again that are marked in the store."""
        marked = await self._store.dirty(_MOST_AGAIN, self._only)
        for (potline, start_ns), count in runs(marked):
            line = self._lines.get(potline)
            keys = [(potline, start_ns + place * MINUTE_NS) for place in range(count)]
            if line is None:  # of a potline that is no longer in the plant file
                closed.unchanged += keys
                continue
            for gathered in await self._gather(line, start_ns, count):
                minute = gathered.inputs.start_ns
                key = (potline, minute)
                known = minute < line.next_ns  # others are closed in their turn
                if known and not gathered.pots_known:
                    log.error(
                        "minute cannot be stated again",
                        potline=potline,
                        minute_ns=minute,
                        reason="its inputs are no longer kept; see [store] keep_inputs",
                    )
                    known = False
                if known and await self._again_minute(line, gathered, marked[key], closed):
                    closed.accounted.append(key)
                else:
                    closed.unchanged.append(key)

    async def _again_minute(self, line: _Line, gathered: Gathered, reason: str, closed: Closed) -> bool:
        """State a closed minute again; where that is not possible, the entry it has stands, and that is said."""
        try:
            return await self._minute(line, gathered, reason, closed)
        except LookupError as exc:
            log.error(  # noqa: TRY400 - the sentence says it all
                "minute cannot be stated again",
                potline=line.potline.id,
                minute_ns=gathered.inputs.start_ns,
                reason=str(exc),
            )
            return False

    async def _minute(self, line: _Line, gathered: Gathered, reason: str, closed: Closed) -> bool:
        """Account one minute; False if the ledger says the same already."""
        inputs, ka = gathered.inputs, gathered.line_current_ka
        minute = inputs.start_ns
        known = await line.book.find(minute_window(minute))
        if gathered.pot_minute is not None:
            inputs = replace(inputs, pots=inputs_of(gathered.pot_minute, line.potline, line_current_ka=ka))
        elif not gathered.pots_known:
            inputs = replace(inputs, pots=self._pots.inputs(line.potline, minute, line_current_ka=ka))
        parameters, name = line.in_force.at(minute)
        sums = account_minute(inputs, parameters, restated=known is not None)
        if known is not None and same(sums, known.sums) and known.parameters in {(name,), ()}:
            return False
        revision = 1 if known is None else known.revision + 1
        if known is not None:
            log.info("minute stated again", potline=line.potline.id, minute_ns=minute, reason=reason)
        self._keep(name, parameters, closed)
        closed.pots.append((line.potline.id, minute, inputs.pots))
        stated = Interval(line.potline.id, minute_window(minute), sums, revision)
        closed.records.append(entries.record(stated, reason=reason, parameters=[name], inputs=inputs.digest()))
        closed.lines += entries.lines(stated, parameters, least_coverage_pct=self._least_coverage_pct)
        await line.book.put(minute_window(minute), Stated(sums, revision, (name,)))
        return True

    def _keep(self, name: str, parameters: Parameters, closed: Closed) -> None:
        if name not in self._kept_parameters:
            self._kept_parameters.add(name)
            closed.parameters[name] = encoded(parameters)

    def _over(self, line: _Line, minutes: Sequence[int]) -> list[Window]:
        return windows_touched(minutes, closed_until_ns=line.next_ns, calendar=self._calendar)

    async def _touched(self) -> None:
        """Note the windows that minutes stated again are part of, or that something else was told about."""
        touched = await self._store.restated(self._only)
        by_line: dict[str, dict[int, str]] = {}
        for (potline, minute), reason in touched.items():
            by_line.setdefault(potline, {})[minute] = reason
        for potline, minutes in by_line.items():
            line = self._lines.get(potline)
            if line is not None:
                starts = sorted(minutes)
                for window in self._over(line, starts):
                    first = starts[bisect_left(starts, window.start_ns)]
                    self._windows.append((line, window, minutes[first]))
        self._settling = list(touched)

    async def _some_windows(self, closed: Closed) -> None:
        for _ in range(min(_MOST_WINDOWS, len(self._windows))):
            line, window, reason = self._windows.popleft()
            await self._window(line, window, reason, closed)
            await asyncio.sleep(0)  # a late correction touches many windows; others work in between
        if not self._windows:
            closed.settled += self._settling
            self._settling = []

    async def _window(self, line: _Line, window: Window, reason: str, closed: Closed) -> None:
        """State a window that is over, from what the windows and minutes say that it is made of."""
        least = self._least_coverage_pct
        if window.name in ROLLING_NS:
            hours = parts_of(window, self._calendar) if window.name != "rolling_24h" else []
            sums = await (line.book.of_hours(hours) if hours else line.book.rolling(window))
            if sums.minutes:
                parameters, _ = self._in_force(line, window)
                fuels = fuels_of(self._plant, line.potline.id, window, sums)
                rolling = Interval(line.potline.id, window, sums, sums.restated + 1, fuels=fuels)
                closed.lines += entries.lines(rolling, parameters, least_coverage_pct=least)
            return
        told = await self._statement(line, window, reason)
        if told is None:
            return
        stated, record = told
        parameters, name = self._in_force(line, window)
        self._keep(name, parameters, closed)
        closed.records.append(record)
        closed.lines += entries.lines(stated, parameters, least_coverage_pct=least)
        await self._beside(line, window, stated.sums, stated.metal, closed)
        await efficiency.compare(line.book, line.in_force, stated, self._plant, self._since_ns, least)

    def _in_force(self, line: _Line, window: Window) -> tuple[Parameters, str]:
        # A month may have begun before the first of its minutes, and so may its parameters.
        return line.in_force.at(max(window.start_ns, self._since_ns))

    async def _statement(self, line: _Line, window: Window, reason: str) -> tuple[Interval, LedgerRecord] | None:
        """Return what is to be stated of a window, and note it; None if the ledger says the same, to the byte."""
        sums, digests = await line.book.total(parts_of(window, self._calendar))
        if not sums.minutes:
            return None
        potline, least = line.potline, self._least_coverage_pct
        parameters, name = self._in_force(line, window)
        told, by = Tonnes(FARADAY), ""
        if window.name in BY_WEIGHT and self._plant.tapping is not None:
            by = rules_of_metal(self._plant, potline, least_coverage_pct=least)
            told = await tonnes_of(self._store, self._plant, potline, window, sums, least_coverage_pct=least)
        known = await line.book.find(window)
        bridged = {
            meter: await line.book.bridged_at_edges(window, meter)
            for meter, amount in sums.meters.items()
            if amount.estimated_kwh > 0
        }
        fuels = fuels_of(self._plant, potline.id, window, sums)
        of_fuels = () if fuels is None else fuels.factors
        sure = uncertainties(sums, parameters, told.metal, length_s=window.length_s, at_edges=bridged, fuels=of_fuels)
        revision = 1 if known is None else known.revision + 1
        stated = Interval(potline.id, window, sums, revision, told.metal, sure, told.findings, fuels)
        why = CLOSED if known is None else reason
        record = entries.record(stated, reason=why, parameters=digests, stated_with=name, metal_rules=by)
        if known is not None and known.wording == wording(record):
            return None
        await line.book.put(window, Stated(sums, revision, digests, told.metal, fuels, wording(record)))
        return stated, record

    async def _beside(self, line: _Line, window: Window, sums: Sums, metal: Metal, closed: Closed) -> None:
        """Write what is told of a window beside its intensities: energy balance, and the price tier of its month."""
        if window.name in balancing.NAMES:
            last_day = await line.book.rolling(rolling_ending(window.end_ns)) if window.name == "hour" else None
            closed.lines += line.balancing.lines(window, sums, last_day=last_day)
            closed.remembered |= line.balancing.remembered
        closed.lines += await line.pricing.lines(window, line.book, metal=metal)
