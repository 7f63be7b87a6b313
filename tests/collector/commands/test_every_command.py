"""What all commands have in common: help with an example that is right, exit codes, completion."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from collector.cli import main

CONFIG = Path(__file__).parents[3] / "config"
GLOBAL = {"-h", "--help"}


def _all(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for part in command.list_commands(context):
            one = command.get_command(context, part)
            assert one is not None
            yield from _all(one, f"{name} {part}")


COMMANDS = {name: command for name, command in _all(main, "potline") if command is not main}


def _examples(command: click.Command) -> list[str]:
    lines = [line.strip() for line in (command.help or "").splitlines()]
    place = next((number for number, line in enumerate(lines) if line in {"Example:", "Examples:"}), len(lines))
    return [line for line in lines[place + 1 :] if line]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_of_a_command_use_options_that_it_has(name: str) -> None:
    examples = _examples(COMMANDS[name])
    assert examples
    for example in examples:
        words = shlex.split(example.split("|")[0].split(">")[0])
        called = max((one for one in COMMANDS if words[: len(one.split())] == one.split()), key=len)
        assert called == name or called.startswith(f"{name} ")
        known = {option for parameter in COMMANDS[called].params for option in parameter.opts} | GLOBAL
        assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_tells_its_exit_codes(name: str) -> None:
    assert "Exit code 0" in " ".join((COMMANDS[name].help or "").split())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_explains_each_option(name: str) -> None:
    options = [parameter for parameter in COMMANDS[name].params if isinstance(parameter, click.Option)]
    plain = {"--parity", "--baud", "--format"}  # their values say it
    assert [option.opts for option in options if not option.help and not plain & set(option.opts)] == []


# --- completion


def _completed(folder: Path, words: str) -> list[str]:
    """Return what bash is offered behind some words."""
    result = subprocess.run(
        [sys.executable, "-c", "from collector.cli import main; main(prog_name='potline')"],
        env={
            **os.environ,
            "PYTHONPATH": str(CONFIG.parent),
            "_POTLINE_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split(" ")) - 1),
        },
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return [line.split(",", 1)[1] for line in result.stdout.splitlines() if line]


def test_bash_completes_commands_and_names_of_the_plant(tmp_path: Path) -> None:
    shutil.copytree(CONFIG, tmp_path / "config")
    assert _completed(tmp_path, "potline outb") == ["outbox"]
    assert _completed(tmp_path, "potline read rect") == ["rectifier_1", "rectifier_2"]
    assert _completed(tmp_path, "potline report --potline ") == ["PL1"]


def test_where_the_settings_are_wrong_nothing_is_offered(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "collector.toml").write_text("plant_file = 7\n", encoding="utf-8")
    assert _completed(tmp_path, "potline read rect") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_completes_potline(shell: str) -> None:
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0
    assert "_POTLINE_COMPLETE" in result.stdout
    if shutil.which(shell) is not None:  # the shell itself finds no mistake in it
        checked = subprocess.run([shell, "-n"], input=result.stdout, text=True, capture_output=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, "")


# --- check --json


def test_check_tells_programs_what_is_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(CONFIG, tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["check", "--json"])
    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert told["problems"] == []
    assert told["potlines"] == [{"id": "PL1", "pots": 40}]
    first = {"id": "pl1_dc", "measures": "line_dc", "place": "127.0.0.1 port 5020 unit 1", "potline": "PL1"}
    assert told["meters"][0] == first


def test_check_tells_programs_each_problem_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(CONFIG, tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    settings = tmp_path / "config" / "collector.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("[page]\n", '[page]\nlisten = "nowhere"\n'), encoding="utf-8")
    result = CliRunner().invoke(main, ["check", "--json"])
    (problem,) = json.loads(result.stdout)["problems"]
    assert result.exit_code == 78
    assert (problem["file"], problem["key"]) == ("config/collector.toml", "page.listen")
    assert problem["line"] == settings.read_text(encoding="utf-8").splitlines().index('listen = "nowhere"') + 1
    assert problem["what"]
    assert problem["remedy"]
