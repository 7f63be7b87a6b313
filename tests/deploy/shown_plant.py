"""The plant of the day that dashboards are shown with: two potlines, and everything of which a stream tells.

One plant file, read by simulator and collector both. Numbers that a plant chooses for itself (targets, limits, classes)
are examples; standards and rules are those of config/factors.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from collector.plant.topology import Plant
from collector.settings import Configuration, load
from simulators.scenario import Scenario, load_scenario

CONFIG = Path(__file__).parents[2] / "config"

ZONE = "Asia/Shanghai"
TARGET = "shown"
DATABASE = "potline"

_HEAD = """\
[plant]
id = "shown"
name = "A smelter to be shown"
time_zone = "{zone}"
shifts = {{ N = "00:00", D = "08:00", S = "16:00" }}

[emissions]
method = "ipcc_2006"
gwp = "ar5"
grid_factor = "cn-national-2023"
grid_factor_untold = "estimate"
grid_factor_uncertainty = "4 %"
residual_factor = "cn-national-2023-without-traded-non-fossil"

[endpoints.plc]
transport = "modbus_tcp"
host = "127.0.0.1"
port = 5020

[brokers.potroom]
host = "127.0.0.1"
site = "shown"
layouts = ["smelter-v1"]
client_id = "potline-shown"
"""

_POTLINE = """
[potlines.{id}]
name = "{name}"
pots = ["{pots}"]
technology = "cwpb"
current_efficiency = [
    {{ value = "93.5 %", valid_from = 2024-01-01, source = "book", standard_uncertainty = "0.5 %" }},
]
net_anode_consumption = [{{ value = "0.415 t/t", valid_from = 2024-01-01, source = "report", uncertainty = "1 %" }}]
anode_sulphur = "{sulphur}"
anode_ash = "0.4 %"
weighing_uncertainty = "0.3 %"

[potlines.{id}.balance]
rectifier_efficiency = "98.5 %"
rectifier_efficiency_uncertainty = "0.6 %"
least_current = "250 kA"
busbar_voltage = "{busbar_v:g} V"
busbar_voltage_uncertainty = "20 %"
pots_voltage_uncertainty = "0.4 %"
alpha = "0.1 %"
confidence = "95 %"
"""

_POLLED = """
[meters.{id}]
measures = "{measures}"
potline = "{potline}"
profile = "{profile}"
endpoint = "plc"
unit = {unit}
every = "30s"
rated_power = "{rated_mw:g} MW"
{more}
"""

# Counters that go over MQTT: what they measure, and their mean power.
_HEARD = """
[meters.casthouse]
broker = "potroom"
quantities = ["active_power", "active_energy_import"]
measures = "casthouse_ac"
allocate = "by_metal"
rated_power = "4 MW"
class = "0.5"
[meters.scrubber]
broker = "potroom"
quantities = ["active_power", "active_energy_import"]
measures = "desulphurisation_ac"
allocate = "by_metal"
rated_power = "2 MW"
class = "0.5"
[meters.intake]
broker = "potroom"
quantities = ["active_power", "active_energy_import"]
measures = "incomer_ac"
rated_power = "90 MW"
class = "0.5"
[meters.roof]
broker = "potroom"
quantities = ["active_power", "active_energy_import"]
measures = "generation"
technology = "solar"
rated_power = "9 MW"
class = "0.5"
## Told for some minutes only, and refused by the database.
[meters.office]
broker = "potroom"
quantities = ["reactive_power"]
measures = "monitored"
[meters.gas_1]
broker = "potroom"
quantities = ["hf", "so2", "dust", "flow", "gas_temperature"]
measures = "stack"
stack = "GTC-1"
conditions = "normal_dry"
[meters.gas_2]
broker = "potroom"
quantities = ["hf", "so2", "dust", "flow", "gas_temperature"]
measures = "stack"
stack = "GTC-2"
"""

_TAIL = """
[contracts.wind_park]
technology = "wind"
kg_co2_per_kwh = 0.0
share = "18 %"
valid_from = 2025-01-01
source = "example: contract 2024-17"
[contracts.valley]
technology = "hydro"
kg_co2_per_kwh = 0.0
energy = "3000 MWh"
per = "month"
valid_from = 2025-01-01
certificate = false
source = "example: contract 2024-18"

