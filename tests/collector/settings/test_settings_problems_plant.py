"""Each single mistake about a plant and its potlines, and the exact text that tells of it."""

# ruff: noqa: E501 - whole lines, as a person reads them

import pytest
from settings_folder import PLANT, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'time_zone = "Asia/Shanghai"',
            'time_zone = "Asia/Schanghai"',
            ["config/plants/p.toml:4 plant.time_zone: 'Asia/Schanghai' is no time zone; write it like Asia/Shanghai"],
        ),
        (
            'id = "north"\n',
            'id = "north smelter"\n',
            [
                "config/plants/p.toml:2 plant.id: 'north smelter' cannot be a name here; use letters A-Z and digits, parted by single '_', '-' or '.'"
            ],
        ),
        (
            'id = "north"\n',
            'id = "a__b"\n',
            [
                "config/plants/p.toml:2 plant.id: 'a__b' cannot be a name here; use letters A-Z and digits, parted by single '_', '-' or '.'"
            ],
        ),
        (
            'name = "North smelter"',
            'name = "  "',
            ["config/plants/p.toml:3 plant.name: is empty; write something into it"],
        ),
        (
            'name = "North smelter"',
            'name = "a\\nb"',
            [
                "config/plants/p.toml:3 plant.name: holds a line break or another control character; write it in one line"
            ],
        ),
        (
            'name = "North smelter"',
            "name = 2024-01-01",
            ["config/plants/p.toml:3 plant.name: 2024-01-01 is no text; write it in quotation marks"],
        ),
        (
            'method = "ipcc_2006"',
            'method = "ipcc_2019"',
            [
                "config/plants/p.toml:6 emissions.method: 'ipcc_2019' does not stand in config/factors/pfc_slope.toml; one of: ipcc_2006"
            ],
        ),
        (
            'gwp = "ar5"',
            'gwp = "ar7"',
            ["config/plants/p.toml:7 emissions.gwp: 'ar7' does not stand in config/factors/gwp.toml; one of: ar5"],
        ),
        (
            'grid_factor = "grid"',
            'grid_factor = "gird"',
            [
                "config/plants/p.toml:8 emissions.grid_factor: 'gird' does not stand in config/factors/grid_electricity.toml; one of: grid"
            ],
        ),
        (
            'technology = "cwpb"',
            'technology = "pfpb"',
            ["config/plants/p.toml:12 potlines.PL1.technology: ipcc_2006 has no technology 'pfpb'; one of: cwpb"],
        ),
        (
            '["1001..1004"]',
            '["1004..1001"]',
            [
                "config/plants/p.toml:11 potlines.PL1.pots[0]: the range 1004..1001 holds 0 pots; 1 to 5000, smaller number first"
            ],
        ),
        (
            '["1001..1004"]',
            '["1001-1002", "1001...1004"]',
            [
                "config/plants/p.toml:11 potlines.PL1.pots[1]: '1001...1004' is no range of pot numbers; write it like \"1001..1040\""
            ],
        ),
        (
            '["1001..1004"]',
            '["1..90000"]',
            [
                "config/plants/p.toml:11 potlines.PL1.pots[0]: the range 1..90000 holds 90000 pots; 1 to 5000, smaller number first"
            ],
        ),
        (
            '["1001..1004"]',
            '["1001..1004", "1003"]',
            ["config/plants/p.toml:11 potlines.PL1.pots: pot 1003 stands twice; pot numbers are unique in the plant"],
        ),
        ('["1001..1004"]', "[]", ["config/plants/p.toml:11 potlines.PL1.pots: is empty; at least one is needed"]),
        (
            '["1001..1004"]',
            '"1001..1004"',
            ["config/plants/p.toml:11 potlines.PL1.pots: '1001..1004' is no list; write it in square brackets"],
        ),
        (
            '["1001..1004"]',
            "[1001]",
            ["config/plants/p.toml:11 potlines.PL1.pots[0]: 1001 is no text; write it in quotation marks"],
        ),
        (
            '["1001..1004"]',
            '["10/01"]',
            [
                "config/plants/p.toml:11 potlines.PL1.pots[0]: '10/01' cannot be a pot number; it stands in MQTT topics: no spaces, no / + #"
            ],
        ),
        (
            '"93.5 %"',
            '"0.935 %"',
            [
                "config/plants/p.toml:13 potlines.PL1.current_efficiency[0].value: a current efficiency of 0.935 % is not possible; pots reach 85 to 97 %"
            ],
        ),
        (
            '"93.5 %"',
            '"935 %"',
            [
                "config/plants/p.toml:13 potlines.PL1.current_efficiency[0].value: 935 % is above 100 %; give 0 % to 100 %"
            ],
        ),
        (
            '"93.5 %"',
            "93.5",
            [
                'config/plants/p.toml:13 potlines.PL1.current_efficiency[0].value: 93.5 has no unit; write it with its unit, like "60 %"'
            ],
        ),
        (
            '"0.415 t/t"',
            '"415 t/t"',
            [
                "config/plants/p.toml:14 potlines.PL1.net_anode_consumption[0].value: 415 t/t is above 0.8 t/t; give 0.2 t/t to 0.8 t/t"
            ],
        ),
        (
            'anode_sulphur = "2 %"',
            'anode_sulphur = "0.05 %"',
            [
                "config/plants/p.toml:15 potlines.PL1.anode_sulphur: 0.05 must be 0 or from 0.1 to 100, for it is a percentage; give percent, 2 for 2 %, not the fraction 0.02"
            ],
        ),
        (
            'anode_sulphur = "2 %"',
            'anode_sulphur = "20 %"',
            ["config/plants/p.toml:15 potlines.PL1.anode_sulphur: 20 % is above 10 %; give 0 % to 10 %"],
        ),
        (
            'anode_ash = "0.4 %"',
            'anode_ash = "0.004 %"',
            [
                "config/plants/p.toml:16 potlines.PL1.anode_ash: 0.004 must be 0 or from 0.05 to 100, for it is a percentage; give percent, 2 for 2 %, not the fraction 0.02"
            ],
        ),
        (
            'anode_ash = "0.4 %"',
            'anode_ash = "0.4 %"\npot_out_below = "1500 V"',
            ["config/plants/p.toml:17 potlines.PL1.pot_out_below: 1500 V is above 3 V; give 0 V to 3 V"],
        ),
        (
            'valid_from = 2024-01-01, source = "balance"',
            'valid_from = 2999-01-01, source = "balance"',
            [
                "config/plants/p.toml:13 potlines.PL1.current_efficiency: the first value is in force from 2999-01-01 on only; add the one before it, valid from an earlier day than today"
            ],
        ),
        (
            'valid_from = 2024-01-01, source = "balance"',
            'valid_from = "January", source = "balance"',
            [
                "config/plants/p.toml:13 potlines.PL1.current_efficiency[0].valid_from: 'January' is no date; write it like 2024-01-31, without quotation marks"
            ],
        ),
        (
            'valid_from = 2024-01-01, source = "balance"',
            'valid_from = 2024-01-01T00:00:00, source = "balance"',
            [
                "config/plants/p.toml:13 potlines.PL1.current_efficiency[0].valid_from: 2024-01-01T00:00:00 is no date; write it like 2024-01-31, without quotation marks"
            ],
        ),
        (
            'valid_from = 2024-01-01, source = "balance"',
            'valid_from = "2024-13-01", source = "balance"',
            [
                "config/plants/p.toml:13 potlines.PL1.current_efficiency[0].valid_from: '2024-13-01' is no day of the calendar; write it like 2024-01-31"
            ],
        ),
        (
            'source = "balance" }]',
            'source = "balance" }, { value = "93 %", valid_from = 2024-01-01, source = "x" }]',
            [
                "config/plants/p.toml:13 potlines.PL1.current_efficiency[1].valid_from: a value from 2024-01-01 on stands here twice; keep one"
            ],
        ),
        (
            'source = "balance" }]',
            'sauce = "balance" }]',
            [
                "config/plants/p.toml:13 potlines.PL1.current_efficiency[0].sauce: is not a setting; did you mean 'source'?"
            ],
        ),
        (
            "[plant]",
            "[palnt]",
            [
                "config/plants/p.toml plant: is missing; add [plant]",
                "config/plants/p.toml:1 palnt: is no section of a plant file; did you mean 'plant'?",
            ],
        ),
    ],
)
def test_what_is_wrong_in_the_plant_file_is_told_with_line_key_and_remedy(
    settings_folder: SettingsFolder, old: str, new: str, told: list[str]
) -> None:
    settings_folder.change(PLANT, old, new)
    assert settings_folder.problems() == told
