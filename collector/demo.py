"""The demonstration: simulator and collector as two processes of their own, watched from a third.

The collector runs with the example configuration; the ports that the simulator found free, and a store in a temporary
folder, are given to it by environment variables, as any setting can be.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

_START_AGO = timedelta(hours=3)
_PATIENCE_S = 20.0
_EVERY_S = 5.0


class DemoFailed(Exception):
    """The demonstration cannot go on; the text says why."""


def run_demo(
    config_file: Path,
    *,
    speed: float,
    influx: str | None,
    org: str,
    bucket: str,
    token_file: Path | None,
    seconds: float | None,
    listen: str,
    say: Callable[[str], None],
) -> None:
    """Run until Ctrl-C, or for some seconds.

    Raises
    ------
    DemoFailed
        If simulator or collector cannot be started, or ends by itself.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal ends the children, too
        signal.signal(number, signal.default_int_handler)
    start = datetime.now(UTC) - _START_AGO
    clock = f"{start.strftime('%Y-%m-%dT%H:%M:%SZ')}@{time.time():.3f}*{speed:g}"
    with tempfile.TemporaryDirectory(prefix="potline-demo-") as folder, contextlib.ExitStack() as stack:
        here = Path(folder)
        announced, truth, log = here / "simulator.json", here / "truth.jsonl", here / "collector.log"
        scenario = _scenario(here, config_file.parent)
        say("starting a simulated potline ...")
        simulator = stack.enter_context(
            _child(
                "simulators",
                ["run", str(scenario), "--clock", clock, "--announce", str(announced), "--truth", str(truth)],
                dict(os.environ),
                here / "simulator.log",
            )
        )
        where = json.loads(_wait_for(announced, simulator, here / "simulator.log"))
        environment = dict(os.environ) | _environment(where, here, listen)
        if influx is not None:
            environment |= _database(influx, org=org, bucket=bucket, token_file=token_file)
        collector = stack.enter_context(
            _child("collector", ["run", "--config", str(config_file), "--clock", clock], environment, log)
        )
        page = _page_address(collector, log)
        say(f"simulator, broker and collector are running, {speed:g} times as fast as real time")
        say(f"live page: {page}")
        if influx is not None:
            say(f"writing to {influx}")
        say("Ctrl-C ends it\n")
        _watch(page, truth, [simulator, collector], log, seconds=seconds, say=say)


def _scenario(here: Path, config: Path) -> Path:
    """Write the steady scenario with the places of these configuration files, wherever the program is installed."""
    text = (Path(__file__).parents[1] / "simulators" / "scenarios" / "steady.toml").read_text(encoding="utf-8")
    scenario = here / "steady.toml"
    scenario.write_text(text.replace('"../../config', f'"{config}'), encoding="utf-8")
    return scenario


def _environment(where: dict[str, Any], here: Path, listen: str) -> dict[str, str]:
    found = {
        "POTLINE_STORE__PATH": str(here / "store.sqlite"),
        "POTLINE_PAGE__LISTEN": listen,
        "POTLINE_LOG__FORMAT": "json",
        # A second is a minute of plant time here, and the page would show old values.
        "POTLINE_STORE__COMMIT_EVERY": "200 ms",
    }
    for kind in ("endpoints", "brokers"):
        for name, place in where[kind].items():
            prefix = f"POTLINE_{kind}__{name}__".upper()
            found |= {f"{prefix}{key.upper()}": str(value) for key, value in place.items()}
    return found


def _database(url: str, *, org: str, bucket: str, token_file: Path | None) -> dict[str, str]:
    """Ask a database for its version, and return the settings to write to it."""
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/ping", timeout=5) as answer:  # noqa: S310 - the address the user gave
            version = answer.headers.get("X-Influxdb-Version", "2")
    except (OSError, ValueError) as exc:
        raise DemoFailed(f"ask {url}/ping: {exc}; check the address, it looks like http://127.0.0.1:8086") from exc
    prefix = "POTLINE_DELIVERY__DEMO__"
    if version.lstrip("v").startswith("1."):
        return {
            f"{prefix}KIND": "influxdb1",
            f"{prefix}URL": url,
            f"{prefix}DATABASE": bucket,
            f"{prefix}CREATE_DATABASE": "true",
        }
    found = {f"{prefix}KIND": "influxdb2", f"{prefix}URL": url, f"{prefix}ORG": org, f"{prefix}BUCKET": bucket}
    return found | ({f"{prefix}TOKEN_FILE": str(token_file.resolve())} if token_file is not None else {})


