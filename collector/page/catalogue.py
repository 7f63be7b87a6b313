"""The collector's own metrics by the names that Prometheus knows them by, each with its meaning.

The meanings are the docstrings of `collector.instruments.Instruments`: what is written there is what HELP says.
"""

import ast
import inspect
import textwrap
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Literal

from collector.instruments import Instruments

PREFIX = "potline_"

_UNITS = {"_s": "_seconds", "_pct": "_percent"}
"""Prometheus writes units out."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: its name without Prometheus's ``_total``, its kind, its meaning, its labels, and where it comes from.

    ``field`` is the instrument that it shows; empty where it is made of several, or of none.
    """

    name: str
    kind: Literal["counter", "gauge"]
    meaning: str
    label: str = ""
    field: str = ""

    @property
    def shown(self) -> str:
        """The name as a query has it."""
        return self.name + ("_total" if self.kind == "counter" else "")


def _meanings() -> Mapping[str, str]:
    """Return the docstring of each instrument by its name; it stands below it."""
    (catalogue,) = ast.parse(textwrap.dedent(inspect.getsource(Instruments))).body
    found: dict[str, str] = {}
    body = catalogue.body if isinstance(catalogue, ast.ClassDef) else []
    for before, after in pairwise(body):
        if isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name):
            meaning = ast.literal_eval(after.value) if isinstance(after, ast.Expr) else ""
            found[before.target.id] = " ".join(str(meaning).split())
    return found


def _of_instruments() -> Iterator[Metric]:
    """Yield the metrics of plain numbers, and those of counts by their cause."""
    meanings = _meanings()
    plain = {each.name for each in fields(Instruments) if each.type in {int, float}}
    for each in fields(Instruments):
        if each.name in plain:
            yield _plain(each.name, meanings[each.name])
        elif each.type in {dict[str, int], Counter[str]} and each.name not in _OF_DATABASES:
            yield _by_cause(each.name, meanings[each.name], plain)


def _plain(name: str, meaning: str) -> Metric:
    if name.endswith("_total"):
        return Metric(PREFIX + name.removesuffix("_total"), "counter", meaning, field=name)
    end = next((unit for unit in _UNITS if name.endswith(unit)), "")
    return Metric(PREFIX + name.removesuffix(end) + _UNITS.get(end, ""), "gauge", meaning, field=name)


def _by_cause(name: str, meaning: str, plain: Container[str]) -> Metric:
    """Return the metric of counts by their cause; never under the name of their sum, which would count them twice."""
    stem = name.removesuffix("_by_cause").removesuffix("_by_wait")
    if f"{stem}_total" in plain:
        stem += "_by_cause"
    return Metric(PREFIX + stem, "counter", meaning, "cause", name)


_OF_DATABASES = frozenset({"delivered_ns"})

LINE_WAITS = Metric(
    f"{PREFIX}line_waits", "gauge", "1 while the line takes nothing from the inbox, by what it waits for.", "cause"
)
SOURCE_UP = Metric(f"{PREFIX}source_up", "gauge", "1 while a source runs, 0 while it waits to start again.", "source")
DATABASE_UP = Metric(
    f"{PREFIX}database_up", "gauge", "1 while lines are delivered to a database, 0 while it is waited for.", "database"
)
DATABASE_LAG = Metric(
    f"{PREFIX}database_lag_seconds",
    "gauge",
    "Age of the oldest line that a database has not taken; 0: it has all.",
    "database",
)
DATABASE_RECORDS = Metric(
    f"{PREFIX}database_waiting_records", "gauge", "Records that a database has not taken.", "database"
)
DATABASE_LINES = Metric(f"{PREFIX}database_waiting_lines", "gauge", "Lines that a database has not taken.", "database")
DATABASE_BYTES = Metric(
    f"{PREFIX}database_waiting_bytes", "gauge", "Size on disk of what a database has not taken.", "database"
)
DATABASE_DELIVERED = Metric(
    f"{PREFIX}database_delivered_timestamp_seconds",
    "gauge",
    "When a database took lines for the last time since the start.",
    "database",
)
METER_SILENT = Metric(
    f"{PREFIX}meter_silent",
    "gauge",
    "1 while a polled meter does not answer, or its answers cannot be used.",
    "meter",
)
METER_ROUND_TRIP = Metric(
    f"{PREFIX}meter_round_trip_seconds", "gauge", "Time from a request to its answer, of a meter.", "meter"
)
METER_ANSWERED = Metric(f"{PREFIX}meter_answered", "counter", "Requests that a meter has answered.", "meter")
METER_UNANSWERED = Metric(
    f"{PREFIX}meter_unanswered",
    "counter",
    "Requests that a meter has not answered in time, or with what cannot be understood.",
    "meter",
)
METER_REFUSED = Metric(
    f"{PREFIX}meter_refused", "counter", "Requests that a meter has answered with an exception.", "meter"
)
METER_SET_ASIDE = Metric(
    f"{PREFIX}meter_registers_set_aside", "gauge", "Registers of a meter that it refuses.", "meter"
)
ALERTS = Metric(f"{PREFIX}alerts_firing", "gauge", "Alerts that fire, by their rule.", "rule")
BUILD = Metric(f"{PREFIX}build_info", "gauge", "Always 1; the label tells the version of the collector.", "version")

PLAIN: tuple[Metric, ...] = tuple(each for each in _of_instruments() if not each.label)
BY_CAUSE: tuple[Metric, ...] = tuple(each for each in _of_instruments() if each.label)
OF_STATES: tuple[Metric, ...] = (
    LINE_WAITS,
    SOURCE_UP,
    DATABASE_UP,
    DATABASE_LAG,
    DATABASE_RECORDS,
    DATABASE_LINES,
    DATABASE_BYTES,
    DATABASE_DELIVERED,
    METER_SILENT,
    METER_ROUND_TRIP,
    METER_ANSWERED,
    METER_UNANSWERED,
    METER_REFUSED,
    METER_SET_ASIDE,
    ALERTS,
    BUILD,
)
"""Those that are made of states, with the instruments that they stand for in `FIELDS_OF_STATES`."""

FIELDS_OF_STATES: Mapping[str, tuple[Metric, ...]] = {
    "line_waits": (LINE_WAITS,),
    "line_waits_for": (LINE_WAITS,),
    "meters": (METER_SILENT, METER_ROUND_TRIP, METER_ANSWERED, METER_UNANSWERED, METER_REFUSED, METER_SET_ASIDE),
    "source_states": (SOURCE_UP,),
    "target_states": (DATABASE_UP,),
    "waiting": (DATABASE_LAG, DATABASE_RECORDS, DATABASE_LINES, DATABASE_BYTES),
    "delivered_ns": (DATABASE_DELIVERED,),
}


def listed() -> str:
    """Return all of them as a table in Markdown, for the documentation."""
    rows = [f"| `{each.shown}` | {each.kind} | {each.label} | {each.meaning} |" for each in all_metrics()]
    return "\n".join(["| metric | kind | label | meaning |", "|---|---|---|---|", *rows, ""])


def all_metrics() -> tuple[Metric, ...]:
    """Return the whole catalogue; those of the process (``process_…``) are the client library's own."""
    return (*PLAIN, *BY_CAUSE, *OF_STATES)


if __name__ == "__main__":
    print(listed(), end="")  # noqa: T201 - for the documentation
