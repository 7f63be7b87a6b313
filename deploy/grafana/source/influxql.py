"""Queries in InfluxQL, the one language that InfluxDB 1, 2 and 3 understand, and the database that they are put to.

The official SDK has no class for them. What one of the three versions does not know, and what would turn a figure of
the collector into another one, is refused when a dashboard is made, not when it is looked at:

- The mean of a ratio is no ratio. Over several lines a ratio is the sum of what stands above over the sum of what
  stands below, both of the same lines: `ratio`.
- What is written once for each value of a tag is never added up over its values: `CHOICES`. Nor is the plant added to
  its parts: `PARTS`. Nor are windows that overlap: `ROLLING`.
- A ratio that the collector withheld keeps its line, with its energy and its tonnes: `stated` leaves such lines out.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef

SOURCE_UID: Final = "potline"
"""The uid of the data source in provisioning/datasources/potline.yaml."""

CHOICES: Final = {
    "energy_intensity": ("window", "boundary"),
    "emissions_intensity": ("window", "method", "electricity"),
    "pollutant_intensity": ("window", "pollutant"),
    "renewable_share": ("window", "basis"),
    "energy_balance": ("window",),
    "power_price_tier": ("window",),
    "anode_effect_count": ("window",),
}
"""For each stream the tags with a line for each of their values about the same kWh and tonnes."""

PARTS: Final = {"energy_intensity": "potline", "pollutant_intensity": "stack"}
"""For each stream with lines of the parts of a plant and of all of it, the tag that the latter lack."""
ROLLING: Final = {"rolling_24h": "time(10m)", "rolling_30d": "time(1h)"}
"""Windows that overlap, and how far they lie apart: only lines of one and the same window may be added up."""

PLANT: Final = "\"plant\" = '$plant'"
"""Of the plant chosen."""
OF_POTLINES: Final = '"potline" =~ /^$potline$/'
"""Of the potlines chosen."""
OF_WHOLE_PLANT: Final = "\"potline\" = ''"
"""Of the plant as a whole: its lines have no potline."""

_NOT_EVERYWHERE: Final = re.compile(
    r"(?i)\btz\s*\(|\bsample\s*\(|\bs(?:limit|offset)\b|\binto\b|\bautogen\b|continuous query|\bshow\s+series\b"
    r'|\bfrom\s+"?\w+"?\s*\.|\bfrom\s+/'
)
_MEAN_OF_RATIO: Final = re.compile(r'(?i)\b(?:mean|median|avg|sum|spread|integral)\(\s*"\w*(?:_per_t|_pct|_u95)"\s*\)')
_ADDED_UP: Final = re.compile(r"(?i)\b(?:sum|mean|integral)\(")


class Form(StrEnum):
    """How the answer comes: as a graph draws it, or as a table."""

    TIME_SERIES = "time_series"
    TABLE = "table"


def source() -> DataSourceRef:
    """Return the reference to the database, as panels and variables carry it."""
    return DataSourceRef("influxdb", SOURCE_UID)


@dataclass(frozen=True, slots=True)
class _Target(Dataquery):
    """What stands in a panel's JSON."""

    query: str
    form: Form
    alias: str
    ref_id: str

    def to_json(self) -> dict[str, object]:
        """Return the target as Grafana keeps it."""
        told: dict[str, object] = {
            "datasource": source(),
            "query": self.query,
            "rawQuery": True,
            "refId": self.ref_id,
            "resultFormat": self.form.value,
        }
        return told | ({"alias": self.alias} if self.alias else {})


