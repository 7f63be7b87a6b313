"""The subscriber against a real broker: sessions, acknowledgements, restarts, bursts and refusals."""

import asyncio
import base64
import hashlib
import time
from pathlib import Path

import pytest
from mqtt_session import StartBroker, make_session, session, subscriber
from potroom import (
    EFFECT,
    NOW_NS,
    SITE,
    TELEMETRY,
    WEIGHING,
    effect,
    misbehaving_broker,
    publish,
    telemetry,
    weighing,
)
from server_process import free_port
from waiting import until

from collector.acquisition.mqtt import connection
from collector.instruments import Instruments
from collector.readings.event import AnodeEffect, Weighing

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_telemetry_effects_and_weighings_arrive(mosquitto: StartBroker, protocol: str) -> None:
    broker = mosquitto()
    async with session(subscriber(broker.port, protocol)) as run:
        await run.subscribed()
        await publish(broker.port, [(TELEMETRY, telemetry(4.2)), (EFFECT, effect()), (WEIGHING, weighing())])
        await run.until(lambda: len(run.values) == 1 and len(run.events) == 2)
        assert run.values == [4.2]
        assert [type(event) for event in run.events] == [AnodeEffect, Weighing]
        assert run.rejected == []
        assert len(run.arrivals) <= 2


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(
    mosquitto: StartBroker, protocol: str
) -> None:
    broker = mosquitto()
    source = subscriber(broker.port, protocol)
    await make_session(source)
    await publish(broker.port, [(TELEMETRY, telemetry(n)) for n in range(5)])
    for acknowledge in (False, False, True):
        async with session(source, acknowledge=acknowledge) as run:
            await run.until(lambda run=run: len(run.values) == 5)  # type: ignore[misc]
            assert run.values == [0, 1, 2, 3, 4]
            await asyncio.sleep(0.05)
    async with session(source) as run:
        await asyncio.sleep(0.3)
        assert run.values == []
        await publish(broker.port, [(TELEMETRY, telemetry(5))])
        await run.until(lambda: run.values == [5])


async def test_only_what_is_acknowledged_is_forgotten_of_two_arrivals(mosquitto: StartBroker) -> None:
    broker = mosquitto()
    source = subscriber(broker.port)
    async with session(source, acknowledge=False) as run:
        await run.subscribed()
        await publish(broker.port, [(TELEMETRY, telemetry(1))])
        await run.until(lambda: len(run.values) == 1)
        await publish(broker.port, [(TELEMETRY, telemetry(2))])
        await run.until(lambda: len(run.values) == 2)
        run.arrivals[1].acknowledge()
        await asyncio.sleep(0.05)
    async with session(source) as run:
        await run.until(lambda: len(run.values) >= 1)
        await asyncio.sleep(0.1)
        assert run.values == [1]


async def test_10000_malformed_messages_among_100_good_ones_are_counted_by_cause_and_all_good_ones_arrive(
    mosquitto: StartBroker,
) -> None:
    broker = mosquitto(max_queued_messages=0, max_inflight_messages=0)
    malformed = [
        (TELEMETRY, b"\xff\xfe not JSON"),
        (TELEMETRY, telemetry()[:-9]),
        (TELEMETRY, telemetry("4,2")),
        (TELEMETRY.replace("1001", "01001"), telemetry()),
        (EFFECT, effect(start="9999-12-31T23:59:59-12:00")),
        (EFFECT, b'{"v":1,"x":' + b"[" * 5000),
        (WEIGHING, weighing(v=2)),
        (WEIGHING, b""),
        (WEIGHING, weighing(pots=[])),
        (EFFECT, effect(pot="1002")),
    ]
    messages = malformed * 1000
    for n in range(100):
        messages.insert(n * 101, (TELEMETRY, telemetry(n)))
    instruments = Instruments()
    async with session(subscriber(broker.port, instruments=instruments)) as run:
        await run.subscribed()
        started = time.monotonic()
        await publish(broker.port, messages)
        counts = instruments.rejected_by_cause
        await run.until(lambda: sum(counts.values()) == 10_000 and len(run.values) == 100, within_s=30)
        seconds = int(time.monotonic() - started) + 2
        assert run.values == list(range(100))
        assert len(counts) >= 4
        assert 200 <= len(run.rejected) <= 200 * seconds
        assert instruments.rejected_not_kept_total == 10_000 - len(run.rejected)
        letter = next(letter for arrival in run.arrivals for letter in arrival.rejected)
        assert (letter.time_ns, letter.source, letter.place) == (NOW_NS, "mqtt:potroom", TELEMETRY)
        assert letter.body == b"\xff\xfe not JSON"
    async with session(subscriber(broker.port)) as run:
        await asyncio.sleep(0.3)
        assert run.arrivals == []


