"""All problems at once, each once, and none that only follows from another."""

# ruff: noqa: E501 - whole lines, as a person reads them

import pytest
from settings_folder import AC, COLLECTOR, DC, GRID, PLANT, SLOPES, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture


def test_mistakes_in_every_file_and_the_environment_are_told_together(
    settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_folder.add(COLLECTOR, 'commit_every = "1 h"\n[page]\nport = 80\n[delivery.x]\nkind = "influxdb2"\n')
    settings_folder.change(PLANT, "port = 5020", "port = 70000")
    settings_folder.change(PLANT, 'endpoint = "gate-way"', 'endpoint = "gateway"')
    settings_folder.change(PLANT, 'anode_ash = "0.4 %"', 'anode_ash = "0.004 %"')
    settings_folder.change(PLANT, 'rated_power = "60 MW"', 'rated_power = "60 MWh"')
    settings_folder.change(AC, 'unit = "Wh"', 'unit = "V"\nscale = 0')
    settings_folder.change(DC, "function = 4", "function = 5")
    settings_folder.change(GRID, "value = 0.5306", "value = 530.6")
    settings_folder.change(SLOPES, "slope = ", "slop = ")
    monkeypatch.setenv("POTLINE_EMISSIONS__GWP", "ar9")
    monkeypatch.setenv("POTLINE_METERS__DC__UNIT", "300")
    monkeypatch.setenv("POTLINE_PAEG__LISTEN", "127.0.0.1:1")
    assert settings_folder.problems() == [
        "config/collector.toml:6 store.commit_every: 1 h is above 10 s; give 1 ms to 10 s",
        "config/collector.toml:8 page.port: is not a setting; one of: listen, token_file, certificate_file, key_file",
        "config/collector.toml:9 delivery.x.bucket: is missing, and kind influxdb2 needs it; add it",
        "config/collector.toml:9 delivery.x.org: is missing, and kind influxdb2 needs it; add it",
        "config/collector.toml:9 delivery.x.url: is missing; add it",
        "config/factors/grid_electricity.toml:2 grid.value: 530.6 must be from 0 to 3; give kg CO2 per kWh, 0.53 and not 530 g/kWh",
        "config/factors/pfc_slope.toml:4 ipcc_2006.cwpb.slop: is not a setting; did you mean 'slope'?",
        "config/plants/p.toml:16 potlines.PL1.anode_ash: 0.004 must be 0 or from 0.05 to 100, for it is a percentage; give percent, 2 for 2 %, not the fraction 0.02",
        "config/plants/p.toml:20 endpoints.plc.port: 70000 is above 65535; give a whole number from 1 to 65535",
        "config/plants/p.toml:35 meters.ac.endpoint: there is no endpoint 'gateway'; one of: gate-way, plc",
        "config/plants/p.toml:37 meters.ac.rated_power: 'MWh' measures energy, and power is needed here; one of: W, kW, MW",
        "config/profiles/ac.toml:16 registers.active_energy_import.unit: does not fit active_energy_import: 'V' measures voltage, and energy is needed here; one of: Wh, kWh, MWh, GWh",
        "config/profiles/ac.toml:17 registers.active_energy_import.scale: a scale of 0 makes every reading 0; give the factor from raw to the unit",
        "config/profiles/dc.toml:7 modbus.function: 5 is not possible here; write 1, 2, 3 or 4",
        "environment POTLINE_EMISSIONS__GWP emissions.gwp: 'ar9' does not stand in config/factors/gwp.toml; one of: ar5",
        "environment POTLINE_METERS__DC__UNIT meters.dc.unit: 300 is above 255; give a whole number from 0 to 255",
        "environment POTLINE_PAEG__LISTEN: is no setting; did you mean POTLINE_PAGE?",
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        # a broken endpoint is not unknown to its meters, nor like another
        (
            PLANT,
            'host = "127.0.0.1"\nport = 5020',
            "host = 5",
            ["config/plants/p.toml:19 endpoints.plc.host: 5 is no text; write it in quotation marks"],
        ),
        # a broken potline is not unknown to its meters
        (
            PLANT,
            'name = "Potline 1"',
            "name = 1",
            ["config/plants/p.toml:10 potlines.PL1.name: 1 is no text; write it in quotation marks"],
        ),
        # a required value that is wrong is not missing as well
        (
            PLANT,
            'time_zone = "Asia/Shanghai"',
            'time_zone = "Mars"',
            ["config/plants/p.toml:4 plant.time_zone: 'Mars' is no time zone; write it like Asia/Shanghai"],
        ),
        (
            PLANT,
            'method = "ipcc_2006"\n',
            "method = 2006\n",
            ["config/plants/p.toml:6 emissions.method: 2006 is no text; write it in quotation marks"],
        ),
        # nor does a wrong section leave its keys missing
        (
            PLANT,
            '[emissions]\nmethod = "ipcc_2006"\ngwp = "ar5"\ngrid_factor = "grid"\n',
            "",
            ["config/plants/p.toml emissions: is missing; add [emissions]"],
        ),
        # two meters with one broken unit are not one device
        (
            PLANT,
            'endpoint = "gate-way"\nunit = 2',
            'endpoint = "plc"\nunit = -1',
            ["config/plants/p.toml:36 meters.ac.unit: -1 is below 0; give a whole number from 0 to 255"],
        ),
        # an unknown profile is told at each meter that names it
        (
            PLANT,
            "[brokers.potroom]\n",
            (
                '[meters.ac2]\nmeasures = "auxiliary_ac"\nprofile = "acc"\nendpoint = "plc"\nunit = 9\n'
                'rated_power = "1 MW"\n[meters.ac3]\nmeasures = "auxiliary_ac"\nprofile = "acc"\nendpoint = "plc"\n'
                'unit = 10\nrated_power = "1 MW"\n[brokers.potroom]\n'
            ),
            [
                "config/plants/p.toml:40 meters.ac2.profile: there is no profile 'acc'; one of: ac, dc",
                "config/plants/p.toml:46 meters.ac3.profile: there is no profile 'acc'; one of: ac, dc",
            ],
        ),
        # a wrong meter is not no meter
        (
            PLANT,
            "[meters.dc]\n",
            "[meters.'d c']\n",
            [
                "config/plants/p.toml:24 meters.d c: 'd c' cannot be a name here; use letters A-Z and digits, parted by single '_', '-' or '.'"
            ],
        ),
        # a folder that is not there is told once
        (
            COLLECTOR,
            'factors_dir = "factors"',
            'factors_dir = "plants/p.toml"',
            [
                "config/collector.toml:3 factors_dir: there is no folder config/plants/p.toml; correct its path, or make it"
            ],
        ),
    ],
)
def test_one_mistake_is_told_once_where_it_was_made(
    settings_folder: SettingsFolder, file: str, old: str, new: str, told: list[str]
) -> None:
    settings_folder.change(file, old, new)
    assert settings_folder.problems() == told


