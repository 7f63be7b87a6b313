"""Market-based emissions of electricity: what instruments cover, by their factors; the rest by what is left for it.

Invariants
----------
* No kilowatt hour is covered twice: together the instruments cover no more than the total.
* What no instrument covers is listed with the factor that was used for it. Without such a factor there is no answer.
* All factors of one account are of one kind: CO2 of generation, or carbon footprint.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Generic

import numpy as np

from collector.domain.electricity import FactorKind
from collector.domain.validity import Amount, Value, not_negative, within

ROUNDING = 1e-9
"""Share of the total by which the instruments may exceed it: rounding of sums, not electricity [-]."""


class Instrument(IntEnum):
    """Where a factor comes from, the best first: the hierarchy of the Scope 2 guidance."""

    CERTIFICATE = 1
    CONTRACT = 2
    SUPPLIER = 3
    RESIDUAL_MIX = 4
    GRID_AVERAGE = 5


@dataclass(frozen=True, slots=True)
class ElectricityFactor:
    """Factor of electricity with its kind.

    Parameters
    ----------
    kg_per_kwh
        Factor [kg CO2/kWh, or kg CO2e/kWh for a footprint].
    kind
        What it counts.
    source
        Where it comes from.

    Raises
    ------
    ValueError
        If the factor is not in [0, 3] kg/kWh, or there is no source.
    """

    kg_per_kwh: float
    kind: FactorKind
    source: str

    def __post_init__(self) -> None:
        within(0, 3, remedy="give kg CO2 per kWh, 0.53 and not 530 g/kWh", kg_per_kwh=self.kg_per_kwh)
        if not self.source.strip():
            raise ValueError("factor of electricity has no source. Remedy: name the certificate, contract or table.")


@dataclass(frozen=True, slots=True)
class CoveredElectricity(Generic[Amount]):
    """Electricity that one instrument covers.

    Parameters
    ----------
    name
        Certificate account, contract or supplier.
    instrument
        Certificate, contract or supplier; the rest is no instrument.
    kwh
        Electricity covered, of the same interval as the total [kWh].
    factor
        Factor that the instrument carries [kg/kWh].
    """

    name: str
    instrument: Instrument
    kwh: Amount
    factor: ElectricityFactor


@dataclass(frozen=True, slots=True)
class Share(Generic[Amount]):
    """One line of the account: how much electricity, by which factor, with which emissions.

    Parameters
    ----------
    name
        Certificate account, contract or supplier; for the rest, the source of its factor.
    instrument
        Place in the hierarchy.
    kwh
        Electricity [kWh].
    co2_t
        Emissions [t CO2, or t CO2e for a footprint].
    """

    name: str
    instrument: Instrument
    kwh: Amount
    co2_t: Amount


@dataclass(frozen=True, slots=True)
class MarketBased(Generic[Amount]):
    """Market-based account of an interval.

    Parameters
    ----------
    co2_t
        Emissions of all electricity [t CO2, or t CO2e for a footprint].
    shares
        What was covered in the order of the hierarchy, and the rest last if there is one.
    not_covered_kwh
        Electricity that no instrument covers [kWh].
    """

    co2_t: Amount
    shares: tuple[Share[Amount], ...]
    not_covered_kwh: Amount


def market_based(
    total_kwh: Amount,
    *,
    kind: FactorKind,
    covered: Sequence[CoveredElectricity[Amount]],
    residual_mix: ElectricityFactor | None,
    grid_average: ElectricityFactor | None,
) -> MarketBased[Amount]:
    """Emissions of electricity by contracts, certificates and the factor of the rest.

    Parameters
    ----------
    total_kwh
        Electricity taken; an element an hour if instruments are matched by the hour, else the sum of the year [kWh].
    kind
        Kind of all factors: CO2 of generation, or carbon footprint.
    covered
        What certificates, contracts and suppliers cover [kWh, kg/kWh].
    residual_mix
        Factor of the rest: the grid less what others have claimed; None where none is published [kg/kWh].
    grid_average
        Factor of the rest where there is no residual mix; None to allow none [kg/kWh].

    Returns
    -------
    MarketBased
        Emissions, their parts, and what is not covered [t, kWh].

    Raises
    ------
    ValueError
        If an energy is negative; the instruments cover more than the total (of any one element); two share a name; the
        rest is named as an instrument; a factor is of another kind; or something is left and there is no factor for it.

    Notes
    -----
    ``E = sum of kWh_i · EF_i / 1000 + rest · EF_rest / 1000``, with ``rest = total - sum of kWh_i``

    Valid for instruments that meet the quality criteria of the guidance, which no arithmetic can see. A certificate and
    the contract that it came with are one instrument: give one of them. With hours as elements an hour's surplus does
    not help another hour; with the sum of a year it does.

    References
    ----------
    .. [1] WRI and WBCSD, GHG Protocol Scope 2 Guidance (2015), chapter 6: hierarchy of market-based factors.
    """
    not_negative(total_kwh=total_kwh)
    ordered = sorted(covered, key=lambda one: one.instrument)
    _refuse_doubles(ordered)
    for one in ordered:
        _refuse_other_kind(one.name, one.factor, kind)
        not_negative(kwh=one.kwh)
    shares: list[Share[Amount]] = []
    rest: Amount = total_kwh
    emitted: Amount = total_kwh * 0.0
    for one in ordered:
        co2_t = one.kwh * one.factor.kg_per_kwh / 1000  # kg per t
        shares.append(Share(one.name, one.instrument, one.kwh, co2_t))
        rest, emitted = rest - one.kwh, emitted + co2_t
    not_covered = _rest(total_kwh, rest)
    if np.any(np.asarray(not_covered) > 0):
        instrument, factor = _factor_of_rest(residual_mix, grid_average, not_covered)
        _refuse_other_kind(instrument.name.lower().replace("_", " "), factor, kind)
        co2_t = not_covered * factor.kg_per_kwh / 1000
        shares.append(Share(factor.source, instrument, not_covered, co2_t))
        emitted = emitted + co2_t
    return MarketBased(emitted, tuple(shares), not_covered)


def _rest(total_kwh: Amount, rest: Amount) -> Amount:
    number, total = np.asarray(rest), np.asarray(total_kwh)
    beyond = np.argwhere(number < -ROUNDING * total)
    if len(beyond):
        index = tuple(int(i) for i in beyond[0])
        place = f"[{', '.join(map(str, index))}]" if index else ""
        raise ValueError(
            f"total_kwh{place} is {total[index]:g}, and certificates, contracts and suppliers cover "
            f"{total[index] - number[index]:g}. Remedy: cover no more than was taken, and count a certificate and the "
            "contract it came with once."
        )
    kept: Any = np.where(number > ROUNDING * total, number, 0.0)
    left: Amount = kept[()]  # a number stays a number
    return left


def _factor_of_rest(
    residual_mix: ElectricityFactor | None, grid_average: ElectricityFactor | None, not_covered: Value
) -> tuple[Instrument, ElectricityFactor]:
    if residual_mix is not None:
        return Instrument.RESIDUAL_MIX, residual_mix
    if grid_average is not None:
        return Instrument.GRID_AVERAGE, grid_average
    raise ValueError(
        f"{np.sum(not_covered):g} kWh are covered by nothing and have no factor. "
        "Remedy: give the residual mix, or the grid's average where no residual mix is published."
    )


def _refuse_doubles(covered: Sequence[CoveredElectricity[Amount]]) -> None:
    names: set[str] = set()
    for one in covered:
        if one.instrument in (Instrument.RESIDUAL_MIX, Instrument.GRID_AVERAGE):
            raise ValueError(
                f"{one.name} is a {one.instrument.name.lower().replace('_', ' ')}, which covers nothing. "
                "Remedy: give its factor as the factor of the rest."
            )
        if one.name in names:
            raise ValueError(f"{one.name} covers electricity twice. Remedy: give it once, with the sum.")
        names.add(one.name)


def _refuse_other_kind(name: str, factor: ElectricityFactor, kind: FactorKind) -> None:
    if factor.kind is not kind:
        raise ValueError(
            f"factor of {name} ({factor.source}) is of kind {factor.kind.value}, and the account is of kind "
            f"{kind.value}. Remedy: use factors of kind {kind.value} throughout."
        )