async def test_a_message_of_more_than_1_mib_is_kept_cut_and_those_after_it_are_taken(mosquitto: StartBroker) -> None:
    broker = mosquitto()
    instruments = Instruments()
    async with session(subscriber(broker.port, instruments=instruments)) as run:
        await run.subscribed()
        large = telemetry(4.2, x="y" * 3_000_000)
        await publish(broker.port, [(TELEMETRY, large), (TELEMETRY, telemetry(4.3, x="y" * 900_000))])
        await run.until(lambda: run.values == [4.3])
        (letter,) = (letter for arrival in run.arrivals for letter in arrival.rejected)
        assert letter.body == large[: 64 * 1024]
        assert letter.reason == f"{len(large)} bytes are more than 1048576"
        assert instruments.rejected_by_cause == {"too_large": 1}
    async with session(subscriber(broker.port)) as run:
        await asyncio.sleep(0.3)
        assert run.arrivals == []


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_a_broker_that_restarts_and_forgets_everything_ends_the_run_and_the_next_one_gets_on(
    mosquitto: StartBroker, protocol: str
) -> None:
    broker = mosquitto()
    source = subscriber(broker.port, protocol)
    for n in range(3):
        async with session(source) as run:
            await run.subscribed()
            await asyncio.sleep(0.05)
            await publish(broker.port, [(TELEMETRY, telemetry(n))])
            await run.until(lambda run=run, n=n: run.values == [n])  # type: ignore[misc]
            broker.stop()
            lost = "the connection was lost (the broker has closed it); if it does so again and again, another client"
            assert await run.ended() == f"127.0.0.1 port {broker.port} (potroom): {lost} may have this client_id"
        async with session(source) as run:
            assert "refused" in await run.ended()
        broker.start()


async def test_a_broker_killed_without_a_word_ends_the_run(mosquitto: StartBroker) -> None:
    broker = mosquitto()
    async with session(subscriber(broker.port)) as run:
        await run.subscribed()
        broker.kill()
        await run.ended(within_s=15.0)  # by the end of the connection, not of the keepalive


async def test_an_acknowledgement_of_an_old_connection_takes_nothing_from_the_new_one(
    mosquitto: StartBroker,
) -> None:
    broker = mosquitto(persistence=True)
    source = subscriber(broker.port)
    async with session(source, acknowledge=False) as old:
        await old.subscribed()
        await publish(broker.port, [(TELEMETRY, telemetry(1))])
        await old.until(lambda: old.values == [1])
        broker.restart()
        await old.ended()
    async with session(source, acknowledge=False) as run:
        await run.until(lambda: run.values == [1])
        for arrival in old.arrivals:
            arrival.acknowledge()
        await asyncio.sleep(0.1)
    async with session(source) as run:
        await run.until(lambda: run.values == [1])
        for arrival in old.arrivals:
            arrival.acknowledge()


def hashed(password: str) -> str:
    """Return a password as mosquitto keeps it: PBKDF2 of SHA-512 with 101 rounds."""
    salt = b"twelve bytes"
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
    return f"$7$101${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


async def test_a_wrong_password_is_told_and_a_changed_one_is_read_anew(mosquitto: StartBroker, tmp_path: Path) -> None:
    users, ours = tmp_path / "users", tmp_path / "password"
    users.write_text(f"collector:{hashed('old')}\n", encoding="ascii")
    users.chmod(0o600)
    broker = mosquitto(allow_anonymous=False, password_file=str(users))
    source = subscriber(broker.port, username="collector", password_file=ours)
    async with session(source) as run:
        assert await run.ended() == f"read {ours}: No such file or directory; check who may read it"
    ours.write_bytes(b"\xff\xff")
    async with session(source) as run:
        assert await run.ended() == f"read {ours}: it is not UTF-8 text; write it anew"
    ours.write_text("new\n", encoding="ascii")
    for protocol in ("5", "3.1.1"):
        async with session(subscriber(broker.port, protocol, username="collector", password_file=ours)) as run:
            place = f"127.0.0.1 port {broker.port} (potroom)"
            hint = "check username and password_file, and what the broker allows this client_id"
            assert await run.ended() == f"{place}: the broker refuses: not authorised; {hint}"
    users.write_text(f"collector:{hashed('new')}\n", encoding="ascii")
    broker.restart()
    async with session(source) as run:
        await run.subscribed()
        await publish(broker.port, [(TELEMETRY, telemetry(4.2))], username="collector", password="new")  # noqa: S106
        await run.until(lambda: run.values == [4.2])


