"""potline verify: the chain of the ledger, and its entries computed again."""

import contextlib
import json
import sqlite3
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from collector.closing import recomputing
from collector.closing.plant_recomputing import check_plant
from collector.closing.recomputing import Checked
from collector.commands.invocation import EX_FAILURE, EX_UNAVAILABLE, config_option, counted, fail, load_or_exit
from collector.store import ledger
from collector.store.schema import StoreError, open_reader


@click.command()
@click.option("--chain-only", is_flag=True, help="Check the digests alone; compute nothing again.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@config_option
def verify(*, chain_only: bool, as_json: bool, config_file: Path) -> None:
    """Check the ledger: its chain of digests, and whether the entries still follow from their inputs.

    Computes each minute again whose inputs are kept, with the parameters that its entry names, and adds up each hour
    from its minutes. Exit code 0: the ledger is whole; 1: it is not.

    \b
    Example:
      potline verify --config /etc/potline/collector.toml
    """  # noqa: D301 - \b is what click knows
    path = load_or_exit(config_file).store.path
    checked = Checked()
    try:
        with contextlib.closing(open_reader(path)) as db:
            findings = list(_findings(db, checked, chain_only=chain_only))
            entries = db.execute("SELECT count(*) FROM ledger").fetchone()[0]
    except StoreError as exc:
        fail(str(exc), EX_UNAVAILABLE)
    except sqlite3.DatabaseError as exc:
        message = f"verify the ledger in {path}: {exc}; the file is damaged or is no store"
        fail(f"{message}: keep it, and restore it from a copy", EX_UNAVAILABLE)
    if as_json:
        document = {
            "entries": entries,
            "recomputed_minutes": checked.minutes,
            "minutes_without_inputs": checked.without_inputs,
            "findings": findings,
        }
        click.echo(json.dumps(document, indent=2))
    else:
        for finding in findings:
            click.echo(finding)
        if not chain_only:
            gone = f", {checked.without_inputs} without inputs" if checked.without_inputs else ""
            click.echo(f"{counted(checked.minutes, 'minute')} computed again{gone}")
        click.echo(f"{counted(entries, 'entry', 'entries')}, {counted(len(findings), 'finding')}")
    if findings:
        sys.exit(EX_FAILURE)


def _findings(db: sqlite3.Connection, checked: Checked, *, chain_only: bool) -> Iterator[str]:
    for finding in ledger.verify(db):
        potline = f" ({finding.potline})" if finding.potline else ""
        yield f"entry {finding.seq}{potline}: {finding.what}"
    if chain_only:
        return
    for doubt in (*recomputing.check(db, checked), *check_plant(db, checked)):
        when = datetime.fromtimestamp(doubt.start_ns / 1e9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        yield f"{doubt.window} {when} ({doubt.potline or 'plant'}): {doubt.what}"
