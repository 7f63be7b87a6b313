"""Evaluates an alert rule of Grafana on an InfluxDB, as Grafana's documentation says that it does.

A series of a query has the tags of its GROUP BY as labels. A reduction makes one number of each series, a formula puts
numbers with the same labels together, a threshold makes each of them 1 or 0. Where the queries find nothing, the rule's
``noDataState`` holds.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from servers import InfluxDB1

GRAFANA = Path(__file__).parents[2] / "deploy" / "grafana"
FILE: dict[str, Any] = yaml.safe_load((GRAFANA / "provisioning" / "alerting" / "potline.yaml").read_text("utf-8"))
RULES: dict[str, dict[str, Any]] = {rule["uid"]: rule for group in FILE["groups"] for rule in group["rules"]}
"""The committed rules by their uid."""

Labels = tuple[tuple[str, str], ...]
Numbers = dict[Labels, float]
Series = dict[Labels, list[float]]

_REDUCERS: dict[str, Callable[[list[float]], float]] = {
    "last": lambda values: values[-1],
    "max": max,
    "min": min,
    "sum": math.fsum,
}
_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Pow: operator.pow,
}
_COMPARED: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
}


def firing(rule: Mapping[str, Any], influxdb: InfluxDB1, database: str, now_s: int) -> list[dict[str, str]]:
    """Return the labels of all that fires at a time [s UTC]; ``{"nodata": uid}`` where it fires for want of data."""
    found: dict[str, Series | Numbers] = {}
    for node in rule["data"]:
        model = node["model"]
        if node["datasourceUid"] != "__expr__":
            found[node["refId"]] = _asked(node, influxdb, database, now_s)
        elif model["type"] == "reduce":
            assert model["settings"] == {"mode": "dropNN"}
            series = found[model["expression"]]
            reduce = _REDUCERS[model["reducer"]]
            found[node["refId"]] = {
                labels: reduce(values) if values else math.nan
                for labels, values in series.items()
                if isinstance(values, list)
            }
        elif model["type"] == "math":
            found[node["refId"]] = _computed(model["expression"], found)
        else:
            found[node["refId"]] = _judged(model, found)
    result = found[rule["condition"]]
    if not result:
        return [{"nodata": rule["uid"]}] if rule["noDataState"] == "Alerting" else []
    return [dict(labels) for labels, value in result.items() if value == 1.0]


def _asked(node: Mapping[str, Any], influxdb: InfluxDB1, database: str, now_s: int) -> Series:
    times = node["relativeTimeRange"]
    between = f"time >= {(now_s - times['from']) * 1000}ms and time <= {(now_s - times['to']) * 1000}ms"
    text = node["model"]["query"].replace("$timeFilter", between)
    assert "$" not in text
    series: Series = {}
    for result in influxdb._results(database, text):
        for each in result.get("series", []):
            assert each["columns"][0] == "time"
            assert len(each["columns"]) == 2, "Grafana would make two series with the same labels of it"
            labels = tuple(sorted(each.get("tags", {}).items()))
            assert labels not in series
            series[labels] = [float(row[1]) for row in each["values"] if row[1] is not None]
    return series


def _computed(text: str, found: Mapping[str, Series | Numbers]) -> Numbers:
    names = re.findall(r"\$([A-Z])", text)
    tree = ast.parse(re.sub(r"\$([A-Z])", r"\1", text), mode="eval").body
    shared = set.intersection(*(set(found[name]) for name in names))
    return {labels: _value(tree, {name: _number(found[name][labels]) for name in names}) for labels in sorted(shared)}


def _number(value: list[float] | float) -> float:
    assert isinstance(value, float), "reduce a series before it stands in a formula"
    return value


def _value(node: ast.expr, known: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name(id=name):
            return known[name]
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            above, below = _value(left, known), _value(right, known)
            return above / below if below else math.nan
        case ast.BinOp(left=left, op=op, right=right):
            return _BINARY[type(op)](_value(left, known), _value(right, known))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return float(_COMPARED[type(op)](_value(left, known), _value(right, known)))
        case _:
            raise AssertionError(f"Grafana's formulas have no {ast.dump(node)}")


def _judged(model: Mapping[str, Any], found: Mapping[str, Series | Numbers]) -> Numbers:
    assert model["type"] == "threshold"
    [condition] = model["conditions"]
    [limit] = condition["evaluator"]["params"]
    compare = {"gt": operator.gt, "lt": operator.lt}[condition["evaluator"]["type"]]
    return {labels: float(compare(_number(value), limit)) for labels, value in found[model["expression"]].items()}
