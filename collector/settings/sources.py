"""Where settings come from: the collector's file, the plant file it names, and the environment over both.

The environment is read by pydantic-settings, one variable at a time, so that each problem has the name of its variable.
Names carry no case, no hyphens and no dots, so each part is matched with the keys that the files have:
``POTLINE_POTLINES__PL1__NAME`` sets ``name`` in ``[potlines.PL1]``.
"""

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic_settings import EnvSettingsSource, SettingsError

from collector.settings.expansion import Expansion, Made, expand, is_filled
from collector.settings.likewise import OfMany, told_once
from collector.settings.models import Settings
from collector.settings.problems import ConfigurationError, Problem
from collector.settings.sheet import read_sheet
from collector.settings.toml_file import Path_, TomlFile, dotted

PREFIX = "POTLINE_"
OF_THE_PLANT = frozenset(
    {
        "plant",
        "emissions",
        "potlines",
        "endpoints",
        "meters",
        "brokers",
        "collectors",
        "contracts",
        "certificates",
        "limits",
        "targets",
        "price",
        "product",
        "cbam",
        "china_ets",
        "tapping",
        "footprint",
        "fuels",
        "soda_ash",
        "casthouse",
        "limit_rules",
    }
)
_MANY = frozenset({"endpoints", "meters"})
"""Sections in which one table may stand for many."""


class Origins:
    """Which file, line or variable each value came from. ``broken``: paths about which everything is said."""

    def __init__(self, collector: TomlFile, plant: TomlFile | None) -> None:
        self.collector = collector
        self.plant = plant
        self.broken: set[Path_] = set()
        self._variables: dict[Path_, str] = {}
        self._made: dict[tuple[str, str], Made] = {}
        self._of_many: dict[Problem, OfMany] = {}

    def note_variable(self, path: Path_, variable: str) -> None:
        """Remember that the value at a path came from a variable."""
        self._variables[path] = variable

    def note_expansion(self, expansion: Expansion) -> None:
        """Remember what was made of one table."""
        self._made |= {(expansion.section, id_): made for id_, made in expansion.made.items()}
        self.broken |= expansion.broken

    def problem(self, path: Path_, what: str, remedy: str = "") -> Problem:
        """Return a problem with the value at a path, told by the place it came from."""
        for length in range(len(path), 0, -1):
            variable = self._variables.get(path[:length])
            if variable is not None:
                return Problem(f"environment {variable}", 0, dotted(path), what, remedy)
        file = self.plant if self.plant is not None and path and path[0] in OF_THE_PLANT else self.collector
        made = self._made.get((str(path[0]), str(path[1]))) if len(path) > 1 else None
        if made is None:
            return file.problem(path, what, remedy)
        written = (path[0], made.table, *path[2:])
        problem = replace(file.problem(written, what, remedy), key=dotted(path))
        differs = len(path) == 2 or is_filled(file.value(written))
        self._of_many[problem] = OfMany(problem, made, path, differs)
        return problem

    def told_once(self, problems: Iterable[Problem]) -> list[Problem]:
        """Return the problems, what many of one table have in common as one."""
        found = list(problems)
        single = [problem for problem in found if problem not in self._of_many]
        return single + told_once((self._of_many[p] for p in found if p in self._of_many), self._made)


