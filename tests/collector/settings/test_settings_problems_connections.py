"""Each single mistake in endpoints, meters and brokers, and the exact text that tells of it."""

# ruff: noqa: E501 - whole lines, as a person reads them

import pytest
from settings_folder import PLANT, SettingsFolder
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
def test_what_is_wrong_with_an_endpoint_a_meter_or_a_broker_is_told_with_line_key_and_remedy(
    settings_folder: SettingsFolder, old: str, new: str, told: list[str]
) -> None:
    settings_folder.change(PLANT, old, new)
    assert settings_folder.problems() == told
