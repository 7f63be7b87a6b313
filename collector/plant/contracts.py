"""Contracts for electricity, and certificates of its origin: how much of a load they cover. Pure.

Invariants: a contract never covers more than the load; a kWh is a contract's or a certificate's, and never both.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from zoneinfo import ZoneInfo

from collector.plant.amounts import ToldAmounts
from collector.plant.days import Period, overlap_ns, period_around
from collector.plant.factors import HOUR_NS, version_of
from collector.plant.told import ToldValues, Untold


class Technology(Enum):
    """How electricity was made. Storage is no source: what comes out of it was made before."""

    HYDRO = "hydro"
    WIND = "wind"
    SOLAR = "solar"
    BIOMASS = "biomass"
    GEOTHERMAL = "geothermal"
    NUCLEAR = "nuclear"
    FOSSIL = "fossil"

    @property
    def is_renewable(self) -> bool:
        """Whether it counts for a share of renewable electricity."""
        return self not in {Technology.NUCLEAR, Technology.FOSSIL}

    @property
    def is_non_hydro(self) -> bool:
        """Whether it counts for a share of renewable electricity without hydropower."""
        return self.is_renewable and self is not Technology.HYDRO


@dataclass(frozen=True, slots=True)
class EachPeriod:
    """An amount that comes in each period, evenly over its time [kWh]. ``zone``: whose months and years they are."""

    kwh: float
    period: Period
    zone: ZoneInfo

    def between(self, start_ns: int, end_ns: int) -> float:
        """Return the energy of an interval [kWh]."""
        energy, at_ns = 0.0, start_ns
        while at_ns < end_ns:
            first_ns, after_ns = period_around(at_ns, self.period, self.zone)
            energy += self.kwh * overlap_ns(at_ns, end_ns, first_ns, after_ns) / (after_ns - first_ns)
            at_ns = after_ns
        return energy


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract for electricity.

    Exactly one of ``each``, ``share`` and ``hourly`` says how much it is; of one whose delivery is told as time goes,
    what stands in where nothing is told, if anything does.

    Attributes
    ----------
    kg_co2_per_kwh : float
        Its emission factor [kg CO2/kWh].
    share : float
        Of the load [1].
    hourly : ToldAmounts
        Generation of single hours [kWh].
    certificate : bool
        Certificates are retired for its energy, and they stand in no list of certificates.
    untold : Untold
        What counts where its delivery is not told; None: it is never told.
    told : ToldValues
        Its delivery [kWh], as far as it was told. It is no part of what is configured.
    """

    name: str
    technology: Technology
    kg_co2_per_kwh: float
    source: str
    valid_from_ns: int
    valid_to_ns: int | None = None
    each: EachPeriod | None = None
    share: float | None = None
    hourly: ToldAmounts | None = None
    certificate: bool = False
    untold: Untold | None = None
    told: ToldValues = field(default=ToldValues(), repr=False)

    def __post_init__(self) -> None:
        amounts = sum(amount is not None for amount in (self.each, self.share, self.hourly))
        if self.untold is not None:
            if self.share is not None or amounts != (self.untold is Untold.ESTIMATE):
                what = f"contract {self.name} is told, and has not the amounts for that"
                raise ValueError(f"{what}; give an energy or generation with 'estimate', and none with 'withhold'")
        elif amounts != 1:
            raise ValueError(f"contract {self.name} has no one amount; give it by period, as a share, or by the hour")

    @property
    def version(self) -> str:
        """The digest of all that is said of it."""
        told = self.hourly.version if self.hourly else (self.share, self.each and (self.each.kwh, self.each.period))
        said = (self.technology, self.kg_co2_per_kwh, self.source, self.valid_from_ns, self.valid_to_ns)
        more = () if self.untold is None else (self.untold.value,)
        return version_of(self.name, *said, told, self.certificate, *more)

    @property
    def by_the_hour(self) -> bool:
        """Whether its energy is known for single hours."""
        return self.hourly is not None or self.untold is not None

    def untold_ns(self, start_ns: int, end_ns: int) -> int:
        """Return the time of an interval in which it is valid, should have been told, and was not [ns]."""
        if self.untold is None:
            return 0
        last_ns = end_ns if self.valid_to_ns is None else min(end_ns, self.valid_to_ns)
        return sum(end - start for start, end in self.told.gaps(max(start_ns, self.valid_from_ns), last_ns))

    def offered_kwh(self, start_ns: int, end_ns: int, load_kwh: float) -> float:
        """Return what it offers in an interval with a load [kWh], be it more than the load.

        A share is taken of the load that falls into its validity, as if the load were even.
        """
        first_ns = max(start_ns, self.valid_from_ns)
        last_ns = end_ns if self.valid_to_ns is None else min(end_ns, self.valid_to_ns)
        if last_ns <= first_ns:
            return 0.0
        if self.share is not None:
            return self.share * load_kwh * (last_ns - first_ns) / (end_ns - start_ns)
        listed = self.hourly or self.each
        if self.untold is None:
            return listed.between(first_ns, last_ns) if listed else 0.0
        gaps = self.told.gaps(first_ns, last_ns) if listed else []
        return self.told.between(first_ns, last_ns) + sum(listed.between(*gap) for gap in gaps if listed)

    def covered_kwh(self, start_ns: int, end_ns: int, load_kwh: float) -> float:
        """Return how much of a load it covers in an interval [kWh].

        Parameters
        ----------
        start_ns, end_ns
            The interval.
        load_kwh
            The load of that interval [kWh].

        Raises
        ------
        ValueError
            If the load is negative: a plant that feeds into the grid has none to cover.
        """
        return min(self.offered_kwh(start_ns, end_ns, _checked(load_kwh)), load_kwh)

    def matched_kwh(self, starts_ns: Sequence[int], loads_kwh: Sequence[float], *, step_ns: int = HOUR_NS) -> float:
        """Return how much of a load it covers step by step, by default hour by hour: what is too much in one is lost.

        Parameters
        ----------
        starts_ns
            When each step begins.
        loads_kwh
            The load of each [kWh].

        Raises
        ------
        ValueError
            If there are not as many loads as steps, or one is negative.
        """
        steps = zip(starts_ns, loads_kwh, strict=True)
        return sum(self.covered_kwh(start, start + step_ns, load) for start, load in steps)


