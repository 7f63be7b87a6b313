"""Messages as pot controllers and crane scales send them, a quick publisher of them, and a broker that misbehaves."""

import asyncio
import contextlib
import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

SITE = "example"
TELEMETRY = f"smelter/v1/{SITE}/potline/PL1/pot/1001/telemetry"
EFFECT = f"smelter/v1/{SITE}/potline/PL1/pot/1001/event/ae"
WEIGHING = f"smelter/v1/{SITE}/crane/K3/weighing"
NOW_NS = 1_772_341_200_000_000_000  # 2026-03-01T05:00:00Z


def telemetry(voltage: object = 4.213, **more: object) -> bytes:
    """Return a pot's telemetry of 04:05:06.120."""
    message: dict[str, object] = {
        "v": 1,
        "ts": "2026-03-01T04:05:06.120Z",
        "q": "good",
        "m": {"pot_voltage_v": voltage},
    } | more
    return json.dumps(message).encode()


def effect(**more: object) -> bytes:
    """Return an anode effect of 108.6 s on pot 1001 that has ended; a key with ``...`` is left out."""
    message: dict[str, object] = {
        "v": 1,
        "id": "AE-1001-1",
        "phase": "end",
        "pot": "1001",
        "start": "2026-03-01T04:19:02.400Z",
        "duration_s": 108.6,
        "v_max": 38.7,
    }
    return json.dumps({key: value for key, value in (message | more).items() if value is not ...}).encode()


def weighing(**more: object) -> bytes:
    """Return a good weighing of 4920 kg; a key with ``...`` is left out."""
    message: dict[str, object] = {
        "v": 1,
        "id": "W-1",
        "ts": "2026-03-01T04:30:00Z",
        "pots": ["1001", "1002"],
        "gross_kg": 12280,
        "tare_kg": 7360,
        "net_kg": 4920,
        "stable": True,
    }
    return json.dumps({key: value for key, value in (message | more).items() if value is not ...}).encode()


def _length(number: int) -> bytes:
    encoded = bytearray()
    while True:
        number, digit = divmod(number, 128)
        encoded.append(digit | (0x80 if number else 0))
        if not number:
            return bytes(encoded)


def _text(text: str) -> bytes:
    return struct.pack(">H", len(text.encode())) + text.encode()


async def publish(
    port: int,
    messages: Iterable[tuple[str, bytes]],
    *,
    qos: int = 1,
    retain: bool = False,
    username: str | None = None,
    password: str = "",
) -> None:
    """Publish over MQTT 3.1.1, all in one go, and wait until the broker has taken everything."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        flags = 0x02 | (0xC0 if username else 0)
        login = _text(username) + _text(password) if username else b""
        connect = _text("MQTT") + bytes([4, flags, 0, 0]) + _text("") + login
        writer.write(b"\x10" + _length(len(connect)) + connect)
        assert await reader.readexactly(4) == b"\x20\x02\x00\x00"
        count = 0
        for topic, payload in messages:
            count += 1
            body = _text(topic) + (struct.pack(">H", (count - 1) % 65535 + 1) if qos else b"") + payload
            writer.write(bytes([0x30 | qos << 1 | retain]) + _length(len(body)) + body)
        await writer.drain()
        if qos:
            taken = await reader.readexactly(4 * count)
            if qos == 2:
                ids = [taken[at + 2 : at + 4] for at in range(0, len(taken), 4)]
                writer.write(b"".join(b"\x62\x02" + packet_id for packet_id in ids))
                await reader.readexactly(4 * count)
        else:
            writer.write(b"\xc0\x00")
            assert await reader.readexactly(2) == b"\xd0\x00"
        writer.write(b"\xe0\x00")
        await writer.drain()
    finally:
        writer.close()
        await writer.wait_closed()


@contextlib.asynccontextmanager
async def misbehaving_broker(
    answer: Callable[[int, bytes], Awaitable[bytes]],
) -> AsyncIterator[tuple[int, list[asyncio.StreamWriter]]]:
    """Run a broker that answers each packet as the script says; yields its port and its open connections."""
    connections: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        try:
            while True:
                (head,) = await reader.readexactly(1)
                length = shift = 0
                while True:
                    (digit,) = await reader.readexactly(1)
                    length |= (digit & 0x7F) << shift
                    shift += 7
                    if not digit & 0x80:
                        break
                writer.write(await answer(head >> 4, await reader.readexactly(length)))
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            connections.remove(writer)
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], connections
    finally:
        server.close()
        for writer in connections:
            writer.transport.abort()
        await server.wait_closed()
        await asyncio.sleep(0)
