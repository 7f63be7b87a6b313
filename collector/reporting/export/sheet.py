"""A table as CSV, and what its columns are as a second file beside it. Source: RFC 4180; W3C, CSV on the Web (2015)."""

import csv
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TextIO

from collector.reporting.export.table import Kind, Table, Value

_S = 1_000_000_000
_TYPES = {Kind.TEXT: "string", Kind.NUMBER: "double", Kind.COUNT: "integer", Kind.TRUTH: "boolean"}


def write_csv(table: Table, file: TextIO) -> Iterator[int]:
    """Write a table, and yield after each portion how many rows are written.

    Times are UTC. Numbers are written so that they read back to the same bits, truth as ``true`` and ``false``; what is
    not known is an empty cell. A text that a table would take for a formula begins with an apostrophe.
    """
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([column.name for column in table.columns])
    is_time = [column.kind is Kind.TIME for column in table.columns]
    rows = 0
    for portion in table.portions():
        writer.writerows(
            [_time(value) if time else _text(value) for value, time in zip(row, is_time, strict=True)]
            for row in portion
        )
        rows += len(portion)
        yield rows


def description(table: Table, file_name: str, facts: Mapping[str, str]) -> str:
    """Return what the columns of a file are, and what the file stands on, in JSON for programs that read tables."""
    document = {
        "@context": "http://www.w3.org/ns/csvw",
        "url": file_name,
        "notes": [dict(facts)],
        "tableSchema": {
            "columns": [
                {
                    "name": column.name,
                    "titles": column.name,
                    "datatype": _TYPES.get(column.kind, "dateTimeStamp"),
                }
                for column in table.columns
            ]
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _time(value: Value) -> str:
    if value is None:
        return ""
    seconds, rest = divmod(int(value), _S)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:09d}".rstrip("0") + "Z" if rest else f"{text}Z"


def _text(value: Value) -> Value:
    """Return a cell; floats are written by the writer as the shortest text that reads back to the same bits."""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, str) and (
        value[:1] in {"=", "+", "@", "\t", "\r"} or (value[:1] == "-" and not value[1:2].isdigit())
    ):
        return f"'{value}"
    return value
