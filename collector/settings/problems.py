"""Problems of a configuration: each with its place and its remedy."""

from dataclasses import dataclass
from datetime import date, time
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong: ``file:line key: what; remedy``. ``file`` may be an environment variable's name."""

    file: str
    line: int
    key: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        key = f" {self.key}" if self.key else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        # One problem is one line, whatever was written into a key or a value.
        text = f"{place}{key}: {self.what}{remedy}"
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


class ConfigurationError(Exception):
    """The configuration cannot be used. ``problems`` holds all that was found, not only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))


def shown(path: Path) -> str:
    """Return a path as a person would write it: relative to here where that is shorter."""
    try:
        relative = path.resolve().relative_to(Path.cwd())
    except (ValueError, OSError, RuntimeError):  # elsewhere, not readable, or links in a circle
        return str(path)
    return str(relative)


def written(value: object) -> str:
    """Return a value as it stands in a file, short; of a table or a list only what it is: a secret may be in it."""
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= _LONGEST else f"'{value[:_LONGEST]} ...'"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int | float):
        long = isinstance(value, int) and value.bit_length() > 128
        return "a number of that length" if long else str(value)
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    return "nothing"


_LONGEST = 60
