"""What is made in an InfluxDB 2, and that a second time changes nothing."""

import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from influx2_server import ADMIN, ORG, Broken, Influx2Server, listening

from collector.delivery.provisioning.admin_api import AdminApi
from collector.delivery.provisioning.influx2 import Influx2
from collector.delivery.provisioning.plan import ProvisionFailed, Secret, State, Step, Wanted
from collector.delivery.provisioning.server import carried_out

DAY = 86400
WANTED = Wanted("plantdb", "smelter", "potline", 90 * DAY, "potline_hourly", 0)


@pytest.fixture
def server() -> Influx2Server:
    return Influx2Server()


@pytest.fixture
def url(server: Influx2Server) -> Iterator[str]:
    with listening(server) as url:
        yield url


def api(url: str, said: str = ADMIN) -> AdminApi:
    return AdminApi(url, headers={"Authorization": f"Bearer {said}"}, secrets=[said], timeout_s=5.0)


def look(url: str, wanted: Wanted = WANTED) -> list[Step]:
    return Influx2(api(url), wanted).steps()


def do(url: str, wanted: Wanted = WANTED) -> list[Secret]:
    secrets: list[Secret] = []
    carried_out(look(url, wanted), done=lambda _step: None, told=secrets.append)
    return secrets


def states(steps: list[Step]) -> dict[str, State]:
    return {step.what: step.state for step in steps}


def test_looking_changes_nothing_and_names_all_that_would_be_made(server: Influx2Server, url: str) -> None:
    found = states(look(url))
    assert set(found.values()) == {State.MISSING}
    assert list(found)[:6] == [
        "bucket potline",
        "bucket potline_hourly",
        "InfluxQL potline.autogen",
        "InfluxQL potline.hourly",
        "token of the collector",
        "token of Grafana",
    ]
    assert len(found) == 14
    assert server.changes == []


@pytest.mark.parametrize("lists_system", [True, False])
def test_it_makes_buckets_mappings_tokens_and_tasks_once(
    server: Influx2Server, url: str, *, lists_system: bool
) -> None:
    server.unknown_bucket_lists_system = lists_system
    do(url)
    raw, hourly = server.bucket("potline"), server.bucket("potline_hourly")
    assert raw["retentionRules"] == [{"type": "expire", "everySeconds": 7776000}]
    assert hourly["retentionRules"] == [{"type": "expire", "everySeconds": 0}]
    mapped = {(each["database"], each["retention_policy"], each["bucketID"], each["default"]) for each in server.dbrps}
    assert mapped == {("potline", "autogen", raw["id"], True), ("potline", "hourly", hourly["id"], False)}
    assert len(server.tasks) == 8
    before = json.dumps([server.buckets, server.dbrps, server.tasks, server.authorizations])
    server.changes.clear()
    assert set(states(look(url)).values()) == {State.EXISTS}
    do(url)
    assert server.changes == []
    assert json.dumps([server.buckets, server.dbrps, server.tasks, server.authorizations]) == before


def test_the_collector_may_write_one_bucket_and_grafana_may_read_two_and_nothing_else(
    server: Influx2Server, url: str
) -> None:
    told = do(url)
    raw, hourly = server.bucket("potline")["id"], server.bucket("potline_hourly")["id"]

    def may(action: str, id_: str) -> dict[str, object]:
        return {"action": action, "resource": {"type": "buckets", "id": id_, "orgID": ORG}}

    collector, grafana = server.authorizations
    assert collector["permissions"] == [may("write", raw)]
    assert grafana["permissions"] == [may("read", raw), may("read", hourly)]
    assert [secret.value for secret in told] == [collector["token"], grafana["token"]]
    assert "secret-" not in repr(told)


def test_tokens_go_to_files_for_their_owner_alone_and_are_not_shown(
    server: Influx2Server, url: str, tmp_path: Path
) -> None:
    wanted = replace(WANTED, writer_file=tmp_path / "collector", reader_file=tmp_path / "grafana")
    (tmp_path / "collector").touch(mode=0o644)
    assert do(url, wanted) == []
    for name, made in zip(("collector", "grafana"), server.authorizations, strict=True):
        assert (tmp_path / name).read_text(encoding="utf-8") == made["token"] + "\n"
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["collector", "grafana"]
    server.changes.clear()
    assert set(states(look(url, wanted)).values()) == {State.EXISTS}


