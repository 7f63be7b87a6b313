"""Current efficiency of closed months beside the one in force: for the command and for the statement of energy. Pure.

It is an estimate and a proposal. No account is changed by it: whoever answers for the plant file puts it there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import fsum

from collector.accounting.current_efficiency import (
    COVERAGE_FACTOR,
    ClosedMonth,
    Estimate,
    closed_month,
    deviation,
    estimate,
)
from collector.accounting.metal_basis import MetalBasis
from collector.domain.electrolysis import faraday_metal_t
from collector.reporting.basis import Basis, LineBasis
from collector.reporting.statement import Row, Section


@dataclass(frozen=True, slots=True)
class MonthOfLine:
    """A month of a potline.

    Attributes
    ----------
    label
        Its name, like 2026-03.
    tapped_t, growth_t, made_t
        What was tapped, what the pots gained, and both together [t]; None where it is not known.
    capacity_t
        What the charge makes at a current efficiency of 1, in the time for which it is known [t].
    coverage_pct
        Share of the month for which the charge is known [%].
    in_force
        The current efficiency that its accounts stand on [-].
    basis
        What its metal stands on.
    """

    label: str
    tapped_t: float | None
    growth_t: float | None
    made_t: float | None
    capacity_t: float | None
    coverage_pct: float | None
    in_force: float | None
    basis: MetalBasis

    @property
    def value(self) -> float | None:
        """Its current efficiency [-]: metal made over what the charge of all of it makes at 1."""
        if self.made_t is None or not self.capacity_t or not self.coverage_pct:
            return None
        return self.made_t / (self.capacity_t * 100 / self.coverage_pct)


@dataclass(frozen=True, slots=True)
class Judged:
    """What closed months of a potline say.

    Attributes
    ----------
    months
        All that were asked for, those that are left out too.
    found
        The current efficiency of them; None where no month can be used.
    in_force
        The current efficiency that the accounts of the used months stand on [-].
    deviates
        A sentence, where the one in force does not agree, or where that cannot be said.
    findings
        What was left out, and why; what is not believable.
    """

    potline: str
    months: tuple[MonthOfLine, ...]
    found: Estimate | None
    in_force: float | None
    deviates: str | None
    findings: tuple[str, ...]

    @property
    def agrees(self) -> bool | None:
        """Whether the one in force is within the expanded uncertainty (k = 2); None where that cannot be said."""
        if self.found is None or self.found.standard_uncertainty is None:
            return None
        return self.deviates is None


def judged(potline: str, months: Sequence[tuple[str, LineBasis, float]], *, least_coverage_pct: float) -> Judged:
    """Return what closed months of a potline say of its current efficiency.

    Parameters
    ----------
    months
        Of each its name, what is stated of it, and its length [s].
    least_coverage_pct
        A month for less of which the charge is known is left out [%].
    """
    usable: list[ClosedMonth] = []
    listed: list[MonthOfLine] = []
    findings: list[str] = []
    lines: dict[str, LineBasis] = {}
    for label, line, length_s in months:
        month = closed_month(label, line.sums, line.metal, length_s=length_s)
        listed.append(_month(label, line, month))
        if isinstance(month, str):
            findings.append(month)
        else:
            usable.append(month)
            lines[label] = line
    relative_u = _charge_u(list(lines.values()))
    found = estimate(usable, charge_relative_u=relative_u, least_coverage_pct=least_coverage_pct)
    if found is None:
        findings += [
            f"{month.label} is left out: its charge is known for {month.coverage_pct:.1f} % of it, and"
            f" {least_coverage_pct:g} % are asked for"
            for month in usable
        ]
        return Judged(potline, tuple(listed), None, None, None, tuple(findings))
    used = [lines[label].metal for label in found.months]
    in_force = fsum(metal.faraday_t for metal in used) / fsum(metal.capacity_t or 0.0 for metal in used)
    deviates = deviation(found, in_force=in_force)
    return Judged(potline, tuple(listed), found, in_force, deviates, (*findings, *found.findings))


def efficiency_section(basis: Basis) -> tuple[Section, list[str]]:
    """Return the section of a closed month, and the warnings that stand at the head of its statement."""
    title = "Current efficiency"
    if basis.window.name != "month" or not basis.is_over or basis.plant.tapping is None:
        return Section(title, ()), []
    rows: list[Row] = []
    remarks: list[str] = []
    warnings: list[str] = []
    for line in basis.lines:
        month = (basis.label, line, basis.window.length_s)
        told = judged(line.potline.id, [month], least_coverage_pct=basis.least_coverage_pct)
        rows += _rows(told)
        remarks += [f"{told.potline}: {finding}." for finding in told.findings]
        if told.deviates is not None:
            (remarks if told.agrees is None else warnings).append(f"{told.potline}: {told.deviates}.")
    more = ("It is a proposal: no account is changed by it. 'potline efficiency' shows more months.",) if rows else ()
    return Section(title, tuple(rows), (*remarks, *more)), warnings


def _rows(told: Judged) -> Iterator[Row]:
    where, found = told.potline, told.found
    if found is None or told.in_force is None:
        note = told.findings[0] if told.findings else "no month to go by"
        yield Row("current efficiency", None, "%", digits=2, where=where, note=note)
        return
    u, off = found.standard_uncertainty, found.value - told.in_force
    yield Row(
        "current efficiency",
        100 * found.value,
        "%",
        digits=2,
        where=where,
        expanded_95=None if u is None else 100 * COVERAGE_FACTOR * u,
        uncertainty="of weighing, metal in the pots or charge is not configured" if u is None else "",
        note=(
            f"{found.metal_kg / 1000:,.1f} t {found.basis.value} over"
            f" {found.faraday_kg / 1000:,.1f} t by charge at 100 %"
        ),
    )
    yield Row("current efficiency in force", 100 * told.in_force, "%", digits=2, where=where)
    verdict = {None: "its uncertainty is not known", True: "within the uncertainty", False: "beyond the uncertainty"}
    yield Row("difference", 100 * off, "%-points", digits=2, where=where, note=verdict[told.agrees])


def _month(label: str, line: LineBasis, month: ClosedMonth | str) -> MonthOfLine:
    metal = line.metal
    weighed = metal.weighed[0] if len(metal.weighed) == 1 else None
    capacity_t = metal.capacity_t
    usable = None if isinstance(month, str) else month
    return MonthOfLine(
        label=label,
        tapped_t=None if weighed is None else weighed.tapped_t,
        growth_t=None if weighed is None else weighed.growth_t,
        made_t=None if usable is None else usable.metal.kg / 1000,
        capacity_t=capacity_t if usable is None else _capacity_t(usable),
        coverage_pct=None if usable is None else usable.coverage_pct,
        in_force=metal.faraday_t / capacity_t if capacity_t else None,
        basis=metal.basis,
    )


def _capacity_t(month: ClosedMonth) -> float:
    return faraday_metal_t(month.pot_charge_kah, current_efficiency=1.0, pots=1.0)


def _charge_u(lines: Sequence[LineBasis]) -> float | None:
    """Return the relative standard uncertainty of the charge, the largest that any month was accounted with [1]."""
    told = [
        segment.parameters.charge_source[1]
        for line in lines
        for segment in line.segments
        if segment.parameters is not None
    ]
    known = [relative for relative in told if relative is not None]
    return max(known) if known and len(known) == len(told) else None
