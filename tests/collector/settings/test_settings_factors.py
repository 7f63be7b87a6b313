"""Factors over time in the files: one name, a list with days, hours of a sheet; what is wrong with each."""

# ruff: noqa: E501 - whole lines, as a person reads them

from datetime import date

import pytest
from settings_folder import COLLECTOR, GRID, PLANT, SLOPES, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

from collector.plant.factors import FactorKind
from collector.settings import ConfigurationError, load

TWO = 'grid_factor = [\n    { factor = "grid", valid_from = 2023-01-01 },\n    { factor = "new", valid_from = 2024-01-01 },\n]'
ONE = 'grid_factor = "grid"'
P = "config/plants/p.toml"
YEAR_2024 = 1704038400_000_000_000
"""2024 begins in Shanghai [ns]."""


@pytest.fixture(name="two_factors")
def two_factors_(settings_folder: SettingsFolder) -> SettingsFolder:
    """Return settings with a factor of 2023 and one of 2024, the second of which says all that can be said."""
    settings_folder.add(
        GRID,
        '[new]\nvalue = 0.45\nunit = "kg CO2/kWh"\nkind = "co2"\nregion = "North"\nscope = "residual mix"\n'
        'valid_from = 2024-01-01\nsource = "later"\nverified = "unverified"\nuncertainty = "5 %"\n'
        '[footprint]\nvalue = 0.58\nunit = "kg CO2e/kWh"\nkind = "carbon_footprint"\nvalid_from = 2024-01-01\n'
        'source = "secondary"\nverified = "transcription"\nstandard_uncertainty = "3 %"\n',
    )
    settings_folder.change(PLANT, ONE, TWO)
    return settings_folder


def test_each_factor_counts_from_midnight_of_the_plant_on(two_factors: SettingsFolder) -> None:
    grid = two_factors.load().plant.grid_factor
    before, after = grid.at(YEAR_2024 - 1), grid.at(YEAR_2024)
    assert (before.id, before.value, before.relative_standard_uncertainty) == ("grid", 0.5306, None)
    assert (after.id, after.value, after.relative_standard_uncertainty) == ("new", 0.45, 0.025)
    named = grid.named(YEAR_2024)
    assert (named.region, named.scope, named.verified, named.kind) == (
        "North",
        "residual mix",
        "unverified",
        FactorKind.CO2,
    )
    with pytest.raises(LookupError, match="no factor is in force"):
        grid.at(YEAR_2024 - 366 * 86400 * 10**9)


