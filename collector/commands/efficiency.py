"""potline efficiency: current efficiency of closed months beside the one in force, and the row for the plant file."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import click

from collector.accounting.current_efficiency import COVERAGE_FACTOR, Proposal, deviation, proposal
from collector.accounting.periods import label_of, parse_period
from collector.accounting.windows import Window, month_window, windows_between
from collector.commands import names
from collector.commands.invocation import (
    EX_FAILURE,
    EX_UNAVAILABLE,
    config_option,
    fail,
    load_or_exit,
    table,
    width,
    wrapped,
)
from collector.plant.calendar import Calendar
from collector.plant.topology import Potline
from collector.reporting import reading
from collector.reporting.basis import LineBasis
from collector.reporting.efficiency import Judged, MonthOfLine, judged
from collector.settings import Configuration
from collector.store.schema import StoreError, open_reader

_MONTHS = 3


@dataclass(frozen=True, slots=True)
class _Told:
    """What is said of a potline: its months, the value that follows, what is in force then, and whether it agrees."""

    judged: Judged
    proposed: Proposal | str
    valid_from: date
    next_in_force: float
    next_deviates: str | None


@click.command()
@click.argument("first", metavar="[FROM", required=False)
@click.argument("last", metavar="[TO]]", required=False)
@click.option("--months", type=click.IntRange(1, 60), help=f"So many closed months, the last ones; {_MONTHS} if none.")
@click.option("--potline", "only", metavar="ID", shell_complete=names.potlines, help="This potline alone.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@config_option
def efficiency(
    *, first: str | None, last: str | None, months: int | None, only: str | None, as_json: bool, config_file: Path
) -> None:
    """Show the current efficiency of closed months: metal tapped and in the pots over what the charge can make.

    For each potline: the months and what they stand on, the current efficiency with its expanded uncertainty (k = 2),
    whether the configured one agrees within it, and the line for the plant file. It reads beside a running collector
    and changes nothing: the accounts go by the plant file. Months need weighed metal, see [tapping].

    Exit code 0: told; 69: there is no store, or it cannot be read.

    \b
    Examples:
      potline efficiency
      potline efficiency 2026-01 2026-03 --potline PL1
    """  # noqa: D301 - \b is what click knows
    configuration = load_or_exit(config_file)
    plant = configuration.plant
    potlines = [potline for potline in plant.potlines if only in {None, potline.id}]
    if not potlines:
        names = ", ".join(potline.id for potline in plant.potlines)
        raise click.BadParameter(f"there is no potline {only}; there are {names}", param_hint="--potline")
    if first is not None and months is not None:
        raise click.UsageError("give FROM and TO, or --months")
    told = _all(configuration, potlines, first, last, months or _MONTHS)
    if as_json:
        click.echo(json.dumps({"potlines": [_document(each) for each in told]}, indent=2, ensure_ascii=False))
        return
    for each in told:
        for line in _shown(each):
            click.echo(line)


def _all(
    configuration: Configuration, potlines: list[Potline], first: str | None, last: str | None, months: int
) -> list[_Told]:
    path, least = configuration.store.path, configuration.accounting.least_coverage_pct
    calendar = configuration.plant.calendar
    try:
        with contextlib.closing(open_reader(path)) as db, reading.snapshot(db):
            span = reading.reach(db, [potline.id for potline in potlines])
            if span is None:
                fail("show current efficiency: the ledger is empty; run the collector first", EX_FAILURE)
            windows = list(_windows(span, calendar, first, last, months))
            found = {
                potline.id: [_month(db, configuration, window, potline) for window in windows] for potline in potlines
            }
    except StoreError as exc:
        fail(str(exc), EX_UNAVAILABLE)
    except sqlite3.DatabaseError as exc:
        fail(f"read the store {path}: {exc}; check the disk's health", EX_UNAVAILABLE)
    return [
        _told(potline, judged(potline.id, found[potline.id], least_coverage_pct=least), windows[-1], calendar)
        for potline in potlines
    ]


def _windows(
    span: tuple[int, int], calendar: Calendar, first: str | None, last: str | None, months: int
) -> Iterator[Window]:
    """Yield the months that are asked for, as far as they are over; the last ones where none is named."""
    begins = span[0] if first is None else _named(first, calendar, "FROM").start_ns
    ends = span[1]
    if first is not None:
        named = _named(last or first, calendar, "TO")
        if named.start_ns < begins:
            raise click.BadParameter("it is before FROM", param_hint="TO")
        ends = min(ends, named.end_ns)
    over = [window for window in windows_between("month", begins, ends, calendar) if window.end_ns <= ends]
    if not over:
        until = reading.local(calendar, span[1])
        fail(f"show current efficiency: no such month is over; the ledger reaches to {until}", EX_FAILURE)
    yield from over if first is not None else over[-months:]


def _named(written: str, calendar: Calendar, hint: str) -> Window:
    try:
        window = parse_period(written, calendar)
    except ValueError as exc:
        raise click.BadParameter(str(exc), param_hint=hint) from exc
    if window.name != "month":
        raise click.BadParameter(f"{written} is no month; write it like 2026-03", param_hint=hint)
    return window


def _month(
    db: sqlite3.Connection, configuration: Configuration, window: Window, potline: Potline
) -> tuple[str, LineBasis, float]:
    label = label_of(window, configuration.plant.calendar)
    try:
        [line] = reading.basis(db, configuration, window, label=label, only=potline.id).lines
    except reading.NothingStated as exc:
        fail(str(exc), EX_FAILURE)
    return label, line, window.length_s


def _told(potline: Potline, found: Judged, last: Window, calendar: Calendar) -> _Told:
    """Return what is said of a potline; what is proposed is meant from the month after the last one on."""
    after = calendar.day_of(last.end_ns)
    valid_from_ns = month_window(after.year, after.month, calendar).start_ns
    try:
        value = potline.current_efficiency.at(valid_from_ns).value
    except LookupError as exc:
        fail(f"show current efficiency of {potline.id}: {exc}", EX_FAILURE)
    if found.found is None:
        return _Told(found, "no current efficiency is proposed: no month can be used", after, value, None)
    deviates = deviation(found.found, in_force=value) if value != found.in_force else found.deviates
    return _Told(found, proposal(found.found, valid_from_ns=valid_from_ns), after, value, deviates)


def _shown(told: _Told) -> Iterator[str]:
    found, columns = told.judged, width()
    yield found.potline
    head = (
        "month",
        "tapped t",
        "in the pots t",
        "made t",
        "at 100 % t",
        "known %",
        "efficiency %",
        "in force %",
        "metal",
    )
    rows = [_cells(month) for month in found.months]
    yield from table([head, *rows], right=frozenset(range(1, 8)))
    for finding in found.findings:
        yield from wrapped(finding, columns)
    estimated = found.found
    if estimated is not None and found.in_force is not None:
        u = estimated.standard_uncertainty
        sure = "uncertainty not known" if u is None else f"± {100 * COVERAGE_FACTOR * u:.2f} (k = 2)"
        months = ", ".join(estimated.months)
        yield f"  current efficiency of {months}: {100 * estimated.value:.2f} % {sure}"
        yield from wrapped(_verdict(found.deviates, f"{100 * found.in_force:.2f} %, which was in force"), columns)
        if told.next_in_force != found.in_force:
            ahead = f"{100 * told.next_in_force:.2f} %, which is in force from {told.valid_from}"
            yield from wrapped(_verdict(told.next_deviates, ahead), columns)
    if isinstance(told.proposed, str):
        yield from wrapped(told.proposed, columns)
        return
    yield f"  for [potlines.{found.potline}] of the plant file, in current_efficiency:"
    yield f"    {toml_row(told.proposed, told.valid_from)}"


def _verdict(deviates: str | None, what: str) -> str:
    return f"WARNING: {deviates}" if deviates is not None else f"{what}, agrees within the uncertainty"


def toml_row(proposed: Proposal, valid_from: date) -> str:
    """Return a proposal as the row of the plant file."""
    relative = 100 * proposed.standard_uncertainty / proposed.value
    return (
        f'{{ value = "{100 * proposed.value:.2f} %", valid_from = {valid_from.isoformat()},'
        f' source = {json.dumps(proposed.source)}, standard_uncertainty = "{relative:.3f} %" }},'
    )


def _cells(month: MonthOfLine) -> tuple[str, ...]:
    return (
        month.label,
        _number(month.tapped_t),
        _number(month.growth_t),
        _number(month.made_t),
        _number(month.capacity_t),
        _number(month.coverage_pct),
        _number(None if month.value is None else 100 * month.value, 2),
        _number(None if month.in_force is None else 100 * month.in_force, 2),
        month.basis.value,
    )


def _number(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def _document(told: _Told) -> dict[str, object]:
    found, estimated = told.judged, told.judged.found
    u = None if estimated is None else estimated.standard_uncertainty
    document: dict[str, object] = {
        "potline": found.potline,
        "months": [
            {
                "month": month.label,
                "tapped_t": month.tapped_t,
                "growth_in_pots_t": month.growth_t,
                "made_t": month.made_t,
                "at_efficiency_1_t": month.capacity_t,
                "coverage_pct": month.coverage_pct,
                "current_efficiency": month.value,
                "in_force": month.in_force,
                "metal_basis": month.basis.value,
            }
            for month in found.months
        ],
        "months_used": [] if estimated is None else list(estimated.months),
        "current_efficiency": None if estimated is None else estimated.value,
        "u95": None if u is None else COVERAGE_FACTOR * u,
        "in_force": found.in_force,
        "agrees": found.agrees,
        "deviation": found.deviates,
        "in_force_next": told.next_in_force,
        "deviation_next": told.next_deviates,
        "findings": list(found.findings),
    }
    if isinstance(told.proposed, str):
        return document | {"proposal": None, "why_no_proposal": told.proposed}
    return document | {
        "proposal": {
            "value": told.proposed.value,
            "standard_uncertainty": told.proposed.standard_uncertainty,
            "valid_from": told.valid_from.isoformat(),
            "source": told.proposed.source,
            "toml": toml_row(told.proposed, told.valid_from),
        },
        "why_no_proposal": None,
    }
