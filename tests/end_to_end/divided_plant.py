"""A plant of two potlines and a service that both share: as the simulator has it, and as collectors divide it.

The simulator's meters answer over Modbus and tell the same over MQTT. The collectors hear those of line 1 and the
shared service, so that all of them have the same readings; one rectifier of line 2 is polled, by each in its own time.
"""

from pathlib import Path

from plant_run import ROOT

_HEAD = """
[plant]
id = "twolines"
name = "Two lines"
time_zone = "Asia/Shanghai"

[emissions]
method = "ipcc_2006"
gwp = "ar5"
grid_factor = "cn-national-2023"
"""
_LINE = """
[potlines.{line}]
name = "Potline {line}"
pots = ["{pots}"]
technology = "cwpb"
current_efficiency = [{{ value = "93.5 %", valid_from = 2024-01-01, source = "example" }}]
net_anode_consumption = [{{ value = "0.415 t/t", valid_from = 2024-01-01, source = "example" }}]
anode_sulphur = "2.0 %"
anode_ash = "0.4 %"
"""
_PLC = """
[endpoints.plc]
transport = "modbus_tcp"
host = "127.0.0.1"
port = 5020
"""
_BROKER = """
[brokers.potroom]
host = "127.0.0.1"
port = 1883
site = "twolines"
client_id = "potline-twolines"
"""
_COLLECTORS = """
[collectors.both]
potlines = ["PL1", "PL2"]
shared = true
"""
_DIVIDED = """
[collectors.a]
potlines = ["PL1"]
shared = true
[collectors.b]
potlines = ["PL2"]
"""
_METERS = {
    "pl1_dc": ("line_dc", "PL1", "generic-dc-bus-plc", 1, "80 MW"),
    "pl1_rectifier": ("rectifier_ac", "PL1", "schneider-pm5xxx", 2, "90 MW"),
    "pl2_dc": ("line_dc", "PL2", "generic-dc-bus-plc", 3, "80 MW"),
    "pl2_rectifier": ("rectifier_ac", "PL2", "schneider-pm5xxx", 4, "90 MW"),
    "compressed_air": ("auxiliary_ac", "", "schneider-pm5xxx", 5, "4 MW"),
    "intake": ("incomer_ac", "", "schneider-pm5xxx", 6, "200 MW"),
}
_POLLED = "pl2_rectifier"
_OF_A_LINE = {
    "compressed_air": {"line": "PL1"},
    "intake": {"measures": "auxiliary_ac", "line": "PL2"},
}
"""The simulator knows services of single lines only. What they are taken for is the collectors' business."""
_SCENARIO = f"""
plant = "simulated.toml"
profiles = "{ROOT}/config/profiles"
factors = "{ROOT}/config/factors"
seed = 7
telemetry_every = "10s"

[potlines.PL1]
line_current_ka = 400
pot_voltage_v = 4.00
anode_effects_per_pot_day = 6

[potlines.PL2]
line_current_ka = 380
pot_voltage_v = 4.05
anode_effects_per_pot_day = 6

[feeders]
compressed_air = "1.5 MW"
"""


def written(folder: Path) -> Path:
    """Write the simulator's scenario and plant, and the collectors' plant files; return the scenario."""
    lines = _LINE.format(line="PL1", pots="1001..1020") + _LINE.format(line="PL2", pots="2001..2020")
    both = _HEAD + lines + _PLC + _BROKER
    simulated = both + "".join(_polled(name, **_OF_A_LINE.get(name, {})) for name in _METERS)
    (folder / "simulated.toml").write_text(simulated, encoding="utf-8")
    meters = "".join(_polled(name) if name == _POLLED else _heard(name) for name in _METERS)
    for name, collectors in (("whole.toml", _COLLECTORS), ("divided.toml", _DIVIDED)):
        (folder / name).write_text(both + meters + collectors, encoding="utf-8")
    scenario = folder / "scenario.toml"
    scenario.write_text(_SCENARIO, encoding="utf-8")
    return scenario


def _table(name: str, rows: str, *, measures: str = "", line: str = "") -> str:
    usual, belongs, _, _, rated = _METERS[name]
    measures, line = measures or usual, line or belongs
    potline = f'potline = "{line}"\n' if line else ""
    shares = "" if line or measures != "auxiliary_ac" else 'allocate = { PL1 = "60 %", PL2 = "40 %" }\n'
    return f'\n[meters.{name}]\nmeasures = "{measures}"\n{potline}{shares}rated_power = "{rated}"\n{rows}'


def _polled(name: str, *, measures: str = "", line: str = "") -> str:
    _, _, profile, unit, _ = _METERS[name]
    rows = f'profile = "{profile}"\nendpoint = "plc"\nunit = {unit}\nevery = "10s"\n'
    return _table(name, rows, measures=measures, line=line)


def _heard(name: str) -> str:
    measures, line, _, _, _ = _METERS[name]
    if measures == "line_dc":
        address, told = line, ["line_current", "line_voltage", "dc_power", "dc_energy"]
    else:
        address, told = name, ["active_power", "active_energy_import"]
    return _table(name, f'broker = "potroom"\naddress = "{address}"\nquantities = {told}\nevery = "10s"\n')
