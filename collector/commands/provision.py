"""potline provision: what the databases need before the collector writes to them, shown first, then made."""

import base64
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from collector.commands import names
from collector.commands.invocation import (
    EX_FAILURE,
    EX_UNAVAILABLE,
    config_option,
    counted,
    fail,
    load_or_exit,
    width,
    wrapped,
)
from collector.delivery.provisioning.admin_api import AdminApi
from collector.delivery.provisioning.plan import ProvisionFailed, Secret, State, Step, Wanted, in_the_way, to_do
from collector.delivery.provisioning.secret_files import read_secret
from collector.delivery.provisioning.server import Server, carried_out, looked_at, recognised
from collector.readings import units
from collector.settings import DeliveryTarget, InfluxKind

FOR_EVER = "forever"
_LEAST_S = 3600
_MOST_S = 100 * 366 * 86400
_DONE = {State.MISSING: "made", State.DIFFERS: "changed"}
_TOKEN_VARIABLE, _PASSWORD_VARIABLE, _USER_VARIABLE = "INFLUX_TOKEN", "INFLUX_PASSWORD", "INFLUX_USERNAME"


@dataclass(frozen=True, slots=True)
class _Administrator:
    """Who asks: a token (InfluxDB 2 and 3), or a name and a password (1). Nothing where none is needed."""

    user: str
    secret: str

    def headers(self, kind: InfluxKind) -> dict[str, str]:
        if not self.secret:
            return {}
        if kind is InfluxKind.INFLUXDB1:
            return {"Authorization": f"Basic {self._pair}"}
        # InfluxDB 2 knows both words, InfluxDB 3 this one.
        return {"Authorization": f"Bearer {self.secret}"}

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.secret, self._pair) if self.secret else ()

    @property
    def _pair(self) -> str:
        return base64.b64encode(f"{self.user}:{self.secret}".encode()).decode()


def _retention(_context: click.Context, parameter: click.Parameter, value: str) -> int:
    if value == FOR_EVER:
        return 0
    hint = f"--{(parameter.name or '').replace('_', '-')}"
    try:
        seconds = units.parse(value, "s")
    except ValueError as exc:
        raise click.BadParameter(f"{exc}, or '{FOR_EVER}'", param_hint=hint) from exc
    if not _LEAST_S <= seconds <= _MOST_S or seconds != int(seconds):
        raise click.BadParameter(f"{value} is out of bounds; give 1h to 36600d in whole seconds", param_hint=hint)
    return int(seconds)


