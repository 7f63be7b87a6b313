"""Everybody refuses a collector that has a secret in every place that takes one: nothing that it says has one in it."""

import base64
import contextlib
import http.client
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from plant_run import wait_until
from servers import running_mosquitto
from small_settings import plant_of

SECRETS = {
    "page": "page-token-7f31c09e",
    "mqtt": "mqtt-password-5d20e8",
    "influx2": "influx-token-93aa41f7",
    "influx1": "influx-password-c4d1",
}


class _SaysItBack(BaseHTTPRequestHandler):
    """Refuses as a badly made proxy does: with all that it was sent."""

    def do_POST(self) -> None:
        """Refuse."""
        shown = json.dumps(dict(self.headers))
        body = json.dumps({"error": f"unauthorized: {shown}", "message": shown}).encode()
        self.send_response(401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""


@contextlib.contextmanager
def _proxy() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _SaysItBack) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "collector", *arguments]


def _as_it_may_be_told(secret: str) -> set[str]:
    pairs = (f"collector:{secret}", secret)
    return {secret, *(base64.b64encode(pair.encode()).decode().rstrip("=") for pair in pairs)}


def _asked(address: str, token: str | None, *paths: str) -> dict[str, str]:
    """Return what the page answers."""
    answers = {}
    for path in paths:
        request = urllib.request.Request(f"{address}{path}")  # noqa: S310 - our own page
        if token is not None:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own page
                answers[path] = answer.read().decode() + str(answer.headers)
        except urllib.error.HTTPError as refused:
            answers[path] = refused.read().decode() + str(refused.headers)
    return answers


def _logged_in(address: str, token: str) -> str:
    """Return what the page answers to who signs in with a token."""
    connection = http.client.HTTPConnection(address.removeprefix("http://").rstrip("/"), timeout=10)
    connection.request("POST", "/login", f"token={token}", {"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    said = answer.read().decode() + str(answer.headers)
    connection.close()
    return said


def _settings(folder: Path, broker: int, proxy: int) -> str:
    for name, secret in SECRETS.items():
        (folder / name).write_text(f"{secret}\n", encoding="utf-8")
    plant_of(
        folder,
        f"""
[brokers.potroom]
host = "127.0.0.1"
port = {broker}
site = "p"
client_id = "c"
username = "collector"
password_file = "{folder}/mqtt"
""",
        f"""
[page]
listen = "127.0.0.1:0"
token_file = "{folder}/page"
[log]
format = "json"
level = "debug"
[delivery.two]
kind = "influxdb2"
url = "http://127.0.0.1:{proxy}"
org = "o"
bucket = "b"
token_file = "{folder}/influx2"
[delivery.one]
kind = "influxdb1"
url = "http://127.0.0.1:{proxy}"
database = "d"
username = "collector"
password_file = "{folder}/influx1"
""",
    )
    return str(folder / "collector.toml")


def _everything_told(address: str, settings: str) -> dict[str, str]:
    """Return what the page and the commands say, by where."""
    token = SECRETS["page"]
    paths = ("", "api/state", "metrics", "healthz", "readyz", "login", "nothing")
    told = _asked(address, token, *paths)
    told |= {f"refused {path}": text for path, text in _asked(address, None, *paths).items()}
    told["signed in"], told["not let in"] = _logged_in(address, token), _logged_in(address, f"{token}x")
    for command in (["check"], ["check", "--json"], ["outbox"], ["factors"]):
        done = subprocess.run(
            _command(*command, "--config", settings), capture_output=True, text=True, check=False, timeout=60
        )
        told[" ".join(command)] = done.stdout + done.stderr
    return told


def test_no_secret_is_in_the_log_the_page_the_metrics_or_what_commands_print(tmp_path: Path) -> None:
    (tmp_path / "nobody").write_text("", encoding="utf-8")
    log = tmp_path / "log.jsonl"

    def said() -> list[dict[str, Any]]:
        return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]

    with (
        _proxy() as proxy,
        running_mosquitto(tmp_path, allow_anonymous=False, password_file=f"{tmp_path}/nobody") as broker,
        log.open("wb") as output,
    ):
        settings = _settings(tmp_path, broker.port, proxy)
        process = subprocess.Popen(_command("run", "--config", settings), stdout=output, stderr=output)
        try:
            waited_for = {"two", "one", "mqtt:potroom"}
            wait_until(lambda: {each.get("name") for each in said()} >= waited_for, 60, process, log)
            told = _everything_told(next(each["address"] for each in said() if each["event"] == "page"), settings)
            told["command line"] = Path(f"/proc/{process.pid}/cmdline").read_text(encoding="utf-8")
        finally:
            process.terminate()
            code = process.wait(30)
    assert code == 0
    told["log"] = log.read_text(encoding="utf-8")
    told |= {file.name: file.read_bytes().decode("latin-1") for file in tmp_path.glob("store.sqlite*")}
    # All of it was really said: the figures, the refusals, and the server's own words.
    assert '"potlines"' in told["api/state"]
    assert "potline_readings_total" in told["metrics"]
    assert "unauthorized" in told["log"]
    assert "Set-Cookie" in told["signed in"]
    for name, secret in SECRETS.items():
        for form in _as_it_may_be_told(secret):
            assert [place for place, text in told.items() if form in text] == [], name
