"""The real process against a simulated plant whose five meters are reached in five ways, down to the closed minutes."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from certificates import authority, certificate
from plant_run import ROOT, CollectorProcess, collector, simulated_plant, wait_until

MINUTES = 16
AT_CLASS_HALF = 0.005
"""What is asked of a plant with meters of class 0.5."""

EXAMPLE = (ROOT / "config" / "plants" / "example.toml").read_text(encoding="utf-8")

PLACES = {
    "pl1_dc": "plc",
    "rectifier_1": "intake",
    "rectifier_2": "hall",
    "fume_treatment": "fans",
    "compressed_air": "cellar",
}
TRANSPORTS = {
    "plc": "modbus_tcp",
    "intake": "modbus_tls",
    "hall": "rtu_over_tcp",
    "fans": "ascii_over_tcp",
    "cellar": "modbus_rtu",
}
# A pseudo-terminal knows no parity. Its speed, unlike the plant's, is the real one.
ENDPOINTS = """
[endpoints.plc]
transport = "modbus_tcp"
host = "127.0.0.1"
port = 5020

[endpoints.intake]
transport = "modbus_tls"
host = "127.0.0.1"
port = 5021
server_name = "intake.example"
ca_file = "FOLDER/plant-ca.pem"
certificate_file = "FOLDER/collector.pem"
key_file = "FOLDER/collector.key"

[endpoints.hall]
transport = "rtu_over_tcp"
host = "127.0.0.1"
port = 5022

[endpoints.fans]
transport = "ascii_over_tcp"
host = "127.0.0.1"
port = 5023

[endpoints.cellar]
transport = "modbus_rtu"
device = "/dev/ttyUSB0"
baud = 115200
parity = "none"
"""
# The counter of compressed_air is a float of 32 bits: after many years it shows steps of several kilowatt-hours.
SCENARIO = f"""
plant = "plant.toml"
profiles = "{ROOT}/config/profiles"
factors = "{ROOT}/config/factors"
seed = 5
telemetry_every = "10s"

[potlines.PL1]
line_current_ka = 400
pot_voltage_v = 4.00
anode_effects_per_pot_day = 0.1
tap_every = "24h"

[feeders]
fume_treatment = "1.2 MW"
compressed_air = "0.6 MW"

[meters.compressed_air]
energy_start_kwh = 12000

[endpoints.intake]
transport = "modbus_tls"
certificate = "intake.example.pem"
key = "intake.example.key"
client_ca = "plant-ca.pem"
"""


def written(folder: Path) -> Path:
    """Write the plant file of the example's potline and meters on other endpoints, and a quiet day of it."""
    head, _, _ = EXAMPLE.partition("## Endpoints are")
    meters = []
    for name, endpoint in PLACES.items():
        section = tomllib.loads(EXAMPLE)["meters"][name] | {"endpoint": endpoint}
        # Texts and whole numbers are written alike in JSON and TOML.
        rows = [f"{key} = {json.dumps(value)}" for key, value in section.items()]
        meters.append("\n".join([f"[meters.{name}]", *rows]))
    (folder / "plant.toml").write_text(
        "\n\n".join([head, ENDPOINTS.replace("FOLDER", str(folder)), *meters]), encoding="utf-8"
    )
    authority(folder, "plant-ca")
    certificate(folder, "intake.example", by="plant-ca")
    certificate(folder, "collector", by="plant-ca")
    scenario = folder / "scenario.toml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    return scenario


def total(rows: dict[str, Any], minutes: list[str], key: str) -> float:
    return float(sum(rows[minute][key] for minute in minutes))


@pytest.mark.timeout(120)
def test_minutes_close_with_the_right_energy_whatever_way_a_meter_is_reached(tmp_path: Path) -> None:
    scenario = written(tmp_path)
    settings = {"POTLINE_PLANT_FILE": str(tmp_path / "plant.toml")}
    with (
        simulated_plant(tmp_path, scenario, broker=None) as plant,
        collector(tmp_path, plant, settings=settings) as running,
    ):
        assert plant.transports == TRANSPORTS
        wait_until(lambda: closed(running) >= MINUTES + 2, 90, running.process, running.log)
        state = running.state()
        assert running.stop() == 0
        truth = plant.truth()

    found = running.minutes()
    minutes = sorted(set(found) & set(truth))[1 : MINUTES + 1]  # the first one began before the collector did
    assert len(minutes) == MINUTES
    for key in ("dc_kwh", "ac_kwh", "auxiliary_kwh"):
        assert total(found, minutes, key) == pytest.approx(total(truth, minutes, key), rel=AT_CLASS_HALF), key
    assert {meter["id"]: meter["quality"] for meter in state["meters"]} == dict.fromkeys(PLACES, 192)
    assert {meter["id"]: meter["error"] for meter in state["meters"]} == dict.fromkeys(PLACES, "")
    assert [meter["set_aside"] for meter in state["meters"]] == [[]] * 5
    reached = {meter["id"]: meter["endpoint"] for meter in state["meters"]}
    assert reached["compressed_air"].endswith(" at 115200 8N1 unit 12")
    assert reached["rectifier_1"] == f"127.0.0.1 port {plant.announced['endpoints']['intake']['port']} unit 1"
    assert plant.asked_for() == {3, 4}  # nothing is ever written to a meter


def closed(running: CollectorProcess) -> int:
    return len(running.minutes()) if running.store.exists() else 0
