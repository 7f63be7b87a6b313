"""What must hold for every dashboard, whoever wrote it: what schemas do not see, and what would show a wrong figure.

Each rule takes a dashboard and what is known of all of them, and yields what is wrong in words. A rule that finds
nothing in a broken dashboard is worth nothing: test_dashboard_rules.py breaks one for each.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from grafana_queries import Json, panels, variables

WIDTH = 24
UID = "potline"
MACROS = {"timeFilter", "__interval", "__interval_ms", "__rate_interval", "interval"}
DRAWN = {"timeseries", "stat", "table", "heatmap", "bargauge", "state-timeline", "status-history"}
"""Kinds of panels that are looked at as pictures before a release."""

# One line for each value of the tag, about the same energy and metal: adding over it counts twice.
_EACH = {
    "energy_intensity": ("window", "boundary"),
    "emissions_intensity": ("window", "method", "electricity"),
    "pollutant_intensity": ("window", "pollutant"),
    "renewable_share": ("window", "basis"),
    "energy_balance": ("window",),
    "power_price_tier": ("window",),
    "anode_effect_count": ("window",),
}
_NOT_EVERYWHERE = re.compile(
    r'(?i)\b(?:tz|sample)\s*\(|\bs(?:limit|offset)\b|\binto\b|\bautogen\b|\bFROM\s+"?\w+"?\s*\.|;|\bnow\(\)'
)
_RATIO = r'"\w*(?:_per_t|_pct|_u95|_per_kwh)"'
_OF_RATIOS = re.compile(
    rf"(?i)\b(?:mean|median|sum|integral)\(\s*{_RATIO}\s*\)|\w+\(\s*{_RATIO}\s*\)\s*/\s*\w+\(\s*{_RATIO}"
)
_QUOTIENT = re.compile(r'(?i)\bsum\("(\w+)"\)\s*/\s*(\w+)\("(\w+)"\)')
_WITHHELD_IN = {
    "energy_intensity": "kwh_per_t",
    "emissions_intensity": "t_co2e_per_t",
    "pollutant_intensity": "kg_per_t",
}
_FROM = re.compile(r'FROM "(\w+)"')
_LINK = re.compile(r"/d/([\w-]+)")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of all dashboards: how often each uid is used."""

    uids: tuple[str, ...]


Rule = Callable[[Json, Known], Iterator[str]]


def _targets(dashboard: Json) -> Iterator[tuple[str, Json]]:
    for panel in panels(dashboard):
        for target in panel.get("targets", ()):
            yield f"'{panel['title']}' {target.get('refId')}", target


def schema(dashboard: Json, _: Known) -> Iterator[str]:
    """Grafana's official schema knows every key: read and written again by the SDK, it is the same."""
    register_default_plugins()
    try:
        again: Any = json.loads(json.dumps(Dashboard.from_json(dashboard), cls=JSONEncoder))
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        yield f"the SDK cannot read it: {exc!r}"
        return
    yield from (f"{path} is not what the schema knows" for path in _differing(dashboard, again, ""))


def _differing(told: object, again: object, path: str) -> Iterator[str]:
    if isinstance(told, dict) and isinstance(again, dict):
        for key in sorted({*told, *again}):
            yield from _differing(told.get(key), again.get(key), f"{path}.{key}")
    elif isinstance(told, list) and isinstance(again, list) and len(told) == len(again):
        for place, (one, other) in enumerate(zip(told, again, strict=True)):
            yield from _differing(one, other, f"{path}[{place}]")
    elif told != again and not (told is None and again == {}):  # the SDK leaves an empty object for none
        yield path


def identity(dashboard: Json, known: Known) -> Iterator[str]:
    """Each dashboard has a uid of its own, each panel an id and a title of its own."""
    if known.uids.count(dashboard["uid"]) != 1:
        yield f"uid {dashboard['uid']} is not used once"
    for what in ("id", "title"):
        found = [panel.get(what) for panel in (panels(dashboard) if what == "title" else dashboard["panels"])]
        yield from (f"panels share the {what} {each}" for each in sorted({str(x) for x in found if found.count(x) > 1}))


def places(dashboard: Json, _: Known) -> Iterator[str]:
    """Panels lie within the width and not on each other."""
    taken: dict[tuple[int, int], str] = {}
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        if at["x"] < 0 or at["x"] + at["w"] > WIDTH or at["w"] < 1 or at["h"] < 1:
            yield f"'{panel['title']}' stands over the edge"
        for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
            other = taken.setdefault(cell, panel["title"])
            if other != panel["title"]:
                yield f"'{panel['title']}' lies on '{other}'"
                break


def words(dashboard: Json, _: Known) -> Iterator[str]:
    """Ask of each panel what it shows: a kind that is known, a description, a unit."""
    for panel in panels(dashboard):
        told = panel.get("description") or ""
        if panel["type"] not in DRAWN:
            yield f"'{panel['title']}' is of the kind {panel['type']}, which nobody has looked at"
        if len(told) <= 60:
            yield f"'{panel['title']}' does not say what it shows"
        if not panel["fieldConfig"]["defaults"].get("unit"):
            yield f"'{panel['title']}' has no unit"
        if re.search(r"[\u2013\u2014]", f"{panel['title']}{told}"):
            yield f"'{panel['title']}' has a dash that the project does not use"


