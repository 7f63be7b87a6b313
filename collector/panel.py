"""The commands for the person at the panel: ``read`` and ``scan``. Arguments in, exit code out."""

import asyncio
import json as json_text
import re
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click

from collector import logs
from collector.acquisition.modbus.connection import EndpointUnreachable, MeterRefused, MeterSilent, ModbusConnection
from collector.acquisition.modbus.once import look
from collector.acquisition.modbus.scan import Scan, Unit
from collector.acquisition.modbus.window import Window, read_window
from collector.clock import SystemClock
from collector.commands import blocks, found, looks, names
from collector.commands.invocation import EX_FAILURE, EX_UNAVAILABLE, config_option, counted, fail, load_or_exit, width
from collector.plant.meter import Endpoint, PolledMeter, Transport
from collector.plant.profile import MeterProfile
from collector.readings import units
from collector.settings import ConfigurationError
from collector.settings.profiles import profile_names, read_profile

T = TypeVar("T")
_Command = TypeVar("_Command", bound=Callable[..., Any])

_PORTS = {Transport.MODBUS_TLS: 802}
_TIMEOUT_S, _SCAN_TIMEOUT_S = 1.0, 0.5


class _Duration(click.ParamType[float]):
    """A time with its unit."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - click's
        """Return seconds."""
        if isinstance(value, float):
            return value
        try:
            seconds = units.parse(str(value), "s")
        except ValueError as exc:
            self.fail(str(exc), param, ctx)
        if not 0 < seconds <= 86400:
            self.fail(f"{value} is not between 0 and 1 d", param, ctx)
        return seconds


class _Units(click.ParamType[tuple[int, ...]]):
    """Unit ids: numbers and ranges."""

    name = "UNITS"

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click's
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[int, ...]:
        """Return the ids in the order in which they are written."""
        ids: list[int] = []
        for part in str(value).split(","):
            match = re.fullmatch(r"\s*(\d+)(?:\.\.(\d+))?\s*", part)
            if match is None or int(match[2] or match[1]) > 255 or int(match[2] or match[1]) < int(match[1]):
                self.fail(f"'{part.strip()}' are no unit ids; write 7, 1..32 or 1..32,255 (0 to 255)", param, ctx)
            ids += range(int(match[1]), int(match[2] or match[1]) + 1)
        return tuple(dict.fromkeys(ids))


class _Address(click.ParamType[int]):
    """An address on the wire, decimal or hexadecimal."""

    name = "ADDRESS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401 - click's
        """Return the address."""
        try:
            address = int(str(value), 0)
        except ValueError:
            self.fail(f"'{value}' is no address; write it like 3059 or 0x0BF3", param, ctx)
        if not 0 <= address <= 65535:
            remedy = "of a number like 403060 subtract 400001, and choose --function"
            self.fail(f"{value} is no address on the wire: those go from 0 to 65535; {remedy}", param, ctx)
        return address


DURATION, UNITS, ADDRESS = _Duration(), _Units(), _Address()


def line_options(command: _Command) -> _Command:
    """Add the options that say how to reach a place without a plant file."""
    for option in (
        click.option(
            "--timeout", type=DURATION, default=None, help="Patience for one request.  [default: 1s; scan 500ms]"
        ),
        click.option("--parity", type=click.Choice(["none", "even", "odd"]), default="even", show_default=True),
        click.option("--baud", type=click.IntRange(300, 4_000_000), default=19200, show_default=True),
        click.option("--device", metavar="FILE", help="A serial line instead of a host, like /dev/ttyS0."),
        click.option(
            "--transport",
            type=click.Choice([each.value for each in Transport if each is not Transport.MODBUS_TLS]),
            help="How Modbus is spoken there.  [default: modbus_tcp; with --device modbus_rtu]",
        ),
    ):
        command = option(command)
    return command


def endpoint_of(
    place: str | None, *, device: str | None, transport: str | None, baud: int, parity: str, timeout_s: float
) -> Endpoint:
    """Return the endpoint that the arguments name."""
    if (place is None) == (device is None):
        raise click.UsageError("name one place: HOST, HOST:PORT or --device FILE")
    spoken = Transport(transport or ("modbus_rtu" if device else "modbus_tcp"))
    if spoken.is_serial != (device is not None):
        what = "is spoken on a serial line: give --device" if spoken.is_serial else "is not spoken on a serial line"
        raise click.UsageError(f"--transport {spoken.value} {what}")
    if device is not None:
        name = "line_" + re.sub(r"[^a-z0-9]+", "_", Path(device).name.lower()).strip("_")
        data_bits, stop_bits = (7 if spoken.is_ascii else 8), (2 if parity == "none" else 1)
        return Endpoint(
            name,
            spoken,
            "",
            0,
            timeout_s,
            device=device,
            baud=baud,
            parity=parity,
            data_bits=data_bits,
            stop_bits=stop_bits,
        )
    host, port = host_and_port(place or "", _PORTS.get(spoken, 502))
    name = "host_" + re.sub(r"[^a-z0-9]+", "_", host.lower()).strip("_")
    return Endpoint(name, spoken, host, port, timeout_s)


def host_and_port(text: str, default: int) -> tuple[str, int]:
    """Return host and port of 'HOST', 'HOST:PORT', '[::1]:502' or a bare IPv6 address."""
    match = re.fullmatch(r"\[(?P<six>[^\]]+)\](?::(?P<port6>\d+))?|(?P<host>[^:\s]+)(?::(?P<port>\d+))?", text)
    if match is None:
        if text.count(":") > 1 and re.fullmatch(r"[0-9A-Fa-f:.%\w]+", text):
            return text, default
        raise click.BadParameter(f"'{text}' is no place; write it like 10.20.1.11 or 10.20.1.11:502", param_hint="HOST")
    port = int(match["port6"] or match["port"] or default)
    if not 1 <= port <= 65535:
        raise click.BadParameter(f"port {port} does not exist; ports go from 1 to 65535", param_hint="HOST")
    return match["six"] or match["host"], port


@click.command()
@click.argument("place", metavar="METER | HOST[:PORT]", required=False, shell_complete=names.meters)
@click.option("--watch", type=DURATION, metavar="TIME", help="Look at the counter again after this time, like 60s.")
@click.option("--json", is_flag=True, help="Print one JSON document instead of the table.")
@click.option("--raw", type=ADDRESS, metavar="ADDRESS", help="Show a block in every type and order. 0-based.")
@click.option("--count", type=click.IntRange(1, 123), default=2, show_default=True, help="With --raw: how many.")
@click.option("--function", type=click.IntRange(1, 4), default=3, show_default=True, help="With --raw.")
@click.option("--unit", type=click.IntRange(0, 255), default=None, help="With --raw.  [default: 1, or the meter's]")
@click.option("--twice", type=DURATION, metavar="TIME", help="With --raw: read again after this time, like 5s.")
@click.option("--all", "everything", is_flag=True, help="With --raw: every type, order and scale.")
@click.option(
    "--meter", metavar="ID", shell_complete=names.meters, help="With --raw: where this meter of the plant file is."
)
@click.option(
    "--endpoint",
    metavar="ID",
    shell_complete=names.endpoints,
    help="With --raw: where this endpoint of the plant file is.",
)
@line_options
@config_option
def read(
    *,
    place: str | None,
    watch: float | None,
    json: bool,
    raw: int | None,
    count: int,
    function: int,
    unit: int | None,
    twice: float | None,
    everything: bool,
    meter: str | None,
    endpoint: str | None,
    device: str | None,
    transport: str | None,
    baud: int,
    parity: str,
    timeout: float | None,
    config_file: Path,
) -> None:
    """Read METER once: every register of its profile, and whether the values make sense.

    With --raw, read any block of any device, without a plant file if need be, and show it in every type and order,
    the most plausible first. Addresses are 0-based, as on the wire.

    Exit code 0: all is well; 1: something is refused or implausible; 69: no answer; 78: the settings are wrong.

    \b
    Examples:
      potline read rectifier_1 --config /etc/potline/collector.toml
      potline read rectifier_1 --watch 60s
      potline read --raw 3059 --count 4 10.20.1.11 --unit 1 --twice 5s
      potline read --raw 0 --device /dev/ttyS0 --baud 9600 --unit 7
    """  # noqa: D301 - \b is what click knows
    if raw is None:
        if place is None:
            raise click.UsageError("name a METER of the plant file, or give --raw ADDRESS and a place")
        _read_meter(_meter(place, config_file), watch or 0.0, as_json=json)
        return
    if watch is not None or json:
        raise click.UsageError("--watch and --json do not go with --raw")
    named = [each for each in (place, device, meter, endpoint) if each is not None]
    if len(named) != 1:
        raise click.UsageError("with --raw name one place: HOST[:PORT], --device FILE, --meter ID or --endpoint ID")
    if meter is not None:
        found = _meter(meter, config_file)
        where, unit = found.endpoint, found.unit if unit is None else unit
    elif endpoint is not None:
        where = _endpoint(endpoint, config_file)
    else:
        timeout_s = _TIMEOUT_S if timeout is None else timeout
        where = endpoint_of(place, device=device, transport=transport, baud=baud, parity=parity, timeout_s=timeout_s)
    if raw + count > 65536:
        raise click.UsageError(f"{raw} and {count} registers reach beyond the last one, 65535")
    _read_raw(where, 1 if unit is None else unit, raw, count, function, twice or 0.0, everything=everything)


def _read_meter(meter: PolledMeter, watch_s: float, *, as_json: bool) -> None:
    result = _run(look(meter, SystemClock(), watch_s=watch_s))
    if as_json:
        click.echo(json_text.dumps(looks.document(result), ensure_ascii=False, indent=2))
    else:
        for line in looks.lines(result, width()):
            click.echo(line)
    if not result.answered:
        fail(result.error, EX_UNAVAILABLE)
    if result.error:
        click.echo(result.error, err=True)
    if not result.is_well:
        sys.exit(EX_FAILURE)


def _read_raw(
    endpoint: Endpoint, unit: int, address: int, count: int, function: int, twice_s: float, *, everything: bool
) -> None:
    async def reading() -> Window:
        async with ModbusConnection(endpoint, SystemClock()) as connection:
            return await read_window(
                connection, function=function, unit=unit, address=address, count=count, twice_s=twice_s
            )

    try:
        window = _run(reading())
    except (EndpointUnreachable, MeterSilent) as exc:
        fail(str(exc), EX_UNAVAILABLE)
    except MeterRefused as exc:
        fail(
            f"{exc}. Neither is one address lower or higher, or a shorter block; try another --function or --unit",
            EX_FAILURE,
        )
    click.echo(f"{endpoint.place} unit {unit}")
    for line in blocks.lines(window, width(), everything=everything):
        click.echo(line)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Do the work. What libraries log on the way is not for the person at the panel, who gets one sentence."""
    logs.configure(json=False, level="critical")
    return asyncio.run(work)


