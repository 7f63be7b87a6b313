"""What 'potline provision' shows, does and answers to the shell."""

import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from example_plant import CONFIG
from influx2_server import ADMIN, Broken, Influx2Server, listening
from servers import InfluxDB1, VictoriaMetrics

from collector.cli import main

Run = Callable[..., Result]


@pytest.fixture
def server() -> Influx2Server:
    return Influx2Server()


@pytest.fixture
def url(server: Influx2Server) -> Iterator[str]:
    with listening(server) as url:
        yield url


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the command with the example plant and one database, whose secret need not be there yet."""
    folder = tmp_path / "config"
    shutil.copytree(CONFIG.parent, folder)
    (tmp_path / "admin").write_text(ADMIN + "\n", encoding="utf-8")
    for variable in ("INFLUX_TOKEN", "INFLUX_PASSWORD", "INFLUX_USERNAME"):
        monkeypatch.delenv(variable, raising=False)

    def call(database: str, *arguments: str) -> Result:
        text = CONFIG.read_text(encoding="utf-8") + database
        (folder / "collector.toml").write_text(text, encoding="utf-8")
        asked = ["provision", "--config", str(folder / "collector.toml"), *arguments]
        return CliRunner().invoke(main, asked, env={"COLUMNS": "200"})

    return call


def influx2(url: str, name: str = "plantdb") -> str:
    return f"""
[delivery.{name}]
kind = "influxdb2"
url = "{url}"
org = "smelter"
bucket = "potline"
token_file = "collector.token"
"""


def influx1(url: str) -> str:
    return f"""
