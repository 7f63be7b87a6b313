"""``potline read`` and ``potline scan`` as a person at the panel uses them: what they say, and their exit codes.

One of each is run as a process of its own; the others in a thread, which takes a tenth of the time.
"""

import asyncio
import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from adversarial_modbus import RTU, ModbusServer, serving
from click.testing import CliRunner, Result
from server_process import free_port
from unknown_device import Device, behind, floats, text

from collector.cli import main

ROOT = Path(__file__).parents[3]
GATEWAY = "POTLINE_ENDPOINTS__RECTIFIER_GATEWAY__PORT"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder with the shipped settings in it, and without settings in the environment."""
    for name in os.environ:
        if name.upper().startswith("POTLINE_"):
            monkeypatch.delenv(name)
    shutil.copytree(ROOT / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def potline(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="potline")


async def potline_beside(
    *arguments: str, columns: int = 120, environment: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """Run the command in a thread, beside the servers of this loop, on a terminal of so many columns."""
    told = {"COLUMNS": str(columns), **(environment or {})}
    result = await asyncio.to_thread(CliRunner().invoke, main, arguments, prog_name="potline", env=told)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


async def potline_process(
    *arguments: str, columns: int = 120, environment: Mapping[str, str] | None = None
) -> tuple[int | None, str, str]:
    """Run the command as a process of its own, on a terminal of so many columns."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "collector", *arguments),
        env={**os.environ, "COLUMNS": str(columns), **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    async with asyncio.timeout(40):
        output, errors = await process.communicate()
    return process.returncode, output.decode(), errors.decode()


def whole(address: int, number: int) -> dict[int, int]:
    return dict(enumerate(struct.unpack(">4H", struct.pack(">q", number)), address))


def pm5000() -> Device:
    """Return a PM5330 with everything its profile knows."""
    words = (
        floats(2999, 100.1, 100.4, 100.4, 0.5, 0.1, 100.3)
        | floats(3019, 398.2, 398.1, 398.2, 398.17)
        | floats(3027, 229.1, 230.7, 229.9)
        | floats(3035, 229.9)
        | floats(3053, 20.7, 20.8, 20.7, 62.2, 10.0, 10.1, 10.0, 30.1, 23.0, 23.1, 23.0, 69.1, 0.9, 0.9, 0.9, 0.9)
        | floats(3109, 50.021)
        | {2013: 3, 2014: 4, 2015: 11, 89: 15272, 129: 0x0012, 130: 0xD687}
        | text(29, "Rectifier 1", 20)
        | text(49, "PM5330", 20)
        | text(69, "Schneider Electric", 20)
    )
    for place in range(3203, 3243, 4):
        words |= whole(place, 74_347_498 if place == 3203 else 0)
    return Device(words, objects={0: "Schneider Electric", 1: "PM5330", 2: "01.20"})


# --- read METER -------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_read_shows_every_register_its_quality_and_whether_it_makes_sense() -> None:
    async with serving(behind({1: pm5000()})) as server:
        code, output, errors = await potline_process("read", "rectifier_1", environment={GATEWAY: str(server.port)})
    assert (code, errors) == (0, "")
    lines = output.splitlines()
    assert (
        lines[0] == f"rectifier_1: Schneider Electric PowerLogic PM5000 series at 127.0.0.1 port {server.port} unit 1"
    )
    assert "  the device calls itself: Schneider Electric, PM5330, 01.20" in lines
    rows = {line.split()[0]: " ".join(line.split()) for line in lines if line.startswith("  ")}
    assert rows["active_power"] == "active_power 3060 0x0BF3 f32 msw_first 4278 CCCD 62.2 kW good"
    assert rows["active_energy_import"] == (
        "active_energy_import 3204 0x0C83 s64 msw_first 0000 0000 046E 73EA 74,347,498 Wh good"
    )
    assert rows["model"] == "model 50 0x0031 string 504D 3533 3330 0000... PM5330 good"
    assert rows["frequency"] == "frequency ok: 50.021 Hz"
    assert all(len(line) <= 120 for line in lines)


@pytest.mark.asyncio
async def test_read_fits_eighty_columns() -> None:
    async with serving(behind({1: pm5000()})) as server:
        _, output, _ = await potline_beside("read", "rectifier_1", columns=80, environment={GATEWAY: str(server.port)})
    assert [line for line in output.splitlines()[1:] if len(line) > 80] == []
    assert "active_power" in output
    assert "62.2 kW" in output


@pytest.mark.asyncio
async def test_read_leaves_with_1_for_what_is_refused_or_makes_no_sense() -> None:
    device = pm5000()
    device.words = {place: word for place, word in device.words.items() if place not in {3109, 3110}}
    async with serving(behind({1: device})) as server:
        code, output, errors = await potline_beside("read", "rectifier_1", environment={GATEWAY: str(server.port)})
        assert (code, errors) == (1, "")
        assert "refused: illegal data address (02)" in output
        device.words = {**pm5000().words, **floats(3059, 6220.0)}
        code, output, _ = await potline_beside("read", "rectifier_1", environment={GATEWAY: str(server.port)})
    assert code == 1
    assert "doubtful: 6,220 kW" in output
    assert "a factor of 100: check scale and unit of both" in " ".join(output.split())


@pytest.mark.asyncio
async def test_read_prints_one_document() -> None:
    async with serving(behind({1: pm5000()})) as server:
        code, output, _ = await potline_beside("read", "rectifier_1", "--json", environment={GATEWAY: str(server.port)})
    assert code == 0
    document: dict[str, Any] = json.loads(output)
    assert (document["meter"], document["profile"], document["well"]) == ("rectifier_1", "schneider-pm5xxx", True)
    power = next(entry for entry in document["registers"] if entry["name"] == "active_power")
    assert power == {
        "name": "active_power",
        "quantity": "active_power",
        "address": 3060,
        "wire": 3059,
        "function": 3,
        "type": "f32",
        "word_order": "msw_first",
        "byte_order": "big",
        "raw": "4278CCCD",
        "value": pytest.approx(62.2, rel=1e-6),
        "unit": "kW",
        "shown": "62.2 kW",
        "quality": "good",
        "unverified": "",
    }
    assert {"what": "frequency", "well": True, "words": "50.021 Hz"} in document["sense"]


@pytest.mark.asyncio
async def test_read_leaves_with_69_if_nobody_or_nothing_answers() -> None:
    code, output, errors = await potline_beside(
        "read", "pl1_dc", environment={"POTLINE_ENDPOINTS__PLC__PORT": str(free_port())}
    )
    assert code == 69
    assert output.startswith("pl1_dc: DC bus of a potline, published by the rectifier PLC at 127.0.0.1 port ")
    assert errors.startswith("connect to 127.0.0.1 port ")
    assert errors.count("\n") == 1
    async with serving(behind({})) as server:
        code, _, errors = await potline_beside("read", "rectifier_1", environment={GATEWAY: str(server.port)})
    assert code == 69
    assert "no answer after 1 s" in errors


def test_read_names_the_meters_that_there_are() -> None:
    result = potline("read", "rectifier_9")
    assert result.exit_code == 2
    told = " ".join(result.stderr.split())
    assert told.endswith(
        "there is no meter 'rectifier_9'; one of: pl1_dc, rectifier_1, rectifier_2, fume_treatment, compressed_air"
    )


# --- read --raw -------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_raw_needs_no_plant_file_and_ranks_every_order(folder: Path) -> None:
    shutil.rmtree(folder / "config")
    device = Device(floats(3109, 50.021, 230.4))
    async with serving(behind({7: device})) as server:
        place = f"127.0.0.1:{server.port}"
        code, output, errors = await potline_beside("read", "--raw", "3109", "--count", "4", "--unit", "7", place)
    assert (code, errors) == (0, "")
    lines = output.splitlines()
    assert lines[:2] == [f"127.0.0.1 port {server.port} unit 7", "holding registers 3109+4 (0x0C25)"]
    best = lines[lines.index("the most plausible reading of the block:") + 1 :]
    assert " ".join(best[0].split()) == "3109 f32 msw_first 50.021 very likely 50 Hz line frequency"
    assert " ".join(best[1].split()) == "3111 f32 msw_first 230.4 very likely could be 230 V +0.2%"
    assert best[2] == '  in a profile: word_order = "msw_first", byte_order = "big"'


@pytest.mark.asyncio
async def test_raw_finds_a_meter_and_an_endpoint_of_the_plant_file() -> None:
    async with serving(behind({2: pm5000()})) as server:
        port = {GATEWAY: str(server.port)}
        code, output, _ = await potline_beside("read", "--raw", "0xC26", "--meter", "rectifier_2", environment=port)
        assert code == 0
        assert (
            "3110+2 is refused (illegal data address), 3109+2 is there: the document probably counts from 1"
            in " ".join(output.split())
        )
        code, output, _ = await potline_beside(
            "read", "--raw", "3109", "--all", "--endpoint", "rectifier_gateway", "--unit", "2", environment=port
        )
    assert code == 0
    assert "too small for a meter" in output
    assert output.count("x 0.001") > 5


@pytest.mark.asyncio
async def test_raw_tells_a_refusal_with_1_and_silence_with_69() -> None:
    async with serving(behind({1: pm5000()})) as server:
        place = f"127.0.0.1:{server.port}"
        code, _, errors = await potline_beside("read", "--raw", "9000", place)
        assert code == 1
        assert "exception 02, illegal data address" in errors
        code, _, errors = await potline_beside("read", "--raw", "9000", "--unit", "9", "--timeout", "100ms", place)
    assert code == 69
    assert "no answer after 0.1 s" in errors


@pytest.mark.asyncio
async def test_raw_reads_a_serial_line() -> None:
    server = ModbusServer(behind({7: Device(floats(0, 50.021))}), framing=RTU)
    async with server.on_a_line() as device:
        arguments = ("--raw", "0", "--device", device, "--parity", "none", "--unit", "7", "--timeout", "300ms")
        code, output, _ = await potline_beside("read", *arguments)
    assert code == 0
    assert output.startswith(f"{device} at 19200 8N2 unit 7\n")
    assert "50 Hz line frequency" in output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "name a METER of the plant file, or give --raw ADDRESS and a place"),
        (("--raw", "1"), "with --raw name one place: HOST[:PORT], --device FILE, --meter ID or --endpoint ID"),
        (("--raw", "1", "h", "--meter", "pl1_dc"), "with --raw name one place"),
        (("--raw", "403060", "h"), "addresses"),
        (("--raw", "forty", "h"), "'forty' is no address; write it like 3059 or 0x0BF3"),
        (("--raw", "65535", "h"), "reach beyond the last one, 65535"),
        (("--raw", "1", "h:99999"), "port 99999 does not exist; ports go from 1 to 65535"),
        (("--raw", "1", "h", "--watch", "5s"), "--watch and --json do not go with --raw"),
        (("--raw", "1", "h", "--twice", "soon"), "'soon' is not a number with a unit"),
        (("--raw", "1", "h", "--transport", "modbus_rtu"), "--transport modbus_rtu is spoken on a serial line"),
        (("--raw", "1", "--endpoint", "x"), "there is no endpoint 'x'; one of: plc,"),
    ],
)
def test_wrong_arguments_are_told_with_what_is_right(arguments: tuple[str, ...], told: str) -> None:
    result = potline("read", *arguments)
    assert result.exit_code == 2
    expected = told if told != "addresses" else "is no address on the wire: those go from 0 to 65535"
    assert expected in " ".join(result.stderr.split())