def test_the_same_list_may_come_from_the_environment(
    two_factors: SettingsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POTLINE_EMISSIONS__GRID_FACTOR", '[{"factor": "new", "valid_from": "2024-01-01"}]')
    assert two_factors.load().plant.grid_factor.at(YEAR_2024).id == "new"
    monkeypatch.setenv("POTLINE_EMISSIONS__GRID_FACTOR", "[new]")
    assert two_factors.problems() == [
        'environment POTLINE_EMISSIONS__GRID_FACTOR emissions.grid_factor: \'[new]\' is no list of factors; write it like [{"factor": "cn-national-2023", "valid_from": "2023-01-01"}]'
    ]


def test_a_footprint_factor_is_a_series_of_its_own_kind(two_factors: SettingsFolder) -> None:
    two_factors.change(PLANT, TWO, f'{TWO}\nfootprint_factor = "footprint"\nresidual_factor = "new"')
    plant = two_factors.load().plant
    assert plant.footprint_factor is not None
    assert plant.residual_factor is not None
    assert plant.footprint_factor.kind is FactorKind.CARBON_FOOTPRINT
    assert plant.footprint_factor.at(YEAR_2024).relative_standard_uncertainty == 0.03
    assert plant.residual_factor.at(YEAR_2024).value == 0.45


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (
            'grid_factor = "footprint"',
            [
                f"{P}:8 emissions.grid_factor: footprint is of kind carbon_footprint, and grid_factor is of kind co2; the two are not comparable; name one of the right kind"
            ],
        ),
        (
            'grid_factor = "grid"\nfootprint_factor = "new"',
            [
                f"{P}:9 emissions.footprint_factor: new is of kind co2, and footprint_factor is of kind carbon_footprint; the two are not comparable; name one of the right kind"
            ],
        ),
        (
            'grid_factor = [{ factor = "gird", valid_from = 2024-01-01 }]',
            [
                f"{P}:8 emissions.grid_factor[0].factor: 'gird' does not stand in config/factors/grid_electricity.toml; one of: footprint, grid, new"
            ],
        ),
        (
            'grid_factor = [{ factor = "grid" }, { factor = "new", valid_from = 2024-01-01 }]',
            [
                f"{P}:8 emissions.grid_factor[0]: does not say from when on it is used; add valid_from = 2024-01-01, or the like"
            ],
        ),
        (
            'grid_factor = [\n{ factor = "grid", valid_from = 2024-01-01 },\n{ factor = "new", valid_from = 2024-01-01 }]',
            [f"{P}:9 emissions.grid_factor[0].factor: two factors are used from 2024-01-01 on; keep one"],
        ),
        (
            'grid_factor = [{ factor = "new", valid_from = 2023-01-01 }]',
            [
                f"{P}:8 emissions.grid_factor[0].factor: new is used from 2023-01-01 on, and is valid from 2024-01-01 on only; use it later, and name the one before it"
            ],
        ),
        ("grid_factor = []", [f"{P}:8 emissions.grid_factor: is empty; at least one is needed"]),
        ("grid_factor = 5", [f"{P}:8 emissions.grid_factor: 5 is no text; write it in quotation marks"]),
        (
            'grid_factor = [{ factor = "grid", valid_from = "soon" }]',
            [
                f"{P}:8 emissions.grid_factor[0].valid_from: 'soon' is no date; write it like 2024-01-31, without quotation marks"
            ],
        ),
        (
            'grid_factor = "grid"\ngrid_factor_gaps = "refuse"',
            [f"{P}:9 emissions.grid_factor_gaps: belongs to a grid_factor_csv; remove it"],
        ),
    ],
)
def test_what_is_wrong_with_a_series_is_told_with_its_line(
    two_factors: SettingsFolder, new: str, told: list[str]
) -> None:
    two_factors.change(PLANT, TWO, new)
    assert two_factors.problems() == told


def test_a_factor_that_has_ended_and_none_that_follows_is_told(two_factors: SettingsFolder) -> None:
    two_factors.change(GRID, "valid_from = 2023-01-01", "valid_from = 2023-01-01\nvalid_to = 2023-12-30")
    assert two_factors.problems() == [
        f"{P}:9 emissions.grid_factor[0].factor: grid is valid to 2023-12-30 only, and nothing is named for the time after it; name the factor that follows it in grid_factor, with its valid_from"
    ]
    two_factors.change(GRID, "valid_to = 2023-12-30", "valid_to = 2023-12-31")
    assert two_factors.problems() == []


