"""Where settings come from: the collector's file, the plant file it names, and the environment over both.

The environment is read by pydantic-settings. Its names carry no case and no hyphens, so each part is matched with the
keys that the files have: ``POTLINE_POTLINES__PL1__NAME`` sets ``name`` in ``[potlines.PL1]``.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic_settings import EnvSettingsSource, SettingsError

from collector.settings.models import Settings
from collector.settings.problems import ConfigurationError, Problem
from collector.settings.toml_file import Path_, TomlFile, dotted

PREFIX = "POTLINE_"
OF_THE_PLANT = frozenset({"plant", "emissions", "potlines", "endpoints", "meters", "brokers"})


class Origins:
    """Which file, line or variable each value came from."""

    def __init__(self, collector: TomlFile, plant: TomlFile | None) -> None:
        self.collector = collector
        self.plant = plant
        self._variables: dict[Path_, str] = {}

    def note_variable(self, path: Path_) -> None:
        """Remember that the value at a path came from the environment."""
        self._variables[path] = PREFIX + "__".join(str(part).replace("-", "_") for part in path).upper()

    def problem(self, path: Path_, what: str, remedy: str = "") -> Problem:
        """Return a problem with the value at a path, told by the place it came from."""
        for length in range(len(path), 0, -1):
            variable = self._variables.get(path[:length])
            if variable is not None:
                return Problem(f"environment {variable}", 0, dotted(path), what, remedy)
        file = self.plant if self.plant is not None and path and path[0] in OF_THE_PLANT else self.collector
        return file.problem(path, what, remedy)


def read_sources(collector_file: Path) -> tuple[dict[str, Any], Origins, list[Problem]]:
    """Return the merged tree of settings, the origins of its values, and the problems met on the way.

    Raises
    ------
    ConfigurationError
        If a file cannot be read at all.
    """
    collector = TomlFile(collector_file)
    problems = [
        collector.problem((key,), "belongs into the plant file, not here", "move it to the file named by plant_file")
        for key in collector.values
        if key in OF_THE_PLANT
    ]
    tree: dict[str, Any] = {key: value for key, value in collector.values.items() if key not in OF_THE_PLANT}
    variables, unknown = _environment()
    problems += unknown
    origins = Origins(collector, None)
    named = variables.get("plant_file", tree.get("plant_file"))
    if isinstance(named, str) and named.strip():
        plant = TomlFile(collector_file.parent / named)
        origins.plant = plant
        for key, value in plant.values.items():
            if key in OF_THE_PLANT:
                tree[key] = value
            else:
                problems.append(plant.problem((key,), "is no section of a plant file", f"one of: {_listed()}"))
    _overlay(tree, variables, (), origins)
    return tree, origins, problems


def _listed() -> str:
    return ", ".join(sorted(OF_THE_PLANT))


def _environment() -> tuple[dict[str, Any], list[Problem]]:
    try:
        values = EnvSettingsSource(Settings)()
    except SettingsError as exc:
        what = f"cannot be read: {exc}"
        remedy = "a list or a table is written as JSON"
        raise ConfigurationError([Problem(f"environment {PREFIX}*", 0, "", what, remedy)]) from exc
    known = Settings.model_fields
    return values, [
        Problem(f"environment {name}", 0, "", "is no setting", "see config/collector.toml for the names")
        for name in os.environ
        if name.upper().startswith(PREFIX) and name.upper()[len(PREFIX) :].split("__")[0].lower() not in known
    ]


def _overlay(tree: dict[str, Any], variables: Mapping[str, Any], at: Path_, origins: Origins) -> None:
    for written, value in variables.items():
        key = next((key for key in tree if _same(key, written)), written)
        path = (*at, key)
        below = tree.get(key)
        if isinstance(value, Mapping) and isinstance(below, dict):
            merged = dict(below)
            _overlay(merged, value, path, origins)
            tree[key] = merged
        else:
            tree[key] = value
            origins.note_variable(path)


def _same(key: str, written: str) -> bool:
    return key.replace("-", "_").lower() == written.replace("-", "_").lower()
