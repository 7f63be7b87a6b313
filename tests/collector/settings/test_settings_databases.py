"""Databases: which keys belong to which kind, and what a way to them needs."""

import pytest
from certificates import authority, certificate
from settings_folder import COLLECTOR, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

from collector.settings import InfluxKind, load


def added(folder: SettingsFolder, text: str) -> None:
    folder.change(COLLECTOR, "[store]", f"{text}\n[store]")


def test_influxdb_3_and_victoriametrics_have_kinds_of_their_own(settings_folder: SettingsFolder) -> None:
    (settings_folder.path / "token").write_text("secret", encoding="utf-8")
    added(
        settings_folder,
        '[delivery.a]\nkind = "influxdb3"\nurl = "https://x:8181/db/"\ndatabase = "potline"\ntoken_file = "token"\n'
        '[delivery.b]\nkind = "victoriametrics"\nurl = "http://x:8428"\nbacklog_rate = 5000\nrequests = 3\n'
        'streams = ["energy_intensity", "emissions_intensity", "energy_intensity"]',
    )
    first, second = load(settings_folder.path / "collector.toml").targets
    assert (first.kind, first.url, first.org, first.bucket, first.create) == (
        InfluxKind.INFLUXDB3,
        "https://x:8181/db",
        "",
        "potline",
        False,
    )
    assert (second.kind, second.bucket, second.secret_file) == (InfluxKind.VICTORIAMETRICS, "", None)
    assert (first.backlog_rate, first.requests) == (1_000_000, 2)
    assert (second.backlog_rate, second.requests) == (5000, 3)
    assert (first.streams, second.streams) == ((), ("energy_intensity", "emissions_intensity"))


def test_a_stream_that_there_is_not_is_told_with_those_that_there_are(settings_folder: SettingsFolder) -> None:
    added(
        settings_folder,
        '[delivery.a]\nkind = "victoriametrics"\nurl = "http://x:8428"\nstreams = ["energy_intensity", "energy"]\n'
        '[delivery.b]\nkind = "victoriametrics"\nurl = "http://x:8428"\nstreams = []',
    )
    wrong, empty = settings_folder.problems()
    assert " delivery.a.streams: there is no stream energy; there are alert, anode_effect, " in wrong
    assert " delivery.b.streams: names no stream; name those that the database takes, or remove it for all" in empty


@pytest.mark.parametrize("requests", ["0", "17", "2.5", "true"])
def test_requests_at_once_are_1_to_16(settings_folder: SettingsFolder, requests: str) -> None:
    added(settings_folder, f'[delivery.b]\nkind = "victoriametrics"\nurl = "http://x:8428"\nrequests = {requests}')
    (problem,) = settings_folder.problems()
    assert " delivery.b.requests: " in problem


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ('kind = "influxdb3"', ["database: is missing, and kind influxdb3 needs it; add it"]),
        (
            'kind = "influxdb3"\ndatabase = "p"\ncreate_database = true',
            ["create_database: does not belong to kind influxdb3; remove it"],
        ),
        (
            'kind = "influxdb1"\ndatabase = "p"\ncreate_bucket = true',
            ["create_bucket: does not belong to kind influxdb1; remove it"],
        ),
        ('kind = "victoriametrics"\norg = "o"', ["org: does not belong to kind victoriametrics; remove it"]),
        (
            'kind = "victoriametrics"\nusername = "u"',
            ["password_file: username and password_file go together; give both or neither"],
        ),
        (
            'kind = "victoriametrics"\nca_file = "plant-ca.pem"',
            ["ca_file: is given, and url is not https; write https, or remove it"],
        ),
        (
            'kind = "victoriametrics"\nproxy = "proxy:3128"',
            ["proxy: is no address of a database; write it like http://10.20.0.5:8086"],
        ),
    ],
)
def test_what_does_not_belong_together_is_told(settings_folder: SettingsFolder, section: str, told: list[str]) -> None:
    authority(settings_folder.path, "plant-ca")
    added(settings_folder, f'[delivery.a]\nurl = "http://x"\n{section}')
    assert [problem.partition(" delivery.a.")[2] for problem in settings_folder.problems()] == told


def test_what_a_connection_to_a_database_is_secured_with(settings_folder: SettingsFolder) -> None:
    authority(settings_folder.path, "plant-ca")
    certificate(settings_folder.path, "collector", by="plant-ca")
    added(
        settings_folder,
        '[delivery.a]\nkind = "victoriametrics"\nurl = "https://10.20.0.7"\nca_file = "plant-ca.pem"\n'
        'certificate_file = "collector.pem"\nkey_file = "collector.key"\nserver_name = "vm.plant"\n'
        'proxy = "http://10.20.0.1:3128"',
    )
    [target] = load(settings_folder.path / "collector.toml").targets
    assert target.tls.ca_file is not None
    assert target.tls.certificate_file is not None
    assert (target.tls.ca_file.name, target.tls.certificate_file.name, target.tls.server_name, target.proxy) == (
        "plant-ca.pem",
        "collector.pem",
        "vm.plant",
        "http://10.20.0.1:3128",
    )