[certificates]
csv = "certificates.csv"

[limits.so2_gtc_1]
of = "so2"
most = "200 mg/m3"
averaged_over = "1h"
stack = "GTC-1"
valid_from = 2024-01-01
source = "example: permit, table 2"
[limits.hf_gtc_1]
of = "hf"
most = "3 mg/m3"
averaged_over = "1h"
stack = "GTC-1"
valid_from = 2024-01-01
source = "example: permit, table 2"
[limits.dust_gtc_2]
of = "dust"
most = "5 mg/m3"
averaged_over = "1d"
stack = "GTC-2"
valid_from = 2024-01-01
source = "example: permit, table 2"
[limits.so2_per_tonne]
of = "so2"
most = "12 kg/t"
averaged_over = "1h"
valid_from = 2024-01-01
source = "example: permit, table 3"
[limits.current_of_line_1]
of = "line_current"
least = "385 kA"
most = "410 kA"
averaged_over = "1h"
potline = "PL1"
valid_from = 2024-01-01
source = "example: potroom standard"
[limits.bath_temperature]
of = "bath_temperature"
least = "945 degC"
most = "970 degC"
averaged_over = "1d"
potline = "PL1"
valid_from = 2024-01-01
source = "example: potroom standard"
[limit_rules.gb_25465_2010]
valid_from = 2024-01-01
averaged_over = "1h"
source = "example: permit, page 3"

[targets]
t_co2e_per_t = [{ value = "9 t/t", valid_from = 2026-01-01, source = "example: board decision" }]
renewable_share = [{ value = "30 %", valid_from = 2026-01-01, source = "example: board decision" }]
[targets.kwh_per_t]
dc = [{ value = "12900 kWh/t", valid_from = 2026-01-01, source = "example: budget 2026" }]
liquid_ac = [{ value = "13100 kWh/t", valid_from = 2026-01-01, source = "example: budget 2026" }]
liquid_comprehensive_ac = [{ value = "13500 kWh/t", valid_from = 2026-01-01, source = "example: budget 2026" }]
ingot_comprehensive_ac = [{ value = "13600 kWh/t", valid_from = 2026-01-01, source = "example: budget 2026" }]

[price]
region = "Shandong"
rule = "ndrc_2021_1239"
previous_year_non_hydro_weight = [{ value = "15 %", valid_from = 2026-01-01, source = "example" }]

[fuels.diesel]
unit = "t"
net_calorific_gj = 43.0
carbon_t_per_gj = 0.0202
oxidation = "98 %"
amounts_csv = "diesel.csv"
uncertainty = "2 %"
amount_uncertainty = "1 %"
shares = { PL1 = "60 %", PL2 = "40 %" }
source = "example: analysis of deliveries"
verified = "own"
"""

_SHEETS = {
    "certificates.csv": "month,mwh,technology,registry_id,contract\n2026-03,900,solar,GEC-1,\n",
    "diesel.csv": "month,amount\n2026-02,42\n2026-03,44\n",
}

CLASS_PCT = {"line_dc": 0.2, "rectifier_ac": 0.5, "auxiliary_ac": 1.0}
_PROFILE = {"line_dc": "generic-dc-bus-plc", "rectifier_ac": "schneider-pm5xxx"}

_SCENARIO = """\
plant = "plant.toml"
profiles = "{config}/profiles"
factors = "{config}/factors"
seed = 7
telemetry_every = "60s"

[potlines.PL1]
line_current_ka = 400
pot_voltage_v = 4.02
current_efficiency = "93.8 %"
anode_effects_per_pot_day = 0.4
low_voltage_effects_per_pot_day = 0.3
tap_every = "24h"
## The price of electricity is high in the evening.
modulation = [{{ at = "16h", for = "3h", factor = 0.94 }}]
pot_outages = [{{ pot = "1011", at = "14h", for = "9h" }}]
## The feeder of a pot is stuck twice.
feeder_blocks = [{{ pot = "1004", at = "8h" }}, {{ pot = "1004", at = "20h" }}, {{ pot = "1009", at = "12h" }}]

