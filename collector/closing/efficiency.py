"""Whether the current efficiency in force agrees with a closed month: that is said, and nothing is changed."""

from math import fsum

import structlog

from collector.accounting.current_efficiency import closed_month, deviation, estimate
from collector.accounting.parameters import InForce
from collector.accounting.period_metal import metal_of
from collector.accounting.periods import label_of
from collector.accounting.windows import parts_of
from collector.closing.book import Book
from collector.closing.entries import Interval
from collector.plant.topology import Plant

log = structlog.get_logger()


async def compare(
    book: Book, in_force: InForce, stated: Interval, plant: Plant, since_ns: int, least_coverage_pct: float
) -> None:
    """Log a warning where the current efficiency of a month that is stated by weight is another than that in force.

    Parameters
    ----------
    book
        The potline's entries: its days say how much metal was accounted with which efficiency.
    in_force
        The potline's parameters over time.
    stated
        What is stated of a window; others than months are let pass.
    since_ns
        Since when there are accounts [ns].
    least_coverage_pct
        A month for less of which the charge is known says nothing [%].
    """
    if stated.window.name != "month" or stated.metal.weighed is None:
        return
    capacities: list[float] = []
    for day in parts_of(stated.window, plant.calendar):
        entry = await book.find(day)
        if entry is not None:
            parameters, _ = in_force.at(max(day.start_ns, since_ns))
            capacities.append(entry.sums.metal_t / parameters.current_efficiency.value)
    parameters, _ = in_force.at(stated.window.end_ns - 1)
    label, sums = label_of(stated.window, plant.calendar), stated.sums
    metal = metal_of([(sums.metal_t, stated.metal)], capacity_t=fsum(capacities))
    month = closed_month(label, sums, metal, length_s=stated.window.length_s)
    if isinstance(month, str):
        return
    found = estimate([month], charge_relative_u=parameters.charge_source[1], least_coverage_pct=least_coverage_pct)
    if found is None or found.standard_uncertainty is None:
        return
    said = deviation(found, in_force=sums.metal_t / fsum(capacities))
    if said is not None:
        log.warning(
            "current efficiency does not agree with a closed month", potline=stated.potline, month=label, why=said
        )
