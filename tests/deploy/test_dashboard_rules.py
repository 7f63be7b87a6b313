"""All dashboards keep the rules, and each rule finds what it is for: a dashboard is broken for each of them."""

import copy
from collections.abc import Callable

import pytest
import yaml
from dashboard_rules import RULES, UID, Known, problems
from grafana_queries import DASHBOARDS, Json, dashboards, panels

ALL = dashboards()
KNOWN = Known(tuple(dashboard["uid"] for dashboard in ALL.values()))

Break = Callable[[Json], None]


@pytest.mark.parametrize("name", ALL)
def test_a_dashboard_keeps_all_rules(name: str) -> None:
    assert problems(ALL[name], KNOWN) == []


def test_there_is_a_dashboard_for_each_kind_of_question() -> None:
    assert set(ALL) == {"plant", "potline", "pots", "emissions", "data-quality", "health"}
    assert KNOWN.uids == tuple(f"potline-{name}" for name in ALL)


def test_the_data_source_is_the_one_that_is_provisioned() -> None:
    path = DASHBOARDS.parent / "provisioning" / "datasources" / "potline.yaml"
    (source,) = yaml.safe_load(path.read_text("utf-8"))["datasources"]
    assert (source["type"], source["uid"]) == ("influxdb", UID)
    assert source["jsonData"]["version"] == "InfluxQL"
    assert all(value.startswith("$__file{") for value in source["secureJsonData"].values())


# --- Each rule finds what it is for


def _first(dashboard: Json, kind: str = "timeseries") -> Json:
    return next(panel for panel in panels(dashboard) if panel["type"] == kind)


def _asks(query: str) -> Break:
    def put(dashboard: Json) -> None:
        _first(dashboard)["targets"][0]["query"] = query

    return put


def _panel(**other: object) -> Break:
    return lambda dashboard: _first(dashboard).update(other)


def _defaults(**other: object) -> Break:
    return lambda dashboard: _first(dashboard)["fieldConfig"]["defaults"].update(other)


def _steps(*values: object) -> Break:
    steps = [{"color": "green", "value": value} for value in values]
    return _defaults(thresholds={"mode": "absolute", "steps": steps})


def _onto_the_next(dashboard: Json) -> None:
    one, other = [panel for panel in dashboard["panels"] if panel["type"] != "row"][:2]
    other["gridPos"] = dict(one["gridPos"])


def _over_the_edge(dashboard: Json) -> None:
    _first(dashboard)["gridPos"]["x"] = 20


def _same_id(dashboard: Json) -> None:
    dashboard["panels"][1]["id"] = dashboard["panels"][2]["id"]


def _same_title(dashboard: Json) -> None:
    one, other = [panel for panel in dashboard["panels"] if panel["type"] != "row"][:2]
    other["title"] = one["title"]


def _variable(dashboard: Json) -> None:
    dashboard["templating"]["list"][0]["query"]["query"] = "SHOW SERIES"


def _letter(dashboard: Json) -> None:
    panel = _first(dashboard)
    panel["targets"].append(copy.deepcopy(panel["targets"][0]))


def _source(dashboard: Json) -> None:
    _first(dashboard)["targets"][0]["datasource"] = {"type": "influxdb", "uid": "another"}


def _to(url: str, **other: object) -> Break:
    return _panel(links=[{"title": "More", "type": "link", "url": url, **other}])


def _forgets(dashboard: Json) -> None:
    dashboard["links"][0]["keepTime"] = False


_OF = 'FROM "energy_intensity" WHERE "plant" = \'$plant\' AND $timeFilter'
_ONE = f"{_OF} AND \"window\" = 'hour' AND \"boundary\" = 'dc'"

