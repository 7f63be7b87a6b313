"""Metal that the pots hold, from measured heights, and its change over an interval: what was made but not tapped. Pure.

The metal left in the pots is many times a day's production, so a small change of its height is much metal. Without
heights, and without a statement of the plant that has the change in it, tapped metal stays what it is, and is not
called reconciled.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from collector.accounting.metal_basis import MetalBasis
from collector.accounting.stated_metal import Counts, Statement, TappedMetal
from collector.accounting.windows import Window
from collector.domain.validity import not_negative, positive, within
from collector.plant.factors import DatedSeries
from collector.readings.event import Laboratory


@dataclass(frozen=True, slots=True)
class Measuring:
    """How the plant measures heights of metal.

    Attributes
    ----------
    name : str
        The height among the values of a sample [cm].
    height_u_cm : float
        Standard uncertainty of one height [cm].
    longest_age_ns : int
        A height further than this from the beginning or end of an interval says nothing about it [ns].
    least_measured_pct : float
        Least share of the pots that have a height at both ends; the others are taken to be like them [%].
    """

    name: str
    height_u_cm: float
    longest_age_ns: int
    least_measured_pct: float

    def __post_init__(self) -> None:
        """Refuse what cannot be; ValueError with the remedy."""
        not_negative(height_u_cm=self.height_u_cm)
        positive(longest_age_ns=self.longest_age_ns)
        within(0, 100, remedy="give percent, 90 for 90 %", least_measured_pct=self.least_measured_pct)


@dataclass(frozen=True, slots=True)
class InventoryChange:
    """Growth of the metal in the pots [kg], its standard uncertainty [kg], and on how many of the pots it stands."""

    kg: float
    standard_uncertainty_kg: float
    measured: int
    pots: int
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """Why something is not known, and what to do about it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Metal:
    """Metal of an interval [kg], and on which basis.

    The uncertainties are standard ones [kg]: of the weighing, which is the same error in every month, and of the
    inventory, which is another one in each. None where the plant does not tell it.
    """

    kg: float
    basis: MetalBasis
    weighing_u_kg: float | None
    inventory_u_kg: float | None
    findings: tuple[str, ...]


def change_of_inventory(
    samples: Iterable[Laboratory],
    pots: Sequence[str],
    window: Window,
    *,
    kg_per_cm: Mapping[str, DatedSeries],
    measuring: Measuring,
) -> InventoryChange | Missing:
    """Return by how much the metal in the pots grew over an interval.

    Parameters
    ----------
    samples
        Samples with heights of metal, in any order and with any repetitions; of each id the highest rank counts. A
        height that is negative or no number is left out.
    pots
        The pots that were in operation over the interval.
    window
        The interval.
    kg_per_cm
        By pot, the metal in a centimetre of its height, area times density, with source [kg/cm].
    measuring
        How the plant measures heights.

    Returns
    -------
    InventoryChange or Missing
        Missing where too few pots have a height at both ends, or a pot has no factor in force.

    Raises
    ------
    ValueError
        If a factor is not above zero.

    Notes
    -----
    ``Δm = Σ k · (h_end - h_start) · N / n`` over the n of N pots with heights. Of each pot the height nearest to either
    end counts, and one factor for both heights, the one in force at the end: the lining does not make metal.
    The variance is ``(N/n)² Σ 2 (k u_h)²`` and, for the pots without heights, that of the mean of n applied to N - n
    others, ``s² (N - n) N / n`` with s the standard deviation of the changes.

    References
    ----------
    .. [1] JCGM 100:2008 (GUM), 5.1.2: uncertainties of independent inputs are added as squares.
    """
    if not pots:
        return Missing("no pot was in operation over all of it; take an interval in which some were")
    heights = _heights(samples, measuring.name)
    changes_kg: list[float] = []
    variance = 0.0
    sources: dict[str, None] = {}
    for pot in pots:
        ends = [_nearest(heights.get(pot, ()), at, measuring.longest_age_ns) for at in (window.start_ns, window.end_ns)]
        if ends[0] is None or ends[1] is None or ends[0] == ends[1]:
            continue
        try:
            factor = kg_per_cm[pot].at(window.end_ns - 1)
        except KeyError:
            return Missing(
                f"pot {pot} has no factor from height to metal; add its kg/cm with a source to the plant file"
            )
        except LookupError as exc:
            return Missing(str(exc))
        positive(kg_per_cm=factor.value)
        changes_kg.append(factor.value * (ends[1][1] - ends[0][1]))
        variance += 2 * (factor.value * measuring.height_u_cm) ** 2
        sources[factor.source] = None
    measured, all_pots = len(changes_kg), len(pots)
    if not measured or 100 * measured < measuring.least_measured_pct * all_pots:
        return Missing(
            f"{measured} of {all_pots} pots have a height of metal at both ends, and {measuring.least_measured_pct:g} %"
            " are asked for; measure more of them, or closer to the ends"
        )
    if measured < all_pots and measured < 2:
        return Missing("one pot alone does not show how different the others are; measure at least two")
    scale = all_pots / measured
    change_kg = math.fsum(changes_kg) * scale
    variance *= scale**2
    if measured < all_pots:
        mean_kg = math.fsum(changes_kg) / measured
        spread_kg2 = math.fsum((change - mean_kg) ** 2 for change in changes_kg) / (measured - 1)
        variance += spread_kg2 * (all_pots - measured) * all_pots / measured
    return InventoryChange(change_kg, math.sqrt(variance), measured, all_pots, tuple(sources))


