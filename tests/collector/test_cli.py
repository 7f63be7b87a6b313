"""The command line as a person at the panel uses it: what it says, and its exit codes."""

import asyncio
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from collector.accounting.sums import Sums
from collector.accounting.windows import Window
from collector.cli import COMMANDS, main
from collector.closing import entries
from collector.readings.point import PointTable
from collector.store.commit import Commit
from collector.store.store import Store

CONFIG = Path(__file__).parents[2] / "config"
MINUTE_NS = 60_000_000_000


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder with the shipped settings in it, and without settings in the environment."""
    for name in os.environ:
        if name.upper().startswith("POTLINE_"):
            monkeypatch.delenv(name)
    shutil.copytree(CONFIG, tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def potline(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="potline")


async def potline_process(*arguments: str, **environment: str) -> tuple[int | None, str, str]:
    """Run the command as a process of its own: it sets up logging for the whole of it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "collector", *arguments),
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        output, errors = await process.communicate()
    return process.returncode, output.decode(), errors.decode()


# --- check ------------------------------------------------------------------------------------------------------------


def test_check_says_what_is_configured_when_all_is_well() -> None:
    result = potline("check")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        "config/collector.toml: all is well",
        "plant example: 1 potline, 40 pots, 5 meters",
        "  plc at 127.0.0.1 port 5020: 0.2 requests/s",
        "    pl1_dc: DC bus of a potline, published by the rectifier PLC, unit 1, every 5 s",
        "  rectifier_gateway at 127.0.0.1 port 5021: 2 requests/s",
        "    rectifier_1, rectifier_2: Schneider Electric PowerLogic PM5000 series, units 1 and 2, every 5 s",
        "  services_gateway at 127.0.0.1 port 5022: 0.6 requests/s",
        "    fume_treatment: Carlo Gavazzi EM24-E1, EM3xx and ET3xx, unit 11, every 10 s",
        "    compressed_air: Eastron SDM630, unit 12, every 10 s",
        "  potroom at 127.0.0.1 port 1883: smelter-v1 (Smelter JSON, version 1)",
        "profiles:",
        "  generic-dc-bus-plc: design, verified by 2 test vectors",
        "  schneider-pm5xxx: confirmed, verified by 6 test vectors",
        "  carlogavazzi-em3xx: confirmed, verified by 5 test vectors",
        "  eastron-sdm630: confirmed, verified by 2 test vectors",
        "databases: none; the store alone keeps everything",
    ]


def test_check_marks_a_profile_that_nothing_proves_and_names_the_databases(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = folder / "config" / "profiles" / "eastron-sdm630.toml"
    text = profile.read_text(encoding="utf-8")
    profile.write_text(text[: text.index("[[test_vectors]]")], encoding="utf-8")
    for key, value in {"KIND": "influxdb1", "URL": "http://10.0.0.1:8086", "DATABASE": "d"}.items():
        monkeypatch.setenv(f"POTLINE_DELIVERY__OLD__{key}", value)
    lines = potline("check").stdout.splitlines()
    assert lines[-2:] == [
        "  eastron-sdm630: confirmed, unverified: no test vectors",
        "databases: old (influxdb1, http://10.0.0.1:8086)",
    ]


def test_check_tells_every_problem_and_their_number_and_leaves_with_78(folder: Path) -> None:
    (folder / "c.toml").write_text(
        'plant_file = "config/plants/example.toml"\nprofiles_dir = "config/profiles"\n'
        'factors_dir = "config/factors"\nlayouts_dir = "config/layouts"\n'
        '[store]\npath = "s.sqlite"\ncommit_every = "1 h"\n[page]\nlisten = "127.0.0.1:70000"\n',
        encoding="utf-8",
    )
    result = potline("check", "--config", "c.toml")
    assert result.exit_code == 78
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "c.toml:7 store.commit_every: 1 h is above 10 s; give 1 ms to 10 s",
        "c.toml:9 page.listen: port 70000 does not exist; ports go from 1 to 65535, 0 takes a free one",
        "2 problems",
    ]


@pytest.mark.parametrize("command", [("check",), ("run",), ("read", "pl1_dc"), ("verify",)])
def test_no_command_goes_on_without_its_settings(command: tuple[str, ...]) -> None:
    result = potline(*command, "--config", "nowhere.toml")
    assert result.exit_code == 78
    assert result.stderr.splitlines() == [
        "nowhere.toml: cannot be read: No such file or directory; check the path and who may read it",
        "1 problem",
    ]


