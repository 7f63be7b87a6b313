"""Current efficiency from closed months, as a proposal for those that follow. Pure.

The live accounts take current efficiency as given. What it was shows in the metal of closed months; what is found here
is proposed and said, and put into the plant file by whoever answers for it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from collector.accounting.intensity import best_known, known_s
from collector.accounting.inventory import Metal
from collector.accounting.metal_basis import MetalBasis
from collector.accounting.period_metal import PeriodMetal
from collector.accounting.sums import Sums
from collector.domain import electrolysis
from collector.domain.validity import fraction, not_negative, positive, within

COVERAGE_FACTOR = 2.0
"""What is further from the value in force than this many standard uncertainties is said: about one chance in twenty."""


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """A month whose metal is known.

    Attributes
    ----------
    label : str
        Its name, like 2026-03.
    metal : Metal
        The metal that was made.
    pot_charge_kah : float
        Charge times pots in operation, added up over the minutes for which it is known [kAh].
    coverage_pct : float
        Share of the month for which the charge is known [%].
    """

    label: str
    metal: Metal
    pot_charge_kah: float
    coverage_pct: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """A current efficiency for the months to come, as a dated value of the plant file has it."""

    value: float
    standard_uncertainty: float
    valid_from_ns: int
    source: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """Current efficiency of some closed months.

    Attributes
    ----------
    value : float
        Metal made over metal that the charge could have made [-].
    standard_uncertainty : float or None
        Its standard uncertainty [-]; None where that of the metal or the charge is not configured.
    metal_kg, faraday_kg : float
        Numerator and denominator [kg].
    basis : MetalBasis
        Reconciled only if every month is.
    months : tuple of str
        The months that it stands on.
    findings : tuple of str
        What was left out, and why; what is not believable.
    """

    value: float
    standard_uncertainty: float | None
    metal_kg: float
    faraday_kg: float
    basis: MetalBasis
    months: tuple[str, ...]
    findings: tuple[str, ...]


def closed_month(label: str, sums: Sums, metal: PeriodMetal, *, length_s: float) -> ClosedMonth | str:
    """Return a month of a potline as current efficiency is estimated from it, or why it cannot be.

    Parameters
    ----------
    label
        Its name.
    sums
        What is stated of it.
    metal
        On what its metal stands.
    length_s
        Length of the month [s].
    """
    if metal.basis is MetalBasis.FARADAY or len(metal.weighed) != 1:
        return f"{label} is left out: its metal is not stated by weight; see [tapping], weighings and books"
    if metal.capacity_t is None or not sums.metal_t > 0:
        return f"{label} is left out: what some of its metal was accounted with is not kept; restate it"
    [weighed] = metal.weighed
    pair = best_known(sums)
    # Of the minutes known to their full length, as their share of the time is: what is known in part has no part in it.
    capacity_t = metal.capacity_t * pair.metal_t / sums.metal_t
    made = Metal(
        kg=1000 * (weighed.tapped_t + (weighed.growth_t or 0.0)),
        basis=metal.basis,
        weighing_u_kg=None if weighed.relative is None else 1000 * weighed.relative * weighed.tapped_t,
        inventory_u_kg=None if weighed.growth_standard_t is None else 1000 * weighed.growth_standard_t,
        findings=(),
    )
    charge_kah = electrolysis.faraday_charge_kah(1000 * capacity_t, current_efficiency=1.0, pots=1.0)
    return ClosedMonth(label, made, charge_kah, min(100.0, 100 * known_s(pair) / length_s))


def estimate(
    months: Sequence[ClosedMonth], *, charge_relative_u: float | None, least_coverage_pct: float
) -> Estimate | None:
    """Return the current efficiency of closed months, or None if none of them can be used.

    Parameters
    ----------
    months
        Closed months, in order.
    charge_relative_u
        Relative standard uncertainty of the charge [-]; None where it is not configured.
    least_coverage_pct
        A month for less of which the charge is known is left out [%].

    Raises
    ------
    ValueError
        If a charge is not above zero, metal or an uncertainty is negative, or a coverage is no percentage.

    Notes
    -----
    ``CE = Σ m / Σ m_F``, m_F the metal of Faraday's law at an efficiency of 1. Charge that is not known is taken to be
    as large as the known one of its month; it may be anything from none to twice that, which is a rectangular
    distribution of the half-width ``1 - coverage``.

    ``u² = CE² · ((Σ u_w / Σ m)² + Σ u_i² / (Σ m)² + u_Q² + (Σ m_F (1 - c) / Σ m_F)² / 3)`` with u_w of weighing and u_Q
    of the charge, the same errors in every month, and u_i of the inventory, another one in each.

    Valid over months: see `electrolysis.current_efficiency_from_metal`.

    References
    ----------
    .. [1] JCGM 100:2008 (GUM), 4.3.7 and 5.1.2: rectangular distributions; combined standard uncertainty.
    """
    within(0, 100, remedy="give percent, 90 for 90 %", least_coverage_pct=least_coverage_pct)
    not_negative(charge_relative_u=charge_relative_u or 0.0)
    findings: list[str] = []
    used: list[ClosedMonth] = []
    for month in months:
        within(0, 100, remedy="give percent of the month's length", coverage_pct=month.coverage_pct)
        if month.coverage_pct < least_coverage_pct or month.coverage_pct == 0:
            findings.append(
                f"{month.label} is left out: its charge is known for {month.coverage_pct:.1f} % of it, and"
                f" {least_coverage_pct:g} % are asked for"
            )
            continue
        positive(pot_charge_kah=month.pot_charge_kah)
        used.append(month)
    if not used:
        return None
    metal_kg = math.fsum(month.metal.kg for month in used)
    charges_kah = [month.pot_charge_kah * 100 / month.coverage_pct for month in used]
    charge_kah = math.fsum(charges_kah)
    value = electrolysis.current_efficiency_from_metal(metal_kg / 1000, charge_kah=charge_kah, pots=1.0)
    missing_kah = math.fsum(
        charge * (1 - month.coverage_pct / 100) for charge, month in zip(charges_kah, used, strict=True)
    )
    basis = MetalBasis.RECONCILED
    for month in used:
        if month.metal.basis is not MetalBasis.RECONCILED:
            basis = MetalBasis.TAPPED
            findings.append(f"the metal of {month.label} is tapped and not reconciled: the pots may hold more or less")
    if value > 1:
        findings.append(
            f"the metal is {value:.4f} of what the charge can make; look for weighings counted twice, pots that are not"
            " counted as in operation, and the meter of the line's current"
        )
    relative = _relative_u(used, metal_kg, charge_relative_u, missing_kah / charge_kah)
    return Estimate(
        value=value,
        standard_uncertainty=None if relative is None else value * relative,
        metal_kg=metal_kg,
        faraday_kg=electrolysis.faraday_metal_kg(charge_kah, current_efficiency=1.0, pots=1.0),
        basis=basis,
        months=tuple(month.label for month in used),
        findings=tuple(findings),
    )


def proposal(estimated: Estimate, *, valid_from_ns: int) -> Proposal | str:
    """Return a current efficiency for the months to come, or why none is proposed.

    Parameters
    ----------
    estimated
        What closed months say.
    valid_from_ns
        The beginning of the first month that it is meant for, UTC [ns].
    """
    months = estimated.months[0] if len(estimated.months) == 1 else f"{estimated.months[0]} to {estimated.months[-1]}"
    count = "1 month" if len(estimated.months) == 1 else f"{len(estimated.months)} months"
    if estimated.basis is not MetalBasis.RECONCILED:
        return f"no current efficiency is proposed from {months}: the change of the metal in the pots is missing"
    if estimated.standard_uncertainty is None:
        return (
            f"no current efficiency is proposed from {months}: its uncertainty is not known; give those of weighing,"
            " charge and stated production"
        )
    if not 0 < estimated.value <= 1:
        reason = f"{estimated.value:.4f} is none; the balance does not close"
        return f"no current efficiency is proposed from {months}: {reason}"
    return Proposal(
        value=estimated.value,
        standard_uncertainty=estimated.standard_uncertainty,
        valid_from_ns=valid_from_ns,
        source=(
            f"metal balance of {months} ({count}):"
            f" {estimated.metal_kg / 1000:.1f} t reconciled"
            f" over {estimated.faraday_kg / 1000:.1f} t by charge at efficiency 1;"
            f" standard uncertainty {estimated.standard_uncertainty:.4f}"
        ),
    )


def deviation(estimated: Estimate, *, in_force: float) -> str | None:
    """Return a sentence if the current efficiency in force does not agree with closed months, else None.

    Parameters
    ----------
    estimated
        What closed months say.
    in_force
        The current efficiency that the accounts of these months stand on [-].

    Raises
    ------
    ValueError
        If the one in force is not in (0, 1].
    """
    fraction(in_force=in_force)
    off = estimated.value - in_force
    u = estimated.standard_uncertainty
    found = f"the current efficiency of {', '.join(estimated.months)} is {estimated.value:.4f}"
    if u is None:
        return (
            f"{found}; whether {in_force:.4f}, which is in force, agrees cannot be said without its uncertainty; give"
            " those of weighing, inventory and charge"
        )
    if abs(off) <= COVERAGE_FACTOR * u:
        return None
    return (
        f"{found} with a standard uncertainty of {u:.4f}, and {in_force:.4f} is in force, {abs(off):.4f} too"
        f" {'low' if off > 0 else 'high'}; put a new one into the plant file, or look for metal that is missing"
    )


def _relative_u(
    used: Sequence[ClosedMonth], metal_kg: float, charge_relative_u: float | None, missing_share: float
) -> float | None:
    """Return the relative standard uncertainty, or None if a part of it is not known."""
    weighing_kg, inventory_kg2 = 0.0, 0.0
    for month in used:
        if month.metal.weighing_u_kg is None or month.metal.inventory_u_kg is None:
            return None
        weighing_kg += month.metal.weighing_u_kg
        inventory_kg2 += month.metal.inventory_u_kg**2
    if charge_relative_u is None or metal_kg <= 0:
        return None
    of_metal = (weighing_kg**2 + inventory_kg2) / metal_kg**2
    return math.sqrt(of_metal + charge_relative_u**2 + missing_share**2 / 3)
