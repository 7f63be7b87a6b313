"""[page]: what other machines can reach asks for a token."""

# ruff: noqa: E501 - whole lines, as a person reads them

from pathlib import Path

import pytest
from certificates import authority, certificate
from settings_folder import COLLECTOR, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

TOKEN = "0123456789abcdef"  # noqa: S105 - made for these tests


@pytest.mark.parametrize("listen", ["127.0.0.1:8080", "localhost:0", "[::1]:8080", "127.9.9.9:1"])
def test_on_loopback_nobody_is_asked(settings_folder: SettingsFolder, listen: str) -> None:
    settings_folder.add(COLLECTOR, f'[page]\nlisten = "{listen}"\n')
    assert settings_folder.load().page.token_file is None


@pytest.mark.parametrize("listen", ["0.0.0.0:8080", "10.20.0.7:8080", "[::]:8080", "collector.plant.example:8080"])
def test_elsewhere_a_token_is_missing(settings_folder: SettingsFolder, listen: str) -> None:
    settings_folder.add(COLLECTOR, f'[page]\nlisten = "{listen}"\n')
    assert settings_folder.problems() == [
        f"config/collector.toml:7 page.listen: {listen} can be reached from other machines, and the page asks for no token; add token_file with a file that holds one, or listen at 127.0.0.1"
    ]


def test_with_a_token_it_may_listen_everywhere(settings_folder: SettingsFolder) -> None:
    settings_folder.add(COLLECTOR, '[page]\nlisten = "0.0.0.0:8080"\ntoken_file = "page-token"\n')
    path = settings_folder.write("page-token", f"{TOKEN}\n")
    configuration = settings_folder.load()
    assert (configuration.page.host, configuration.page.port, configuration.page.token_file) == ("0.0.0.0", 8080, path)
    assert TOKEN not in repr(configuration)


def test_a_token_that_can_be_guessed_is_refused_and_not_shown(settings_folder: SettingsFolder) -> None:
    settings_folder.add(COLLECTOR, '[page]\nlisten = "0.0.0.0:8080"\ntoken_file = "page-token"\n')
    path = settings_folder.write("page-token", "swordfish\n")
    assert settings_folder.problems() == [
        f"config/collector.toml:8 page.token_file: the token in {path} has 9 characters, and one so short can be guessed; write 16 or more: openssl rand -hex 24"
    ]


def test_a_token_that_is_not_there_is_told_once(settings_folder: SettingsFolder) -> None:
    settings_folder.add(COLLECTOR, '[page]\nlisten = "0.0.0.0:8080"\ntoken_file = "page-token"\n')
    assert settings_folder.problems() == [
        f"config/collector.toml:8 page.token_file: the secret's file {settings_folder.path / 'page-token'} cannot be read: No such file or directory; create it, readable for the collector's user only"
    ]


def test_a_certificate_goes_with_its_key(settings_folder: SettingsFolder, tmp_path: Path) -> None:
    authority(tmp_path, "ca")
    certificate(tmp_path, "page", by="ca")
    settings_folder.add(COLLECTOR, f'[page]\ncertificate_file = "{tmp_path}/page.pem"\n')
    assert settings_folder.problems() == [
        "config/collector.toml:6 page.key_file: certificate_file and key_file go together; give both or neither"
    ]
    settings_folder.add(COLLECTOR, f'key_file = "{tmp_path}/page.key"\n')
    assert settings_folder.load().page.certificate == (tmp_path / "page.pem", tmp_path / "page.key")
