"""The service file: what the collector relies on, what it is denied, and systemd's own opinion."""

import re
import shutil
import subprocess
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "deploy" / "systemd"
UNIT = FOLDER / "potline.service"

# Newer than this has 'security --offline'.
_OFFLINE_SINCE = 250


def settings() -> dict[str, dict[str, list[str]]]:
    """Read the settings by section; each a list, for many may be given more than once."""
    sections: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] = {}
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if header := re.fullmatch(r"\[(\w+)\]", line):
            section = sections.setdefault(header[1], {})
        elif line and not line.startswith("#"):
            key, equals, value = line.partition("=")
            assert equals, f"not a setting: {line!r}"
            section.setdefault(key, []).append(value)
    return sections


def test_it_is_checked_started_and_watched() -> None:
    service = settings()["Service"]
    assert service["ExecStartPre"] == ["/opt/potline/current/bin/potline check --config /etc/potline/collector.toml"]
    assert service["ExecStart"] == ["/opt/potline/current/bin/potline run --config /etc/potline/collector.toml"]
    assert service["ExecReload"] == ["/opt/potline/current/bin/potline reload --config /etc/potline/collector.toml"]
    assert service["Type"] == ["notify"]
    assert service["NotifyAccess"] == ["main"]
    assert service["WatchdogSec"] == ["60"]
    assert settings()["Install"]["WantedBy"] == ["multi-user.target"]


def test_it_comes_back_after_a_failure_but_not_after_one_for_a_human() -> None:
    service = settings()["Service"]
    assert service["Restart"] == ["on-failure"]
    assert service["RestartPreventExitStatus"] == ["78"]
    assert settings()["Unit"]["StartLimitIntervalSec"] == ["0"]


def test_its_store_lies_in_its_state_folder() -> None:
    service = settings()["Service"]
    assert service["StateDirectory"] == ["potline"]
    assert service["ConfigurationDirectory"] == ["potline"]
    assert "POTLINE_STORE__PATH=%S/potline/potline.sqlite" in service["Environment"]


def test_it_is_not_root_and_its_user_is_declared() -> None:
    user = settings()["Service"]["User"][0]
    assert user not in {"root", "0"}
    assert f"\nu {user} " in (FOLDER / "potline.sysusers").read_text(encoding="utf-8")


def test_it_may_use_the_network_and_its_own_folder_only() -> None:
    service = settings()["Service"]
    assert service["RestrictAddressFamilies"] == ["AF_UNIX AF_INET AF_INET6"]
    assert service["ProtectSystem"] == ["strict"]
    assert service["CapabilityBoundingSet"] == [""]
    assert service["NoNewPrivileges"] == ["yes"]
    # Either would cut it off from the plant.
    assert "PrivateNetwork" not in service
    assert "IPAddressDeny" not in service


def test_no_secret_stands_in_it() -> None:
    assert not re.search(r"(?i)(token|password|secret)\w*=", "\n".join(settings()["Service"].get("Environment", [])))
    assert "#LoadCredential=" in UNIT.read_text(encoding="utf-8")


def test_systemd_accepts_it_and_counts_it_among_the_well_protected(tmp_path: Path) -> None:
    # The program is not installed where tests run: systemd would complain of that alone.
    copy = tmp_path / UNIT.name
    copy.write_text(
        UNIT.read_text(encoding="utf-8").replace("/opt/potline/current/bin/potline", "/bin/true"), encoding="utf-8"
    )
    assert copy.read_text(encoding="utf-8").count("=/bin/true ") == 3
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        return

    verified = subprocess.run([analyze, "verify", str(copy)], capture_output=True, text=True, check=False)
    # It also reads the machine's own units, whose faults are none of ours.
    ours = [line for line in verified.stderr.splitlines() if "potline" in line]
    assert not ours

    version = subprocess.run([analyze, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.split()[1].split(".")[0].split("~")[0]) < _OFFLINE_SINCE:
        return
    scored = subprocess.run(
        [analyze, "security", "--offline=true", "--no-pager", str(copy)], capture_output=True, text=True, check=False
    )
    exposure = re.search(r"Overall exposure level for potline\.service: (\d+\.\d+)", scored.stdout)
    assert exposure, scored.stdout + scored.stderr
    assert float(exposure[1]) <= 1.1