# --- scan -------------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_scan_tells_who_is_there_and_what_it_prints_can_be_pasted(folder: Path) -> None:
    async with serving(behind({2: pm5000(), 3: Device({0: 1})}, absent=0x0B)) as server:
        code, output, errors = await potline_process("scan", f"127.0.0.1:{server.port}", "--units", "1..4")
    assert (code, errors) == (0, "")  # no progress line without a terminal
    lines = output.splitlines()
    assert lines[0] == f"127.0.0.1 port {server.port}, modbus_tcp: 4 unit ids, 46 profiles"
    assert lines[1:3] == ["unit 2", "  calls itself: Schneider Electric, PM5330, 01.20"]
    assert lines[3] == "  certain   schneider-pm5xxx: Schneider Electric PowerLogic PM5000 series"
    assert "  does not identify itself (43/14)" in lines
    assert "  no profile fits: potline read --raw shows its registers in every order" in lines

    pasted = output[output.index("[endpoints.") :]
    plant = folder / "config" / "plants" / "example.toml"
    plant.write_text(plant.read_text(encoding="utf-8") + "\n" + pasted, encoding="utf-8")
    code, output, errors = await potline_beside("check")
    assert (code, errors) == (0, "")
    assert "host_127_0_0_1_2: Schneider Electric PowerLogic PM5000 series, unit 2" in output