[potlines.PL2]
line_current_ka = 350
pot_voltage_v = 4.10
current_efficiency = "93.1 %"
anode_effects_per_pot_day = 0.8
low_voltage_effects_per_pot_day = 0.3
tap_every = "24h"
## A rectifier trips, and the line stands.
modulation = [{{ at = "25h", for = "25min", factor = 0.0 }}]
feeder_blocks = [{{ pot = "2003", at = "10h" }}]

[feeders]
fume_treatment_1 = "0.36 MW"
compressed_air = "0.18 MW"
fume_treatment_2 = "0.24 MW"
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """The plant as the simulator and as the collector know it."""

    scenario: Scenario
    configuration: Configuration

    @property
    def plant(self) -> Plant:
        """The plant as the collector knows it."""
        return self.configuration.plant


def _polled() -> str:
    rows = (
        ("pl1_dc", "line_dc", "PL1", 45),
        ("rectifier_1", "rectifier_ac", "PL1", 25),
        ("rectifier_2", "rectifier_ac", "PL1", 25),
        ("fume_treatment_1", "auxiliary_ac", "PL1", 1),
        ("compressed_air", "auxiliary_ac", "PL1", 1),
        ("pl2_dc", "line_dc", "PL2", 32),
        ("rectifier_3", "rectifier_ac", "PL2", 18),
        ("rectifier_4", "rectifier_ac", "PL2", 18),
        ("fume_treatment_2", "auxiliary_ac", "PL2", 1),
    )
    text = ""
    for unit, (name, measures, potline, rated_mw) in enumerate(rows, start=1):
        limit = f"{CLASS_PCT[measures]:g}"
        more = f'class = "{limit}"'
        if measures == "line_dc":
            more = f'ct_class = "{limit}"\nvt_class = "{limit}"'
        if measures == "rectifier_ac":
            more += '\nalso = ["power_factor"]'
        profile = _PROFILE.get(measures, "eastron-sdm630")
        text += _POLLED.format(
            id=name, measures=measures, potline=potline, profile=profile, unit=unit, rated_mw=rated_mw, more=more
        )
    return text


# The row of the rule set ipcc_2006: the plant's own word on how sure its slope is goes into it.
_SLOPE = (
    'source = "IPCC 2006 guidelines as in the IAI/WRI aluminium workbook"\nverified = "official"\n'
    "cwpb = { slope = 0.143, c2f6_per_cf4 = 0.121"
)


def written(folder: Path, influx_url: str) -> Shown:
    """Write the plant's files into a folder and have both sides read them; the database is at the address."""
    text = _HEAD.format(zone=ZONE)
    for name, title, pots, busbar_v, sulphur in (
        ("PL1", "Potline 1", "1001..1012", 0.43, "1.32 %"),
        ("PL2", "Potline 2", "2001..2008", 0.25, "1.1 %"),
    ):
        text += _POTLINE.format(id=name, name=title, pots=pots, busbar_v=busbar_v, sulphur=sulphur)
    (folder / "plant.toml").write_text(text + _polled() + _HEARD + _TAIL, encoding="utf-8")
    for name, sheet in _SHEETS.items():
        (folder / name).write_text(sheet, encoding="utf-8")
    (folder / "scenario.toml").write_text(_SCENARIO.format(config=CONFIG), encoding="utf-8")
    shutil.copytree(CONFIG / "factors", folder / "factors")
    slopes = folder / "factors" / "pfc_slope.toml"
    text = slopes.read_text(encoding="utf-8")
    if text.count(_SLOPE) != 1:
        raise ValueError(f"{slopes.name} has not one row '{_SLOPE}' of ipcc_2006; name the row as it stands there")
    slopes.write_text(text.replace(_SLOPE, f'{_SLOPE}, uncertainty = "6 %"'), encoding="utf-8")
    places = "".join(f'{name}_dir = "{CONFIG}/{name}"\n' for name in ("profiles", "layouts"))
    settings = f'plant_file = "plant.toml"\nfactors_dir = "factors"\n{places}[store]\npath = "store.sqlite"\n'
    settings += f'[delivery.{TARGET}]\nkind = "influxdb1"\nurl = "{influx_url}"\ndatabase = "{DATABASE}"\n'
    settings += "create_database = true\n"
    (folder / "collector.toml").write_text(settings, encoding="utf-8")
    return Shown(load_scenario(folder / "scenario.toml"), load(folder / "collector.toml"))
