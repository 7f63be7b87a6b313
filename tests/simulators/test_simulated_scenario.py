"""Scenarios and plant files: what is read, and how errors name their place."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulators.factors import load_factors
from simulators.plant import Dated, load_plant, value_on
from simulators.scenario import Modulation, load_scenario
from simulators.tables import ConfigurationError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """Copy the example plant, its data files and the scenarios; give the folder."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copytree(ROOT / "simulators" / "scenarios", tmp_path / "simulators" / "scenarios")
    return tmp_path


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_steady_scenario_says_what_it_says() -> None:
    scenario = load_scenario(ROOT / "simulators" / "scenarios" / "steady.toml")
    line = scenario.lines["PL1"]
    assert (line.line_current_a, line.pot_voltage_v, line.tap_every_s) == (400_000.0, 4.0, 86_400.0)
    assert line.busbar_ohm == pytest.approx(3.6e-6)
    assert line.current_efficiency is None
    assert scenario.telemetry_every_s == 10
    assert scenario.feeders == {"fume_treatment": 1_200_000.0, "compressed_air": 600_000.0}
    assert scenario.meters["pl1_dc"].accuracy_class == 0.2
    assert scenario.meters["rectifier_1"].accuracy_class == 0.5
    assert sorted(scenario.profiles) == [
        "carlogavazzi-em3xx",
        "eastron-sdm630",
        "generic-dc-bus-plc",
        "schneider-pm5xxx",
    ]


def test_every_shipped_scenario_loads() -> None:
    files = sorted((ROOT / "simulators" / "scenarios").glob("*.toml"))
    scenarios = {file.stem: load_scenario(file) for file in files}
    assert set(scenarios) >= {
        "anode-effect-day",
        "broker_outage",
        "busy",
        "counters",
        "dead_unit",
        "modulation-and-line-stop",
        "night_modbus",
        "reference-400",
        "reference-465",
        "reference-500",
        "reference-600",
        "smelter-1200",
        "sparkplug",
        "steady",
    }
    assert scenarios["busy"].lines["PL1"].modulation == (Modulation(600.0, 600.0, 3600.0, 0.97),)


def test_a_range_of_pots_keeps_leading_zeros(copies: Path) -> None:
    plant = copies / "config" / "plants" / "example.toml"
    edit(plant, '"1001..1040"]', '"0098..0101", "A7"]')
    assert load_plant(plant).potlines["PL1"].pots == ("0098", "0099", "0100", "0101", "A7")


def test_values_hold_from_their_day_on() -> None:
    values = (
        Dated(datetime(2025, 7, 1, tzinfo=UTC).date(), 0.94),
        Dated(datetime(2024, 1, 1, tzinfo=UTC).date(), 0.93),
    )
    assert value_on(values, datetime(2023, 1, 1, tzinfo=UTC).date()) == 0.93
    assert value_on(values, datetime(2025, 6, 30, tzinfo=UTC).date()) == 0.93
    assert value_on(values, datetime(2025, 7, 1, tzinfo=UTC).date()) == 0.94


