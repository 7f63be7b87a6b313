"""Modbus/TCP Security: both sides prove themselves by certificates, or nothing is read and the reason is told."""

import ssl
from pathlib import Path

import pytest
from adversarial_modbus import HOST, serving
from certificates import authority, certificate
from polled_line import Line, many_registers, meter
from waiting import until

from collector.plant.meter import Endpoint, Tls, Transport
from collector.readings.quality import Quality

pytestmark = pytest.mark.asyncio


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    for name in ("plant", "foreign"):
        authority(folder, name)
    certificate(folder, "meter", by="plant", names=f"DNS:meter.plant,IP:{HOST}")
    for name, by in (("collector", "plant"), ("stranger", "foreign")):
        certificate(folder, name, by=by)
    return folder


def demanding(keys: Path) -> ssl.SSLContext:
    """Return what a device has that lets in only those whom the plant's CA knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys / "meter.pem", keys / "meter.key")
    context.load_verify_locations(cafile=keys / "plant.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def line(keys: Path, port: int, *, ca: str = "plant", client: str = "collector") -> Line:
    tls = Tls(keys / f"{ca}.pem", keys / f"{client}.pem", keys / f"{client}.key", "meter.plant")
    at = Endpoint("secured", Transport.MODBUS_TLS, HOST, port, 1.0, tls=tls)
    return Line([meter(f"m{unit}", at, unit, many_registers(20), every_s=0.2) for unit in (1, 2)])


async def test_meters_behind_a_device_that_demands_certificates_are_polled(keys: Path) -> None:
    async with serving(secured=demanding(keys)) as server:
        polled = line(keys, server.port)
        async with polled.polled():
            await until(lambda: len(polled.good_times("m2")) >= 5)
        assert server.connections == 1
    assert all(arrival.batch.usable.all() for arrival in polled.arrivals)


@pytest.mark.parametrize(
    ("ca", "client", "words"),
    [
        ("foreign", "collector", "certificate"),  # the device is not the plant's
        ("plant", "stranger", "it may refuse"),  # the collector is not the plant's
    ],
)
async def test_without_the_right_certificates_nothing_is_read_and_the_reason_is_told(
    keys: Path, ca: str, client: str, words: str
) -> None:
    async with serving(secured=demanding(keys)) as server:
        polled = line(keys, server.port, ca=ca, client=client)
        async with polled.polled():
            await until(lambda: len(polled.arrivals) >= 2, within_s=30.0)
        assert server.requests == []
    assert {row.quality for row in polled.readings("m1")} == {Quality.BAD_NOT_CONNECTED}
    assert words in polled.instruments.meters["m1"].error
