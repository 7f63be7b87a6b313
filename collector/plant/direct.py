"""How a potline's direct emissions are found where not by slope and net anode consumption alone: its own choices.

Invariants: a line has one method for its gases and one for its carbon; a low-voltage term names the edition of the
coefficients that it is added to; each number has its source.
"""

from dataclasses import astuple, dataclass

from collector.plant.factors import DatedSeries, version_of


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A number of a table or of the plant's own, in the unit of its place.

    ``relative_standard_uncertainty`` is a fraction of the value [1]; None where nobody said how sure it is.
    """

    value: float
    source: str
    verified: str
    relative_standard_uncertainty: float | None = None

    @property
    def version(self) -> str:
        """The digest of all that is said of it."""
        return version_of(*astuple(self))


@dataclass(frozen=True, slots=True)
class OvervoltageMethod:
    """Overvoltage coefficient [(kg CF4/t Al)/mV, for a current efficiency in %], mass ratio of C2F6 to CF4 [kg/kg]."""

    coefficient: Coefficient
    c2f6_per_cf4: float


@dataclass(frozen=True, slots=True)
class GasDefaults:
    """Both gases by a printed default per metal [kg/t]."""

    cf4_kg_per_t: Coefficient
    c2f6_kg_per_t: Coefficient


@dataclass(frozen=True, slots=True)
class LowVoltage:
    """CF4 below the threshold of anode effects [kg/t], and the edition of coefficients that it is added to."""

    cf4_kg_per_t: Coefficient
    added_to: str


@dataclass(frozen=True, slots=True)
class PasteAnodes:
    """Self-baking anodes: consumption of paste over time [t/t], and what `soderberg_anode_co2_t` takes beside it."""

    consumption: DatedSeries
    benzene_soluble_kg_per_t: float
    binder_percent: float
    pitch_sulphur_percent: float
    pitch_ash_percent: float
    pitch_hydrogen_percent: float
    coke_sulphur_percent: float
    coke_ash_percent: float
    skimmed_dust_per_metal: float
    source: str
    verified: str


@dataclass(frozen=True, slots=True)
class DirectMethods:
    """What a potline has chosen. At most one of ``overvoltage`` and ``gas_defaults``; neither: the slope method.

    At most one of ``anode_default`` [t CO2/t Al] and ``paste``; neither: net anode consumption. ``assay`` is where
    sulphur and ash of the anodes are from, with its mark; empty: the plant's own.
    """

    overvoltage: OvervoltageMethod | None = None
    gas_defaults: GasDefaults | None = None
    low_voltage: LowVoltage | None = None
    anode_default: Coefficient | None = None
    paste: PasteAnodes | None = None
    assay: str = ""
    assay_verified: str = "own"


BY_SLOPE = DirectMethods()
