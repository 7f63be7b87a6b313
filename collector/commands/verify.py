"""potline verify: the chain of the ledger, and its entries computed again."""

import contextlib
import json
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from collector.closing.auditing import Checked, Doubt
from collector.closing.checking import check
from collector.closing.line_audit import Weighed
from collector.commands import progress
from collector.commands.invocation import EX_FAILURE, EX_UNAVAILABLE, config_option, counted, fail, load_or_exit
from collector.settings import Configuration
from collector.store import ledger
from collector.store.schema import StoreError, open_reader

_OF_CHAIN = "keep this file, and compare it with a copy: what the ledger says from there on is not proven"


@dataclass(frozen=True, slots=True)
class Found:
    """A finding: where in the ledger, what is wrong, and what to do. ``seq`` None: it is no one record."""

    place: str
    what: str
    remedy: str
    potline: str
    seq: int | None = None
    window: str | None = None
    start: str | None = None

    def __str__(self) -> str:
        return f"{self.place}: {self.what}; {self.remedy}"


@click.command()
@click.option("--chain-only", is_flag=True, help="Check the digests alone; compute nothing again.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@config_option
def verify(*, chain_only: bool, as_json: bool, config_file: Path) -> None:
    """Check the ledger: its chain of digests, and whether the entries still follow from their inputs.

    Computes each minute again whose inputs are kept, with the parameters that its entry names, and each hour, shift,
    day and month of the potlines and of the plant from the entries that it stands on. What can no longer be computed
    again is counted. Beside a running collector it checks the ledger as it is when it begins.

    Exit code 0: the ledger is whole; 1: it is not; 69: there is no store, or it cannot be read.

    \b
    Example:
      potline verify --config /etc/potline/collector.toml
    """  # noqa: D301 - \b is what click knows
    configuration = load_or_exit(config_file)
    path = configuration.store.path
    checked = Checked()
    findings: list[Found] = []
    number = entries = 0
    try:
        with contextlib.closing(open_reader(path)) as db:
            db.execute("BEGIN")  # all of it is of one moment, whatever a collector writes meanwhile
            for found in _findings(db, configuration, checked, chain_only=chain_only):
                number += 1
                if as_json:
                    findings.append(found)
                else:
                    click.echo(str(found))
            entries = db.execute("SELECT count(*) FROM ledger").fetchone()[0]
    except StoreError as exc:
        fail(str(exc), EX_UNAVAILABLE)
    except sqlite3.DatabaseError as exc:
        message = f"verify the ledger in {path}: {exc}; the file is damaged or is no store"
        fail(f"{message}: keep it, and restore it from a copy", EX_UNAVAILABLE)
    if as_json:
        click.echo(json.dumps(_document(entries, checked, findings), indent=2))
    else:
        for line in [] if chain_only else _told(checked):
            click.echo(line)
        click.echo(f"{counted(entries, 'entry', 'entries')}, {counted(number, 'finding')}")
    if number:
        sys.exit(EX_FAILURE)


def _document(entries: int, checked: Checked, findings: list[Found]) -> dict[str, object]:
    return {
        "entries": entries,
        "recomputed_minutes": checked.minutes,
        "minutes_without_inputs": checked.without_inputs,
        "recomputed_windows": checked.windows,
        "windows_in_part": checked.in_part,
        "windows_without_minutes": checked.without_parts,
        "waiting": checked.waiting,
        "findings": [asdict(found) for found in findings],
    }


def _told(checked: Checked) -> Iterator[str]:
    gone = f", {checked.without_inputs} without inputs" if checked.without_inputs else ""
    yield f"{counted(checked.minutes, 'minute')} computed again{gone}"
    if checked.windows or checked.without_parts:
        gone = f", {checked.without_parts} without minutes" if checked.without_parts else ""
        part = f", {checked.in_part} of them but for uncertainty or weighed metal" if checked.in_part else ""
        yield f"{counted(checked.windows, 'longer window')} computed again{part}{gone}"
    if checked.waiting:
        yield f"{checked.waiting} marked to be stated again; verify once more when the collector has done so"


def _findings(
    db: sqlite3.Connection, configuration: Configuration, checked: Checked, *, chain_only: bool
) -> Iterator[Found]:
    newest, stated = db.execute(
        "SELECT coalesce(max(seq), 0), (SELECT count(*) FROM (SELECT DISTINCT potline, window, start_ns FROM ledger))"
        " FROM ledger"
    ).fetchone()
    looked_at = 0

    def at(number: int) -> None:
        nonlocal looked_at
        looked_at = number

    with progress.shown("chain of digests", lambda: looked_at, total=newest):
        for finding in ledger.verify(db, at):
            potline = f" ({finding.potline})" if finding.potline else ""
            yield Found(f"entry {finding.seq}{potline}", finding.what, _OF_CHAIN, finding.potline, finding.seq)
    if chain_only:
        return
    weighed = Weighed(configuration.plant, configuration.accounting.least_coverage_pct)
    with progress.shown("computed again", lambda: checked.looked_at, total=stated):
        for doubt in check(db, checked, weighed):
            start = _time(doubt.start_ns)
            place = f"{doubt.window} {start} ({doubt.potline or 'plant'})"
            yield Found(place, doubt.what, _remedy(doubt), doubt.potline, window=doubt.window, start=start)


def _remedy(doubt: Doubt) -> str:
    """Return what to do: the period is stated again if what it stands on is right."""
    first = datetime.fromtimestamp(doubt.start_ns // 1_000_000_000, UTC)
    line = f" --potline {doubt.potline}" if doubt.potline else ""
    period = f"--from {first:%Y-%m-%dT%H:%MZ} --to {first + timedelta(minutes=1):%Y-%m-%dT%H:%MZ}{line}"
    return f"if what it stands on is right, 'potline restate {period}' states it again; else restore a copy"


def _time(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
