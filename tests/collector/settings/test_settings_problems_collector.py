"""Each single mistake in the collector's file, and the exact text that tells of it."""

# ruff: noqa: E501 - whole lines, as a person reads them

import pytest
from settings_folder import COLLECTOR, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture


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