@click.command()
@click.argument("name", required=False, shell_complete=names.databases)
@click.option("--retention", required=True, callback=_retention, help=f"How long raw lines are kept: 90d, {FOR_EVER}.")
@click.option(
    "--hourly-retention",
    default=FOR_EVER,
    show_default=True,
    callback=_retention,
    help="How long hourly sums and means are kept.",
)
@click.option("--no-hourly", is_flag=True, help="Make no hourly sums and means.")
@click.option("--shorten", is_flag=True, help="Let a retention become shorter, which deletes what is older.")
@click.option(
    "--admin-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"File with the administrator's token, or password (1.x); else {_TOKEN_VARIABLE}, or {_PASSWORD_VARIABLE}.",
)
@click.option("--admin-user", envvar=_USER_VARIABLE, default="admin", help="The administrator's name (1.x).")
@click.option(
    "--collector-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for the collector's token or password, if not the one in the settings.",
)
@click.option(
    "--grafana-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for Grafana's token or password; without it, it is shown once.",
)
@click.option("--grafana-user", default="grafana", show_default=True, help="Grafana's name (1.x).")
@click.option("--server", type=click.Choice([each.value for each in Server]), help="Which database it is, unasked.")
@click.option("--yes", is_flag=True, help="Do it; without this, only show what would be done.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@config_option
def provision(
    *,
    name: str | None,
    retention: int,
    hourly_retention: int,
    no_hourly: bool,
    shorten: bool,
    admin_file: Path | None,
    admin_user: str,
    collector_file: Path | None,
    grafana_file: Path | None,
    grafana_user: str,
    server: str | None,
    yes: bool,
    as_json: bool,
    config_file: Path,
) -> None:
    """Make in a database what the collector and Grafana need: buckets, mappings, tokens, hourly sums.

    NAME is that of the database in the settings, [delivery.NAME]. Shows what is there and what would be made, and with
    --yes makes it. To run it again does no harm. Hourly sums add numerators and denominators, never ratios. The
    administrator's token is neither kept nor shown. Exit code 0: done, or shown; 1: something is in the way, and
    nothing was changed; 69: the database does not answer or refuses.

    \b
    Examples:
      potline provision --retention 90d --admin-file admin.token
      potline provision plantdb --retention 90d --grafana-file /etc/potline/grafana-token --yes
    """  # noqa: D301 - \b is what click knows
    target = _target(load_or_exit(config_file, with_secrets=False).targets, name)
    wanted = Wanted(
        name=target.name,
        org=target.org,
        bucket=target.bucket,
        streams=target.streams,
        retention_s=retention,
        hourly="" if no_hourly else ("hourly" if target.kind is InfluxKind.INFLUXDB1 else f"{target.bucket}_hourly"),
        hourly_retention_s=hourly_retention,
        shorten=shorten,
        writer=target.username or "",
        reader=grafana_user,
        writer_file=collector_file or target.secret_file,
        reader_file=grafana_file,
    )
    try:
        administrator = _administrator(target.kind, admin_file, admin_user)
        api = AdminApi(
            target.url,
            headers=administrator.headers(target.kind),
            secrets=administrator.secrets,
            timeout_s=target.timeout_s,
        )
        found = recognised(api) if server is None else Server(server)
        _check_kind(target, found)
        steps = looked_at(found, api, wanted)
        _shown_and_done(target, found, steps, yes=yes, as_json=as_json)
    except ProvisionFailed as exc:
        fail(str(exc), EX_UNAVAILABLE)


def _target(targets: Sequence[DeliveryTarget], name: str | None) -> DeliveryTarget:
    names = ", ".join(target.name for target in targets)
    if not targets:
        fail("find the database: the settings have none; add [delivery.NAME]", EX_FAILURE)
    if name is None and len(targets) == 1:
        return targets[0]
    for target in targets:
        if target.name == name:
            return target
    what = "there are several" if name is None else f"there is no {name}"
    raise click.BadParameter(f"{what}; name one of {names}", param_hint="NAME")


def _administrator(kind: InfluxKind, path: Path | None, user: str) -> _Administrator:
    if path is not None:
        secret = read_secret(path)
        if not secret:
            raise ProvisionFailed(f"read {path}: it is not there or empty; write the administrator's secret into it")
        return _Administrator(user, secret)
    variable = _PASSWORD_VARIABLE if kind is InfluxKind.INFLUXDB1 else _TOKEN_VARIABLE
    secret = os.environ.get(variable, "").strip()
    if not secret.isprintable():
        raise ProvisionFailed(f"read {variable}: it is not one line of text; give the secret and nothing else")
    return _Administrator(user, secret)


def _check_kind(target: DeliveryTarget, found: Server) -> None:
    is_first = found is Server.INFLUXDB1
    if is_first != (target.kind is InfluxKind.INFLUXDB1):
        right = InfluxKind.INFLUXDB1.value if is_first else InfluxKind.INFLUXDB2.value
        what = f"[delivery.{target.name}] kind is {target.kind.value}, and {found.value} answers"
        fail(f'provision {target.name}: {what}; write kind = "{right}"', EX_FAILURE)


def _shown_and_done(target: DeliveryTarget, server: Server, steps: list[Step], *, yes: bool, as_json: bool) -> None:
    blocked, open_ = in_the_way(steps), to_do(steps)
    done: list[Step] = []
    secrets: list[Secret] = []
    if not as_json:
        for line in _lines(target, server, steps):
            click.echo(line)
    try:
        if yes and not blocked:
            carried_out(steps, done=done.append, told=secrets.append)
    finally:
        # Also when a later step failed: a secret that is told once must not be lost.
        if as_json:
            click.echo(json.dumps(_document(target, server, steps, done, secrets), indent=2, ensure_ascii=False))
        else:
            for line in _outcome(done, secrets):
                click.echo(line)
    if blocked:
        fail(f"{counted(len(blocked), 'thing')} in the way; nothing was changed", EX_FAILURE)
    if open_ and not yes:
        click.echo(f"nothing was changed; --yes does {counted(len(open_), 'thing')}", err=True)
    elif not open_ and not as_json:
        click.echo("nothing to do")


def _lines(target: DeliveryTarget, server: Server, steps: Sequence[Step]) -> Iterator[str]:
    yield f"{target.name}: {server.value}, {target.bucket}"
    longest = max(len(state.value) for state in State)
    for step in steps:
        detail = f": {step.detail}" if step.detail else ""
        yield from wrapped(f"{step.state.value:<{longest}}  {step.what}{detail}", width(), after=longest + 4)


def _outcome(done: Sequence[Step], secrets: Sequence[Secret]) -> Iterator[str]:
    for step in done:
        yield f"{_DONE[step.state]}: {step.what}"
    for secret in secrets:
        yield f"{secret.name}, shown this once: {secret.value}"


def _document(
    target: DeliveryTarget, server: Server, steps: Sequence[Step], done: Sequence[Step], secrets: Sequence[Secret]
) -> dict[str, object]:
    return {
        "database": target.name,
        "server": server.value,
        "bucket": target.bucket,
        "steps": [
            {
                "what": step.what,
                "state": step.state.name.lower(),
                "detail": step.detail,
                "done": any(step is each for each in done),
            }
            for step in steps
        ],
        "secrets": {secret.name: secret.value for secret in secrets},
    }
