"""Modbus over TLS, with certificates made for the test: both sides prove themselves, or nothing is read."""

import asyncio
import contextlib
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from adversarial_modbus import HOST, Answering, ModbusServer, Request, register, reset, rightly, serving
from certificates import authority, certificate, locked
from server_process import free_port

from collector.acquisition.modbus.connection import (
    EndpointUnreachable,
    MeterGarbled,
    MeterRefused,
    MeterSilent,
    ModbusConnection,
)
from collector.clock import SystemClock
from collector.plant.meter import Endpoint, Tls, Transport

pytestmark = pytest.mark.asyncio


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    for name in ("plant", "foreign"):
        authority(folder, name)
    at_home = f"DNS:meter.plant,IP:{HOST}"
    certificate(folder, "meter", by="plant", names=at_home)
    certificate(folder, "elsewhere", by="plant", names="DNS:elsewhere.plant,IP:192.0.2.1")
    certificate(folder, "old", by="plant", names=at_home, days=("20200101000000Z", "20200201000000Z"))
    certificate(folder, "young", by="plant", names=at_home, days=("20990101000000Z", "20990201000000Z"))
    certificate(folder, "collector", by="plant")
    certificate(folder, "stranger", by="foreign")
    certificate(folder, "old-collector", by="plant", days=("20200101000000Z", "20200201000000Z"))
    return folder


