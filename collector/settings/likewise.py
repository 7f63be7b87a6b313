"""What is wrong with many meters of one table is told once, with how many it concerns."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from collector.settings.expansion import Made
from collector.settings.problems import Problem
from collector.settings.toml_file import Path_, dotted

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class OfMany:
    """A problem of one of many that a table made: the path of the value, and whether it is another for each."""

    problem: Problem
    made: Made
    path: Path_
    differs: bool

    @property
    def alike(self) -> tuple[object, ...]:
        """What it has in common with its like: all but the numbers in it."""
        what, remedy = (re.sub(r"[+-]?[0-9]+", "0", text) for text in (self.problem.what, self.problem.remedy))
        return (self.path[0], self.made.table, self.path[2:], what, remedy)


def told_once(problems: Iterable[OfMany], made: Mapping[tuple[str, str], Made]) -> list[Problem]:
    """Return one problem for each group of them that are alike."""
    counts = Counter((section, origin.table) for (section, _), origin in made.items())
    groups: dict[tuple[object, ...], list[OfMany]] = {}
    for problem in dict.fromkeys(problems):
        groups.setdefault(problem.alike, []).append(problem)
    return [_one(group, counts[str(group[0].path[0]), group[0].made.table]) for group in groups.values()]


def _one(group: list[OfMany], count: int) -> Problem:
    first = group[0]
    whole = len(group) == count and len({of.problem.what for of in group}) == 1
    if first.made.stands_for or (whole and count > 1):
        key = dotted((first.path[0], first.made.table, *first.path[2:]))
        all_ = "" if first.made.stands_for else f" (all {count} {first.path[0]} of this table)"
        return replace(first.problem, key=key, what=first.problem.what + all_)
    if first.made.sheet and first.differs:
        rows = [str(of.made.row) for of in group]
        return replace(first.problem, what=f"{first.problem.what} ({first.made.sheet} {_listed('row', rows)})")
    if len(group) == 1:
        return first.problem
    others = [str(of.path[1]) for of in group[1:]]
    return replace(first.problem, what=f"{first.problem.what} (likewise {_listed('', others)})")


def _listed(word: str, names: list[str]) -> str:
    """List a few names, and how many there are beyond."""
    word = f"{word}{'' if len(names) == 1 else 's'} " if word else ""
    shown = names if len(names) <= _SHOWN + 1 else names[:_SHOWN]
    more = len(names) - len(shown)
    return word + ", ".join(shown) + (f" and {more} more" if more else "")
