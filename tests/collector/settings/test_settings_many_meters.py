"""Many meters from one table of a plant file, or from a sheet beside it."""

# ruff: noqa: E501 - whole lines, as a person reads them

import time
from pathlib import Path

import pytest
from feeder_table import ONE_TABLE
from settings_folder import PLANT, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

from collector.plant.profile import MeterProfile
from collector.settings import profiles

FEEDERS = """\
[endpoints."feeders_{n}"]
for = "1..2"
transport = "modbus_tcp"
host = "10.20.4.{n}"
[meters."feeder_{n}"]
for = "1..200"
measures = "auxiliary_ac"
potline = "PL1"
profile = "ac"
endpoint = "feeders_1"
unit = "{n}"
every = "10s"
rated_power = "250 kW"
[meters."feeder_{n+0}"]
for = "201..300"
measures = "auxiliary_ac"
potline = "PL1"
profile = "ac"
endpoint = "feeders_2"
unit = "{n-200}"
every = "10s"
rated_power = "250 kW"
"""

FANS = """\
[meters."{tag}"]
from_csv = "fans.csv"
measures = "auxiliary_ac"
profile = "{map}"
endpoint = "plc"
unit = "{unit}"
rated_power = "{kw} kW"
"""

SHEET = "tag;map;unit;kw\nfan_A;ac;11;250\nfan_B;ac;12;90\nfan_C;ac;13;7.5\n"


