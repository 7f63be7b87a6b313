"""The audit of the locks, by pip-audit itself, with a service of weaknesses on this machine."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from server_process import free_port

ROOT = Path(__file__).parents[2]
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).date()
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date()

WEAK = {
    "id": "GHSA-test-0001",
    "aliases": ["CVE-2026-0001"],
    "summary": "It believes everything",
    "affected": [
        {
            "package": {"name": "weakling", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.5"}]}],
        }
    ],
}


class Osv(BaseHTTPRequestHandler):
    """The service: version 1.4 of one package has a weakness."""

    asked: ClassVar[list[tuple[str, str]]]
    url: ClassVar[str]
    status: ClassVar[int] = 200

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((query["package"]["name"], query["version"]))
        known = query["package"]["name"] == "weakling" and query["version"] == "1.4"
        body = json.dumps({"vulns": [WEAK]} if known else {}).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name
        """Be quiet."""


@pytest.fixture
def service() -> Iterator[type[Osv]]:
    """Run the service."""

    class Serving(Osv):
        asked: ClassVar[list[tuple[str, str]]] = []

    with ThreadingHTTPServer(("127.0.0.1", 0), Serving) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        Serving.url = f"http://127.0.0.1:{server.server_port}/v1/query"
        yield Serving
        server.shutdown()
        thread.join()


def audit(folder: Path, url: str, lock: str, exceptions: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "some.lock").write_text(lock, encoding="utf-8")
    (folder / "exceptions.toml").write_text(exceptions, encoding="utf-8")
    return subprocess.run(
        [
            *(sys.executable, str(ROOT / "requirements" / "audit.py"), str(folder / "some.lock")),
            *("--exceptions", str(folder / "exceptions.toml"), "--services", "osv", "--osv-url", url),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def excepted(**changed: object) -> str:
    entry = {"weakness": '"CVE-2026-0001"', "package": '"weakling"', "reason": '"not used"', "expires": TOMORROW}
    return "[[exception]]\n" + "".join(f"{key} = {value}\n" for key, value in (entry | changed).items())


def test_a_known_weakness_fails_and_is_told_with_its_remedy(tmp_path: Path, service: type[Osv]) -> None:
    done = audit(
        tmp_path, service.url, "sturdy==2.0 \\\n    --hash=sha256:00\nweakling==1.4 \\\n    --hash=sha256:00\n"
    )
    assert done.returncode == 1
    assert "weakling 1.4: CVE-2026-0001, GHSA-test-0001; mended in 1.5; take a newer version" in done.stderr
    assert sorted(service.asked) == [("sturdy", "2.0"), ("weakling", "1.4")]


def test_both_versions_of_a_package_that_is_locked_twice_are_asked_for(tmp_path: Path, service: type[Osv]) -> None:
    lock = (
        "weakling==1.5 ; python_full_version < '3.12' \\\n  --hash=sha256:00\n"
        "weakling==1.4 ; python_full_version >= '3.12' \\\n  --hash=sha256:00\n"
    )
    done = audit(tmp_path, service.url, lock)
    assert done.returncode == 1
    assert sorted(service.asked) == [("weakling", "1.4"), ("weakling", "1.5")]


def test_nothing_known_is_well(tmp_path: Path, service: type[Osv]) -> None:
    done = audit(tmp_path, service.url, "weakling==1.5\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Known weaknesses of 1 locked versions: 0\n"


def test_a_service_that_cannot_be_asked_is_told_in_one_line_and_is_no_fault(tmp_path: Path) -> None:
    done = audit(tmp_path, f"http://127.0.0.1:{free_port()}/v1/query", "weakling==1.4\n")
    assert done.returncode == 0
    assert done.stdout == (
        "Known weaknesses of the locked packages: not checked, nobody can be asked from here"
        " (osv: requests.exceptions.ConnectionError)\n"
    )


def test_a_service_that_answers_with_faults_is_told_in_one_line_too(tmp_path: Path, service: type[Osv]) -> None:
    service.status = 503
    done = audit(tmp_path, service.url, "weakling==1.4\n")
    assert done.returncode == 0
    assert done.stdout.startswith("Known weaknesses of the locked packages: not checked")
    assert done.stdout.count("\n") == 1


def test_an_exception_excuses_its_weakness_until_its_date(tmp_path: Path, service: type[Osv]) -> None:
    done = audit(tmp_path, service.url, "weakling==1.4\n", excepted())
    assert (done.returncode, done.stdout) == (0, "Known weaknesses of 1 locked versions: 1, 1 excepted\n")
    over = audit(tmp_path, service.url, "weakling==1.4\n", excepted(expires=YESTERDAY))
    assert over.returncode == 1
    assert f"its exception was until {YESTERDAY}: look again" in over.stderr


def test_an_exception_of_another_package_excuses_nothing(tmp_path: Path, service: type[Osv]) -> None:
    done = audit(tmp_path, service.url, "weakling==1.4\n", excepted(package='"sturdy"'))
    assert done.returncode == 1
    assert "sturdy CVE-2026-0001: an exception in exceptions.toml that nothing needs: take it out" in done.stderr


@pytest.mark.parametrize("key", ["reason", "expires"])
def test_an_exception_without_reason_or_date_is_refused(tmp_path: Path, service: type[Osv], key: str) -> None:
    done = audit(tmp_path, service.url, "weakling==1.4\n", excepted(**{key: '""'}))
    assert done.returncode == 2
    assert "read exception 1 in exceptions.toml: it needs weakness, package, reason and expires" in done.stderr


def test_all_locks_of_the_project_are_asked_for_and_its_exceptions_are_in_order(service: type[Osv]) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "requirements" / "audit.py"), "--services", "osv", "--osv-url", service.url],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    names = {name for name, _ in service.asked}
    assert {"numpy", "hatchling", "pyarrow", "pip-audit"} <= names
    assert len([name for name, _ in service.asked if name == "numpy"]) == 2