def test_the_last_factor_must_hold_today(settings_folder: SettingsFolder) -> None:
    settings_folder.change(GRID, "valid_from = 2023-01-01", "valid_from = 2023-01-01\nvalid_to = 2025-12-31")
    file = settings_folder.path / COLLECTOR
    assert load(file, today=date(2026, 1, 1)).plant.id == "north"
    with pytest.raises(ConfigurationError, match="grid is valid to 2025-12-31 only"):
        load(file, today=date(2026, 1, 2))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'verified = "transcription"',
            'verified = "rumour"',
            [
                'config/factors/grid_electricity.toml:23 footprint.verified: \'rumour\' is not possible here; write "official", "transcription", "own" or "unverified"'
            ],
        ),
        (
            'unit = "kg CO2e/kWh"',
            'unit = "kg CO2/kWh"',
            [
                'config/factors/grid_electricity.toml:19 footprint.unit: a factor of kind carbon_footprint counts all gases, and kg CO2/kWh does not; write unit = "kg CO2e/kWh", if that is its unit'
            ],
        ),
        (
            'uncertainty = "5 %"\n',
            'uncertainty = "5 %"\nstandard_uncertainty = "2 %"\n',
            [
                "config/factors/grid_electricity.toml:17 new.standard_uncertainty: uncertainty and standard_uncertainty exclude each other; keep one"
            ],
        ),
        (
            'uncertainty = "5 %"\n',
            "uncertainty = 5\n",
            [
                'config/factors/grid_electricity.toml:16 new.uncertainty: 5 has no unit; write it with its unit, like "60 %"'
            ],
        ),
        (
            'uncertainty = "5 %"\n',
            'uncertainty = "5 %"\nvalid_to = 2020-01-01\n',
            [
                f"{P}:10 emissions.grid_factor[1].factor: new is valid to 2020-01-01 only, and nothing is named for the time after it; name the factor that follows it in grid_factor, with its valid_from",
                "config/factors/grid_electricity.toml:17 new.valid_to: 2020-01-01 is before valid_from, 2024-01-01; give the last day",
            ],
        ),
    ],
)
def test_what_is_wrong_with_a_factor_is_told_in_its_own_file(
    two_factors: SettingsFolder, old: str, new: str, told: list[str]
) -> None:
    two_factors.change(GRID, old, new)
    assert sorted(two_factors.problems()) == sorted(told)


def test_a_slope_may_say_how_sure_it_is(settings_folder: SettingsFolder) -> None:
    settings_folder.change(SLOPES, "c2f6_per_cf4 = 0.121", 'c2f6_per_cf4 = 0.121, uncertainty = "6 %"')
    [potline] = settings_folder.load().plant.potlines
    assert (potline.slope.relative_standard_uncertainty, potline.slope.verified) == (0.03, "official")


# --- Hours --------------------------------------------------------------------------------------------------------

HEADER = "time,kg_co2_per_kwh,source\n"
HOURS = "2024-03-01T00:00:00+08:00,0.4,operator\n2024-02-29T17:00:00Z,0.5,operator\n2024-03-01T03:00:00+08:00,0.6,operator\n"


def with_hours(folder: SettingsFolder, text: str, gaps: str = "estimate") -> list[str]:
    folder.write("plants/grid.csv", text)
    folder.change(PLANT, ONE, f'{ONE}\ngrid_factor_csv = "grid.csv"\ngrid_factor_gaps = "{gaps}"')
    return folder.problems()


def test_hours_of_a_sheet_count_whatever_their_offset_and_missing_ones_are_estimated(
    settings_folder: SettingsFolder,
) -> None:
    assert with_hours(settings_folder, HEADER + HOURS) == []
    first = 1709222400_000_000_000
    grid = settings_folder.load().plant.grid_factor
    hours = [grid.at(first + n * 3_600_000_000_000) for n in range(-1, 5)]
    assert [(hour.id, hour.value, hour.estimated) for hour in hours] == [
        ("grid", 0.5306, True),
        ("grid.csv", 0.4, False),
        ("grid.csv", 0.5, False),
        ("grid", 0.5306, True),
        ("grid.csv", 0.6, False),
        ("grid", 0.5306, True),
    ]


def test_gaps_are_refused_where_that_is_declared(settings_folder: SettingsFolder) -> None:
    assert with_hours(settings_folder, HEADER + HOURS, "refuse") == [
        f'{P}:9 emissions.grid_factor_csv: grid.csv leaves out 1 of its hours; complete it, or let the named factor count there: grid_factor_gaps = "estimate"'
    ]


