"""What a meter of a plant file may ask of its profile."""

# ruff: noqa: E501 - whole lines, as a person reads them

import math

import pytest
from feeder_table import ONE_TABLE
from settings_folder import AC, PLANT, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

from collector.plant.meter import Measures

MAP = """\
title = "Multifunction meter"
vendor = "Maker"
models = ["M1"]
confidence = "design"
sources = ["manual"]
[constants.ct_ratio]
meaning = "primary over secondary current"
[constants.vt_ratio]
meaning = "primary over secondary voltage"
default = 1.0
[modbus]
function = 3
word_order = "msw_first"
[registers.active_power]
address = 100
type = "s32"
unit = "W"
scale_by = ["ct_ratio", "vt_ratio"]
[registers.active_energy_import]
address = 102
type = "s64"
unit = "Wh"
exponent = "energy_sf"
[registers.energy_sf]
address = 110
type = "s16"
info = true
[registers.serial_number]
address = 111
type = "u16"
info = true
[registers.voltage_l1n]
address = 112
type = "u16"
unit = "V"
scale_by = ["vt_ratio"]
optional = true
[registers.voltage_l2n]
address = 113
type = "u16"
unit = "V"
scale_by = ["vt_ratio"]
optional = true
[registers.frequency]
address = 114
type = "u16"
unit = "Hz"
optional = true
"""


def with_map(folder: SettingsFolder, more: str = "", *, constants: str = "{ ct_ratio = 400 }") -> SettingsFolder:
    """Give the meter 'ac' a profile that has much to choose from."""
    folder.write("profiles/map.toml", MAP)
    folder.change(PLANT, 'profile = "ac"', f'profile = "map"\nconstants = {constants}\n{more}'.rstrip())
    return folder


def test_optional_quantities_are_polled_where_they_are_asked_for(settings_folder: SettingsFolder) -> None:
    with_map(settings_folder, 'also = ["voltage_l*"]')
    plant = settings_folder.load().plant
    names = [register.name for register in plant.polled_meters[1].registers]
    assert names == ["active_power", "active_energy_import", "energy_sf", "voltage_l1n", "voltage_l2n"]
    assert [point.quantity.label for point in plant.points if point.owner == "ac"] == [
        "active_power",
        "active_energy_import",
        "voltage_l1n",
        "voltage_l2n",
    ]


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("voltage_l1", "'voltage_l1' fits no optional quantity of map; did you mean 'voltage_l1n'?"),
        ("thd_*", "'thd_*' fits no optional quantity of map; one of: voltage_l1n, voltage_l2n, frequency"),
        ("active_power", "'active_power' is read always; remove it"),
        ("serial_number", "'serial_number' is no quantity but information, which 'potline read' shows; remove it"),
    ],
)
def test_what_asks_for_nothing_is_told(settings_folder: SettingsFolder, pattern: str, told: str) -> None:
    with_map(settings_folder, f'also = ["frequency", "{pattern}"]')
    assert settings_folder.problems() == [f"config/plants/p.toml:36 meters.ac.also[1]: {told}"]


def test_a_profile_without_optional_quantities_is_not_asked_for_more(settings_folder: SettingsFolder) -> None:
    settings_folder.change(PLANT, 'profile = "ac"', 'profile = "ac"\nalso = ["thd_*"]')
    assert settings_folder.problems() == [
        "config/plants/p.toml:35 meters.ac.also[0]: 'thd_*' fits no optional quantity of ac; remove it: this profile has none"
    ]


def test_what_the_accounts_need_must_be_asked_for_where_it_is_optional(settings_folder: SettingsFolder) -> None:
    settings_folder.change(AC, 'type = "s64"', 'type = "s64"\noptional = true')
    assert settings_folder.problems() == [
        'config/plants/p.toml:31 meters.ac.also: active_energy_import, which rectifier_ac needs, is read only where it is asked for; add also = ["active_energy_import"]'
    ]
    settings_folder.change(PLANT, 'profile = "ac"', 'profile = "ac"\nalso = ["*"]')
    assert [register.name for register in settings_folder.load().plant.polled_meters[1].registers] == [
        "active_power",
        "active_energy_import",
    ]


def test_constants_are_those_of_the_meter_and_else_the_defaults_of_the_profile(settings_folder: SettingsFolder) -> None:
    with_map(settings_folder)
    assert settings_folder.load().plant.polled_meters[1].constants == {"ct_ratio": 400.0, "vt_ratio": 1.0}