def read_sources(collector_file: Path) -> tuple[dict[str, Any], Origins, list[Problem]]:
    """Return the merged tree of settings, the origins of its values, and the problems met on the way.

    A plant file that cannot be read is a problem; its sections are missing from the tree then.

    Raises
    ------
    ConfigurationError
        If the collector's file cannot be read at all.
    """
    variables, problems = _environment()
    try:
        collector = TomlFile(collector_file)
    except ConfigurationError as exc:
        raise ConfigurationError([*exc.problems, *problems]) from exc
    problems += [
        collector.problem((key,), "belongs into the plant file, not here", "move it to the file named by plant_file")
        for key in collector.values
        if key in OF_THE_PLANT
    ]
    tree: dict[str, Any] = {key: value for key, value in collector.values.items() if key not in OF_THE_PLANT}
    origins = Origins(collector, None)
    named = variables.get("POTLINE_PLANT_FILE", {}).get("plant_file", tree.get("plant_file"))
    if isinstance(named, str) and named.strip() and named.isprintable():
        try:
            origins.plant = TomlFile(collector_file.parent / named.strip())
        except ConfigurationError as exc:
            problems += exc.problems
        else:
            for key, value in origins.plant.values.items():
                if key in _MANY and isinstance(value, dict):
                    tree[key] = _expanded(key, value, origins.plant, origins, problems)
                elif key in OF_THE_PLANT:
                    tree[key] = value
                else:
                    near = difflib.get_close_matches(key, OF_THE_PLANT, n=1)
                    remedy = f"did you mean '{near[0]}'?" if near else f"one of: {', '.join(sorted(OF_THE_PLANT))}"
                    problems.append(origins.plant.problem((key,), "is no section of a plant file", remedy))
    for name, values in variables.items():
        _overlay(tree, values, (), _Variable(name, origins, problems))
    return tree, origins, problems


def _expanded(
    section: str, tables: Mapping[str, object], plant: TomlFile, origins: Origins, problems: list[Problem]
) -> dict[str, Any]:
    """Return a section of the plant file, each meter for itself. The environment counts over what is made here."""
    expansion = expand(section, tables, lambda name: read_sheet(plant.path.parent / name))
    origins.note_expansion(expansion)
    problems += [origins.problem(*finding) for finding in expansion.findings]
    return expansion.tables


def _environment() -> tuple[dict[str, dict[str, Any]], list[Problem]]:
    """Return what each variable sets, as a tree; those for whole tables first, those for single keys over them."""
    found: dict[str, dict[str, Any]] = {}
    problems: list[Problem] = []
    source = EnvSettingsSource(Settings)
    known = Settings.model_fields
    for name in sorted(os.environ, key=lambda name: (name.count("__"), name)):
        if not name.upper().startswith(PREFIX):
            continue
        section = name[len(PREFIX) :].partition("__")[0].lower()
        if section not in known:
            near = difflib.get_close_matches(section, known, n=1)
            remedy = f"did you mean {PREFIX}{near[0].upper()}?" if near else "see config/collector.toml for the names"
            problems.append(Problem(f"environment {name}", 0, "", "is no setting", remedy))
            continue
        source.env_vars = {name.lower(): os.environ[name]}
        try:
            found[name.upper()] = source()
        except SettingsError:  # its text may hold the value
            what, remedy = "cannot be read", 'a list or a table is written as JSON, like ["1001..1040"]'
            problems.append(Problem(f"environment {name}", 0, "", what, remedy))
    return found, problems


class _Variable:
    """A variable on its way into the tree."""

    def __init__(self, name: str, origins: Origins, problems: list[Problem]) -> None:
        self.name = name
        self._origins = origins
        self._problems = problems

    def sets(self, path: Path_) -> None:
        """Note that the value at a path is this variable's."""
        self._origins.note_variable(path, self.name)

    def key(self, table: Mapping[str, Any], written: str) -> str:
        """Return the key of a table that a part of the name stands for."""
        if written in table:
            return written
        keys = [key for key in table if _plain(key) == _plain(written)]
        if len(keys) > 1:
            what = f"stands for each of {', '.join(keys)}"
            self._problems.append(
                Problem(f"environment {self.name}", 0, "", what, "give them names that differ in letters or digits")
            )
        return keys[0] if keys else written


def _overlay(tree: dict[str, Any], values: Mapping[str, Any], at: Path_, variable: _Variable) -> None:
    for written, value in values.items():
        key = variable.key(tree, written)
        path = (*at, key)
        if isinstance(value, Mapping):
            below = tree.get(key)
            merged = dict(below) if isinstance(below, dict) else {}
            if not isinstance(below, dict):
                variable.sets(path)
            _overlay(merged, value, path, variable)
            tree[key] = merged
        else:
            tree[key] = value
            variable.sets(path)


def _plain(key: str) -> str:
    return re.sub(r"[-.]", "_", key).lower()