def test_three_hundred_meters_of_one_profile_take_less_than_thirty_lines_and_less_than_a_second(
    settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_folder.add(PLANT, FEEDERS)
    read: list[str] = []

    def noted(path: Path) -> MeterProfile:
        read.append(path.name)
        return profiles.read_profile(path)

    monkeypatch.setattr("collector.settings.meters.read_profile", noted)
    start = time.perf_counter()
    plant = settings_folder.load().plant
    took_s = time.perf_counter() - start
    assert len(FEEDERS.splitlines()) < 30
    feeders = [meter for meter in plant.polled_meters if meter.id.startswith("feeder_")]
    assert [meter.id for meter in feeders] == [f"feeder_{n}" for n in range(1, 301)]
    assert [(m.endpoint.host, m.unit) for m in feeders[198:202]] == [
        ("10.20.4.1", 199),
        ("10.20.4.1", 200),
        ("10.20.4.2", 1),
        ("10.20.4.2", 2),
    ]
    assert read == ["dc.toml", "ac.toml"]
    assert took_s < 1.0
    assert len({id(meter.registers) for meter in plant.polled_meters if meter.profile.name == "ac"}) == 1


def test_a_variable_sets_one_of_many_and_is_named_where_it_is_wrong(
    settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_folder.add(PLANT, ONE_TABLE)
    monkeypatch.setenv("POTLINE_METERS__FEEDER_12__EVERY", "1 s")
    every = {meter.id: meter.every_s for meter in settings_folder.load().plant.polled_meters}
    assert (every["feeder_11"], every["feeder_12"], every["feeder_13"]) == (5.0, 1.0, 5.0)
    monkeypatch.setenv("POTLINE_METERS__FEEDER_12__EVERY", "1 V")
    assert settings_folder.problems() == [
        "environment POTLINE_METERS__FEEDER_12__EVERY meters.feeder_12.every: 'V' measures voltage, and time is needed here; one of: ns, us, ms, s, min, m, h, d"
    ]


def test_a_variable_cannot_make_many_meters(settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POTLINE_METERS__AC__FOR", "1..300")
    assert settings_folder.problems() == [
        "environment POTLINE_METERS__AC__FOR meters.ac.for: makes many meters of one table of the plant file only; write it there"
    ]


def test_each_row_of_a_sheet_beside_the_plant_file_makes_a_meter(settings_folder: SettingsFolder) -> None:
    settings_folder.add(PLANT, FANS)
    (settings_folder.path / "plants" / "fans.csv").write_bytes(b"\xef\xbb\xbf" + SHEET.replace("\n", "\r\n").encode())
    fans = settings_folder.load().plant.polled_meters[2:]
    assert [(m.id, m.unit, m.rated_power_kw) for m in fans] == [
        ("fan_A", 11, 250.0),
        ("fan_B", 12, 90.0),
        ("fan_C", 13, 7.5),
    ]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'for = "1..40"',
            'for = "40-1"',
            ["config/plants/p.toml:43 meters.feeder_{n}.for: '40-1' is no range of whole numbers; write it as text, like \"1..300\""],
        ),
        # said once for all that have it in common
        (
            'endpoint = "plc"\nunit = "{n+100}"',
            'endpoint = "plq"\nunit = "{n+100}"',
            ["config/plants/p.toml:46 meters.feeder_{n}.endpoint: there is no endpoint 'plq' (all 40 meters of this table); one of: gate-way, plc"],
        ),
        (
            'profile = "ac"\nendpoint = "plc"\n',
            'endpoint = "plc"\nprofil = "ac"\n',
            ["config/plants/p.toml:46 meters.feeder_{n}.profil: is not a setting (all 40 meters of this table); did you mean 'profile'?"],
        ),
        ('rated_power = "250 kW"\n', "", ['config/plants/p.toml:42 meters.feeder_{n}.rated_power: is missing, and it bounds what auxiliary_ac may book (all 40 meters of this table); add it, like "60 MW"']),
        # those that differ in a number: the first, and the names of others
        (
            'unit = "{n+100}"',
            'unit = "{n+218}"',
            ["config/plants/p.toml:47 meters.feeder_38.unit: 256 is above 255 (likewise feeder_39, feeder_40); give a whole number from 0 to 255"],
        ),
        (
            'unit = "{n+100}"',
            "unit = 1",
            ["config/plants/p.toml:47 meters.feeder_{n}.unit: unit 1 of plc is dc already (all 40 meters of this table); two meters cannot be one device"],
        ),
        (
            'unit = "{n+100}"',
            "unit = 7",
            ["config/plants/p.toml:47 meters.feeder_2.unit: unit 7 of plc is feeder_1 already (likewise feeder_3, feeder_4, feeder_5 and 35 more); two meters cannot be one device"],
        ),
        # what stands for nothing hides nothing else
        (
            'endpoint = "plc"\nunit = "{n+100}"',
            'endpoint = "plq"\nunit = "{m}"',
            [
                "config/plants/p.toml:46 meters.feeder_{n}.endpoint: there is no endpoint 'plq' (all 40 meters of this table); one of: gate-way, plc",
                "config/plants/p.toml:47 meters.feeder_{n}.unit: {m} stands for nothing here; write {n}, or {n+1}, {n-100} and the like",
            ],
        ),
        (
            'for = "1..40"\nmeasures = "auxiliary_ac"\nprofile = "ac"',
            'for = "1-40"\nmeasures = "auxiliary_ac"\nprofile = "ad"',
            [
                "config/plants/p.toml:43 meters.feeder_{n}.for: '1-40' is no range of whole numbers; write it as text, like \"1..300\"",
                "config/plants/p.toml:45 meters.feeder_{n}.profile: there is no profile 'ad'; one of: ac, dc",
            ],
        ),
        (
            '[meters."feeder_{n}"]',
            '[meters."feeder {n}"]',
            ["config/plants/p.toml:42 meters.feeder 1: 'feeder 1' cannot be a name here (likewise feeder 2, feeder 3, feeder 4 and 36 more); use letters A-Z and digits, parted by single '_', '-' or '.'"],
        ),
        (
            '[meters."feeder_{n}"]',
            "[meters.feeders]",
            ['config/plants/p.toml:42 meters.feeders: makes 40 meters of one name; put a placeholder into the name, like [meters."feeders_{n}"]'],
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_many_meters_is_told_in_few_lines(
    settings_folder: SettingsFolder, old: str, new: str, told: list[str]
) -> None:
    settings_folder.add(PLANT, ONE_TABLE)
    settings_folder.change(PLANT, old, new)
    assert settings_folder.problems() == told


@pytest.mark.parametrize(
    ("table", "sheet", "told"),
    [
        (
            FANS,
            None,
            ["config/plants/p.toml:43 meters.{tag}.from_csv: config/plants/fans.csv cannot be read: No such file or directory; its path starts at the plant file's folder; check it, and who may read it"],
        ),
        (FANS, b"tag;\xff", ["config/plants/p.toml:43 meters.{tag}.from_csv: config/plants/fans.csv is not UTF-8 text (byte 4); save the sheet as CSV, in UTF-8, parted by commas or semicolons"]),
        (FANS, b"", ["config/plants/p.toml:43 meters.{tag}.from_csv: config/plants/fans.csv is empty; the first row names the columns, each further row is a meter"]),
        (
            FANS.replace("{unit}", "{unti}"),
            SHEET.encode(),
            ["config/plants/p.toml:47 meters.{tag}.unit: there is no column 'unti' in config/plants/fans.csv; did you mean 'unit'?"],
        ),
        # the row is named where the value comes from there
        (
            FANS,
            SHEET.replace("12", "twelve").replace("90", "90 MW").encode(),
            [
                "config/plants/p.toml:47 meters.fan_B.unit: 'twelve' is no whole number (config/plants/fans.csv row 3); give one from 0 to 255",
                "config/plants/p.toml:48 meters.fan_B.rated_power: '90 MW kW' is not a number with a unit (config/plants/fans.csv row 3); write it like '60 kW'",
            ],
        ),
        (
            FANS,
            SHEET.replace("12", "").encode(),
            ["config/plants/p.toml:47 meters.fan_B.unit: is missing (config/plants/fans.csv row 3); add it"],
        ),
        (
            FANS,
            SHEET.replace(";ac;", ";abc;").replace("fan_A;abc", "fan_A;ac").encode(),
            ["config/plants/p.toml:45 meters.fan_B.profile: there is no profile 'abc' (config/plants/fans.csv rows 3, 4); one of: ac, dc"],
        ),
        (
            FANS,
            SHEET.replace("13", "12").encode(),
            ["config/plants/p.toml:47 meters.fan_C.unit: unit 12 of plc is fan_B already (config/plants/fans.csv row 4); two meters cannot be one device"],
        ),
        (
            FANS,
            SHEET.replace("fan_C", "fan_B").encode(),
            ["config/plants/p.toml:42 meters.{tag}: config/plants/fans.csv row 4 makes fan_B, which row 3 makes already; names of meters are unique"],
        ),
        (
            FANS,
            SHEET.replace("fan_B", "fan B").encode(),
            ["config/plants/p.toml:42 meters.fan B: 'fan B' cannot be a name here (config/plants/fans.csv row 3); use letters A-Z and digits, parted by single '_', '-' or '.'"],
        ),
        (
            FANS.replace('"{unit}"', '"{unit+1}"'),
            SHEET.replace("12", "x").encode(),
            ["config/plants/p.toml:47 meters.fan_B.unit: 'x' is no whole number, and {unit+1} counts on from it (config/plants/fans.csv row 3); correct the cell"],
        ),
        # a constant is not of the sheet
        (
            FANS.replace('"plc"', '"plq"'),
            SHEET.encode(),
            ["config/plants/p.toml:46 meters.{tag}.endpoint: there is no endpoint 'plq' (all 3 meters of this table); one of: gate-way, plc"],
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_sheet_is_told_with_its_row(
    settings_folder: SettingsFolder, table: str, sheet: bytes | None, told: list[str]
) -> None:
    settings_folder.add(PLANT, table)
    if sheet is not None:
        (settings_folder.path / "plants" / "fans.csv").write_bytes(sheet)
    assert settings_folder.problems() == told


def test_endpoints_are_made_like_meters_and_told_like_them(settings_folder: SettingsFolder) -> None:
    settings_folder.add(PLANT, FEEDERS)
    settings_folder.change(PLANT, 'host = "10.20.4.{n}"', 'host = "10.20.4.{n+254}"')
    assert settings_folder.problems() == [
        "config/plants/p.toml:45 endpoints.feeders_2.host: '10.20.4.256' is no host; give a name, or an address like 10.20.0.5; the port has a key of its own"
    ]


def test_an_endpoint_that_a_broken_table_would_have_made_is_not_unknown(settings_folder: SettingsFolder) -> None:
    settings_folder.add(PLANT, FEEDERS)
    settings_folder.change(PLANT, 'for = "1..2"', 'for = "1-2"')
    settings_folder.change(PLANT, 'endpoint = "gate-way"', 'endpoint = "gateway"')
    assert settings_folder.problems() == [
        "config/plants/p.toml:35 meters.ac.endpoint: there is no endpoint 'gateway'; one of: feeders_1, gate-way, plc",
        "config/plants/p.toml:43 endpoints.feeders_{n}.for: '1-2' is no range of whole numbers; write it as text, like \"1..300\"",
    ]
