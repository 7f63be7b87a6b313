"""Known weaknesses of what is in the locks: part of ``make check``.

Asks, through pip-audit, the services that list weaknesses of Python packages, for every version in every lock. A known
weakness fails, unless ``exceptions.toml`` says why it does not concern the collector and until when. A machine that
cannot ask, such as one in a plant without internet, says so in one line and goes on: that is not known is no fault.

Exit codes: 0 nothing known, or nobody could be asked; 1 a weakness, or an exception that is over; 2 pip-audit failed.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
# How pip-audit ends when a service is not there or does not answer as it should.
_AWAY = re.compile(r"ConnectionError|ConnectTimeout|ReadTimeout|ServiceError|HTTPError|Could not connect|ProxyError")


@dataclass(frozen=True, slots=True)
class Exempt:
    """A weakness that does not concern the collector, until somebody looks again."""

    weakness: str
    package: str
    reason: str
    expires: date


@dataclass(frozen=True, slots=True)
class Weakness:
    """What a service knows of a version in a lock."""

    package: str
    version: str
    names: frozenset[str]
    mended_in: tuple[str, ...]

    def __str__(self) -> str:
        remedy = f"mended in {', '.join(self.mended_in)}" if self.mended_in else "not mended in any version"
        return f"{self.package} {self.version}: {', '.join(sorted(self.names))}; {remedy}"


class ServiceAway(Exception):
    """The service cannot be asked from here."""


class AuditError(Exception):
    """The audit cannot be made, for a reason that is not the network."""


def locked(locks: Sequence[Path]) -> list[dict[str, str]]:
    """Return the versions of all locks; a package with several has the next ones in a further table."""
    versions: dict[str, list[str]] = {}
    for lock in locks:
        for name, version in re.findall(r"(?m)^([\w.-]+)==([^\s;\\]+)", lock.read_text(encoding="utf-8")):
            of_name = versions.setdefault(name, [])
            if version not in of_name:
                of_name.append(version)
    most = max((len(of_name) for of_name in versions.values()), default=0)
    return [{name: all_[turn] for name, all_ in versions.items() if len(all_) > turn} for turn in range(most)]


def exempt(file: Path) -> list[Exempt]:
    """Read the exceptions.

    Raises
    ------
    AuditError
        One lacks its weakness, package, reason or date.
    """
    found = []
    for number, entry in enumerate(tomllib.loads(file.read_text(encoding="utf-8")).get("exception", []), start=1):
        keys = {"weakness": str, "package": str, "reason": str, "expires": date}
        if set(entry) != set(keys) or not all(
            isinstance(entry[key], kind) and entry[key] for key, kind in keys.items()
        ):
            message = f"read exception {number} in {file.name}: it needs weakness, package, reason and expires, a date"
            raise AuditError(message)
        found.append(Exempt(**entry))
    return found


def asked(versions: Mapping[str, str], service: str, options: Sequence[str]) -> tuple[list[Weakness], list[str]]:
    """Ask one service; return what it knows, and the packages that it does not know.

    Raises
    ------
    ServiceAway
        It cannot be asked, or knows none of the packages.
    AuditError
        pip-audit failed for another reason.
    """
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder) / "requirements.txt"
        pins.write_text("".join(f"{name}=={version}\n" for name, version in versions.items()), encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", "--vulnerability-service", service, "--requirement", str(pins)]
        command += ["--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off", "--timeout", "5"]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)  # noqa: S603  our own command line
    try:
        told: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        if _AWAY.search(done.stderr):
            raise ServiceAway(f"{service}: {re.split(r'[:(]', last)[0]}") from None
        message = f"run pip-audit: {last}"
        raise AuditError(message) from None
    unknown = [entry["name"] for entry in told if "skip_reason" in entry]
    if len(unknown) == len(told):
        raise ServiceAway(f"{service}: it knows none of the packages")
    return [
        Weakness(
            entry["name"],
            entry["version"],
            frozenset([weakness["id"], *weakness.get("aliases", [])]),
            tuple(weakness["fix_versions"]),
        )
        for entry in told
        for weakness in entry.get("vulns", [])
    ], unknown


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, weigh and tell."""
    parser = argparse.ArgumentParser(
        prog="audit.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("locks", type=Path, nargs="*", default=sorted(HERE.glob("*.lock")))
    parser.add_argument("--exceptions", type=Path, default=HERE / "exceptions.toml")
    parser.add_argument("--services", nargs="+", default=["osv", "pypi"], help="asked in turn, until one answers")
    parser.add_argument("--osv-url", help="another place of the service osv")
    chosen = parser.parse_args(arguments)
    options = [] if chosen.osv_url is None else ["--osv-url", chosen.osv_url]
    today = datetime.now(UTC).date()
    away: list[str] = []
    try:
        exceptions = exempt(chosen.exceptions)
        tables = locked(chosen.locks)
        for service in chosen.services:
            try:
                answers = [asked(versions, service, options) for versions in tables]
            except ServiceAway as exc:
                away.append(str(exc))
            else:
                break
        else:
            reasons = "; ".join(away)
            sys.stdout.write(
                f"Known weaknesses of the locked packages: not checked, nobody can be asked from here ({reasons})\n"
            )
            return 0
    except (AuditError, OSError) as exc:
        sys.stderr.write(f"{exc}\n")
        return 2
    found = [weakness for of_table, _ in answers for weakness in of_table]
    faults = []
    for weakness in found:
        excused = [e for e in exceptions if e.weakness in weakness.names and e.package == weakness.package]
        if not excused:
            faults.append(
                f"{weakness}; take a newer version ('make lock'), or say in exceptions.toml why it is harmless"
            )
        elif excused[0].expires < today:
            faults.append(f"{weakness}; its exception was until {excused[0].expires}: look again")
    known = {(weakness.package, name) for weakness in found for name in weakness.names}
    faults += [
        f"{e.package} {e.weakness}: an exception in exceptions.toml that nothing needs: take it out"
        for e in exceptions
        if (e.package, e.weakness) not in known
    ]
    unknown = sorted({name for _, names in answers for name in names})
    asked_for = sum(map(len, tables)) - len(unknown)
    if unknown:
        sys.stdout.write(f"Not known to the service, and not checked: {', '.join(unknown)}\n")
    for fault in faults:
        sys.stderr.write(f"{fault}\n")
    excuses = f", {len(exceptions)} excepted" if exceptions else ""
    sys.stdout.write(f"Known weaknesses of {asked_for} locked versions: {len(found)}{excuses}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