def test_what_counts_in_gaps_must_be_declared(settings_folder: SettingsFolder) -> None:
    settings_folder.write("plants/grid.csv", HEADER + HOURS)
    settings_folder.change(PLANT, ONE, f'{ONE}\ngrid_factor_csv = "grid.csv"')
    assert settings_folder.problems() == [
        f'{P}:9 emissions.grid_factor_csv: does not say what counts in hours that the file leaves out; add grid_factor_gaps = "estimate" (the named factor, as estimated) or "refuse"'
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("time,value\n2024-03-01T00:00:00Z,1\n", "config/plants/grid.csv has no column 'kg_co2_per_kwh'; it needs time, kg_co2_per_kwh, source"),
        (HEADER, "config/plants/grid.csv has a header and no rows; the first row names the columns, each further row is an hour or a month"),
        (f"{HEADER}2024-03-01T00:00:00,0.4,x\n", "config/plants/grid.csv row 2: '2024-03-01T00:00:00' does not say of which time zone it is; write it like 2026-03-01T00:00:00Z, or with an offset like +08:00"),
        (f"{HEADER}yesterday,0.4,x\n", "config/plants/grid.csv row 2: 'yesterday' is no time; write it like 2026-03-01T00:00:00Z, or with an offset like +08:00"),
        (f"{HEADER}2024-03-01T00:05:00Z,0.4,x\n", "config/plants/grid.csv row 2: '2024-03-01T00:05:00Z' is no beginning of an hour; give one row for each hour"),
        (f'{HEADER}2024-03-01T00:00:00Z,"0,4",x\n', "config/plants/grid.csv row 2: '0,4' is no kg_co2_per_kwh of zero or more; write it like 0.53, with a point"),
        (f"{HEADER}2024-03-01T00:00:00Z,nan,x\n", "config/plants/grid.csv row 2: 'nan' is no kg_co2_per_kwh of zero or more; write it like 0.53, with a point"),
        (f"{HEADER}2024-03-01T00:00:00Z,530,x\n", "config/plants/grid.csv row 2: 530 must be from 0 to 3; give kg CO2 per kWh, 0.53 and not 530 g/kWh"),
        (f"{HEADER}2024-03-01T00:00:00Z,0.4,\n", "config/plants/grid.csv row 2: its source is empty; write where the number is from"),
        (f"{HEADER}2024-03-01T00:00:00Z,0.4,x\n2024-03-01T08:00:00+08:00,0.5,x\n", "config/plants/grid.csv row 3: row 2 tells the same hour; keep one"),
        (f"{HEADER}2024-03-01T00:00:00Z,0.4,x\n2024-03-01T01:30:00Z,0.5,x\n", "config/plants/grid.csv row 3: its hour begins at another minute than that of row 2; give whole hours"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_sheet_of_hours_is_told_with_its_row(
    settings_folder: SettingsFolder, text: str, told: str
) -> None:
    [problem] = with_hours(settings_folder, text)
    assert problem.startswith(f"{P}:9 emissions.grid_factor_csv: {told}")


def test_of_many_wrong_rows_three_are_told_and_the_others_counted(settings_folder: SettingsFolder) -> None:
    rows = "".join(f"2024-03-01T{hour:02}:00:00Z,-1,x\n" for hour in range(24))
    problems = with_hours(settings_folder, HEADER + rows)
    assert len(problems) == 3
    assert problems[-1].endswith(
        "row 4: '-1' is no kg_co2_per_kwh of zero or more (and 21 more rows); write it like 0.53, with a point"
    )


def test_a_sheet_that_is_not_there_is_told(settings_folder: SettingsFolder) -> None:
    settings_folder.change(PLANT, ONE, f'{ONE}\ngrid_factor_csv = "nowhere.csv"\ngrid_factor_gaps = "refuse"')
    assert settings_folder.problems() == [
        f"{P}:9 emissions.grid_factor_csv: config/plants/nowhere.csv cannot be read: No such file or directory; its path starts at the plant file's folder; check it, and who may read it"
    ]
