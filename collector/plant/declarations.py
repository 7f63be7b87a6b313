"""What rule sets ask a plant for that no meter tells: goods, scrap, precursors, cut-offs, and choices of boundary."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from collector.plant.amounts import ToldAmounts
from collector.plant.direct import Coefficient
from collector.plant.factors import DatedSeries


class Made(Enum):
    """Where a precursor is from."""

    OWN = "own"
    BOUGHT = "bought"


@dataclass(frozen=True, slots=True)
class ToldPrecursor:
    """A good with embedded emissions of its own that goes into the metal.

    Attributes
    ----------
    consumed
        Mass used up by month, losses included [t].
    embedded
        Its specific embedded direct emissions [t CO2e/t].
    default_share
        The part of them that stands on default values [1].
    amount_relative_standard_uncertainty
        Of the mass [1]; None where nobody said.
    """

    name: str
    made: Made
    consumed: ToldAmounts
    embedded: Coefficient
    default_share: float
    amount_relative_standard_uncertainty: float | None = None


@dataclass(frozen=True, slots=True)
class CbamDeclaration:
    """What a declaration for the border adjustment needs beside the emissions.

    Attributes
    ----------
    production
        Goods of the activity level by month, without scrap and what is off specification [t]; None: not told.
    precursors_complete
        Whether the plant says that no other precursor is used.
    scrap, pre_consumer, other_elements
        Scrap for each tonne of goods [t/t], what of it is pre-consumer [1], and other elements in the goods [1].
    """

    production: ToldAmounts | None = None
    production_relative_standard_uncertainty: float | None = None
    precursors: tuple[ToldPrecursor, ...] = ()
    precursors_complete: bool = False
    scrap: DatedSeries | None = None
    pre_consumer: DatedSeries | None = None
    other_elements: DatedSeries | None = None


@dataclass(frozen=True, slots=True)
class ChinaEtsChoices:
    """Printed defaults that the authority accepts, by their names in the tables; empty: as measured.

    ``gross_anodes``: anodes set into the pots by month [t], from which the rule takes its own loss; None: not told.
    """

    anodes: str = ""
    anode_effects: str = ""
    gross_anodes: ToldAmounts | None = None
    gross_anodes_relative_standard_uncertainty: float | None = None


@dataclass(frozen=True, slots=True)
class ToldCutOff:
    """An item that is left out of the footprint: its stage, its estimated share [%], and how that was estimated."""

    stage: str
    name: str
    share_percent: float
    reason: str


@dataclass(frozen=True, slots=True)
class FootprintChoices:
    """What the footprint is of. ``melt_loss``: what casting loses of the liquid metal [1]; None: not told."""

    remelt_ingot: bool = False
    melt_loss: Coefficient | None = None
    cut_offs: tuple[ToldCutOff, ...] = ()


@dataclass(frozen=True, slots=True)
class Declarations:
    """All of it. ``left_out``: names of fuels that lie outside the boundary of a statement, by its kind."""

    cbam: CbamDeclaration = field(default_factory=CbamDeclaration)
    china_ets: ChinaEtsChoices = field(default_factory=ChinaEtsChoices)
    footprint: FootprintChoices = field(default_factory=FootprintChoices)
    left_out: Mapping[str, frozenset[str]] = field(default_factory=dict)
