"""The command ``potline``: arguments in, exit code out."""

import asyncio
import contextlib
import json
import signal
import sys
from datetime import date
from pathlib import Path

import click

from collector import assembly, logs, panel
from collector.clock import SimulatedClock, SystemClock
from collector.closing.opening import as_told
from collector.commands import status as status_of
from collector.commands.checked import checked
from collector.commands.completion import completion
from collector.commands.division import assignment_warnings, told_assignment
from collector.commands.efficiency import efficiency
from collector.commands.export import export
from collector.commands.factors import lines, report
from collector.commands.invocation import (
    EX_CONFIG,
    EX_FAILURE,
    EX_UNAVAILABLE,
    choose_potlines,
    config_option,
    counted,
    fail,
    load_or_exit,
    width,
)
from collector.commands.outbox import outbox_group
from collector.commands.overview import WARNING, overview
from collector.commands.provision import provision
from collector.commands.report import report as report_of
from collector.commands.restate import restate
from collector.commands.verify import verify
from collector.demo import DemoFailed, run_demo
from collector.page.server import PageUnavailable
from collector.plant.days import midnight_ns
from collector.settings import Configuration
from collector.store.schema import StoreError, open_reader


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="potline-collector", prog_name="potline")
def main() -> None:
    """Energy and emissions of aluminium potlines, live and accountable.

    Begin with 'potline demo', which needs no hardware.

    Exit codes of all commands: 0 all is well; 1 it is not, or something could not be done; 2 the command is written
    wrongly; 69 who was asked does not answer, or there is no store; 78 the settings are wrong.
    """


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, also of the problems.")
@config_option
def check(*, as_json: bool, config_file: Path) -> None:
    """Check all settings, and tell everything that is wrong at once.

    Lists each endpoint with its meters and their load, says how sure the register maps are, and warns of lines that
    cannot carry their load. Opens no connection and changes nothing. Exit code 0: all is well; 78: there are problems.

    \b
    Examples:
      potline check --config /etc/potline/collector.toml
      potline check --json
    """  # noqa: D301 - \b is what click knows
    if as_json:
        document = checked(config_file)
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        sys.exit(EX_CONFIG if document["problems"] else 0)
    configuration = load_or_exit(config_file)
    plant = configuration.plant
    meters, pots = len(plant.meters), sum(len(potline.pots) for potline in plant.potlines)
    click.echo(f"{config_file}: all is well")
    things = counted(len(plant.potlines), "potline"), counted(pots, "pot"), counted(meters, "meter")
    click.echo(f"plant {plant.id}: {', '.join(things)}")
    for line in (*told_assignment(configuration), *overview(plant)):
        click.echo(line)
    for line in assignment_warnings(configuration):
        click.echo(f"{WARNING}{line}")
    names = [f"{target.name} ({target.kind.value}, {target.url})" for target in configuration.targets]
    click.echo("databases: " + (", ".join(names) or "none; the store alone keeps everything"))


@main.command()
@config_option
@click.option(
    "--potline",
    multiple=True,
    metavar="ID",
    expose_value=False,
    callback=choose_potlines,
    help="Look after this potline; may be repeated. Without it, as --collector and the settings say.",
)
@click.option("--clock", metavar="SPEC", hidden=True, help="Simulated plant time: START@UNIX*SPEED.")
def run(config_file: Path, clock: str | None) -> None:
    """Run the collector until it is told to stop (Ctrl-C or SIGTERM).

    What has arrived is on disk before it ends, within five seconds. Killed at any other instant it loses nothing that
    was acknowledged.

    Exit code 0: told to stop; 69: the store or the page cannot be opened; 78: the settings are wrong.

    Where the plant file divides the plant between [collectors], --collector, or POTLINE_COLLECTOR, says which one this
    is. Each has its own store.

    \b
    Examples:
      potline run --config /etc/potline/collector.toml
      potline run --collector a
      potline run --potline PL1 --potline PL2
    """  # noqa: D301 - \b is what click knows
    configuration = load_or_exit(config_file)
    if configuration.parts and configuration.part is None:
        names = ", ".join(part.name for part in configuration.parts)
        fail(f"the plant is divided between collectors: {names}; say with --collector which one this is", EX_CONFIG)
    logs.configure(json=configuration.log.json, level=configuration.log.level)
    try:
        time = SystemClock() if clock is None else SimulatedClock(clock)
    except ValueError as exc:
        raise click.BadParameter(str(exc), param_hint="--clock") from exc
    try:
        asyncio.run(_until_told(configuration, time))
    except (StoreError, PageUnavailable) as exc:
        fail(str(exc), EX_UNAVAILABLE)
    except BaseExceptionGroup as group:
        known, unknown = group.split(StoreError)
        if unknown is not None or known is None:
            raise
        fail(str(known.exceptions[0]), EX_UNAVAILABLE)


