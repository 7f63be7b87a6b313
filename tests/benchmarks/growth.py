"""How the cost of the collector grows with the plant: 1, 2, 4 and 8 times as many pots, and as many meters.

    .venv/bin/python tests/benchmarks/growth.py --seconds 10

A real collector process. Pots: a real mosquitto, four messages a second of each pot at QoS 1. Meters: gateways that
answer at once, eight meters of ten floats behind each, polled every second. One line of JSON a run: processor time of
all threads as a share of a core, that for each reading, and the memory that is resident at the end. The last lines say
whether eight times the plant costs at most eight times as much (and a quarter more: the machine is shared).
"""

import argparse
import json
import math
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]

from bench_children import child
from plant_run import CollectorProcess, Simulation, collector, wait_until
from pot_plant import cpu_s, logged, pot_collector
from pot_samples import Samples
from publisher import Publisher
from servers import running_mosquitto

S = 1_000_000_000
POTS, PER_POT_AND_SECOND = 150, 4
METERS, BEHIND_ONE, FLOATS = 24, 8, 10
TIMES = (1, 2, 4, 8)
MOST = 1.25
"""What eight times the plant may cost over eight times as much."""
_SETTLES_S = 3.0

_PROFILE = """
title = "Ten floats"
vendor = "none"
models = ["none"]
confidence = "design"
sources = ["this benchmark"]
[modbus]
function = 3
word_order = "msw_first"
"""
_QUANTITIES = {
    "active_power": "kW",
    "reactive_power": "kvar",
    "apparent_power": "kVA",
    "voltage": "V",
    "voltage_l1n": "V",
    "voltage_l2n": "V",
    "voltage_l3n": "V",
    "current": "A",
    "current_l1": "A",
    "current_l2": "A",
}


def measured(running: CollectorProcess, seconds: float) -> dict[str, float]:
    """Return what the process takes in some seconds from now on."""
    assert running.process is not None
    pid = running.process.pid
    before, cpu, began = running.state()["totals"]["readings_total"], cpu_s(pid), time.monotonic()
    time.sleep(seconds)
    cpu, wall = cpu_s(pid) - cpu, time.monotonic() - began
    readings = running.state()["totals"]["readings_total"] - before
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return {
        "readings_per_s": round(readings / wall),
        "core_share": round(cpu / wall, 4),
        "us_per_reading": round(cpu / max(1, readings) * 1e6, 1),
        "resident_mb": round(resident / 1024, 1),
    }


def of_pots(folder: Path, times: int, seconds: float) -> dict[str, float]:
    """Run with so many times the pots."""
    pots, rate = POTS * times, POTS * times * PER_POT_AND_SECOND
    with running_mosquitto(
        folder / "broker", max_inflight_messages=0, max_queued_messages=0, log_type="error"
    ) as broker:
        clock = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}@{time.time():.3f}*1"
        with pot_collector(folder, broker.port, pots=pots, clock=clock) as running:
            wait_until(lambda: bool(logged(running, "subscribed")), 30, running.process, running.log)
            ticks = math.ceil((seconds + 2 * _SETTLES_S + 2) * PER_POT_AND_SECOND)
            samples = Samples(pots, ticks, time.time_ns() // S * S, S // PER_POT_AND_SECOND)
            publisher = Publisher(broker.host, broker.port)
            load = threading.Thread(target=publisher.publish, args=(samples.messages(),), kwargs={"rate": rate})
            load.start()
            time.sleep(_SETTLES_S)
            found = measured(running, seconds)
            load.join()
            return {"pots": pots, **found}


def of_meters(folder: Path, times: int, seconds: float) -> dict[str, float]:
    """Run with so many times the meters."""
    meters = METERS * times
    with child("gateways.py", "--gateways", str(meters // BEHIND_ONE)) as gateways:
        ports = json.loads(gateways.line())
        settings = {"POTLINE_PLANT_FILE": str(plant_of(folder, ports)), "POTLINE_PROFILES_DIR": str(folder)}
        clock = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}@{time.time():.3f}*1"
        nothing_else = Simulation(clock, {"endpoints": {}, "brokers": {}}, folder / "nothing")
        with collector(folder, nothing_else, settings=settings) as running:
            time.sleep(_SETTLES_S)
            return {"meters": meters, **measured(running, seconds)}


def plant_of(folder: Path, ports: list[int]) -> Path:
    """Write a plant whose meters are only monitored, and their register map."""
    registers = "".join(
        f'[registers.{name}]\naddress = {2 * place}\ntype = "f32"\nunit = "{unit}"\n'
        for place, (name, unit) in enumerate(_QUANTITIES.items())
    )
    (folder / "ten.toml").write_text(_PROFILE + registers, encoding="utf-8")
    path = folder / "meters.toml"
    path.write_text("\n".join(_plant_lines(ports)), encoding="utf-8")
    return path


def _plant_lines(ports: list[int]) -> Iterator[str]:
    yield '[plant]\nid = "growth"\nname = "Growth"\ntime_zone = "UTC"'
    yield '[emissions]\nmethod = "ipcc_2006"\ngwp = "ar5"\ngrid_factor = "cn-national-2023"'
    yield '[potlines.PL1]\nname = "1"\npots = ["1001"]\ntechnology = "cwpb"\nanode_sulphur = "2 %"\nanode_ash = "0.4 %"'
    for key, value in (("current_efficiency", "93 %"), ("net_anode_consumption", "0.415 t/t")):
        yield f'{key} = [{{ value = "{value}", valid_from = 2024-01-01, source = "none" }}]'
    for number, port in enumerate(ports):
        yield f'[endpoints.g{number}]\ntransport = "modbus_tcp"\nhost = "127.0.0.1"\nport = {port}'
        for unit in range(1, BEHIND_ONE + 1):
            yield f'[meters.g{number}m{unit}]\nmeasures = "monitored"\nprofile = "ten"\nendpoint = "g{number}"'
            yield f'unit = {unit}\nevery = "1s"'


def verdict(kind: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Say whether the largest plant costs no more than its share over the smallest."""
    small, large = rows[0], rows[-1]
    work = large["readings_per_s"] / small["readings_per_s"]
    cpu, memory = large["core_share"] / small["core_share"], large["resident_mb"] / small["resident_mb"]
    return {
        "kind": kind,
        "work": round(work, 2),
        "core": round(cpu, 2),
        "memory": round(memory, 2),
        "linear_or_better": cpu <= MOST * work and memory <= MOST * work,
    }


def main() -> None:
    """Run them and print the lines; exit code 1 where the cost grows faster than the work."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=10.0)
    options.add_argument("--kind", choices=("pots", "meters"), help="One of them alone.")
    chosen = options.parse_args()
    verdicts = []
    for kind, run in (("pots", of_pots), ("meters", of_meters)):
        if chosen.kind not in {None, kind}:
            continue
        rows = []
        for times in TIMES:
            with tempfile.TemporaryDirectory() as folder:
                rows.append(run(Path(folder), times, chosen.seconds))
            sys.stdout.write(json.dumps(rows[-1]) + "\n")
            sys.stdout.flush()
        verdicts.append(verdict(kind, rows))
    for each in verdicts:
        sys.stdout.write(json.dumps(each) + "\n")
    sys.exit(0 if all(each["linear_or_better"] for each in verdicts) else 1)


if __name__ == "__main__":
    main()
