"""Fuels, soda ash, and what the raw materials of a tonne of metal carry with them: all told by the plant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from math import hypot

from collector.plant.amounts import ToldAmounts
from collector.plant.factors import version_of
from collector.readings.quantity import Quantity

COUNTED = (Quantity.VOLUME, Quantity.ACTIVE_ENERGY_IMPORT)
"""What a meter may count of a fuel."""


class Stage(Enum):
    """A part of a product's footprint that somebody else, or another part of the plant, tells."""

    ALUMINA = "alumina"
    ANODES = "anodes"
    ALF3 = "alf3"
    TRANSPORT = "transport"
    CASTING = "casting"


@dataclass(frozen=True, slots=True)
class UpstreamFactor:
    """What one tonne of a material, or its way here, carries with it.

    Attributes
    ----------
    value : float
        In ``unit``: kg CO2e/t of the material, or kg CO2e/(t km) of a transport.
    amount_per_t : float
        Material for each tonne of metal [t/t].
    distance_km : float
        Of a transport [km]; None for a material.
    """

    stage: Stage
    value: float
    unit: str
    amount_per_t: float
    source: str
    verified: str
    valid_from_ns: int
    valid_to_ns: int | None = None
    distance_km: float | None = None
    relative_standard_uncertainty: float | None = None

    @property
    def version(self) -> str:
        """The digest of all that is said of it."""
        said = (self.stage, self.value, self.unit, self.amount_per_t, self.distance_km, self.source, self.verified)
        return version_of(*said, self.valid_from_ns, self.valid_to_ns, self.relative_standard_uncertainty)


@dataclass(frozen=True, slots=True)
class FuelContent:
    """What a fuel is made of: GJ in a unit of it, t of carbon in a GJ, and the share of it that burns [1]."""

    net_calorific_gj: float
    carbon_t_per_gj: float
    oxidation: float


@dataclass(frozen=True, slots=True)
class Fuel:
    """A fuel that the plant burns: its amount by a meter's counter or by month, and either a factor or its content.

    Attributes
    ----------
    unit : str
        What its amounts are told in.
    kg_co2_per_unit : float
        Its factor [kg CO2 per unit]; None where its content is known instead.
    meter : str
        The meter that counts it; empty: ``amounts`` tell it.
    most_per_hour : float
        Bounds what the meter's counter may gain [units per hour].
    relative_standard_uncertainty, amount_relative_standard_uncertainty : float
        Of its factor and of its amounts [1]; None where nobody said how sure they are.
    shares : Mapping of str to float
        What part of it belongs to which potline [1]; empty where it is not shared out.
    """

    name: str
    unit: str
    source: str
    verified: str
    kg_co2_per_unit: float | None = None
    content: FuelContent | None = None
    meter: str = ""
    most_per_hour: float | None = None
    amounts: ToldAmounts | None = None
    relative_standard_uncertainty: float | None = None
    amount_relative_standard_uncertainty: float | None = None
    shares: Mapping[str, float] = field(default_factory=dict)

    @property
    def relative_of_emission(self) -> float | None:
        """The relative standard uncertainty of what it emits [1]; None where amount or factor has none."""
        return _product(self.relative_standard_uncertainty, self.amount_relative_standard_uncertainty)

    @property
    def version(self) -> str:
        """The digest of all that is said of its factor."""
        content = self.content and (
            self.content.net_calorific_gj,
            self.content.carbon_t_per_gj,
            self.content.oxidation,
        )
        said = (self.name, self.unit, self.source, self.verified, self.kg_co2_per_unit)
        return version_of(*said, content, self.relative_standard_uncertainty)


@dataclass(frozen=True, slots=True)
class SodaAsh:
    """Soda ash that scrubbers use up: its factor [t CO2/t] and its amounts [t]; the rest as for a fuel."""

    t_co2_per_t: float
    source: str
    verified: str
    amounts: ToldAmounts
    relative_standard_uncertainty: float | None = None
    amount_relative_standard_uncertainty: float | None = None
    shares: Mapping[str, float] = field(default_factory=dict)
    name: str = "soda ash"

    @property
    def relative_of_emission(self) -> float | None:
        """The relative standard uncertainty of what it emits [1]; None where amount or factor has none."""
        return _product(self.relative_standard_uncertainty, self.amount_relative_standard_uncertainty)

    @property
    def version(self) -> str:
        """The digest of all that is said of its factor."""
        return version_of(self.name, self.t_co2_per_t, self.source, self.verified, self.relative_standard_uncertainty)


def _product(factor: float | None, amount: float | None) -> float | None:
    """Return the relative uncertainty of a product of two independent numbers; None where one has none."""
    return None if factor is None or amount is None else hypot(factor, amount)


@dataclass(frozen=True, slots=True)
class Materials:
    """All that the plant tells about what it burns and what its raw materials carry with them."""

    footprint: Mapping[Stage, UpstreamFactor] = field(default_factory=dict)
    fuels: tuple[Fuel, ...] = ()
    soda_ash: SodaAsh | None = None
