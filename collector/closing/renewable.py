"""Shares of renewable electricity of an interval, each on its own basis. Pure.

Contracts and certificates are told for whole hours, days and months. Where the load is known for a part of the
interval only, as much of them counts as falls to that part, as if both were even: numerator and denominator speak of
the same time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

from collector.accounting.plant_sums import LoadSum
from collector.accounting.windows import Window
from collector.domain.renewables import Basis, Denominator, RenewableShare, matched_kwh
from collector.plant.meter import Measures
from collector.plant.told import Untold
from collector.plant.topology import Plant
from collector.readings.cell import MINUTE_NS
from collector.readings.quality import Quality

_MINUTE_S = MINUTE_NS * 1e-9


@dataclass(frozen=True, slots=True)
class StatedShare:
    """A share of an interval.

    ``share_pct`` is None where it is withheld for want of coverage or of a delivery that should have been told; the
    rest stands. Where something stands in for what was not told, the quality is uncertain. ``target_pct`` is None
    where the plant has no target for that time.
    """

    basis: Basis
    denominator: Denominator
    renewable_kwh: float
    total_kwh: float
    share_pct: float | None
    target_pct: float | None
    coverage_pct: float
    quality: int


def configured(plant: Plant) -> tuple[Basis, ...]:
    """Return the bases on which the plant has anything to say. What is not configured is not zero: it is not stated."""
    portfolio = plant.portfolio
    own = any(meter.measures is Measures.GENERATION for meter in plant.meters)
    by_hour = any(contract.by_the_hour for contract in portfolio.contracts)
    proven = (
        portfolio.certificates
        or portfolio.certificates_told
        or any(contract.certificate for contract in portfolio.contracts)
    )
    there = {
        Basis.PHYSICAL: own,
        Basis.CONTRACT: bool(portfolio.contracts),
        Basis.CERTIFICATE: bool(proven),
        Basis.HOURLY_MATCHED: own or by_hour,
    }
    return tuple(basis for basis, is_there in there.items() if is_there)


def renewable_shares(
    window: Window,
    load: LoadSum,
    hours: Sequence[tuple[Window, LoadSum]],
    plant: Plant,
    *,
    least_coverage_pct: float,
) -> list[StatedShare]:
    """Return the share on each basis that is configured; of an hour, the one that is matched by the hour.

    Parameters
    ----------
    window
        The interval: an hour, a day or a month.
    load
        Electricity of the interval.
    hours
        The hours in it, each with its electricity; for an hour, itself.
    plant
        Contracts, certificates, target, and what the denominator is measured by.
    least_coverage_pct
        Below it, the ratio is withheld [%].
    """
    wanted = [basis for basis in configured(plant) if basis is Basis.HOURLY_MATCHED or window.name != "hour"]
    incomers = any(meter.measures is Measures.INCOMER_AC for meter in plant.meters)
    denominator = Denominator.PLANT_TOTAL if incomers else Denominator.ELECTROLYSIS_AC
    found = []
    for basis in wanted:
        parts = hours if basis is Basis.HOURLY_MATCHED else [(window, load)]
        known = [(part, sums) for part, sums in parts if sums.minutes]
        renewable = fsum(_renewable(basis, part, sums, plant) for part, sums in known)
        total = fsum(sums.kwh for _, sums in known)
        if not total > 0:
            continue
        known_s = fsum(sums.covered_s + sums.estimated_s for _, sums in known)
        untold = _untold(basis, window, plant)
        is_stated = 100 * known_s / window.length_s >= least_coverage_pct - 1e-6 and Untold.WITHHOLD not in untold
        worst = Quality.UNCERTAIN if untold else Quality.GOOD
        share = RenewableShare(basis, denominator, renewable, total)
        found.append(
            StatedShare(
                basis=basis,
                denominator=denominator,
                renewable_kwh=renewable,
                total_kwh=total,
                share_pct=share.percent if is_stated else None,
                target_pct=_target_pct(plant, window.start_ns),
                coverage_pct=min(100.0, 100 * fsum(sums.covered_s for _, sums in known) / window.length_s),
                quality=min(int(worst), *(sums.quality for _, sums in known)),
            )
        )
    return found


def _untold(basis: Basis, window: Window, plant: Plant) -> set[Untold]:
    """Return what counts instead of deliveries that a share stands on and that were not told; empty if all were."""
    contracts = plant.portfolio.contracts
    of_basis = {
        Basis.PHYSICAL: [],
        Basis.CONTRACT: [*contracts],
        Basis.CERTIFICATE: [each for each in contracts if each.certificate],
        Basis.HOURLY_MATCHED: [each for each in contracts if each.by_the_hour],
    }[basis]
    return {
        each.untold
        for each in of_basis
        if each.untold is not None and each.technology.is_renewable and each.untold_ns(window.start_ns, window.end_ns)
    }


def _renewable(basis: Basis, window: Window, load: LoadSum, plant: Plant) -> float:
    """Return the renewable electricity of an interval on one basis [kWh]."""
    portfolio, start_ns, end_ns = plant.portfolio, window.start_ns, window.end_ns
    known = load.minutes * _MINUTE_S / window.length_s
    whole_kwh = load.kwh / known
    match basis:
        case Basis.PHYSICAL:
            return min(load.own_renewable_kwh, load.kwh)
        case Basis.CONTRACT:
            return portfolio.contract_kwh(start_ns, end_ns, whole_kwh) * known
        case Basis.CERTIFICATE:
            contracts = [each for each in portfolio.contracts if each.certificate and each.technology.is_renewable]
            proven = fsum(each.covered_kwh(start_ns, end_ns, whole_kwh) for each in contracts)
            return (portfolio.certificate_kwh(start_ns, end_ns) + proven) * known
        case Basis.HOURLY_MATCHED:
            contracts = [each for each in portfolio.contracts if each.by_the_hour]
            bought = fsum(
                each.offered_kwh(start_ns, end_ns, whole_kwh) for each in contracts if each.technology.is_renewable
            )
            return matched_kwh(load.kwh, generation_kwh=load.own_renewable_kwh + bought * known)


def _target_pct(plant: Plant, time_ns: int) -> float | None:
    """Return the share that the plant wants to reach at a time [%]; None where there is none, or none yet."""
    series = plant.targets.renewable_share
    values = () if series is None else series.values
    begun = [each.value for each in values if each.valid_from_ns <= time_ns]
    return 100 * begun[-1] if begun else None
