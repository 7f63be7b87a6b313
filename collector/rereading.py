"""Dead letters of MQTT as a source: read again with the layouts as they are now, booked as late readings and events.

A letter goes once everything it caused is on disk. Read twice, after a crash in between, it books nothing twice: a
reading of the same point and time, and an event of the same id and rank, are known already.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

import structlog

from collector.acquisition.mqtt.message import KEPT_OF_A_MESSAGE, MessageReader, PayloadProblem, Told
from collector.acquisition.source import Arrival
from collector.plant.sparkplug import NAMESPACE
from collector.readings.batch import NO_READINGS, ReadingBatch
from collector.store import letters
from collector.store.letters import Letter
from collector.store.store import Store

log = structlog.get_logger()

_AT_ONCE = 100
_IDLE_S = 1.0


class CannotBeRead(Exception):
    """A letter cannot be read again, whatever the layouts say."""


class LettersAgain:
    """Reads the letters again that somebody asked for.

    Parameters
    ----------
    store
        Where they are.
    readers
        What reads the messages of a source, by the name that letters give it: ``mqtt:`` and the broker's id.
    not_before_ns
        Tells the time before which nothing is booked any more [UTC ns].
    """

    name = "dead letters"
    sends_again = True
    longest_pause_s = 30.0

    def __init__(self, store: Store, readers: Mapping[str, MessageReader], not_before_ns: Callable[[], int]) -> None:
        self._store = store
        self._readers = readers
        self._not_before_ns = not_before_ns

    def read_with(self, readers: Mapping[str, MessageReader], not_before_ns: Callable[[], int]) -> None:
        """Go on with other readers."""
        self._readers, self._not_before_ns = readers, not_before_ns

    async def arrivals(self) -> AsyncGenerator[Arrival, None]:
        """Yield what letters say, until cancelled."""
        while True:
            async with contextlib.aclosing(self.asked_for()) as found:
                async for arrival in found:
                    yield arrival
            await asyncio.sleep(_IDLE_S)

    async def asked_for(self) -> AsyncGenerator[Arrival, None]:
        """Yield what the letters say that are asked for now. What is not acknowledged holds up what follows."""
        while found := await self._store.ask(lambda db: letters.next_asked_for(db, _AT_ONCE)):
            on_disk = asyncio.Event()
            arrival, read, unreadable = self._read(found, on_disk)
            yield arrival
            await on_disk.wait()
            await self._settle(read, unreadable)

    def _read(
        self, found: Sequence[Letter], on_disk: asyncio.Event
    ) -> tuple[Arrival, list[int], list[tuple[int, str]]]:
        told: list[Told] = []
        read: list[int] = []
        unreadable: list[tuple[int, str]] = []
        for one in found:
            try:
                said = self._said(one)
            except (CannotBeRead, PayloadProblem) as exc:
                unreadable.append((one.seq, str(exc)))
                continue
            told.append(said)
            if said.refused:  # a part of it is wrong still
                unreadable.append((one.seq, str(said.refused[0].problem)))
            else:
                read.append(one.seq)
        past = [said.past for said in told if said.past is not None]
        events = tuple(event for said in told for event in said.events)
        joined = ReadingBatch.joined(past) if past else NO_READINGS
        return Arrival(NO_READINGS, events, acknowledge=on_disk.set, past=joined), read, unreadable

    def _said(self, one: Letter) -> Told:
        """Return what a letter says, all of it as of the past."""
        message = one.letter
        if message.place.startswith(f"{NAMESPACE}/"):
            raise CannotBeRead("a Sparkplug message counts with those before it, and cannot be read alone")
        if len(message.body) >= KEPT_OF_A_MESSAGE:
            raise CannotBeRead(f"the message is kept in part only, its first {KEPT_OF_A_MESSAGE} bytes")
        reader = self._readers.get(message.source)
        if reader is None:
            raise CannotBeRead(
                f"no broker of the settings is {message.source.removeprefix('mqtt:')}; add it and ask again"
            )
        told = reader.read(message.place, message.body, arrived_ns=message.time_ns, retained=False).of_the_past()
        times = [event.time_ns for event in told.events]
        times += [] if told.past is None else told.past.time_ns.tolist()
        if times and min(times) < self._not_before_ns():
            raise CannotBeRead("it tells of a time older than [store] keep_inputs, where nothing is booked any more")
        return told

    async def _settle(self, read: list[int], unreadable: list[tuple[int, str]]) -> None:
        await self._store.change(lambda db: letters.settle(db, read, unreadable))
        log.info("dead letters read again", read=len(read), unreadable=len(unreadable))
