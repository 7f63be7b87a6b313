"""What can be wrong with a broker's settings, and what they become."""

from dataclasses import replace

import pytest
from certificates import authority, certificate
from settings_folder import PLANT, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

from collector.plant.meter import Broker, Sparkplug, Tls

CLIENT = 'client_id = "potline-north"\n'


def broker(settings_folder: SettingsFolder) -> Broker:
    [found] = settings_folder.load().plant.brokers
    return found


def test_what_is_not_given_is_as_the_shipped_file_says(settings_folder: SettingsFolder) -> None:
    assert broker(settings_folder) == Broker(
        id="potroom",
        host="127.0.0.1",
        port=1883,
        protocol="5",
        site="north",
        client_id="potline-north",
        session_expiry_s=604800.0,
        max_unacknowledged=2000,
        username=None,
        password_file=None,
        layouts=("smelter-v1",),
        share="",
        qos=1,
        tls=None,
        status_topic="potline/potline-north/status",
        keepalive_s=30.0,
        sparkplug=None,
    )


def test_everything_can_be_given(settings_folder: SettingsFolder) -> None:
    folder = settings_folder.path
    authority(folder, "ca")
    certificate(folder, "own", by="ca")
    for name in ("a", "b"):
        ignored = f'[[messages]]\ntopic = "{name}/{{**}}"\ntells = "ignore"\n'
        settings_folder.write(f"layouts/{name}.toml", f'title = "{name}"\n{ignored}')
    settings_folder.add(
        PLANT,
        'layouts = ["smelter-v1"]\nshare = "g"\nqos = 2\nkeepalive = "5 s"\nstatus_topic = "north/{client_id}"\n'
        'tls = true\nca_file = "ca.pem"\ncertificate_file = "own.pem"\nkey_file = "own.key"\nserver_name = "b.plant"\n'
        '[brokers.potroom.sparkplug]\ngroups = ["north", "south"]\nhost_id = "h"\nprimary = true\n'
        'allow_rebirth = true\nreorder = "500 ms"\n',
    )
    found = broker(settings_folder)
    assert (found.port, found.layouts, found.share, found.qos, found.keepalive_s) == (
        8883,
        ("smelter-v1",),
        "g",
        2,
        5.0,
    )
    assert found.status_topic == "north/potline-north"
    assert found.tls is not None
    assert found.tls == Tls(folder / "ca.pem", folder / "own.pem", folder / "own.key", "b.plant")
    assert found.sparkplug is not None
    expected = Sparkplug(("north", "south"), "h", primary=True, allow_rebirth=True, reorder_s=0.5)
    assert replace(found.sparkplug, metrics=()) == expected


def test_tls_believes_this_machines_authorities_where_no_ca_is_given(settings_folder: SettingsFolder) -> None:
    settings_folder.add(PLANT, "tls = true\nport = 1234\n")
    found = broker(settings_folder)
    assert (found.port, found.tls) == (1234, Tls(None))


def test_there_need_not_be_a_status_topic(settings_folder: SettingsFolder) -> None:
    settings_folder.add(PLANT, 'status_topic = ""\n')
    assert broker(settings_folder).status_topic == ""


@pytest.mark.parametrize(
    ("added", "told"),
    [
        ('ca_file = "ca.pem"', "ca_file: is given, and tls is not true; write tls = true, or remove it"),
        ('server_name = "b"', "server_name: is given, and tls is not true; write tls = true, or remove it"),
        (
            'tls = true\nca_file = "gone.pem"',
            "ca_file: {here}/gone.pem cannot be read: No such file or directory; create it,{more}",
        ),
        (
            'tls = true\nca_file = "collector.toml"',
            "ca_file: {here}/collector.toml holds no certificate; give the CA's in PEM",
        ),
        (
            'tls = true\ncertificate_file = "own.pem"',
            "key_file: certificate_file and key_file go together; give both or neither",
        ),
        ("qos = 3", "qos: 3 is above 2; give a whole number from 0 to 2"),
        ('share = "a/b"', "share: 'a/b' cannot be a part of a topic; write it without spaces, / + #"),
        (
            'status_topic = "a/+/b"',
            "status_topic: 'a/+/b' is no topic to publish to; write it without spaces, + and #",
        ),
        ('keepalive = "2 h"', "keepalive: 2 h is above 1 h; give 1 s to 1 h"),
        (
            '[brokers.potroom.sparkplug]\ngroups = ["a"]\nprimary = true',
            "sparkplug.host_id: is missing, and a primary host needs it; add it",
        ),
        (
            '[brokers.potroom.sparkplug]\ngroups = ["a#"]',
            "sparkplug.groups[0]: 'a#' cannot be a part of a topic; write it without spaces, / + #",
        ),
    ],
)
def test_what_is_wrong_is_told(settings_folder: SettingsFolder, added: str, told: str) -> None:
    settings_folder.add(PLANT, added + "\n")
    [problem] = settings_folder.problems()
    assert problem.partition(" brokers.potroom.")[2] == told.format(
        here=settings_folder.path, more=" readable for the collector's user"
    )


def test_a_client_id_that_makes_no_topic_is_told_with_its_remedy(settings_folder: SettingsFolder) -> None:
    settings_folder.change(PLANT, CLIENT, 'client_id = "north+1"\n')
    [problem] = settings_folder.problems()
    assert problem.partition(" brokers.potroom.")[2] == (
        "status_topic: the collector's own topic would be potline/north+1/status, and nothing can be published to one"
        ' with + or #; give another one, or "" for none'
    )
