"""Who is let in: TLS with a plant's own CA, certificates of the collector, and topics that the broker refuses."""

import asyncio
import base64
import hashlib
import json
from pathlib import Path

import pytest
from certificates import authority, certificate
from mqtt_session import StartBroker, make_session, session, subscriber
from potroom import SITE, TELEMETRY, misbehaving_broker, publish, telemetry
from server_process import free_port
from servers import Mosquitto

from collector.plant.meter import Tls

pytestmark = pytest.mark.asyncio

both_protocols = pytest.mark.parametrize("protocol", ["5", "3.1.1"])


@pytest.fixture(name="keys", scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with certificates of the plant's CA for broker and collector, and one of another CA."""
    folder = tmp_path_factory.mktemp("keys")
    authority(folder, "plant-ca")
    authority(folder, "other-ca")
    certificate(folder, "broker", by="plant-ca", names="DNS:broker.plant,IP:127.0.0.1")
    certificate(folder, "collector", by="plant-ca")
    certificate(folder, "stranger", by="other-ca")
    return folder


def secured(mosquitto: StartBroker, keys: Path, **more: bool | int | str) -> Mosquitto:
    return mosquitto(
        cafile=str(keys / "plant-ca.pem"), certfile=str(keys / "broker.pem"), keyfile=str(keys / "broker.key"), **more
    )


def own(keys: Path, name: str) -> Tls:
    return Tls(keys / "plant-ca.pem", keys / f"{name}.pem", keys / f"{name}.key")


@both_protocols
async def test_messages_come_over_tls_with_a_certificate_of_the_collector(
    mosquitto: StartBroker, keys: Path, protocol: str
) -> None:
    broker = secured(mosquitto, keys, require_certificate=True, use_identity_as_username=True)
    source = subscriber(broker.port, protocol, tls=own(keys, "collector"), status_topic=TELEMETRY, qos=2)
    async with session(source) as run:
        await run.subscribed()
        # Its own word of being there is no telemetry: so we see that it goes both ways.
        await run.until(lambda: len(run.rejected) == 1)
    assert "u'collector'" in broker.log.read_text(encoding="utf-8")


@both_protocols
async def test_many_and_large_messages_come_over_tls_and_are_held_back_there_too(
    mosquitto: StartBroker, keys: Path, protocol: str
) -> None:
    plain = free_port()
    broker = secured(mosquitto, keys, max_queued_messages=0, max_inflight_messages=0, listener=f"{plain} 127.0.0.1")
    source = subscriber(broker.port, protocol, tls=Tls(keys / "plant-ca.pem"), max_unacknowledged=20)
    await make_session(source)
    sizes = [*(n * 70 for n in range(299)), 900_000]
    await publish(plain, [(TELEMETRY, telemetry(n, x="y" * size)) for n, size in enumerate(sizes)])
    async with session(source, acknowledge=False) as run:
        await run.until(lambda: len(run.values) == 20)
        await asyncio.sleep(0.2)
        assert run.values == list(range(20))
        run.acknowledge_from_now_on()
        await run.until(lambda: len(run.values) == 300)
        assert run.values == list(range(300))


@pytest.mark.parametrize(
    ("tls", "told"),
    [
        (("plant-ca", "collector", "other.plant"), "the broker's certificate is for another name ("),
        (("other-ca", "collector", ""), "the broker's certificate is signed by a CA that is not in "),
        (
            ("plant-ca", "stranger", ""),
            "the collector's certificate {keys}/stranger.pem",
        ),
        (
            ("plant-ca", None, ""),
            "it may want a certificate: give certificate_file and key_file",
        ),
        ((None, "collector", ""), "the broker's certificate is signed by a CA that this machine does not trust; give"),
    ],
    ids=["another name", "another CA", "a stranger", "no certificate", "only this machine's CAs"],
)
@both_protocols
async def test_why_the_two_do_not_trust_each_other_is_told(
    mosquitto: StartBroker, keys: Path, protocol: str, tls: tuple[str | None, str | None, str], told: str
) -> None:
    broker = secured(mosquitto, keys, require_certificate=True)
    ca, name, server_name = tls
    given = Tls(
        ca_file=keys / f"{ca}.pem" if ca else None,
        certificate_file=keys / f"{name}.pem" if name else None,
        key_file=keys / f"{name}.key" if name else None,
        server_name=server_name,
    )
    async with session(subscriber(broker.port, protocol, tls=given)) as run:
        said = await run.ended()
    assert told.format(keys=keys) in said
    assert f"127.0.0.1 port {broker.port} (potroom): " in said


async def test_the_name_in_the_certificate_may_be_another_than_the_host(mosquitto: StartBroker, keys: Path) -> None:
    broker = secured(mosquitto, keys)
    tls = Tls(keys / "plant-ca.pem", server_name="broker.plant")
    async with session(subscriber(broker.port, tls=tls)) as run:
        await run.subscribed()


async def test_tls_where_the_broker_speaks_none_and_none_where_it_does_is_told(
    mosquitto: StartBroker, keys: Path
) -> None:
    plain, only_tls = mosquitto(), secured(mosquitto, keys)
    async with session(subscriber(plain.port, tls=Tls(keys / "plant-ca.pem"))) as run:
        said = await run.ended()
        assert "the connection was lost (" in said or "no TLS connection came about" in said or "refused" in said
    async with session(subscriber(only_tls.port)) as run:
        told = "before the broker let us in; check port, protocol and TLS, and look at the broker's log"
        assert told in await run.ended()


async def test_a_certificate_file_that_is_gone_is_told(mosquitto: StartBroker, keys: Path) -> None:
    broker = secured(mosquitto, keys)
    async with session(subscriber(broker.port, tls=Tls(keys / "gone.pem"))) as run:
        assert "the certificates cannot be used ([Errno 2] No such file" in await run.ended()


# --- Topics that are refused ------------------------------------------------------------------------------------------


def rules(folder: Path) -> Path:
    """Write what the broker's own plugin for rights reads: telemetry may be heard, everything else not."""
    salt = b"twelve bytes"
    key = hashlib.pbkdf2_hmac("sha512", b"secret", salt, 101)
    allowed = [
        {"acltype": kind, "topic": "smelter/v1/+/potline/+/pot/+/telemetry", "allow": True}
        for kind in ("subscribePattern", "publishClientReceive", "publishClientSend")
    ]
    file = folder / "dynamic-security.json"
    document = {
        "defaultACLAccess": {
            "publishClientSend": False,
            "publishClientReceive": False,
            "subscribe": False,
            "unsubscribe": True,
        },
        "clients": [
            {
                "username": "collector",
                "password": base64.b64encode(key).decode(),
                "salt": base64.b64encode(salt).decode(),
                "iterations": 101,
                "roles": [{"rolename": "reader"}],
            }
        ],
        "roles": [{"rolename": "reader", "acls": allowed}],
        "groups": [],
    }
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


@both_protocols
async def test_a_topic_that_the_broker_refuses_is_named(mosquitto: StartBroker, tmp_path: Path, protocol: str) -> None:
    password = tmp_path / "password"
    password.write_text("secret", encoding="ascii")
    broker = mosquitto(
        allow_anonymous=False,
        plugin="/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so",
        plugin_opt_config_file=str(rules(tmp_path)),
    )
    source = subscriber(broker.port, protocol, username="collector", password_file=password)
    async with session(source) as run:
        topic = f"smelter/v1/{SITE}/potline/+/pot/+/event/ae"
        place = f"127.0.0.1 port {broker.port} (potroom)"
        assert await run.ended() == f"subscribe to {topic} at {place}: refused; check the broker's ACL"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (0x9E, "refused: it offers no shared subscriptions; remove 'share'"),
        (0xA2, "refused: it offers no wildcards in subscriptions; give a broker that does"),
        (0x80, "refused; check the broker's ACL"),
    ],
)
async def test_why_a_subscription_is_refused_is_told(code: int, told: str) -> None:
    async def refusing(kind: int, body: bytes) -> bytes:
        if kind == 8:
            return b"\x90\x04" + body[:2] + bytes([0, code])
        return bytes.fromhex("20 03 00 00 00") if kind == 1 else b""

    async with misbehaving_broker(refusing) as (port, _), session(subscriber(port, share="g")) as run:
        said = await run.ended()
    assert said.startswith(f"subscribe to $share/g/smelter/v1/{SITE}/potline/+/pot/+/telemetry at 127.0.0.1 port ")
    assert said.endswith(told)


async def test_a_client_id_of_any_script_is_understood(mosquitto: StartBroker) -> None:
    broker = mosquitto()
    async with session(subscriber(broker.port, client_id="电解槽-Ü")) as run:
        await run.subscribed()
    assert "as 电解槽-Ü (p5, c0, k30)" in broker.log.read_text(encoding="utf-8")
