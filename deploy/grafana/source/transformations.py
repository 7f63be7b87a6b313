"""What Grafana does to the answers of several queries before it draws them: joined by their time, parted, divided.

InfluxQL cannot divide the sum of one stream by the sum of another. Grafana can, and it is still a sum over a sum.
"""

from collections.abc import Sequence

from grafana_foundation_sdk.models.dashboard import DataTransformerConfig


def joined(by: str = "") -> DataTransformerConfig:
    """Return the step that makes one table of all answers: a row for each value of a column, gaps empty.

    ``by`` is the column; empty: the time.
    """
    column = {"byField": by} if by else {}
    return DataTransformerConfig(id_val="joinByField", options={**column, "mode": "outer"})


def without_time() -> DataTransformerConfig:
    """Return the step that takes the time away, where it says only from when on was looked."""
    return DataTransformerConfig(id_val="filterFieldsByName", options={"exclude": {"pattern": "^[Tt]ime$"}})


def quotient(above: str, below: str, name: str) -> Sequence[DataTransformerConfig]:
    """Return the steps that divide one column by another, point by point, and show nothing else.

    Both columns have to be sums over the same stretch of time.
    """
    binary = {"left": above, "operator": "/", "right": below}
    divided = {"mode": "binary", "binary": binary, "alias": name, "replaceFields": True}
    return [joined(), DataTransformerConfig(id_val="calculateField", options=divided)]


def renamed(pattern: str, name: str = "$1") -> DataTransformerConfig:
    """Return the step that gives columns another name, made of the parts of theirs that stand in parentheses."""
    return DataTransformerConfig(id_val="renameByRegex", options={"regex": pattern, "renamePattern": name})
