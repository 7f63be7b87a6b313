"""Endpoints: what belongs to which transport, its defaults, its files."""

# ruff: noqa: E501 - whole lines, as a person reads them

from pathlib import Path

import pytest
from certificates import authority, certificate, locked
from settings_folder import PLANT, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

from collector.plant.meter import Endpoint, Tls, Transport

LAST = '[endpoints.gate-way]\ntransport = "modbus_tcp"\nhost = "127.0.0.2"\n'
AT = "config/plants/p.toml"


def with_endpoint(folder: SettingsFolder, text: str) -> SettingsFolder:
    """Put lines in the place of the second endpoint's, the first of which is line 22."""
    folder.change(PLANT, LAST, f"[endpoints.gate-way]\n{text}\n")
    return folder


def endpoint(folder: SettingsFolder, text: str) -> Endpoint:
    return with_endpoint(folder, text).load().plant.endpoints[1]


@pytest.mark.parametrize(
    ("text", "expected", "place"),
    [
        (
            'transport = "modbus_tcp"\nhost = "10.0.0.1"',
            Endpoint("gate-way", Transport.MODBUS_TCP, "10.0.0.1", 502, 1.0),
            "10.0.0.1 port 502",
        ),
        (
            'transport = "modbus_tcp"\nhost = "10.0.0.1"\nlenient_transaction_id = true\npause_after_connect = "3 s"\npause_between = "100 ms"',
            Endpoint(
                "gate-way",
                Transport.MODBUS_TCP,
                "10.0.0.1",
                502,
                1.0,
                pause_after_connect_s=3.0,
                pause_between_s=0.1,
                lenient_transaction_id=True,
            ),
            "10.0.0.1 port 502",
        ),
        (
            'transport = "rtu_over_tcp"\nhost = "10.0.0.1"\nport = 4001\ntimeout = "2 s"',
            Endpoint("gate-way", Transport.RTU_OVER_TCP, "10.0.0.1", 4001, 2.0),
            "10.0.0.1 port 4001",
        ),
        (
            'transport = "modbus_rtu"\ndevice = "/dev/ttyUSB0"',
            Endpoint("gate-way", Transport.MODBUS_RTU, "", 0, 1.0, "/dev/ttyUSB0", 19200, "even", 1, 8),
            "/dev/ttyUSB0 at 19200 8E1",
        ),
        (
            'transport = "modbus_rtu"\ndevice = "COM3"\nbaud = 9600\nparity = "none"\nstop_bits = 2',
            Endpoint("gate-way", Transport.MODBUS_RTU, "", 0, 1.0, "COM3", 9600, "none", 2, 8),
            "COM3 at 9600 8N2",
        ),
        (
            'transport = "modbus_ascii"\ndevice = "/dev/ttyS1"\nbaud = 300\nparity = "odd"',
            Endpoint("gate-way", Transport.MODBUS_ASCII, "", 0, 1.0, "/dev/ttyS1", 300, "odd", 1, 7),
            "/dev/ttyS1 at 300 7O1",
        ),
    ],
)
def test_each_transport_has_its_keys_and_defaults(
    settings_folder: SettingsFolder, text: str, expected: Endpoint, place: str
) -> None:
    found = endpoint(settings_folder, text)
    assert found == expected
    assert found.place == place


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            'transport = "rtu_over_tcp"\nhost = "10.0.0.1"',
            f"{AT}:21 endpoints.gate-way.port: is missing, and transport rtu_over_tcp needs it; add it",
        ),
        (
            'transport = "ascii_over_tcp"\nport = 4001',
            f"{AT}:21 endpoints.gate-way.host: is missing, and transport ascii_over_tcp needs it; add it",
        ),
        (
            'transport = "modbus_rtu"',
            f"{AT}:21 endpoints.gate-way.device: is missing, and transport modbus_rtu needs it; add it",
        ),
        (
            'transport = "modbus_tls"\nhost = "10.0.0.1"',
            f"{AT}:21 endpoints.gate-way.ca_file: is missing, and transport modbus_tls needs it; add it",
        ),
        (
            'transport = "modbus_rtu"\ndevice = "/dev/ttyS0"\nport = 502',
            f"{AT}:24 endpoints.gate-way.port: does not belong to transport modbus_rtu; remove it",
        ),
        (
            'transport = "modbus_rtu"\ndevice = "/dev/ttyS0"\nlenient_transaction_id = true',
            f"{AT}:24 endpoints.gate-way.lenient_transaction_id: does not belong to transport modbus_rtu; remove it",
        ),
        (
            'transport = "modbus_tcp"\nhost = "10.0.0.1"\nbaud = 9600',
            f"{AT}:24 endpoints.gate-way.baud: does not belong to transport modbus_tcp; remove it",
        ),
        (
            'transport = "modbus_tcp"\nhost = "10.0.0.1"\nca_file = "ca.pem"',
            f"{AT}:24 endpoints.gate-way.ca_file: does not belong to transport modbus_tcp; remove it",
        ),
        (
            'transport = "modbus_rtu"\ndevice = "/dev/ttyS0"\ndata_bits = 7',
            f"{AT}:24 endpoints.gate-way.data_bits: 7 bits cannot carry RTU; write 8, or use modbus_ascii",
        ),
        (
            'transport = "modbus_rtu"\ndevice = "ttyS0"',
            f"{AT}:23 endpoints.gate-way.device: 'ttyS0' is no serial device; write it like /dev/ttyUSB0",
        ),
        (
            'transport = "modbus_rtu"\ndevice = "socket://10.0.0.1:4001"',
            f"{AT}:23 endpoints.gate-way.device: 'socket://10.0.0.1:4001' is no serial device; write it like /dev/ttyUSB0",
        ),
        (
            'transport = "modbus_rtu"\ndevice = "/dev/ttyS0"\nbaud = 299',
            f"{AT}:24 endpoints.gate-way.baud: 299 is below 300; give a whole number from 300 to 4000000",
        ),
        (
            'transport = "modbus_rtu"\ndevice = "/dev/ttyS0"\nbaud = 4000001',
            f"{AT}:24 endpoints.gate-way.baud: 4000001 is above 4000000; give a whole number from 300 to 4000000",
        ),
        (
            'transport = "modbus_rtu"\ndevice = "/dev/ttyS0"\nparity = "E"',
            f'{AT}:24 endpoints.gate-way.parity: \'E\' is not possible here; write "none", "even" or "odd"',
        ),
        (
            'transport = "modbus_rtu"\ndevice = "/dev/ttyS0"\nstop_bits = 3',
            f"{AT}:24 endpoints.gate-way.stop_bits: 3 is above 2; give a whole number from 1 to 2",
        ),
        (
            'transport = "modbus_tcp"\nhost = "10.0.0.1"\npause_between = "11 s"',
            f"{AT}:24 endpoints.gate-way.pause_between: 11 s is above 10 s; give 0 s to 10 s",
        ),
        (
            'transport = "rtu_over_tcp"\nhost = "127.0.0.1"\nport = 5020',
            f"{AT}:21 endpoints.gate-way: is 127.0.0.1 port 5020 like plc; one endpoint, its meters share the connection",
        ),
    ],
)
def test_what_does_not_go_together_is_told_with_a_remedy(settings_folder: SettingsFolder, text: str, told: str) -> None:
    assert with_endpoint(settings_folder, text).problems() == [told]


