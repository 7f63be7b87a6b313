"""What passes between the session and a reader: publications, what is stale, the last will, and what is a bug."""

import asyncio
import contextlib
import json
import math
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field

import aiomqtt
import pytest
from mqtt_session import StartBroker, session, subscriber
from potroom import NOW_NS, publish
from server_process import free_port
from servers import Mosquitto
from tcp_proxy import tcp_proxy
from waiting import until

from collector.acquisition.mqtt.message import Cause, PayloadProblem, Publication, Subscription, Told
from collector.instruments import Instruments
from collector.plant.meter import Broker
from collector.readings.batch import Reading, ReadingBatch

pytestmark = pytest.mark.asyncio

STATUS = "potline/potline-test/status"
both_protocols = pytest.mark.parametrize("protocol", ["5", "3.1.1"])


@dataclass
class Scripted:
    """A reader of ``in/#``: each payload is a number, and point 7 has it; it notes what it is asked."""

    will: Publication | None = None
    calls: list[str] = field(default_factory=list)
    due_next: tuple[Publication, ...] = ()
    stale_next: list[tuple[int, int, float, int]] = field(default_factory=list)
    subscriptions: tuple[Subscription, ...] = (Subscription("in/#", 1),)

    def connected(self, now_ns: int) -> tuple[Publication, ...]:
        assert now_ns == NOW_NS
        self.calls.append("connected")
        return (Publication("out/connected", b"here", 1, retain=False),)

    def read(self, topic: str, payload: bytes, *, arrived_ns: int, retained: bool) -> Told:
        assert arrived_ns == NOW_NS
        self.calls.append(f"{topic}{' retained' if retained else ''}")
        if topic == "in/bug":
            raise RuntimeError("a bug")
        if topic == "in/many":
            return Told([(7, NOW_NS, 1.0, 192)], batch=ReadingBatch.of([(8, 1, 2.0, 192), (8, 2, 3.0, 192)]))
        if topic == "in/answer":
            return Told([], publications=(Publication("out/answer", payload, 0, retain=False),))
        try:
            return Told([(7, NOW_NS, float(payload), 192)])
        except ValueError as exc:
            raise PayloadProblem(Cause.NOT_A_NUMBER, str(exc)) from exc

    def lost(self, now_ns: int) -> Told:
        assert now_ns == NOW_NS
        self.calls.append("lost")
        return Told([(7, now_ns, float("nan"), 0)])

    def due(self, now_ns: int) -> Told:
        assert now_ns == NOW_NS
        self.calls.append("due")
        due, self.due_next = self.due_next, ()
        stale, self.stale_next = self.stale_next, []
        return Told(stale, publications=due)


@contextlib.asynccontextmanager
async def listening(broker: Mosquitto, topic: str) -> AsyncIterator[list[tuple[str, bytes]]]:
    """Yield the list of what comes on a topic, with an 'r' before what was retained."""
    heard: list[tuple[str, bytes]] = []

    async def listen(client: aiomqtt.Client) -> None:
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            heard.append((("r " if message.retain else "") + message.topic.value, message.payload))

    async with aiomqtt.Client(broker.host, broker.port) as client:
        await client.subscribe(topic, 1)
        task = asyncio.create_task(listen(client))
        yield heard
        task.cancel()
        await asyncio.wait({task})


@both_protocols
async def test_a_readers_publications_are_sent(mosquitto: StartBroker, protocol: str) -> None:
    broker = mosquitto()
    reader = Scripted(due_next=(Publication("out/due", b"now", 2, retain=False),))
    async with listening(broker, "out/#") as heard, session(subscriber(broker.port, protocol, reader=lambda _: reader)):
        await until(lambda: len(heard) == 2)
        assert sorted(heard) == [("out/connected", b"here"), ("out/due", b"now")]
        await publish(broker.port, [("in/answer", b"question")])
        await until(lambda: len(heard) == 3)
        assert heard[2] == ("out/answer", b"question")
        reader.due_next = (Publication("out/later", b"", 1, retain=False),)
        await until(lambda: len(heard) == 4, within_s=10.0)
        assert heard[3] == ("out/later", b"")