@contextlib.contextmanager
def _child(
    module: str, arguments: list[str], environment: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a Python process of its own session, so that Ctrl-C reaches it through us; end it with us."""
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own modules
            [sys.executable, "-m", module, *arguments],
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(file: Path, process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        if file.is_file():
            return file.read_text(encoding="utf-8")
        _alive(process, log)
        time.sleep(0.05)
    raise DemoFailed(f"the simulator did not start within {_PATIENCE_S:g} s:\n{_tail(log)}")


def _page_address(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        for line in log.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                entry = json.loads(line)
                if entry.get("event") == "page":
                    return str(entry["address"])
        _alive(process, log)
        time.sleep(0.05)
    raise DemoFailed(f"the collector did not start within {_PATIENCE_S:g} s:\n{_tail(log)}")


def _alive(process: subprocess.Popen[bytes], log: Path) -> None:
    if process.poll() is not None:
        raise DemoFailed(f"a part of the demonstration ended by itself (exit code {process.returncode}):\n{_tail(log)}")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])


def _watch(
    page: str,
    truth: Path,
    children: list[subprocess.Popen[bytes]],
    log: Path,
    *,
    seconds: float | None,
    say: Callable[[str], None],
) -> None:
    until = None if seconds is None else time.monotonic() + seconds
    try:
        while until is None or time.monotonic() < until:
            time.sleep(min(_EVERY_S, max(0.0, until - time.monotonic())) if until else _EVERY_S)
            for child in children:
                _alive(child, log)
            try:
                with urllib.request.urlopen(f"{page}api/state", timeout=5) as answer:  # noqa: S310 - our own page
                    state = json.load(answer)
            except (urllib.error.URLError, TimeoutError) as exc:
                say(f"the page does not answer: {exc}")
                continue
            for potline in state["potlines"]:
                say(_sentence(state["now"], potline, truth))
    except KeyboardInterrupt:
        say("\nstopping ...")


def _sentence(now: str, potline: dict[str, Any], truth: Path) -> str:
    """Return one readable line of a potline: its last whole minutes, and how far they are from the truth."""
    rows = [row for row in potline["recent"] if row["dc"] and row["liquid_ac"] and row["emissions"]]
    start = f"{now[11:16]} UTC  {potline['id']}"
    if not rows:
        return f"{start}  the first minute is not over yet"
    parts = [
        f"{start}  last {len(rows)} min:",
        f"DC {_ratio(rows, 'dc', 'energy_kwh'):,.0f} kWh/t",
        f"AC {_ratio(rows, 'liquid_ac', 'energy_kwh'):,.0f} kWh/t",
        f"{_ratio(rows, 'emissions', 'total_t_co2e'):.2f} t CO2e/t",
        f"coverage {sum(row['dc']['coverage_pct'] for row in rows) / len(rows):.0f} %",
    ]
    true = _true_dc(truth, potline["id"], rows)
    if true is not None:
        measured, exact = true
        parts.append(f"(simulator's truth: DC {exact:,.0f} kWh/t, off by {100 * (measured / exact - 1):+.2f} %)")
    return "  ".join(parts)


def _ratio(rows: list[dict[str, Any]], part: str, numerator: str) -> float:
    """Return a ratio of sums over minutes."""
    return float(sum(row[part][numerator] for row in rows) / sum(row[part]["metal_t"] for row in rows))


def _true_dc(truth: Path, potline: str, recent: list[dict[str, Any]]) -> tuple[float, float] | None:
    """Return measured and true DC kWh/t over the minutes that both know."""
    if not truth.is_file():
        return None
    known = {}
    for line in truth.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(json.JSONDecodeError):  # the last line may be half written
            minute = json.loads(line)
            if minute["potline"] == potline:
                known[minute["minute"]] = minute
    pairs = [(row["dc"], known[row["start"]]) for row in recent if row["start"] in known]
    if not pairs:
        return None
    measured = sum(dc["energy_kwh"] for dc, _ in pairs) / sum(dc["metal_t"] for dc, _ in pairs)
    exact = sum(minute["dc_kwh"] for _, minute in pairs) / sum(minute["metal_t"] for _, minute in pairs)
    return measured, exact