async def test_no_more_than_10_messages_are_open_where_10_are_allowed(mosquitto: StartBroker) -> None:
    broker = mosquitto(max_queued_messages=0, max_inflight_messages=0)
    async with session(subscriber(broker.port, max_unacknowledged=10), acknowledge=False) as run:
        await run.subscribed()
        await publish(broker.port, [(TELEMETRY, telemetry(n)) for n in range(50)])
        await run.until(lambda: len(run.values) == 10)
        await asyncio.sleep(0.3)
        assert run.values == list(range(10))
        taken = 0
        async with asyncio.timeout(30):
            while len(run.values) < 50:
                if taken < len(run.arrivals):
                    run.arrivals[taken].acknowledge()
                    taken += 1
                await asyncio.sleep(0.01)
        assert run.values == list(range(50))


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_a_burst_of_5000_arrives_exactly_once(mosquitto: StartBroker, protocol: str) -> None:
    broker = mosquitto(max_queued_messages=0, max_inflight_messages=0)
    source = subscriber(broker.port, protocol)
    await make_session(source)
    await publish(broker.port, [(TELEMETRY, telemetry(n)) for n in range(5000)])
    async with session(source) as run:
        await run.until(lambda: len(run.values) >= 5000, within_s=20)
        await asyncio.sleep(0.2)
        assert run.values == list(range(5000))
        assert max(len(arrival.batch) for arrival in run.arrivals) <= 1000
    async with session(source) as run:
        await asyncio.sleep(0.2)
        assert run.values == []


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_retained_and_unconfirmed_messages_are_taken_too(mosquitto: StartBroker, protocol: str) -> None:
    broker = mosquitto()
    await publish(broker.port, [(TELEMETRY, telemetry(1))], retain=True)
    async with session(subscriber(broker.port, protocol)) as run:
        await run.until(lambda: run.values == [1])
        await publish(broker.port, [(TELEMETRY, telemetry(2)), (TELEMETRY, telemetry(3))], qos=0)
        await run.until(lambda: run.values == [1, 2, 3])
        await publish(broker.port, [(TELEMETRY, telemetry(4))])
        await run.until(lambda: run.values == [1, 2, 3, 4])


async def test_cancelling_is_prompt_and_says_goodbye_to_the_broker(mosquitto: StartBroker) -> None:
    broker = mosquitto()
    async with session(subscriber(broker.port)) as run:
        await run.subscribed()
        started = time.monotonic()
        await run.leave()
        assert time.monotonic() - started < 1.0
        await asyncio.sleep(0.05)
    assert "Received DISCONNECT from potline-test" in broker.log.read_text(encoding="utf-8")


async def test_a_port_where_nobody_listens_is_unavailable_with_a_hint() -> None:
    port = free_port()
    async with session(subscriber(port)) as run:
        said = await run.ended()
    assert said.startswith(f"connect to 127.0.0.1 port {port} (potroom): refused or no answer (")
    assert said.endswith("); check that the broker runs, its port and the network")


async def test_a_text_that_can_be_no_hosts_name_is_unavailable_and_no_bug() -> None:
    async with session(subscriber(1883, host="broker..hall")) as run:
        assert "this can be no host's name" in await run.ended()


CONNECT, SUBSCRIBE = 1, 8


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_a_subscription_that_the_broker_refuses_is_told_instead_of_waiting_for_ever(protocol: str) -> None:
    async def refusing(kind: int, body: bytes) -> bytes:
        if kind == CONNECT:
            return bytes.fromhex("20 03 00 00 00" if protocol == "5" else "20 02 00 00")
        if kind == SUBSCRIBE:
            return (
                b"\x90\x04" + body[:2] + bytes([0, 0x87]) if protocol == "5" else b"\x90\x03" + body[:2] + bytes([0x80])
            )
        return b""

    async with misbehaving_broker(refusing) as (port, connections):
        async with session(subscriber(port, protocol)) as run:
            said = await run.ended()
            assert said.startswith(f"subscribe to smelter/v1/{SITE}/potline/+/pot/+/telemetry at 127.0.0.1")
            assert said.endswith("refused; check the broker's ACL")
        await until(lambda: not connections)


async def test_a_broker_that_takes_the_connection_and_says_nothing_is_left_for_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else the old connection would come to life with the broker and throw out the new one, which has its name."""
    monkeypatch.setattr(connection, "WORD_WITHIN_S", 0.2)

    async def silent(kind: int, body: bytes) -> bytes:
        del kind, body
        return b""

    async with misbehaving_broker(silent) as (port, connections), session(subscriber(port)) as run:
        hint = "check that the broker runs, its port and the network"
        assert await run.ended() == f"connect to 127.0.0.1 port {port} (potroom): no answer within 0.2 s; {hint}"
        await until(lambda: not connections)


async def test_the_name_says_which_broker_it_is() -> None:
    assert subscriber(1883).name == "mqtt:potroom"
