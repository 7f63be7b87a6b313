"""A statement for programs: CSV with one number a row, and JSON. Pure."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict

from collector.reporting.statement import Row, Statement

HEAD = (
    "section",
    "where",
    "period",
    "label",
    "value",
    "unit",
    "estimated",
    "coverage_pct",
    "estimated_pct",
    "u95",
    "uncertainty",
    "quality",
    "note",
    "source",
)


def as_csv(statement: Statement) -> str:
    """Return a statement as CSV: a head, then one number a row; what it stands on and what is missing come last.

    Numbers are written in full; one that is withheld is an empty cell. A text that a table would take for a formula
    begins with an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEAD)
    for section in statement.sections:
        for row in section.rows:
            writer.writerow([_safe(cell) for cell in _cells(section.title, row, statement.period)])
    for title, label, note in _standing(statement):
        writer.writerow([title, "plant", statement.period, _safe(label), *[""] * 8, _safe(note), ""])
    return out.getvalue()


def _cells(section: str, row: Row, period: str) -> list[str]:
    return [
        section,
        row.where,
        row.period or period,
        row.label,
        _number(row.value),
        row.unit,
        "e" if row.is_estimated else "",
        _number(row.coverage_pct),
        _number(row.estimated_pct),
        _number(row.expanded_95),
        row.uncertainty,
        "" if row.quality is None else str(row.quality),
        row.note,
        row.source,
    ]


def _standing(statement: Statement) -> Iterator[tuple[str, str, str]]:
    standing = statement.standing
    yield "Ledger", "stands on entries up to", f"{standing.last_entry}, digest {standing.digest}"
    for each in standing.revisions:
        yield "Ledger", f"revision {each.revision} of {each.potline} {each.interval}", each.reason
    for lack in statement.missing:
        yield "Missing", lack.what, lack.remedy


def _number(value: float | None) -> str:
    return "" if value is None else repr(float(value))


def _safe(text: str) -> str:
    """Return a text as a cell; tables take one that begins so for a formula, numbers excepted."""
    if text[:1] in {"=", "+", "@", "\t", "\r"} or (text[:1] == "-" and not text[1:2].isdigit()):
        return f"'{text}"
    return text


def as_json(statement: Statement) -> str:
    """Return a statement as JSON: the same fields as it has, numbers in full, what is withheld is null."""
    return json.dumps(asdict(statement), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
