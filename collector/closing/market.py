"""Market-based emissions of electricity: by the plant's certificates, contracts and the factor of the rest. Pure."""

from dataclasses import dataclass, replace
from math import fsum

import numpy as np

from collector.accounting.plant_sums import PlantSums
from collector.accounting.windows import HOUR_NS, Window
from collector.domain.electricity import FactorKind
from collector.domain.market_based import CoveredElectricity, ElectricityFactor, Instrument, Share, market_based
from collector.plant import factors
from collector.plant.contracts import Portfolio, Technology
from collector.plant.factors import FactorSeries
from collector.plant.told import Untold
from collector.plant.topology import Plant
from collector.readings.cell import MINUTE_NS

WITHOUT_CO2 = frozenset({Technology.HYDRO, Technology.WIND, Technology.SOLAR, Technology.BIOMASS, Technology.NUCLEAR})
"""A certificate of these carries no CO2 of generation; that of biomass is biogenic, and is reported apart."""

_CERTIFICATE = "WRI and WBCSD, GHG Protocol Scope 2 Guidance (2015), chapter 6"


@dataclass(frozen=True, slots=True)
class MarketElectricity:
    """Market-based emissions of some electricity, or why there are none.

    Attributes
    ----------
    co2_t : float or None
        Emissions of the electricity that was asked about [t CO2]; None where something is missing.
    not_covered_kwh : float
        Electricity that the whole plant bought and that no instrument covers [kWh].
    shares : tuple of Share
        Who covers the electricity that the whole plant bought, in the order of the hierarchy; the rest last.
    missing : tuple of str
        What is missing, with the remedy.
    """

    co2_t: float | None
    not_covered_kwh: float = 0.0
    shares: tuple[Share[float], ...] = ()
    missing: tuple[str, ...] = ()


def market_based_t(
    window: Window, load_kwh: float, plant: Plant, *, plant_kwh: float, own_kwh: float
) -> MarketElectricity:
    """Return the market-based emissions of a load.

    Parameters
    ----------
    window
        The interval.
    load_kwh
        Electricity that is asked about: a potline's, or all [kWh].
    plant
        Contracts, certificates, factors.
    plant_kwh
        All electricity of the plant in the same interval [kWh]. Contracts and certificates cover it as a whole, and
        a part of it has the same mix: else two potlines would both be covered by one contract.
    own_kwh
        What of that the plant's own power stations made [kWh]. It was not bought, and no instrument covers it; what
        they burn stands among the fuels.

    Raises
    ------
    ValueError
        If a load is negative, or a part greater than the whole.

    Notes
    -----
    Supply and load are matched over the window. Where the factor of the rest changes within it, the rest is taken to
    be even over its time.

    References
    ----------
    .. [1] As for `collector.domain.market_based.market_based`.
    """
    for part_kwh, name in ((load_kwh, "a load"), (own_kwh, "own generation")):
        if 0 <= part_kwh <= plant_kwh * (1 + 1e-9):
            continue
        what = f"{name} of {part_kwh:g} kWh is not a part of the plant's {plant_kwh:g} kWh"
        raise ValueError(f"{what}; give both of the same interval, and what is taken as more than zero")
    if plant.portfolio == Portfolio() and plant.residual_factor is None:
        return MarketElectricity(
            None, missing=("no contract, certificate or residual factor: add one of them to the plant file",)
        )
    bought_kwh = max(0.0, plant_kwh - own_kwh)
    shared = plant.portfolio.covered(window.start_ns, window.end_ns, bought_kwh)
    missing = _withheld(plant.portfolio, window)
    covered: list[CoveredElectricity[float]] = []
    certificates: dict[str, float] = {}
    for (name, kwh), each in zip(shared.by_certificates, plant.portfolio.certificates, strict=True):
        if kwh > 0 and each.technology not in WITHOUT_CO2:
            missing.append(
                f"factor of certificates {name} ({each.technology.value}): tell them as a contract, with its factor"
            )
        certificates[name] = certificates.get(name, 0.0) + kwh
    covered += [
        CoveredElectricity(f"certificates {name}", Instrument.CERTIFICATE, kwh, _factor(0.0, _CERTIFICATE))
        for name, kwh in certificates.items()
    ]
    covered += [
        CoveredElectricity(
            f"contract {name}", Instrument.CONTRACT, kwh, _factor(contract.kg_co2_per_kwh, contract.source)
        )
        for (name, kwh), contract in zip(shared.by_contracts, plant.portfolio.contracts, strict=True)
    ]
    residual = average = None
    try:
        if plant.residual_factor is not None:
            residual = _of_rest(plant.residual_factor, window)
        else:
            average = _of_rest(plant.grid_factor, window)
    except LookupError as exc:
        if shared.open_kwh > 0:
            missing.append(str(exc.args[0]))
    if missing:
        return MarketElectricity(None, shared.open_kwh, missing=tuple(missing))
    found = market_based(bought_kwh, kind=FactorKind.CO2, covered=covered, residual_mix=residual, grid_average=average)
    part = load_kwh / plant_kwh if plant_kwh > 0 else 0.0
    return MarketElectricity(found.co2_t * part, found.not_covered_kwh, found.shares)


