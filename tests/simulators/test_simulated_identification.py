"""Function 43/14, bits and everything else that a foreign client asks: to the byte, and with Debian's mbpoll."""

import asyncio
import subprocess
from pathlib import Path

import pytest
from server_process import program
from written_profile import image, written

from simulators.profile import Profile, load_profile
from simulators.servers.information import Setup
from simulators.servers.modbus import ModbusServer
from simulators.servers.modbus.pdu import answer

VOLTAGE = "[registers.voltage]\naddress = 10\ntype = 'u16'\nunit = 'V'\n"
ALARM = "[registers.alarm]\naddress = 3\nfunction = {}\ntype = 'bit'\ninfo = true\nexpect = [1]\n"


def told(tmp_path: Path, request: str) -> str:
    return answer(image(written(tmp_path, VOLTAGE)), bytes.fromhex(request)).hex(" ").upper()


def test_the_basic_objects_are_vendor_product_code_and_revision(tmp_path: Path) -> None:
    # conformity 0x82; no more follows; three objects: Acme, M1, 2.4
    assert told(tmp_path, "2B 0E 01 00") == ("2B 0E 01 82 00 00 03 00 04 41 63 6D 65 01 02 4D 31 02 03 32 2E 34")


def test_the_regular_objects_are_also_product_name_model_and_serial_number(tmp_path: Path) -> None:
    regular = bytes.fromhex(told(tmp_path, "2B 0E 02 00"))
    assert regular[:7] == bytes.fromhex("2B 0E 02 82 00 00 06")
    assert regular.endswith(b"\x04\x0aTest meter\x05\x02M1\x06\x0800004711")


@pytest.mark.parametrize(
    ("request_", "answered"),
    [
        ("2B 0E 04 01", "2B 0E 04 82 00 00 01 01 02 4D 31"),
        ("2B 0E 01 02", "2B 0E 01 82 00 00 01 02 03 32 2E 34"),
        ("2B 0E 04 07", "AB 02"),
        ("2B 0E 03 00", "AB 03"),
        ("2B 0E 01", "AB 03"),
        ("2B 0D 00 00", "AB 01"),
    ],
)
def test_single_objects_and_what_is_refused(tmp_path: Path, request_: str, answered: str) -> None:
    assert told(tmp_path, request_) == answered


def test_a_stream_goes_on_in_the_next_answer_where_there_is_too_much(tmp_path: Path) -> None:
    profile = written(tmp_path, VOLTAGE)
    long = image(profile, serial=7)
    first = answer(image(_with_vendor(tmp_path, "V" * 240)), bytes.fromhex("2B 0E 01 00"))
    # 242 bytes of vendor and 4 of product code leave no room for the revision, object 2.
    assert first[:9] == bytes.fromhex("2B 0E 01 82 FF 02 02 00 F0")
    assert len(first) == 253
    assert answer(long, bytes.fromhex("2B 0E 04 06")).endswith(b"00000007")


def _with_vendor(tmp_path: Path, vendor: str) -> Profile:
    file = tmp_path / "meter.toml"
    file.write_text(f'vendor = "{vendor}"\nmodels = ["M1"]\n[modbus]\nfunction = 3\n{VOLTAGE}', encoding="utf-8")
    return load_profile(file)


def test_a_meter_may_not_know_the_function(tmp_path: Path) -> None:
    shown = image(written(tmp_path, VOLTAGE), Setup(identification=False))
    assert answer(shown, bytes.fromhex("2B 0E 01 00")).hex() == "ab01"


@pytest.mark.asyncio
async def test_every_function_that_is_asked_for_is_remembered(tmp_path: Path) -> None:
    server = ModbusServer({1: image(written(tmp_path, VOLTAGE + ALARM.format(2)))})
    requests = [
        "0001 0000 0005 01 2B 0E 01 00",
        "0002 0000 0006 01 02 0003 0001",
        "0003 0000 0006 01 01 0000 0001",
        "0004 0000 0006 01 03 000A 0001",
    ]
    async with server.listening("127.0.0.1", 0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.timeout(30):
            for request in requests:
                writer.write(bytes.fromhex(request))
                head = await reader.readexactly(6)
                await reader.readexactly(head[5])
        writer.close()
        await writer.wait_closed()
    assert server.functions_seen == {1, 2, 3, 43}


@pytest.mark.asyncio
@pytest.mark.parametrize(("function", "kind"), [(1, "0"), (2, "1")])
async def test_mbpoll_reads_coils_and_discrete_inputs(tmp_path: Path, function: int, kind: str) -> None:
    text = ALARM.format(function) + ALARM.format(function).replace("alarm", "door").replace("= 3", "= 4", 1)
    text = text.replace("expect = [1]", "expect = [0]", 1)
    server = ModbusServer({1: image(written(tmp_path, VOLTAGE + text))})
    async with server.listening("127.0.0.1", 0) as port:
        command = [program("mbpoll"), "-0", "-1", "-p", str(port), "-a", "1", "-t", kind, "-r", "3", "-c", "2"]
        done = await asyncio.to_thread(
            subprocess.run, [*command, "127.0.0.1"], capture_output=True, text=True, timeout=20
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert ["".join(line.split()) for line in done.stdout.splitlines() if line.startswith("[")] == ["[3]:0", "[4]:1"]
    assert server.functions_seen == {function}
