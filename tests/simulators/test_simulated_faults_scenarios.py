"""Faults and transports of whole scenarios: read from files, and at work in a running process."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from server_process import program
from simulator_run import running

from simulators.scenario import load_scenario
from simulators.servers.endpoints import Endpoints
from simulators.tables import ConfigurationError

ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "simulators" / "scenarios"
LINE = "\n[potlines.PL1]\nline_current_ka = 400\npot_voltage_v = 4.0\n"


def written(folder: Path, text: str) -> Path:
    head = "".join(
        f'{key} = "{ROOT / "config" / where}"\n'
        for key, where in (("plant", "plants/example.toml"), ("profiles", "profiles"), ("factors", "factors"))
    )
    file = folder / "scenario.toml"
    file.write_text(head + LINE + text, encoding="utf-8")
    return file


async def mbpoll(*arguments: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run, [program("mbpoll"), "-0", "-1", *arguments], capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("name", ["dead_unit", "counters", "night_modbus"])
def test_the_scenarios_that_ship_can_be_used(name: str) -> None:
    endpoints = Endpoints(load_scenario(SCENARIOS / f"{name}.toml"), 0)
    assert len(endpoints.book)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[endpoints.x]", "endpoints.x: is not an endpoint of the plant file; use one of plc, "),
        ('[endpoints.plc]\ntransport = "udp"', "endpoints.plc.transport: is 'udp'; use one of modbus_tcp, modbus_tls"),
        ("[endpoints.plc]\nbaud = 300", "endpoints.plc.baud: is 300, out of 1200"),
        ('[endpoints.plc]\nlatency = "5"', "endpoints.plc.latency: is '5'; write a number and one of the units"),
        ('[endpoints.plc]\nabsent_answer = "0x04"', "endpoints.plc.absent_answer: is '0x04'; use one of 0x0A"),
        ('[endpoints.plc]\ntransport = "tls"', "endpoints.plc.certificate: is missing"),
        ("[endpoints.plc]\nspeed = 1", "endpoints.plc.speed: is not a key that is known here"),
        ('[[faults]]\nkind = "rust"', "faults[0].kind: is 'rust', which is no fault"),
        (
            '[[faults]]\nkind = "no_reply"\nid = "a"\n[[faults]]\nkind = "no_reply"\nid = "a"',
            "faults[1].id: is 'a', as",
        ),
        ("[meters.pl1_dc]\nct_ratio = 0", "meters.pl1_dc.ct_ratio: is 0, out of 0.001"),
        ('[meters.pl1_dc]\nvalues = "raw"', "meters.pl1_dc.values: is 'raw'; use primary or secondary"),
        ('[meters.pl1_dc]\nnot_available = ["x"]', "meters.pl1_dc.not_available: names 'x'; use one of"),
    ],
)
def test_a_wrong_scenario_says_where(tmp_path: Path, text: str, complaint: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        Endpoints(load_scenario(file), 0)
    assert str(caught.value).startswith(f"{file}: {complaint}")


def test_a_wrong_fault_ends_the_command_with_exit_code_78(tmp_path: Path) -> None:
    file = written(tmp_path, '[[faults]]\nkind = "rust"\n')
    command = [sys.executable, "-m", "simulators", "run", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 78
    assert done.stderr.startswith(f"{file}: faults[0].kind: is 'rust', which is no fault; use one of ")


@pytest.mark.asyncio
async def test_a_process_serves_two_transports_and_is_broken_and_mended_over_http(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        '[endpoints.rectifier_gateway]\ntransport = "rtu_pty"\nbaud = 115200\n'
        '[meters.rectifier_1]\nnot_available = ["frequency"]\n',
    )
    with running(tmp_path, file) as announced:
        await break_and_mend(announced)


async def break_and_mend(announced: dict[str, Any]) -> None:
    async with aiohttp.ClientSession() as http:
        serial = announced["endpoints"]["rectifier_gateway"]
        plc = announced["endpoints"]["plc"]
        assert serial["device"].startswith("/dev/")
        assert announced["transports"] == {
            "plc": "modbus_tcp",
            "rectifier_gateway": "modbus_rtu",
            "services_gateway": "modbus_tcp",
        }

        over_tcp = ("-p", str(plc["port"]), "-a", "1", "-t", "4:float", "-B", "-r", "2", plc["host"])
        (current,) = [line for line in (await mbpoll(*over_tcp)).stdout.splitlines() if line.startswith("[2]")]
        assert 380_000 < float(current.split()[1]) < 420_000

        port = ("-m", "rtu", "-b", "115200", "-P", "none")
        voltage = await mbpoll(*port, "-a", "1", "-t", "4:float", "-B", "-r", "3025", serial["device"])
        (value,) = [line for line in voltage.stdout.splitlines() if line.startswith("[3025]")]
        assert 30_000 < float(value.split()[1]) < 36_000
        # A meter that has no value for its frequency says so by the mark of its map.
        frequency = await mbpoll(*port, "-a", "1", "-t", "4:hex", "-r", "3109", "-c", "2", serial["device"])
        assert "0xFFC0" in frequency.stdout
        # On a serial line nobody answers for a unit that is not there.
        assert "timed out" in (await mbpoll(*port, "-o", "0.3", "-a", "9", "-r", "3025", serial["device"])).stderr

        faults = f"{announced['control']}/faults"
        async with http.post(faults, json={"kind": "exc_06_busy", "endpoint": "plc", "id": "menu"}) as added:
            assert added.status == 201
        assert "busy" in (await mbpoll(*over_tcp)).stderr
        async with http.get(faults) as listed:
            assert [(fault["id"], fault["hits"] > 0) for fault in await listed.json()] == [("menu", True)]
        async with http.delete(f"{faults}/menu") as gone:
            assert gone.status == 200
        assert "[2]" in (await mbpoll(*over_tcp)).stdout
        async with http.get(f"{announced['control']}/functions") as functions:
            assert await functions.json() == {"plc": [3], "rectifier_gateway": [3], "services_gateway": []}


@pytest.mark.asyncio
async def test_a_counter_rolls_over_and_a_meter_is_swapped_in_plant_time(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "[meters.rectifier_1]\nenergy_start_kwh = 99999990\nenergy_wraps_at_kwh = 100000000\n"
        '[[faults]]\nkind = "counter_reset"\nmeter = "fume_treatment"\nfrom = "1min"\nfor = "1s"\n',
    )
    # Not faster: the time until it is first asked, and between two questions, is plant time, and the machine's doing.
    with running(tmp_path, file, speed=20) as announced:
        rectifier = announced["endpoints"]["rectifier_gateway"]
        reader, writer = await asyncio.open_connection(rectifier["host"], rectifier["port"])
        deadline = time.monotonic() + 30
        shown = [99_999_990_000]
        # An s64 in Wh at 3203: at some 30 MW ten kWh take a second and a bit of plant time.
        while shown[-1] >= shown[0]:
            assert time.monotonic() < deadline
            writer.write(bytes.fromhex("0001 0000 0006 01 03 0C83 0004"))
            shown.append(int.from_bytes((await reader.readexactly(17))[9:]))
            await asyncio.sleep(0.02)
        assert shown[-1] < 10_000_000
        writer.close()
        await writer.wait_closed()
