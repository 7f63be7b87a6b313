"""A plant of 300 monitored meters in one process: exchanged, identified, swapped, and cheap until somebody asks."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from simulator_run import running
from test_simulated_expansion import HEAD, plant_file

from simulators.physics.smelter import Smelter
from simulators.scenario import Scenario, load_scenario
from simulators.servers import registers
from simulators.servers.endpoints import Endpoints
from simulators.tables import ConfigurationError

ROOT = Path(__file__).parents[2]
BEGIN = 1_795_316_400_000_000_000
METER = """title = "Feeder meter"
vendor = "Acme"
models = ["F7"]
[modbus]
function = 3
max_registers = 20
[registers.vendor_text]
address = 0
type = "string"
length = 4
info = true
expect = ["Acme"]
[registers.serial_number_text]
address = 4
type = "string"
length = 4
info = true
[registers.power_sf]
address = 8
type = "s16"
info = true
[registers.active_power]
address = 9
type = "s16"
unit = "W"
exponent = "power_sf"
[registers.active_energy_import]
address = 10
type = "u32"
unit = "kWh"
[constants.ct]
meaning = "ratio"
default = 1
"""
OTHER = METER.replace("Acme", "Other").replace("Feeder meter", "Another")


@pytest.fixture
def scenario_file(tmp_path: Path) -> Path:
    """Write a plant of three endpoints with 100 meters each, and a scenario that runs it."""
    text = "".join(
        f'[endpoints.bus_{bus}]\ntransport = "modbus_tcp"\nhost = "127.0.0.1"\n'
        f'[meters."feeder_{bus}{{n}}"]\nfor = "01..99"\nunit = "{{n}}"\nendpoint = "bus_{bus}"\n'
        'measures = "monitored"\nprofile = "feeder"\nrated_power = "150 kW"\nevery = "5s"\n'
        for bus in range(3)
    )
    plant_file(tmp_path, text)
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    (profiles / "feeder.toml").write_text(METER, encoding="utf-8")
    (profiles / "other.toml").write_text(OTHER, encoding="utf-8")
    file = tmp_path / "scenario.toml"
    file.write_text(
        f'plant = "plant.toml"\nprofiles = "profiles"\nfactors = "{ROOT / "config" / "factors"}"\n'
        "[potlines.PL1]\nline_current_ka = 400\npot_voltage_v = 4.0\n"
        '[meters.feeder_007]\ninformation = { serial_number_text = "X-1" }\nidentification = false\n'
        "[meters.feeder_008]\nserial_number = 815\n",
        encoding="utf-8",
    )
    return file


def shown(scenario: Scenario) -> tuple[Smelter, Endpoints]:
    smelter, endpoints = Smelter(scenario, BEGIN), Endpoints(scenario, BEGIN)
    smelter.step()
    endpoints.show(smelter.readouts(), smelter.time_ns)
    return smelter, endpoints


def test_nothing_is_encoded_until_somebody_asks(scenario_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> bytes:
        raise AssertionError(f"encoded: {arguments}")

    monkeypatch.setattr(registers, "pack", refuse)
    scenario = load_scenario(scenario_file)
    assert len(scenario.plant.meters) == 297
    shown(scenario)


@pytest.mark.asyncio
async def test_meters_are_read_identified_and_swapped(scenario_file: Path, tmp_path: Path) -> None:
    with running(tmp_path, scenario_file) as announced:
        place = announced["endpoints"]["bus_0"]
        reader, writer = await asyncio.open_connection(place["host"], place["port"])

        async def answer(request: str) -> bytes:
            pdu = bytes.fromhex(request)
            writer.write(b"\x00\x01\x00\x00" + len(pdu).to_bytes(2) + pdu)
            async with asyncio.timeout(30):
                head = await reader.readexactly(6)
                return (await reader.readexactly(head[5]))[1:]

        assert (await answer("07 03 0000 0008"))[2:] == b"Acme\x00\x00\x00\x00X-1\x00\x00\x00\x00\x00"
        assert await answer("07 2B 0E 01 00") == b"\xab\x01"
        assert (await answer("08 03 0004 0004"))[2:] == b"00000815"
        assert (await answer("08 2B 0E 04 06"))[7:] == b"\x06\x0800000815"
        assert await answer("08 03 0000 0015") == b"\x83\x03"
        # Half of 150 kW, five per cent more or less, in tens of watts.
        scaled = (await answer("08 03 0008 0002"))[2:]
        assert scaled[:2] == b"\x00\x01"
        assert 7000 < int.from_bytes(scaled[2:]) < 8000

        fault = {"kind": "ip_swap", "meter": "feeder_008", "profile": "other"}
        async with aiohttp.ClientSession() as http, http.post(f"{announced['control']}/faults", json=fault) as added:
            assert added.status == 201
        assert (await answer("08 03 0000 0004"))[2:] == b"Other\x00\x00\x00"
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("serial_number_text =", "colour =", "meters.feeder_007.information: names 'colour', which is no information"),
        ('"X-1"', "3", "meters.feeder_007.information.serial_number_text: is 3.0, and the register is string"),
        ("identification = false", 'identification = "no"', "meters.feeder_007.identification: is 'no', neither true"),
    ],
)
def test_a_wrong_setup_in_the_scenario_says_where(scenario_file: Path, old: str, new: str, complaint: str) -> None:
    scenario_file.write_text(scenario_file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_scenario(scenario_file)
    assert str(caught.value).startswith(f"{scenario_file}: {complaint}")


def test_constants_are_those_of_the_profile_and_complete(scenario_file: Path) -> None:
    plant = scenario_file.parent / "plant.toml"
    assert HEAD in plant.read_text(encoding="utf-8")
    plant.write_text(
        plant.read_text(encoding="utf-8").replace('every = "5s"', 'every = "5s"\nconstants = { vt = 2 }'),
        encoding="utf-8",
    )
    with pytest.raises(ConfigurationError, match=r"constants: names 'vt', which is no constant of feeder; it has ct"):
        load_scenario(scenario_file)
    profile = scenario_file.parent / "profiles" / "feeder.toml"
    profile.write_text(METER.replace("default = 1", "").replace("constants.ct", "constants.vt") + "[constants.ct]\n")
    with pytest.raises(ConfigurationError, match=r"constants: lacks 'ct', which feeder needs; add it"):
        load_scenario(scenario_file)