@pytest.mark.asyncio
async def test_scan_of_a_line_prints_the_line() -> None:
    server = ModbusServer(behind({2: pm5000()}), framing=RTU)
    async with server.on_a_line() as device:
        code, output, _ = await potline_beside(
            "scan", "--device", device, "--parity", "none", "--units", "1..3", "--timeout", "300ms"
        )
    assert code == 0
    assert f"[endpoints.line_{Path(device).name}]" in output
    assert f'device = "{device}"' in output
    assert 'parity = "none"' in output


@pytest.mark.asyncio
async def test_scan_leaves_with_1_for_nobody_and_69_without_a_connection() -> None:
    async with serving(behind({})) as server:
        code, _, errors = await potline_beside("scan", f"127.0.0.1:{server.port}", "--units", "5", "--timeout", "100ms")
    assert code == 1
    assert "nobody answers at 127.0.0.1 port" in errors
    code, _, errors = await potline_beside("scan", f"127.0.0.1:{free_port()}", "--units", "5")
    assert code == 69
    assert errors.startswith("connect to 127.0.0.1 port ")


@pytest.mark.asyncio
async def test_a_profile_that_is_wrong_is_left_out_and_told(folder: Path) -> None:
    (folder / "config" / "profiles" / "broken.toml").write_text("title = 3\n", encoding="utf-8")
    code, _, errors = await potline_beside("scan", f"127.0.0.1:{free_port()}", "--units", "1")
    assert code == 69
    assert "left out: config/profiles/broken.toml confidence: is missing; add it" in errors


def test_a_folder_without_profiles_is_no_folder_of_profiles(folder: Path) -> None:
    (folder / "none").mkdir()
    result = potline("scan", "127.0.0.1", "--profiles", "none")
    assert result.exit_code == 2
    assert "there is no profile in none" in result.stderr


@pytest.mark.parametrize("units", ["0..256", "7..3", "a", ""])
def test_unit_ids_that_do_not_exist_are_refused(units: str) -> None:
    result = potline("scan", "127.0.0.1", "--units", units)
    assert result.exit_code == 2
    assert "are no unit ids; write 7, 1..32 or 1..32,255 (0 to 255)" in " ".join(result.stderr.split())


def test_the_help_of_scan_warns_of_another_master() -> None:
    told = " ".join(potline("scan", "--help").stdout.split())
    assert "A scan of a serial line disturbs another master on it" in told
