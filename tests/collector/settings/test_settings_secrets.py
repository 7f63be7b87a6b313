"""Secrets: found in files, never in messages."""

# ruff: noqa: E501 - whole lines, as a person reads them

from collections.abc import Callable
from pathlib import Path

import pytest
from settings_folder import COLLECTOR, PLANT, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

from collector.settings import ConfigurationError

SECRET = "tiger-8431-lily"  # noqa: S105 - made for these tests
TARGET = '[delivery.db]\nkind = "influxdb2"\nurl = "http://x"\norg = "o"\nbucket = "b"\ntoken_file = "token"\n'
BROKER = 'username = "u"\npassword_file = "password"\n'


@pytest.fixture
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a systemd credentials directory."""
    path = tmp_path / "credentials"
    path.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(path))
    return path


def test_a_secrets_file_is_looked_for_beside_the_settings(settings_folder: SettingsFolder) -> None:
    settings_folder.add(COLLECTOR, TARGET)
    settings_folder.add(PLANT, BROKER)
    token = settings_folder.write("token", f"{SECRET}\n")
    password = settings_folder.write("password", SECRET)
    configuration = settings_folder.load()
    assert configuration.targets[0].secret_file == token
    assert configuration.plant.brokers[0].password_file == password
    assert SECRET not in repr(configuration)


def test_a_secret_in_the_credentials_directory_comes_first(settings_folder: SettingsFolder, credentials: Path) -> None:
    settings_folder.add(COLLECTOR, TARGET)
    settings_folder.add(PLANT, BROKER)
    settings_folder.write("token", SECRET)
    password = settings_folder.write("password", SECRET)
    (credentials / "token").write_text(SECRET, encoding="utf-8")
    configuration = settings_folder.load()
    assert configuration.targets[0].secret_file == credentials / "token"
    assert configuration.plant.brokers[0].password_file == password


def test_an_absolute_path_is_taken_as_it_is(settings_folder: SettingsFolder, credentials: Path, tmp_path: Path) -> None:
    (credentials / "token").write_text(SECRET, encoding="utf-8")
    path = tmp_path / "token"
    path.write_text(SECRET, encoding="utf-8")
    settings_folder.add(COLLECTOR, TARGET.replace('"token"', f'"{path}"'))
    assert settings_folder.load().targets[0].secret_file == path


def _missing(path: Path) -> None:
    del path


def _empty(path: Path) -> None:
    path.write_text(" \n", encoding="utf-8")


def _two_lines(path: Path) -> None:
    path.write_text(f"{SECRET}\n{SECRET}\n", encoding="utf-8")


def _no_text(path: Path) -> None:
    path.write_bytes(SECRET.encode() + b"\xff")


def _folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            _missing,
            "cannot be read: No such file or directory; create it, readable for the collector's user only",
        ),
        (_empty, "is empty; write the secret into it, in one line"),
        (_two_lines, "holds several lines; write the secret into it, in one line"),
        (_no_text, "cannot be read: it is not text; create it, readable for the collector's user only"),
        (_folder, "cannot be read: Is a directory; create it, readable for the collector's user only"),
    ],
)
def test_a_secret_that_cannot_be_used_is_told_without_its_content(
    settings_folder: SettingsFolder, make: Callable[[Path], None], told: str
) -> None:
    settings_folder.add(COLLECTOR, TARGET)
    settings_folder.add(PLANT, BROKER)
    make(settings_folder.path / "token")
    make(settings_folder.path / "password")
    with pytest.raises(ConfigurationError) as caught:
        settings_folder.load()
    here = settings_folder.path
    assert str(caught.value).splitlines() == [
        f"config/collector.toml:11 delivery.db.token_file: the secret's file {here}/token {told}",
        f"config/plants/p.toml:43 brokers.potroom.password_file: the secret's file {here}/password {told}",
    ]
    assert SECRET not in str(caught.value) + repr(caught.value) + repr(caught.value.problems)


def test_a_secret_that_may_not_be_read_is_told(
    settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_folder.add(COLLECTOR, TARGET)
    path = settings_folder.write("token", SECRET)
    path.chmod(0)
    read = Path.read_text

    def refuse(self: Path, encoding: str | None = None) -> str:
        if self == path:  # root may read everything, and tests may run as root
            raise PermissionError(13, "Permission denied")
        return read(self, encoding=encoding)

    monkeypatch.setattr(Path, "read_text", refuse)
    assert settings_folder.problems() == [
        (
            f"config/collector.toml:11 delivery.db.token_file: the secret's file {path} cannot be read: Permission denied;"
            " create it, readable for the collector's user only"
        )
    ]


def test_a_name_that_no_file_can_have_is_a_problem(settings_folder: SettingsFolder) -> None:
    settings_folder.add(COLLECTOR, TARGET.replace('"token"', f'"{"x" * 300}"'))
    assert settings_folder.problems() == [
        (
            f"config/collector.toml:11 delivery.db.token_file: the secret's file {settings_folder.path}/{'x' * 300}"
            " cannot be read: File name too long; create it, readable for the collector's user only"
        )
    ]


@pytest.mark.parametrize(
    "line",
    [
        f'url = "http://user:{SECRET}@x"',
        f'url = "ftp://{SECRET}@x"',
        f'url = "http://x?token={SECRET}"',
        f'url = "http://[{SECRET}"',
        f'url = ["{SECRET}"]',
        f'url = {{ token = "{SECRET}" }}',
        f'url = "http://x"\ntoken = "{SECRET}"',
        f'url = "http://x"\npassword = "{SECRET}"',
        f'url = "http://x"\ntoken_file = ["{SECRET}"]',
    ],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(settings_folder: SettingsFolder, line: str) -> None:
    settings_folder.add(COLLECTOR, f'[delivery.db]\nkind = "influxdb2"\norg = "o"\nbucket = "b"\n{line}\n')
    told = "\n".join(settings_folder.problems())
    assert told.startswith("config/collector.toml:")
    assert SECRET not in told


@pytest.mark.parametrize(
    "name", ["POTLINE_DELIVERY", "POTLINE_DELIVERY__DB", "POTLINE_TOKEN", "POTLINE_DELIVERY__DB__TOKEN"]
)
def test_a_secret_in_a_variable_is_not_repeated(
    settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, SECRET)
    told = "\n".join(settings_folder.problems())
    assert told.startswith(f"environment {name}")
    assert SECRET not in told
