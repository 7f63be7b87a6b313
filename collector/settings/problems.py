"""Problems of a configuration: each with its place and its remedy."""

from dataclasses import dataclass
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
        return f"{place}{key}: {self.what}{remedy}"


class ConfigurationError(Exception):
    """The configuration cannot be used. ``problems`` holds all that was found, not only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))


def shown(path: Path) -> str:
    """Return a path as a person would write it: relative to here where that is shorter."""
    try:
        relative = path.resolve().relative_to(Path.cwd())
    except ValueError:
        return str(path)
    return str(relative)