async def test_a_reader_is_connected_before_it_reads_what_the_broker_kept(mosquitto: StartBroker) -> None:
    broker = mosquitto()
    reader = Scripted()
    source = subscriber(broker.port, reader=lambda _: reader)
    async with session(source) as run:
        await run.subscribed()
    await publish(broker.port, [("in/a", b"1"), ("in/b", b"2")])
    reader.calls.clear()
    async with session(source) as run:
        await run.until(lambda: run.values == [1, 2])
    order = [call for call in reader.calls if call != "due"]
    assert order == ["connected", "in/a", "in/b"]


async def test_a_reader_hears_what_was_retained(mosquitto: StartBroker) -> None:
    broker = mosquitto()
    await publish(broker.port, [("in/a", b"1")], retain=True)
    reader = Scripted()
    async with session(subscriber(broker.port, reader=lambda _: reader)) as run:
        await run.until(lambda: run.values == [1])
        await publish(broker.port, [("in/a", b"2")], retain=True)
        await run.until(lambda: run.values == [1, 2])
    assert [call for call in reader.calls if call.startswith("in/")] == ["in/a retained", "in/a"]


async def test_rows_and_columns_come_in_the_order_in_which_they_were_told(mosquitto: StartBroker) -> None:
    broker = mosquitto()
    async with session(subscriber(broker.port, reader=lambda _: Scripted())) as run:
        await run.subscribed()
        await publish(broker.port, [("in/a", b"5"), ("in/many", b""), ("in/b", b"6"), ("in/c", b"x")])
        await run.until(lambda: len(run.values) == 5)
        rows = [row for arrival in run.arrivals for row in arrival.batch]
        assert [(row.point, row.value) for row in rows] == [(7, 5), (7, 1), (8, 2), (8, 3), (7, 6)]
        assert isinstance(rows[0], Reading)
        assert run.rejected == ["could not convert string to float: b'x'"]


async def test_what_is_stale_because_of_a_lost_connection_arrives_before_its_end_is_told(
    mosquitto: StartBroker,
) -> None:
    broker = mosquitto()
    reader = Scripted()
    async with session(subscriber(broker.port, reader=lambda _: reader)) as run:
        await run.subscribed()
        await publish(broker.port, [("in/a", b"1")])
        await run.until(lambda: run.values == [1])
        broker.kill()
        await run.ended()
        assert [(row.point, row.quality) for row in run.arrivals[-1].batch] == [(7, 0)]
    assert [call for call in reader.calls if call != "due"] == ["connected", "in/a", "lost"]


async def test_what_time_has_brought_about_arrives_by_itself(mosquitto: StartBroker) -> None:
    broker = mosquitto()
    reader = Scripted()
    async with session(subscriber(broker.port, reader=lambda _: reader)) as run:
        await run.subscribed()
        reader.stale_next = [(7, NOW_NS, math.nan, 8)]
        await run.until(lambda: len(run.arrivals) == 1)
        assert [(row.point, row.quality) for row in run.arrivals[0].batch] == [(7, 8)]
    assert [call for call in reader.calls if call != "due"] == ["connected"]


async def test_nothing_is_stale_where_no_connection_came_about_and_at_an_orderly_end(mosquitto: StartBroker) -> None:
    reader = Scripted()
    async with session(subscriber(free_port(), reader=lambda _: reader)) as run:
        await run.ended()
        assert run.arrivals == []
    broker = mosquitto()
    async with session(subscriber(broker.port, reader=lambda _: reader)) as run:
        await run.subscribed()
    assert "lost" not in reader.calls


async def test_a_bug_in_a_reader_is_no_lost_connection(mosquitto: StartBroker) -> None:
    broker = mosquitto()
    await publish(broker.port, [("in/bug", b"x")], retain=True)

    async def take() -> None:
        async with aclosing(subscriber(broker.port, reader=lambda _: Scripted()).arrivals()) as arrivals:
            async for _ in arrivals:
                pass

    with pytest.raises(RuntimeError, match="a bug"):
        await asyncio.wait_for(take(), 30.0)


