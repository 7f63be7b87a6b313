"""What a plant has set itself or was given: limits of stacks and of the process, targets, and its price region."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from collector.plant.factors import DatedSeries
from collector.readings.quantity import Quantity

SPECIFIC = "kg/t"
"""The unit of a limit on a pollutant's mass for each tonne of metal."""


class Boundary(Enum):
    """What is inside a kWh/t."""

    DC = "dc"
    LIQUID_AC = "liquid_ac"
    LIQUID_COMPREHENSIVE_AC = "liquid_comprehensive_ac"
    INGOT_COMPREHENSIVE_AC = "ingot_comprehensive_ac"


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound on the mean of a quantity over a time.

    Attributes
    ----------
    quantity : Quantity
        What is bounded.
    unit : str
        That of the bounds: the quantity's own, or ``kg/t`` for its mass per tonne of metal.
    least, most : float
        The bounds; None: there is none on that side.
    averaged_over_s : float
        The time of the mean [s].
    stack, potline : str
        Where it holds; both empty: in the whole plant.
    valid_from_ns, valid_to_ns : int
        When it is in force [ns].
    """

    name: str
    quantity: Quantity
    unit: str
    averaged_over_s: float
    valid_from_ns: int
    source: str
    least: float | None = None
    most: float | None = None
    valid_to_ns: int | None = None
    stack: str = ""
    potline: str = ""

    def in_force(self, time_ns: int) -> bool:
        """Tell whether it holds at a time."""
        return self.valid_from_ns <= time_ns and (self.valid_to_ns is None or time_ns < self.valid_to_ns)

    def is_broken_by(self, mean: float) -> bool:
        """Tell whether a mean over its time lies outside. A mean on the bound keeps it."""
        return (self.most is not None and mean > self.most) or (self.least is not None and mean < self.least)


@dataclass(frozen=True, slots=True)
class RuleInForce:
    """A rule on pollutants that holds for the plant. ``rule`` is its table in emission_limits.toml.

    Attributes
    ----------
    valid_from_ns, valid_to_ns : int
        When it is in force here [ns].
    source : str
        What says that it holds here, such as a permit.
    averaged_over_s : float
        The time of the mean for its limits that name none [s]; None: these are not judged.
    plants, cells : str
        Which of its limits hold here, as the rule names them; empty: those for any plant, any cell.
    """

    rule: str
    valid_from_ns: int
    source: str
    valid_to_ns: int | None = None
    averaged_over_s: float | None = None
    plants: str = ""
    cells: str = ""


@dataclass(frozen=True, slots=True)
class Targets:
    """What the plant wants to reach, each from a day on.

    Units: kWh/t by boundary, t CO2e per t of metal, shares as fractions [1].
    """

    kwh_per_t: Mapping[Boundary, DatedSeries] = field(default_factory=dict)
    t_co2e_per_t: DatedSeries | None = None
    renewable_share: DatedSeries | None = None


@dataclass(frozen=True, slots=True)
class PriceRegion:
    """Which price rule holds, and what it asks of the region: shares as fractions [1].

    ``rule`` is its table in power_price.toml.
    ``previous_year_non_hydro_weight`` is the share of renewable electricity without hydropower that the region was told
    to reach in the year before; ``non_hydro_share`` is the plant's own, as was certified to it.
    """

    region: str
    rule: str
    previous_year_non_hydro_weight: DatedSeries | None = None
    non_hydro_share: DatedSeries | None = None
