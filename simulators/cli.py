"""The simulator's command line: arguments in, exit code out."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from simulators.clock import ClockSpec, RealTime
from simulators.instants import parse_instant
from simulators.mqtt_load import Load, run_load
from simulators.mqtt_scenario import BatchForm
from simulators.run import Options, Simulation, UnavailableError
from simulators.scenario import load_scenario
from simulators.tables import DURATION, ConfigurationError, Table
from simulators.truth import as_json, as_text, sums

EXIT_UNAVAILABLE = 69
EXIT_CONFIGURATION = 78

_LONGEST_AGO_S = 3650 * 86_400

# A \b alone on a line keeps click from filling the paragraph.
_RUN_HELP = """Run SCENARIO, a TOML file, until interrupted.

\b
Example: from three hours ago until now at 60 times real time, then on in real time
  python -m simulators run simulators/scenarios/steady.toml \\
    --speed 60 --ago 3h --truth truth.jsonl

\b
Exit codes:
  0   ended by SIGINT or SIGTERM
  69  a port is taken, a file cannot be written, or the broker does not run
  78  the scenario or one of its data files cannot be used
"""

_TRUTH_HELP = """Add up the minutes of FILE, a truth ledger that the run command wrote.

Ratios are those of the sums, never means of the minutes' ratios.

\b
Example: one shift of one potline
  python -m simulators truth truth.jsonl --potline PL1 \\
    --from 2026-11-22T00:00:00Z --to 2026-11-22T08:00:00Z

\b
Exit codes:
  0   the sums are on standard output
  78  the file cannot be read, is no ledger, or has no minute in that time
"""


class _ClockParameter(click.ParamType[ClockSpec]):
    name = "START@UNIX*SPEED"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> ClockSpec:
        if isinstance(value, ClockSpec):
            return value
        try:
            return ClockSpec.parse(str(value))
        except ValueError as exc:
            self.fail(str(exc), param, ctx)


class _InstantParameter(click.ParamType[int]):
    name = "TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return parse_instant(str(value))
        except ValueError as exc:
            self.fail(str(exc), param, ctx)


class _DurationParameter(click.ParamType[int]):
    name = "DURATION"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return round(Table(Path("--ago"), {"ago": value}).quantity("ago", DURATION, low=0, high=_LONGEST_AGO_S))
        except ConfigurationError:
            self.fail(f"{value!r} is not a duration of at most ten years, such as 30min, 3h or 2d", param, ctx)


class _AddressParameter(click.ParamType[tuple[str, int]]):
    name = "HOST:PORT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        host, _, port = str(value).rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            self.fail(f"{value!r} is not of the form HOST:PORT, such as 127.0.0.1:1883", param, ctx)
        return host.strip("[]"), int(port)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Simulate an aluminium smelter: meters on Modbus TCP, pots and the crane's scale on MQTT."""


@main.command(help=_RUN_HELP)
@click.argument("scenario", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--clock",
    type=_ClockParameter(),
    help="Plant time was START (RFC 3339) when real time was UNIX (seconds since 1970), and runs SPEED times as fast "
    "until it has caught up with the present. Without it plant time is real time.",
)
@click.option(
    "--speed",
    type=click.IntRange(1, 3600),
    help="The simple form of --clock: plant time began --ago before now, and runs this many times as fast until it has "
    "caught up with the present.",
)
@click.option("--ago", type=_DurationParameter(), help="With --speed: such as 30min, 3h or 2d.  [default: 0s]")
@click.option(
    "--ports",
    type=click.Choice(["free", "configured"]),
    default="free",
    show_default=True,
    help="Listen on free loopback ports, or on those of the plant file.",
)
@click.option("--broker", type=_AddressParameter(), help="Publish to this running broker instead of the bundled one.")
@click.option(
    "--announce",
    type=click.Path(dir_okay=False, path_type=Path),
    help="When everything listens, write to this JSON file where.",
)
@click.option(
    "--truth",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Append to this file what really happened: JSON Lines, one a potline and minute of plant time.",
)
def run(
    *,
    scenario: Path,
    clock: ClockSpec | None,
    speed: int | None,
    ago: int | None,
    ports: str,
    broker: tuple[str, int] | None,
    announce: Path | None,
    truth: Path | None,
) -> None:
    """Run a scenario until a signal ends it."""
    options = Options(
        clock=_clock(clock, speed, ago),
        configured_ports=ports == "configured",
        broker=broker,
        announce=announce,
        truth=truth,
    )
    try:
        asyncio.run(Simulation(load_scenario(scenario), options).run(click.echo))
    except ConfigurationError as exc:
        click.echo(str(exc), err=True)
        raise SystemExit(EXIT_CONFIGURATION) from exc
    except UnavailableError as exc:
        click.echo(str(exc), err=True)
        raise SystemExit(EXIT_UNAVAILABLE) from exc


