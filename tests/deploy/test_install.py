"""The install program of the archive, for real: into a folder of the test, without a network."""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from bundled import PYTHON, bundle, changed, copied
from make_bundle import pack, seal

# Whole installations, ten seconds each on an idle machine.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an archive's folder."""
    return bundle(tmp_path_factory.mktemp("bundle") / "potline")


@pytest.fixture(scope="module")
def second(first: Path) -> Path:
    """Make a later version: one file of the configuration is changed, one new, and so is the service."""
    later = changed(first, first.parent / "later", "0.2.0")
    with (later / "config" / "collector.toml").open("a", encoding="utf-8") as file:
        file.write("## A word more.\n")
    with (later / "config" / "factors" / "gwp.toml").open("a", encoding="utf-8") as file:
        file.write("## A word more.\n")
    shutil.copy(later / "config" / "profiles" / "eastron-sdm630.toml", later / "config" / "profiles" / "new-meter.toml")
    with (later / "systemd" / "potline.service").open("a", encoding="utf-8") as file:
        file.write("# A word more.\n")
    (later / "SHA256SUMS").unlink()
    seal(later)
    return later


LEFT_HALF_MADE = Path("opt/potline/0.1.0/lib/left-half-made")


@pytest.fixture(scope="module")
def _installed(first: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    # As an installation leaves it that was cut off: see the test of what is half made.
    (root / LEFT_HALF_MADE).mkdir(parents=True)
    done = install(first, root)
    assert done.returncode == 0, done.stderr
    assert "version 0.1.0 is installed and in use" in done.stdout
    return root


@pytest.fixture
def installed(_installed: Path, tmp_path: Path) -> Iterator[Path]:
    """Give each test the first version in use, and the configuration as it was at first.

    Environments know their folder, so it stays where it is; a later version, once installed, stays beside it.
    """
    kept = tmp_path / "kept"
    shutil.copytree(_installed / "etc", kept)
    yield _installed
    shutil.rmtree(_installed / "etc")
    shutil.copytree(kept, _installed / "etc")
    shutil.rmtree(_installed / "var", ignore_errors=True)
    current = _installed / "opt/potline/current"
    current.unlink()
    current.symlink_to("0.1.0")


def _without_network() -> list[str]:
    """Find out how this machine lets us have a network of our own, without any address."""
    for command in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return command
    return []


NO_NETWORK = _without_network()


def install(folder: Path, root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*NO_NETWORK, str(folder / "install"), "--root", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def in_use(root: Path) -> str:
    return str((root / "opt/potline/current").readlink())


def store(root: Path, version: int) -> Path:
    path = root / "var/lib/potline/potline.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    return path


# --- Installed


def test_the_collector_runs_from_where_it_is_installed_and_accepts_its_configuration(installed: Path) -> None:
    potline = installed / "opt/potline/current/bin/potline"
    said = subprocess.run([potline, "--version"], capture_output=True, text=True, check=True).stdout
    assert said == "potline, version 0.1.0\n"
    checked = subprocess.run(
        [potline, "check", "--config", installed / "etc/potline/collector.toml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, "all is well" in checked.stdout) == (0, True)
    unit = (installed / "etc/systemd/system/potline.service").read_text(encoding="utf-8")
    assert "ExecStart=/opt/potline/current/bin/potline run" in unit


def test_a_second_time_there_is_nothing_to_do(first: Path, installed: Path) -> None:
    done = install(first, installed)
    assert (done.returncode, done.stdout) == (0, "version 0.1.0 is installed and in use: nothing to do\n")


def test_an_upgrade_keeps_what_the_plant_has_written_and_puts_the_new_beside_it(second: Path, installed: Path) -> None:
    etc = installed / "etc/potline"
    mine = (etc / "collector.toml").read_text(encoding="utf-8") + "## Mine.\n"
    (etc / "collector.toml").write_text(mine, encoding="utf-8")
    (etc / "profiles/sunspec-meter-203.toml").unlink()
    unit = installed / "etc/systemd/system/potline.service"
    unit.write_text(unit.read_text(encoding="utf-8") + "# By hand.\n", encoding="utf-8")

    done = install(second, installed)
    assert done.returncode == 0, done.stderr
    assert in_use(installed) == "0.2.0"
    assert (etc / "collector.toml").read_text(encoding="utf-8") == mine
    assert (etc / "collector.toml.new").read_text(encoding="utf-8").endswith("## A word more.\n")
    # Not touched by the plant, and yet not overwritten: figures stand on it.
    assert not (etc / "factors/gwp.toml").read_text(encoding="utf-8").endswith("## A word more.\n")
    assert (etc / "factors/gwp.toml.new").is_file()
    assert (etc / "profiles/new-meter.toml").is_file()
    assert not (etc / "profiles/sunspec-meter-203.toml").exists()
    assert sorted(path.name for path in etc.rglob("*.new")) == ["collector.toml.new", "gwp.toml.new"]
    assert unit.read_text(encoding="utf-8").endswith("# A word more.\n")
    assert unit.with_name("potline.service.before").read_text(encoding="utf-8").endswith("# By hand.\n")
    assert f"yours is kept: {etc}/./collector.toml".replace("./", "") in done.stdout

    listed = install(second, installed, "--list")
    assert listed.stdout == "  0.1.0\n* 0.2.0\n"
    refused = install(second, installed, "--remove", "0.2.0")
    assert "version 0.2.0 is in use" in refused.stderr

    back = install(second, installed, "--use", "0.1.0")
    assert (back.returncode, in_use(installed)) == (0, "0.1.0")
    assert not unit.read_text(encoding="utf-8").endswith("# A word more.\n")


def test_an_upgrade_whose_configuration_has_faults_leaves_the_old_version_in_use(second: Path, installed: Path) -> None:
    with (installed / "etc/potline/collector.toml").open("a", encoding="utf-8") as file:
        file.write("\n[no_such_table]\nx = 1\n")
    done = install(second, installed)
    assert done.returncode == 1
    assert "no_such_table" in done.stdout + done.stderr
    assert "version 0.1.0 stays in use" in done.stderr
    assert in_use(installed) == "0.1.0"


def test_a_store_that_gets_a_new_format_is_copied_and_one_of_a_newer_format_is_not_gone_back_from(
    second: Path, installed: Path
) -> None:
    store(installed, 1)
    done = install(second, installed)
    assert "the store gets a new format: a copy stays in" in done.stdout
    assert (installed / "var/lib/potline/before-0.2.0/potline.sqlite").is_file()

    store(installed, 99)
    refused = install(second, installed, "--use", "0.1.0")
    assert refused.returncode == 1
    assert "version 0.1.0 cannot read the store: it has format 99" in refused.stderr
    assert in_use(installed) == "0.2.0"
    store(installed, 1)


# --- Refused


@pytest.mark.parametrize(
    ("file", "before", "after", "told"),
    [
        ("run.lock", "sha256:", "sha256:0", "run.lock: FAILED"),
        ("config/collector.toml", "page", "pages", "config/collector.toml: FAILED"),
        ("install", "# Installs", "# installs", "install: FAILED"),
    ],
)
def test_a_changed_file_is_refused_before_anything_is_written(
    first: Path, tmp_path: Path, file: str, before: str, after: str, told: str
) -> None:
    folder = copied(first, tmp_path / "damaged")
    text = (folder / file).read_text(encoding="utf-8")
    (folder / file).write_text(text.replace(before, after, 1), encoding="utf-8")
    done = install(folder, tmp_path / "root")
    assert done.returncode == 1
    assert told in done.stdout
    assert "a file is not as it was packed" in done.stderr
    assert not (tmp_path / "root").exists()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("machine=", "machine=vax #", "this archive is for Linux on vax"),
        ("libc=2.28", "libc=9.99", "and 9.99 or newer is needed"),
        (f"pythons={PYTHON}", "pythons=3.99", "no Python of version 3.99 is here"),
    ],
)
def test_a_machine_that_it_is_not_made_for_is_refused(
    first: Path, tmp_path: Path, before: str, after: str, told: str
) -> None:
    folder = changed(first, tmp_path / "other", "0.1.0")
    text = (folder / "bundle").read_text(encoding="utf-8")
    assert before in text
    (folder / "bundle").write_text(text.replace(before, after), encoding="utf-8")
    (folder / "SHA256SUMS").unlink()
    seal(folder)
    done = install(folder, tmp_path / "root")
    assert done.returncode == 1
    assert told in done.stderr
    assert not (tmp_path / "root").exists()


def test_a_python_that_there_are_no_wheels_for_is_refused_by_its_version(first: Path, tmp_path: Path) -> None:
    other = tmp_path / "python"
    other.write_text("#!/bin/sh\necho 3.6\n", encoding="utf-8")
    other.chmod(0o755)
    done = install(first, tmp_path / "root", "--python", str(other))
    assert done.returncode == 1
    assert f"{other} is Python 3.6, and this archive is for Python {PYTHON}" in done.stderr


def test_another_archive_of_the_same_version_does_not_replace_what_is_installed(
    first: Path, installed: Path, tmp_path: Path
) -> None:
    folder = changed(first, tmp_path / "again", "0.1.0")
    (folder / "README.md").write_text("another\n", encoding="utf-8")
    (folder / "SHA256SUMS").unlink()
    seal(folder)
    done = install(folder, installed)
    assert done.returncode == 1
    assert "version 0.1.0 is installed already, from another archive" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--use", "7.7.7"), "version 7.7.7 is not installed"),
        (("--remove", "../.."), "'../..' is not a version"),
        (("--remove", "0.1.0"), "version 0.1.0 is in use"),
        (("--frobnicate",), "do not know '--frobnicate'"),
    ],
)
def test_what_cannot_be_done_is_refused(installed: Path, first: Path, arguments: tuple[str, ...], told: str) -> None:
    done = install(first, installed, *arguments)
    assert done.returncode == 1
    assert told in done.stderr
    assert in_use(installed) == "0.1.0"


