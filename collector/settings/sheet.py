"""A table from a spreadsheet: CSV with a header, parted by commas or semicolons, each cell as it was written."""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from collector.settings.problems import shown

_REMEDY = "save the sheet as CSV, in UTF-8, parted by commas or semicolons"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as a spreadsheet counts (the header is row 1), and its cells by their columns."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file's columns, and its rows without those that are blank."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


class SheetRefused(Exception):
    """A sheet cannot be used. ``findings`` holds what is wrong, each with what to do about it."""

    def __init__(self, findings: list[tuple[str, str]]) -> None:
        self.findings = findings
        super().__init__("; ".join(what for what, _ in findings))


def read_sheet(path: Path, *, a_row: str = "a meter") -> Sheet:
    """Read a sheet, of which each row is something.

    Raises
    ------
    SheetRefused
        With everything that is wrong with the file.
    """
    name = shown(path)
    try:
        text = path.read_text(encoding="utf-8-sig")  # spreadsheets put a mark at the start
    except UnicodeDecodeError as exc:
        raise SheetRefused([(f"{name} is not UTF-8 text (byte {exc.start})", _REMEDY)]) from exc
    except (OSError, ValueError) as exc:  # ValueError: no file has such a name
        reason = exc.strerror if isinstance(exc, OSError) else str(exc)
        remedy = "its path starts at the plant file's folder; check it, and who may read it"
        raise SheetRefused([(f"{name} cannot be read: {reason}", remedy)]) from exc
    return sheet_of(name, text, a_row=a_row)


def sheet_of(name: str, text: str, *, a_row: str = "a meter") -> Sheet:
    """Return the sheet that a text is.

    Raises
    ------
    SheetRefused
        With everything that is wrong with the text.
    """
    header = re.sub(r'"[^"]*"', "", text.lstrip("\r\n").partition("\n")[0])
    separator = ";" if header.count(";") > header.count(",") else ","
    lines: list[tuple[int, list[str]]] = []
    number = 0
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), 1):
            if any(cell.strip() for cell in cells):
                lines.append((number, [cell.strip() for cell in cells]))
    except csv.Error as exc:
        raise SheetRefused([(f"{name} row {number + 1} is no CSV: {exc}", _REMEDY)]) from exc
    if len(lines) < 2:
        what = "has a header and no rows" if lines else "is empty"
        raise SheetRefused([(f"{name} {what}", f"the first row names the columns, each further row is {a_row}")])
    columns = _columns(name, lines[0][1])
    rows, findings = [], []
    for number, cells in lines[1:]:
        more = [cell for cell in cells[len(columns) :] if cell]
        if more or len(cells) < len(columns):
            what = f"{name} row {number} has {len(cells)} cells, and the header {len(columns)}"
            findings.append((what, "put cells that hold a separator into quotation marks"))
        rows.append(Row(number, dict(zip(columns, cells, strict=False))))
    if findings:
        raise SheetRefused(findings)
    return Sheet(name, columns, tuple(rows))


def _columns(name: str, cells: list[str]) -> tuple[str, ...]:
    """Return the names of the columns; a spreadsheet may have put empty ones at the end."""
    while not cells[-1]:
        cells = cells[:-1]
    findings = [
        (f"{name} has {times} columns '{column}'", "each column needs a name of its own")
        for column, times in Counter(cells).items()
        if times > 1 and column
    ]
    if "" in cells:
        findings.append((f"{name}: column {cells.index('') + 1} has no name", "write one into the first row"))
    if findings:
        raise SheetRefused(findings)
    return tuple(cells)
