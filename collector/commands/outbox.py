"""potline outbox: what databases still have to take; taking it again; what could not be taken or understood."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import click

from collector.clock import SystemClock
from collector.closing import opening
from collector.closing.resending import Accounts, Period, SentAgain, send_again
from collector.commands import names, status
from collector.commands.dead import dead
from collector.commands.instants import instant_ns, period_ns, utc
from collector.commands.invocation import config_option, counted, load_or_exit, table
from collector.commands.stores import agree, changing, hand_on, reading, yes_option
from collector.settings import Configuration
from collector.store import letters, outbox
from collector.store.outbox import OutboxState, Resent
from collector.store.store import Store

_TOLD_EVERY = 20_000


@dataclass(frozen=True, slots=True)
class _Target:
    """A database: how it is doing, and what it refused last."""

    name: str
    state: str
    refused: str


def outbox_group(read_letters: Callable[[Configuration], None]) -> click.Group:
    """Return the command with its parts; ``read_letters`` reads dead letters again where no collector runs."""
    show.add_command(rewind)
    show.add_command(resend)
    show.add_command(dead(read_letters))
    return show


@click.group("outbox", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@config_option
@click.pass_context
def show(context: click.Context, *, as_json: bool, config_file: Path) -> None:
    """Tell what the databases still have to take, and have it sent again.

    Without a command: how full the outbox is, and of each database what it is behind, since when, and its last error.
    Works beside a running collector, which then does the sending. Exit code 0: told; 69: there is no store.

    \b
    Examples:
      potline outbox
      potline outbox rewind plantdb --to 2026-03-01T06:00
      potline outbox dead
    """  # noqa: D301 - \b is what click knows
    if context.invoked_subcommand is not None:
        hand_on(context, config_file, others=as_json)
        return
    configuration = load_or_exit(config_file)
    names = [target.name for target in configuration.targets]
    running = _running(configuration)
    with reading(configuration) as db:
        state = outbox.state(db, names)
        targets = [_Target(name, running.get(name, "no collector runs"), _refused(db, name)) for name in names]
    now_ns = SystemClock().now_ns()
    if as_json:
        click.echo(json.dumps(_document(state, targets, now_ns), indent=2, ensure_ascii=False))
        return
    for line in _told(state, targets, now_ns):
        click.echo(line)


def _running(configuration: Configuration) -> Mapping[str, str]:
    try:
        told = status.ask(configuration.page)["databases"]
    except status.NotRunning:
        return {}
    return {database["name"]: database["state"] for database in told}


def _refused(db: sqlite3.Connection, name: str) -> str:
    found = letters.latest_of(db, name)
    return "" if found is None else f"{utc(found.letter.time_ns)}: {found.letter.reason}"


def _told(state: OutboxState, targets: list[_Target], now_ns: int) -> Iterator[str]:
    oldest = "" if not state.records else f"; the oldest of {_since(state.oldest_ns, now_ns)}"
    yield f"outbox: {counted(state.records, 'record')}, {state.size_bytes:,} bytes{oldest}"
    if state.delivered:
        yield f"delivered, and kept to be sent again: {state.delivered:,}, {state.delivered_bytes:,} bytes"
    if not targets:
        yield "databases: none is configured; the store alone keeps everything"
    else:
        yield "databases"
        head = ("name", "records", "lines", "bytes", "behind since", "state")
        rows = [head]
        for target in targets:
            behind = state.behind[target.name]
            since = _since(behind.oldest_ns, now_ns) if behind.records else "has everything"
            amounts = (f"{behind.records:,}", f"{behind.lines:,}", f"{behind.size_bytes:,}")
            rows.append((target.name, *amounts, since, target.state))
        yield from table(rows, right=frozenset({1, 2, 3}))
        yield from (f"  {target.name} refused last, {target.refused}" for target in targets if target.refused)
    yield f"dead letters: {state.dead}" + ("; see 'potline outbox dead'" if state.dead else "")


def _since(time_ns: int, now_ns: int) -> str:
    return f"{utc(time_ns)}, {status.seconds((now_ns - time_ns) / 1e9)} ago"


def _document(state: OutboxState, targets: list[_Target], now_ns: int) -> dict[str, object]:
    return {
        "records": state.records,
        "size_bytes": state.size_bytes,
        "oldest": utc(state.oldest_ns) if state.records else None,
        "age_s": (now_ns - state.oldest_ns) / 1e9 if state.records else None,
        "delivered": state.delivered,
        "delivered_bytes": state.delivered_bytes,
        "dead": state.dead,
        "targets": [
            {
                "name": target.name,
                **{key: value for key, value in asdict(behind).items() if key != "oldest_ns"},
                "oldest": utc(behind.oldest_ns) if behind.records else None,
                "lag_s": (now_ns - behind.oldest_ns) / 1e9 if behind.records else 0.0,
                "state": target.state,
                "last_refusal": target.refused or None,
            }
            for target in targets
            for behind in [state.behind[target.name]]
        ],
    }


@click.command()
@click.argument("target", shell_complete=names.databases)
@click.option("--to", "to", metavar="TIME|start", required=True, help="From when on, or all that is kept: start.")
@yes_option
@config_option
def rewind(*, target: str, to: str, yes: bool, config_file: Path) -> None:
    """Let a database take again everything that was written from a time on, as far as it is kept.

    Nothing is doubled: the same thing at the same time is the same line. Times without an offset are in the plant's
    time zone. What is no longer kept is told; 'potline outbox resend' encodes it again from the ledger.

    Exit code 0: it will be sent; 69: there is no store, or it cannot be read.

    \b
    Example:
      potline outbox rewind plantdb --to 2026-03-01T06:00
    """  # noqa: D301 - \b is what click knows
    configuration = load_or_exit(config_file)
    _known(configuration, target)
    to_ns = 0 if to == "start" else instant_ns(to, configuration.plant.time_zone, "--to")
    since = "all that is kept" if to == "start" else f"what was written from {utc(to_ns)} on"
    with reading(configuration) as db:
        count = db.execute(
            "SELECT count(*) FROM outbox INDEXED BY outbox_by_age WHERE created_ns >= ?", (to_ns,)
        ).fetchone()[0]
    agree(f"Send {since} to {target} again, {counted(count, 'record')}?", yes=yes)
    found, is_running = changing(configuration, lambda store: store.rewind(target, to_ns))
    click.echo(f"{counted(found.records, 'record')} to be sent to {target} again{_by(is_running=is_running)}")
    for line in _gone(found):
        click.echo(line)


@click.command()
@click.argument("target", shell_complete=names.databases)
@click.option("--from", "start", metavar="TIME", required=True, help="Begin: 2026-03-01, 2026-03-01T06:00.")
@click.option("--to", "end", metavar="TIME", required=True, help="End, not included.")
@yes_option
@config_option
def resend(*, target: str, start: str, end: str, yes: bool, config_file: Path) -> None:
    """Send a period to one database again.

    What was written in it is sent as it is kept. What is no longer kept, or was written later, is encoded again from
    the ledger: minutes and windows of potlines and plant that begin in the period. Single readings that are let go of
    cannot be had any more, and neither can energy balances and price tiers; this is told. Other databases take nothing
    of it, but for rolling windows, which the collector works out again for all. Nothing is doubled.

    Exit code 0: it will be sent; 69: there is no store, or it cannot be read.

    \b
    Example:
      potline outbox resend plantdb --from 2026-03-01 --to 2026-04-01
    """  # noqa: D301 - \b is what click knows
    configuration = load_or_exit(config_file)
    _known(configuration, target)
    start_ns, end_ns = period_ns(start, end, configuration.plant.time_zone)
    agree(f"Send {utc(start_ns)} to {utc(end_ns)} to {target} again?", yes=yes)
    period = Period(target, [each.name for each in configuration.targets], start_ns, end_ns)
    shown = 0

    def told(entries: int) -> None:
        nonlocal shown
        if entries >= shown + _TOLD_EVERY:
            shown = entries
            click.echo(f"  {entries:,} entries ...", err=True)

    async def work(store: Store) -> SentAgain:
        plant = (await store.ask(partial(opening.as_told, configuration))).plant
        accounting = configuration.accounting
        accounts = Accounts(
            plant, opening.conventions(configuration), accounting.longest_gap_s, accounting.least_coverage_pct
        )
        return await send_again(store, period, accounts, SystemClock().now_ns, told)

    found, is_running = changing(configuration, work)
    click.echo(f"to {target}{_by(is_running=is_running)}:")
    for line in _sent(found):
        click.echo(line)


def _sent(found: SentAgain) -> Iterator[str]:
    kept = found.kept
    yield f"  {counted(kept.records, 'record')} of the outbox, as they are kept"
    if kept.followed:
        yield f"  {counted(kept.followed, 'later record')} that may tell something of it again, to follow them"
    words = (
        f"{counted(found.entries, 'entry', 'entries')} of the ledger, encoded again in {counted(found.lines, 'line')}"
    )
    yield f"  {words}"
    if found.rolling:
        yield f"  rolling windows of {counted(found.rolling, 'day')}, as the running collector works them out, to all"
    if found.unknown:
        what = counted(found.unknown, "entry", "entries")
        yield f"  not sent: {what} whose parameters are not kept, or are not those of the settings"
    yield from _gone(kept)


def _gone(found: Resent) -> Iterator[str]:
    if found.gone:
        what = f"single readings in {counted(found.gone, 'record')}, energy balances, price tiers, effects"
        yield f"  cannot be had: {what} written before {utc(found.kept_from_ns)}: they are let go of"


def _by(*, is_running: bool) -> str:
    return ", by the collector that runs" if is_running else ", when the collector runs"


def _known(configuration: Configuration, target: str) -> None:
    names = [each.name for each in configuration.targets]
    if target not in names:
        there = f"there are {', '.join(names)}" if names else "none is configured"
        raise click.BadParameter(f"there is no database {target}; {there}", param_hint="TARGET")