def test_a_constant_may_come_from_the_environment(
    settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_map(settings_folder)
    monkeypatch.setenv("POTLINE_METERS__AC__CONSTANTS__VT_RATIO", "1.1e2")
    assert settings_folder.load().plant.polled_meters[1].constants == {"ct_ratio": 400.0, "vt_ratio": 110.0}


@pytest.mark.parametrize(
    ("constants", "told"),
    [
        ("{}", [".constants: ct_ratio is missing (primary over secondary current); add constants = { ct_ratio = … }"]),
        (
            "{ ct_rate = 400 }",
            [
                ".constants: ct_ratio is missing (primary over secondary current); add constants = { ct_ratio = … }",
                ".constants.ct_rate: map has no constant 'ct_rate'; did you mean 'ct_ratio'?",
            ],
        ),
        ("{ ct_ratio = 0 }", [".constants.ct_ratio: a ct_ratio of 0 makes every active_power the same; give the number from its plate"]),
        ("{ ct_ratio = inf }", [".constants.ct_ratio: inf is not a finite number; write it like 0.1"]),
        ('{ ct_ratio = "400/5" }', [".constants.ct_ratio: '400/5' is no number; write it like 0.1, without quotation marks"]),
        ("400", [".constants: is no table; write [meters.ac.constants] and its settings below it"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_constants_is_told(settings_folder: SettingsFolder, constants: str, told: list[str]) -> None:
    with_map(settings_folder, constants=constants)
    assert settings_folder.problems() == [f"config/plants/p.toml:35 meters.ac{problem}" for problem in told]


def test_a_profile_without_constants_takes_none(settings_folder: SettingsFolder) -> None:
    settings_folder.change(PLANT, 'profile = "ac"', 'profile = "ac"\nconstants = { ct_ratio = 400 }')
    assert settings_folder.problems() == [
        "config/plants/p.toml:35 meters.ac.constants.ct_ratio: ac has no constant 'ct_ratio'; remove it: this profile needs none"
    ]


def test_a_base_moves_all_registers_and_tells_outlets_of_one_unit_apart(settings_folder: SettingsFolder) -> None:
    settings_folder.add(PLANT, ONE_TABLE.replace('unit = "{n+100}"', 'unit = 9\nbase = "{n+1000}"'))
    outlets = settings_folder.load().plant.polled_meters[2:]
    assert [[register.address for register in meter.registers] for meter in outlets[:2]] == [[1001, 1003], [1002, 1004]]
    assert {meter.unit for meter in outlets} == {9}
    assert outlets[0].base == 1001


@pytest.mark.parametrize(
    ("base", "told"),
    [
        ("65531", "puts active_energy_import at 65533 to 65536; addresses go from 0 to 65535"),
        ("-1", "puts active_power at -1 to 0; addresses go from 0 to 65535"),
        ("65536", "65536 is above 65535; give a whole number from -65535 to 65535"),
    ],
)
def test_a_base_that_leads_beyond_the_addresses_is_told(settings_folder: SettingsFolder, base: str, told: str) -> None:
    settings_folder.change(PLANT, 'profile = "ac"', f'profile = "ac"\nbase = {base}')
    assert settings_folder.problems() == [f"config/plants/p.toml:35 meters.ac.base: {told}"]


def test_a_meter_that_is_only_monitored_needs_neither_potline_nor_power_nor_a_counter(
    settings_folder: SettingsFolder,
) -> None:
    settings_folder.add(PLANT, '[meters.flow]\nmeasures = "monitored"\nprofile = "dc"\nendpoint = "plc"\nunit = 7\n')
    meter = settings_folder.load().plant.polled_meters[2]
    assert (meter.measures, meter.potline, meter.rated_power_kw) == (Measures.MONITORED, None, math.inf)


def test_a_profile_of_which_nothing_is_read_without_being_asked_for_is_a_problem(
    settings_folder: SettingsFolder,
) -> None:
    text = MAP.replace('unit = "W"', 'unit = "W"\noptional = true').replace(
        'unit = "Wh"', 'unit = "Wh"\noptional = true'
    )
    settings_folder.write("profiles/map.toml", text)
    settings_folder.add(
        PLANT,
        '[meters.flow]\nmeasures = "monitored"\nprofile = "map"\nendpoint = "plc"\nunit = 7\nconstants = { ct_ratio = 2 }\n',
    )
    assert settings_folder.problems() == [
        'config/plants/p.toml:42 meters.flow.also: map has nothing that is read without being asked for; name some of its quantities, or all: also = ["*"]'
    ]
