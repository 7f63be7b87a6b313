"""Numbers that standards, prices and rule sets prescribe, as the files of factors tell them, each with its source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, TypeVar

from collector.domain.footprint import FootprintRules
from collector.domain.levels import Indicator, Limits
from collector.domain.price import Bands, GreenRelief, Tier
from collector.domain.rule_sets import CbamRules, ChinaEtsRules, DefaultGases, DefaultPerMetal
from collector.plant.factors import SlopeCoefficients

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sourced(Generic[T]):
    """Something that a rule prescribes, where it was read, and the days for which it holds, both included.

    ``verified``: ``official``, ``transcription``, ``own`` or ``unverified``, as for factors.
    """

    value: T
    source: str
    verified: str
    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        """Tell whether it holds on a day; without days it holds on all."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Overdue:
    """What becomes of a surcharge that is not paid: after so many days [d] it is multiplied [-]."""

    grace_days: float
    multiple: float


@dataclass(frozen=True, slots=True)
class SteppedPrice:
    """A surcharge by steps above a threshold of one indicator, and how it is lowered and raised."""

    indicator: Indicator
    without_desulphurisation: bool
    tiers: tuple[Tier, ...]
    relief: GreenRelief | None = None
    overdue: Overdue | None = None


@dataclass(frozen=True, slots=True)
class BandedPrice:
    """Surcharges of bands of one indicator."""

    indicator: Indicator
    bands: Bands


@dataclass(frozen=True, slots=True)
class PollutantLimit:
    """A limit of a rule on a pollutant.

    Attributes
    ----------
    pollutant
        As the rule names it: ``hf``, ``total_fluoride``, ``so2``, ``particulate``.
    limit, unit
        mg/Nm3 of dry gas, or kg per tonne of metal.
    outlets
        ``stack``, ``potroom`` (stack and roof) or ``boundary`` (air at the fence).
    averaging
        ``hour``, ``month`` or ``year``; empty where the source does not say.
    cells
        Cell technologies that it holds for, as the rule names them; none: all.
    plants
        ``existing`` or ``new``; empty: both.
    """

    pollutant: str
    limit: float
    unit: str
    outlets: str
    averaging: str = ""
    cells: tuple[str, ...] = ()
    plants: str = ""


@dataclass(frozen=True, slots=True)
class LimitRule:
    """The limits of one rule. ``is_law`` is false for a draft."""

    limits: tuple[PollutantLimit, ...]
    is_law: bool = True


@dataclass(frozen=True, slots=True)
class PrebakeDefaults:
    """Assays of prebaked anodes [%], where the plant has none."""

    sulphur_percent: float
    ash_percent: float


@dataclass(frozen=True, slots=True)
class SoderbergDefaults:
    """Assays of self-baking anodes [%], benzene-soluble matter [kg/t Al], skimmed dust [t/t Al]."""

    benzene_soluble_kg_per_t_vss: float
    benzene_soluble_kg_per_t_hss: float
    binder_percent_dry: float
    binder_percent_wet: float
    pitch_sulphur_percent: float
    pitch_ash_percent: float
    pitch_hydrogen_percent: float
    coke_sulphur_percent: float
    coke_ash_percent: float
    skimmed_dust_per_metal: float


@dataclass(frozen=True, slots=True)
class AnodeTier1:
    """CO2 of anodes per metal where nothing is known of their consumption [t CO2/t Al]."""

    prebake: float
    soderberg: float


@dataclass(frozen=True, slots=True)
class Overvoltage:
    """Overvoltage coefficient, for current efficiency in percent, and the mass ratio of C2F6 to CF4 [kg/kg]."""

    overvoltage_coefficient: float
    c2f6_per_cf4: float


@dataclass(frozen=True, slots=True)
class CbamNumbers:
    """The rule of the border adjustment, and the CO2 of its mass balance [t CO2/t C]."""

    rules: CbamRules
    co2_per_carbon: float


@dataclass(frozen=True, slots=True)
class Benchmarks:
    """Benchmarks of the free allocation [t CO2e/t]."""

    primary: float
    secondary: float


@dataclass(frozen=True, slots=True)
class NetConsumption:
    """A printed default of the net anode consumption [t/t Al]."""

    net_anode_consumption: float


@dataclass(frozen=True, slots=True)
class RuleTables:
    """All that the files of rules say, by the names of their tables; a file that is not there gives nothing.

    ``slopes`` are by method and technology. ``cbam_shares`` is the part of the obligation in force by year [1].
    """

    energy_levels: Mapping[str, Mapping[Indicator, Sourced[Limits]]] = field(default_factory=dict)
    kgce_per_kwh: Sourced[float] | None = None
    stepped_prices: Mapping[str, Sourced[SteppedPrice]] = field(default_factory=dict)
    banded_prices: Mapping[str, Sourced[BandedPrice]] = field(default_factory=dict)
    emission_limits: Mapping[str, Sourced[LimitRule]] = field(default_factory=dict)
    anode_tier1: Mapping[str, Sourced[AnodeTier1]] = field(default_factory=dict)
    prebake: Mapping[str, Sourced[PrebakeDefaults]] = field(default_factory=dict)
    soderberg: Mapping[str, Sourced[SoderbergDefaults]] = field(default_factory=dict)
    carbonates: Mapping[str, Sourced[float]] = field(default_factory=dict)
    cbam: Mapping[str, Sourced[CbamNumbers]] = field(default_factory=dict)
    cbam_benchmarks: Mapping[str, Sourced[Benchmarks]] = field(default_factory=dict)
    cbam_shares: Sourced[Mapping[int, float]] | None = None
    china_ets: Mapping[str, Sourced[ChinaEtsRules]] = field(default_factory=dict)
    anode_effect_defaults: Mapping[str, Sourced[DefaultGases | DefaultPerMetal]] = field(default_factory=dict)
    anode_defaults: Mapping[str, Sourced[DefaultPerMetal | NetConsumption]] = field(default_factory=dict)
    product_footprint: Mapping[str, Sourced[FootprintRules]] = field(default_factory=dict)
    overvoltage: Mapping[str, Sourced[Mapping[str, Overvoltage]]] = field(default_factory=dict)
    pfc_tier1: Mapping[str, Sourced[Mapping[str, DefaultGases]]] = field(default_factory=dict)
    slopes: Mapping[str, Mapping[str, SlopeCoefficients]] = field(default_factory=dict)
