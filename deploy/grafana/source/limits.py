"""Limits for thresholds, from the tables with source that the collector itself judges by: config/factors."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from panels import GREEN, ORANGE, RED, YELLOW, Thresholds

FACTORS: Final = Path(__file__).parents[3] / "config" / "factors"
EDITION: Final = "gb_21346_2022"

RENEWABLE_2030_PCT: Final = 30.0
"""More than 30 % renewable electricity for electrolytic aluminium in 2030: the plan of seven departments of 2022 for
synergy in reducing pollution and carbon, as config/plants/example.toml cites it [%]."""


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of a standard for one boundary [kWh/t]: advanced, new plants, existing plants (mandatory)."""

    level_1: float
    level_2: float
    level_3: float
    source: str

    @property
    def thresholds(self) -> Thresholds:
        """Colours: green up to level 1, then one for each level that is missed."""
        return Thresholds(GREEN, (self.level_1, YELLOW), (self.level_2, ORANGE), (self.level_3, RED))

    @property
    def words(self) -> str:
        """Say the levels and where they are from."""
        return (
            f"Lines: level 1 at {self.level_1:,.0f}, level 2 (new plants) at {self.level_2:,.0f}, level 3 (existing "
            f"plants, mandatory) at {self.level_3:,.0f} kWh/t; {self.source}. The standard means a year: a level of an "
            "hour says nothing."
        )


def levels(boundary: str) -> Levels:
    """Return the levels of GB 21346-2022 for a boundary.

    Raises
    ------
    LookupError
        If the standard has none for it, as for direct current.
    """
    path = FACTORS / "energy_levels.toml"
    table = tomllib.loads(path.read_text(encoding="utf-8"))[EDITION].get(boundary)
    if table is None or table["unit"] != "kWh/t":
        raise LookupError(f"{path.name} has no [{EDITION}.{boundary}] in kWh/t; take liquid_ac or another AC boundary")
    return Levels(float(table["level_1"]), float(table["level_2"]), float(table["level_3"]), table["source"])
