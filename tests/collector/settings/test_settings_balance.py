"""What a plant says of the balance of a line: what it means, and what is refused."""

# ruff: noqa: E501 - whole messages, as a person reads them

import pytest
from settings_folder import DC, FILES, PLANT, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

from collector.plant.balance import BalanceRules

P = "config/plants/p.toml"
BALANCE = """\
[potlines.PL1.balance]
rectifier_efficiency = "98.6 %"
rectifier_efficiency_uncertainty = "0.6 %"
busbar_voltage = "12 V"
busbar_voltage_uncertainty = "20 %"
pots_voltage_uncertainty = "0.2 %"
alpha = "0.1 %"
confidence = "95 %"
meters_move = "0.06 %"
efficiency_moves = "0.1 %"
reference_from = 2026-01-01
least_current = "300 kA"
"""
BEHIND = """\
[meters.behind]
measures = "monitored"
profile = "behind"
endpoint = "plc"
unit = 3
rated_power = "60 MW"
"""
TAKEN_IN = '[registers.active_energy_import]\naddress = 8\ntype = "u32"\nunit = "kWh"\n'
ENERGY = '[registers.dc_energy]\naddress = 6\ntype = "u32"\nunit = "kWh"\n'


def told(folder: SettingsFolder, text: str) -> list[str]:
    folder.write("profiles/behind.toml", FILES[DC] + ENERGY)
    folder.add(PLANT, text)
    return folder.problems()


def test_the_rules_of_a_line_mean_this(settings_folder: SettingsFolder) -> None:
    assert told(settings_folder, BALANCE + 'dc_meters = { ac = "behind" }\n' + BEHIND) == []
    rules = settings_folder.load().balances["PL1"]
    assert rules == BalanceRules(
        efficiency=0.986,
        efficiency_relative=0.003,
        least_current_ka=300.0,
        alpha=0.001,
        confidence=0.95,
        busbar_v=12.0,
        busbar_relative=0.1,
        pots_relative=0.001,
        meters_move=0.0003,
        efficiency_moves=0.0005,
        reference_days=7,
        reference_from_ns=1_767_196_800_000_000_000,  # midnight in Shanghai
        dc_meters=(("ac", "behind"),),
    )


def test_a_line_without_the_section_has_no_rules(settings_folder: SettingsFolder) -> None:
    assert settings_folder.load().balances == {}


def test_movements_and_busbars_may_be_left_out(settings_folder: SettingsFolder) -> None:
    few = "\n".join(line for line in BALANCE.splitlines() if not line.startswith(("busbar", "meters", "efficiency_m", "pots")))  # fmt: skip
    assert told(settings_folder, few + "\n") == []
    rules = settings_folder.load().balances["PL1"]
    assert (rules.busbar_v, rules.pots_relative, rules.meters_move) == (None, None, None)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('alpha = "0.1 %"\n', "", "42 potlines.PL1.balance.alpha: is missing; add it"),
        ('least_current = "300 kA"\n', "", "42 potlines.PL1.balance.least_current: is missing; add it"),
        ('rectifier_efficiency = "98.6 %"\n', "", "42 potlines.PL1.balance.rectifier_efficiency: is missing; add it"),
        ('"98.6 %"', '"0.986"', "43 potlines.PL1.balance.rectifier_efficiency: '0.986' is not a number with a unit; write it like '60 %'"),
        ('"98.6 %"', '"60 %"', "43 potlines.PL1.balance.rectifier_efficiency: 60 % is below 80 %; give 80 % to 100 %"),
        ('alpha = "0.1 %"', 'alpha = "60 %"', "48 potlines.PL1.balance.alpha: 60 % is above 50 %; give 0.0000001 % to 50 %"),
        ('busbar_voltage_uncertainty = "20 %"\n', "", "45 potlines.PL1.balance.busbar_voltage: busbar_voltage and busbar_voltage_uncertainty go together; give both or neither"),
        ('meters_move = "0.06 %"\n', "", "50 potlines.PL1.balance.efficiency_moves: meters_move and efficiency_moves go together; give both or neither"),
        ('busbar_voltage = "12 V"\nbusbar_voltage_uncertainty = "20 %"\n', 'busbar_moves = "2 %"\n', "45 potlines.PL1.balance.busbar_moves: belongs to a busbar_voltage; add that, or remove it"),
        ("reference_from = 2026-01-01\n", "reference_days = 1\n", "52 potlines.PL1.balance.reference_days: 1 is below 4; give a whole number from 4 to 60"),
        ("reference_from = 2026-01-01\n", 'dc_meters = { dc = "ac" }\n', "52 potlines.PL1.balance.dc_meters.dc: there is no rectifier_ac meter in PL1 'dc'; one of: ac"),
        ("reference_from = 2026-01-01\n", 'dc_meters = { ac = "none" }\n', "52 potlines.PL1.balance.dc_meters.ac: there is no meter 'none'; one of: ac, behind, dc"),
        ("reference_from = 2026-01-01\n", 'dc_meters = { ac = "dc" }\n', "52 potlines.PL1.balance.dc_meters.ac: dc has no dc_energy; name a meter that counts DC energy"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_it_is_told_with_its_place(
    settings_folder: SettingsFolder, old: str, new: str, what: str
) -> None:
    assert told(settings_folder, BALANCE.replace(old, new) + BEHIND) == [f"{P}:{what}"]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('rated_power = "60 MW"\n', "", 'behind has no rated_power, and it bounds what its counter may book; add it to [meters.behind], like "60 MW"'),
        ('measures = "monitored"\n', 'measures = "startup_ac"\npotline = "PL1"\n', 'behind measures startup_ac, and would be counted twice; name one that measures "monitored"'),
    ],
)  # fmt: skip
def test_a_dc_meter_behind_a_group_needs_a_bound_and_no_account_of_its_own(
    settings_folder: SettingsFolder, old: str, new: str, what: str
) -> None:
    settings_folder.write("profiles/behind.toml", FILES[DC] + ENERGY + TAKEN_IN)
    settings_folder.add(PLANT, BALANCE + 'dc_meters = { ac = "behind" }\n' + BEHIND.replace(old, new))
    problems = settings_folder.problems()
    assert f"{P}:54 potlines.PL1.balance.dc_meters.ac: {what}" in problems


def test_one_dc_meter_is_behind_one_feeder(settings_folder: SettingsFolder) -> None:
    second = '[meters.ac2]\nmeasures = "rectifier_ac"\npotline = "PL1"\nprofile = "ac"\nendpoint = "plc"\nunit = 4\n'
    second += 'rated_power = "60 MW"\n'
    problems = told(settings_folder, BALANCE + 'dc_meters = { ac = "behind", ac2 = "behind" }\n' + BEHIND + second)
    assert (
        f"{P}:54 potlines.PL1.balance.dc_meters.ac2: behind stands behind ac already; name each DC meter once"
        in problems
    )


def test_the_line_knows_the_dc_meters_behind_its_groups(settings_folder: SettingsFolder) -> None:
    assert told(settings_folder, BALANCE + 'dc_meters = { ac = "behind" }\n' + BEHIND) == []
    assert settings_folder.load().plant.potlines[0].group_dc == ("behind",)
