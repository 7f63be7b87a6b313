"""Each single mistake in a factor file, and the exact text that tells of it."""

# ruff: noqa: E501 - whole lines, as a person reads them

import pytest
from settings_folder import GRID, GWP, SLOPES, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (
            GRID,
            "value = 0.5306",
            "value = 530.6",
            [
                "config/factors/grid_electricity.toml:2 grid.value: 530.6 must be from 0 to 3; give kg CO2 per kWh, 0.53 and not 530 g/kWh"
            ],
        ),
        (
            GRID,
            "value = 0.5306",
            'value = "0.5"',
            [
                "config/factors/grid_electricity.toml:2 grid.value: '0.5' is no number; write it like 0.1, without quotation marks"
            ],
        ),
        (
            GRID,
            "kg CO2/kWh",
            "g/kWh",
            [
                'config/factors/grid_electricity.toml:3 grid.unit: \'g/kWh\' is not possible here; write "kg CO2/kWh" or "kg CO2e/kWh"'
            ],
        ),
        (
            GRID,
            "2023-01-01",
            "2998-01-01",
            [
                "config/plants/p.toml:8 emissions.grid_factor: grid is in force from 2998-01-01 on, which is to come; choose the factor that is in force today"
            ],
        ),
        (
            GRID,
            'source = "announcement"\n',
            "",
            ["config/factors/grid_electricity.toml:1 grid.source: is missing; add it"],
        ),
        (
            GWP,
            "cf4 = 6630",
            "cf4 = 6.63",
            [
                "config/factors/gwp.toml:2 ar5.cf4: 6.63 must be from 1000 to 100000; give t CO2e per t of gas, 6630 and not 6.63"
            ],
        ),
        (
            SLOPES,
            "c2f6_per_cf4 = 0.121",
            "c2f6_per_cf4 = 1.5",
            [
                "config/factors/pfc_slope.toml:4 ipcc_2006.cwpb.c2f6_per_cf4: 1.5 must be from 0 to 1; give kg of C2F6 for one kg of CF4, 0.121 for 12.1 %"
            ],
        ),
        (
            SLOPES,
            "slope = 0.143",
            "slope = -0.143",
            [
                "config/factors/pfc_slope.toml:4 ipcc_2006.cwpb.slope: -0.143 must be zero or more and finite; correct the sign where the value arises, and leave out what is not a good reading"
            ],
        ),
        (
            SLOPES,
            "slope = 0.143",
            "slope = 14.3",
            [
                "config/factors/pfc_slope.toml:4 ipcc_2006.cwpb.slope: a slope of 14.3 is not possible; rule sets print 0.05 to 0.3"
            ],
        ),
        (
            SLOPES,
            "slope = 0.143",
            "slop = 0.143",
            ["config/factors/pfc_slope.toml:4 ipcc_2006.cwpb.slop: is not a setting; did you mean 'slope'?"],
        ),
        (
            SLOPES,
            "cwpb = {",
            "vss = 5\ncwpb = {",
            [
                "config/factors/pfc_slope.toml:4 ipcc_2006.vss: is no table; write [ipcc_2006.vss] and its settings below it"
            ],
        ),
    ],
)
def test_what_is_wrong_in_a_factor_file_is_told_with_line_key_and_remedy(
    settings_folder: SettingsFolder, file: str, old: str, new: str, told: list[str]
) -> None:
    settings_folder.change(file, old, new)
    assert settings_folder.problems() == told
