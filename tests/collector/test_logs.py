"""The log as a log collector reads it: one JSON object a line, whoever speaks."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SPEAKERS = """
import logging, structlog
from collector import logs
logs.configure(json={json}, level="info")
structlog.get_logger().info("running", plant="example", meters=5)
structlog.get_logger().debug("not asked for")
logging.getLogger("aiohttp.server").warning("a library says %s", "this")
logging.getLogger("pymodbus.logging").error("we say it better")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("asyncio").exception("Task failed")
raise ValueError("a bug")
"""


def _said(*, as_json: bool) -> list[str]:
    result = subprocess.run(
        [sys.executable, "-c", SPEAKERS.format(json=as_json)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (result.returncode, result.stdout) == (1, "")
    return result.stderr.splitlines()


def test_in_json_each_line_is_an_object_whoever_speaks_and_how_it_ends() -> None:
    lines = [json.loads(line) for line in _said(as_json=True)]
    assert [(line["event"], line["level"]) for line in lines] == [
        ("running", "info"),
        ("a library says this", "warning"),
        ("Task failed", "error"),
        ("ended by a bug", "critical"),
    ]
    assert lines[0] | {"timestamp": ""} == {
        "event": "running",
        "level": "info",
        "plant": "example",
        "meters": 5,
        "timestamp": "",
    }
    assert lines[1]["logger"] == "aiohttp.server"
    assert "ZeroDivisionError: division by zero" in lines[2]["exception"]
    assert "ValueError: a bug" in lines[3]["exception"]


def test_on_a_console_people_read_lines_and_a_traceback() -> None:
    text = "\n".join(_said(as_json=False))
    assert "running" in text
    assert "plant=example" in text
    assert "a library says this" in text
    assert "we say it better" not in text
    assert text.endswith("ValueError: a bug")
