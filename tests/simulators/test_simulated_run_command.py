"""The command that starts the simulator: its options, its refusals, its help, and what the readme says of it."""

import re
import shlex
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from simulator_process import BUSY, PATIENCE_S, ROOT, command, simulator

from simulators.cli import main


def test_a_wrong_scenario_is_one_line_and_exit_code_78(tmp_path: Path) -> None:
    scenario = tmp_path / "wrong.toml"
    scenario.write_text('plant = "nowhere.toml"\n', encoding="utf-8")
    done = subprocess.run(command(scenario), cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 78
    assert done.stdout == ""
    assert done.stderr == f"{tmp_path}/nowhere.toml: cannot be read (No such file or directory); check the path\n"


def test_a_taken_configured_port_is_one_line_and_exit_code_69(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        text = (ROOT / "config" / "plants" / "example.toml").read_text(encoding="utf-8")
        (tmp_path / "plant.toml").write_text(text.replace("port = 5020", f"port = {port}"), encoding="utf-8")
        scenario = tmp_path / "scenario.toml"
        text = BUSY.read_text(encoding="utf-8").replace("../../config/plants/example.toml", "plant.toml")
        scenario.write_text(text.replace("../../config", str(ROOT / "config")), encoding="utf-8")
        done = subprocess.run(
            command(scenario, "--ports", "configured"),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    assert done.returncode == 69
    complaint = f"endpoint plc: cannot listen on 127.0.0.1:{port} (Address already in use); free the port"
    assert done.stderr == f"{complaint}, or use --ports free\n"


def test_the_help_shows_how_to_run_it() -> None:
    done = subprocess.run(command("--help"), cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    assert "\n    python -m simulators run simulators/scenarios/steady.toml \\\n" in done.stdout
    assert "\n    78  the scenario or one of its data files cannot be used\n" in done.stdout


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("--clock", "now", "START@UNIX*SPEED"),
        ("--broker", "localhost", "HOST:PORT"),
        ("--truth", "/nowhere/truth.jsonl", "/nowhere/truth.jsonl: cannot be written"),
    ],
)
def test_a_wrong_option_is_explained(option: str, value: str, complaint: str) -> None:
    done = subprocess.run(
        command(BUSY, option, value), cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode in {2, 69}
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_the_example_of_the_readme_runs(tmp_path: Path) -> None:
    (line,) = re.findall(r"^\.venv/bin/python -m simulators run (.*)$", readme_section(), flags=re.MULTILINE)
    scenario, *options = shlex.split(line)
    at = options.index("--truth")
    assert options[at + 1] == "truth.jsonl"
    del options[at : at + 2]
    with simulator(tmp_path, *options, scenario=Path(scenario)) as plant:
        plant.wait_for_minutes(2)
        _, said = plant.end(signal.SIGINT)
        assert plant.process.returncode == 0, said


def test_the_readme_lists_every_scenario() -> None:
    named = re.findall(r"^\| `([\w-]+\.toml)` \|", readme_section(), flags=re.MULTILINE)
    assert sorted(named) == sorted(file.name for file in BUSY.parent.glob("*.toml"))


def readme_section() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8").split("## Simulate a plant\n")[1].split("\n## ")[0]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--speed", "60"], "plant time is never later than real time: add --ago to --speed 60"),
        (["--speed", "3601", "--ago", "1h"], "3601 is not in the range 1<=x<=3600"),
        (["--speed", "60", "--ago", "3 hours"], "'3 hours' is not a duration"),
        (["--clock", "2026-01-05T03:00:00Z@1795316400*60", "--ago", "3h"], "leave --speed and --ago out"),
    ],
)
def test_a_speed_that_cannot_be_is_refused(options: list[str], complaint: str) -> None:
    result = CliRunner().invoke(main, ["run", str(BUSY), *options])
    assert result.exit_code == 2
    assert complaint in " ".join(result.output.split())


def test_a_speed_is_a_simple_form_of_a_clock(tmp_path: Path) -> None:
    before = int(time.time())
    with simulator(tmp_path, "--speed", "120", "--ago", "2h") as plant:
        start, _, rest = plant.announced["clock"].partition("@")
        unix, _, speed = rest.partition("*")
        assert speed == "120"
        assert before - 2 <= int(unix) <= time.time()
        assert start == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(unix) - 7200))
        plant.end()
