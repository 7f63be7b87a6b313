"""potline restate: state a period again with the settings as they are now; show the difference before it is written."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import structlog

from collector.accounting.plant_sums import WHOLE_PLANT
from collector.accounting.production import PotWatch
from collector.clock import SystemClock
from collector.closing import opening, restating, side_by_side
from collector.closing.closer import SETTINGS
from collector.closing.plant_rehearsing import rehearse_plant
from collector.closing.rehearsing import Rehearsed
from collector.commands import names
from collector.commands.invocation import EX_FAILURE, EX_UNAVAILABLE, config_option, counted, fail, load_or_exit
from collector.commands.progress import timed
from collector.commands.restated import document, told
from collector.instruments import Instruments
from collector.plant.topology import Potline
from collector.readings.cell import MINUTE_NS
from collector.settings import Configuration
from collector.store.schema import StoreBusy, StoreError, open_reader
from collector.store.store import Store


@click.command()
@click.option("--from", "start", metavar="TIME", required=True, help="First minute: 2026-03-01, 2026-03-01T06:00.")
@click.option("--to", "end", metavar="TIME", required=True, help="End, not included.")
@click.option("--reason", metavar="TEXT", required=True, help="Why; it stands in each new entry of the ledger.")
@click.option("--potline", "only", metavar="ID", shell_complete=names.potlines, help="This potline alone.")
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--dry-run", is_flag=True, help="Only show the difference.")
@click.option("--json", "as_json", is_flag=True, help="Print the difference as one JSON document; asks nothing.")
@config_option
def restate(
    *,
    start: str,
    end: str,
    reason: str,
    only: str | None,
    yes: bool,
    dry_run: bool,
    as_json: bool,
    config_file: Path,
) -> None:
    """State a period again with the factors and parameters as they are in the settings now.

    Computes every minute again from the inputs that are kept, and every hour, shift, day and month over them, of the
    potlines and of the plant; shows what comes out differently, and asks before it writes. A window that is wrong
    though its minutes are right is stated again as well. What was stated stays in the ledger; new entries get the next
    revision and the reason. Times without an offset are in the plant's time zone. Beside a running collector, that one
    does the work.

    Exit code 0: written, or nothing differs; 1: it cannot be computed again, or the collector runs with other
    settings; 69: there is no store, or it cannot be read.

    \b
    Example:
      potline restate --from 2026-03-01 --to 2026-04-01 --reason "laboratory corrected the anodes' sulphur"
    """  # noqa: D301 - \b is what click knows
    configuration = load_or_exit(config_file)
    plant = configuration.plant
    start_ns, end_ns = _instant(start, plant.time_zone, "--from"), _instant(end, plant.time_zone, "--to")
    if end_ns <= start_ns:
        raise click.BadParameter("it is not after --from", param_hint="--to")
    potlines = [potline for potline in plant.potlines if only in {None, potline.id}]
    if not potlines:
        names = ", ".join(potline.id for potline in plant.potlines)
        raise click.BadParameter(f"there is no potline {only}; there are {names}", param_hint="--potline")
    rehearsed = _rehearsed(config_file, configuration, potlines, start_ns, end_ns, with_plant=only is None)
    found = [change for each in rehearsed for change in each.changes]
    windows = [change for each in rehearsed for change in each.windows]
    if as_json:
        click.echo(json.dumps(document(reason, found, windows, plant.calendar), indent=2))
    else:
        for line in told(found, windows, plant.calendar):
            click.echo(line)
    differing = {(change.potline, minute): reason for change in found for minute in change.differing}
    # The last minute of a window that is wrong itself: all windows over it are looked at again.
    own = {(change.potline, change.window.end_ns - MINUTE_NS): reason for change in windows if not change.follows}
    if dry_run or not (differing or own):
        return
    what = counted(len(differing), "minute") if differing else counted(len(own), "longer window")
    if not yes and (as_json or not click.confirm(f"Write {what} again?")):
        click.echo("nothing was written", err=True)
        return
    # Each minute has its entry in the ledger; a line of log for each would say it once more.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    _write(config_file, configuration, differing, own, quiet=as_json)


def _rehearsed(
    config_file: Path,
    configuration: Configuration,
    potlines: Sequence[Potline],
    start_ns: int,
    end_ns: int,
    *,
    with_plant: bool,
) -> list[Rehearsed]:
    names = [potline.id for potline in potlines]
    try:
        # What the closers say of a single minute or meter is for the log of the one that writes.
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
        with timed("computing the period again"):
            found = side_by_side.rehearsed(config_file, configuration, names, start_ns, end_ns)
            if with_plant:
                moved = {
                    name: {minute for change in each.changes for minute in change.differing}
                    for name, each in zip(names, found, strict=True)
                }
                found.append(asyncio.run(rehearse_plant(configuration, start_ns, end_ns, moved)))
    except StoreError as exc:
        fail(str(exc), EX_UNAVAILABLE)
    except LookupError as exc:
        fail(f"compute the period again: {exc.args[0]}", EX_FAILURE)
    return found


def _write(
    config_file: Path,
    configuration: Configuration,
    minutes: dict[tuple[str, int], str],
    windows: dict[tuple[str, int], str],
    *,
    quiet: bool,
) -> None:
    try:
        restating.ask_for(configuration.store.path, minutes, windows)
        try:
            entries = asyncio.run(_work_off(config_file, configuration, minutes, quiet=quiet))
        except StoreBusy:
            _hand_over(configuration, quiet=quiet)
            return
    except StoreError as exc:
        fail(str(exc), EX_UNAVAILABLE)
    if not quiet:
        click.echo(f"{counted(entries, 'entry', 'entries')} written")


def _hand_over(configuration: Configuration, *, quiet: bool) -> None:
    """Say that the running collector does the work, and warn where it goes by other settings."""
    with contextlib.closing(open_reader(configuration.store.path)) as db:
        row = db.execute("SELECT value FROM meta WHERE key = ?", (SETTINGS,)).fetchone()
    if row is None or row[0] != opening.settings_of_accounts(configuration):
        fail(
            "the minutes are marked, but the collector that runs was started with other settings: restart it, and it"
            " states them again with those that are in the files now",
            EX_FAILURE,
        )
    if not quiet:
        click.echo("the running collector states them again; see 'potline status' and the ledger on the page")


async def _work_off(
    config_file: Path, configuration: Configuration, minutes: Collection[tuple[str, int]], *, quiet: bool
) -> int:
    clock = SystemClock()
    potlines = sorted({potline for potline, _ in minutes} - {WHOLE_PLANT})
    most = max((sum(name == potline for name, _ in minutes) for potline in potlines), default=0)
    async with Store(configuration.store.path, configuration.plant.points) as store:
        await store.note_pause(clock.now_ns())
        entries = await asyncio.to_thread(side_by_side.settle, config_file, configuration.choice, potlines, most)
        instruments = Instruments()
        as_told = await store.ask(lambda db: opening.as_told(configuration, db))
        closer = opening.closer(as_told, store, PotWatch(configuration.plant), instruments)
        plantwide = opening.plant_closer(as_told, store, closer, instruments)
        shown = 0

        def told(entries: int) -> None:
            nonlocal shown
            if not quiet and entries >= shown + 5000:
                shown = entries
                click.echo(f"  {entries} entries ...", err=True)

        return entries + await restating.work_off(store, closer, clock.now_ns, told, plantwide=plantwide)


def _instant(text: str, zone: ZoneInfo, option: str) -> int:
    try:
        when = datetime.fromisoformat(text)
    except ValueError as exc:
        message = f"{text!r} is no time; write 2026-03-01 or 2026-03-01T06:00"
        raise click.BadParameter(message, param_hint=option) from exc
    if when.second or when.microsecond:
        raise click.BadParameter(f"{text!r} does not begin a minute", param_hint=option)
    local = when if when.tzinfo is not None else when.replace(tzinfo=zone)
    return round(local.astimezone(UTC).timestamp()) * 1_000_000_000
