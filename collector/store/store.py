"""The writer of the store, on a thread of its own: the event loop only waits for it."""

import asyncio
import contextlib
import sqlite3
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import IO, ParamSpec, Self, TypeVar

from collector.readings.cell import Cell
from collector.readings.event import AnodeEffect, Event
from collector.readings.outgoing import DeadLetter, DropCause, OutboxRecord, WhenFull
from collector.readings.point import PointTable
from collector.readings.trace import Trace
from collector.store import again, aging, eviction, inputs, ledger, outbox, pot_minutes
from collector.store.commit import Commit, LedgerRecord
from collector.store.eviction import Dropped
from collector.store.mark import Left
from collector.store.new_lines import NewLines
from collector.store.outbox import Bounds, OutboxState, Resent
from collector.store.recovery import Opened, is_damage, is_unwritable, note_left, open_writer
from collector.store.rescue import seek
from collector.store.schema import StoreError, StoreUnwritable, lock, open_database
from collector.store.transaction import Transaction

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Store:
    """The store as its one writer sees it. Methods are called from the event loop and work on the store's thread.

    Every method raises StoreError when the file cannot be read or written; StoreUnwritable where it only cannot be
    written, and all is as it was before: the same may be tried again.
    """

    writes = True
    """Whether commits are taken."""

    def __init__(self, path: Path, points: PointTable, *, is_alone: bool = True) -> None:
        """``is_alone`` False: on behalf of one that has the store for itself, and beside others like this one."""
        self.path = path
        self._is_alone = is_alone
        self._points = points
        self._lock: IO[bytes] | None = None
        self._left_as = Left.IN_USE
        self._known = NewLines()
        self._sought: set[int] = set()
        self.done_at_opening: Sequence[str] = ()
        """What was damaged and is mended, or made anew, in words."""
        self.log_lost = False
        """Whether the write-ahead log of an unorderly stop was gone when the store was opened."""
        self.lost_records = 0
        """Records of the outbox that damage has cost, found when the store was opened."""
        self.outbox_bytes = 0
        """Size of all records of the outbox [bytes], without those of another process since ``let_go``."""
        self.news = asyncio.Event()
        """Set with the next commit of this process; another one from then on."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    async def __aenter__(self) -> Self:
        """Open.

        Raises
        ------
        StoreError
            If it cannot be opened, or another collector works on it.
        """
        try:
            await self._do(self._open)
        except BaseException:
            await asyncio.to_thread(self._thread.shutdown)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close, and leave one file and its lock behind."""
        try:
            await self._do(self._close)
        finally:
            await asyncio.to_thread(self._thread.shutdown)

    async def _do(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        # Shielded: a cancelled caller must not leave a transaction running behind its back.
        future = asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(*args, **kwargs))
        try:
            return await asyncio.shield(future)
        except sqlite3.DatabaseError as exc:
            hint = "check the disk's space and health; what is not committed will be read or sent again"
            if is_unwritable(exc):
                raise StoreUnwritable(f"use the store {self.path}: {exc}; {hint}") from exc
            if is_damage(exc):
                await asyncio.to_thread(self._note_damage)
                hint = "check the disk's health; at the next start it is made anew from what can be read"
            raise StoreError(f"use the store {self.path}: {exc}; {hint}") from exc

    def _note_damage(self) -> None:
        self._left_as = Left.DAMAGED
        if self._lock is not None and not self._lock.closed:
            note_left(self._lock, Left.DAMAGED)

    def _open(self) -> None:
        with contextlib.ExitStack() as opened:
            if self._is_alone:
                self._lock = opened.enter_context(lock(self.path))
            try:
                if self._lock is not None:
                    writer = open_writer(self.path, self._lock)
                    self._db = opened.enter_context(contextlib.closing(writer.connection))
                    self._tell(writer)
                else:
                    self._db = opened.enter_context(contextlib.closing(open_database(self.path)))
                self._take_points(self._points)
                self.outbox_bytes = outbox.size_of(self._db)
            except sqlite3.DatabaseError as exc:
                if is_damage(exc):
                    self._note_damage()
                raise
            opened.pop_all()

    def _tell(self, opened: Opened) -> None:
        self.done_at_opening, self.log_lost = opened.done, opened.log_lost
        self.lost_records = 0 if opened.rescued is None else len(opened.rescued.lost_of_outbox)

    async def take_points(self, points: PointTable) -> None:
        """Go on with a table of points in which those of the one before have kept their places."""
        await self._do(self._take_points, points)

    def _take_points(self, points: PointTable) -> None:
        self._points = points
        names = ((point.name,) for point in points)
        with Transaction(self._db):
            self._db.executemany("INSERT INTO point (name) VALUES (?) ON CONFLICT DO NOTHING", names)
        ids = dict(self._db.execute("SELECT name, id FROM point"))
        self._ids = array("q", [ids[point.name] for point in points])

    def _close(self) -> None:
        try:
            if self._is_alone:
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                # Before the log goes: a log that is missing though the store is in use has been taken away.
                if self._lock is not None and self._left_as is Left.IN_USE:
                    note_left(self._lock, Left.ORDERLY)
                    self._left_as = Left.ORDERLY
        except sqlite3.DatabaseError as exc:
            if not is_unwritable(exc):
                raise
            # All is in the log, which stays; the next start carries it over.
        finally:
            self._db.close()
            if self._lock is not None:
                # Closing may have carried the log over where that failed just before.
                if self._left_as is Left.IN_USE and not self.path.with_name(self.path.name + "-wal").exists():
                    note_left(self._lock, Left.ORDERLY)
                self._lock.close()

    async def commit(self, commit: Commit) -> None:
        """Write a commit. It is on disk when this returns."""
        await self._do(self._commit, commit)
        self.news.set()
        self.news = asyncio.Event()

    def _commit(self, commit: Commit) -> None:
        db = self._db
        rendered = commit.encode()
        with Transaction(db):
            inputs.write_cells(db, {(self._ids[place], minute): cell for (place, minute), cell in commit.cells.items()})
            inputs.write_traces(
                db, {(self._ids[place], minute): each for (place, minute), each in commit.traces.items()}
            )
            inputs.write_pots(db, commit.pots)
            pot_minutes.write(db, commit.pot_minutes)
            inputs.write_events(db, commit.events)
            again.settle(db, commit)
            again.mark(db, commit.dirty)
            again.touch(db, commit.touched)
            ledger.keep_parameters(db, commit.parameters)
            ledger.append(db, commit.records, commit.time_ns)
            appended = outbox.append(
                db, commit.lines, commit.time_ns, self._known if self._is_alone else None, rendered=rendered
            )
            outbox.write_dead(db, commit.dead)
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?,?)", commit.remembered.items())
        self.outbox_bytes += appended

    def _by_id(self, kept: Mapping[tuple[int, int], _T]) -> dict[tuple[int, int], _T]:
        """Return what is kept by point and minute by the store's id of the point."""
        return {(self._ids[place], minute): each for (place, minute), each in kept.items()}

    async def meta(self, key: str, default: str) -> str:
        """Return a remembered value; the first caller's default is remembered for ever."""
        return await self._do(self._meta, key, default)

    def _meta(self, key: str, default: str) -> str:
        with Transaction(self._db):
            self._db.execute("INSERT OR IGNORE INTO meta VALUES (?,?)", (key, default))
        return str(self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0])

    async def note(self, key: str, value: str) -> None:
        """Remember a value in place of the one before."""
        await self._do(self._note, key, value)

    def _note(self, key: str, value: str) -> None:
        with Transaction(self._db):
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (key, value))

    async def last_cells(self, places: Iterable[int]) -> dict[int, Cell]:
        """Return the latest cell of each point that has one."""
        asked = {self._ids[place]: place for place in places}
        found = await self._do(lambda: inputs.last_cells(self._db, list(asked)))
        return {asked[id_]: cell for id_, cell in found.items()}

    async def last_traces(self, last_cells: Mapping[int, Cell]) -> dict[int, Trace]:
        """Return the readings of the minutes of some cells, by point, where they are kept."""
        stretches = [(place, cell.minute_ns, cell.minute_ns + 1) for place, cell in last_cells.items()]
        _, traces = await self.around(stretches)
        return {place: trace for (place, _), trace in traces.items()}

    async def cells_around(self, places: Iterable[int], start_ns: int, end_ns: int) -> dict[int, list[Cell]]:
        """Return the cells of each point in an interval, with the nearest one before and after it."""
        asked = {self._ids[place]: place for place in places}
        found = await self._do(lambda: inputs.cells_around(self._db, list(asked), start_ns, end_ns))
        return {asked[id_]: cells for id_, cells in found.items()}

    async def around(
        self, stretches: Sequence[tuple[int, int, int]]
    ) -> tuple[dict[int, list[Cell]], dict[tuple[int, int], Trace]]:
        """Return cells and traces of points, each from one time to another, with the nearest cell before and after."""
        return await self._do(self._around, stretches)

    def _around(
        self, stretches: Sequence[tuple[int, int, int]]
    ) -> tuple[dict[int, list[Cell]], dict[tuple[int, int], Trace]]:
        cells: dict[int, list[Cell]] = {}
        traces: dict[tuple[int, int], Trace] = {}
        for place, start_ns, end_ns in stretches:
            id_ = self._ids[place]
            cells.setdefault(place, []).extend(inputs.cells_around(self._db, [id_], start_ns, end_ns)[id_])
            found = inputs.traces_in(self._db, id_, start_ns, end_ns)
            traces |= {(place, minute): trace for minute, trace in found.items()}
        return cells, traces

    async def fresh(self, events: Sequence[Event]) -> list[Event]:
        """Return the events that tell something new: with a rank above all that is known of their id."""
        return await self._do(lambda: inputs.fresh(self._db, events))

    async def minutes_of(self, ids: Iterable[str]) -> list[tuple[str, int]]:
        """Return potline and time [ns] under which each known event counts now."""
        return await self._do(lambda: inputs.minutes_of(self._db, ids))

    async def events_between(self, potline: str, start_ns: int, end_ns: int) -> list[Event]:
        """Return the events of a potline in an interval, each as its highest rank tells it."""
        return await self._do(lambda: inputs.events_between(self._db, potline, start_ns, end_ns))

    async def effects_between(self, potline: str, start_ns: int, end_ns: int) -> list[AnodeEffect]:
        """Return the anode effects of a potline that begin in an interval, each as its highest rank tells it."""
        return await self._do(lambda: inputs.effects_between(self._db, potline, start_ns, end_ns))

    async def ask(self, question: Callable[[sqlite3.Connection], _T]) -> _T:
        """Ask something of the database on the store's thread. The question only reads."""
        return await self._do(lambda: question(self._db))

    async def change(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Change something in the database in one transaction, on the store's thread."""
        return await self._do(self._change, work)

    def _change(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        with Transaction(self._db):
            return work(self._db)

    async def dirty(self, limit: int, potline: str = "") -> dict[tuple[str, int], str]:
        """Return closed minutes that must be stated again, of one potline or of all, oldest first, with the reason."""
        return await self._do(lambda: again.marked(self._db, limit, potline))

    async def restated(self, potline: str = "") -> dict[tuple[str, int], str]:
        """Return minutes that were stated again and whose windows are not yet, with the reason."""
        return await self._do(lambda: again.accounted(self._db, potline))

    async def last_minute(self, potline: str) -> int | None:
        """Return the start of the last minute in the ledger [ns], if there is any."""
        return await self._do(lambda: ledger.last_minute(self._db, potline))

    async def latest_records(self, potline: str, window: str, start_ns: int, end_ns: int) -> list[LedgerRecord]:
        """Return the records in force of a potline that begin in an interval, in order."""
        return await self._do(lambda: ledger.latest_records(self._db, potline, window, start_ns, end_ns))

    async def pending(self, target: str, *, most_bytes: int, under_way: Iterable[int] = ()) -> list[OutboxRecord]:
        """Return the oldest records that a database has not taken yet: at least one if there are any, up to some size.

        Those that are ``under_way`` to it are not among them, nor those that must wait for older ones. A record that
        should be there and is not is sought in the bytes of the file, once. If that does not find it, an empty one that
        is not whole stands in its place, for the caller to tell of.
        """
        return await self._do(self._pending, target, most_bytes, tuple(under_way))

    def _pending(self, target: str, most_bytes: int, under_way: Sequence[int]) -> list[OutboxRecord]:
        found = outbox.pending(self._db, target, most_bytes, under_way)
        missing = {record.seq for record in found if not record.body}
        if missing <= self._sought:
            return found
        with Transaction(self._db):
            self._sought |= missing | set(seek(self._db, self.path))
        return outbox.pending(self._db, target, most_bytes, under_way)

    async def newest(
        self, target: str, *, most_bytes: int, since_ns: int, after: int = 0, under_way: Iterable[int] = ()
    ) -> list[OutboxRecord]:
        """Return the records written since some time and behind some number that a database has not taken yet.

        Those that are ``under_way`` to it are not among them.
        """
        bounds = {"most_bytes": most_bytes, "since_ns": since_ns, "after": after}
        return await self._do(lambda: outbox.newest(self._db, target, **bounds, under_way=under_way))

    async def take(self, target: str, numbers: Iterable[int], dead: Sequence[DeadLetter] = ()) -> None:
        """Note that a database has taken records, in ascending order, and keep what it refused.

        One that must wait for older ones is not noted while those are not taken; it is offered again.
        """
        await self._do(self._take, target, numbers, dead)

    def _take(self, target: str, numbers: Iterable[int], dead: Sequence[DeadLetter]) -> None:
        with Transaction(self._db):
            outbox.take(self._db, target, numbers)
            outbox.write_dead(self._db, dead)

    async def rewind(self, target: str, to_ns: int) -> Resent:
        """Let a database take again everything that was written from some time on [ns]; from 0 on is all there is."""
        return await self._do(self._again, outbox.rewind, target, to_ns)

    async def resend(self, target: str, from_ns: int, to_ns: int) -> Resent:
        """Let a database take again what was written from one time to another [ns], the second not with it."""
        return await self._do(self._again, outbox.resend, target, from_ns, to_ns)

    def _again(self, work: Callable[..., Resent], *args: object) -> Resent:
        with Transaction(self._db):
            return work(self._db, *args)

    async def outbox_state(self, targets: Sequence[str] = ()) -> OutboxState:
        """Return how full the outbox is, and what each of some databases has not taken."""
        return await self._do(lambda: outbox.state(self._db, targets))

    async def let_go(self, targets: Sequence[str], bounds: Bounds, now_ns: int) -> Dropped:
        """Let go of what was delivered and of what passed its bounds, and give the space back."""
        return await self._do(self._let_go, targets, bounds, now_ns)

    def _let_go(self, targets: Sequence[str], bounds: Bounds, now_ns: int) -> Dropped:
        with Transaction(self._db):
            dropped = eviction.let_go(self._db, targets, bounds, now_ns)
            inputs.let_go(self._db, now_ns - int(bounds.keep_inputs_s * 1e9))
            pot_minutes.let_go(self._db, now_ns)
            ledger.let_go(self._db, now_ns - int(bounds.keep_minutes_s * 1e9))
            size_bytes = outbox.size_of(self._db)
        self.outbox_bytes = size_bytes
        # A script: executed as a statement it would give back one page and stop.
        self._db.executescript("PRAGMA incremental_vacuum(2048)")
        return dropped

    async def drop_oldest(
        self, targets: Sequence[str], least_bytes: int, cause: DropCause, when_full: WhenFull
    ) -> Dropped:
        """Let go of records of the outbox that have some bytes together, first of what was delivered.

        What was not goes only where a full outbox is to drop its oldest. The space stays for what comes next.
        """
        return await self._do(self._drop_oldest, targets, least_bytes, cause, when_full)

    def _drop_oldest(self, targets: Sequence[str], least_bytes: int, cause: DropCause, when_full: WhenFull) -> Dropped:
        with Transaction(self._db):
            dropped = eviction.drop_oldest(self._db, targets, least_bytes, cause, when_full)
            size_bytes = outbox.size_of(self._db)
        self.outbox_bytes = size_bytes
        return dropped

    async def note_clock_step(self, step_ns: int) -> None:
        """Note that the machine's clock was set since the latest commit: the outbox is no older by it, nor younger."""
        await self._do(self._in_a_transaction, aging.note_step, step_ns)

    async def note_pause(self, now_ns: int) -> None:
        """Take the time since the latest record of the outbox for a step of the clock, if it is long, or negative."""
        await self._do(self._in_a_transaction, aging.note_pause, now_ns)

    def _in_a_transaction(self, work: Callable[[sqlite3.Connection, int], None], number: int) -> None:
        with Transaction(self._db):
            work(self._db, number)