# --- Removed, and packed


def test_a_half_made_version_is_made_anew(installed: Path) -> None:
    assert not (installed / LEFT_HALF_MADE).exists()
    assert (installed / LEFT_HALF_MADE.parents[1] / "bundle").is_file()


def test_removal_leaves_configuration_and_store(installed: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    subprocess.run(["cp", "--archive", "--link", installed, root], check=True)
    kept = store(root, 4)
    done = install(root / "opt/potline/current", root, "--uninstall")
    assert done.returncode == 0, done.stderr
    assert not (root / "opt/potline").exists()
    assert not (root / "etc/systemd/system/potline.service").exists()
    assert (root / "etc/potline/collector.toml").is_file()
    assert kept.is_file()


def test_the_same_files_make_the_same_archive(first: Path, tmp_path: Path) -> None:
    packed = copied(first, tmp_path / "one" / first.name)
    for wheel in (packed / "wheels").iterdir():
        if wheel.stat().st_size > 300_000:  # packing is slow, and the large ones are packed as the small ones are
            wheel.unlink()
    assert len(list((packed / "wheels").iterdir())) > 3
    (packed / "SHA256SUMS").unlink()
    seal(packed)
    again = copied(packed, tmp_path / "other" / first.name)
    assert pack(packed, tmp_path / "one.tar.gz") == pack(again, tmp_path / "other.tar.gz")
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    subprocess.run(["tar", "xzf", tmp_path / "one.tar.gz", "-C", unpacked], check=True)
    checked = subprocess.run(
        ["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=unpacked / first.name, check=False, capture_output=True
    )
    assert checked.returncode == 0
    assert (unpacked / first.name / "install").stat().st_mode & 0o111
