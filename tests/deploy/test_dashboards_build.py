"""The dashboards in the repository are those that their source makes."""

import json
from pathlib import Path

import pytest

import build


def test_the_committed_dashboards_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert build.main(["--check"]) == 0, capsys.readouterr().err


def test_what_is_built_twice_is_the_same_text_with_sorted_keys_and_a_final_newline(tmp_path: Path) -> None:
    assert build.main([], tmp_path) == 0
    first = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    assert build.main([], tmp_path) == 0
    assert {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()} == first
    for text in first.values():
        assert text == json.dumps(json.loads(text), sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def test_a_missing_an_altered_and_a_stray_file_are_each_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build.main([], tmp_path)
    name, another, *_ = sorted(path.name for path in tmp_path.iterdir())
    (tmp_path / name).unlink()
    (tmp_path / another).write_text("{}\n", encoding="utf-8")
    (tmp_path / "stray.json").write_text("{}\n", encoding="utf-8")
    assert build.main(["--check"], tmp_path) == 1
    told = capsys.readouterr().err.splitlines()
    assert told == [
        f"{tmp_path.name}/{name} is missing; run 'make dashboards'",
        f"{tmp_path.name}/{another} is not up to date; run 'make dashboards'",
        f"{tmp_path.name}/stray.json is made by no module; run 'make dashboards'",
    ]
    assert (tmp_path / another).read_text("utf-8") == "{}\n"
