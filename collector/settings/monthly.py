"""Amounts that a sheet tells by the month, as several parts of the plant have them."""

from collector.plant.amounts import Amount, ToldAmounts
from collector.settings.part import DatedPart
from collector.settings.sheet import Row
from collector.settings.told_sheets import ToldSheet, month_of, number_of
from collector.settings.toml_file import Path_


class MonthlyPart(DatedPart):
    """A part with sheets by the month, in the plant's time zone."""

    def _amounts(self, at: Path_, name: str | None, column: str) -> ToldAmounts | None:
        """Return what a sheet tells by month; None where there is none, or it is refused."""
        if name is None:
            return None
        told = ToldSheet(self._folder, name, ("month", column), at=at, report=self._report)
        rows = told.read(lambda row: self._amount(row, column))
        if rows is None:
            return None
        seen: dict[int, Row] = {}
        wrong = []
        for row, amount in rows:
            first = seen.setdefault(amount.start_ns, row)
            if first is not row:
                wrong.append((row, f"row {first.number} tells the same month; keep one"))
        told.refuse(wrong)
        months = sorted((amount for _, amount in rows), key=lambda amount: amount.start_ns)
        return None if wrong else ToldAmounts(name, tuple(months))

    def _amount(self, row: Row, column: str) -> Amount:
        start_ns, end_ns = month_of(row, self._zone)
        return Amount(start_ns, end_ns, number_of(row, column), row.cells.get("source", ""))


def half(expanded_pct: float | None) -> float | None:
    """Return a relative standard uncertainty [1] from an expanded one (k = 2) [%]."""
    return None if expanded_pct is None else expanded_pct / 200
