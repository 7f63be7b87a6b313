"""Factors with their birth certificates: value, unit, from when on, source."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class DatedValue:
    """A value in force from ``valid_from_ns`` (UTC) on, until the next one is."""

    value: float
    valid_from_ns: int
    source: str


@dataclass(frozen=True, slots=True)
class DatedSeries:
    """A parameter over time, earliest first."""

    name: str
    values: tuple[DatedValue, ...]

    def at(self, time_ns: int) -> DatedValue:
        """Return the value in force at a time.

        Raises
        ------
        LookupError
            If none was in force yet: nothing is assumed.
        """
        for value in reversed(self.values):
            if value.valid_from_ns <= time_ns:
                return value
        when = datetime.fromtimestamp(time_ns / 1e9, UTC).date()
        raise LookupError(f"{self.name}: no value is in force on {when}; add one with an earlier valid_from")


@dataclass(frozen=True, slots=True)
class EmissionFactor:
    """Emission factor of grid electricity [kg CO2 per kWh]."""

    id: str
    value: float
    valid_from_ns: int
    source: str
    verified: str


@dataclass(frozen=True, slots=True)
class GwpSet:
    """Global warming potentials over 100 years [t CO2e per t gas]."""

    id: str
    cf4: float
    c2f6: float
    source: str


@dataclass(frozen=True, slots=True)
class SlopeCoefficients:
    """Slope [kg CF4 per t Al and anode-effect minute per cell-day] and the mass ratio of C2F6 to CF4 [kg/kg]."""

    method: str
    technology: str
    slope: float
    c2f6_per_cf4: float
    source: str
