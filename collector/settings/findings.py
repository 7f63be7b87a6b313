"""What is wrong in a file, gathered until all of it is known."""

import difflib
from collections.abc import Iterable

from collector.settings.problems import Problem
from collector.settings.toml_file import Path_, TomlFile


class Findings:
    """The problems of one file, each told at the line of its key."""

    def __init__(self, file: TomlFile) -> None:
        self._file = file
        self.problems: list[Problem] = []

    def add(self, path: Path_, what: str, remedy: str = "") -> None:
        """Note a problem with the value at a path."""
        self.problems.append(self._file.problem(path, what, remedy))

    def refuse(self, path: Path_, refusal: ValueError, prefix: str = "") -> None:
        """Note an error of the form "what is wrong; what to do about it"."""
        what, _, remedy = str(refusal).partition("; ")
        self.add(path, prefix + what, remedy)

    def unknown(self, path: Path_, what: str, name: str, known: Iterable[str]) -> None:
        """Note a name that refers to nothing, and what was probably meant."""
        names = sorted(set(known))
        near = difflib.get_close_matches(name, names, n=1)
        listed = f"one of: {', '.join(names)}" if names else "there is none"
        self.add(path, f"'{name}' is no {what}", f"did you mean '{near[0]}'?" if near else listed)
