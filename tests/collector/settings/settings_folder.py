"""A folder of small settings files for tests to spoil. The numbers of their lines are part of the tests."""

import os
from pathlib import Path

import pytest

from collector.settings import Configuration, ConfigurationError, load

COLLECTOR, PLANT = "collector.toml", "plants/p.toml"
AC, DC = "profiles/ac.toml", "profiles/dc.toml"
METRICS = "layouts/sparkplug-pots.toml"
LAYOUT = "layouts/smelter-v1.toml"
GRID, GWP, SLOPES = "factors/grid_electricity.toml", "factors/gwp.toml", "factors/pfc_slope.toml"

FILES = {
    COLLECTOR: """\
plant_file = "plants/p.toml"
profiles_dir = "profiles"
factors_dir = "factors"
[store]
path = "../var/store.sqlite"
""",
    PLANT: """\
[plant]
id = "north"
name = "North smelter"
time_zone = "Asia/Shanghai"
[emissions]
method = "ipcc_2006"
gwp = "ar5"
grid_factor = "grid"
[potlines.PL1]
name = "Potline 1"
pots = ["1001..1004"]
technology = "cwpb"
current_efficiency = [{ value = "93.5 %", valid_from = 2024-01-01, source = "balance" }]
net_anode_consumption = [{ value = "0.415 t/t", valid_from = 2024-01-01, source = "report" }]
anode_sulphur = "2 %"
anode_ash = "0.4 %"
[endpoints.plc]
transport = "modbus_tcp"
host = "127.0.0.1"
port = 5020
[endpoints.gate-way]
transport = "modbus_tcp"
host = "127.0.0.2"
[meters.dc]
measures = "line_dc"
potline = "PL1"
profile = "dc"
endpoint = "plc"
unit = 1
rated_power = "80 MW"
[meters.ac]
measures = "rectifier_ac"
potline = "PL1"
profile = "ac"
endpoint = "gate-way"
unit = 2
rated_power = "60 MW"
[brokers.potroom]
host = "127.0.0.1"
site = "north"
client_id = "potline-north"
""",
    AC: """\
title = "AC meter"
vendor = "Maker"
models = ["M1"]
confidence = "design"
sources = ["manual"]
[modbus]
function = 3
word_order = "msw_first"
[registers.active_power]
address = 0
type = "f32"
unit = "kW"
[registers.active_energy_import]
address = 2
type = "s64"
unit = "Wh"
[[test_vectors]]
register = "active_power"
raw = "42BB9829"
value = 93.797188
unit = "kW"
origin = "dump"
""",
    DC: """\
title = "DC bus"
vendor = "site"
models = ["PLC"]
confidence = "design"
sources = ["own"]
[modbus]
function = 4
word_order = "lsw_first"
[registers.line_voltage]
address = 0
type = "f32"
unit = "V"
[registers.line_current]
address = 2
type = "f32"
unit = "A"
[registers.dc_power]
address = 4
type = "f32"
unit = "W"
""",
    METRICS: """\
title = "Pots"
[[metrics]]
name = "Pot/Voltage"
quantity = "pot_voltage"
unit = "V"
[[metrics]]
name = "Pot/AE/LastId"
field = "anode_effect.id"
""",
    LAYOUT: """\
title = "Pots"
[[messages]]
topic = "smelter/v1/{site}/potline/{potline}/pot/{pot}/telemetry"
tells = "readings"
time = { path = "ts" }
quality = { path = "q", words = { good = "good", bad = "bad" } }
[messages.values]
pot_voltage = { path = "m.pot_voltage_v", unit = "V" }
[[messages]]
topic = "smelter/v1/{site}/meter/{meter}/telemetry"
tells = "readings"
time = { path = "ts" }
[messages.values]
active_power = { path = "m.p_kw", unit = "kW" }
active_energy_import = { path = "c.e_imp_kwh", unit = "kWh" }
[[messages]]
topic = "smelter/v1/{site}/crane/{*}/weighing"
tells = "weighing"
[messages.fields]
id = { path = "id" }
time = { path = "ts" }
pots = { path = "pots" }
net = { path = "net_kg", unit = "kg" }
stable = { path = "stable" }
""",
    GRID: """\
[grid]
value = 0.5306
unit = "kg CO2/kWh"
valid_from = 2023-01-01
source = "announcement"
verified = "official"
""",
    GWP: """\
[ar5]
cf4 = 6630
c2f6 = 11100
source = "report"
verified = "official"
""",
    SLOPES: """\
[ipcc_2006]
source = "guidelines"
verified = "official"
cwpb = { slope = 0.143, c2f6_per_cf4 = 0.121 }
""",
}


class SettingsFolder:
    """The files in a folder ``config`` of the current one."""

    def __init__(self, here: Path) -> None:
        self.path = here / "config"
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> Path:
        """Write a file."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def change(self, name: str, old: str, new: str) -> None:
        """Change a text that stands once in a file."""
        text = (self.path / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        self.write(name, text.replace(old, new))

    def add(self, name: str, text: str) -> None:
        """Put something at the end of a file."""
        self.write(name, (self.path / name).read_text(encoding="utf-8") + text)

    def load(self) -> Configuration:
        """Load the settings."""
        return load(self.path / COLLECTOR)

    def problems(self) -> list[str]:
        """Return everything that is wrong."""
        try:
            self.load()
        except ConfigurationError as exc:
            return str(exc).splitlines()
        return []


@pytest.fixture(name="settings_folder")
def settings_of_a_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SettingsFolder:
    """Return valid settings in ``config`` of the current folder, an empty one, without settings in the environment."""
    for name in os.environ:
        if name.upper().startswith("POTLINE_") or name == "CREDENTIALS_DIRECTORY":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return SettingsFolder(tmp_path)
