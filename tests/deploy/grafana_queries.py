"""How Grafana asks an InfluxDB what stands in a dashboard: its variables and macros, replaced as Grafana 11.6 does it.

A variable that may have several values becomes a regular expression, (a|b) with what is special in it escaped, and one
value alone stands without brackets; another variable stands as it is. ``$timeFilter`` is a range of milliseconds, and
``$__interval`` the range over the panel's width in pixels, rounded and not below the panel's least interval.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

Json = dict[str, Any]

DASHBOARDS = Path(__file__).parents[2] / "deploy" / "grafana" / "dashboards"
SOURCE_TYPE = "influxdb"

_ROUND_S = (0.001, 0.01, 0.1, 1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800)
_ROUND_H = (1, 2, 3, 6, 12, 24, 168)
_ROUND_MS = (*(round(1000 * each) for each in _ROUND_S), *(3_600_000 * each for each in _ROUND_H))
_UNIT_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_SPECIAL = re.compile(r"[\\^$*+?.()|[\]{}/]")
_NAME = re.compile(r"\$(?:\{(\w+)(?::(\w+))?\}|(\w+))")
_COLUMN = re.compile(r'\bAS "([^"]+)"')


class Database(Protocol):
    """What answers InfluxQL."""

    def query(self, influxql: str) -> list[Json]:
        """Return the rows of all series."""
        ...


@dataclass(frozen=True, slots=True)
class Range:
    """A range of time [UTC ns], its ends included."""

    from_ns: int
    to_ns: int

    def filter(self) -> str:
        """Return what stands for ``$timeFilter``."""
        return f"time >= {self.from_ns // 10**6}ms and time <= {self.to_ns // 10**6}ms"

    def of_panel(self, panel: Json) -> "Range":
        """Return the range that a panel shows, which may have a length and a shift of its own."""
        back = duration_ms(panel["timeShift"]) * 10**6 if panel.get("timeShift") else 0
        length = duration_ms(panel["timeFrom"]) * 10**6 if panel.get("timeFrom") else self.to_ns - self.from_ns
        return Range(self.to_ns - back - length, self.to_ns - back)


def duration_ms(text: str) -> int:
    """Return a duration as Grafana writes it, ``26h``, ``now-2d`` or ``>10s`` [ms]."""
    found = re.fullmatch(r"(?:now-|>)?(\d+)(ms|s|m|h|d|w)", text)
    if found is None:
        raise ValueError(f"'{text}' is no duration; write it like 26h")
    return int(found[1]) * _UNIT_MS[found[2]]


def interval_ms(panel: Json, shown: Range, *, pixels: int = 900) -> int:
    """Return the width of a point [ms]."""
    width = (shown.to_ns - shown.from_ns) / 1e6 / (panel.get("maxDataPoints") or pixels)
    rounded = min(_ROUND_MS, key=lambda each: abs(each - width))
    return max(rounded, duration_ms(panel["interval"]) if panel.get("interval") else 1000)


def written(milliseconds: int) -> str:
    """Return a duration in the largest unit that it is a whole number of."""
    unit = next(unit for unit, length in reversed(_UNIT_MS.items()) if milliseconds % length == 0)
    return f"{milliseconds // _UNIT_MS[unit]}{unit}"


Chosen = Mapping[str, str | Sequence[str]]
"""The value of each variable; a sequence for one that may have several."""


def replaced(text: str, chosen: Chosen, shown: Range, width_ms: int) -> str:
    """Return a query with its variables and macros replaced.

    Raises
    ------
    KeyError
        If it names a variable that the dashboard does not have.
    """
    macros = {
        "timeFilter": shown.filter(),
        "__interval": written(width_ms),
        "interval": written(width_ms),
        "__interval_ms": str(width_ms),
        "__rate_interval": written(max(4 * width_ms, 60_000)),
        "__from": str(shown.from_ns // 10**6),
        "__to": str(shown.to_ns // 10**6),
    }

    def put(found: re.Match[str]) -> str:
        name = found[1] or found[3]
        if name in macros:
            return macros[name]
        value = chosen[name]
        if isinstance(value, str):
            return value
        parts = [_SPECIAL.sub(lambda special: "\\" + special[0], each) for each in value]
        return parts[0] if len(parts) == 1 else f"({'|'.join(parts)})"

    # An end of a regular expression, /^$potline$/, is no variable: '$' before '/' names nothing.
    return _NAME.sub(put, text)


def dashboards(folder: Path = DASHBOARDS) -> dict[str, Json]:
    """Return all dashboards by the name of their file."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}


def panels(dashboard: Json) -> Iterator[Json]:
    """Yield the panels of a dashboard, those of closed rows too, without the rows."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield from panel.get("panels", ())
        else:
            yield panel


def variables(dashboard: Json) -> dict[str, Json]:
    """Return the variables of a dashboard by their names, in the order in which they follow from one another."""
    return {variable["name"]: variable for variable in dashboard["templating"]["list"]}


def options(variable: Json, chosen: Chosen, database: Database, shown: Range) -> list[str]:
    """Return the values that a variable offers."""
    if variable["type"] == "custom":
        return [each.strip() for each in variable["query"].split(",")]
    query = variable["query"]
    text = query["query"] if isinstance(query, dict) else query
    return sorted({row["value"] for row in database.query(replaced(text, chosen, shown, 60_000))})


def at_first(dashboard: Json, database: Database, shown: Range) -> dict[str, str | Sequence[str]]:
    """Return what is chosen when a dashboard is opened: the first value, or what it says; all, where all is offered."""
    chosen: dict[str, str | Sequence[str]] = {}
    for name, variable in variables(dashboard).items():
        offered = options(variable, chosen, database, shown)
        current = (variable.get("current") or {}).get("value")
        if variable.get("multi"):
            chosen[name] = tuple(offered) if current in (None, "$__all", ["$__all"]) else tuple(current)
        else:
            chosen[name] = current if isinstance(current, str) and current in offered else offered[0]
    return chosen


def columns(query: str) -> list[str]:
    """Return the names of a query's columns: as it calls them, or of fields and tags that stand there alone."""
    selected = query.removeprefix("SELECT ").partition(" FROM ")[0]
    return [*_COLUMN.findall(selected), *re.findall(r'(?:^|, )"([^"]+)"(?=,|$)', selected)]


def empty_columns(rows: Iterable[Json], names: Iterable[str]) -> list[str]:
    """Return the columns that have no value in any row."""
    had = {key for row in rows for key, value in row.items() if value is not None and key != "time"}
    return [name for name in names if name not in had]