def test_a_profile_with_mistakes_is_told_once_for_all_its_meters(settings_folder: SettingsFolder) -> None:
    settings_folder.change(PLANT, 'profile = "dc"', 'profile = "ac"')
    settings_folder.change(AC, "function = 3", "function = 6")
    assert settings_folder.problems() == [
        "config/profiles/ac.toml:7 modbus.function: 6 is not possible here; write 1, 2, 3 or 4"
    ]


def test_a_plant_file_that_cannot_be_read_hides_nothing_of_the_collectors_file(settings_folder: SettingsFolder) -> None:
    settings_folder.add(COLLECTOR, '[log]\nlevel = "loud"\n[delivery.x]\nkind = "influxdb1"\nurl = "http://x"\n')
    settings_folder.write(PLANT, "[plant\n")
    assert settings_folder.problems() == [
        'config/collector.toml:7 log.level: \'loud\' is not possible here; write "debug", "info", "warning" or "error"',
        "config/collector.toml:8 delivery.x.database: is missing, and kind influxdb1 needs it; add it",
        "config/plants/p.toml:1: is not valid TOML: Expected ']' at the end of a table declaration; text needs quotation marks, and a key stands only once in a table",
    ]


def test_a_plant_without_potlines_or_sources_is_a_problem(settings_folder: SettingsFolder) -> None:
    settings_folder.write(
        PLANT,
        '[plant]\nid = "north"\nname = "North"\ntime_zone = "UTC"\n'
        '[emissions]\nmethod = "ipcc_2006"\ngwp = "ar5"\ngrid_factor = "grid"\n[potlines]\n',
    )
    assert settings_folder.problems() == [
        "config/plants/p.toml meters: neither a meter nor a broker is configured; add [meters.NAME]",
        "config/plants/p.toml:9 potlines: no potline is configured; add [potlines.NAME]",
    ]


def test_a_pot_in_two_potlines_is_told_with_both_and_how_many_more(settings_folder: SettingsFolder) -> None:
    settings_folder.change(PLANT, "[endpoints.plc]", '[potlines.PL2]\npots = ["1003..1008"]\n[endpoints.plc]')
    told = settings_folder.problems()
    assert told[-1] == (
        "config/plants/p.toml:18 potlines.PL2.pots: pot 1003 stands in PL1, too (and 1 more);"
        " pot numbers are unique in the plant"
    )
    assert [line.split(": ")[0] for line in told[:-1]] == [
        "config/plants/p.toml:17 potlines.PL2.anode_ash",
        "config/plants/p.toml:17 potlines.PL2.anode_sulphur",
        "config/plants/p.toml:17 potlines.PL2.current_efficiency",
        "config/plants/p.toml:17 potlines.PL2.name",
        "config/plants/p.toml:17 potlines.PL2.net_anode_consumption",
        "config/plants/p.toml:17 potlines.PL2.technology",
    ]


def test_an_entry_of_a_factor_file_that_is_not_used_is_checked_too(settings_folder: SettingsFolder) -> None:
    settings_folder.add(GRID, "[other]\nvalue = 0.4\n")
    assert settings_folder.problems() == [
        "config/factors/grid_electricity.toml:7 other.source: is missing; add it",
        "config/factors/grid_electricity.toml:7 other.unit: is missing; add it",
        "config/factors/grid_electricity.toml:7 other.valid_from: is missing; add it",
        "config/factors/grid_electricity.toml:7 other.verified: is missing; add it",
    ]
