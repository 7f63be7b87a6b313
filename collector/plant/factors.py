"""Factors with their birth certificates: value, unit, from when to when, source, how sure it is, and a version.

Invariants: a factor's version is the digest of all that is said of it, so two factors of one version are one; nothing
is assumed for a time for which nothing was said; factors of emissions and of footprints never stand in one series.
"""

import hashlib
import json
from bisect import bisect_right
from dataclasses import astuple, dataclass, field
from datetime import UTC, datetime
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from collector.plant.told import ToldValue, ToldValues, Untold, Withheld
from collector.readings.cell import MINUTE_NS

HOUR_NS = 60 * MINUTE_NS
_VERSION_DIGITS = 12
_NEVER_NS = 2**63 - 1


def version_of(*content: object) -> str:
    """Return the digest of what is said of a factor: 12 hexadecimal digits of SHA-256 over its JSON."""
    text = json.dumps(content, default=str, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_VERSION_DIGITS]


class FactorKind(Enum):
    """What an emission factor of electricity counts. The two are not comparable."""

    CO2 = "co2"
    """What comes out of the power stations of a grid (scope 2)."""
    CARBON_FOOTPRINT = "carbon_footprint"
    """Fuel supply, building and losses as well (footprint of a product)."""


@dataclass(frozen=True, slots=True)
class DatedValue:
    """A value in force from ``valid_from_ns`` on, until the next one is.

    ``relative_standard_uncertainty`` is a fraction of the value [1]; None where nobody said how sure it is.
    """

    value: float
    valid_from_ns: int
    source: str
    relative_standard_uncertainty: float | None = None

    @property
    def version(self) -> str:
        """The digest of all that is said of it."""
        return version_of(*astuple(self))


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
        raise LookupError(f"{self.name}: no value is in force on {_day(time_ns)}; add one with an earlier valid_from")


@dataclass(frozen=True, slots=True)
class EmissionFactor:
    """Emission factor of electricity [kg per kWh].

    Attributes
    ----------
    valid_from_ns, valid_to_ns : int
        From when on it is meant to be used, and when it ends [ns]; None: it has no end.
    verified : str
        ``official``: read in the official text; ``transcription``: in somebody's copy of it; ``own``: the plant's own;
        ``unverified``: nobody vouches for it.
    unit : str
        ``kg CO2/kWh`` or ``kg CO2e/kWh``.
    region, scope : str
        Where it is valid, and of what it is the mean (``grid average``, ``residual mix``); empty where not said.
    relative_standard_uncertainty : float
        A fraction of the value [1]; None where nobody said how sure it is.
    """

    id: str
    value: float
    valid_from_ns: int
    source: str
    verified: str
    unit: str = "kg CO2/kWh"
    valid_to_ns: int | None = None
    kind: FactorKind = FactorKind.CO2
    region: str = ""
    scope: str = ""
    relative_standard_uncertainty: float | None = None

    @property
    def version(self) -> str:
        """The digest of all that is said of it."""
        return version_of(*astuple(self))