def test_a_serial_device_belongs_to_one_endpoint_whatever_it_is_called(
    settings_folder: SettingsFolder, tmp_path: Path
) -> None:
    device, link = tmp_path / "ttyUSB0", tmp_path / "by-id"
    device.touch()
    link.symlink_to(device)
    settings_folder.change(
        PLANT,
        LAST,
        f'{LAST}[endpoints.a]\ntransport = "modbus_rtu"\ndevice = "{device}"\n'
        f'[endpoints.b]\ntransport = "modbus_ascii"\ndevice = "{link}"\n',
    )
    assert settings_folder.problems() == [
        f"{AT}:27 endpoints.b: is {link} like a; one endpoint, its meters share the connection"
    ]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("BAUD", "38400", "/dev/ttyS0 at 38400 8E1"),
        ("PARITY", "none", "/dev/ttyS0 at 19200 8N1"),
        ("DEVICE", "/dev/ttyS7", "/dev/ttyS7 at 19200 8E1"),
    ],
)
def test_the_environment_comes_over_the_keys_of_a_line(
    settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(f"POTLINE_ENDPOINTS__GATE_WAY__{name}", value)
    assert endpoint(settings_folder, 'transport = "modbus_rtu"\ndevice = "/dev/ttyS0"').place == expected


# --- TLS --------------------------------------------------------------------------------------------------------------

TLS = 'transport = "modbus_tls"\nhost = "10.0.0.1"\nca_file = "ca.pem"\n'
PAIR = f'{TLS}certificate_file = "collector.pem"\nkey_file = "collector.key"'


def with_certificates(folder: SettingsFolder) -> SettingsFolder:
    for name in ("ca", "other"):
        authority(folder.path, name)
    certificate(folder.path, "collector", by="ca")
    return folder


def test_certificates_are_found_beside_the_settings_and_port_and_name_have_defaults(
    settings_folder: SettingsFolder,
) -> None:
    here = with_certificates(settings_folder).path
    found = endpoint(settings_folder, PAIR)
    assert found == Endpoint(
        "gate-way",
        Transport.MODBUS_TLS,
        "10.0.0.1",
        802,
        1.0,
        tls=Tls(here / "ca.pem", here / "collector.pem", here / "collector.key", ""),
    )


def test_a_ca_alone_is_enough_where_the_device_asks_for_no_certificate(settings_folder: SettingsFolder) -> None:
    here = with_certificates(settings_folder).path
    assert endpoint(settings_folder, f'{TLS}server_name = "meter.plant"').tls == Tls(
        here / "ca.pem", None, None, "meter.plant"
    )


def test_a_certificate_in_the_credentials_directory_comes_first(
    settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_certificates(settings_folder)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (settings_folder.path / "collector.key").rename(credentials / "collector.key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    tls = endpoint(settings_folder, PAIR).tls
    assert tls is not None
    assert tls.key_file == credentials / "collector.key"


def test_each_file_that_cannot_be_used_is_told(settings_folder: SettingsFolder) -> None:
    folder = with_endpoint(with_certificates(settings_folder), PAIR)
    here = folder.path
    (here / "ca.pem").rename(here / "kept.pem")
    (here / "ca.pem").mkdir()
    (here / "collector.key").unlink()
    remedy = "create it, readable for the collector's user"
    assert folder.problems() == [
        f"{AT}:24 endpoints.gate-way.ca_file: {here}/ca.pem cannot be read: Is a directory; {remedy}",
        f"{AT}:26 endpoints.gate-way.key_file: {here}/collector.key cannot be read: No such file or directory; {remedy}",
    ]
    (here / "ca.pem").rmdir()
    (here / "ca.pem").write_text("no certificate", encoding="ascii")
    (here / "other.key").rename(here / "collector.key")
    assert folder.problems() == [
        f"{AT}:24 endpoints.gate-way.ca_file: {here}/ca.pem holds no certificate; give the CA's in PEM",
        f"{AT}:26 endpoints.gate-way.key_file: {here}/collector.key is not the key of {here}/collector.pem; give the one made with it",
    ]
    (here / "kept.pem").rename(here / "ca.pem")
    (here / "collector.pem").write_text("no certificate", encoding="ascii")
    assert folder.problems() == [
        f"{AT}:25 endpoints.gate-way.certificate_file: {here}/collector.pem and {here}/collector.key are no certificate and key; give both in PEM, the key without a password"
    ]


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(settings_folder: SettingsFolder) -> None:
    folder = with_endpoint(with_certificates(settings_folder), PAIR)
    here = folder.path
    locked(here, "collector").rename(here / "collector.key")
    assert folder.problems() == [
        f"{AT}:25 endpoints.gate-way.certificate_file: {here}/collector.pem and {here}/collector.key are no certificate and key; give both in PEM, the key without a password"
    ]


def test_certificate_and_key_go_together(settings_folder: SettingsFolder) -> None:
    folder = with_endpoint(with_certificates(settings_folder), f'{TLS}certificate_file = "collector.pem"')
    assert folder.problems() == [
        f"{AT}:21 endpoints.gate-way.key_file: certificate_file and key_file go together; give both or neither"
    ]