def secured(
    keys: Path, *, name: str = "meter", clients: str = "", version: ssl.TLSVersion | None = None
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys / f"{name}.pem", keys / f"{name}.key")
    if clients:
        context.load_verify_locations(cafile=keys / f"{clients}.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    if version is not None:
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = version
        context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def tls(keys: Path, *, ca: str = "plant", client: str = "", server_name: str = "") -> Tls:
    certificate_file, key_file = (keys / f"{client}.pem", keys / f"{client}.key") if client else (None, None)
    return Tls(keys / f"{ca}.pem", certificate_file, key_file, server_name)


def at(port: int, tls: Tls, *, timeout_s: float = 1.0) -> ModbusConnection:
    return ModbusConnection(Endpoint("e", Transport.MODBUS_TLS, HOST, port, timeout_s, tls=tls), SystemClock())


async def read(connection: ModbusConnection, address: int = 10, count: int = 2) -> bytes:
    return (await connection.read(function=4, unit=1, address=address, count=count, whom="m1")).data


def expected(address: int, count: int = 2) -> bytes:
    return struct.pack(f">{count}H", *(register(1, 4, place) for place in range(address, address + count)))


@contextlib.asynccontextmanager
async def secure(keys: Path, answer: Answering = rightly) -> AsyncIterator[tuple[ModbusServer, ModbusConnection]]:
    async with (
        serving(answer, secured=secured(keys)) as server,
        at(server.port, tls(keys), timeout_s=0.3) as connection,
    ):
        yield server, connection


# --- Right ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_registers_are_read_with_certificates_on_both_sides(keys: Path, version: ssl.TLSVersion) -> None:
    context = secured(keys, clients="plant", version=version)
    async with serving(secured=context) as server, at(server.port, tls(keys, client="collector")) as connection:
        for address in (0, 100, 200):
            assert await read(connection, address, 125) == expected(address, 125)
        assert server.connections == 1


async def test_a_device_is_known_by_the_name_that_is_given_for_it(keys: Path) -> None:
    async with (
        serving(secured=secured(keys, name="elsewhere")) as server,
        at(server.port, tls(keys, server_name="elsewhere.plant")) as connection,
    ):
        assert await read(connection) == expected(10)


async def test_a_device_may_be_trusted_by_its_own_certificate(keys: Path) -> None:
    async with serving(secured=secured(keys)) as server, at(server.port, tls(keys, ca="meter")) as connection:
        assert await read(connection) == expected(10)


async def test_a_frame_in_pieces_and_two_in_one_record_are_cut_by_their_length(keys: Path) -> None:
    """The framer of pymodbus for TLS would take whatever came for one frame."""

    async def in_pieces(request: Request, writer: asyncio.StreamWriter) -> None:
        frame = request.adu()
        writer.write(request.adu(bytes.fromhex("04 04 DEAD BEEF"), tid=request.tid - 1) + frame[:5])
        await asyncio.sleep(0.02)
        writer.write(frame[5:] + frame)

    async with secure(keys, in_pieces) as (_, connection):
        for address in (10, 20, 30):
            assert await read(connection, address) == expected(address)


async def test_exceptions_silence_and_garbage_are_told_as_without_tls(keys: Path) -> None:
    async def kinds(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.address == 1:
            writer.write(request.adu(bytes.fromhex("84 02")))
        elif request.address == 2:
            writer.write(request.adu(bytes.fromhex("04 02 DEAD")))
        elif request.address != 3:
            writer.write(request.adu())

    async with secure(keys, kinds) as (server, connection):
        with pytest.raises(MeterRefused, match="exception 02"):
            await read(connection, 1)
        with pytest.raises(MeterGarbled, match="an answer of 2 bytes came, 4 were asked"):
            await read(connection, 2)
        with pytest.raises(MeterSilent, match=r"no answer after 0\.3 s"):
            await read(connection, 3)
        assert await read(connection, 4) == expected(4)
        assert server.connections == 1


# --- Not accepted -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "ca", "words"),
    [
        ("old", "plant", "the device's certificate has expired; renew it, or set this machine's clock"),
        ("young", "plant", "the device's certificate is not valid yet; check the clocks of both"),
        ("meter", "foreign", r"signed by a CA that is not in .*foreign\.pem; put that CA's there"),
        ("elsewhere", "plant", r"is for another name \(IP address mismatch.*127\.0\.0\.1.*\); set 'server_name'"),
    ],
)
async def test_a_device_that_does_not_prove_itself_is_asked_nothing(keys: Path, name: str, ca: str, words: str) -> None:
    async with serving(secured=secured(keys, name=name)) as server:
        with pytest.raises(EndpointUnreachable, match=f"connect to {HOST} port {server.port} .e.: .*{words}"):
            async with at(server.port, tls(keys, ca=ca)):
                pass
        assert server.requests == []


async def test_a_name_that_the_certificate_does_not_hold_is_told_with_both(keys: Path) -> None:
    async with serving(secured=secured(keys)) as server:
        with pytest.raises(EndpointUnreachable, match=r"not valid for 'pump\.plant'\); set 'server_name'"):
            async with at(server.port, tls(keys, server_name="pump.plant")):
                pass


@contextlib.asynccontextmanager
async def greeting(context: ssl.SSLContext) -> AsyncIterator[int]:
    """Greet one client and hang up. Python's event loop would not say why it refuses one; a socket by itself does."""

    def greet() -> None:
        with contextlib.suppress(OSError), listener.accept()[0] as wire:
            wire.settimeout(5)
            with context.wrap_socket(wire, server_side=True) as secured_wire:
                secured_wire.recv(100)

    with socket.create_server((HOST, 0)) as listener:
        greeted = asyncio.create_task(asyncio.to_thread(greet))
        yield listener.getsockname()[1]
        await greeted


async def connect_and_read(connection: ModbusConnection) -> None:
    async with connection:
        await asyncio.sleep(0.05)
        await read(connection)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(
    ("client", "words"),
    [
        ("", r"the device refuses \(.*\); it may want a certificate: give certificate_file and key_file"),
        ("stranger", r"refuses the collector's certificate .*stranger\.pem \(unknown ca\); have it signed by its CA"),
        ("old-collector", r"refuses the collector's certificate .*old-collector\.pem \(certificate expired\)"),
    ],
)
async def test_a_device_that_refuses_the_collector_says_why(
    keys: Path, client: str, words: str, version: ssl.TLSVersion
) -> None:
    """With TLS 1.3, the refusal comes after the connection stands: the first read tells."""
    async with greeting(secured(keys, clients="plant", version=version)) as port:
        with pytest.raises(EndpointUnreachable, match=words):
            await connect_and_read(at(port, tls(keys, client=client)))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_of_a_device_that_hangs_up_without_a_word_both_reasons_are_told(
    keys: Path, version: ssl.TLSVersion
) -> None:
    async with serving(secured=secured(keys, clients="plant", version=version)) as server:
        with pytest.raises(EndpointUnreachable, match=r"hung up .*; it may refuse .*stranger\.pem, or speak no TLS"):
            await connect_and_read(at(server.port, tls(keys, client="stranger")))
        assert server.requests == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
async def test_tls_older_than_1_2_is_not_spoken(keys: Path) -> None:
    async with greeting(secured(keys, version=ssl.TLSVersion.TLSv1_1)) as port:
        with pytest.raises(EndpointUnreachable, match=r"no TLS 1\.2 or newer; update it"):
            await connect_and_read(at(port, tls(keys)))


async def test_a_device_without_tls_on_its_port_is_told(keys: Path) -> None:
    async def web_page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(web_page, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(EndpointUnreachable, match=r"no TLS connection came about \(.*\); check 'port'"):
            async with at(port, tls(keys)):
                pass


async def test_a_device_that_says_nothing_to_the_greeting_costs_one_timeout(keys: Path) -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, HOST, 0)
    async with server:
        started = time.monotonic()
        with pytest.raises(EndpointUnreachable, match=r"nothing came within 0\.2 s"):
            async with at(server.sockets[0].getsockname()[1], tls(keys), timeout_s=0.2):
                pass
        assert time.monotonic() - started < 1.0


async def test_nobody_at_the_port_is_told_as_without_tls(keys: Path) -> None:
    with pytest.raises(EndpointUnreachable, match=r"refused or no answer \(.*\); check cable"):
        async with at(free_port(), tls(keys)):
            pass


async def test_a_connection_lost_before_the_first_answer_names_the_certificate(keys: Path) -> None:
    async def resetting(request: Request, writer: asyncio.StreamWriter) -> None:
        if len(server.requests) == request.address:
            writer.write(request.adu())
        else:
            reset(writer)

    async with serving(resetting, secured=secured(keys)) as server:
        async with at(server.port, tls(keys)) as connection:
            with pytest.raises(EndpointUnreachable, match="lost: the device hung up over the greeting; it may refuse"):
                await read(connection, 0)
        async with at(server.port, tls(keys)) as connection:
            assert await read(connection, 2) == expected(2)
            with pytest.raises(EndpointUnreachable, match=r"the connection was lost$"):
                await read(connection, 2)


async def test_files_that_cannot_be_used_are_told_and_nobody_is_asked_for_a_password(keys: Path) -> None:
    at_port = free_port()
    for files in (
        Tls(keys / "nowhere.pem"),
        Tls(keys / "plant.key"),
        Tls(keys / "plant.pem", keys / "collector.pem", keys / "meter.key"),
        Tls(keys / "plant.pem", keys / "collector.pem", locked(keys, "collector")),
    ):
        with pytest.raises(EndpointUnreachable, match=r"the certificates cannot be used .*; run potline check"):
            async with at(at_port, files):
                pass
