"""What the README tells a plant engineer is true: its examples are run here."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from adversarial_modbus import serving
from certificates import authority, certificate
from click.testing import CliRunner
from example_plant import CONFIG
from servers import InfluxDB1, running_influxdb1
from unknown_device import Device, behind

from collector.acquisition.mqtt.declaration import LayoutReader
from collector.cli import COMMANDS, main
from collector.readings.event import AnodeEffect, Laboratory, Production, Weighing
from collector.settings import load

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the code blocks of a language, without the indentation of the list they stand in."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", README, flags=re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


@pytest.fixture
def my_plant(tmp_path: Path) -> Path:
    """Do what the README says: copy the configuration, write the plant file, change one line."""
    folder = tmp_path / "my-plant"
    shutil.copytree(ROOT / "config", folder)
    (folder / "plants" / "mine.toml").write_text(blocks("toml")[0], encoding="utf-8")
    settings = (folder / "collector.toml").read_text(encoding="utf-8")
    assert 'plant_file = "plants/example.toml"' in settings
    settings = settings.replace('plant_file = "plants/example.toml"', 'plant_file = "plants/mine.toml"')
    (folder / "collector.toml").write_text(settings, encoding="utf-8")
    return folder / "collector.toml"


def _the(language: str, text: str) -> str:
    """Return the one block of a language that has a text in it."""
    [found] = [block for block in blocks(language) if text in block]
    return found


def test_the_first_meter_passes_the_check(my_plant: Path) -> None:
    result = CliRunner().invoke(main, ["check", "--config", str(my_plant)])

    assert result.exit_code == 0, result.output
    assert "  switchroom at 10.20.1.11 port 502: " in result.output
    assert "    rectifier_1: Schneider Electric PowerLogic PM5000 series, unit 1, every 5 s" in result.output


def test_hundreds_of_meters_pass_the_check_too(my_plant: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant_file = my_plant.parent / "plants" / "mine.toml"
    plant_file.write_text(blocks("toml")[0] + _the("toml", "feeder_{n}"), encoding="utf-8")
    (plant_file.parent / "fans.csv").write_text(blocks("csv")[0], encoding="utf-8")
    [variable] = re.findall(r"`(POTLINE_METERS__\w+)=1s`", README)
    monkeypatch.setenv(variable, "1s")
    result = CliRunner().invoke(main, ["check", "--config", str(my_plant)])

    assert result.exit_code == 0, result.output
    assert (
        "    feeder_101 to feeder_150 (49 meters): Eastron SDM630, unit 1, every 10 s, only monitored" in result.output
    )
    assert "    feeder_112: Eastron SDM630, unit 1, every 1 s, only monitored" in result.output
    assert "    fan_A1, fan_A2: Carlo Gavazzi EM24-E1, EM3xx and ET3xx, units 1 and 2, every 5 s" in result.output


def test_the_alert_rules_pass_the_check(my_plant: Path) -> None:
    plant = (my_plant.parent / "plants" / "mine.toml").read_text(encoding="utf-8")
    shutil.copy(my_plant.parent / "plants" / "example.toml", my_plant.parent / "plants" / "mine.toml")
    rules = _the("toml", "[alert_mqtt]")
    my_plant.write_text(my_plant.read_text(encoding="utf-8") + rules, encoding="utf-8")
    result = CliRunner().invoke(main, ["check", "--config", str(my_plant)])

    assert result.exit_code == 0, result.output
    assert [rule.name for rule in load(my_plant).alerts] == ["pot_voltage", "rectifier_silent", "energy_of_the_hour"]
    (my_plant.parent / "plants" / "mine.toml").write_text(plant.replace("PL1", "PL2"), encoding="utf-8")
    wrong = CliRunner().invoke(main, ["check", "--config", str(my_plant)])
    assert wrong.exit_code == 78
    assert "alerts.pot_voltage.where.potline: 'PL1' is no potline; did you mean 'PL2'?" in wrong.output
    assert "alert_mqtt.broker: there is no broker 'potroom'; none is configured" in wrong.output


def test_the_database_of_the_first_dashboard_passes_the_check_once_its_token_is_there(
    my_plant: Path, tmp_path: Path
) -> None:
    database = _the("toml", "[delivery.plantdb]").replace("/etc/potline/", f"{tmp_path}/")
    my_plant.write_text(my_plant.read_text(encoding="utf-8") + database, encoding="utf-8")
    missing = CliRunner().invoke(main, ["check", "--config", str(my_plant)])
    assert missing.exit_code == 78
    assert f"delivery.plantdb.token_file: the secret's file {tmp_path}/influx-token" in missing.output
    (tmp_path / "influx-token").write_text("a token", encoding="utf-8")
    result = CliRunner().invoke(main, ["check", "--config", str(my_plant)])
    assert result.exit_code == 0, result.output
    assert "databases: plantdb (influxdb2, http://10.20.0.5:8086)" in result.output


def test_the_other_lines_pass_the_check_once_their_certificates_are_there(my_plant: Path, tmp_path: Path) -> None:
    authority(tmp_path, "plant-ca")
    certificate(tmp_path, "collector", by="plant-ca")
    lines = _the("toml", "/etc/potline/plant-ca.pem")
    assert "/etc/potline/plant-ca.pem" in lines
    lines = lines.replace("/etc/potline/", f"{tmp_path}/")
    plant_file = my_plant.parent / "plants" / "mine.toml"
    plant_file.write_text(blocks("toml")[0] + lines, encoding="utf-8")
    result = CliRunner().invoke(main, ["check", "--config", str(my_plant)])

    assert result.exit_code == 0, result.output
    assert "  compressors at /dev/ttyS0 at 9600 8E1" in result.output
    assert "  serial_server at 10.20.1.40 port 4001" in result.output
    assert "  secured at 10.20.1.12 port 802" in result.output


def test_the_first_screen_shows_the_two_commands() -> None:
    first_screen = README.splitlines()[:45]

    assert "make demo" in first_screen
    assert "make test" in first_screen or "make test" in README.splitlines()[:60]


def test_every_command_of_the_readme_exists_and_has_an_example_in_its_help() -> None:
    named = set(re.findall(r"`potline (\w+)", README))
    assert named == set(COMMANDS)
    for name in named:
        help_text = CliRunner().invoke(main, [name, "--help"]).output
        assert f"potline {name}" in help_text.split("Example", 1)[1]


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"make (demo|test|install|check)\b", README)):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_the_mqtt_examples_are_understood(my_plant: Path) -> None:
    rows = re.findall(r"^\| `(smelter/\S+)` \| `(\{.*\})` \|$", README, flags=re.MULTILINE)
    of_mqtt = _the("toml", "[brokers.potroom]")
    assert of_mqtt.startswith("[brokers.potroom]")
    (my_plant.parent / "plants" / "mine.toml").write_text(blocks("toml")[0] + of_mqtt, encoding="utf-8")
    plant = load(my_plant).plant
    (broker,) = plant.brokers
    reader = LayoutReader(plant, plant.layouts_of(broker), broker=broker.id, site=broker.site, longest_tare_age_s=28800)
    found = []
    for topic, payload in rows:
        filled = topic.format(site="north", potline="PL1", pot="1043", crane="K3", meter="MV-FDR-07")
        found.append(reader.read(filled, payload.encode(), arrived_ns=1_800_000_000_000_000_000, retained=False))

    names = [{plant.points[row[0]].name: row[2] for row in [*told.readings, *(told.batch or ())]} for told in found]
    pot = "pot:1043."
    assert names == [
        {pot + "pot_voltage": 4.213, pot + "pot_resistance": 7.086, pot + "pot_noise": 11.4},
        {pot + "pot_voltage": 4.215, pot + "pot_noise": 11.4},
        {},
        {pot + "bath_temperature": 958.0},
        {},
        {},
        {"pl1_dc.line_current": 361.72, "pl1_dc.line_voltage": 1312.4, "pl1_dc.dc_power": 474.7},
        {"office_feeder.active_power": 9312.0, "office_feeder.active_energy_import": 128450123.4},
    ]
    (effect,), (sample,), (weighing,), (production,) = (found[place].events for place in (2, 3, 4, 5))
    assert isinstance(effect, AnodeEffect)
    assert effect.duration_s == 108.6
    assert isinstance(sample, Laboratory)
    assert sample.values == (("bath_temperature", 958.0), ("excess_alf3_pct", 11.2))
    assert isinstance(weighing, Weighing)
    assert weighing.refused is None
    assert isinstance(production, Production)
    assert (production.net_kg, production.period, production.rank) == (853_600.0, "2026-02-28", 2)


def test_the_query_of_the_readme_runs(influxdb1: InfluxDB1) -> None:
    influxdb1.create_database("potline")
    now = int(subprocess.run(["date", "+%s"], capture_output=True, check=True, text=True).stdout) * 10**9
    lines = [
        f"energy_intensity,potline=PL1,boundary=dc,window=hour energy_kwh={kwh},metal_t={t} {now - n * 3600 * 10**9}"
        for n, (kwh, t) in enumerate([(60_000.0, 5.0), (30_000.0, 2.0)], start=1)
    ]
    influxdb1.write("potline", "\n".join(lines))

    rows = influxdb1.query("potline", blocks("sql")[0].strip())

    assert [row["potline"] for row in rows] == ["PL1"]
    assert next(value for key, value in rows[0].items() if key.startswith("sum")) == pytest.approx(90_000 / 7)


def children_of(pid: int) -> set[int]:
    """Return the processes that a process started, and those that these started."""
    found: set[int] = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        except OSError:
            continue  # ended while we looked
        if int(fields[1]) == pid:
            child = int(stat.parent.name)
            found |= {child} | children_of(child)
    return found


@contextmanager
def demo(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start the demonstration as a person does, and end it where a test has failed before it did."""
    command = [sys.executable, "-m", "collector", "demo", "--config", str(CONFIG), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        try:
            yield running
        finally:
            if running.poll() is None:
                for pid in {running.pid, *children_of(running.pid)}:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)


