"""What closing and stating again produced, to be committed together; and marked minutes as unbroken runs."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from collector.readings.cell import MINUTE_NS
from collector.readings.pots import PotsInputs
from collector.store.commit import Commit, LedgerRecord


@dataclass(slots=True)
class Closed:
    """What closing and stating again produced, to be committed together.

    ``accounted`` are minutes that were to be stated again and are; ``unchanged`` those that turned out to say the same;
    ``settled`` those whose windows are stated again too.
    """

    records: list[LedgerRecord] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    pots: list[tuple[str, int, PotsInputs]] = field(default_factory=list)
    parameters: dict[str, bytes] = field(default_factory=dict)
    accounted: list[tuple[str, int]] = field(default_factory=list)
    unchanged: list[tuple[str, int]] = field(default_factory=list)
    settled: list[tuple[str, int]] = field(default_factory=list)
    remembered: dict[str, str] = field(default_factory=dict)

    def commit(self, time_ns: int) -> Commit:
        """Return all of it as one transaction."""
        return Commit(
            time_ns,
            lines=self.lines,
            records=self.records,
            pots=self.pots,
            parameters=self.parameters,
            accounted=self.accounted,
            unchanged=self.unchanged,
            settled=self.settled,
            remembered=self.remembered,
        )

    @property
    def is_something(self) -> bool:
        """Whether there is anything to be committed."""
        return bool(self.records or self.lines or self.accounted or self.unchanged or self.settled)


def runs(marked: Iterable[tuple[str, int]]) -> list[tuple[tuple[str, int], int]]:
    """Return unbroken runs of minutes of a potline: the first of each and how many."""
    found: list[tuple[tuple[str, int], int]] = []
    for potline, minute in sorted(marked):
        if found:
            (last, start_ns), count = found[-1]
            if last == potline and start_ns + count * MINUTE_NS == minute:
                found[-1] = ((last, start_ns), count + 1)
                continue
        found.append(((potline, minute), 1))
    return found