@dataclass(frozen=True, slots=True)
class Certificates:
    """Certificates of one technology and registry that were retired for the plant, by month [MWh]."""

    registry_id: str
    technology: Technology
    mwh: ToldAmounts

    def retired_kwh(self, start_ns: int, end_ns: int) -> float:
        """Return what was retired for an interval [kWh]; of a month in proportion to its time."""
        return 1000 * self.mwh.between(start_ns, end_ns)


@dataclass(frozen=True, slots=True)
class Covered:
    """What of a load is covered [kWh], by the names of contracts and registries. ``open_kwh``: the rest.

    ``beyond_kwh`` was offered or retired, and there was no load for it.
    """

    by_certificates: tuple[tuple[str, float], ...]
    by_contracts: tuple[tuple[str, float], ...]
    open_kwh: float
    beyond_kwh: float


@dataclass(frozen=True, slots=True)
class Portfolio:
    """All contracts and certificates of a plant, in the order in which they are used up.

    ``certificates_told``: more certificates are told as time goes.
    """

    contracts: tuple[Contract, ...] = ()
    certificates: tuple[Certificates, ...] = ()
    certificates_told: bool = False

    def contract_kwh(self, start_ns: int, end_ns: int, load_kwh: float) -> float:
        """Return what of a load renewable contracts cover [kWh]."""
        return self._of_contracts(start_ns, end_ns, load_kwh, lambda technology: technology.is_renewable)

    def non_hydro_kwh(self, start_ns: int, end_ns: int, load_kwh: float) -> float:
        """Return what of a load renewable contracts without hydropower cover [kWh]."""
        return self._of_contracts(start_ns, end_ns, load_kwh, lambda technology: technology.is_non_hydro)

    def certificate_kwh(self, start_ns: int, end_ns: int) -> float:
        """Return what was retired as renewable for an interval [kWh]."""
        listed = (each for each in self.certificates if each.technology.is_renewable)
        return sum(each.retired_kwh(start_ns, end_ns) for each in listed)

    def covered(self, start_ns: int, end_ns: int, load_kwh: float) -> Covered:
        """Share out a load: certificates first, then contracts, each only as far as some of the load is left.

        Raises
        ------
        ValueError
            If the load is negative.
        """
        left, beyond = _checked(load_kwh), 0.0
        shares: list[list[tuple[str, float]]] = [[], []]
        offers = [
            [(each.registry_id, each.retired_kwh(start_ns, end_ns)) for each in self.certificates],
            [(each.name, each.offered_kwh(start_ns, end_ns, load_kwh)) for each in self.contracts],
        ]
        for found, offered in zip(shares, offers, strict=True):
            for name, kwh in offered:
                taken = min(kwh, left)
                left, beyond = left - taken, beyond + kwh - taken
                found.append((name, taken))
        return Covered(tuple(shares[0]), tuple(shares[1]), left, beyond)

    def _of_contracts(self, start_ns: int, end_ns: int, load_kwh: float, counts: Callable[[Technology], bool]) -> float:
        listed = (contract for contract in self.contracts if counts(contract.technology))
        return min(sum(contract.covered_kwh(start_ns, end_ns, load_kwh) for contract in listed), load_kwh)


def _checked(load_kwh: float) -> float:
    if not load_kwh >= 0:
        what = f"a load of {load_kwh:g} kWh cannot be covered"
        raise ValueError(f"{what}; give what is taken in the interval, 0 where the plant feeds into the grid")
    return load_kwh
