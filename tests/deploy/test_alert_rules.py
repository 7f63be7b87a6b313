"""Grafana's alert rules: what Grafana would refuse, and that their numbers are the collector's own."""

import json
import re
from pathlib import Path

import pytest
import yaml
from grafana_rules import FILE, GRAFANA, RULES

import alerts
import provisioned
from collector.instruments import Instruments
from collector.readings.quality import Quality
from collector.settings.models import Accounting
from collector.store.filling import FIRES_AT_PCT
from rules import Rule, Threshold


def test_the_committed_rules_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert provisioned.main(["--check"]) == 0, capsys.readouterr().err


def test_a_missing_and_an_altered_file_are_told_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "potline.yaml"
    assert provisioned.main(["--check"], file) == 1
    assert capsys.readouterr().err == "potline.yaml is missing or not up to date; run 'make dashboards'\n"
    assert provisioned.main([], file) == 0
    assert yaml.safe_load(file.read_text("utf-8")) == FILE
    file.write_text("groups: []\n", encoding="utf-8")
    assert provisioned.main(["--check"], file) == 1


def test_ids_and_titles_are_unique_and_as_grafana_takes_them() -> None:
    listed = [rule for group in FILE["groups"] for rule in group["rules"]]
    assert len(RULES) == len(listed) == len({rule["title"] for rule in listed})
    for uid in RULES:
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", uid)
    assert len({group["name"] for group in FILE["groups"]}) == len(FILE["groups"])
    # Grafana's scheduler steps by 10 s.
    assert {group["interval"] for group in FILE["groups"]} <= {"1m", "5m"}
    assert {group["folder"] for group in FILE["groups"]} == {"Potline"}


@pytest.mark.parametrize("uid", RULES)
def test_what_a_node_refers_to_stands_before_it_and_every_node_is_used(uid: str) -> None:
    rule, known, used = RULES[uid], set[str](), set[str]()
    for node in rule["data"]:
        model = node["model"]
        assert node["refId"] == model["refId"]
        assert node["refId"] not in known
        if node["datasourceUid"] == "__expr__":
            refs = set(re.findall(r"\$([A-Z])", model["expression"])) or {model["expression"]}
            assert refs <= known
            used |= refs
        else:
            assert (node["datasourceUid"], model["rawQuery"]) == ("potline", True)
            assert model["query"].startswith("SELECT ")
            assert node["relativeTimeRange"]["from"] > node["relativeTimeRange"]["to"] >= 0
        known.add(node["refId"])
    assert rule["data"][-1]["refId"] == rule["condition"]
    assert known - used == {rule["condition"]}


@pytest.mark.parametrize("uid", RULES)
def test_a_rule_says_what_is_the_case_and_what_to_do_with_labels_and_numbers_that_it_has(uid: str) -> None:
    rule = RULES[uid]
    words = rule["annotations"]
    assert len(words["description"]) > 60
    assert " Remedy: " in words["description"]
    assert rule["labels"]["severity"] in {"critical", "warning"}
    # Grafana would read a dollar sign as a variable of its environment.
    assert "$" not in "".join([*words.values(), *rule["labels"].values(), rule["title"]])
    kinds = {node["refId"]: node["datasourceUid"] for node in rule["data"]}
    for ref in re.findall(r"\.Values\.(\w+)", words["summary"]):
        assert kinds[ref] == "__expr__", "a query has a series, no value"
    first = rule["data"][0]["model"]["query"]
    for label in re.findall(r"\.Labels\.(\w+)", words["summary"]):
        assert f'"{label}"' in first.partition("GROUP BY")[2]


@pytest.mark.parametrize("uid", RULES)
def test_a_rule_is_linked_to_a_panel_that_shows_the_stream_it_judges(uid: str) -> None:
    rule = RULES[uid]
    name = rule["dashboardUid"].removeprefix("potline-")
    dashboard = json.loads((GRAFANA / "dashboards" / f"{name}.json").read_text("utf-8"))
    assert dashboard["uid"] == rule["dashboardUid"] == rule["annotations"]["__dashboardUid__"]
    assert str(rule["panelId"]) == rule["annotations"]["__panelId__"]
    [panel] = [panel for panel in dashboard["panels"] if panel["id"] == rule["panelId"]]
    shown = {stream for target in panel["targets"] for stream in re.findall(r'FROM "(\w+)"', target["query"])}
    judged = set(re.findall(r'FROM "(\w+)"', rule["data"][0]["model"]["query"]))
    assert judged <= shown


def test_a_link_to_a_panel_that_is_not_there_is_refused() -> None:
    rule = Rule("u", "t", (Threshold("A", "B", "gt", 0),), "0s", "warning", "s", "d", "r", "potline-health", "Nowhere")
    with pytest.raises(ValueError, match="link rule u to panel 'Nowhere' of potline-health: there is none"):
        rule.built({("potline-health", "Outbox"): 3})


def test_the_numbers_are_the_collectors_own() -> None:
    assert Accounting.model_fields["least_coverage"].default == alerts.LEAST_COVERAGE_PCT
    assert alerts.FILLING_ABOVE_PCT == FIRES_AT_PCT
    assert Quality.UNCERTAIN == alerts.BAD_BELOW


def test_fields_of_the_collectors_stream_are_ones_that_it_writes() -> None:
    queries = [node["model"].get("query", "") for rule in RULES.values() for node in rule["data"]]
    own = [query for query in queries if 'FROM "collector"' in query]
    asked = {field for query in own for field in re.findall(r'(?:last|count)\("(\w+)"\)', query)}
    assert asked == {"readings_total", "outbox_used_pct", "dropped_total", "refused_total"}
    assert asked <= set(Instruments().stream_fields())
