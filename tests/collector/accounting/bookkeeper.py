"""Books readings batch by batch as the line does, with a dictionary in the place of the store."""

import copy
import random
from collections import Counter
from collections.abc import Sequence

from collector.accounting.booking import Booking, Incident
from collector.accounting.cells import Rule
from collector.accounting.integrals import Amount, between
from collector.accounting.late import Refusal, Span
from collector.readings.batch import ReadingBatch
from collector.readings.cell import MINUTE_NS, Cell
from collector.readings.trace import Trace

Row = tuple[int, int, float, int]
LONGEST_GAP_S = 60.0


class Bookkeeper:
    """Keeps what was committed. ``restart`` goes on as a new process would."""

    def __init__(self, rules: dict[int, Rule], *, not_before_ns: int = -(1 << 62)) -> None:
        self._rules = rules
        self._not_before_ns = not_before_ns
        self.cells: dict[tuple[int, int], Cell] = {}
        self.traces: dict[tuple[int, int], Trace] = {}
        self.spans: list[Span] = []
        self.incidents: list[Incident] = []
        self.refused: Counter[Refusal] = Counter()
        self.booking = Booking(rules, {}, {}, longest_gap_s=LONGEST_GAP_S)

    def restart(self) -> None:
        """Forget all but what is committed."""
        self.refused += self.booking.refused
        last = {point: self.cells[point, minute] for point, minute in sorted(self.cells)}
        keys = {point: (point, cell.minute_ns) for point, cell in last.items()}
        traces = {point: copy.deepcopy(self.traces[key]) for point, key in keys.items() if key in self.traces}
        self.booking = Booking(self._rules, copy.deepcopy(last), traces, longest_gap_s=LONGEST_GAP_S)

    def book(self, rows: Sequence[Row], now_ns: int | None = None) -> None:
        """Book a batch and commit what it changes, by default as soon as its last reading was taken."""
        latest_ns = max((time_ns for _, time_ns, _, _ in rows), default=0)
        now_ns = latest_ns if now_ns is None else now_ns
        late = self.booking.book(ReadingBatch.of(rows), now_ns, not_before_ns=self._not_before_ns)
        if len(late):
            known: dict[int, list[Cell]] = {}
            traces: dict[tuple[int, int], Trace] = {}
            for point, start_ns, end_ns in self.booking.wanted(late):
                known.setdefault(point, []).extend(self.around(point, start_ns, end_ns))
                traces |= {k: t for k, t in self.traces.items() if k[0] == point and start_ns <= k[1] < end_ns}
            self.booking.amend(late, known, copy.deepcopy(traces))
        changes = self.booking.take()
        self.cells |= copy.deepcopy(changes.cells)
        self.traces |= copy.deepcopy(changes.traces)
        self.spans += changes.spans
        self.incidents += changes.incidents

    def around(self, point: int, start_ns: int, end_ns: int) -> list[Cell]:
        """Return the cells of an interval, with the nearest one before and after."""
        minutes = sorted(minute for place, minute in self.cells if place == point)
        before = [minute for minute in minutes if minute < start_ns][-1:]
        inside = [minute for minute in minutes if start_ns <= minute < end_ns]
        after = [minute for minute in minutes if minute >= end_ns][:1]
        return [copy.copy(self.cells[point, minute]) for minute in (*before, *inside, *after)]

    def amount(self, point: int, first_minute: int, minutes: int = 1) -> Amount:
        """Return what lies in some minutes."""
        start_ns, end_ns = first_minute * MINUTE_NS, (first_minute + minutes) * MINUTE_NS
        rule = self._rules[point]
        return between(
            self.around(point, start_ns, end_ns),
            start_ns,
            end_ns,
            shape=rule.shape,
            longest_gap_s=LONGEST_GAP_S,
            modulus=rule.modulus,
        )


def shuffled(rows: Sequence[Row], seed: int, batches: int) -> list[list[Row]]:
    """Return rows in a random order, cut into batches."""
    drawn = random.Random(seed)
    order = list(rows)
    drawn.shuffle(order)
    cuts = sorted(drawn.choices(range(len(order) + 1), k=batches - 1))
    return [order[start:end] for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]
