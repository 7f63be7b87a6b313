"""Amounts that are told by the month or by the hour: generation, certificates, fuels. Pure sums over an interval."""

from bisect import bisect_right
from dataclasses import astuple, dataclass, field

from collector.plant.days import overlap_ns
from collector.plant.factors import version_of


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of one span of time, in the unit of its column."""

    start_ns: int
    end_ns: int
    amount: float
    source: str = ""


@dataclass(frozen=True, slots=True)
class ToldAmounts:
    """Amounts by span, earliest first, no two of which overlap. ``name``: the file.

    Raises
    ------
    ValueError
        If spans overlap or are not in order.
    """

    name: str
    rows: tuple[Amount, ...]
    _starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for before, after in zip(self.rows, self.rows[1:], strict=False):
            if after.start_ns < before.end_ns:
                raise ValueError(f"{self.name} tells an amount of one time twice; keep one row for each time")
        object.__setattr__(self, "_starts", tuple(row.start_ns for row in self.rows))

    @property
    def version(self) -> str:
        """The digest of all that is said."""
        return version_of(self.name, *(astuple(row) for row in self.rows))

    def between(self, start_ns: int, end_ns: int) -> float:
        """Return the amount of an interval; a span that lies in it in part counts in proportion to its time."""
        return sum(
            row.amount * covered / (row.end_ns - row.start_ns) for row, covered in self._within(start_ns, end_ns)
        )

    def known_ns(self, start_ns: int, end_ns: int) -> int:
        """Return for how much of an interval an amount was told [ns]."""
        return sum(covered for _, covered in self._within(start_ns, end_ns))

    def _within(self, start_ns: int, end_ns: int) -> list[tuple[Amount, int]]:
        first = max(0, bisect_right(self._starts, start_ns) - 1)
        last = bisect_right(self._starts, end_ns)
        covered = ((row, overlap_ns(start_ns, end_ns, row.start_ns, row.end_ns)) for row in self.rows[first:last])
        return [(row, length_ns) for row, length_ns in covered if length_ns]