def reconcile(
    tapped: TappedMetal,
    change: InventoryChange | Missing,
    stated: Statement | None,
    *,
    counts: Counts,
    weighing_relative_u: float | None,
    stated_relative_u: float | None,
) -> Metal:
    """Return the metal that was made: tapped plus the growth of what the pots hold, or as the books state it.

    Parameters
    ----------
    tapped
        Tapped metal of the interval.
    change
        Growth of the metal in the pots over the same interval, or why it is not known.
    stated
        What the books state of it with the change of inventory, if they do.
    counts
        Whose figure counts where both are known. Where one is missing the other counts.
    weighing_relative_u, stated_relative_u
        Relative standard uncertainty of weighing, and of the books' figure [-]; None where it is not configured.

    Raises
    ------
    ValueError
        If an uncertainty is negative.
    """
    not_negative(weighing_relative_u=weighing_relative_u or 0.0, stated_relative_u=stated_relative_u or 0.0)
    findings = list(tapped.findings)
    weighing_u_kg = None if weighing_relative_u is None else weighing_relative_u * tapped.kg
    by_books = stated is not None and (counts is Counts.PRODUCTION or isinstance(change, Missing))
    if stated is not None and isinstance(change, InventoryChange):
        off_kg = stated.kg - tapped.kg - change.kg
        if abs(off_kg) >= 1:
            what = "tapped metal and the heights of metal in the pots come to"
            findings.append(f"the books state {abs(off_kg):.0f} kg {'more' if off_kg > 0 else 'less'} than {what}")
    if stated is not None and by_books:
        stated_u_kg = None if stated_relative_u is None else stated_relative_u * stated.kg
        if not stated.final:
            findings.append(f"the metal that the books state of {stated.period} is not final")
        return Metal(
            stated.kg, MetalBasis.RECONCILED, stated_u_kg, None if stated_u_kg is None else 0.0, tuple(findings)
        )
    if isinstance(change, Missing):
        findings.append(f"the change of the metal in the pots is missing: {change.reason}")
        return Metal(tapped.kg, MetalBasis.TAPPED, weighing_u_kg, None, tuple(findings))
    kg = tapped.kg + change.kg
    return Metal(kg, MetalBasis.RECONCILED, weighing_u_kg, change.standard_uncertainty_kg, tuple(findings))


def _heights(samples: Iterable[Laboratory], name: str) -> dict[str, list[tuple[int, float]]]:
    latest: dict[str, Laboratory] = {}
    for sample in samples:
        if sample.id not in latest or sample.rank > latest[sample.id].rank:
            latest[sample.id] = sample
    heights: dict[str, list[tuple[int, float]]] = {}
    for sample in latest.values():
        height = dict(sample.values).get(name)
        if height is not None and math.isfinite(height) and height >= 0:
            heights.setdefault(sample.pot, []).append((sample.time_ns, height))
    return heights


def _nearest(heights: Sequence[tuple[int, float]], time_ns: int, longest_ns: int) -> tuple[int, float] | None:
    """Return the height nearest to a time; of two as near the earlier one."""
    found = min(heights, key=lambda height: (abs(height[0] - time_ns), height), default=None)
    return found if found is not None and abs(found[0] - time_ns) <= longest_ns else None