def test_check_opens_no_socket_and_writes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError(f"a socket: {arguments} {options}")

    before = sorted(folder.rglob("*"))
    monkeypatch.setattr(socket, "socket", refuse)
    assert potline("check").exit_code == 0
    assert sorted(folder.rglob("*")) == before


# --- verify -----------------------------------------------------------------------------------------------------------


async def _write(path: Path, minutes: int) -> None:
    async with Store(path, PointTable(())) as store:
        for minute in range(minutes):
            window = Window("minute", minute * MINUTE_NS, (minute + 1) * MINUTE_NS)
            sums = Sums(minutes=1, dc_kwh=1000.0 + minute)
            stated = entries.Interval("PL1", window, sums, 1)
            record = entries.record(stated, reason="closed", parameters=["none"])
            await store.commit(Commit(time_ns=(minute + 1) * MINUTE_NS, records=[record]))


@pytest.fixture
def store(folder: Path) -> Path:
    """Return a store with three minutes in its ledger."""
    path = folder / "var" / "potline.sqlite"
    asyncio.run(_write(path, 3))
    return path


def change(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


COMPARE = "keep this file, and compare it with a copy: what the ledger says from there on is not proven"


@pytest.mark.usefixtures("store")
def test_verify_finds_nothing_in_a_whole_ledger() -> None:
    result = potline("verify")
    assert (result.exit_code, result.stdout, result.stderr) == (
        0,
        "0 minutes computed again, 3 without inputs\n3 entries, 0 findings\n",
        "",
    )


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "UPDATE ledger SET body = CAST(replace(CAST(body AS TEXT), '1', '2') AS BLOB) WHERE seq = 2",
            [f"entry 2 (PL1): was altered after it was written; {COMPARE}", "3 entries, 1 finding"],
        ),
        (
            "UPDATE ledger SET reason = 'Closed' WHERE seq = 3",
            [f"entry 3 (PL1): was altered after it was written; {COMPARE}", "3 entries, 1 finding"],
        ),
        # what a tool for SQLite leaves behind: text in place of bytes
        (
            "UPDATE ledger SET body = replace(CAST(body AS TEXT), '1', '2') WHERE seq = 2",
            [f"entry 2 (PL1): was altered after it was written; {COMPARE}", "3 entries, 1 finding"],
        ),
    ],
)
def test_verify_finds_what_was_altered_and_leaves_with_1(store: Path, statement: str, told: list[str]) -> None:
    change(store, statement)
    result = potline("verify")
    assert result.exit_code == 1
    assert [line for line in result.stdout.splitlines() if "computed again" not in line] == told


def test_verify_finds_a_record_that_was_taken_out(store: Path) -> None:
    change(store, "DELETE FROM ledger WHERE seq = 2")
    result = potline("verify")
    assert result.exit_code == 1
    assert result.stdout.startswith("entry 3")
    assert result.stdout.endswith("\n2 entries, 1 finding\n")


def test_verify_says_that_there_is_no_store(folder: Path) -> None:
    result = potline("verify")
    assert result.exit_code == 69
    assert result.stderr == (
        f"open the store {folder}/var/potline.sqlite: there is none; check [store] path, or start the collector first\n"
    )


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough for a header" * 50])
def test_verify_says_that_a_file_is_no_store(folder: Path, content: bytes) -> None:
    (folder / "var").mkdir()
    (folder / "var" / "potline.sqlite").write_bytes(content)
    result = potline("verify")
    assert result.exit_code == 69
    assert "potline.sqlite" in result.stderr
    assert result.stderr.count("\n") == 1


# --- help -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", sorted(COMMANDS))
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_help_of_every_command_shows_an_example(command: str, option: str) -> None:
    result = potline(command, option)
    assert result.exit_code == 0
    lines = [line.strip() for line in result.stdout.splitlines()]
    place = next(number for number, line in enumerate(lines) if line in {"Example:", "Examples:"})
    assert lines[place + 1].startswith(f"potline {command}")


def test_the_help_names_every_command_and_where_to_begin() -> None:
    result = potline("--help")
    assert result.exit_code == 0
    assert "Begin with 'potline demo', which needs no hardware." in result.stdout
    assert all(f"\n  {command} " in result.stdout for command in COMMANDS)


@pytest.mark.asyncio
async def test_the_module_says_its_version() -> None:
    expected = f"potline, version {version('potline-collector')}\n"
    assert await potline_process("--version") == (0, expected, "")
