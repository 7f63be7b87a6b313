"""potline report: a statement on a period, for paper, for a table, or for a program."""

import contextlib
import sqlite3
from pathlib import Path

import click

from collector.accounting.periods import parse_period
from collector.accounting.windows import Window
from collector.closing.opening import as_told
from collector.commands import names
from collector.commands.invocation import EX_FAILURE, EX_UNAVAILABLE, config_option, fail, load_or_exit, table
from collector.reporting import averages, measured, page, reading, sheets
from collector.reporting.basis import Basis
from collector.reporting.cbam import cbam_statement
from collector.reporting.china_ets import china_ets_statement
from collector.reporting.compliance import compliance_statement
from collector.reporting.direct import NoRules
from collector.reporting.energy import energy_statement
from collector.reporting.footprint import footprint_statement
from collector.reporting.renewable import renewable_statement
from collector.reporting.statement import Statement
from collector.settings import Configuration
from collector.store.schema import StoreError, open_reader

KINDS = {
    "energy": "kWh/t by boundary, levels of GB 21346, tiered price, forecast of the month, day by day",
    "footprint": "product carbon footprint of 1 t of liquid aluminium, cradle to gate, by stage",
    "cbam": "direct embedded emissions for the European border adjustment",
    "china-ets": "emissions of the smelting process for the Chinese emissions trading",
    "compliance": "limits of the plant, what lay outside them and when",
    "renewable": "renewable share of the electricity on four bases, and the target",
}
_OF_THE_WHOLE = ("compliance", "renewable")
"""What the collector of the plant as a whole can state, whoever has the potlines."""
FORMATS = {"html": page.as_html, "csv": sheets.as_csv, "json": sheets.as_json}


@click.command()
@click.argument("kind", type=click.Choice(list(KINDS)), required=False)
@click.argument("period", required=False)
@click.option("--potline", "only", metavar="ID", shell_complete=names.potlines, help="This potline alone.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="html", show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write into this file; else to standard output."
)
@click.option("--anode-effects", metavar="NAME", help="china-ets: a printed default of factors/china_ets.toml.")
@click.option("--list", "listed", is_flag=True, help="List the kinds, and the time that the ledger has.")
@config_option
def report(
    *,
    kind: str | None,
    period: str | None,
    only: str | None,
    form: str,
    out: Path | None,
    anode_effects: str | None,
    listed: bool,
    config_file: Path,
) -> None:
    """Make a statement on a period: a month 2026-03, a day 2026-03-01, a shift 2026-03-01N, or two times T/T.

    Each number stands with its unit, how much of the time is known, what is estimated, its uncertainty where the
    classes of meters are configured, and its source. What is missing is listed and never assumed. The statement names
    the entry of the ledger that it stands on. Reads beside a running collector, and writes nothing into the store.

    Exit code 0: it is made; 1: the ledger has nothing of the period, or a rule set is missing; 69: there is no store.

    \b
    Examples:
      potline report energy 2026-03 --out march.html
      potline report footprint 2026-03 --format json
      potline report --list
    """  # noqa: D301 - \b is what click knows
    configuration = load_or_exit(config_file)
    if listed:
        _list(configuration)
        return
    if kind is None or period is None:
        raise click.UsageError("name a kind and a period, or --list")
    if anode_effects is not None and kind != "china-ets":
        raise click.BadParameter("it belongs to china-ets alone", param_hint="--anode-effects")
    plant = configuration.plant
    elsewhere = plant.elsewhere
    if elsewhere.pots and (elsewhere.plant_wide or kind not in _OF_THE_WHOLE):
        what = f"this collector has {', '.join(line.id for line in plant.potlines)} of {plant.id} only"
        others = ", ".join(elsewhere.potlines)
        fail(f"state {kind}: {what}; a statement is on all of a plant, and {others} stand elsewhere", EX_FAILURE)
    known = [potline.id for potline in plant.potlines]
    if only is not None and only not in known:
        raise click.BadParameter(f"there is no potline {only}; there are {', '.join(known)}", param_hint="--potline")
    try:
        window = parse_period(period, plant.calendar)
    except ValueError as exc:
        raise click.BadParameter(str(exc), param_hint="PERIOD") from exc
    statement = _stated(configuration, kind, window, period, only, anode_effects)
    text = FORMATS[form](statement)
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8", newline="")
    except OSError as exc:
        fail(f"write {out}: {exc.strerror}; check the folder and who may write there", EX_FAILURE)
    click.echo(f"{out}: {statement.title}, {statement.period}; {len(statement.missing)} missing or not configured")


def _stated(
    configuration: Configuration,
    kind: str,
    window: Window,
    label: str,
    only: str | None,
    anode_effects: str | None,
) -> Statement:
    try:
        with contextlib.closing(open_reader(configuration.store.path)) as db, reading.snapshot(db):
            configuration = as_told(configuration, db)
            basis = reading.basis(db, configuration, window, label=label, only=only)
            basis = _measured(db, basis, kind, configuration.accounting.longest_gap_s)
    except StoreError as exc:
        fail(str(exc), EX_UNAVAILABLE)
    except reading.NothingStated as exc:
        fail(str(exc), EX_FAILURE)
    except sqlite3.DatabaseError as exc:
        fail(f"read the store {configuration.store.path}: {exc}; check the disk's health", EX_UNAVAILABLE)
    try:
        return _made(basis, kind, anode_effects)
    except NoRules as exc:
        fail(str(exc), EX_FAILURE)
    except (ValueError, LookupError) as exc:  # a formula refuses an input, or a dated value is not in force
        if isinstance(exc, KeyError | IndexError):
            raise
        fail(f"state {kind} of {label}: {exc}", EX_FAILURE)


def _measured(db: sqlite3.Connection, basis: Basis, kind: str, longest_gap_s: float) -> Basis:
    """Add what a kind needs beside the ledger."""
    if kind in {"energy", "cbam", "china-ets", "renewable"}:
        basis = measured.with_counted(db, basis, longest_gap_s=longest_gap_s)
    if kind == "renewable":
        basis = measured.with_hours(db, basis, longest_gap_s=longest_gap_s)
    if kind == "compliance":
        basis = averages.with_averages(db, basis, longest_gap_s=longest_gap_s)
    return basis


def _made(basis: Basis, kind: str, anode_effects: str | None) -> Statement:
    match kind:
        case "energy":
            return energy_statement(basis)
        case "footprint":
            return footprint_statement(basis)
        case "cbam":
            return cbam_statement(basis)
        case "china-ets":
            return china_ets_statement(basis, anode_effects=anode_effects)
        case "compliance":
            return compliance_statement(basis)
    return renewable_statement(basis)


def _list(configuration: Configuration) -> None:
    for line in table(KINDS.items()):
        click.echo(line)
    calendar = configuration.plant.calendar
    try:
        with contextlib.closing(open_reader(configuration.store.path)) as db:
            span = reading.reach(db, [potline.id for potline in configuration.plant.potlines])
    except StoreError as exc:
        fail(str(exc), EX_UNAVAILABLE)
    if span is None:
        click.echo("the ledger is empty: run the collector first")
        return
    first, last = (reading.local(calendar, time_ns) for time_ns in span)
    click.echo(f"the ledger reaches from {first} to {last}, plant time")