def test_the_factors_are_those_that_the_plant_file_names() -> None:
    plant = load_plant(ROOT / "config" / "plants" / "example.toml")
    day = datetime(2026, 11, 22, tzinfo=UTC).date()
    factors = load_factors(ROOT / "config" / "factors", plant, plant.potlines["PL1"], day)
    assert factors.grid == 0.5306
    assert (factors.slope, factors.c2f6_per_cf4) == (0.143, 0.121)
    assert (factors.gwp_cf4, factors.gwp_c2f6) == (6630, 11100)
    assert factors.net_anode_consumption == 0.415
    assert factors.anode_carbon == pytest.approx(0.976)
    ar6 = load_factors(ROOT / "config" / "factors", replace(plant, gwp="ar6"), plant.potlines["PL1"], day)
    assert (ar6.gwp_cf4, ar6.gwp_c2f6) == (7380, 12400)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("seed = 1", "seed = 1\ncolour = 3", "colour: is not a key that is known here; take it away"),
        ("seed = 1", "sed = 1", "sed: is not a key that is known here; did you mean 'seed'?"),
        ('"10s"', "10", "telemetry_every: is 10, not a text with a unit; write a number and one of the units"),
        ('"10s"', '"10 furlongs"', "telemetry_every: is '10 furlongs'; write a number and one of the units"),
        ('"10s"', '"1500ms"', "telemetry_every: is 1.5 s; write whole seconds"),
        ("line_current_ka = 400", "", "potlines.PL1.line_current_ka: is missing; add it"),
        (
            "line_current_ka = 400",
            "line_current_ka = 400000",
            "potlines.PL1.line_current_ka: is 400000, out of 1 to 1000",
        ),
        ("[potlines.PL1]", "[potlines.PL2]", "potlines.PL2: is not a potline of the plant file; use one of PL1"),
        ("pot_voltage_v = 4.00", 'pot_voltage_v = "4 V"', "potlines.PL1.pot_voltage_v: is '4 V', not a number"),
        ('"24h"', '"24h"\nmodulation = [{ at = "1h" }]', "potlines.PL1.modulation[0].for: is missing; add it"),
        ("fume_treatment", "smoke", "feeders.smoke: is not an auxiliary_ac meter of the plant file"),
        ('"1.2 MW"', '"-1.2 MW"', "feeders.fume_treatment: is -1.2e+06, out of 0"),
        ("[feeders]", "[meters.other]\n[feeders]", "meters.other: is not a meter of the plant file"),
        ("seed = 1", "seed = ", "is not TOML"),
    ],
)
def test_a_wrong_scenario_says_where_and_what_to_do(copies: Path, old: str, new: str, complaint: str) -> None:
    file = copies / "simulators" / "scenarios" / "steady.toml"
    edit(file, old, new)
    with pytest.raises(ConfigurationError) as caught:
        load_scenario(file)
    assert str(caught.value).startswith(f"{file}: {complaint}")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            '"modbus_tcp"',
            '"modbus_udp"',
            "endpoints.plc.transport: is 'modbus_udp', which is not simulated; use one of modbus_tcp, modbus_tls,",
        ),
        (
            '"line_dc"',
            '"wind"',
            "meters.pl1_dc.measures: is 'wind'; use one of line_dc, rectifier_ac, auxiliary_ac, monitored",
        ),
        ('endpoint = "plc"', 'endpoint = "pcl"', "meters.pl1_dc.endpoint: names 'pcl', which is not in the file"),
        ("unit = 2", "unit = 1", "meters.rectifier_2.unit: is 1 on endpoint 'rectifier_gateway', as is that of"),
        (
            '"93.5 %"',
            '"93.5"',
            "potlines.PL1.current_efficiency[0].value: is '93.5'; write a number and one of the units %",
        ),
        ('"80 MW"', '"80"', "meters.pl1_dc.rated_power: is '80'; write a number and one of the units W, kW, MW"),
        (
            '["1001..1040"]',
            '["1040..1001"]',
            "potlines.PL1.pots: has the range '1040..1001'; write the lower number first",
        ),
        ('# protocol = "5"', 'protocol = "4"', 'brokers.potroom.protocol: is \'4\'; use "5" or "3.1.1"'),
        (
            'profile = "generic-dc-bus-plc"',
            'profile = "eastron-sdm630"',
            "meters.pl1_dc.profile: is 'eastron-sdm630', which has no dc_energy for a line_dc meter",
        ),
    ],
)
def test_a_wrong_plant_file_says_where_and_what_to_do(copies: Path, old: str, new: str, complaint: str) -> None:
    plant = copies / "config" / "plants" / "example.toml"
    edit(plant, old, new)
    with pytest.raises(ConfigurationError) as caught:
        load_scenario(copies / "simulators" / "scenarios" / "steady.toml")
    assert str(caught.value).partition("example.toml: ")[2].startswith(complaint)


def test_a_profile_that_is_not_there_is_named(copies: Path) -> None:
    (copies / "config" / "profiles" / "eastron-sdm630.toml").unlink()
    with pytest.raises(ConfigurationError, match=r"eastron-sdm630\.toml: cannot be read \(No such file"):
        load_scenario(copies / "simulators" / "scenarios" / "steady.toml")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"ipcc_2006"', '"ipcc_1066"', "emissions.method: names 'ipcc_1066', which is not in"),
        ('gwp = "ar5"', 'gwp = "ar7"', "emissions.gwp: names 'ar7', which is not in"),
        ('"cn-national-2023"', '"mars"', "emissions.grid_factor: names 'mars', which is not in"),
        ('"cwpb"', '"pfpb_m"', "potlines.PL1.technology: is 'pfpb_m', for which ipcc_2006 has no slope"),
    ],
)
def test_a_factor_that_is_not_there_is_named(copies: Path, old: str, new: str, complaint: str) -> None:
    file = copies / "config" / "plants" / "example.toml"
    edit(file, old, new)
    plant = load_plant(file)
    with pytest.raises(ConfigurationError) as caught:
        load_factors(
            copies / "config" / "factors", plant, plant.potlines["PL1"], datetime(2026, 1, 1, tzinfo=UTC).date()
        )
    assert str(caught.value).startswith(f"{file}: {complaint}")