def _meter(name: str, config_file: Path) -> PolledMeter:
    meters = load_or_exit(config_file).plant.meters
    found = next((each for each in meters if each.id == name), None)
    if found is None:
        known = ", ".join(each.id for each in meters)
        raise click.BadParameter(f"there is no meter '{name}'; one of: {known}", param_hint="METER")
    if not isinstance(found, PolledMeter):
        hint = f"'{name}' cannot be asked: it speaks by itself, as {found.place}; see 'potline status'"
        raise click.BadParameter(hint, param_hint="METER")
    return found


def _endpoint(name: str, config_file: Path) -> Endpoint:
    endpoints = load_or_exit(config_file).plant.endpoints
    found = next((each for each in endpoints if each.id == name), None)
    if found is None:
        known = ", ".join(each.id for each in endpoints)
        raise click.BadParameter(f"there is no endpoint '{name}'; one of: {known}", param_hint="--endpoint")
    return found


@click.command()
@click.argument("place", metavar="HOST[:PORT]", required=False)
@click.option(
    "--units", type=UNITS, metavar="UNITS", help="Like 1..32.  [default: 1..247, over Modbus TCP also 0 and 255]"
)
@click.option(
    "--profiles",
    "profiles_dir",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path("config/profiles"),
    show_default=True,
    help="The register maps to compare with.",
)
@click.option("--json", is_flag=True, help="Print one JSON document when the scan is over.")
@line_options
def scan(
    *,
    place: str | None,
    json: bool,
    units: tuple[int, ...] | None,
    profiles_dir: Path,
    device: str | None,
    transport: str | None,
    baud: int,
    parity: str,
    timeout: float | None,
) -> None:
    """Find the meters behind HOST or a serial line: unit ids, what they call themselves, profiles that fit.

    Only reads. Each id that nobody has costs the time-out. A gateway that tells how long it waits for its meters is
    given that time; for one that keeps silent raise --timeout above its own.

    A scan of a serial line disturbs another master on it: two masters garble each other's questions. Stop the other
    one first. Behind a gateway the scan takes turns with its other users, and slows them down.

    Exit code 0: somebody was found; 1: nobody; 69: no connection.

    \b
    Examples:
      potline scan 10.20.1.11
      potline scan 10.20.1.11:502 --units 1..32
      potline scan --device /dev/ttyS0 --baud 9600 --parity none --units 1..10
    """  # noqa: D301 - \b is what click knows
    timeout_s = _SCAN_TIMEOUT_S if timeout is None else timeout
    where = endpoint_of(place, device=device, transport=transport, baud=baud, parity=parity, timeout_s=timeout_s)
    on_tcp = where.transport.has_transaction_ids
    ids = units or (*range(1, 248), *((0, 255) if on_tcp else ()))
    profiles = _profiles(profiles_dir)
    counts = f"{counted(len(ids), 'unit id')}, {counted(len(profiles), 'profile')}"
    click.echo(f"{where.place}, {where.transport.value}: {counts}", err=json)
    try:
        seen, notes = _run(_scanned(where, ids, profiles, quiet=json))
    except EndpointUnreachable as exc:
        _progress("")
        fail(str(exc), EX_UNAVAILABLE)
    if json:
        click.echo(json_text.dumps(found.document(where, seen, notes), ensure_ascii=False, indent=2))
        sys.exit(0 if seen else EX_FAILURE)
    for note in notes:
        click.echo(note)
    if not seen:
        fail(f"nobody answers at {where.place}; check power, cables, baud rate and transport", EX_FAILURE)
    pasted = list(found.sections(where, seen))
    if pasted:
        click.echo("\nfor the plant file:\n")
        click.echo("\n".join(pasted))


async def _scanned(
    where: Endpoint, ids: tuple[int, ...], profiles: list[MeterProfile], *, quiet: bool
) -> tuple[list[Unit], list[str]]:
    work = Scan(where, ids, profiles, SystemClock(), _progress)
    seen = []
    async for unit in work.found():
        _progress("")
        seen.append(unit)
        for line in [] if quiet else found.lines(unit, width()):
            click.echo(line)
    _progress("")
    return seen, work.notes


def _progress(text: str) -> None:
    """Show what is being done in one line, on a terminal only."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{text}", nl=False, err=True)


def _profiles(folder: Path) -> list[MeterProfile]:
    """Return the profiles of a folder; those that are wrong are told and left out."""
    profiles = []
    for name in profile_names(folder):
        try:
            profiles.append(read_profile(folder / f"{name}.toml"))
        except ConfigurationError as exc:
            click.echo(f"left out: {exc.problems[0]}", err=True)
    if not profiles:
        raise click.BadParameter(f"there is no profile in {folder}", param_hint="--profiles")
    return profiles
