"""What Grafana's alert rules are made of: queries, and the expressions that judge what they find.

A rule is a small graph: queries in InfluxQL, reductions of their series to one number for each set of labels, a formula
over such numbers, and a threshold. Annotations use no dollar sign: Grafana takes it for a variable of its environment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from influxql import SOURCE_UID

SOURCE = {"type": "influxdb", "uid": SOURCE_UID}
_EXPRESSION = {"type": "__expr__", "uid": "__expr__"}

Reducer = Literal["last", "max", "min", "sum"]
Severity = Literal["critical", "warning"]


@dataclass(frozen=True, slots=True)
class Query:
    """A query in InfluxQL over a time that ends at the evaluation, or before it. ``$timeFilter`` is replaced by it.

    Parameters
    ----------
    ref
        The letter that others refer to it by.
    text
        Must return one number for each set of labels and time.
    from_s, to_s
        How long before the evaluation its time begins and ends [s].
    """

    ref: str
    text: str
    from_s: int
    to_s: int = 0

    def node(self) -> dict[str, object]:
        """Return it as Grafana reads it."""
        model = {
            "datasource": dict(SOURCE),
            "query": self.text,
            "rawQuery": True,
            "resultFormat": "time_series",
            "intervalMs": 60_000,
            "maxDataPoints": 43_200,
            "refId": self.ref,
        }
        times = {"from": self.from_s, "to": self.to_s}
        return {"refId": self.ref, "relativeTimeRange": times, "datasourceUid": SOURCE_UID, "model": model}


@dataclass(frozen=True, slots=True)
class Reduce:
    """One number for each series of a query; points without a value are left out."""

    ref: str
    of: str
    reducer: Reducer = "last"

    def node(self) -> dict[str, object]:
        """Return it as Grafana reads it."""
        return _expression(
            self.ref, "reduce", {"expression": self.of, "reducer": self.reducer, "settings": {"mode": "dropNN"}}
        )


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula over numbers, each named by its letter as in ``$A / $B``. Numbers with the same labels meet."""

    ref: str
    text: str

    def node(self) -> dict[str, object]:
        """Return it as Grafana reads it."""
        return _expression(self.ref, "math", {"expression": self.text})


@dataclass(frozen=True, slots=True)
class Threshold:
    """Fires where a number is above (``gt``) or below (``lt``) a limit."""

    ref: str
    of: str
    is_: Literal["gt", "lt"]
    limit: float

    def node(self) -> dict[str, object]:
        """Return it as Grafana reads it."""
        condition = {"evaluator": {"type": self.is_, "params": [self.limit]}, "type": "query"}
        return _expression(self.ref, "threshold", {"expression": self.of, "conditions": [condition]})


def _expression(ref: str, kind: str, told: Mapping[str, object]) -> dict[str, object]:
    model = {"datasource": dict(_EXPRESSION), "type": kind, "refId": ref, **told}
    times = {"from": 0, "to": 0}
    return {"refId": ref, "relativeTimeRange": times, "datasourceUid": _EXPRESSION["uid"], "model": model}


@dataclass(frozen=True, slots=True)
class Rule:
    """An alert rule.

    Parameters
    ----------
    uid, title
        Unique; an alert that is silenced or linked is known by them.
    nodes
        Its graph. The last node is the condition.
    lasts
        How long the condition must hold before it fires, as Grafana writes durations.
    severity
        ``critical``: metal, data or money is being lost now. ``warning``: somebody has to look at it.
    summary, description, remedy
        What is the case, by which formula, and what to do.
    dashboard, panel
        The uid of a dashboard, and the title of the panel on it that shows what the rule judges.
    without_data
        What holds where the queries find nothing: for most rules that all is well, for a plant may not have what they
        judge, and that nothing comes at all is a rule of its own.
    """

    uid: str
    title: str
    nodes: tuple[Query | Reduce | Formula | Threshold, ...]
    lasts: str
    severity: Severity
    summary: str
    description: str
    remedy: str
    dashboard: str
    panel: str
    without_data: Literal["OK", "Alerting"] = "OK"

    def built(self, panels: Mapping[tuple[str, str], int]) -> dict[str, object]:
        """Return it as Grafana reads it.

        Parameters
        ----------
        panels
            The ids of panels, by their dashboard's uid and their title.

        Raises
        ------
        ValueError
            If there is no such panel.
        """
        panel = panels.get((self.dashboard, self.panel))
        if panel is None:
            raise ValueError(
                f"link rule {self.uid} to panel '{self.panel}' of {self.dashboard}: there is none; name one"
            )
        return {
            "uid": self.uid,
            "title": self.title,
            "condition": self.nodes[-1].ref,
            "for": self.lasts,
            "noDataState": self.without_data,
            # A query that fails is told by Grafana itself, as an alert of its own.
            "execErrState": "Error",
            "dashboardUid": self.dashboard,
            "panelId": panel,
            "labels": {"severity": self.severity},
            "annotations": {
                "summary": self.summary,
                "description": f"{self.description} Remedy: {self.remedy}",
                "__dashboardUid__": self.dashboard,
                "__panelId__": str(panel),
            },
            "data": [node.node() for node in self.nodes],
        }


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated together, every so often. Grafana's own step is 10 s."""

    name: str
    every: str
    rules: tuple[Rule, ...]
