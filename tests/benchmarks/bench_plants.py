"""Plants for benchmarks: 1,200 pots that speak over MQTT, and gateways with meters of 62 values each."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from plant_run import ROOT, Simulation

from collector.readings.quantity import Kind, Quantity

POTS, POTS_PER_LINE = 1200, 300
VALUES_OF_METER = 62
"""Floats in 124 registers: as many as one request can read."""
_SMELTER = ROOT / "simulators" / "scenarios" / "plants" / "smelter-1200.toml"
_LEFT_OUT = re.compile(r"^\[+(endpoints|meters)\b")
_POLLED = """
[plant]
id = "bench"
name = "Gateways alone"
time_zone = "Asia/Shanghai"

[emissions]
method = "ipcc_2006"
gwp = "ar5"
grid_factor = "cn-national-2023"

[potlines.PL1]
name = "Potline 1"
pots = ["1001..1002"]
technology = "cwpb"
current_efficiency = [{ value = "93.5 %", valid_from = 2024-01-01, source = "example" }]
net_anode_consumption = [{ value = "0.415 t/t", valid_from = 2024-01-01, source = "example" }]
anode_sulphur = "2.0 %"
anode_ash = "0.4 %"
"""
_PROFILE = """
title = "62 floats in 124 registers"
vendor = "Nobody"
models = ["B1"]
confidence = "design"
sources = ["this project"]

[modbus]
function = 3
addresses_from = 0
word_order = "msw_first"
"""


@dataclass(frozen=True, slots=True)
class BenchPlant:
    """A plant's settings, as environment variables; ``probed`` are pots or meters that are watched in a database.

    ``measurement``, ``tag`` and ``field`` are where their readings stand there.
    """

    settings: dict[str, str]
    measurement: str
    tag: str
    field: str
    probed: tuple[str, ...]
    site: str = ""


def now_clock(folder: Path) -> Simulation:
    """Return a plant without simulated servers, and with the clock that plants have: the machine's."""
    return Simulation("", {"endpoints": {}, "brokers": {}}, folder / "nothing")


def pots_over_mqtt(folder: Path, host: str, port: int) -> BenchPlant:
    """Return the smelter of 1,200 pots without its meters."""
    text = _SMELTER.read_text(encoding="utf-8")
    tables = re.split(r"^(?=\[)", text, flags=re.MULTILINE)
    kept = "".join(table for table in tables if not _LEFT_OUT.match(table))
    file = folder / "plant.toml"
    file.write_text(kept, encoding="utf-8")
    ((broker, keys),) = tomllib.loads(kept)["brokers"].items()
    settings = {
        "POTLINE_PLANT_FILE": str(file),
        f"POTLINE_BROKERS__{broker}__HOST".upper(): host,
        f"POTLINE_BROKERS__{broker}__PORT".upper(): str(port),
    }
    probed = tuple(str(line * 1000 + place) for line in range(1, 5) for place in (1, 120, 300))
    return BenchPlant(settings, "pot", "pot", "voltage_v", probed, keys["site"])


def polled_gateways(folder: Path, ports: list[int], *, meters: int, every: str) -> BenchPlant:
    """Return a plant of gateways with so many meters each, all of them read with one period."""
    profiles = folder / "profiles"
    profiles.mkdir(exist_ok=True)
    gauges = [quantity for quantity in Quantity if quantity.kind is Kind.GAUGE][:VALUES_OF_METER]
    registers = "".join(
        f'[registers.{gauge.label}]\naddress = {2 * place}\ntype = "f32"\nunit = "{gauge.unit}"\n'
        for place, gauge in enumerate(gauges)
    )
    (profiles / "bench.toml").write_text(_PROFILE + registers, encoding="utf-8")
    tables = [_POLLED]
    for number, port in enumerate(ports):
        tables.append(
            f'[endpoints.g{number}]\ntransport = "modbus_tcp"\nhost = "127.0.0.1"\nport = {port}\ntimeout = "1s"\n'
        )
        tables += [
            f'[meters.g{number}m{unit}]\nmeasures = "monitored"\nprofile = "bench"\nendpoint = "g{number}"\n'
            f'unit = {unit}\nevery = "{every}"\n'
            for unit in range(1, meters + 1)
        ]
    file = folder / "plant.toml"
    file.write_text("\n".join(tables), encoding="utf-8")
    settings = {"POTLINE_PLANT_FILE": str(file), "POTLINE_PROFILES_DIR": str(profiles)}
    return BenchPlant(settings, "meter", "meter", "active_power_kw", tuple(f"g{n}m1" for n in range(0, len(ports), 10)))
