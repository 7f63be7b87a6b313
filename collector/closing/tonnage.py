"""The metal of closed days and months, by weighings and books, in place of what Faraday's law gives.

A day's tapped metal is not what the day made: pots are tapped once a day at best, some more and some less. So a day is
stated by metal that is reconciled with what the pots hold, or it stays with Faraday's law; a month may also be stated
by tapped metal alone, and says so. Shorter windows and rolling ones stay with Faraday's law.

What is weighed is the metal of the whole window, and energy may be known for a part of it only. So a window's metal is
brought to the time for which its charge is known, as if the rest had run like it; how wrong that may be is stated, too.
"""

import math
import sqlite3
from dataclasses import dataclass

from collector.accounting.fingerprint import fingerprint
from collector.accounting.intensity import FARADAY, Metal, WeighedTonnes, best_known, known_s
from collector.accounting.inventory import InventoryChange, Measuring, Missing, change_of_inventory, reconcile
from collector.accounting.metal import Tapped, Teller, tapped
from collector.accounting.metal_basis import MetalBasis, why_not_by_tapping
from collector.accounting.stated_metal import Books, Counts, Words, read_books, stated, tapped_metal
from collector.accounting.sums import Sums
from collector.accounting.windows import DAY_NS, Window
from collector.plant.tapping import Tapping
from collector.plant.topology import Plant, Potline
from collector.readings.event import Laboratory, MetalTapped, Production, Weighing
from collector.store import inputs
from collector.store.store import Store

BY_WEIGHT = ("day", "month")
"""Windows that weighed metal may state."""

_MOST_NAMED = 5
_FAR_NS = 40 * DAY_NS


@dataclass(frozen=True, slots=True)
class Tonnes:
    """How the metal of a window is stated, and sentences for whoever keeps the books."""

    metal: Metal
    findings: tuple[str, ...] = ()


async def tonnes_of(
    store: Store, plant: Plant, potline: Potline, window: Window, sums: Sums, *, least_coverage_pct: float
) -> Tonnes:
    """Return how the metal of a closed window is stated; nothing is asked of the store where weight has no say."""
    if window.name not in BY_WEIGHT or plant.tapping is None:
        return Tonnes(FARADAY)
    return await store.ask(lambda db: tonnes(db, plant, potline, window, sums, least_coverage_pct=least_coverage_pct))


def tonnes(
    db: sqlite3.Connection, plant: Plant, potline: Potline, window: Window, sums: Sums, *, least_coverage_pct: float
) -> Tonnes:
    """Return how the metal of a closed window is stated.

    Parameters
    ----------
    db
        The store.
    plant, potline, window
        Whose metal, and when.
    sums
        Of the window; their metal is that of Faraday's law.
    least_coverage_pct
        Least share of the window for which the charge has to be known [%].
    """
    rules = plant.tapping
    if rules is None or window.name not in BY_WEIGHT or sums.metal_t <= 0:
        return Tonnes(FARADAY)
    coverage_pct = min(100.0, 100.0 * known_s(best_known(sums)) / window.length_s)
    reason = why_not_by_tapping(window, coverage_pct=coverage_pct, least_coverage_pct=least_coverage_pct)
    if reason is not None:
        return Tonnes(FARADAY, (reason,))
    events = inputs.events_between(db, potline.id, window.start_ns - _FAR_NS, window.end_ns + _FAR_NS)
    weighed = tapped(
        (event for event in events if isinstance(event, Weighing)),
        (event for event in events if isinstance(event, MetalTapped)),
        largest_net_kg=rules.largest_net_kg,
    ).between(window.start_ns, window.end_ns)
    words = Words(rules.final, rules.tapped, rules.reconciled)
    books = read_books((event for event in events if isinstance(event, Production)), words)
    samples = [event for event in events if isinstance(event, Laboratory)]
    return _tonnes(plant, potline, rules, window, sums, weighed, books, samples)


def _tonnes(
    plant: Plant,
    potline: Potline,
    rules: Tapping,
    window: Window,
    sums: Sums,
    weighed: Tapped,
    books: Books,
    samples: list[Laboratory],
) -> Tonnes:
    calendar = plant.calendar
    counts = Counts.PRODUCTION if rules.books_count else Counts.WEIGHINGS
    by_tapping = tapped_metal(window, weighed, books, calendar, counts=counts)
    change = _change(potline, rules, window, samples)
    statement = stated(window, MetalBasis.RECONCILED, books, calendar)
    found = reconcile(
        by_tapping,
        change,
        statement,
        counts=counts,
        weighing_relative_u=potline.weighing_relative_standard_uncertainty,
        stated_relative_u=rules.books_relative_u,
    )
    findings = (*found.findings, *_stand_ins(weighed))
    if found.kg <= 0 or (found.basis is MetalBasis.TAPPED and window.name != "month"):
        return Tonnes(FARADAY, findings)
    pair = best_known(sums)
    if not pair.metal_t > 0:
        return Tonnes(FARADAY, (*findings, "no minute is known to its full length"))
    known = min(1.0, known_s(pair) / window.length_s)
    by_books = statement is not None and found.kg == statement.kg
    growth_t = growth_u_t = None
    if found.basis is MetalBasis.RECONCILED:
        growth_t = 0.0 if by_books else (found.kg - by_tapping.kg) / 1000
        growth_u_t = None if found.inventory_u_kg is None else found.inventory_u_kg / 1000
    weighed_tonnes = WeighedTonnes(
        tapped_t=found.kg / 1000 if by_books else by_tapping.kg / 1000,
        count=max(1, len(weighed.taps)),
        relative=rules.books_relative_u if by_books else potline.weighing_relative_standard_uncertainty,
        growth_t=growth_t,
        growth_standard_t=growth_u_t,
        # Metal of the time that is not known: from none to twice as much as of the other, a rectangular distribution.
        unknown_standard_t=found.kg / 1000 * (1 - known) / math.sqrt(3),
    )
    return Tonnes(Metal(found.basis, found.kg / 1000 * known / pair.metal_t, weighed_tonnes), findings)


def _stand_ins(weighed: Tapped) -> tuple[str, ...]:
    """Say for which crucibles the books stand in, because no weighing of them came."""
    missing = [tap.weighing_id for tap in weighed.taps if tap.teller is Teller.BOOKS]
    if not missing:
        return ()
    rest = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
    return (f"the books stand in for weighings that did not come: {', '.join(missing[:_MOST_NAMED])}{rest}",)


def _change(potline: Potline, rules: Tapping, window: Window, samples: list[Laboratory]) -> InventoryChange | Missing:
    heights, factor = rules.heights, potline.metal_kg_per_cm
    if heights is None:
        return Missing("heights of metal are not configured; add metal_height to [tapping]")
    if factor is None:
        return Missing(f"potline {potline.id} has no metal_per_height; add it with its source")
    measuring = Measuring(
        heights.name, heights.standard_u_cm, round(heights.longest_age_s * 1e9), heights.least_measured_pct
    )
    return change_of_inventory(
        samples, potline.pots, window, kg_per_cm=dict.fromkeys(potline.pots, factor), measuring=measuring
    )


def rules_of_metal(plant: Plant, potline: Potline, *, least_coverage_pct: float) -> str:
    """Return a digest of all settings that decide how weighed metal is stated: an entry names it.

    Parameters
    ----------
    plant, potline, least_coverage_pct
        As for `tonnes`.
    """
    weighing = potline.weighing_relative_standard_uncertainty
    return fingerprint(
        plant.tapping, plant.calendar, potline.pots, potline.metal_kg_per_cm, weighing, least_coverage_pct
    )