@dataclass(frozen=True, slots=True)
class HourlyFactors:
    """Factors of single hours, earliest first [kg CO2 per kWh]. ``id``: the file's name; ``starts_ns``: whole hours."""

    id: str
    starts_ns: tuple[int, ...]
    values: tuple[float, ...]
    sources: tuple[str, ...]
    version: str = field(init=False)
    _starts: NDArray[np.int64] = field(init=False, repr=False, compare=False)
    _values: NDArray[np.float64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "version", version_of(self.id, self.starts_ns, self.values, self.sources))
        object.__setattr__(self, "_starts", np.array(self.starts_ns, np.int64))
        object.__setattr__(self, "_values", np.array(self.values, np.float64))

    @property
    def missing(self) -> tuple[int, ...]:
        """The beginnings of the hours between the first and the last of which nothing is said [ns]."""
        there = set(self.starts_ns)
        return tuple(start for start in range(self.starts_ns[0], self.starts_ns[-1], HOUR_NS) if start not in there)

    def at(self, time_ns: int) -> float | None:
        """Return the factor of a time [kg CO2/kWh]; None where nothing is said."""
        place = bisect_right(self.starts_ns, time_ns) - 1
        known = place >= 0 and time_ns < self.starts_ns[place] + HOUR_NS
        return self.values[place] if known else None

    def over(self, times_ns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the factor at each time [kg CO2/kWh]; NaN where nothing is said."""
        place = np.searchsorted(self._starts, times_ns, side="right") - 1
        known = (place >= 0) & (times_ns < self._starts[place] + HOUR_NS)
        return np.where(known, self._values[place], np.nan)


class WhereNone(Enum):
    """What becomes of a time at which no factor is in force."""

    REFUSE = "refuse"
    LEAVE_OPEN = "leave_open"
    """Its value is NaN."""


@dataclass(frozen=True, slots=True)
class FactorInForce:
    """A factor at a time, with its identity. ``estimated``: it stands in for one of the hour, which is not known.

    ``revision`` is that of a value which was told while the plant runs; None of what stands in files.
    """

    value: float
    id: str
    version: str
    estimated: bool = False
    relative_standard_uncertainty: float | None = None
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class FactorColumn:
    """A factor at many times: values [kg per kWh], which of them stand in for missing ones, and what was used."""

    values: NDArray[np.float64]
    estimated: NDArray[np.bool_]
    used: tuple[FactorInForce, ...]
    """Each factor once, in the order of its first use; the value of one with hours is that of its first hour here."""


@dataclass(frozen=True, slots=True)
class FactorSeries:
    """An emission factor over time: named factors, and before these values of hours, of a file or told as time goes.

    Attributes
    ----------
    entries : tuple of (int, EmissionFactor)
        From when on the plant uses which factor [ns], earliest first, all of one kind.
    hourly : HourlyFactors
        Where it has a value, that counts; elsewhere the named factor counts, as estimated.
    untold : Untold or None
        What counts where neither ``told`` nor ``hourly`` has a value; None: nothing is told of it.
    told : ToldValues
        Where it has a value, that counts before all others. It is no part of what is configured.
    relative_standard_uncertainty : float or None
        Of each value of ``hourly`` and ``told`` [1]; None where nobody said how sure they are. Named factors have their
        own.

    Raises
    ------
    ValueError
        If there is no factor at all, or factors of both kinds are mixed.
    """

    name: str
    entries: tuple[tuple[int, EmissionFactor], ...]
    hourly: HourlyFactors | None = None
    untold: Untold | None = None
    told: ToldValues = field(default=ToldValues(), repr=False)
    relative_standard_uncertainty: float | None = None
    _starts: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _used: tuple[FactorInForce, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        kinds = {factor.kind.value for _, factor in self.entries}
        if len(kinds) != 1:
            what = f"mixes factors of kind {' and '.join(sorted(kinds))}" if kinds else "has no factor"
            raise ValueError(f"{self.name} {what}; name factors of one kind")
        object.__setattr__(self, "_starts", tuple(start for start, _ in self.entries))
        object.__setattr__(self, "_used", tuple(self._stands(factor) for _, factor in self.entries))

    def _stands(self, factor: EmissionFactor) -> FactorInForce:
        return FactorInForce(
            factor.value,
            factor.id,
            factor.version,
            estimated=self._may_be_estimated,
            relative_standard_uncertainty=factor.relative_standard_uncertainty,
        )

    def _as_told(self, told: ToldValue) -> FactorInForce:
        sure = self.relative_standard_uncertainty
        return FactorInForce(
            told.value, told.id, told.version, relative_standard_uncertainty=sure, revision=told.revision
        )

    def _of_hour(self, hourly: HourlyFactors, value: float) -> FactorInForce:
        sure = self.relative_standard_uncertainty
        return FactorInForce(value, hourly.id, hourly.version, relative_standard_uncertainty=sure)

    @property
    def _may_be_estimated(self) -> bool:
        return self.hourly is not None or self.untold is not None

    @property
    def kind(self) -> FactorKind:
        """What its factors count."""
        return self.entries[0][1].kind

    def _withheld(self, time_ns: int) -> Withheld:
        when = f"nothing is told of {_day(time_ns)}"
        return Withheld(f'{self.name}: {when}; let it be told, or write untold = "estimate" for it')

    def named(self, time_ns: int) -> EmissionFactor:
        """Return the named factor in force at a time, whatever the hours say.

        Raises
        ------
        LookupError
            If none is in force: nothing is assumed.
        """
        place = bisect_right(self._starts, time_ns) - 1
        factor = self.entries[place][1] if place >= 0 else None
        if factor is None or time_ns < factor.valid_from_ns:
            when = f"no factor is in force on {_day(time_ns)}"
            raise LookupError(f"{self.name}: {when}; name the one of that time, with its valid_from")
        if factor.valid_to_ns is not None and time_ns >= factor.valid_to_ns:
            when = f"{factor.id} ended before {_day(time_ns)}"
            raise LookupError(f"{self.name}: {when}; name the factor that follows it, with its valid_from")
        return factor

    def at(self, time_ns: int) -> FactorInForce:
        """Return the factor in force at a time.

        Raises
        ------
        LookupError
            If none is in force: nothing is assumed. ``Withheld``, where it should have been told.
        """
        told = self.told.at(time_ns)
        if told is not None:
            return self._as_told(told)
        if self.hourly is not None:
            value = self.hourly.at(time_ns)
            if value is not None:
                return self._of_hour(self.hourly, value)
        if self.untold is Untold.WITHHOLD:
            raise self._withheld(time_ns)
        self.named(time_ns)  # raises where none is in force
        return self._used[bisect_right(self._starts, time_ns) - 1]

    def over(
        self, start_ns: int, end_ns: int, *, step_ns: int = MINUTE_NS, where_none: WhereNone = WhereNone.REFUSE
    ) -> FactorColumn:
        """Return the factor at each step of an interval, by default of each minute.

        Parameters
        ----------
        start_ns, end_ns, step_ns
            The interval, and its steps.
        where_none
            What becomes of a time at which none is in force.

        Raises
        ------
        LookupError
            If none is in force at one of them, and that is to be refused: nothing is assumed.
        """
        times = np.arange(start_ns, end_ns, step_ns, dtype=np.int64)
        values, rows = self.told.over(times)
        used: dict[int, FactorInForce] = {}
        for row, first in zip(*np.unique(rows, return_index=True), strict=True):
            if row >= 0:
                used[int(first)] = self._as_told(self.told.rows[row])
        if self.hourly is not None:
            of_hours = np.where(np.isnan(values), self.hourly.over(times), np.nan)
            known = np.flatnonzero(~np.isnan(of_hours))
            if len(known):
                values[known] = of_hours[known]
                used[int(known[0])] = self._of_hour(self.hourly, float(values[known[0]]))
        open_ = np.flatnonzero(np.isnan(values))
        if len(open_) and self.untold is Untold.WITHHOLD:
            if where_none is WhereNone.REFUSE:
                raise self._withheld(int(times[open_[0]]))
            open_ = open_[:0]
        estimated = np.zeros(len(times), np.bool_)
        places = np.searchsorted(np.array(self._starts, np.int64), times[open_], side="right") - 1
        for place in np.unique(places[places >= 0]):
            factor = self.entries[place][1]
            mine = open_[places == place]
            mine = mine[(times[mine] >= factor.valid_from_ns) & (times[mine] < (factor.valid_to_ns or _NEVER_NS))]
            if not len(mine):
                continue
            values[mine] = factor.value
            estimated[mine] = self._may_be_estimated
            used[int(mine[0])] = self._used[place]
        without = np.flatnonzero(np.isnan(values))
        if len(without) and where_none is WhereNone.REFUSE:
            self.named(int(times[without[0]]))  # raises the error that says why
        return FactorColumn(values, estimated, tuple(used[place] for place in sorted(used)))


@dataclass(frozen=True, slots=True)
class GwpSet:
    """Global warming potentials over 100 years [t CO2e per t gas]."""

    id: str
    cf4: float
    c2f6: float
    source: str
    verified: str = "unverified"

    @property
    def version(self) -> str:
        """The digest of all that is said of it."""
        return version_of(*astuple(self))


@dataclass(frozen=True, slots=True)
class SlopeCoefficients:
    """Slope [kg CF4 per t Al and anode-effect minute per cell-day] and the mass ratio of C2F6 to CF4 [kg/kg].

    ``relative_standard_uncertainty`` is that of the slope [1]; None where nobody said how sure it is.
    """

    method: str
    technology: str
    slope: float
    c2f6_per_cf4: float
    source: str
    verified: str = "unverified"
    relative_standard_uncertainty: float | None = None

    @property
    def version(self) -> str:
        """The digest of all that is said of it."""
        return version_of(*astuple(self))


def _day(time_ns: int) -> str:
    return f"{datetime.fromtimestamp(time_ns / 1e9, UTC):%Y-%m-%d %H:%M} UTC"
