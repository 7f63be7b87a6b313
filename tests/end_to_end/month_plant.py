"""The plant of a simulated month: a file that simulator and collector both read, and what is to happen in it."""

from dataclasses import dataclass
from pathlib import Path

from collector.plant.topology import Plant
from collector.settings import load
from simulators.scenario import Scenario, load_scenario

CONFIG = Path(__file__).parents[2] / "config"

CLASS_PCT = {"pl1_dc": 0.2, "rectifier_1": 0.5, "rectifier_2": 0.5, "fume_treatment": 1.0, "compressed_air": 1.0}
"""Limits of error of the meters [%]; of the DC meter, of its current transducer and of its voltage divider."""

WHOLE_CLASS = 1 / 0.3
"""A simulated meter errs by 30 % of its class at most; as the class of the scenario this makes it the whole class."""

RATED_KW = {
    "pl1_dc": 80_000.0,
    "rectifier_1": 40_000.0,
    "rectifier_2": 40_000.0,
    "fume_treatment": 3_000.0,
    "compressed_air": 2_000.0,
}

WRAPS_AT_KWH = 214_741_811.2
"""Where the register of the fume treatment's meter begins again: 31 bits of tenths of a kWh, less what marks errors."""

EFFICIENCY, STATED_EFFICIENCY, STATED_EFFICIENCY_RELATIVE = 0.938, 0.935, 0.005
"""True mean current efficiency, the one in force, and its relative standard uncertainty."""

SCALE_RELATIVE = 0.0015
"""Standard uncertainty of a weighing, a fraction of the net mass."""

_PLANT = """\
[plant]
id = "month"
name = "A simulated month"
time_zone = "{zone}"

[emissions]
method = "ipcc_2006"
gwp = "ar5"
grid_factor = "cn-national-2023"

[potlines.PL1]
name = "Potline 1"
pots = ["1001..1040"]
technology = "cwpb"
current_efficiency = [
    {{ value = "{efficiency:.1f} %", valid_from = 2024-01-01, source = "book", standard_uncertainty = "{sure:.2f} %" }},
]
net_anode_consumption = [{{ value = "0.415 t/t", valid_from = 2024-01-01, source = "report" }}]
anode_sulphur = "2.0 %"
anode_ash = "0.4 %"
weighing_uncertainty = "{scale:.2f} %"

[endpoints.plc]
transport = "modbus_tcp"
host = "127.0.0.1"
port = 5020
"""

_METER = """
[meters.{id}]
measures = "{measures}"
potline = "PL1"
profile = "{profile}"
endpoint = "plc"
unit = {unit}
every = "30s"
rated_power = "{rated:g} kW"
{classes}
"""

_PROFILES = {
    "pl1_dc": ("line_dc", "generic-dc-bus-plc"),
    "rectifier_1": ("rectifier_ac", "schneider-pm5xxx"),
    "rectifier_2": ("rectifier_ac", "schneider-pm5xxx"),
    "fume_treatment": ("auxiliary_ac", "carlogavazzi-em3xx"),
    "compressed_air": ("auxiliary_ac", "eastron-sdm630"),
}

_SCENARIO = """\
plant = "plant.toml"
profiles = "{config}/profiles"
factors = "{config}/factors"
seed = {seed}
telemetry_every = "60s"

[potlines.PL1]
line_current_ka = 400
pot_voltage_v = 4.02
current_efficiency = "{efficiency:.1f} %"
anode_effects_per_pot_day = 2
tap_every = "24h"
modulation = [{{ at = "9h", for = "2h", every = "24h", factor = 0.95 }}]
pot_outages = [{{ pot = "1020", at = "20h", for = "15h" }}]
## The alumina runs out about midnight.
feeder_blocks = [
{blocks}
]

[feeders]
fume_treatment = "1.2 MW"
compressed_air = "0.6 MW"
"""

_SHOWN = """
[meters.{id}]
accuracy_class = {class_pct:.6f}
"""


@dataclass(frozen=True, slots=True)
class Both:
    """One plant as the simulator and as the collector know it."""

    scenario: Scenario
    plant: Plant


def written(folder: Path, *, zone: str, seed: int) -> Both:
    """Write the plant's files into a folder and have both sides read them.

    Parameters
    ----------
    zone
        The plant's time zone.
    seed
        Of everything that is drawn: unrest of the pots, and the error of each meter within its class.
    """
    text = _PLANT.format(
        zone=zone,
        efficiency=100 * STATED_EFFICIENCY,
        sure=100 * STATED_EFFICIENCY_RELATIVE,
        scale=200 * SCALE_RELATIVE,
    )
    for unit, (name, (measures, profile)) in enumerate(_PROFILES.items(), start=1):
        limit = f"{CLASS_PCT[name]:g}"
        classes = f'ct_class = "{limit}"\nvt_class = "{limit}"' if measures == "line_dc" else f'class = "{limit}"'
        text += _METER.format(
            id=name, measures=measures, profile=profile, unit=unit, rated=RATED_KW[name], classes=classes
        )
    (folder / "plant.toml").write_text(text, encoding="utf-8")
    shown = "".join(_SHOWN.format(id=name, class_pct=pct * WHOLE_CLASS) for name, pct in CLASS_PCT.items())
    blocks = "\n".join(
        f'    {{ pot = "{pot}", at = "{24 * day + 23}h" }},' for day in (0, 1) for pot in range(1001, 1011)
    )
    scenario = _SCENARIO.format(config=CONFIG, seed=seed, efficiency=100 * EFFICIENCY, blocks=blocks) + shown
    (folder / "scenario.toml").write_text(scenario, encoding="utf-8")
    settings = f'plant_file = "plant.toml"\nprofiles_dir = "{CONFIG}/profiles"\nfactors_dir = "{CONFIG}/factors"\n'
    (folder / "collector.toml").write_text(f'{settings}[store]\npath = "store.sqlite"\n', encoding="utf-8")
    return Both(load_scenario(folder / "scenario.toml"), load(folder / "collector.toml").plant)
