"""Emission factors from config/factors, resolved for one potline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulators.plant import value_on
from simulators.tables import ConfigurationError, Table

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from simulators.plant import Plant, Potline


@dataclass(frozen=True, slots=True)
class Factors:
    """What turns a potline's metal, anode effects and electricity into emissions.

    Parameters
    ----------
    grid
        CO2 of the electricity [t/MWh = kg/kWh].
    slope
        kg CF4 per t Al for each anode-effect minute per cell-day.
    c2f6_per_cf4
        kg per kg.
    gwp_cf4, gwp_c2f6
        t CO2e per t of gas.
    net_anode_consumption
        t anode per t Al.
    anode_carbon
        Share of the anode that burns to CO2: what is neither sulphur nor ash [1].
    """

    grid: float
    slope: float
    c2f6_per_cf4: float
    gwp_cf4: float
    gwp_c2f6: float
    net_anode_consumption: float
    anode_carbon: float


def load_factors(folder: Path, plant: Plant, potline: Potline, day: dt.date) -> Factors:
    """Read the factors that the plant file names, for one potline on one day.

    Raises
    ------
    ConfigurationError
        If a factor file lacks what the plant file names.
    """
    named = plant.grid_factor
    if not isinstance(named, str):
        named = next((id_ for valid_from, id_ in reversed(named) if valid_from <= day), named[0][1])
    grid = _named(folder / "grid_electricity.toml", plant, "emissions.grid_factor", named)
    if grid.text("unit") != "kg CO2/kWh":
        raise grid.error("unit", f"is {grid.text('unit')!r}", "give the factor in kg CO2/kWh")
    gwp = _named(folder / "gwp.toml", plant, "emissions.gwp", plant.gwp)
    method = _named(folder / "pfc_slope.toml", plant, "emissions.method", plant.method)
    if potline.technology not in method:
        wrong = f"is {potline.technology!r}, for which {plant.method} has no slope"
        raise ConfigurationError(plant.file, f"potlines.{potline.id}.technology", wrong, f"see {method.file}")
    slope = method.table(potline.technology)
    return Factors(
        grid=grid.number("value", low=0),
        slope=slope.number("slope", low=0),
        c2f6_per_cf4=slope.number("c2f6_per_cf4", low=0),
        gwp_cf4=gwp.number("cf4", low=1),
        gwp_c2f6=gwp.number("c2f6", low=1),
        net_anode_consumption=value_on(potline.net_anode_consumption, day),
        anode_carbon=1.0 - potline.anode_sulphur - potline.anode_ash,
    )


def _named(file: Path, plant: Plant, key: str, name: str) -> Table:
    root = Table.read(file)
    if name not in root:
        wrong = f"names {name!r}, which is not in {file}"
        raise ConfigurationError(plant.file, key, wrong, f"use one of {', '.join(root.keys())}")
    return root.table(name)
