"""Modbus over TLS, with certificates made for the test."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from faulty_modbus import MAP, READOUT, ask
from server_process import program

from simulators.plant import Endpoint, Plant
from simulators.servers.modbus import ModbusServer
from simulators.serving import Transport, read_endpoints
from simulators.tables import ConfigurationError, Table

RIGHT = "00 07 00 00 00 05 01 03 02 01 90"
PLANT = Plant(Path("plant.toml"), "", "", "", {}, {"e": Endpoint("e", 802)}, {}, None)


def openssl(*arguments: str) -> None:
    subprocess.run([program("openssl"), *arguments], check=True, capture_output=True, timeout=20)


def authority(folder: Path, name: str) -> None:
    key, certificate = str(folder / f"{name}.key"), str(folder / f"{name}.pem")
    new = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    openssl("req", *new, "-subj", f"/CN={name}", "-keyout", key, "-out", certificate)


def certificate(folder: Path, name: str, *, signed_by: str) -> None:
    key, request = str(folder / f"{name}.key"), str(folder / f"{name}.csr")
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl(
        "req", *new, "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", request
    )
    signer = ("-CA", str(folder / f"{signed_by}.pem"), "-CAkey", str(folder / f"{signed_by}.key"), "-CAcreateserial")
    out = ("-copy_extensions", "copy", "-days", "2", "-out", str(folder / f"{name}.pem"))
    openssl("x509", "-req", "-in", request, *signer, *out)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    for name in ("plant-ca", "foreign-ca"):
        authority(folder, name)
    certificate(folder, "localhost", signed_by="plant-ca")
    certificate(folder, "collector", signed_by="plant-ca")
    certificate(folder, "stranger", signed_by="foreign-ca")
    return folder


def scenario(folder: Path, **more: str) -> Table:
    content = {"transport": "tls", "certificate": "localhost.pem", "key": "localhost.key", **more}
    return Table(folder / "scenario.toml", {"endpoints": {"e": content}})


@asynccontextmanager
async def serving(table: Table) -> AsyncIterator[int]:
    served = read_endpoints(table, PLANT)["e"]
    assert served.transport is Transport.TLS
    server = ModbusServer({1: MAP.image(READOUT)}, framing=served.transport.framing)
    async with server.listening("127.0.0.1", 0, served.tls) as port:
        yield port


async def asked(port: int, keys: Path, client: str | None = None) -> str:
    context = ssl.create_default_context(cafile=str(keys / "plant-ca.pem"))
    if client:
        context.load_cert_chain(keys / f"{client}.pem", keys / f"{client}.key")
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    try:
        writer.write(ask(7, 5, 1))
        async with asyncio.timeout(30):
            return (await reader.readexactly(11)).hex(" ").upper()
    finally:
        writer.transport.abort()


@pytest.mark.asyncio
async def test_registers_are_read_over_tls(keys: Path) -> None:
    async with serving(scenario(keys)) as port:
        assert await asked(port, keys) == RIGHT


@pytest.mark.asyncio
async def test_only_clients_with_the_plants_certificate_are_let_in(keys: Path) -> None:
    async with serving(scenario(keys, client_ca="plant-ca.pem")) as port:
        assert await asked(port, keys, "collector") == RIGHT
        for refused in (None, "stranger"):
            with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
                await asked(port, keys, refused)


@pytest.mark.asyncio
async def test_plain_modbus_is_not_answered_on_a_tls_port(keys: Path) -> None:
    async with serving(scenario(keys)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(ask(7, 5, 1))
        async with asyncio.timeout(30):
            assert RIGHT not in (await reader.read(100)).hex(" ").upper()
        writer.transport.abort()


def test_a_wrong_certificate_is_a_clear_error(keys: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"endpoints\.e\.certificate: .*nowhere\.pem .* cannot be used"):
        read_endpoints(scenario(keys, certificate="nowhere.pem"), PLANT)
    with pytest.raises(ConfigurationError, match=r"endpoints\.e\.client_ca: .*nowhere\.pem cannot be used"):
        read_endpoints(scenario(keys, client_ca="nowhere.pem"), PLANT)
