"""Who is behind an endpoint: ids that answer, devices that answer to every id, gateways, and which profile fits."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from adversarial_modbus import RTU, ModbusServer, Request, endpoint, reset, serving
from server_process import free_port
from unknown_device import Device, behind, everywhere, floats, text

from collector.acquisition.modbus.connection import EndpointUnreachable
from collector.acquisition.modbus.scan import REQUESTS_A_PROFILE, Scan, Unit
from collector.clock import SystemClock
from collector.plant.meter import Endpoint, Transport
from collector.plant.profile import MeterProfile
from collector.settings.profiles import profile_names, read_profile

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "config" / "profiles"
ALL = [read_profile(FOLDER / f"{name}.toml") for name in profile_names(FOLDER)]
SCHNEIDER = [each for each in ALL if each.name == "schneider-pm5xxx"]

PM5000 = (
    floats(3009, 100.3, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 398.17, 0.0)
    | {place: word for start in (3027,) for place, word in floats(start, 229.1, 230.7, 229.9, 0.0, 229.9).items()}
    | floats(2999, 100.1, 100.4, 100.4)
    | floats(3053, 20.7, 20.8, 20.7, 62.2)
    | floats(3077, 0.9, 0.9, 0.9, 0.9)
    | floats(3109, 50.021)
)


def pm5000(maker: str = "Schneider Electric") -> Device:
    return Device(PM5000 | text(69, maker, 20), objects={0: "Schneider Electric", 1: "PM5330", 2: "01.20"})


async def scanned(
    at: Endpoint, units: Sequence[int], profiles: Sequence[MeterProfile] = SCHNEIDER
) -> tuple[list[Unit], list[str]]:
    work = Scan(at, units, profiles, SystemClock(), lambda _: None)
    return [unit async for unit in work.found()], work.notes


@pytest.fixture(autouse=True)
def short_first_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collector.acquisition.modbus.scan.FIRST_PATIENCE_S", 0.3)


@pytest.mark.asyncio
async def test_units_that_answer_are_found_with_what_they_call_themselves_and_the_profile() -> None:
    async with serving(behind({3: pm5000(), 7: Device({0: 1})})) as server:
        units, notes = await scanned(endpoint(server.port, timeout_s=0.05), range(1, 10))
    assert [unit.id for unit in units] == [3, 7]
    assert units[0].told == {0: "Schneider Electric", 1: "PM5330", 2: "01.20"}
    (fit,) = units[0].fits
    assert (fit.profile.name, fit.words) == ("schneider-pm5xxx", "certain")
    assert fit.reasons[:2] == ("it calls itself Schneider Electric", "it calls itself PM5330")
    assert any(reason.startswith("frequency 50.021 Hz") for reason in fit.reasons)
    assert (units[1].told, units[1].fits) == ({}, ())
    assert notes == []


@pytest.mark.asyncio
async def test_a_device_of_another_maker_is_not_taken_for_it_whatever_its_values_are() -> None:
    async with serving(behind({3: pm5000("Another GmbH")})) as server:
        units, _ = await scanned(endpoint(server.port, timeout_s=0.05), [3])
    assert units[0].fits == ()


@pytest.mark.asyncio
async def test_the_same_answers_to_1_and_255_are_one_device_and_end_the_scan() -> None:
    async with serving(everywhere(pm5000())) as server:
        units, notes = await scanned(endpoint(server.port, timeout_s=0.05), [*range(1, 248), 0, 255])
    assert [unit.id for unit in units] == [1]
    (note,) = notes
    assert note.startswith("unit ids 1 and 255 answer the same: one device, which does not look at the unit id. ")
    assert {request.unit for request in server.requests} == {1, 255}


@pytest.mark.asyncio
async def test_different_devices_at_1_and_255_are_two() -> None:
    async with serving(behind({1: pm5000(), 255: Device({0: 1}, objects={0: "Gateway AG"}), 2: pm5000()})) as server:
        units, notes = await scanned(endpoint(server.port, timeout_s=0.05), [*range(1, 4), 255])
    assert [unit.id for unit in units] == [1, 255, 2]
    assert notes == []


@pytest.mark.asyncio
async def test_a_slow_gateway_is_given_the_time_it_needs() -> None:
    # It waits 0.2 s for a meter that is not there: longer than the patience that was asked for.
    async with serving(behind({3: pm5000()}, absent=0x0B, after_s=0.2)) as server:
        units, _ = await scanned(endpoint(server.port, timeout_s=0.05), range(1, 5))
    assert [unit.id for unit in units] == [3]


@pytest.mark.asyncio
async def test_silent_ids_cost_the_short_time_after_the_first() -> None:
    async with serving(behind({})) as server:
        begun = time.monotonic()
        units, _ = await scanned(endpoint(server.port, timeout_s=0.02), range(1, 41))
        took = time.monotonic() - begun
    assert units == []
    assert len({request.unit for request in server.requests}) == 40
    assert took < 0.3 + 40 * 0.05


@pytest.mark.asyncio
async def test_an_id_that_makes_the_device_hang_up_does_not_end_the_scan() -> None:
    known = behind({5: pm5000()})

    async def touchy(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.unit == 4:
            reset(writer)
        else:
            await known(request, writer)

    async with serving(touchy) as server:
        units, notes = await scanned(endpoint(server.port, timeout_s=0.05), range(3, 7))
    assert [unit.id for unit in units] == [5]
    assert notes == ["unit 4: the connection is closed when it is asked; not looked at"]


@pytest.mark.asyncio
async def test_nobody_listening_is_unreachable() -> None:
    with pytest.raises(EndpointUnreachable, match="connect to"):
        await scanned(endpoint(free_port(), timeout_s=0.05), [1])


@pytest.mark.asyncio
async def test_profiles_share_answers_and_none_costs_more_than_six_requests() -> None:
    async with serving(behind({1: pm5000()})) as server:
        await scanned(endpoint(server.port, timeout_s=0.05), [1], SCHNEIDER)
        alone = len(server.requests)
        await scanned(endpoint(server.port, timeout_s=0.05), [1], SCHNEIDER * 5)
        assert len(server.requests) == 2 * alone
        server.requests.clear()
        await scanned(endpoint(server.port, timeout_s=0.05), [1], ALL)
    reads = [(request.function, request.address, request.count) for request in server.requests if request.function < 5]
    assert len(reads) < REQUESTS_A_PROFILE * len(ALL) / 1.5
    assert max(reads.count(read) for read in reads) <= 2


@pytest.mark.asyncio
async def test_a_device_that_falls_silent_is_left_alone() -> None:
    device = Device({0: 1}, silent=frozenset(range(1, 65536)))
    async with serving(behind({1: device})) as server:
        units, _ = await scanned(endpoint(server.port, timeout_s=0.02), [1], ALL)
    assert units[0].note == "fell silent while it was looked at; some profiles were not compared"
    assert len(server.requests) < 15


@pytest.mark.asyncio
async def test_a_serial_line_is_scanned_too() -> None:
    server = ModbusServer(behind({2: pm5000()}), framing=RTU)
    async with server.on_a_line() as device:
        line = Endpoint("line", Transport.MODBUS_RTU, "", 0, 0.08, device=device, parity="none")
        units, _ = await scanned(line, [1, 2, 3])
    assert [(unit.id, unit.fits[0].profile.name) for unit in units] == [(2, "schneider-pm5xxx")]


# --- Every profile that is shipped, on a simulated device of its own --------------------------------------------------


@dataclass(frozen=True, slots=True)
class Simulated:
    """Where the simulated meters listen, by the names of their profiles."""

    places: dict[str, dict[str, Any]]


@pytest.fixture(scope="module", params=[True, False], ids=["identified", "nameless"])
def every_meter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    """Run a simulator with one meter of each profile, each at an endpoint of its own."""
    folder = tmp_path_factory.mktemp("every-meter")
    plant = (ROOT / "config" / "plants" / "example.toml").read_text(encoding="utf-8")
    plant = plant[: plant.index("[meters.")]
    scenario = (ROOT / "simulators" / "scenarios" / "steady.toml").read_text(encoding="utf-8")
    scenario = scenario[: scenario.index("[feeders")].replace('"../../config/plants/example.toml"', '"plant.toml"')
    scenario = scenario.replace('"../../config/', f'"{ROOT / "config"}/')
    for number, profile in enumerate(ALL, 1):
        constants = ", ".join(f"{each.name} = 1.0" for each in profile.constants if each.default is None)
        plant += (
            f'\n[endpoints.e{number}]\ntransport = "modbus_tcp"\nhost = "127.0.0.1"\nport = {7000 + number}\n'
            f'[meters.m{number}]\nmeasures = "monitored"\nprofile = "{profile.name}"\nendpoint = "e{number}"\n'
            f'unit = 1\nevery = "5s"\nrated_power = "200 kW"\nconstants = {{ {constants} }}\n'
        )
        scenario += f"\n[meters.m{number}]\nidentification = {str(request.param).lower()}\n"
    (folder / "plant.toml").write_text(plant, encoding="utf-8")
    (folder / "scenario.toml").write_text(scenario, encoding="utf-8")
    announced = folder / "announced.json"
    command = [sys.executable, "-m", "simulators", "run", str(folder / "scenario.toml"), "--announce", str(announced)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)
    try:
        for _ in range(200):
            if announced.is_file() or process.poll() is not None:
                break
            time.sleep(0.1)
        assert announced.is_file(), (folder / "log").read_text(encoding="utf-8")[-2000:]
        places = json.loads(announced.read_text(encoding="utf-8"))["endpoints"]
        yield Simulated({each.name: places[f"e{number}"] for number, each in enumerate(ALL, 1)})
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.asyncio
async def test_the_profile_of_a_simulated_meter_comes_first(
    every_meter: Simulated, request: pytest.FixtureRequest
) -> None:
    async def first(name: str) -> tuple[str, str]:
        place = every_meter.places[name]
        at = Endpoint("place", Transport.MODBUS_TCP, place["host"], place["port"], 0.5)
        units, _ = await scanned(at, [1], ALL)
        fits = units[0].fits
        return (fits[0].profile.name, fits[0].words) if fits else ("", "")

    found = {name: await first(name) for name in every_meter.places}
    wrong = {name: told for name, told in found.items() if told[0] != name}
    # Measured: 45 of 46 where the meter says what it is, 37 where not. The others show a single flow, weight or gas,
    # which nothing tells apart, share their map with a meter of the same family, or stand at their full scale here.
    least = 45 if "identified" in request.node.name else 37
    assert len(found) - len(wrong) >= least, wrong
    assert "certain" not in {words for _, words in wrong.values()}
