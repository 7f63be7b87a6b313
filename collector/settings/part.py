"""What the parts of a plant have in common while they are built: how they tell problems, and when they do not."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from collector.settings.problems import Problem
from collector.settings.sources import Origins
from collector.settings.toml_file import Path_, is_under


class Part:
    """A part of the plant while it is built, and the problems that it has.

    ``broken`` holds the paths whose values are known to be wrong: a stand-in is in their place, and nothing is said
    about it.
    """

    def __init__(self, origins: Origins, broken: AbstractSet[Path_]) -> None:
        self.problems: list[Problem] = []
        self._origins = origins
        self._broken = set(broken)

    def _fine(self, *path: str | int) -> bool:
        """Tell whether a value is what was written, and not a stand-in for it."""
        return not is_under(path, self._broken)

    def _any_broken(self, *sections: str) -> bool:
        return any(path[0] in sections for path in self._broken)

    def _report(self, path: Path_, what: str, remedy: str = "") -> None:
        self.problems.append(self._origins.problem(path, what, remedy))

    def _unknown(self, path: Path_, what: str, name: str, known: Iterable[str]) -> None:
        listed = ", ".join(sorted(known))
        self._report(path, f"there is no {what} '{name}'", f"one of: {listed}" if listed else "none is configured")
