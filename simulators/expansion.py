"""One table of a plant file that stands for many: ``for`` counts, ``from_csv`` takes a row each."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from simulators.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_RANGE = re.compile(r"\s*(\d+)\s*\.\.\s*(\d+)\s*")
_FIELD = re.compile(r"\{\s*([^{}]*?)\s*\}")
_SUM = re.compile(r"(.+?)\s*([+-])\s*(\d+)")
_MOST = 10_000


def expanded(root: Table, key: str) -> dict[str, Table]:
    """Return all the named tables below a key, each that stands for many as those many.

    Raises
    ------
    ConfigurationError
        If a text names something that the table or its file of rows does not have, or two tables get one name.
    """
    found: dict[str, Table] = {}
    for name, table in root.tables(key, required=False).items():
        for made, one in _made(root, key, name, table):
            if made in found:
                raise table.error("", f"makes {made!r}, which is there already", "give each its own name")
            found[made] = one
    return found


def _made(root: Table, key: str, name: str, table: Table) -> Iterator[tuple[str, Table]]:
    if "for" not in table and "from_csv" not in table:
        yield name, table
        return
    if "for" in table and "from_csv" in table:
        raise table.error("for", "stands beside from_csv", "keep one of them")
    rows = _counted(table) if "for" in table else _listed(table)
    # "100" less one is "099" among "001" to "120".
    widths = {
        column: max((len(row[column]) for row in rows if row[column].startswith("0")), default=0) for column in rows[0]
    }
    values = {entry: value for entry, value in table.values().items() if entry not in {"for", "from_csv"}}
    for row in rows:
        filling = _Filling(table, row, widths)
        made = filling.text(name)
        content = {entry: filling.value(value) for entry, value in values.items()}
        yield made, Table(root.file, _without_empty(content), f"{key}.{made}", filled=True)


def _without_empty(content: Mapping[str, object]) -> dict[str, object]:
    """Leave out what an empty cell has made empty: it has its default."""
    return {entry: value for entry, value in content.items() if value != ""}


class _Filling:
    """The texts of one row."""

    def __init__(self, table: Table, row: Mapping[str, str], widths: Mapping[str, int]) -> None:
        self._table = table
        self._row = row
        self._widths = widths

    def text(self, text: str) -> str:
        return _FIELD.sub(lambda match: self._field(match[1]), text)

    def value(self, value: object) -> object:
        if isinstance(value, dict):
            return {key: self.value(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        return self.text(value) if isinstance(value, str) else value

    def _field(self, name: str) -> str:
        if name in self._row:
            return self._row[name]
        match = _SUM.fullmatch(name)
        if match is None or match[1] not in self._row:
            known = ", ".join(self._row)
            raise self._table.error("", f"says {{{name}}}, and there is no such thing", f"use one of {known}")
        text = self._row[match[1]]
        if not text.isdigit():
            raise self._table.error("", f"counts on from {text!r} in {{{name}}}", "write a whole number there")
        number = int(text) + int(match[2] + match[3])
        return f"{number:0{self._widths[match[1]]}}"


def _counted(table: Table) -> list[dict[str, str]]:
    items = (table.text("for"),) if isinstance(table.values()["for"], str) else table.texts("for")
    numbers: list[str] = []
    for item in items:
        match = _RANGE.fullmatch(item)
        if match is None:
            numbers.append(item.strip())
            continue
        first, last = int(match[1]), int(match[2])
        if not first <= last < first + _MOST:
            raise table.error("for", f"has the range {item!r}", f"write the lower number first, at most {_MOST}")
        # Leading zeros are part of a name.
        numbers += [f"{number:0{len(match[1])}}" for number in range(first, last + 1)]
    return [{"n": number} for number in numbers]


def _listed(table: Table) -> list[dict[str, str]]:
    file = table.file.parent / table.text("from_csv")
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = [
                {column.strip(): (cell or "").strip() for column, cell in row.items() if column}
                for row in csv.DictReader(lines)
                if any(row.values())
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise table.error("from_csv", f"names {file}, which cannot be read ({exc})", "check the file") from exc
    if not rows:
        raise table.error("from_csv", f"names {file}, which has no rows", "write one for each")
    return rows
