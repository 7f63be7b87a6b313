"""What is to happen when the outbox is full, as the settings say it."""

import pytest
from settings_folder import COLLECTOR, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

from collector.readings.outgoing import WhenFull

DATABASE = '[delivery.db]\nkind = "influxdb1"\nurl = "http://127.0.0.1:8086"\ndatabase = "p"\n[store]'
STORE = 'path = "../var/store.sqlite"'


def test_the_oldest_is_dropped_unless_the_settings_say_otherwise(settings_folder: SettingsFolder) -> None:
    assert settings_folder.load().store.when_full is WhenFull.DROP_OLDEST


def test_block_is_taken_where_there_is_a_database(settings_folder: SettingsFolder) -> None:
    settings_folder.change(COLLECTOR, STORE, f'{STORE}\nwhen_full = "block"')
    settings_folder.change(COLLECTOR, "[store]", DATABASE)
    assert settings_folder.load().store.when_full is WhenFull.BLOCK


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "block",
            (
                "config/collector.toml:6 store.when_full: 'block' without a database would end in a standstill: nobody"
                " takes anything from the outbox; add [delivery.NAME], or write 'drop_oldest'"
            ),
        ),
        (
            "drop_newest",
            (
                "config/collector.toml:6 store.when_full: 'drop_newest' is not possible here; write"
                ' "drop_oldest" or "block"'
            ),
        ),
    ],
)
def test_what_cannot_be_is_told_with_its_place(settings_folder: SettingsFolder, written: str, said: str) -> None:
    settings_folder.change(COLLECTOR, STORE, f'{STORE}\nwhen_full = "{written}"')
    assert settings_folder.problems() == [said]
