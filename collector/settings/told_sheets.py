"""Sheets of amounts and factors by hour or month: each row checked, what is wrong told with its number."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from collector.plant.days import midnight_ns, next_month
from collector.plant.factors import HOUR_NS
from collector.settings.problems import written
from collector.settings.sheet import Row, Sheet, SheetRefused, read_sheet
from collector.settings.toml_file import Path_

T = TypeVar("T")

_MOST_TOLD = 3
"""Rows of one sheet that are told one by one; a column in the wrong unit would otherwise fill the screen."""

Report = Callable[[Path_, str, str], None]


class ToldSheet:
    """A sheet that a setting names. ``sheet`` is None where it cannot be used, which is told.

    Parameters
    ----------
    folder, name
        The plant file's folder, and the path of the sheet from there.
    report
        Takes the place of the setting, what is wrong, and what to do about it.
    at
        The place of the setting.
    needed
        The columns that it must have.
    """

    def __init__(self, folder: Path, name: str, needed: Sequence[str], *, at: Path_, report: Report) -> None:
        self._at, self._report = at, report
        self.sheet: Sheet | None = None
        try:
            sheet = read_sheet(folder / name, a_row="an hour or a month")
        except SheetRefused as exc:
            for what, remedy in exc.findings:
                report(at, what, remedy)
            return
        missing = [column for column in needed if column not in sheet.columns]
        if missing:
            what = f"{sheet.name} has no column '{missing[0]}'"
            report(at, what, f"it needs {', '.join(needed)}")
            return
        self.sheet = sheet

    def read(self, one: Callable[[Row], T]) -> list[tuple[Row, T]] | None:
        """Return what each row tells; None where one of them is refused, which is told."""
        if self.sheet is None:
            return None
        found, wrong = [], []
        for row in self.sheet.rows:
            try:
                found.append((row, one(row)))
            except ValueError as exc:
                wrong.append((row, str(exc)))
        self.refuse(wrong)
        return None if wrong else found

    def refuse(self, wrong: Sequence[tuple[Row, str]]) -> None:
        """Tell what is wrong with some rows; of many only the first."""
        name = self.sheet.name if self.sheet else ""
        for place, (row, text) in enumerate(wrong[:_MOST_TOLD]):
            what, _, remedy = text.partition("; ")
            rest = len(wrong) - _MOST_TOLD
            more = f" (and {rest} more rows)" if rest > 0 and place == _MOST_TOLD - 1 else ""
            self._report(self._at, f"{name} row {row.number}: {what}{more}", remedy)


def hour_of(row: Row) -> int:
    """Return when the hour of a row begins [ns, UTC].

    Raises
    ------
    ValueError
        If its time is none, or does not say of which zone it is.
    """
    text = row.cells["time"]
    like = "write it like 2026-03-01T00:00:00Z, or with an offset like +08:00"
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{written(text)} is no time; {like}") from None
    if time.tzinfo is None:
        raise ValueError(f"{written(text)} does not say of which time zone it is; {like}")
    if time.minute % 15 or time.second or time.microsecond:
        raise ValueError(f"{written(text)} is no beginning of an hour; give one row for each hour")
    return int(time.timestamp()) * 1_000_000_000


def month_of(row: Row, zone: ZoneInfo) -> tuple[int, int]:
    """Return when the month of a row begins and ends [ns, UTC].

    Raises
    ------
    ValueError
        If it is no month.
    """
    text = row.cells["month"]
    match = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", text)
    if match is None or match[1] == "0000":
        raise ValueError(f"{written(text)} is no month; write it like 2026-03")
    first = date(int(match[1]), int(match[2]), 1)
    return midnight_ns(first, zone), midnight_ns(next_month(first), zone)


def number_of(row: Row, column: str) -> float:
    """Return the number in a cell, zero or more.

    Raises
    ------
    ValueError
        If there is none.
    """
    text = row.cells[column]
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise ValueError(f"{written(text)} is no {column} of zero or more; write it like 0.53, with a point")
    return number


def in_hours(rows: Sequence[tuple[Row, int]]) -> Iterator[tuple[Row, str]]:
    """Yield the rows whose hours stand twice, or lie between those of the first row, and what is wrong with them."""
    seen: dict[int, Row] = {}
    for row, start_ns in rows:
        first = seen.setdefault(start_ns, row)
        if first is not row:
            yield row, f"row {first.number} tells the same hour; keep one"
        elif (start_ns - rows[0][1]) % HOUR_NS:
            yield row, f"its hour begins at another minute than that of row {rows[0][0].number}; give whole hours"
