"""The meters behind an endpoint share one connection, with one request outstanding at any instant; pauses are kept."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from adversarial_modbus import Request, endpoint, serving
from polled_line import Line, many_registers, meter
from small_plant import plant_of
from waiting import until

from collector.plant.meter import Endpoint, PolledMeter
from collector.readings.quality import Quality
from collector.settings import ConfigurationError

SHORT = 0.98
"""A timer may wake a little early by another clock."""


class Counting:
    """A server that measures: requests outstanding, and how long it was left alone before each."""

    def __init__(self, *, takes_s: float) -> None:
        self.most = 0
        self.rests_s: list[float] = []
        self.after_connect_s: list[float] = []
        self._takes_s = takes_s
        self._outstanding = 0
        self._since_s = 0.0
        self._known: set[asyncio.StreamWriter] = set()

    async def __call__(self, request: Request, writer: asyncio.StreamWriter) -> None:
        """Take a while to answer."""
        loop = asyncio.get_running_loop()
        if writer in self._known:
            self.rests_s.append(loop.time() - self._since_s)
        self._known.add(writer)
        self._outstanding += 1
        self.most = max(self.most, self._outstanding)
        await asyncio.sleep(self._takes_s)
        self._outstanding -= 1
        self._since_s = loop.time()
        writer.write(request.adu())


def different_meters(at: Endpoint, units: Sequence[int]) -> list[PolledMeter]:
    """Return meters of several blocks and periods."""
    registers = [*many_registers(6), *(replace(each, address=each.address + 60) for each in many_registers(9)[6:])]
    slow = [replace(each, address=each.address + 90, every_s=0.35) for each in many_registers(11)[9:]]
    return [meter(f"m{unit}", at, unit, [*registers, *slow], every_s=0.1 + 0.02 * unit) for unit in units]


@pytest.mark.asyncio
async def test_eight_units_share_one_connection_and_never_is_more_than_one_request_outstanding() -> None:
    measured = Counting(takes_s=0.002)
    async with serving(measured) as server:
        line = Line(different_meters(endpoint(server.port, timeout_s=1.0), range(1, 9)))
        async with line.polled():
            await until(lambda: len(server.requests) >= 200)
        assert server.connections == 1
    assert {request.unit for request in server.requests} == set(range(1, 9))
    assert {(request.address, request.count) for request in server.requests} == {(0, 6), (66, 3), (99, 2)}
    assert measured.most == 1
    assert all(row.quality == Quality.GOOD for unit in range(1, 9) for row in line.readings(f"m{unit}"))


@pytest.mark.asyncio
async def test_silent_units_and_a_reconnection_do_not_open_a_second_connection() -> None:
    most = 0

    async def two_are_silent(request: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal most
        most = max(most, len(server.open))
        if request.unit not in {3, 5}:
            writer.write(request.adu())

    async with serving(two_are_silent) as server:
        line = Line(different_meters(endpoint(server.port, timeout_s=0.05), range(1, 7)))
        async with line.polled():
            for connection in (1, 2, 3):
                asked = len(server.requests)
                await until(lambda asked=asked: len(server.requests) >= asked + 45)  # type: ignore[misc]
                assert server.connections == connection
                server.drop()
    assert most == 1
    assert len(line.good_times("m6")) >= 8


@pytest.mark.asyncio
@pytest.mark.parametrize("where", ["the endpoint", "a profile"])
async def test_the_pauses_after_connecting_and_between_requests_are_kept(where: str) -> None:
    """Whether the plant file asks for them or the register map of one of the meters: the others share its line."""
    measured = Counting(takes_s=0.001)
    async with serving(measured) as server:
        at = endpoint(server.port, timeout_s=1.0)
        if where == "the endpoint":
            line = Line(different_meters(replace(at, pause_after_connect_s=0.2, pause_between_s=0.03), [1, 2]))
        else:
            first, second = different_meters(at, [1, 2])
            careful = replace(second.profile, pause_after_connect_s=0.2, pause_between_s=0.03)
            line = Line([first, replace(second, profile=careful)])
        loop = asyncio.get_running_loop()
        async with line.polled():
            await until(lambda: bool(server.open))
            connected_s = loop.time()
            await until(lambda: bool(server.requests))
            assert loop.time() - connected_s >= 0.2 * SHORT - 0.005  # it is looked every 2 ms
            await until(lambda: len(server.requests) >= 40)
        assert server.connections == 1
    assert len(measured.rests_s) >= 38
    assert min(measured.rests_s) >= 0.03 * SHORT
    assert measured.most == 1


PLANT = """\
[endpoints.one]
{one}
[endpoints.other]
{other}
[meters.a]
measures = "monitored"
profile = "eastron-sdm630"
endpoint = "one"
unit = 1
[meters.b]
measures = "monitored"
profile = "eastron-sdm630"
endpoint = "other"
unit = 2
"""
TCP = 'transport = "modbus_tcp"\nhost = "127.0.0.1"\nport = 5020'
SERIAL = 'transport = "modbus_rtu"\ndevice = "/dev/null"'


@pytest.mark.parametrize(
    ("one", "other", "place"),
    [
        (TCP, TCP, "127.0.0.1 port 5020"),
        (TCP, TCP.replace("modbus_tcp", "rtu_over_tcp"), "127.0.0.1 port 5020"),
        (SERIAL, SERIAL.replace("/dev/null", "/dev/../dev/null"), "/dev/../dev/null"),
    ],
    ids=["the same", "in another way", "by another name"],
)
def test_two_endpoints_at_one_place_are_refused_so_two_pollers_never_share_a_device(
    tmp_path: Path, one: str, other: str, place: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        plant_of(tmp_path, PLANT.format(one=one, other=other))
    assert f"endpoints.other: is {place} like one; one endpoint, its meters share the connection" in str(caught.value)
    other = other.replace("5020", "5021").replace("null", "zero")
    assert len(plant_of(tmp_path, PLANT.format(one=one, other=other)).plant.polled_meters) == 2
