"""A TOML file with the lines of its keys, so that a problem can be told by file and line.

The standard parser gives values without places. The places are found by a second reading of the text, which knows that
the text is valid TOML: it follows keys, strings, arrays and inline tables, and leaves values alone.
"""

import bisect
import re
import tomllib
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from collector.settings.problems import ConfigurationError, Problem, shown

Path_ = tuple[str | int, ...]

_LINE_OF_SYNTAX_ERROR = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")


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
            text = path.read_text(encoding="utf-8-sig")  # editors of other systems put a mark at the start
        except UnicodeDecodeError as exc:
            what = f"is not UTF-8 text (byte {exc.start})"
            raise ConfigurationError([Problem(self.name, 0, "", what, "save it as UTF-8")]) from exc
        except (OSError, ValueError) as exc:  # ValueError: no file has such a name
            reason = exc.strerror if isinstance(exc, OSError) else str(exc)
            what = f"cannot be read: {reason}"
            raise ConfigurationError([Problem(self.name, 0, "", what, "check the path and who may read it")]) from exc
        try:
            self.values: dict[str, Any] = tomllib.loads(text)
            self._lines = _Places(text).lines
        except tomllib.TOMLDecodeError as exc:
            message = str(exc)
            found = _LINE_OF_SYNTAX_ERROR.search(message)
            line = int(found[1]) if found and found[1] else text.rstrip("\n").count("\n") + 1
            what = f"is not valid TOML: {_LINE_OF_SYNTAX_ERROR.sub('', message)}"
            remedy = "text needs quotation marks, and a key stands only once in a table"
            raise ConfigurationError([Problem(self.name, line, "", what, remedy)]) from exc
        except (ValueError, RecursionError) as exc:  # a number of thousands of digits, brackets a thousand deep
            what = "is not valid TOML: a number is too long, or brackets are nested too deep"
            raise ConfigurationError([Problem(self.name, 0, "", what, "write it like the example")]) from exc

    def line(self, path: Path_) -> int:
        """Return the line of a key, or of the nearest table around it; 0 if nothing of it stands in the file."""
        for length in range(len(path), 0, -1):
            line = self._lines.get(path[:length])
            if line is not None:
                return line
        return 0

    def value(self, path: Path_) -> object:
        """Return what stands at a path, None if nothing does."""
        found: Any = self.values
        for part in path:
            try:
                found = found[part]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    def problem(self, path: Path_, what: str, remedy: str = "") -> Problem:
        """Return a problem with the value at a path."""
        return Problem(self.name, self.line(path), dotted(path), what, remedy)


def dotted(path: Path_) -> str:
    """Write a path as people do: ``meters.rectifier_1.unit``, ``test_vectors[1].raw``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


class _Places:
    """The line of every key, table and element of an array in a text that is valid TOML."""

    _NOTHING = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
    _BLANK = re.compile(r"[ \t]*")
    _BARE = re.compile(r"[A-Za-z0-9_-]+")
    # The last quotation marks of a multi-line string may stand before the three that end it.
    _STRING = re.compile(
        r'"""(?:[^"\\]|\\[\s\S]|"(?!""))*"{3,5}'
        r"|'''(?:[^']|'(?!''))*'{3,5}"
        r'|"(?:[^"\\]|\\.)*"'
        r"|'[^']*'"
    )
    _PLAIN = re.compile(r"[^,\]}#\n]*")

    def __init__(self, text: str) -> None:
        self._text = text.replace("\r\n", "\n")
        self._breaks = [found.start() for found in re.finditer("\n", self._text)]
        self._at = 0
        self._elements: dict[Path_, int] = {}
        self.lines: dict[Path_, int] = {}
        table: Path_ = ()
        while self._more(self._NOTHING):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._assignment(table)

    def _more(self, what: re.Pattern[str]) -> bool:
        """Pass over something; False at the end of the text."""
        found = what.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at < len(self._text)

    def _note(self, path: Path_, at: int) -> None:
        """Note the line of a path, and of the tables around it where none is known yet."""
        line = bisect.bisect_left(self._breaks, at) + 1
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)

    def _header(self) -> Path_:
        start = self._at
        doubled = self._text.startswith("[[", start)
        self._at += 2 if doubled else 1
        *around, last = self._key()
        self._at += 2 if doubled else 1
        path = (*self._within((), around), last)
        if doubled:
            self._elements[path] = self._elements.get(path, -1) + 1
            self._note(path, start)
            path = (*path, self._elements[path])
        # The line of a table's own header counts, not that of a table inside it.
        self.lines[path] = bisect.bisect_left(self._breaks, start) + 1
        self._note(path, start)
        return path

    def _within(self, path: Path_, keys: list[str]) -> Path_:
        """Follow keys; a table inside an array of tables belongs to its last element."""
        for key in keys:
            path = (*path, key)
            if path in self._elements:
                path = (*path, self._elements[path])
        return path

    def _assignment(self, table: Path_) -> None:
        start = self._at
        path = (*table, *self._key())
        self._note(path, start)
        self._at += 1  # =
        self._more(self._BLANK)
        self._value(path)

    def _key(self) -> list[str]:
        parts = []
        while True:
            self._more(self._BLANK)
            start = self._at
            if self._text[start] in "\"'":
                self._more(self._STRING)
                parts.append(str(tomllib.loads(f"key = {self._text[start : self._at]}")["key"]))
            else:
                self._more(self._BARE)
                parts.append(self._text[start : self._at])
            self._more(self._BLANK)
            if self._text[self._at] != ".":
                return parts
            self._at += 1

    def _value(self, path: Path_) -> None:
        first = self._text[self._at]
        if first == "[":
            self._at += 1
            place = 0
            while self._more(self._NOTHING) and self._text[self._at] != "]":
                self._note((*path, place), self._at)
                self._value((*path, place))
                place += 1
                self._separator()
            self._at += 1
        elif first == "{":
            self._at += 1
            while self._more(self._NOTHING) and self._text[self._at] != "}":
                self._assignment(path)
                self._separator()
            self._at += 1
        else:
            self._more(self._STRING if first in "\"'" else self._PLAIN)

    def _separator(self) -> None:
        if self._more(self._NOTHING) and self._text[self._at] == ",":
            self._at += 1


def is_under(path: Path_, broken: AbstractSet[Path_]) -> bool:
    """Tell whether a value, or a table around it, is known to be wrong."""
    return any(path[:length] in broken for length in range(1, len(path) + 1))