def test_a_file_that_has_a_token_is_kept_and_what_nobody_knows_of_it_is_said(url: str, tmp_path: Path) -> None:
    (tmp_path / "collector").write_text("of old\n", encoding="utf-8")
    wanted = replace(WANTED, writer_file=tmp_path / "collector")
    (step,) = [step for step in look(url, wanted) if step.what == "token of the collector"]
    assert step.state is State.EXISTS
    assert "look at what it may do" in step.detail
    do(url, wanted)
    assert (tmp_path / "collector").read_text(encoding="utf-8") == "of old\n"


def test_a_lost_file_gets_a_new_token_and_the_older_one_is_named(
    server: Influx2Server, url: str, tmp_path: Path
) -> None:
    wanted = replace(WANTED, writer_file=tmp_path / "collector")
    do(url, wanted)
    (tmp_path / "collector").unlink()
    (step,) = [step for step in look(url, wanted) if step.what == "token of the collector"]
    assert step.state is State.MISSING
    assert server.authorizations[0]["id"] in step.detail
    do(url, wanted)
    assert (tmp_path / "collector").read_text(encoding="utf-8").strip() == server.authorizations[2]["token"]


def test_no_token_is_made_where_its_file_cannot_be(server: Influx2Server, url: str, tmp_path: Path) -> None:
    wanted = replace(WANTED, writer_file=tmp_path / "no such folder" / "collector")
    with pytest.raises(ProvisionFailed, match=r"make .*collector: No such file.*name a folder"):
        do(url, wanted)
    assert server.authorizations == []


def test_a_token_with_wider_permissions_is_not_taken_for_ours(server: Influx2Server, url: str) -> None:
    do(url)
    server.authorizations[0]["permissions"].append({"action": "read", "resource": {"type": "tasks", "orgID": ORG}})
    assert states(look(url))["token of the collector"] is State.MISSING


# --- Retention


@pytest.mark.parametrize(
    ("has_s", "wanted_s", "state"),
    [
        (90 * DAY, 90 * DAY, State.EXISTS),
        (30 * DAY, 90 * DAY, State.DIFFERS),
        (90 * DAY, 0, State.DIFFERS),
        (90 * DAY, 30 * DAY, State.REFUSED),
        (0, 90 * DAY, State.REFUSED),
        (0, 0, State.EXISTS),
    ],
)
def test_a_retention_is_lengthened_and_never_shortened_without_being_told(
    server: Influx2Server, url: str, has_s: int, wanted_s: int, state: State
) -> None:
    do(url, replace(WANTED, retention_s=has_s))
    wanted = replace(WANTED, retention_s=wanted_s)
    assert states(look(url, wanted))["bucket potline"] is state
    if state is State.REFUSED:
        server.changes.clear()
        with pytest.raises(ProvisionFailed, match=r"bucket potline: .*--shorten"):
            do(url, wanted)
        assert server.changes == []
        wanted = replace(wanted, shorten=True)
        assert states(look(url, wanted))["bucket potline"] is State.DIFFERS
    do(url, wanted)
    assert server.bucket("potline")["retentionRules"] == [{"type": "expire", "everySeconds": wanted_s}]


def test_a_bucket_without_rules_keeps_for_ever(server: Influx2Server, url: str) -> None:
    server.buckets.append({"id": server.new_id(), "name": "potline", "retentionRules": []})
    assert states(look(url))["bucket potline"] is State.REFUSED
    assert states(look(url, replace(WANTED, retention_s=0)))["bucket potline"] is State.EXISTS


# --- Mappings


def _mapped(server: Influx2Server, bucket: str, policy: str, *, default: bool) -> None:
    named = {"bucketID": bucket, "database": "potline", "retention_policy": policy}
    server.dbrps.append({"id": server.new_id(), "orgID": ORG, **named, "default": default})


@pytest.mark.parametrize("policy", ["autogen", "other"])
def test_a_mapping_to_another_bucket_is_in_the_way_because_making_ours_would_take_it_away(
    server: Influx2Server, url: str, policy: str
) -> None:
    _mapped(server, "00000000000000ff", policy, default=True)
    with pytest.raises(ProvisionFailed, match=r"InfluxQL potline\.autogen: .*another bucket \(00000000000000ff\)"):
        do(url)
    assert server.changes == []


