"""A small plant at rest, the month stated again, and the page: what the collector takes where little happens."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench_children import HERE, child
from bench_plants import VALUES_OF_METER, polled_gateways
from bench_rates import bare_modbus, empty_influxdb, running_collector, to_influxdb
from bench_watch import Mark, peak_mb

_GATEWAYS, _METERS = 10, 5
_WARM_S = 5.0
_BARE_START = "import asyncio, numpy, msgspec, gmqtt, pymodbus.client, aiohttp"


def idle_plant(*, seconds: float, bare_s: float) -> dict[str, float]:
    """Measure fifty meters at a second, and how long the first reading takes from the start of the process.

    The first reading is when a meter was first asked, as the gateways tell.
    """
    with child("gateways.py", "--gateways", str(_GATEWAYS)) as bare:
        bare_us = bare_modbus(json.loads(bare.line()), meters=_METERS, period_s=1.0, seconds=bare_s)
    begin = time.monotonic()
    subprocess.run([sys.executable, "-c", _BARE_START], check=True)
    bare_start_s = time.monotonic() - begin
    with (
        tempfile.TemporaryDirectory() as name,
        empty_influxdb(Path(name) / "influxdb") as influxdb,
        child("gateways.py", "--gateways", str(_GATEWAYS)) as asked,
    ):
        plant = polled_gateways(Path(name), json.loads(asked.line()), meters=_METERS, every="1s")
        started = time.monotonic()
        with running_collector(Path(name), plant, to_influxdb(influxdb), one_core=False) as running:
            assert running.process is not None
            time.sleep(_WARM_S)
            mark = Mark.of(running.process.pid)
            time.sleep(seconds)
            end = Mark.of(running.process.pid)
            told = asked.ask(f"report {mark.time_s} {end.time_s} 1.0")
            values = told["requests"] * VALUES_OF_METER
            return {
                "core_share": round(mark.share_until(end), 4),
                "peak_mb": round(peak_mb(running.process.pid)),
                "first_reading_s": round(told["first_s"] - started, 2),
                "bare_start_s": round(bare_start_s, 2),
                "us_per_value": round((end.cpu_s - mark.cpu_s) / values * 1e6, 2),
                "bare_us_per_value": round(bare_us, 2),
            }


def of_script(script: str, *arguments: str) -> list[dict[str, Any]]:
    """Run another benchmark of this folder and return its lines of JSON."""
    done = subprocess.run(
        [sys.executable, str(HERE / script), *arguments], stdout=subprocess.PIPE, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