async def _until_told(configuration: Configuration, clock: SystemClock | SimulatedClock) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await assembly.run(configuration, clock, stop=stop)


main.add_command(panel.read)
main.add_command(panel.scan)


@main.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="For programs: all that the page knows, as one JSON document.")
def status(config_file: Path, *, as_json: bool) -> None:
    """Tell how the running collector is doing: sources, meters with their last error, what is set aside, databases.

    Also how far each database is behind, and the alerts that stand. Where the page asks for a token, it is the one in
    the file that [page] token_file names.

    Exit code 0: all is well; 1: something needs a look; 69: no collector answers.

    \b
    Example:
      potline status --config /etc/potline/collector.toml
      potline status --config /etc/potline/collector.toml --json
    """  # noqa: D301 - \b is what click knows
    try:
        state = status_of.ask(load_or_exit(config_file).page)
    except status_of.NotRunning as exc:
        fail(str(exc), EX_UNAVAILABLE)
    if as_json:
        click.echo(json.dumps(state, indent=2, ensure_ascii=False))
    else:
        for line in status_of.lines(state):
            click.echo(line)
    if not status_of.is_well(state):
        sys.exit(EX_FAILURE)


main.add_command(completion)
main.add_command(verify)
main.add_command(restate)
main.add_command(efficiency)
main.add_command(report_of)
main.add_command(provision)
main.add_command(export)
main.add_command(outbox_group(lambda configuration: asyncio.run(assembly.read_letters(configuration))))


@main.command()
@config_option
@click.option("--at", "day", metavar="DATE", help="A day in the plant's time zone, like 2026-03-01, instead of now.")
@click.option("--json", "as_json", is_flag=True, help="Print the same for programs.")
def factors(config_file: Path, day: str | None, *, as_json: bool) -> None:
    """List the numbers that the figures stand on: value, uncertainty, from when on, mark and source.

    Says which of them nobody vouches for, and what is missing for which statement. Nothing is ever assumed.

    Exit code 0: told; 69: the store cannot be read.

    \b
    Examples:
      potline factors --config /etc/potline/collector.toml
      potline factors --at 2025-12-31 --json
    """  # noqa: D301 - \b is what click knows
    configuration = load_or_exit(config_file)
    plant = configuration.plant
    try:
        time_ns = SystemClock().now_ns() if day is None else midnight_ns(date.fromisoformat(day), plant.time_zone)
    except ValueError as exc:
        raise click.BadParameter(f"{day} is no day; write it like 2026-03-01", param_hint="--at") from exc
    told = report(_as_told(configuration).plant, time_ns)
    if as_json:
        click.echo(json.dumps(told.as_json(), indent=2, ensure_ascii=False))
        return
    for line in lines(told, width()):
        click.echo(line)


def _as_told(configuration: Configuration) -> Configuration:
    """Return the configuration with the factors that were told, where there is a store that has some."""
    if not configuration.store.path.is_file():
        return configuration
    try:
        with contextlib.closing(open_reader(configuration.store.path)) as db:
            return as_told(configuration, db)
    except StoreError as exc:
        fail(str(exc), EX_UNAVAILABLE)


@main.command()
@click.option(
    "--speed", type=click.FloatRange(1, 3600), default=60.0, show_default=True, help="Plant seconds in a second."
)
@click.option("--influx", metavar="URL", help="Also write to this InfluxDB, 1.x or 2.")
@click.option("--org", default="potline", show_default=True, help="Organisation (InfluxDB 2).")
@click.option(
    "--bucket", default="potline", show_default=True, help="Bucket (InfluxDB 2) or database (1.x, made if missing)."
)
@click.option("--token-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Token (InfluxDB 2).")
@click.option("--seconds", type=float, help="Stop by itself after this time.")
@click.option(
    "--listen", default="127.0.0.1:0", show_default=True, help="Where the page listens; port 0 takes a free one."
)
@config_option
def demo(
    *,
    speed: float,
    influx: str | None,
    org: str,
    bucket: str,
    token_file: Path | None,
    seconds: float | None,
    listen: str,
    config_file: Path,
) -> None:
    """Simulate the example plant and run the collector against it. Ctrl-C ends it.

    Starts simulated meters and an MQTT broker on free ports of this machine, the collector with the example
    configuration, and prints one line per potline every few seconds. Leaves nothing behind.

    Exit code 0: it ended by itself or with Ctrl-C; 1: something did not start.

    \b
    Examples:
      potline demo
      potline demo --influx http://127.0.0.1:8086
    """  # noqa: D301 - \b is what click knows
    try:
        run_demo(
            config_file.resolve(),
            speed=speed,
            influx=influx,
            org=org,
            bucket=bucket,
            token_file=token_file,
            seconds=seconds,
            listen=listen,
            say=click.echo,
        )
    except DemoFailed as exc:
        fail(str(exc), EX_FAILURE)
