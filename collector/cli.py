"""The command ``potline``: arguments in, exit code out."""

import asyncio
import contextlib
import signal
import sqlite3
import sys
from pathlib import Path
from typing import NoReturn

import click

from collector import assembly, logs
from collector.acquisition.modbus.once import read_meter
from collector.clock import SimulatedClock, SystemClock
from collector.commands import status as status_of
from collector.commands.overview import overview
from collector.demo import DemoFailed, run_demo
from collector.page.server import PageUnavailable
from collector.plant.meter import PolledMeter
from collector.settings import Configuration, ConfigurationError, load
from collector.store import ledger
from collector.store.schema import StoreError, open_reader

EX_FAILURE, EX_UNAVAILABLE, EX_CONFIG = 1, 69, 78

_config = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("config/collector.toml"),
    show_default=True,
    help="The collector's settings.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="potline-collector", prog_name="potline")
def main() -> None:
    """Energy and emissions of aluminium potlines, live and accountable.

    Begin with 'potline demo', which needs no hardware.
    """


@main.command()
@_config
def check(config_file: Path) -> None:
    """Check all settings, and tell everything that is wrong at once.

    Lists each endpoint with its meters and their load, says how sure the register maps are, and warns of lines that
    cannot carry their load. Opens no connection and changes nothing. Exit code 0: all is well; 78: there are problems.

    \b
    Example:
      potline check --config /etc/potline/collector.toml
    """  # noqa: D301 - \b is what click knows
    configuration = _load(config_file)
    plant = configuration.plant
    meters, pots = len(plant.meters), sum(len(potline.pots) for potline in plant.potlines)
    click.echo(f"{config_file}: all is well")
    click.echo(
        f"plant {plant.id}: {_count(len(plant.potlines), 'potline')}, {_count(pots, 'pot')}, {_count(meters, 'meter')}"
    )
    for line in overview(plant):
        click.echo(line)
    names = [f"{target.name} ({target.kind.value}, {target.url})" for target in configuration.targets]
    click.echo("databases: " + (", ".join(names) or "none; the store alone keeps everything"))


@main.command()
@_config
@click.option("--clock", metavar="SPEC", hidden=True, help="Simulated plant time: START@UNIX*SPEED.")
def run(config_file: Path, clock: str | None) -> None:
    """Run the collector until it is told to stop (Ctrl-C or SIGTERM).

    \b
    Example:
      potline run --config /etc/potline/collector.toml
    """  # noqa: D301 - \b is what click knows
    configuration = _load(config_file)
    logs.configure(json=configuration.log.json, level=configuration.log.level)
    try:
        time = SystemClock() if clock is None else SimulatedClock(clock)
    except ValueError as exc:
        raise click.BadParameter(str(exc), param_hint="--clock") from exc
    try:
        asyncio.run(_until_told(configuration, time))
    except (StoreError, PageUnavailable) as exc:
        _fail(str(exc), EX_UNAVAILABLE)
    except BaseExceptionGroup as group:
        known, unknown = group.split(StoreError)
        if unknown is not None or known is None:
            raise
        _fail(str(known.exceptions[0]), EX_UNAVAILABLE)


async def _until_told(configuration: Configuration, clock: SystemClock | SimulatedClock) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await assembly.run(configuration, clock, stop=stop)


@main.command()
@click.argument("meter")
@_config
def read(meter: str, config_file: Path) -> None:
    """Read METER once and show every register: raw, value, unit.

    \b
    Example:
      potline read rectifier_1 --config /etc/potline/collector.toml
    """  # noqa: D301 - \b is what click knows
    configuration = _load(config_file)
    found = next((m for m in configuration.plant.meters if m.id == meter), None)
    if found is None:
        known = ", ".join(m.id for m in configuration.plant.meters)
        raise click.BadParameter(f"there is no meter '{meter}'; one of: {known}", param_hint="METER")
    if not isinstance(found, PolledMeter):
        hint = f"'{meter}' cannot be asked: it speaks by itself, as {found.place}; see 'potline status'"
        raise click.BadParameter(hint, param_hint="METER")
    logs.configure(json=False, level="error")
    rows, error = asyncio.run(read_meter(found, SystemClock()))
    place = f"{found.endpoint.host}:{found.endpoint.port} unit {found.unit}"
    click.echo(f"{found.id}: {found.profile.title} at {place}")
    for row in rows:
        click.echo(f"  {row.address:>5}  {row.type:<4} {row.raw:<17} {row.quantity:<22} {row.value}")
    if error:
        _fail(error, EX_UNAVAILABLE)


@main.command()
@_config
def status(config_file: Path) -> None:
    """Tell how the running collector is doing: sources, meters with their last error, what is set aside, databases.

    Exit code 0: all is well; 1: something needs a look; 69: no collector answers.

    \b
    Example:
      potline status --config /etc/potline/collector.toml
    """  # noqa: D301 - \b is what click knows
    page = _load(config_file).page
    try:
        state = status_of.ask(page.host, page.port)
    except status_of.NotRunning as exc:
        _fail(str(exc), EX_UNAVAILABLE)
    for line in status_of.lines(state):
        click.echo(line)
    if not status_of.is_well(state):
        sys.exit(EX_FAILURE)


@main.command()
@_config
def verify(config_file: Path) -> None:
    """Compute the digests of the ledger again, and tell which entries are not what was written.

    Exit code 0: the ledger is whole; 1: it is not.

    \b
    Example:
      potline verify --config /etc/potline/collector.toml
    """  # noqa: D301 - \b is what click knows
    configuration = _load(config_file)
    try:
        with contextlib.closing(open_reader(configuration.store.path)) as db:
            findings = list(ledger.verify(db))
            entries = db.execute("SELECT count(*) FROM ledger").fetchone()[0]
    except StoreError as exc:
        _fail(str(exc), EX_UNAVAILABLE)
    except sqlite3.DatabaseError as exc:
        message = f"verify the ledger in {configuration.store.path}: {exc}; the file is damaged or is no store"
        _fail(f"{message}: keep it, and restore it from a copy", EX_UNAVAILABLE)
    for finding in findings:
        potline = f" ({finding.potline})" if finding.potline else ""
        click.echo(f"entry {finding.seq}{potline}: {finding.what}")
    click.echo(f"{_count(entries, 'entry', 'entries')}, {_count(len(findings), 'finding')}")
    if findings:
        sys.exit(EX_FAILURE)


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
@_config
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
        _fail(str(exc), EX_FAILURE)


def _load(config_file: Path) -> Configuration:
    try:
        return load(config_file)
    except ConfigurationError as exc:
        for problem in exc.problems:
            click.echo(str(problem), err=True)
        click.echo(_count(len(exc.problems), "problem"), err=True)
        sys.exit(EX_CONFIG)


def _fail(message: str, code: int) -> NoReturn:
    click.echo(message, err=True)
    sys.stderr.flush()
    sys.exit(code)


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