def test_a_mapping_of_ours_that_is_not_the_default_becomes_it(server: Influx2Server, url: str) -> None:
    do(url)
    server.dbrps[0]["default"] = False
    assert states(look(url))["InfluxQL potline.autogen"] is State.DIFFERS
    do(url)
    assert server.dbrps[0]["default"] is True


def test_a_default_mapping_to_our_bucket_by_another_name_will_do(server: Influx2Server, url: str) -> None:
    do(url)
    server.dbrps[0]["retention_policy"] = "raw"
    server.changes.clear()
    do(url)
    assert server.changes == []


# --- Tasks


def test_a_task_with_another_text_is_changed_and_one_that_is_switched_off_stays_so(
    server: Influx2Server, url: str
) -> None:
    do(url)
    server.tasks[0]["flux"] += "// changed"
    server.tasks[1]["status"] = "inactive"
    found = {step.what: step for step in look(url)}
    first, second = (found[f"task {task['name']}"] for task in server.tasks[:2])
    assert (first.state, second.state) == (State.DIFFERS, State.EXISTS)
    assert "switched it off" in second.detail
    do(url)
    assert "// changed" not in server.tasks[0]["flux"]
    assert server.tasks[1]["status"] == "inactive"
    assert len(server.tasks) == 8


def test_two_tasks_of_one_name_are_in_the_way(server: Influx2Server, url: str) -> None:
    do(url)
    server.tasks.append({**server.tasks[0], "id": server.new_id()})
    with pytest.raises(ProvisionFailed, match="delete all but one"):
        do(url)


def test_without_hourly_sums_there_is_one_bucket_one_mapping_and_no_task(server: Influx2Server, url: str) -> None:
    do(url, replace(WANTED, hourly=""))
    assert [each["name"] for each in server.buckets] == ["potline"]
    assert len(server.dbrps) == 1
    assert server.tasks == []


def test_names_with_quotation_marks_and_dollars_come_through(server: Influx2Server, url: str) -> None:
    name = 'Söhne "${now()}" \\ & co'
    wanted = replace(WANTED, bucket=name, hourly=f"{name}_hourly")
    do(url, wanted)
    assert server.tasks[0]["name"] == f"potline {name}: hourly sums of energy_intensity"
    assert set(states(look(url, wanted)).values()) == {State.EXISTS}


# --- Failures


def test_an_organisation_that_is_not_there_is_named_with_the_remedy(url: str) -> None:
    with pytest.raises(ProvisionFailed, match=r"look for the organisation mill at .*correct 'org'"):
        look(url, replace(WANTED, org="mill"))


def test_a_wrong_token_is_told_without_showing_it(url: str) -> None:
    with pytest.raises(ProvisionFailed, match=r"401 .*unauthorized access.*check the administrator's token") as caught:
        Influx2(api(url, "wrong-one"), WANTED).steps()
    assert "wrong-one" not in str(caught.value)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 429, 500, 503])
@pytest.mark.parametrize("kind", ["buckets", "dbrps", "authorizations", "tasks"])
def test_a_step_that_is_refused_ends_it_and_a_second_run_does_the_rest(
    server: Influx2Server, url: str, kind: str, status: int
) -> None:
    body = json.dumps({"code": "x", "message": f"no: {ADMIN}"}).encode()
    server.breaks = lambda method, path: (
        Broken(status, body) if method == "POST" and path == f"/api/v2/{kind}" else None
    )
    with pytest.raises(ProvisionFailed, match=rf"{status} .*no: \*\*\*") as caught:
        do(url)
    assert ADMIN not in str(caught.value)
    server.breaks = lambda _method, _path: None
    do(url)
    assert set(states(look(url)).values()) == {State.EXISTS}
    assert len(server.buckets) == 2
    assert len(server.dbrps) == 2
    assert len(server.tasks) == 8


def test_somebody_who_makes_the_bucket_at_the_same_time_is_told_and_a_second_run_finds_it(url: str) -> None:
    steps = look(url)
    do(url, replace(WANTED, hourly=""))
    with pytest.raises(ProvisionFailed, match=r"make the bucket potline at .*: 422 .*already exists"):
        carried_out(steps, done=lambda _step: None, told=lambda _secret: None)
    do(url)
    assert set(states(look(url)).values()) == {State.EXISTS}
