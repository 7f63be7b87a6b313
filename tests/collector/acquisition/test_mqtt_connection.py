"""The connection to a real broker through a network that is cut, slow, or silent, and a window that is small."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import pytest
from metronome import beating
from mqtt_session import StartBroker, make_session, session, subscriber
from potroom import SITE, TELEMETRY, misbehaving_broker, publish, telemetry
from server_process import free_port
from servers import Mosquitto
from structlog.testing import capture_logs
from tcp_proxy import tcp_proxy
from waiting import until

from collector.acquisition.mqtt import connection
from collector.acquisition.mqtt.subscriber import MqttSubscriber
from collector.acquisition.source import Arrival, SourceUnavailable

pytestmark = pytest.mark.asyncio

UNLIMITED = {"max_queued_messages": 0, "max_inflight_messages": 0}
both_protocols = pytest.mark.parametrize("protocol", ["5", "3.1.1"])


# --- Links that are lost ----------------------------------------------------------------------------------------------


@both_protocols
async def test_a_link_that_is_silent_without_a_word_is_lost_within_one_and_a_half_keepalives(
    mosquitto: StartBroker, protocol: str
) -> None:
    broker = mosquitto()
    async with tcp_proxy(broker.port) as proxy, session(subscriber(proxy.port, protocol, keepalive_s=1.0)) as run:
        await run.subscribed()
        await asyncio.sleep(1.8)  # pings hold it, though nothing else is said
        assert run.stands
        frozen = time.monotonic()
        proxy.freeze()
        async with beating() as metronome:
            said = await run.ended(within_s=30)
        assert 0.75 <= time.monotonic() - frozen <= 1.7 + 2 * metronome.latest_s
        place = f"127.0.0.1 port {proxy.port} (potroom)"
        assert said == f"{place}: nothing came for 1.5 s; look at the network between, and at the broker"


async def test_a_broker_that_hangs_is_left_within_one_and_a_half_keepalives(mosquitto: StartBroker) -> None:
    broker = mosquitto()
    async with session(subscriber(broker.port, keepalive_s=1.0)) as run:
        await run.subscribed()
        broker.pause()
        paused = time.monotonic()
        async with beating() as metronome:
            assert "nothing came for 1.5 s" in await run.ended(within_s=30)
        assert time.monotonic() - paused <= 1.8 + 2 * metronome.latest_s
        broker.resume()


@both_protocols
async def test_what_was_taken_and_not_acknowledged_when_the_link_was_cut_comes_again(
    mosquitto: StartBroker, protocol: str
) -> None:
    broker = mosquitto(**UNLIMITED)
    async with tcp_proxy(broker.port) as proxy:
        source = subscriber(proxy.port, protocol, keepalive_s=1.0)
        await make_session(source)
        await publish(broker.port, [(TELEMETRY, telemetry(n)) for n in range(3000)])
        async with session(source, acknowledge=False) as first:
            await first.until(lambda: len(first.values) >= 1000)
            first.arrivals[0].acknowledge()
            proxy.cut()
            assert "the connection was lost" in await first.ended()
            assert first.values == list(range(len(first.values)))
        taken = len(first.arrivals[0].batch)
        async with session(source) as second:
            await second.until(lambda: len(second.values) >= 3000 - taken)
            await asyncio.sleep(0.2)
            # What was acknowledged just before the cut may have been lost with it, and come once more.
            assert second.values in ([*range(taken, 3000)], [*range(3000)])


@pytest.mark.parametrize("qos", [1, 2])
@both_protocols
async def test_acknowledgements_that_are_lost_on_the_way_lose_no_message(
    mosquitto: StartBroker, protocol: str, qos: int
) -> None:
    broker = mosquitto(**UNLIMITED)
    async with tcp_proxy(broker.port) as proxy:
        source = subscriber(proxy.port, protocol, qos=qos)
        await make_session(source)
        await publish(broker.port, [(TELEMETRY, telemetry(n)) for n in range(100)], qos=qos)
        async with session(source) as first:
            await first.subscribed()
            proxy.deaf = True
            await first.until(lambda: len(first.values) == 100)
            await asyncio.sleep(0.1)
            proxy.cut()
            await first.ended()
        proxy.deaf = False
        async with session(source) as second:
            await second.subscribed()
            await publish(broker.port, [(TELEMETRY, telemetry(100))], qos=qos)
            await second.until(lambda: 100.0 in second.values)
            # With QoS 2, they were on disk, and that is remembered; with QoS 1 they come again.
            assert second.values == ([100] if qos == 2 else [*range(101)])


@both_protocols
async def test_a_slow_link_is_no_lost_link(mosquitto: StartBroker, protocol: str) -> None:
    broker = mosquitto(**UNLIMITED)
    async with tcp_proxy(broker.port) as proxy:
        proxy.delay_s = 0.4
        async with session(subscriber(proxy.port, protocol, keepalive_s=1.0)) as run:
            await run.subscribed()
            for n in range(5):
                await publish(broker.port, [(TELEMETRY, telemetry(n))])
                await asyncio.sleep(0.5)
            await run.until(lambda: len(run.values) == 5)
            assert run.values == [0, 1, 2, 3, 4]


@both_protocols
async def test_qos_2_through_a_link_that_is_cut_again_and_again_is_handed_on_exactly_once(
    mosquitto: StartBroker, protocol: str
) -> None:
    broker = mosquitto(**UNLIMITED)
    draw = random.Random(5)
    values: Counter[float] = Counter()
    late: list[Callable[[], None]] = []

    async def commit() -> None:  # often after the end of the connection
        while True:
            await asyncio.sleep(draw.uniform(0, 0.1))
            while late:
                late.pop(0)()

    async with tcp_proxy(broker.port) as proxy:
        source = subscriber(proxy.port, protocol, qos=2, max_unacknowledged=50, keepalive_s=1.0)
        await make_session(source)
        await publish(broker.port, [(TELEMETRY, telemetry(n)) for n in range(600)], qos=2)
        committing = asyncio.create_task(commit())
        cuts = 0
        while len(values) < 600:
            cuts += 1
            proxy.deaf = draw.random() < 0.3
            asyncio.get_running_loop().call_later(draw.uniform(0.02, 0.2), proxy.cut)
            try:
                async with aclosing(source.arrivals()) as arrivals:
                    async for arrival in arrivals:
                        values.update(row.value for row in arrival.batch)
                        late.append(arrival.acknowledge)
            except SourceUnavailable:
                pass
        committing.cancel()
    assert values == Counter({float(n): 1 for n in range(600)})
    assert cuts >= 5


async def test_two_collectors_with_one_client_id_are_told_what_is_wrong(mosquitto: StartBroker) -> None:
    broker = mosquitto()
    async with session(subscriber(broker.port)) as first:
        await first.subscribed()
        async with session(subscriber(broker.port)) as second:
            await second.subscribed()
            told = "closed it); if it does so again and again, another client may have this client_id"
            assert (await first.ended()).endswith(told)


# --- Sessions ---------------------------------------------------------------------------------------------------------


@both_protocols
async def test_a_broker_that_keeps_its_files_sends_what_was_open_after_a_restart(
    mosquitto: StartBroker, protocol: str
) -> None:
    broker = mosquitto(persistence=True, **UNLIMITED)
    source = subscriber(broker.port, protocol)
    async with session(source, acknowledge=False) as first:
        await first.subscribed()
        await publish(broker.port, [(TELEMETRY, telemetry(n)) for n in range(50)])
        await first.until(lambda: len(first.values) == 50)
        broker.restart()
        await first.ended()
    with capture_logs() as logs:
        async with session(source) as second:
            await second.until(lambda: len(second.values) == 50)
            assert second.values == list(range(50))
    assert [line["event"] for line in logs] == ["subscribed"]


@both_protocols
async def test_a_broker_that_forgot_the_session_is_told_in_one_line_and_subscribed_to_again(
    mosquitto: StartBroker, protocol: str
) -> None:
    broker = mosquitto()
    source = subscriber(broker.port, protocol)
    with capture_logs() as logs:
        async with session(source) as run:
            await run.subscribed()
            broker.restart()
            await run.ended()
        async with session(source) as run:
            await run.subscribed()
            await publish(broker.port, [(TELEMETRY, telemetry(4.2))])
            await run.until(lambda: run.values == [4.2])
    assert [line["event"] for line in logs] == [
        "subscribed",
        "the broker has forgotten the session; what it kept for us is lost",
        "subscribed",
    ]


async def test_a_subscription_that_is_never_answered_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "WORD_WITHIN_S", 0.3)

    async def mute(kind: int, body: bytes) -> bytes:
        del body
        return {1: bytes.fromhex("20 03 00 00 00"), 12: b"\xd0\x00"}.get(kind, b"")

    async with misbehaving_broker(mute) as (port, _), session(subscriber(port)) as run:
        topic = f"smelter/v1/{SITE}/potline/+/pot/+/telemetry"
        told = f"(potroom): no answer to the subscription to {topic}; look at the broker's log"
        assert (await run.ended(within_s=10.0)).endswith(told)


async def test_two_subscribers_of_a_group_share_what_comes(mosquitto: StartBroker) -> None:
    broker = mosquitto(**UNLIMITED)
    sources = [subscriber(broker.port, client_id=f"collector-{n}", share="smelter") for n in (1, 2)]
    async with session(sources[0]) as first, session(sources[1]) as second:
        await first.subscribed()
        await second.subscribed()
        await publish(broker.port, [(TELEMETRY, telemetry(n)) for n in range(1000)])
        await until(lambda: len(first.values) + len(second.values) >= 1000)
        await asyncio.sleep(0.1)
        assert sorted(first.values + second.values) == list(range(1000))
        assert len(first.values) > 300
        assert len(second.values) > 300


# --- A window that is small -------------------------------------------------------------------------------------------


def held(source: MqttSubscriber) -> tuple[int, int, int]:
    """Return how many messages are open, how many wait to be taken, and how many bytes are not yet cut up."""
    about = source._connection
    return len(about._inflight), len(about._waiting), len(about._framing._data) - about._framing._at


@both_protocols
async def test_of_a_backlog_of_10000_no_more_than_100_are_held(mosquitto: StartBroker, protocol: str) -> None:
    """A broker without limits of its own sends everything at once where it can: with MQTT 3.1.1."""
    broker = mosquitto(**UNLIMITED)
    source = subscriber(broker.port, protocol, max_unacknowledged=100)
    await make_session(source)
    await publish(broker.port, [(TELEMETRY, telemetry(n)) for n in range(10_000)])
    most = [0, 0, 0]
    async with session(source, acknowledge=False) as run:
        done = 0
        async with asyncio.timeout(30):
            while len(run.values) < 10_000:
                most = [max(pair) for pair in zip(most, held(source), strict=True)]
                assert len(run.values) - sum(len(arrival.batch) for arrival in run.arrivals[:done]) <= 100
                for arrival in run.arrivals[done:]:
                    arrival.acknowledge()
                    done += 1
                await asyncio.sleep(0)
        assert run.values == list(range(10_000))
    assert most[0] == 100
    assert most[1] <= 100
    assert most[2] <= 300 * 1024


@both_protocols
async def test_a_flood_of_qos_0_is_held_back_too(mosquitto: StartBroker, protocol: str) -> None:
    broker = mosquitto(**UNLIMITED)
    source = subscriber(broker.port, protocol)
    arrivals = source.arrivals()
    opening = asyncio.ensure_future(anext(arrivals))
    await until(lambda: source._connection.is_subscribed)
    await publish(broker.port, [(TELEMETRY, telemetry(n, x="y" * 1000)) for n in range(20_000)], qos=0)
    await opening  # and nothing is taken any more
    await asyncio.sleep(0.5)
    assert held(source)[0] == 0
    assert held(source)[1] <= 1000
    assert held(source)[2] <= 300 * 1024
    async with aclosing(arrivals):
        values = [row.value async for arrival in arrivals_until_idle(arrivals) for row in arrival.batch]
    assert len(values) > 1000
    assert values == sorted(values)


async def arrivals_until_idle(arrivals: AsyncGenerator[Arrival, None]) -> AsyncGenerator[Arrival, None]:
    waiting = asyncio.ensure_future(anext(arrivals))
    while (await asyncio.wait({waiting}, timeout=0.5))[0]:
        yield waiting.result()
        waiting = asyncio.ensure_future(anext(arrivals))
    waiting.cancel()
    await asyncio.wait({waiting})


@both_protocols
async def test_a_session_that_is_held_back_for_long_is_not_lost_and_goes_on(
    mosquitto: StartBroker, protocol: str
) -> None:
    broker = mosquitto(**UNLIMITED)
    source = subscriber(broker.port, protocol, max_unacknowledged=10, keepalive_s=1.0)
    await make_session(source)
    await publish(broker.port, [(TELEMETRY, telemetry(n)) for n in range(2000)])
    async with session(source, acknowledge=False) as run:
        await run.until(lambda: len(run.values) == 10)
        await asyncio.sleep(2.5)
        assert run.stands
        assert len(run.values) == 10
        log = broker.log.read_text(encoding="utf-8")
        assert log.count("Received PINGREQ from potline-test") >= 3
        run.acknowledge_from_now_on()
        await run.until(lambda: len(run.values) == 2000)
        assert run.values == list(range(2000))


async def test_a_link_that_is_gone_while_we_hold_back_is_lost_once_we_read_on(mosquitto: StartBroker) -> None:
    broker = mosquitto(**UNLIMITED)
    async with tcp_proxy(broker.port) as proxy:
        source = subscriber(proxy.port, "3.1.1", max_unacknowledged=10, keepalive_s=1.0)
        await make_session(source)
        await publish(broker.port, [(TELEMETRY, telemetry(n)) for n in range(11)])
        async with session(source, acknowledge=False) as run:
            await run.until(lambda: len(run.values) == 10)
            proxy.freeze()
            await asyncio.sleep(2.0)
            assert run.stands
            run.acknowledge_from_now_on()
            since = time.monotonic()
            async with beating() as metronome:
                assert "nothing came for 1.5 s" in await run.ended(within_s=30)
            assert time.monotonic() - since <= 2.0 + 2 * metronome.latest_s
            assert run.values == list(range(11))


# --- The end ----------------------------------------------------------------------------------------------------------


async def test_the_end_of_a_session_waits_for_nobody(mosquitto: StartBroker) -> None:
    broker = mosquitto()
    async with tcp_proxy(broker.port) as proxy, session(subscriber(proxy.port)) as run:
        await run.subscribed()
        proxy.freeze()
        started = time.monotonic()
        await run.leave()
        assert time.monotonic() - started < 1.0


async def test_no_task_and_no_timer_is_left_of_a_connection(mosquitto: StartBroker) -> None:
    broker = mosquitto()
    source = subscriber(broker.port, keepalive_s=3600.0)
    before = asyncio.all_tasks()
    for _ in range(3):
        async with session(source) as run:
            await run.subscribed()
            broker.restart()
            await run.ended()
    refused = subscriber(free_port())
    async with session(refused) as run:
        await run.ended()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    assert source._connection._look_again is not None
    assert source._connection._look_again.cancelled()


async def test_the_broker_is_found_again_by_one_that_keeps_trying(mosquitto: StartBroker) -> None:
    """As the supervisor does it, through a proxy that lets nobody through for a while."""
    broker: Mosquitto = mosquitto(**UNLIMITED)
    values: list[float] = []
    async with tcp_proxy(broker.port) as proxy:
        source = subscriber(proxy.port)
        await make_session(source)
        await publish(broker.port, [(TELEMETRY, telemetry(n)) for n in range(10)])
        proxy.accepts = False
        told = set()
        for attempt in range(20):
            proxy.accepts = attempt >= 3
            try:
                async with aclosing(source.arrivals()) as arrivals:
                    async for arrival in arrivals:
                        values += [row.value for row in arrival.batch]
                        arrival.acknowledge()
                        if len(values) == 10:
                            break
                break
            except SourceUnavailable as exc:
                told.add(str(exc).partition("(potroom): ")[2])
    assert values == list(range(10))
    assert len(told) == 1
    assert "before the broker let us in; check port, protocol and TLS, and look at the broker's log" in told.pop()