# --- Status topic and last will ---------------------------------------------------------------------------------------


def states(heard: list[tuple[str, bytes]]) -> list[tuple[str, str]]:
    return [(topic, json.loads(payload)["state"]) for topic, payload in heard]


@both_protocols
async def test_the_collector_says_that_it_is_there_and_when_it_goes(mosquitto: StartBroker, protocol: str) -> None:
    broker = mosquitto()
    source = subscriber(broker.port, protocol, status_topic=STATUS)
    async with listening(broker, STATUS) as heard:
        async with session(source) as run:
            await run.subscribed()
            await until(lambda: len(heard) == 1)
        await until(lambda: len(heard) == 2)
    assert [json.loads(payload) for _, payload in heard] == [
        {"state": "online", "ts": "2026-03-01T05:00:00Z"},
        {"state": "offline", "ts": "2026-03-01T05:00:00Z"},
    ]
    async with listening(broker, STATUS) as heard:
        await until(lambda: len(heard) == 1)
        assert states(heard) == [(f"r {STATUS}", "offline")]


@both_protocols
async def test_the_broker_says_it_where_the_collector_cannot(mosquitto: StartBroker, protocol: str) -> None:
    broker = mosquitto()
    async with tcp_proxy(broker.port) as proxy, listening(broker, STATUS) as heard:
        source = subscriber(proxy.port, protocol, status_topic=STATUS)
        async with session(source) as run:
            await run.subscribed()
            await until(lambda: len(heard) == 1)
            proxy.cut()
            await run.ended()
            await until(lambda: len(heard) == 2)
        async with session(source) as run:
            await until(lambda: len(heard) == 3)
            assert states(heard) == [(STATUS, "online"), (STATUS, "offline"), (STATUS, "online")]


async def test_a_readers_last_will_goes_before_the_collectors_own(mosquitto: StartBroker) -> None:
    broker = mosquitto()
    reader = Scripted(will=Publication("STATE/host", b"OFFLINE", 1, retain=True))
    async with listening(broker, "#") as heard, tcp_proxy(broker.port) as proxy:
        source = subscriber(proxy.port, reader=lambda _: reader, status_topic=STATUS)
        async with session(source) as run:
            await run.subscribed()
            await until(lambda: len(heard) == 1)
            proxy.cut()
            await until(lambda: len(heard) == 2)
        async with session(source) as run:
            await run.subscribed()
        await until(lambda: len(heard) == 4)
    assert [topic for topic, _ in heard] == ["out/connected", "STATE/host", "out/connected", "STATE/host"]


async def test_without_a_status_topic_nothing_is_said(mosquitto: StartBroker) -> None:
    broker = mosquitto()
    async with listening(broker, "#") as heard:
        async with session(subscriber(broker.port, status_topic="")) as run:
            await run.subscribed()
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.1)
    assert heard == []


async def test_messages_that_cannot_be_used_are_counted_by_cause_and_200_a_second_are_kept(
    mosquitto: StartBroker,
) -> None:
    broker = mosquitto(max_queued_messages=0, max_inflight_messages=0)
    instruments = Instruments()

    def reader(broker: Broker) -> Scripted:
        del broker
        return Scripted()

    async with session(subscriber(broker.port, reader=reader, instruments=instruments)) as run:
        await run.subscribed()
        began = time.monotonic()
        await publish(broker.port, [("in/a", b"x"), ("in/a", b"1")] * 5000)
        await run.until(lambda: len(run.values) == 5000)
        await run.until(lambda: instruments.rejected_by_cause == {"not_a_number": 5000})
        assert len(run.rejected) + instruments.rejected_not_kept_total == 5000
        assert 200 <= len(run.rejected) <= 200 * (time.monotonic() - began + 1)
        await asyncio.sleep(1.0)
        before = len(run.rejected)
        await publish(broker.port, [("in/a", b"x")])
        await run.until(lambda: len(run.rejected) == before + 1)