BROKEN: dict[str, tuple[str, Break]] = {
    "a misspelt option": ("schema", _panel(descriptoin="x")),
    "a misspelt option of the field": ("schema", _defaults(untit="volt")),
    "no number where one is wanted": ("schema", lambda dashboard: dashboard.update(panels=[7])),
    "a uid that is taken": ("identity", lambda dashboard: dashboard.update(uid=ALL["pots"]["uid"])),
    "one id twice": ("identity", _same_id),
    "one title twice": ("identity", _same_title),
    "a panel on another": ("places", _onto_the_next),
    "a panel over the edge": ("places", _over_the_edge),
    "no description": ("words", _panel(description="Energy.")),
    "no unit": ("words", _defaults(unit="")),
    "a kind that nobody has looked at": ("words", _panel(type="geomap")),
    "a dash": ("words", _panel(title="Energy \u2014 metal")),
    "no colour below": ("limits", _steps(10.0)),
    "a threshold in words": ("limits", _steps(None, "13500")),
    "thresholds that fall": ("limits", _steps(None, 20, 10)),
    "another data source": ("sources", _source),
    "one letter twice": ("sources", _letter),
    "no query": ("sources", _panel(targets=[])),
    "a panel of another source": ("sources", _panel(datasource={"type": "prometheus", "uid": "potline"})),
    "all of time": ("language", _asks('SELECT last("energy_kwh") FROM "energy_intensity"')),
    "a retention policy": (
        "language",
        _asks('SELECT last("voltage_v") FROM "autogen"."pot" WHERE $timeFilter'),
    ),
    "another retention policy": ("language", _asks('SELECT last("v") FROM a."pot" WHERE $timeFilter')),
    "a time zone": ("language", _asks('SELECT last("v") FROM "pot" WHERE $timeFilter tz(\'Asia/Shanghai\')')),
    "a sample": ("language", _asks('SELECT sample("v", 3) FROM "pot" WHERE $timeFilter')),
    "a limit of series": ("language", _asks('SELECT "v" FROM "pot" WHERE $timeFilter SLIMIT 3')),
    "two statements": ("language", _asks('SELECT "v" FROM "pot" WHERE $timeFilter; DROP MEASUREMENT "pot"')),
    "Flux": ("language", _asks('from(bucket: "potline") |> range(start: $timeFilter)')),
    "a variable that there is not": ("language", _asks('SELECT "v" FROM "pot" WHERE $nobody AND $timeFilter')),
    "a variable of all series": ("language", _variable),
    "the mean of ratios": ("ratios", _asks(f'SELECT mean("kwh_per_t") {_ONE} AND "quality" >= 64')),
    "the sum of shares": ("ratios", _asks('SELECT sum("share_pct") FROM "renewable_share" WHERE $timeFilter')),
    "a ratio of ratios": (
        "ratios",
        _asks('SELECT last("kwh_per_t") / last("t_co2e_per_t") FROM "energy_balance" WHERE $timeFilter'),
    ),
    "a sum over a mean": (
        "ratios",
        _asks(f'SELECT sum("energy_kwh") / mean("metal_t") {_ONE} AND "quality" >= 64'),
    ),
    "what was withheld": ("ratios", _asks(f'SELECT last("kwh_per_t") {_ONE}')),
    "sums over what was withheld": ("ratios", _asks(f'SELECT sum("energy_kwh") / sum("metal_t") {_ONE}')),
    "all windows together": ("twice", _asks(f'SELECT sum("energy_kwh") {_OF} AND "boundary" = \'dc\'')),
    "both kinds of electricity together": (
        "twice",
        _asks(
            'SELECT sum("total_t_co2e") FROM "emissions_intensity" WHERE "window" = \'day\' AND'
            " \"method\" = '$method' AND $timeFilter"
        ),
    ),
    "a link to nowhere": ("links", _to("/d/potline-nowhere?${__url_time_range}")),
    "a link that forgets the time": ("links", _to("/d/potline-pots", keepTime=False)),
    "links that forget the time": ("links", _forgets),
    "links by a tag that is not its own": ("links", lambda dashboard: dashboard["links"][0].update(tags=["other"])),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_dashboard_is_found_by_the_rule_for_it(what: str) -> None:
    rule_name, breaks = BROKEN[what]
    rule = next(rule for rule in RULES if rule.__name__ == rule_name)
    dashboard = copy.deepcopy(ALL["plant"])
    assert list(rule(dashboard, KNOWN)) == []
    breaks(dashboard)
    known = Known((*(uid for uid in KNOWN.uids if uid != ALL["plant"]["uid"]), dashboard["uid"]))
    assert list(rule(dashboard, known)) != []


def test_every_rule_is_broken_at_least_once() -> None:
    assert {rule for rule, _ in BROKEN.values()} == {rule.__name__ for rule in RULES}