@dataclass(frozen=True, slots=True)
class InfluxQL(Builder[Dataquery]):
    """A query of a panel: one SELECT.

    Parameters
    ----------
    query
        The text. ``$plant`` and the like are the dashboard's variables, ``$timeFilter`` and ``$__interval`` Grafana's.
    form
        Graph or table.
    alias
        How a series is called: ``$tag_potline``, ``$col``, text. Empty: as Grafana calls it.
    ref_id
        The letter of the query in its panel; the panel's maker sets it.

    Raises
    ------
    ValueError
        If a version of InfluxDB does not understand the query, or it makes a ratio of ratios or adds up what is
        written once for each choice.
    """

    query: str
    form: Form = Form.TIME_SERIES
    alias: str = ""
    ref_id: str = field(default="A", compare=False)

    def __post_init__(self) -> None:
        query = self.query
        if not query.startswith("SELECT "):
            raise ValueError(f"a panel's query begins with SELECT: {query}")
        if "$timeFilter" not in query:
            raise ValueError(f"the query reads all of time; add $timeFilter to its WHERE: {query}")
        if found := _NOT_EVERYWHERE.search(query):
            raise ValueError(f"'{found[0]}' is not understood by InfluxDB 1, 2 and 3 alike; ask without it: {query}")
        if found := _MEAN_OF_RATIO.search(query):
            raise ValueError(f"{found[0]} is no ratio; take ratio(), the sum above over the sum below: {query}")
        if _ADDED_UP.search(query):
            self._refuse_what_would_count_twice()

    def _refuse_what_would_count_twice(self) -> None:
        conditions, _, groups = self.query.partition("GROUP BY")
        for window, step in ROLLING.items():
            if f"'{window}'" in conditions and step not in groups:
                raise ValueError(f"windows {window} overlap and are added up; group by {step}: {self.query}")
        for measurement in re.findall(r'FROM "(\w+)"', self.query):
            for tag in CHOICES.get(measurement, ()):
                if conditions.count(f'"{tag}" = \'') != 1 and f'"{tag}"' not in groups:
                    raise ValueError(
                        f"lines of {measurement} stand once for each {tag} and are added up; "
                        f"choose one in WHERE, or group by it: {self.query}"
                    )
            part = PARTS.get(measurement, "")
            if part and f'"{part}" ' not in conditions and f'"{part}"' not in groups:
                raise ValueError(
                    f"lines of {measurement} stand for each {part} and for the plant, and are added up; "
                    f"choose one in WHERE (OF_POTLINES, OF_WHOLE_PLANT), or group by {part}: {self.query}"
                )

    def called(self, alias: str) -> "InfluxQL":
        """Return the same query with another name for its series."""
        return replace(self, alias=alias)

    def build(self) -> Dataquery:
        """Return the target for the panel's JSON."""
        return _Target(self.query, self.form, self.alias, self.ref_id)


def select(
    *columns: str,
    of: str,
    where: Sequence[str] = (PLANT,),
    every: str = "",
    by: Sequence[str] = (),
    fill: str = "none",
    newest: int = 0,
    form: Form = Form.TIME_SERIES,
    alias: str = "",
) -> InfluxQL:
    """Return a query of one stream in the range of time that the dashboard shows.

    Parameters
    ----------
    columns
        Fields or expressions, as `ratio` and `column` make them.
    of
        The stream.
    where
        Conditions, all of which hold: `PLANT`, `OF_POTLINES`, `tagged`, `stated`.
    every
        The width of a point, ``$__interval`` or ``1h``; empty: no groups of time.
    by
        Tags that part the answer into series.
    fill
        For groups of time without a value: ``none`` leaves them out, ``null`` lets a graph show a gap.
    newest
        Of lines as they stand, only so many, the newest first; 0: all.
    """
    groups = [*([f"time({every})"] if every else []), *(f'"{tag}"' for tag in by)]
    words = ["SELECT", ", ".join(columns), "FROM", f'"{of}"', "WHERE", " AND ".join((*where, "$timeFilter"))]
    if groups:
        words += ["GROUP BY", ", ".join(groups)]
    if every:
        words.append(f"fill({fill})")
    if newest:
        words.append(f"ORDER BY time DESC LIMIT {newest}")
    return InfluxQL(" ".join(words), form, alias)


def ratio(above: str, below: str, name: str, *, times: float = 1.0) -> str:
    """Return a column: the sum of one field over the sum of another, of the same lines.

    ``times`` brings it to the unit wanted: 100 for a share in percent.
    """
    factor = "" if times == 1.0 else f"{times:g} * "
    return f'{factor}sum("{above}") / sum("{below}") AS "{name}"'


def column(function: str, of: str, name: str) -> str:
    """Return a column of one function of one field: ``column("max", "voltage_v", "voltage")``."""
    return f'{function}("{of}") AS "{name}"'


def tagged(tag: str, value: str) -> str:
    """Return the condition that a tag has a value, which may be a variable of the dashboard."""
    return f"\"{tag}\" = '{value}'"


def either(tag: str, *values: str) -> str:
    """Return the condition that a tag has one of some values. Group by the tag where something is added up."""
    return f"({' OR '.join(tagged(tag, value) for value in values)})"


def stated(ratio_field: str) -> str:
    """Return the condition that leaves out lines whose ratio the collector withheld.

    The ratio of such a line may still stand in the database from before: its quality tells (OPC DA; below 64 is bad).
    """
    return f'"{ratio_field}" >= 0 AND "quality" >= 64'
