"""Each single mistake, and the exact text that tells it: file, line, key, what is wrong, what to do."""

# ruff: noqa: E501 - whole lines, as a person reads them

import pytest
from settings_folder import AC, COLLECTOR, GRID, GWP, PLANT, SLOPES, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "port = 5020",
            "port = 70000",
            ["config/plants/p.toml:20 endpoints.plc.port: 70000 is above 65535; give a whole number from 1 to 65535"],
        ),
        (
            "port = 5020",
            "port = true",
            ["config/plants/p.toml:20 endpoints.plc.port: true is no whole number; give one from 1 to 65535"],
        ),
        (
            "port = 5020",
            "port = 502.5",
            ["config/plants/p.toml:20 endpoints.plc.port: 502.5 is no whole number; give one from 1 to 65535"],
        ),
        (
            "port = 5020",
            'port = "modbus"',
            ["config/plants/p.toml:20 endpoints.plc.port: 'modbus' is no whole number; give one from 1 to 65535"],
        ),
        (
            "port = 5020",
            "port = 0xffffffffffffffffffffffffffffffffffffffffff",
            [
                "config/plants/p.toml:20 endpoints.plc.port: a number of that length is above 65535; give a whole number from 1 to 65535"
            ],
        ),
        (
            "port = 5020",
            "prot = 5020",
            ["config/plants/p.toml:20 endpoints.plc.prot: is not a setting; did you mean 'port'?"],
        ),
        (
            "port = 5020",
            "colour = 5020",
            [
                "config/plants/p.toml:20 endpoints.plc.colour: is not a setting; one of: transport, host, port, timeout, pause_after_connect, pause_between, lenient_transaction_id, ca_file, certificate_file, key_file, server_name, device, baud, parity, stop_bits, data_bits"
            ],
        ),
        (
            'host = "127.0.0.2"',
            'host = "127.0.0.1"\nport = 5020',
            [
                "config/plants/p.toml:21 endpoints.gate-way: is 127.0.0.1 port 5020 like plc; one endpoint, its meters share the connection"
            ],
        ),
        (
            'host = "127.0.0.2"',
            "",
            ["config/plants/p.toml:21 endpoints.gate-way.host: is missing, and transport modbus_tcp needs it; add it"],
        ),
        (
            'host = "127.0.0.2"',
            'host = "127.0.0.2:502"',
            [
                "config/plants/p.toml:23 endpoints.gate-way.host: '127.0.0.2:502' is no host; give a name, or an address like 10.20.0.5; the port has a key of its own"
            ],
        ),
        (
            'host = "127.0.0.2"',
            'host = "127.0.0.300"',
            [
                "config/plants/p.toml:23 endpoints.gate-way.host: '127.0.0.300' is no host; give a name, or an address like 10.20.0.5; the port has a key of its own"
            ],
        ),
        (
            'host = "127.0.0.2"',
            "host = 5",
            ["config/plants/p.toml:23 endpoints.gate-way.host: 5 is no text; write it in quotation marks"],
        ),
        (
            'endpoint = "gate-way"\nunit = 2',
            'endpoint = "plc"\nunit = 1',
            ["config/plants/p.toml:36 meters.ac.unit: unit 1 of plc is dc already; two meters cannot be one device"],
        ),
        (
            'profile = "ac"',
            'profile = "sdm630"',
            ["config/plants/p.toml:34 meters.ac.profile: there is no profile 'sdm630'; one of: ac, dc"],
        ),
        (
            'profile = "ac"',
            'profile = "dc"',
            [
                "config/plants/p.toml:34 meters.ac.profile: dc has no active_energy_import, which rectifier_ac needs; choose another profile or another 'measures'"
            ],
        ),
        (
            'endpoint = "plc"',
            'endpoint = "plcc"',
            ["config/plants/p.toml:28 meters.dc.endpoint: there is no endpoint 'plcc'; one of: gate-way, plc"],
        ),
        (
            'potline = "PL1"\nprofile = "dc"',
            'potline = "PL2"\nprofile = "dc"',
            ["config/plants/p.toml:26 meters.dc.potline: there is no potline 'PL2'; one of: PL1"],
        ),
        (
            'potline = "PL1"\nprofile = "dc"',
            'profile = "dc"',
            ["config/plants/p.toml:24 meters.dc.potline: is missing, and line_dc belongs to a potline; add it"],
        ),
        (
            'measures = "rectifier_ac"',
            'measures = "rectifier"',
            [
                'config/plants/p.toml:32 meters.ac.measures: \'rectifier\' is not possible here; write "line_dc", "rectifier_ac", "auxiliary_ac", "startup_ac", "desulphurisation_ac", "casthouse_ac", "incomer_ac", "generation", "stack" or "monitored"'
            ],
        ),
        (
            'measures = "rectifier_ac"',
            'measures = "line_dc"',
            [
                "config/plants/p.toml:32 meters.ac.measures: dc is the line_dc of PL1 already; a potline has one",
                "config/plants/p.toml:34 meters.ac.profile: ac has no line_current, which line_dc needs; choose another profile or another 'measures'",
                "config/plants/p.toml:34 meters.ac.profile: ac has no line_voltage, which line_dc needs; choose another profile or another 'measures'",
            ],
        ),
        (
            "unit = 2\n",
            "unit = 256\n",
            ["config/plants/p.toml:36 meters.ac.unit: 256 is above 255; give a whole number from 0 to 255"],
        ),
        (
            'rated_power = "60 MW"',
            'rated_power = "60 MWh"',
            [
                "config/plants/p.toml:37 meters.ac.rated_power: 'MWh' measures energy, and power is needed here; one of: W, kW, MW"
            ],
        ),
        (
            'rated_power = "60 MW"',
            'rated_power = "60 hp"',
            ["config/plants/p.toml:37 meters.ac.rated_power: 'hp' is no unit that is known here; one of: W, kW, MW"],
        ),
        (
            'rated_power = "60 MW"',
            "rated_power = 60",
            ['config/plants/p.toml:37 meters.ac.rated_power: 60 has no unit; write it with its unit, like "60 kW"'],
        ),
        (
            'rated_power = "60 MW"',
            'rated_power = "60"',
            ["config/plants/p.toml:37 meters.ac.rated_power: '60' is not a number with a unit; write it like '60 kW'"],
        ),
        (
            'rated_power = "60 MW"',
            'rated_power = "0 MW"',
            ["config/plants/p.toml:37 meters.ac.rated_power: 0 MW is below 1 W; give 1 W to 10000 MW"],
        ),
        (
            'rated_power = "60 MW"',
            'rated_power = "1e999 MW"',
            [
                "config/plants/p.toml:37 meters.ac.rated_power: '1e999 MW' is larger than any number; write it like '60 kW'"
            ],
        ),
        (
            'rated_power = "60 MW"',
            'rated_power = "60 MW"\nevery = "0.05 s"',
            ["config/plants/p.toml:38 meters.ac.every: 0.05 s is below 0.1 s; give 0.1 s to 1 h"],
        ),
        (
            'rated_power = "60 MW"',
            'rated_power = "60 MW"\nevery = "2h"',
            ["config/plants/p.toml:38 meters.ac.every: 2h is above 1 h; give 0.1 s to 1 h"],
        ),
        (
            'transport = "modbus_tcp"\nhost = "127.0.0.2"',
            'transport = "modbus_udp"\nhost = "127.0.0.2"',
            [
                'config/plants/p.toml:22 endpoints.gate-way.transport: \'modbus_udp\' is not possible here; write "modbus_tcp", "modbus_tls", "rtu_over_tcp", "ascii_over_tcp", "modbus_rtu" or "modbus_ascii"'
            ],
        ),
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
        (
            "[endpoints.plc]",
            '[endpoints."PLC 1"]',
            [
                "config/plants/p.toml:17 endpoints.PLC 1: 'PLC 1' cannot be a name here; use letters A-Z and digits, parted by single '_', '-' or '.'",
                "config/plants/p.toml:28 meters.dc.endpoint: there is no endpoint 'plc'; one of: gate-way",
            ],
        ),
        (
            'client_id = "potline-north"',
            'client_id = "potline-north"\nusername = "u"',
            [
                "config/plants/p.toml:38 brokers.potroom.password_file: username and password_file go together; give both or neither"
            ],
        ),
        (
            'client_id = "potline-north"',
            'client_id = "potline-north"\n[brokers.two]\nhost = "127.0.0.1"\nsite = "north"\nclient_id = "potline-north"',
            [
                "config/plants/p.toml:45 brokers.two.client_id: is the one of potroom, at the same broker; the broker would throw each out in turn"
            ],
        ),
        (
            'client_id = "potline-north"',
            'client_id = "potline-north"\nprotocol = 5',
            ['config/plants/p.toml:42 brokers.potroom.protocol: 5 is not possible here; write "3.1.1" or "5"'],
        ),
        (
            'client_id = "potline-north"',
            'client_id = "potline-north"\nmax_unacknowledged = 0',
            [
                "config/plants/p.toml:42 brokers.potroom.max_unacknowledged: 0 is below 1; give a whole number from 1 to 65535"
            ],
        ),
        (
            'client_id = "potline-north"',
            'client_id = "potline-north"\npassword = "hunter2"',
            ["config/plants/p.toml:42 brokers.potroom.password: is not a setting; did you mean 'password_file'?"],
        ),
    ],
)
def test_what_is_wrong_in_the_plant_file_is_told_with_line_key_and_remedy(
    settings_folder: SettingsFolder, old: str, new: str, told: list[str]
) -> None:
    settings_folder.change(PLANT, old, new)
    assert settings_folder.problems() == told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "[store]",
            '[page]\nlisten = "0.0.0.0:70000"\n[store]',
            [
                "config/collector.toml:5 page.listen: port 70000 does not exist; ports go from 1 to 65535, 0 takes a free one"
            ],
        ),
        (
            "[store]",
            '[page]\nlisten = "http://0.0.0.0:7000"\n[store]',
            [
                "config/collector.toml:5 page.listen: 'http://0.0.0.0:7000' is no address with a port; write it like 127.0.0.1:8080"
            ],
        ),
        (
            "[store]",
            '[log]\nlevel = "warn"\n[store]',
            [
                'config/collector.toml:5 log.level: \'warn\' is not possible here; write "debug", "info", "warning" or "error"'
            ],
        ),
        (
            "[store]",
            '[accounting]\nleast_coverage = "0.9"\ngrace = "2h"\n[store]',
            [
                "config/collector.toml:5 accounting.least_coverage: '0.9' is not a number with a unit; write it like '60 %'",
                "config/collector.toml:6 accounting.grace: 2h is above 1 h; give 1 ms to 1 h",
            ],
        ),
        (
            "[store]",
            "store = 5\n[stroe]",
            [
                "config/collector.toml:4 store: is no table; write [store] and its settings below it",
                "config/collector.toml:5 stroe: is not a setting; did you mean 'store'?",
            ],
        ),
        (
            '[store]\npath = "../var/store.sqlite"',
            'accounting = "quick"',
            [
                "config/collector.toml store: is missing; add [store]",
                "config/collector.toml:4 accounting: is no table; write [accounting] and its settings below it",
            ],
        ),
        (
            'path = "../var/store.sqlite"',
            'path = "../var/store.sqlite"\ncommit_every = "1 d"\noutbox_max_bytes = "2 GB"\nkeep_inputs = "1 d"',
            [
                "config/collector.toml:6 store.commit_every: 1 d is above 10 s; give 1 ms to 10 s",
                "config/collector.toml:7 store.outbox_max_bytes: 'GB' is no unit that is known here; one of: B, KiB, MiB, GiB",
                "config/collector.toml:8 store.keep_inputs: 1 d is below 2 d; give 2 d to 36500 d",
            ],
        ),
        (
            "[store]",
            "[potlines.x]\n[store]",
            [
                "config/collector.toml:4 potlines: belongs into the plant file, not here; move it to the file named by plant_file"
            ],
        ),
        (
            "[store]",
            '[delivery.a]\nkind = "influxdb"\nurl = "influx:8086"\n[delivery.b]\nkind="influxdb2"\nurl="http://u:hunter2@x"\nuser="x"\n[delivery.c]\nkind="influxdb1"\nurl="http://x"\norg="o"\nusername="u"\ncreate_database="yes"\n[store]',
            [
                'config/collector.toml:5 delivery.a.kind: \'influxdb\' is not possible here; write "influxdb1", "influxdb2", "influxdb3" or "victoriametrics"',
                "config/collector.toml:6 delivery.a.url: is no address of a database; write it like http://10.20.0.5:8086",
                "config/collector.toml:7 delivery.b.bucket: is missing, and kind influxdb2 needs it; add it",
                "config/collector.toml:7 delivery.b.org: is missing, and kind influxdb2 needs it; add it",
                "config/collector.toml:9 delivery.b.url: holds more than an address; user, password and token have their own keys",
                "config/collector.toml:10 delivery.b.user: is not a setting; did you mean 'username'?",
                "config/collector.toml:11 delivery.c.database: is missing, and kind influxdb1 needs it; add it",
                "config/collector.toml:11 delivery.c.password_file: username and password_file go together; give both or neither",
                "config/collector.toml:14 delivery.c.org: does not belong to kind influxdb1; remove it",
                "config/collector.toml:16 delivery.c.create_database: 'yes' is neither true nor false; write true or false, without quotation marks",
            ],
        ),
        ('plant_file = "plants/p.toml"', "", ["config/collector.toml plant_file: is missing; add it"]),
        (
            'plant_file = "plants/p.toml"',
            'plant_file = ""',
            ["config/collector.toml:1 plant_file: is empty; write something into it"],
        ),
        (
            'plant_file = "plants/p.toml"',
            'plant_file = "plants/q.toml"',
            ["config/plants/q.toml: cannot be read: No such file or directory; check the path and who may read it"],
        ),
        (
            'plant_file = "plants/p.toml"',
            'plant_file = "plants\\u0000/q.toml"',
            [
                "config/collector.toml:1 plant_file: holds a line break or another control character; write it in one line"
            ],
        ),
        (
            'profiles_dir = "profiles"',
            'profiles_dir = "prof"',
            ["config/collector.toml:2 profiles_dir: there is no folder config/prof; correct its path, or make it"],
        ),
        (
            'factors_dir = "factors"',
            'factors_dir = "fact"',
            ["config/collector.toml:3 factors_dir: there is no folder config/fact; correct its path, or make it"],
        ),
    ],
)
def test_what_is_wrong_in_the_collectors_file_is_told_with_line_key_and_remedy(
    settings_folder: SettingsFolder, old: str, new: str, told: list[str]
) -> None:
    settings_folder.change(COLLECTOR, old, new)
    assert settings_folder.problems() == told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'unit = "Wh"',
            'unit = "Wh"\nscale = 0',
            [
                "config/profiles/ac.toml:17 registers.active_energy_import.scale: a scale of 0 makes every reading 0; give the factor from raw to the unit"
            ],
        ),
        (
            'unit = "Wh"',
            'unit = "Wh"\nscale = nan',
            [
                "config/profiles/ac.toml:17 registers.active_energy_import.scale: nan is not a finite number; write it like 0.1"
            ],
        ),
        (
            'unit = "Wh"',
            'unit = "Wh"\nscale = "0.1"',
            [
                "config/profiles/ac.toml:17 registers.active_energy_import.scale: '0.1' is no number; write it like 0.1, without quotation marks"
            ],
        ),
        (
            'unit = "Wh"',
            'unit = "V"',
            [
                "config/profiles/ac.toml:16 registers.active_energy_import.unit: does not fit active_energy_import: 'V' measures voltage, and energy is needed here; one of: Wh, kWh, MWh, GWh"
            ],
        ),
        (
            'unit = "Wh"',
            'unit = "joule"',
            [
                "config/profiles/ac.toml:16 registers.active_energy_import.unit: does not fit active_energy_import: 'joule' is no unit that is known here; one of: Wh, kWh, MWh, GWh"
            ],
        ),
        (
            'unit = "Wh"',
            'unit = "Wh"\nwraps_at = inf',
            [
                "config/profiles/ac.toml:17 registers.active_energy_import.wraps_at: inf is not a finite number; write it like 0.1"
            ],
        ),
        (
            'unit = "Wh"',
            'unit = "Wh"\nwraps_at = 1e19',
            [
                "config/profiles/ac.toml:17 registers.active_energy_import.wraps_at: 10000000000000000000 is more than s64 can hold; give at most 9223372036854775808, or remove it"
            ],
        ),
        (
            'unit = "Wh"',
            'unit = "Wh"\nwraps_at = -1',
            [
                "config/profiles/ac.toml:17 registers.active_energy_import.wraps_at: a counter does not wrap at -1; give the raw value of its end"
            ],
        ),
        (
            "address = 0",
            "address = 0\nwraps_at = 5",
            ["config/profiles/ac.toml:11 registers.active_power.wraps_at: active_power is no counter; remove it"],
        ),
        (
            "address = 2",
            "address = 1",
            [
                "config/profiles/ac.toml:14 registers.active_energy_import.address: lies on registers of active_power (0 to 1); check both addresses"
            ],
        ),
        (
            "address = 2",
            "address = 65533",
            [
                "config/profiles/ac.toml:14 registers.active_energy_import.address: s64 at 65533 ends after the last register 65535; check it, and modbus.addresses_from"
            ],
        ),
        (
            "address = 2",
            "address = 65536",
            [
                "config/profiles/ac.toml:14 registers.active_energy_import.address: s64 at 65536 ends after the last register 65535; check it, and modbus.addresses_from"
            ],
        ),
        (
            "function = 3",
            "function = 6",
            ["config/profiles/ac.toml:7 modbus.function: 6 is not possible here; write 1, 2, 3 or 4"],
        ),
        (
            "function = 3",
            "function = 3\nmax_registers = 2",
            [
                "config/profiles/ac.toml:16 registers.active_energy_import.type: s64 takes 4 registers, more than max_registers; raise max_registers"
            ],
        ),
        (
            "function = 3",
            "function = 3\nmax_registers = 126",
            ["config/profiles/ac.toml:8 modbus.max_registers: 126 is above 125; give a whole number from 1 to 125"],
        ),
        (
            'type = "s64"',
            'type = "int64"',
            [
                'config/profiles/ac.toml:15 registers.active_energy_import.type: \'int64\' is not possible here; write "u16", "s16", "u32", "s32", "u48", "s48", "u64", "s64", "f32", "f64", "bcd16", "bcd32", "bcd48", "bcd64", "mod10000x2", "mod10000x3", "mod10000x4", "iskra_t5", "iskra_t6", "iskra_t7", "string" or "bit"'
            ],
        ),
        (
            "[registers.active_power]",
            "[registers.activ_power]",
            [
                "config/profiles/ac.toml:9 registers.activ_power: 'activ_power' is no quantity; did you mean 'active_power'? (information has info = true)"
            ],
        ),
        (
            '[registers.active_power]\naddress = 0\ntype = "f32"\nunit = "kW"',
            '[registers.pot_voltage]\naddress = 0\ntype = "f32"\nunit = "V"',
            [
                "config/profiles/ac.toml:9 registers.pot_voltage: pot_voltage is told by the pots' control over MQTT, not by a meter; remove it"
            ],
        ),
        (
            "[modbus]",
            '[sentinels]\nf32 = ["7FC00000", "0x1FFFFFFFF", "0x0/0x0"]\n[modbus]',
            [
                'config/profiles/ac.toml:7 sentinels.f32[0]: \'7FC00000\' is no sentinel of 32 bits; write it like "0x7FC00000" or, with a mask, "0x7FFF0000/0xFFFF0000"',
                'config/profiles/ac.toml:7 sentinels.f32[1]: \'0x1FFFFFFFF\' is no sentinel of 32 bits; write it like "0x7FC00000" or, with a mask, "0x7FFF0000/0xFFFF0000"',
                "config/profiles/ac.toml:7 sentinels.f32[2]: the mask of '0x0/0x0' fits every value; give the bits that tell",
            ],
        ),
        (
            "[modbus]",
            '[sentinels]\nf16 = ["0x7F"]\n[modbus]',
            [
                'config/profiles/ac.toml:7 sentinels.f16: \'f16\' is not possible here; write "u16", "s16", "u32", "s32", "u48", "s48", "u64", "s64", "f32", "f64", "bcd16", "bcd32", "bcd48", "bcd64", "mod10000x2", "mod10000x3", "mod10000x4", "iskra_t5", "iskra_t6" or "iskra_t7"'
            ],
        ),
        (
            'raw = "42BB9829"',
            'raw = "42BB98"',
            [
                "config/profiles/ac.toml:19 test_vectors[0].raw: '42BB98' is no row of registers; write four hexadecimal digits for each, like 42BB9829"
            ],
        ),
        (
            'raw = "42BB9829"',
            'raw = "42BB"',
            [
                "config/profiles/ac.toml:19 test_vectors[0].raw: 2 bytes do not make a f32; give the registers as they come on the wire"
            ],
        ),
        (
            'raw = "42BB9829"\nvalue = 93.797188\nunit = "kW"',
            'raw = "42BB9829"\nvalue = 93.797188\nunit = "A"',
            [
                "config/profiles/ac.toml:21 test_vectors[0].unit: 'A' measures current, and power is needed here; one of: W, kW, MW"
            ],
        ),
        (
            'register = "active_power"',
            'register = "power"',
            [
                "config/profiles/ac.toml:18 test_vectors[0].register: 'power' is not in this profile; name one of its registers"
            ],
        ),
        (
            'register = "active_power"',
            'regster = "active_power"',
            ["config/profiles/ac.toml:18 test_vectors[0].regster: is not a setting; did you mean 'register'?"],
        ),
        (
            'title = "AC meter"',
            'titel = "AC meter"',
            ["config/profiles/ac.toml:1 titel: is not a setting; did you mean 'title'?"],
        ),
    ],
)
def test_what_is_wrong_in_a_profile_is_told_with_line_key_and_remedy(
    settings_folder: SettingsFolder, old: str, new: str, told: list[str]
) -> None:
    settings_folder.change(AC, old, new)
    assert settings_folder.problems() == told


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
