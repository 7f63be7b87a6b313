"""A TOML file with the lines of its keys, so that a problem can be told by file and line.

The standard parser gives values without places. The places are found by a second, tolerant look at the text:
table headers and the first key of each line. A key that it cannot place gets the line of the nearest table above it.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from collector.settings.problems import ConfigurationError, Problem, shown

Path_ = tuple[str | int, ...]

_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_HEADER = re.compile(rf"^\s*(\[\[?)\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(rf"^\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*=")
_PART = re.compile(_KEY)
_LINE_OF_SYNTAX_ERROR = re.compile(r"\s*\(at line (\d+), column \d+\)")


class TomlFile:
    """The values of a TOML file, and where they stand.

    Raises
    ------
    ConfigurationError
        If the file cannot be read or is not TOML.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = shown(path)
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as exc:
            what = f"cannot be read: {exc.strerror}"
            raise ConfigurationError([Problem(self.name, 0, "", what, "check the path and who may read it")]) from exc
        except UnicodeDecodeError as exc:
            what = f"is not UTF-8 text (byte {exc.start})"
            raise ConfigurationError([Problem(self.name, 0, "", what, "save it as UTF-8")]) from exc
        try:
            self.values: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as exc:
            message = str(exc)
            found = _LINE_OF_SYNTAX_ERROR.search(message)
            line = int(found[1]) if found else len(text.splitlines())
            what = f"is not valid TOML: {_LINE_OF_SYNTAX_ERROR.sub('', message)}"
            remedy = "text needs quotation marks, and a key stands only once in a table"
            raise ConfigurationError([Problem(self.name, line, "", what, remedy)]) from exc
        self._lines = _places(text)

    def line(self, path: Path_) -> int:
        """Return the line of a key, or of the nearest table around it; 0 if nothing of it stands in the file."""
        for length in range(len(path), 0, -1):
            line = self._lines.get(path[:length])
            if line is not None:
                return line
        return 0

    def problem(self, path: Path_, what: str, remedy: str = "") -> Problem:
        """Return a problem with the value at a path."""
        return Problem(self.name, self.line(path), dotted(path), what, remedy)


def dotted(path: Path_) -> str:
    """Write a path as people do: ``meters.rectifier_1.unit``, ``test_vectors[1].raw``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _places(text: str) -> dict[Path_, int]:
    lines: dict[Path_, int] = {}
    table: Path_ = ()
    counts: dict[Path_, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header is not None:
            table = _keys(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                lines.setdefault(table, number)
                table = (*table, counts[table])
            lines.setdefault(table, number)
            continue
        assignment = _ASSIGNMENT.match(line)
        if assignment is not None:
            lines.setdefault((*table, *_keys(assignment[1])), number)
    return lines


def _keys(text: str) -> Path_:
    return tuple(part.strip("\"'") for part in _PART.findall(text))