def limits(dashboard: Json, _: Known) -> Iterator[str]:
    """Thresholds are numbers that rise, below the first of which there is a colour."""
    for panel in panels(dashboard):
        steps = panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", [])
        values = [step.get("value") for step in steps]
        if not values or values[0] is not None:
            yield f"'{panel['title']}' has no colour below its thresholds"
            continue
        numbers = [value for value in values[1:] if isinstance(value, int | float) and not isinstance(value, bool)]
        if len(numbers) != len(values) - 1 or numbers != sorted(set(numbers)):
            yield f"'{panel['title']}' has thresholds that are no rising numbers: {values}"


def sources(dashboard: Json, _: Known) -> Iterator[str]:
    """Every query goes to the data source that is provisioned, as text, and has a letter of its own."""
    wanted = {"type": "influxdb", "uid": UID}
    for panel in panels(dashboard):
        letters = [target.get("refId") for target in panel.get("targets", ())]
        if not letters or len(set(letters)) != len(letters):
            yield f"'{panel['title']}' has no queries, or two of one letter"
        if panel.get("datasource") != wanted:
            yield f"'{panel['title']}' asks another data source"
    for place, target in _targets(dashboard):
        if target.get("datasource") != wanted or target.get("rawQuery") is not True:
            yield f"{place} asks another data source, or not in text"
    for name, variable in variables(dashboard).items():
        if variable["type"] == "query" and variable.get("datasource") != wanted:
            yield f"variable {name} asks another data source"


def language(dashboard: Json, _: Known) -> Iterator[str]:
    """Ask for one SELECT or SHOW in the InfluxQL of all versions, with a range, and with names that exist."""
    names = {*variables(dashboard), *MACROS}
    asked = [(place, target["query"], "SELECT ") for place, target in _targets(dashboard)]
    for name, variable in variables(dashboard).items():
        if variable["type"] == "query":
            asked.append((f"variable {name}", variable["query"]["query"], "SHOW TAG VALUES "))
    for place, query, begins in asked:
        if not query.startswith(begins):
            yield f"{place} does not begin with {begins}: {query}"
        if begins == "SELECT " and "$timeFilter" not in query:
            yield f"{place} reads all of time: {query}"
        if found := _NOT_EVERYWHERE.search(query):
            yield f"{place} says '{found[0]}', which not all versions of InfluxDB know: {query}"
        unknown = set(re.findall(r"\$\{?(\w+)", query)) - names
        yield from (f"{place} names ${each}, which there is not" for each in sorted(unknown))


def ratios(dashboard: Json, _: Known) -> Iterator[str]:
    """Make a ratio over several lines from a sum and a sum, of lines that were not withheld."""
    for place, target in _targets(dashboard):
        query = target["query"]
        if found := _OF_RATIOS.search(query):
            yield f"{place} makes a ratio of ratios, {found[0]}: {query}"
        for _above, function, _below in _QUOTIENT.findall(query):
            if function.lower() != "sum":
                yield f"{place} divides a sum by a {function}: {query}"
        for measurement in _FROM.findall(query):
            ratio = _WITHHELD_IN.get(measurement)
            is_ratio = "/ sum(" in query.lower() or (ratio is not None and f'"{ratio}"' in query)
            if ratio and is_ratio and '"quality"' not in query:
                yield f"{place} shows ratios that the collector withheld: {query}"


def twice(dashboard: Json, _: Known) -> Iterator[str]:
    """Add up what stands once for each value of a tag for one of them, or for each apart."""
    for place, target in _targets(dashboard):
        conditions, _, groups = target["query"].partition("GROUP BY")
        if not re.search(r"(?i)\b(?:sum|mean|integral)\(", conditions):
            continue
        for measurement in _FROM.findall(conditions):
            for tag in _EACH.get(measurement, ()):
                if f'"{tag}" = \'' not in conditions and f'"{tag}"' not in groups:
                    yield f"{place} adds up over {tag}: {target['query']}"


def links(dashboard: Json, known: Known) -> Iterator[str]:
    """Links lead to dashboards that there are, and keep the range of time and the choices."""
    told = [*dashboard.get("links", [])]
    for panel in panels(dashboard):
        defaults = panel["fieldConfig"]["defaults"].get("links", [])
        overrides = [
            link
            for override in panel["fieldConfig"].get("overrides", [])
            for each in override["properties"]
            if each["id"] == "links"
            for link in each["value"]
        ]
        told += [*panel.get("links", []), *defaults, *overrides]
    for link in told:
        if link.get("type") == "dashboards":
            if not link.get("tags") or not set(link["tags"]) <= set(dashboard["tags"]):
                yield f"link '{link['title']}' goes by tags that the dashboard does not have itself"
            if not (link.get("keepTime") and link.get("includeVars")):
                yield f"link '{link['title']}' forgets the time or the choices"
            continue
        found = _LINK.search(link.get("url", ""))
        if found is None or found[1] not in known.uids:
            yield f"link '{link.get('title')}' leads to {link.get('url')}, which there is not"
        elif not (link.get("keepTime") or "__url_time_range" in link["url"]):
            yield f"link '{link.get('title')}' forgets the time"


RULES: tuple[Rule, ...] = (
    schema,
    identity,
    places,
    words,
    limits,
    sources,
    language,
    ratios,
    twice,
    links,
)


def problems(dashboard: Json, known: Known) -> list[str]:
    """Return what is wrong with a dashboard."""
    return [f"{rule.__name__}: {each}" for rule in RULES for each in rule(dashboard, known)]