[delivery.old]
kind = "influxdb1"
url = "{url}"
database = "potline"
username = "collector"
password_file = "collector.password"
"""


def test_it_shows_first_and_changes_nothing(run: Run, server: Influx2Server, url: str, tmp_path: Path) -> None:
    result = run(influx2(url), "--retention", "90d", "--admin-file", str(tmp_path / "admin"))
    assert result.exit_code == 0, result.output
    assert "plantdb: influxdb2, potline" in result.stdout
    assert "would be made     bucket potline: keeps 90d" in result.stdout
    assert "would be made     bucket potline_hourly: keeps for ever" in result.stdout
    assert "may write potline and nothing else, kept in " in result.stdout
    assert "nothing was changed; --yes does 14 things" in result.stderr
    assert server.changes == []
    assert not (tmp_path / "config" / "collector.token").exists()


def test_it_does_it_with_yes_and_the_collectors_settings_are_whole_then(
    run: Run, server: Influx2Server, url: str, tmp_path: Path
) -> None:
    asked = ("--retention", "90d", "--admin-file", str(tmp_path / "admin"), "--grafana-file", str(tmp_path / "grafana"))
    result = run(influx2(url), *asked, "--yes")
    assert result.exit_code == 0, result.output
    assert "made: bucket potline\n" in result.stdout
    token = tmp_path / "config" / "collector.token"
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert token.read_text(encoding="utf-8").strip() == server.authorizations[0]["token"]
    checked = CliRunner().invoke(main, ["check", "--config", str(tmp_path / "config" / "collector.toml")])
    assert checked.exit_code == 0, checked.output
    server.changes.clear()
    again = run(influx2(url), *asked, "--yes")
    assert again.exit_code == 0
    assert again.stdout.endswith("nothing to do\n")
    assert server.changes == []
    for text in (result.output, again.output):
        assert ADMIN not in text
        assert "secret-" not in text


def test_a_token_without_a_file_is_shown_once(run: Run, server: Influx2Server, url: str, tmp_path: Path) -> None:
    asked = ("--retention", "forever", "--admin-file", str(tmp_path / "admin"), "--yes")
    first, second = run(influx2(url), *asked), run(influx2(url), *asked)
    assert f"token of Grafana, shown this once: {server.authorizations[1]['token']}" in first.stdout
    assert "secret-" not in second.output
    assert "it was told when it was made" in second.stdout


def test_a_token_that_was_shown_is_not_lost_when_a_later_step_fails(
    run: Run, server: Influx2Server, url: str, tmp_path: Path
) -> None:
    server.breaks = lambda method, path: Broken(500, b"{}") if (method, path) == ("POST", "/api/v2/tasks") else None
    result = run(influx2(url), "--retention", "90d", "--admin-file", str(tmp_path / "admin"), "--yes")
    assert result.exit_code == 69
    assert f"shown this once: {server.authorizations[1]['token']}" in result.stdout
    assert "make the task potline potline: hourly sums of energy_intensity at" in result.stderr


def test_json_is_one_document(run: Run, server: Influx2Server, url: str, tmp_path: Path) -> None:
    asked = ("--retention", "90d", "--admin-file", str(tmp_path / "admin"), "--json")
    plan = json.loads(run(influx2(url), *asked).stdout)
    assert (plan["server"], plan["secrets"], len(plan["steps"])) == ("influxdb2", {}, 14)
    assert plan["steps"][0] == {"what": "bucket potline", "state": "missing", "detail": "keeps 90d", "done": False}
    done = json.loads(run(influx2(url), *asked, "--yes").stdout)
    assert all(step["done"] for step in done["steps"])
    assert done["secrets"] == {"token of Grafana": server.authorizations[1]["token"]}


def test_a_retention_is_not_shortened_and_nothing_else_is_done_either(
    run: Run, server: Influx2Server, url: str, tmp_path: Path
) -> None:
    admin = ("--admin-file", str(tmp_path / "admin"), "--yes")
    run(influx2(url), "--retention", "90d", "--no-hourly", *admin)
    server.changes.clear()
    result = run(influx2(url), "--retention", "30d", *admin)
    assert result.exit_code == 1
    assert "in the way        bucket potline: keeps 90d, wanted 30d" in result.stdout
    assert "1 thing in the way; nothing was changed" in result.stderr
    assert server.changes == []
    assert run(influx2(url), "--retention", "40d", *admin, "--shorten").exit_code == 0
    assert server.bucket("potline")["retentionRules"][0]["everySeconds"] == 40 * 86400


def test_the_administrators_token_may_come_from_the_environment(
    run: Run, server: Influx2Server, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLUX_TOKEN", ADMIN)
    assert run(influx2(url), "--retention", "90d", "--yes").exit_code == 0
    assert len(server.buckets) == 2


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "not there or empty"), ("", "not there or empty"), ("a\nb", "not one line of text")]
)
def test_an_administrators_file_that_holds_no_secret_is_told(
    run: Run, url: str, tmp_path: Path, content: str | None, reason: str
) -> None:
    path = tmp_path / "other"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    result = run(influx2(url), "--retention", "90d", "--admin-file", str(path))
    assert result.exit_code == 69
    assert reason in result.stderr


def test_no_token_at_all_is_told_by_the_server(run: Run, url: str) -> None:
    result = run(influx2(url), "--retention", "90d")
    assert result.exit_code == 69
    assert "401" in result.stderr


@pytest.mark.parametrize("given", ["90", "10min", "37000d", "ever", "1.5s", "90 tonnes"])
def test_a_retention_that_is_none_is_refused(run: Run, url: str, given: str) -> None:
    result = run(influx2(url), "--retention", given)
    assert result.exit_code == 2
    assert "--retention" in result.stderr


def test_of_several_databases_one_must_be_named(run: Run, url: str) -> None:
    both = influx2(url) + influx2(url, "second").replace('"potline"', '"other"')
    result = run(both, "--retention", "90d")
    assert result.exit_code == 2
    assert "name one of plantdb, second" in result.stderr
    assert "there is no third" in run(both, "third", "--retention", "90d").stderr


def test_without_databases_the_settings_need_one(run: Run) -> None:
    result = run("", "--retention", "90d")
    assert result.exit_code == 1
    assert "add [delivery.NAME]" in result.stderr


def test_influxdb_1_is_provisioned_and_writes_its_passwords(run: Run, influxdb1: InfluxDB1, tmp_path: Path) -> None:
    asked = ("--retention", "90d", "--grafana-file", str(tmp_path / "grafana"))
    result = run(influx1(influxdb1.url), *asked, "--yes")
    assert result.exit_code == 0, result.output
    assert "made: user collector may write potline" in result.stdout
    for path in (tmp_path / "config" / "collector.password", tmp_path / "grafana"):
        assert path.read_text(encoding="utf-8").strip() not in result.output
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert run(influx1(influxdb1.url), *asked, "--yes").stdout.endswith("nothing to do\n")


def test_a_kind_that_is_not_what_answers_is_told(run: Run, influxdb1: InfluxDB1) -> None:
    result = run(influx2(influxdb1.url), "--retention", "90d")
    assert result.exit_code == 1
    assert 'kind is influxdb2, and influxdb1 answers; write kind = "influxdb1"' in result.stderr


def test_victoria_metrics_needs_nothing(run: Run, victoria_metrics: VictoriaMetrics) -> None:
    result = run(influx2(victoria_metrics.url), "--retention", "90d", "--yes")
    assert result.exit_code == 0, result.output
    assert "nothing to make" in result.stdout


def test_a_folder_that_may_not_be_written_to_ends_it_before_a_token_is_made(
    run: Run, server: Influx2Server, url: str, tmp_path: Path
) -> None:
    path = os.fspath(tmp_path / "nowhere" / "token")
    admin = ("--admin-file", str(tmp_path / "admin"), "--yes")
    result = run(influx2(url), "--retention", "90d", "--collector-file", path, *admin)
    assert result.exit_code == 69
    assert "name a folder that can be written to" in result.stderr
    assert server.authorizations == []