def market_of_potline(window: Window, line_kwh: float, whole: PlantSums, plant: Plant) -> MarketElectricity:
    """Return the market-based emissions of a potline's electricity, which has the mix of the whole plant.

    Where the plant's load is known for a part of the window only, the rest of it is taken to be like that part, for
    contracts and certificates are told for all of the window.

    Parameters
    ----------
    window
        The interval.
    line_kwh
        The potline's electricity in it [kWh].
    whole
        What the plant's account says of the same window.
    plant
        Contracts, certificates, factors.

    Raises
    ------
    ValueError
        If the potline's electricity is negative.
    """
    if line_kwh < 0:
        raise ValueError(f"a load of {line_kwh:g} kWh has no emissions; give what is taken in the interval")
    load = whole.load
    if not load.kwh > 0:
        what = "the plant's load is not known: look for silent meters of incomers, own generation or potlines"
        return MarketElectricity(None, missing=(what,))
    known = load.minutes * MINUTE_NS / (window.end_ns - window.start_ns)
    plant_kwh = load.kwh / known
    own_kwh = min(plant_kwh, fsum(each.kwh for each in whole.generation.values()) / known)
    found = market_based_t(window, plant_kwh, plant, plant_kwh=plant_kwh, own_kwh=own_kwh)
    if found.co2_t is None:
        return found
    return replace(found, co2_t=found.co2_t * line_kwh / plant_kwh)


def _withheld(portfolio: Portfolio, window: Window) -> list[str]:
    """Return which contracts lack deliveries that should have been told, and that nothing stands in for."""
    open_ns = {
        each.name: each.untold_ns(window.start_ns, window.end_ns)
        for each in portfolio.contracts
        if each.untold is Untold.WITHHOLD
    }
    remedy = 'let it be told, or write untold = "estimate"'
    return [
        f"contract {name}: nothing is told of {length_ns / HOUR_NS:g} h of its delivery; {remedy}"
        for name, length_ns in open_ns.items()
        if length_ns
    ]


def _factor(kg_per_kwh: float, source: str) -> ElectricityFactor:
    return ElectricityFactor(kg_per_kwh, FactorKind.CO2, source)


def _of_rest(series: FactorSeries, window: Window) -> ElectricityFactor:
    """Return the factor of what nothing covers, over the time of a window.

    Raises
    ------
    LookupError
        If none is in force at some time of it, or it is no factor of CO2.
    """
    if series.kind is not factors.FactorKind.CO2:
        raise LookupError(f"{series.name}: counts the footprint, and this account CO2; name a factor of kind co2")
    step_ns = MINUTE_NS if window.end_ns - window.start_ns <= HOUR_NS else HOUR_NS
    column = series.over(window.start_ns, window.end_ns, step_ns=step_ns)
    return _factor(float(np.mean(column.values)), ", ".join(used.id for used in column.used))
