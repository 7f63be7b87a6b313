"""potline export: what the store holds, as a file for other programs: Parquet or CSV."""

import contextlib
import importlib.metadata
import importlib.util
import os
import sqlite3
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from collector.closing import opening
from collector.commands import names
from collector.commands.instants import period_ns, utc
from collector.commands.invocation import EX_FAILURE, EX_UNAVAILABLE, config_option, counted, fail, load_or_exit
from collector.reporting.export import entries, inputs, intervals, ledger, plant_intervals, sheet
from collector.reporting.export.entries import Span
from collector.reporting.export.table import Table
from collector.settings import Configuration
from collector.store.schema import StoreError, open_reader

KINDS = {
    "intervals": "potlines: energy, metal, emissions, ratios, uncertainty; hours unless --window says otherwise",
    "plant": "the same of the plant as a whole, with masses from its stacks",
    "readings": "of each point and minute the first and last reading and what lies between",
    "events": "anode effects, weighings, tonnes of the books, samples of the laboratory",
    "ledger": "entries as they were written, with the digests of their chain",
}
FORMATS = ("parquet", "csv")
WINDOWS = ("minute", "hour", "shift", "day", "month")
_TOLD_EVERY = 200_000


@click.command(epilog="Kinds: " + "; ".join(f"{kind}: {words}" for kind, words in KINDS.items()) + ".")
@click.option("--from", "start", metavar="TIME", required=True, help="Begin: 2026-03-01, 2026-03-01T06:00.")
@click.option("--to", "end", metavar="TIME", required=True, help="End, not included.")
@click.option("--what", type=click.Choice(list(KINDS)), required=True, help="Kind of table, see below.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="Form of the file.  [default: by the file's ending]")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file.")
@click.option("--potline", "only", metavar="ID", shell_complete=names.potlines, help="This potline alone.")
@click.option(
    "--window",
    "windows",
    type=click.Choice((*WINDOWS, "all")),
    multiple=True,
    help="Windows of intervals, plant and ledger; may be given again.  [default: hour; ledger: all]",
)
@click.option("--all-revisions", is_flag=True, help="Also what was stated again or corrected since, marked.")
@config_option
def export(
    *,
    start: str,
    end: str,
    what: str,
    form: str | None,
    output: Path,
    only: str | None,
    windows: tuple[str, ...],
    all_revisions: bool,
    config_file: Path,
) -> None:
    """Write what the store holds into a file for other programs: Parquet, or CSV with times in UTC.

    Each column's name ends in its unit. The file says which plant and which version of the collector it comes from, and
    the digest of the ledger's last entry; beside a CSV file this stands in FILE-metadata.json. A file appears whole or
    not at all. Times without an offset are in the plant's time zone. Reads beside a running collector.

    Several windows in one file overlap: their sums must not be added up together.

    Exit code 0: the file is there; 1: it cannot be written; 69: there is no store, or pyarrow is missing.

    \b
    Examples:
      potline export --from 2026-03-01 --to 2026-04-01 --what intervals --output march.parquet
      potline export --from 2026-03-01 --to 2026-03-02 --what events --all-revisions --output events.csv
    """  # noqa: D301 - \b is what click knows
    configuration = load_or_exit(config_file)
    plant = configuration.plant
    start_ns, end_ns = period_ns(start, end, plant.time_zone)
    known = [potline.id for potline in plant.potlines]
    if only is not None and only not in known:
        raise click.BadParameter(f"there is no potline {only}; there are {', '.join(known)}", param_hint="--potline")
    if only is not None and what == "plant":
        raise click.BadParameter("the plant as a whole is no potline; leave it out", param_hint="--potline")
    if windows and what in {"readings", "events"}:
        raise click.BadParameter(f"{what} have no windows; leave it out", param_hint="--window")
    form = _form_of(form, output)
    asked = WINDOWS if "all" in windows or (what == "ledger" and not windows) else windows or ("hour",)
    try:
        with contextlib.closing(open_reader(configuration.store.path)) as db:
            last, digest = entries.last_entry(db)
            facts = {
                "plant": plant.id,
                "collector_version": importlib.metadata.version("potline-collector"),
                "ledger_last_entry": str(last),
                "ledger_last_digest_sha256": digest.hex(),
                "what": what,
                "from_utc": utc(start_ns),
                "to_utc": utc(end_ns),
                "revisions": "all" if all_revisions else "in force",
                "least_coverage_pct": repr(configuration.accounting.least_coverage_pct),
                "exported_utc": utc(round(datetime.now(UTC).timestamp()) * 1_000_000_000),
            }
            span = Span(start_ns, end_ns, last)
            table = _table(db, configuration, what, span, only, asked, superseded=all_revisions)
            rows = _written(table, form, output, facts)
    except StoreError as exc:
        fail(str(exc), EX_UNAVAILABLE)
    except sqlite3.DatabaseError as exc:
        fail(f"read the store {configuration.store.path}: {exc}; check the disk's health", EX_UNAVAILABLE)
    except OSError as exc:
        fail(f"write {output}: {exc.strerror}; check the folder, its space and who may write there", EX_FAILURE)
    click.echo(f"{output}: {counted(rows, 'row')}, {counted(len(table.columns), 'column')}; ledger up to entry {last}")


def _form_of(form: str | None, output: Path) -> str:
    if form is None:
        form = output.suffix.removeprefix(".").lower()
        if form not in FORMATS:
            raise click.UsageError(
                f"{output.name} does not say its form: end it with .parquet or .csv, or give --format"
            )
    if form == "parquet" and importlib.util.find_spec("pyarrow") is None:
        remedy = "make install-parquet, or pip install 'potline-collector[parquet]'; CSV needs nothing"
        fail(f"write {output}: Parquet needs pyarrow, which is not installed: {remedy}", EX_UNAVAILABLE)
    return form


def _table(
    db: sqlite3.Connection,
    configuration: Configuration,
    what: str,
    span: Span,
    only: str | None,
    windows: tuple[str, ...],
    *,
    superseded: bool,
) -> Table:
    plant = opening.as_told(configuration, db).plant
    judged = intervals.Judged(plant, opening.conventions(configuration), configuration.accounting.least_coverage_pct)
    places = [(potline, window) for potline, window in entries.names(db) if window in windows]
    of_lines = [place for place in places if place[0] and only in {None, place[0]}]
    match what:
        case "intervals":
            return intervals.intervals_table(db, of_lines, span, judged, superseded=superseded)
        case "plant":
            own = [window for potline, window in places if not potline]
            return plant_intervals.plant_table(db, own, span, judged, superseded=superseded)
        case "ledger":
            return ledger.ledger_table(db, of_lines if only else places, span, superseded=superseded)
        case "events":
            return inputs.events_table(db, span.start_ns, span.end_ns, superseded=superseded, only=only)
    return inputs.readings_table(db, plant, span.start_ns, span.end_ns, only=only)


def _written(table: Table, form: str, output: Path, facts: dict[str, str]) -> int:
    """Write the file under another name first, so that it is never there in part; return how many rows it has."""
    part = output.with_name(f".{output.name}.{os.getpid()}.part")
    rows = 0
    try:
        for rows in _writing(table, form, part, facts):
            if rows % _TOLD_EVERY == 0 and sys.stderr.isatty():
                click.echo(f"  {rows:,} rows ...", err=True)
        if form == "csv":
            beside = output.with_name(output.name + "-metadata.json")
            beside.write_text(sheet.description(table, output.name, facts), encoding="utf-8")
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
    return rows


def _writing(table: Table, form: str, path: Path, facts: dict[str, str]) -> Iterator[int]:
    if form == "parquet":
        # Here and not above: everything else works where pyarrow is not installed.
        from collector.reporting.export.parquet import write_parquet  # noqa: PLC0415 - see the line above

        yield from write_parquet(table, path, facts)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        yield from sheet.write_csv(table, file)
