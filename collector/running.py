"""What runs in a collector and can be changed while it does: sources, the line, databases.

A change goes in this order. Sources that end are stopped. The line takes everything that they and the others have
brought by then, commits it, and ends. A new line is opened on the store, as at a restart; meanwhile the sources that go
on fill the inbox, which both lines share. Then new sources begin. Points keep their places in the table, so what is
under way means the same to both lines.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import msgspec
import structlog

from collector.acquisition.feed import Feed
from collector.acquisition.source import Arrival, Source
from collector.changes import Changes
from collector.instruments import Instruments
from collector.pipeline import Line
from collector.settings import Configuration, DeliveryTarget
from collector.store.schema import StoreUnwritable
from collector.store.store import Store

log = structlog.get_logger()

CHANGED = "configuration_changed"
"""Under this the store remembers when the configuration was last changed while running, and what of it."""

_AGAIN_AFTER_S = 1.0


class Making(Protocol):
    """Makes what runs; the composition root knows how."""

    def sources(self, configuration: Configuration, only: frozenset[str] | None) -> list[Source]:
        """Return the sources, or those of some names."""
        ...

    def reread(self, source: Source, configuration: Configuration) -> None:
        """Let a source go on with what its messages mean now."""
        ...

    async def line(self, configuration: Configuration, before: Line | None) -> Line:
        """Return a line that goes on where the store ends."""
        ...

    def fed(self, feed: Feed) -> Coroutine[Any, Any, None]:
        """Carry from a source to the inbox, for ever."""
        ...

    def delivered(self, target: DeliveryTarget) -> Coroutine[Any, Any, None]:
        """Feed a database from the outbox, for ever."""
        ...

    def told(self, configuration: Configuration, line: Line) -> Coroutine[Any, Any, None] | None:
        """Tell a broker of a line's alerts, for ever; None: nobody is to be told."""
        ...


@dataclass(slots=True, eq=False)
class Running:
    """Sources, line and databases at work in a task group.

    Parameters
    ----------
    group
        Ends the collector when one of them fails in a way that must not be.
    making
        Makes more of them.
    configuration, line
        What counts now, and the line by it.
    also
        A source that is there whatever is configured.
    """

    group: asyncio.TaskGroup
    making: Making
    configuration: Configuration
    line: Line
    store: Store
    instruments: Instruments
    stop: asyncio.Event
    _feeds: dict[str, Feed] = field(default_factory=dict, init=False)
    _feeding: dict[str, asyncio.Task[None]] = field(default_factory=dict, init=False)
    _delivering: dict[str, asyncio.Task[None]] = field(default_factory=dict, init=False)
    _working: asyncio.Task[None] = field(init=False)
    _telling: asyncio.Task[None] | None = field(default=None, init=False)

    def start(self) -> None:
        """Begin."""
        self._feed(self.making.sources(self.configuration, None))
        self._work()
        self._deliver({target.name for target in self.configuration.targets})

    def also_feed(self, feed: Feed, work: Coroutine[Any, Any, None]) -> None:
        """Carry from one more source, which no change ends."""
        name = feed.source.name
        self._feeds[name], self._feeding[name] = feed, self.group.create_task(work, name=name)

    async def change_to(self, configuration: Configuration, found: Changes) -> None:
        """Go on with another configuration, whose points must have kept their places. It ends also at a stop.

        Raises
        ------
        StoreUnwritable
            If the disk takes nothing when the collector is stopped meanwhile: nobody waits then.
        """
        if not found.line:
            self.configuration = configuration
            return
        held = await self._end(found)
        await self._hand_over(held)
        line = await self._opened(configuration, found)
        line.go_on_from(self.line)
        self.line, self.configuration = line, configuration
        self._work()
        for name in found.reread:
            self.making.reread(self._feeds[name].source, configuration)
        self._forget(found)
        self._feed(self.making.sources(configuration, found.started))
        self._deliver(found.delivered)

    async def end(self) -> None:
        """Stop the sources, bring everything that arrived to disk, and end the line and the deliveries."""
        feeding = list(self._feeding.values())
        for task in feeding:
            task.cancel()
        await asyncio.wait(feeding)
        self.line.stop([arrival for feed in self._feeds.values() for arrival in feed.held])
        await asyncio.wait([self._working])
        for task in self._delivering.values():
            task.cancel()
        if self._telling is not None:
            self._telling.cancel()

    def _work(self) -> None:
        self._working = self.group.create_task(self.line.run(), name="line")
        if self._telling is not None:  # it knows the alerts of the line before
            self._telling.cancel()
        telling = self.making.told(self.configuration, self.line)
        self._telling = None if telling is None else self.group.create_task(telling, name="alerts")

    def _feed(self, sources: list[Source]) -> None:
        for source in sources:
            feed = Feed(source, self.line.inbox, self.instruments)
            self.also_feed(feed, self.making.fed(feed))

    def _deliver(self, names: frozenset[str] | set[str]) -> None:
        for target in self.configuration.targets:
            if target.name in names:
                task = self.group.create_task(self.making.delivered(target), name=target.name)
                self._delivering[target.name] = task

    async def _end(self, found: Changes) -> list[Arrival]:
        """End sources and databases; return what had come from the former and is not in the inbox yet."""
        feeds = [self._feeds.pop(name) for name in found.stopped if name in self._feeds]
        ending = [self._feeding.pop(name) for name in found.stopped if name in self._feeding]
        ending += [self._delivering.pop(name) for name in found.ended if name in self._delivering]
        for task in ending:
            task.cancel()
        if ending:
            await asyncio.wait(ending)
        return [arrival for feed in feeds for arrival in feed.held]

    async def _hand_over(self, held: list[Arrival]) -> None:
        """Let the line take what has come by now, and end."""
        self.line.give_way(held)
        stopping = asyncio.create_task(self.stop.wait())
        try:
            await asyncio.wait([self._working, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
        if not self._working.done():  # it may be waiting for room on the disk, for which nobody waits at a stop
            self.line.stop([])
            await asyncio.wait([self._working])

    async def _opened(self, configuration: Configuration, found: Changes) -> Line:
        """Return a line on the store, as soon as the disk lets it be opened."""
        now_ns = self.line.clock.now_ns()
        what = {"at_ns": now_ns, "added": found.added, "changed": found.changed, "removed": found.removed}
        while True:
            try:
                await self.store.take_points(configuration.plant.points)
                await self.store.note(CHANGED, msgspec.json.encode(what).decode())
                return await self.making.line(configuration, self.line)
            except StoreUnwritable as exc:
                if self.stop.is_set():
                    raise
                log.warning("new settings wait for the disk", reason=str(exc))
                await asyncio.sleep(_AGAIN_AFTER_S)
            self.line.progress()

    def _forget(self, found: Changes) -> None:
        """Show no state of what is no longer there."""
        for name in found.stopped - found.started:
            self.instruments.source_states.pop(name, None)
        for name in found.ended - found.delivered:
            self.instruments.target_states.pop(name, None)
        there = {meter.id for meter in self.configuration.plant.meters}
        for name in self.instruments.meters.keys() - there:
            del self.instruments.meters[name]


def in_place(running: Configuration, wanted: Configuration) -> Configuration:
    """Return a configuration whose points have the places that they have in the one that runs."""
    return replace(wanted, plant=wanted.plant.after(running.plant))