def _clock(clock: ClockSpec | None, speed: int | None, ago_s: int | None) -> ClockSpec:
    if clock is None:
        if (speed or 1) > 1 and not ago_s:
            raise click.UsageError(f"plant time is never later than real time: add --ago to --speed {speed}, as in 3h")
        return ClockSpec.ago(RealTime().now_ns(), ago_s or 0, speed or 1)
    if speed is not None or ago_s is not None:
        raise click.UsageError("--clock says it all: leave --speed and --ago out")
    return clock


@main.command(help=_TRUTH_HELP)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--from", "from_ns", type=_InstantParameter(), help="Minutes that begin at this time or later.")
@click.option("--to", "to_ns", type=_InstantParameter(), help="Minutes that begin before this time.")
@click.option("--potline", help="This potline alone; else each, and all of them together.")
@click.option("--json", "json_", is_flag=True, help="Write JSON instead of a table.")
def truth(file: Path, from_ns: int | None, to_ns: int | None, potline: str | None, *, json_: bool) -> None:
    """Add up a truth ledger."""
    try:
        found = sums(file, from_ns=from_ns, to_ns=to_ns, potline=potline)
    except ConfigurationError as exc:
        click.echo(str(exc), err=True)
        raise SystemExit(EXIT_CONFIGURATION) from exc
    click.echo(as_json(found) if json_ else as_text(found))


@main.command()
@click.option("--broker", type=_AddressParameter(), required=True, help="The broker to send to.")
@click.option("--pots", type=click.IntRange(1, 100_000), default=1200, show_default=True, help="Number of pots.")
@click.option("--rate", type=click.IntRange(1, 1000), default=10, show_default=True, help="Samples a second of a pot.")
@click.option("--seconds", type=click.IntRange(1), default=10, show_default=True, help="For how long.")
@click.option("--batch", type=click.IntRange(1, 10_000), default=1, show_default=True, help="Samples in a message.")
@click.option("--meters", type=click.IntRange(0), default=0, show_default=True, help="Meters, once a second each.")
@click.option("--form", type=click.Choice(list(BatchForm)), default=BatchForm.COLUMNS, show_default=True)
@click.option("--site", default="example", show_default=True, help="Segment of the topics.")
@click.option("--protocol", type=click.Choice(["3.1.1", "5"]), default="3.1.1", show_default=True)
def load(
    *,
    broker: tuple[str, int],
    pots: int,
    rate: int,
    seconds: int,
    batch: int,
    meters: int,
    form: BatchForm,
    site: str,
    protocol: str,
) -> None:
    """Send pot telemetry at QoS 1 and tell how many messages a second the broker took, and what that cost.

    A broker of MQTT 5 may bear only few messages on their way at once; with 3.1.1 there is no such limit.
    """
    wanted = Load(pots, rate, seconds, batch=batch, form=BatchForm(form), meters=meters, site=site)
    report = asyncio.run(run_load(wanted, *broker, protocol=protocol))
    if report is None:
        click.echo(f"the broker {broker[0]}:{broker[1]} does not let us in; check the address", err=True)
        raise SystemExit(EXIT_UNAVAILABLE)
    click.echo(str(report))
