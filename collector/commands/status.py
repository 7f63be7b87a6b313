"""How a running collector is doing, in words: asked over its page, which also works from another shell."""

import http.client
import json
import ssl
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from collector.commands.invocation import EX_FAILURE, EX_UNAVAILABLE, config_option, fail, load_or_exit
from collector.settings import PageSettings

TIMEOUT_S = 5.0
_GOOD = 192


class NotRunning(Exception):
    """No collector answers where the page should be."""


@click.command()
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
        state = ask(load_or_exit(config_file).page)
    except NotRunning as exc:
        fail(str(exc), EX_UNAVAILABLE)
    if as_json:
        click.echo(json.dumps(state, indent=2, ensure_ascii=False))
    else:
        for line in lines(state):
            click.echo(line)
    if not is_well(state):
        sys.exit(EX_FAILURE)


def ask(page: PageSettings) -> dict[str, Any]:
    """Return the state of the collector whose page is set up like that.

    Raises
    ------
    NotRunning
        If nobody answers, or somebody else does, or the token is not the one that it was started with.
    """
    if page.port == 0:
        raise NotRunning("[page] listen has port 0, a free one each time; give it a number to ask for the status")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(page.host, page.host)  # noqa: S104 - all interfaces are replaced
    place = f"ask the collector at {host} port {page.port}"
    try:
        headers = (
            {"Authorization": f"Bearer {page.token_file.read_text(encoding='utf-8').strip()}"}
            if page.token_file
            else {}
        )
        connection = _connection(host, page)
    except OSError as exc:
        raise NotRunning(f"{place}: {exc}; be the collector's user, or root") from exc
    try:
        connection.request("GET", "/api/state", headers=headers)
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as exc:
        reason = getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
        raise NotRunning(f"{place}: {reason}; is it running? 'potline run', or 'systemctl status potline'") from exc
    finally:
        connection.close()
    if response.status in {http.client.UNAUTHORIZED, http.client.TOO_MANY_REQUESTS}:
        told = body.decode(errors="replace").strip()
        what = f"it does not take the token of {page.token_file}" if page.token_file else "it asks for a token"
        remedy = "it was started with another one; restart it, or give the [page] token_file that it has"
        raise NotRunning(f"{place}: {what} ({told}); {remedy}")
    try:
        state = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError as exc:
        raise NotRunning(f"{place}: what answers there is no collector; check [page] listen") from exc
    if response.status != http.client.OK or "meters" not in state:
        raise NotRunning(f"{place}: what answers there is no collector; check [page] listen")
    return state


def _connection(host: str, page: PageSettings) -> http.client.HTTPConnection:
    if page.certificate is None:
        return http.client.HTTPConnection(host, page.port, timeout=TIMEOUT_S)
    # Nothing but the page's own certificate is believed, whatever name stands in it: it is asked on this machine.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = False
    context.load_verify_locations(cafile=page.certificate[0])
    return http.client.HTTPSConnection(host, page.port, timeout=TIMEOUT_S, context=context)


def is_well(state: Mapping[str, Any]) -> bool:
    """Tell whether nothing needs a human.

    Line and sources run, every meter is good, every database takes its lines, and no alert stands.
    """
    return (
        not state["line_waits"]
        and not state["alerts"]
        and all(words == "running" for words in state["sources"].values())
        and all(database["delivering"] for database in state["databases"])
        and all(meter["quality"] >= _GOOD and not meter["set_aside"] for meter in state["meters"])
    )


def lines(state: Mapping[str, Any]) -> Iterator[str]:
    """Say how the collector is doing."""
    plant, totals = state["plant"], state["totals"]
    yield f"{plant['name']} ({plant['id']}): running since {state['started']}, now {state['now']}"
    yield from _section("sources", state["sources"].items())
    yield "meters"
    width = max((len(meter["id"]) for meter in state["meters"]), default=0)
    for meter in state["meters"]:
        yield from _meter(meter, width)
    if not state["meters"]:
        yield "  none is configured"
    told = [(database["name"], _database(database)) for database in state["databases"]]
    yield from _section("databases", told or [("none", "the store alone keeps everything")])
    if state["alerts"]:
        yield from _section("alerts", [_alert(alert) for alert in state["alerts"]])
    outbox = state["outbox"]
    yield f"outbox: {outbox['records']} records, {outbox['size_bytes']} bytes; dead letters: {outbox['dead']}"
    if totals["dropped_records_by_cause"]:
        yield from _section("records dropped", _counts(totals["dropped_records_by_cause"]))
    if totals["readings_lost_by_wait"]:
        yield from _section("readings lost while the line waited", _counts(totals["readings_lost_by_wait"]))
    if state["line_waits"]:
        yield f"the line waits: {state['line_waits']}"
    yield (
        f"readings: {totals['readings_total']}, without a value: {totals['readings_bad_total']}, "
        f"polls skipped: {totals['poll_late_total']}, steps of the clock: {totals['clock_steps_total']}"
    )


def _database(database: Mapping[str, Any]) -> str:
    words = str(database["state"])
    if database["oldest"] is not None:
        words += f", {seconds(database['lag_s'])} behind since {database['oldest']}: {database['records']} records"
    if database["delivered"] is not None:
        words += f", took lines last at {database['delivered']}"
    return words


def _alert(alert: Mapping[str, Any]) -> tuple[str, str]:
    series = " ".join(f"{key}={value}" for key, value in alert["tags"].items())
    since = "" if alert["since"] is None else f" (since {alert['since']})"
    return f"{alert['rule']} {series}".rstrip(), f"{alert['severity']}: {alert['text']}{since}"


def seconds(value: float) -> str:
    """Return a time [s] in its largest unit of which it has two or more."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if value >= 2 * length:
            return f"{value / length:.0f} {unit}"
    return f"{value:.0f} s"


def _counts(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    return [(cause.replace("_", " "), str(count)) for cause, count in counts.items()]


def _section(title: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    listed = list(rows)
    yield title
    width = max((len(name) for name, _ in listed), default=0)
    for name, words in listed:
        yield f"  {name:<{width}}  {words}"


def _meter(meter: Mapping[str, Any], width: int) -> Iterator[str]:
    age = "never read" if meter["age_s"] is None else f"{meter['age_s']:.0f} s old"
    trip = "" if meter["round_trip_s"] is None else f", answers in {1000 * meter['round_trip_s']:.1f} ms"
    yield f"  {meter['id']:<{width}}  {meter['quality_words']}, {age}{trip}, {meter['endpoint']}"
    if meter["error"]:
        yield f"      {meter['error']}"
    for aside in meter["set_aside"]:
        yield f"      set aside since {aside['since']}: {', '.join(aside['registers'])}: {aside['reason']}"
    if meter["most_registers"] is not None:
        yield f"      takes at most {meter['most_registers']} registers a request"
