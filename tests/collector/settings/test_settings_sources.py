"""Files that cannot be read, and the environment over all of them."""

# ruff: noqa: E501 - whole lines, as a person reads them

import os
from pathlib import Path

import pytest
from settings_folder import COLLECTOR, DC, PLANT, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture


def test_the_collectors_file_may_be_missing_and_the_environment_wrong(
    settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (settings_folder.path / COLLECTOR).unlink()
    monkeypatch.setenv("POTLINE_STORE", "here")
    assert settings_folder.problems() == [
        "config/collector.toml: cannot be read: No such file or directory; check the path and who may read it",
        'environment POTLINE_STORE: cannot be read; a list or a table is written as JSON, like ["1001..1040"]',
    ]


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (
            PLANT,
            ["config/plants/p.toml: cannot be read: No such file or directory; check the path and who may read it"],
        ),
        (DC, ["config/plants/p.toml:27 meters.dc.profile: there is no profile 'dc'; one of: ac"]),
        (
            "factors/gwp.toml",
            ["config/factors/gwp.toml: cannot be read: No such file or directory; check the path and who may read it"],
        ),
    ],
)
def test_a_missing_file_is_told(settings_folder: SettingsFolder, file: str, told: list[str]) -> None:
    (settings_folder.path / file).unlink()
    assert settings_folder.problems() == told


@pytest.mark.parametrize("file", [COLLECTOR, PLANT, DC, "factors/gwp.toml"])
def test_a_file_that_is_not_utf8_is_told(settings_folder: SettingsFolder, file: str) -> None:
    path = settings_folder.path / file
    path.write_bytes(b"# r\xe9sum\xe9\n" + path.read_bytes())
    assert settings_folder.problems() == [f"config/{file}: is not UTF-8 text (byte 3); save it as UTF-8"]


def test_a_folder_in_place_of_a_file_is_told(settings_folder: SettingsFolder) -> None:
    settings_folder.change(COLLECTOR, '"plants/p.toml"', '"plants"')
    assert settings_folder.problems() == [
        "config/plants: cannot be read: Is a directory; check the path and who may read it"
    ]


def test_a_file_elsewhere_is_told_by_its_whole_path(
    settings_folder: SettingsFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    settings_folder.change(PLANT, "port = 5020", "port = 0")
    assert settings_folder.problems() == [
        f"{settings_folder.path}/plants/p.toml:20 endpoints.plc.port: 0 is below 1; give a whole number from 1 to 65535"
    ]


def test_links_in_a_circle_are_a_problem_and_no_crash(settings_folder: SettingsFolder) -> None:
    path = settings_folder.path / PLANT
    path.unlink()
    path.symlink_to(path.name)
    [told] = settings_folder.problems()
    assert told.endswith(
        "p.toml: cannot be read: Too many levels of symbolic links; check the path and who may read it"
    )


def test_a_store_that_is_a_folder_is_a_problem(settings_folder: SettingsFolder, tmp_path: Path) -> None:
    settings_folder.change(COLLECTOR, 'path = "../var/store.sqlite"', 'path = ".."')
    assert settings_folder.problems() == [
        f"config/collector.toml:5 store.path: {tmp_path} is a folder; name a file in it"
    ]


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        # a table's key; a whole table; upper case of ids; hyphens as underscores
        ("POTLINE_STORE__COMMIT_EVERY", "2 s", "c.store.commit_every_s == 2.0"),
        ("potline_store__commit_every", "3 s", "c.store.commit_every_s == 3.0"),
        ("POTLINE_PAGE__LISTEN", "[::1]:0", "(c.page.host, c.page.port) == ('::1', 0)"),
        ("POTLINE_ACCOUNTING", '{"grace": "5 s", "least_coverage": "80 %"}', "c.accounting.grace_s == 5.0"),
        ("POTLINE_PLANT__NAME", "South", "c.plant.name == 'South'"),
        ("POTLINE_POTLINES__PL1__NAME", "1234", "c.plant.potlines[0].name == '1234'"),
        ("POTLINE_ENDPOINTS__GATE_WAY__PORT", "1502", "[e.port for e in c.plant.endpoints] == [5020, 1502]"),
        ("POTLINE_ENDPOINTS__gate-way__PORT", "1503", "[e.port for e in c.plant.endpoints] == [5020, 1503]"),
        ("POTLINE_METERS__DC__UNIT", "7", "c.plant.polled_meters[0].unit == 7"),
        ("POTLINE_BROKERS__POTROOM__PROTOCOL", "5", "c.plant.brokers[0].protocol == '5'"),
        ("POTLINE_BROKERS__POTROOM__CLIENT_ID", "12345", "c.plant.brokers[0].client_id == '12345'"),
        # lists as JSON
        ("POTLINE_POTLINES__PL1__POTS", '["1..2", "7"]', "c.plant.potlines[0].pots == ('1', '2', '7')"),
        (
            "POTLINE_POTLINES__PL1__CURRENT_EFFICIENCY",
            '[{"value": "94 %", "valid_from": "2024-02-01", "source": "x"}]',
            "c.plant.potlines[0].current_efficiency.values[0].value == 0.94",
        ),
        # what no file has: a new table
        (
            "POTLINE_DELIVERY",
            '{"a": {"kind": "influxdb1", "url": "http://x/", "database": "d", "create_database": true}}',
            "[(t.name, t.url, t.bucket, t.create) for t in c.targets] == [('a', 'http://x', 'd', True)]",
        ),
    ],
)
def test_a_variable_overrides_a_setting(
    settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch, name: str, value: str, read: str
) -> None:
    monkeypatch.setenv(name, value)
    assert eval(read, {"c": settings_folder.load()})  # noqa: S307 - our own words


