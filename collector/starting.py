"""The commands that start something: the collector, the demonstration, and what reads dead letters again."""

import asyncio
import signal
from pathlib import Path

import click

from collector import assembly, logs
from collector.clock import SimulatedClock, SystemClock
from collector.commands.invocation import (
    EX_CONFIG,
    EX_FAILURE,
    EX_UNAVAILABLE,
    choose_potlines,
    config_option,
    fail,
    load_or_exit,
)
from collector.commands.outbox import outbox_group
from collector.demo import DemoFailed, run_demo
from collector.page.server import PageUnavailable
from collector.reloading import Reloads
from collector.settings import Configuration
from collector.store.schema import StoreError
from collector.supervision.buffers import map_large_buffers, read_in_small_pieces


@click.command()
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
    """Run the collector until it is told to stop (Ctrl-C or SIGTERM). SIGHUP: as 'potline reload'.

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
    map_large_buffers()
    read_in_small_pieces()
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
        asyncio.run(_until_told(config_file, configuration, time))
    except (StoreError, PageUnavailable) as exc:
        fail(str(exc), EX_UNAVAILABLE)
    except BaseExceptionGroup as group:
        known, unknown = group.split(StoreError)
        if unknown is not None or known is None:
            raise
        fail(str(known.exceptions[0]), EX_UNAVAILABLE)


async def _until_told(config_file: Path, configuration: Configuration, clock: SystemClock | SimulatedClock) -> None:
    stop = asyncio.Event()
    reloads = Reloads(config_file, lambda log: logs.configure(json=log.json, level=log.level))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, reloads.hang_up)
    await assembly.run(configuration, clock, stop=stop, reloads=reloads)


@click.command()
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


outbox = outbox_group(lambda configuration: asyncio.run(assembly.read_letters(configuration)))