@pytest.mark.timeout(90)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_ends_all_of_the_demo(number: signal.Signals) -> None:
    with demo() as running:
        assert running.stdout is not None
        for line in running.stdout:
            if line.startswith("live page"):
                break
        processes = children_of(running.pid)
        assert len(processes) >= 3  # simulator, broker, collector
        running.send_signal(number)
        rest = running.stdout.read()
        assert running.wait(15) == 0, rest
        assert "Traceback" not in rest
        assert not [pid for pid in processes if Path(f"/proc/{pid}").exists()]


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What a demonstration of twenty seconds printed, and the minutes in the database that it wrote to."""

    output: str
    url: str
    minutes: list[dict[str, Any]]


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    """Run the demonstration for twenty seconds, with a database."""
    with running_influxdb1(tmp_path_factory.mktemp("demonstration") / "influxdb1") as influxdb1:
        with demo("--seconds", "20", "--influx", influxdb1.url) as running:
            output = running.communicate(timeout=80)[0]
        assert running.returncode == 0, output
        query = "SELECT kwh_per_t FROM energy_intensity WHERE \"window\" = 'minute'"
        return Demonstration(output, influxdb1.url, influxdb1.query("potline", query))


@pytest.mark.timeout(90)
def test_the_demo_is_within_half_a_percent_of_the_truth_after_twenty_seconds(demonstration: Demonstration) -> None:
    lines = [line for line in demonstration.output.splitlines() if "kWh/t" in line]
    assert len(lines) >= 3
    shape = re.compile(
        r"^\d\d:\d\d UTC  PL1  last \d+ min:  DC ([\d,]+) kWh/t  AC ([\d,]+) kWh/t  ([\d.]+) t CO2e/t"
        r"  coverage (\d+) %  \(simulator's truth: DC ([\d,]+) kWh/t, off by ([+-][\d.]+) %\)$"
    )
    match = shape.match(lines[-1])
    assert match is not None, lines[-1]
    dc, ac, co2e, coverage, truth, off = (float(text.replace(",", "")) for text in match.groups())
    assert 11_500 < dc < ac < 14_500
    assert 5 < co2e < 15
    assert coverage >= 99
    assert abs(dc / truth - 1) < 0.005
    assert abs(off) < 0.5
    assert re.search(r"live page: http://127\.0\.0\.1:\d+/", demonstration.output)
    # The README shows what is seen.
    assert all(shape.match(line) for line in blocks("text")[0].splitlines() if "kWh/t" in line)


@pytest.mark.timeout(90)
def test_the_demo_also_writes_to_a_real_influxdb(demonstration: Demonstration) -> None:
    assert f"writing to {demonstration.url}" in demonstration.output
    rows = demonstration.minutes
    assert len(rows) > 5
    assert all(row["kwh_per_t"] is None or 11_500 < row["kwh_per_t"] < 14_500 for row in rows)


def test_the_demo_says_when_there_is_no_database_at_the_address() -> None:
    with demo("--influx", "http://127.0.0.1:9") as running:
        output = running.communicate(timeout=50)[0]

    assert running.returncode == 1
    assert "ask http://127.0.0.1:9/ping" in output
    assert "it looks like http://127.0.0.1:8086" in output


def squeezed(lines: Iterable[str]) -> list[str]:
    """Return lines without the blanks that only align them."""
    return [" ".join(line.split()) for line in lines if line.strip()]


def potline_at(words: Mapping[int, int], *arguments: str, config: Path | None = None) -> str:
    """Run a command against a meter that holds these registers; ``PORT`` in an argument is where it listens."""

    async def run() -> str:
        async with serving(behind({1: Device(words)})) as server:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "collector", *(each.replace("PORT", str(server.port)) for each in arguments)),
                *(() if config is None else ("--config", str(config))),
                env={
                    **os.environ,
                    "COLUMNS": "120",
                    "POTLINE_ENDPOINTS__SWITCHROOM__HOST": "127.0.0.1",
                    "POTLINE_ENDPOINTS__SWITCHROOM__PORT": str(server.port),
                },
                stdout=subprocess.PIPE,
            )
            output, _ = await process.communicate()
            return output.decode()

    return asyncio.run(run())


def test_the_reading_that_is_shown_is_what_those_registers_mean(my_plant: Path) -> None:
    shown = blocks("text")[1].splitlines()
    words: dict[int, int] = {}
    for wire, raw in re.findall(r"  0x([0-9A-F]{4})  \w+ \w+  ([0-9A-F ]+?)  ", blocks("text")[1]):
        words |= dict(enumerate((int(word, 16) for word in raw.split()), int(wire, 16)))
    assert len(words) == 14

    told = squeezed(potline_at(words, "read", "rectifier_1", config=my_plant).splitlines())

    assert [line for line in squeezed(shown) if line not in told] == []


def test_the_unknown_block_that_is_shown_is_read_so() -> None:
    shown = blocks("text")[2]
    _, *raw = shown.splitlines()[1].split()
    words = dict(enumerate((int(word, 16) for word in raw), 3109))
    (command,) = re.findall(r"^\.venv/bin/potline (read --raw .*)$", README, flags=re.MULTILINE)

    told = potline_at(words, *command.replace("10.20.1.11", "127.0.0.1:PORT").split())

    assert shown in told


def test_the_commands_to_find_out_what_is_there_are_understood() -> None:
    commands = re.findall(r"^\.venv/bin/potline (scan .*)$", README, flags=re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        # Nobody is asked: a profile folder that is not there is refused after everything else was understood.
        result = CliRunner().invoke(main, [*command.split(), "--profiles", "nowhere"])
        assert "Invalid value for '--profiles'" in result.stderr