def test_variables_make_a_table_that_no_file_has(
    settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in {"KIND": "influxdb1", "URL": "http://x", "DATABASE": "d", "CREATE_DATABASE": "true"}.items():
        monkeypatch.setenv(f"POTLINE_DELIVERY__DEMO__{key}", value)
    [target] = settings_folder.load().targets
    assert (target.name, target.bucket, target.create) == ("demo", "d", True)


def test_a_single_key_counts_over_its_table_in_another_variable(
    settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POTLINE_ACCOUNTING__GRACE", "6 s")
    monkeypatch.setenv("POTLINE_ACCOUNTING", '{"grace": "5 s", "longest_gap": "20 s"}')
    accounting = settings_folder.load().accounting
    assert (accounting.grace_s, accounting.longest_gap_s) == (6.0, 20.0)


def test_a_variable_names_another_plant_file(settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (settings_folder.path / PLANT).read_text(encoding="utf-8")
    settings_folder.write("other.toml", text.replace('id = "north"', 'id = "south"'))
    monkeypatch.setenv("POTLINE_PLANT_FILE", "other.toml")
    assert settings_folder.load().plant.id == "south"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("POTLINE_FOO", "1", "environment POTLINE_FOO: is no setting; see config/collector.toml for the names"),
        ("POTLINE_STOER__PATH", "1", "environment POTLINE_STOER__PATH: is no setting; did you mean POTLINE_STORE?"),
        (
            "POTLINE_STORE__PTH",
            "1",
            "environment POTLINE_STORE__PTH store.pth: is not a setting; did you mean 'path'?",
        ),
        (
            "POTLINE_METERS__DC__UNIT",
            "seven",
            "environment POTLINE_METERS__DC__UNIT meters.dc.unit: 'seven' is no whole number; give one from 0 to 255",
        ),
        (
            "POTLINE_ENDPOINTS__GATE_WAY__HOST",
            "plc:502",
            "environment POTLINE_ENDPOINTS__GATE_WAY__HOST endpoints.gate-way.host: 'plc:502' is no host; give a name, or an address like 10.20.0.5; the port has a key of its own",
        ),
        (
            "POTLINE_POTLINES__PL1__POTS",
            "1001..1004",
            'environment POTLINE_POTLINES__PL1__POTS: cannot be read; a list or a table is written as JSON, like ["1001..1040"]',
        ),
        (
            "POTLINE_POTLINES__PL1__POTS",
            '["1..0"]',
            "environment POTLINE_POTLINES__PL1__POTS potlines.PL1.pots[0]: the range 1..0 holds 0 pots; 1 to 5000, smaller number first",
        ),
        (
            "POTLINE_STORE",
            "5",
            "environment POTLINE_STORE store: is no table; write [store] and its settings below it",
        ),
        (
            "POTLINE_ENDPOINTS__GATE_WAY",
            '{"host": null}',
            "environment POTLINE_ENDPOINTS__GATE_WAY endpoints.gate-way.host: is missing, and transport modbus_tcp needs it; add it",
        ),
        (
            "POTLINE_PLANT__ID",
            "x" * 65,
            "environment POTLINE_PLANT__ID plant.id: is longer than 64 characters; shorten it",
        ),
        (
            "POTLINE_BROKERS__POTROOM__CLIENT_ID",
            "x" * 65,
            "environment POTLINE_BROKERS__POTROOM__CLIENT_ID brokers.potroom.client_id: is longer than 64 characters; shorten it",
        ),
        (
            "POTLINE_BROKERS__POTROOM__CLIENT_ID",
            "a b",
            "environment POTLINE_BROKERS__POTROOM__CLIENT_ID brokers.potroom.client_id: 'a b' cannot be a client id; write it without spaces",
        ),
        ("POTLINE_STORE__PATH", "", "environment POTLINE_STORE__PATH store.path: is empty; write something into it"),
        (
            "POTLINE_PLANT_FILE",
            "q.toml",
            "config/q.toml: cannot be read: No such file or directory; check the path and who may read it",
        ),
    ],
)
def test_what_is_wrong_in_a_variable_is_told_with_its_name(
    settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    assert settings_folder.problems() == [told]


def test_each_variable_that_cannot_be_read_is_told(
    settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POTLINE_STORE", "x")
    monkeypatch.setenv("POTLINE_PAGE", "y")
    monkeypatch.setenv("POTLINE_METERS__AC__UNIT", "999")
    assert settings_folder.problems() == [
        "environment POTLINE_METERS__AC__UNIT meters.ac.unit: 999 is above 255; give a whole number from 0 to 255",
        'environment POTLINE_PAGE: cannot be read; a list or a table is written as JSON, like ["1001..1040"]',
        'environment POTLINE_STORE: cannot be read; a list or a table is written as JSON, like ["1001..1040"]',
    ]


def test_what_a_table_from_variables_lacks_is_told_with_a_variable(
    settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POTLINE_DELIVERY__DEMO__KIND", "influxdb1")
    assert settings_folder.problems() == [
        "environment POTLINE_DELIVERY__DEMO__KIND delivery.demo.database: is missing, and kind influxdb1 needs it; add it",
        "environment POTLINE_DELIVERY__DEMO__KIND delivery.demo.url: is missing; add it",
    ]


def test_a_variable_that_stands_for_two_tables_is_a_problem(
    settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_folder.add(PLANT, '[endpoints.gate_way]\ntransport = "modbus_tcp"\nhost = "127.0.0.3"\n')
    monkeypatch.setenv("POTLINE_ENDPOINTS__GATE_WAY__PORT", "1502")
    assert settings_folder.problems() == []
    monkeypatch.delenv("POTLINE_ENDPOINTS__GATE_WAY__PORT")
    settings_folder.change(PLANT, "[endpoints.gate_way]", "[endpoints.'gate.way']")
    monkeypatch.setenv("POTLINE_ENDPOINTS__GATE_WAY__PORT", "1502")
    assert settings_folder.problems() == [
        (
            "environment POTLINE_ENDPOINTS__GATE_WAY__PORT: stands for each of gate-way, gate.way;"
            " give them names that differ in letters or digits"
        )
    ]


def test_bytes_in_a_variable_that_are_no_text_are_a_problem_that_can_be_printed(
    settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "POTLINE_STORE__PATH", os.fsdecode(b"/var/\xff"))
    monkeypatch.setitem(os.environ, "POTLINE_LOG__LEVEL", os.fsdecode(b"\xff"))
    told = settings_folder.problems()
    assert told == [
        "environment POTLINE_LOG__LEVEL log.level: holds bytes that are no text; write it in UTF-8",
        "environment POTLINE_STORE__PATH store.path: holds bytes that are no text; write it in UTF-8",
    ]
    assert "\n".join(told).encode()
