"""Tables to be exported: named columns, rows in portions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice

Value = str | float | int | bool | None
Row = Sequence[Value]

PORTION = 10_000
"""Rows of a portion: of an interval with 100 columns it takes some 30 MB while it is written."""


class Kind(Enum):
    """What a column holds. A time is UTC [ns since 1970]."""

    TEXT = "text"
    NUMBER = "number"
    COUNT = "count"
    TIME = "time"
    TRUTH = "truth"


@dataclass(frozen=True, slots=True)
class Column:
    """A column. A number's name ends in its unit; one that counts things names them."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Table:
    """What is exported. ``rows`` can be gone through once; each has a value, or None, for each column."""

    columns: tuple[Column, ...]
    rows: Iterator[Row]

    def portions(self, size: int = PORTION) -> Iterator[list[Row]]:
        """Yield the rows, some at a time."""
        while portion := list(islice(self.rows, size)):
            yield portion


def columns(kind: Kind, names: Iterable[str]) -> list[Column]:
    """Return columns of one kind."""
    return [Column(name, kind) for name in names]
