"""Which records hold only lines of a series and a time that no record before them holds.

Such a record may be written before older ones: it can neither overwrite what they tell nor be overwritten by it. Any
other must be written after all that is older, or a restated window would give way to the one it replaces. To know it
exactly, the latest time of each series is remembered; a line that is not later than that may have been told before.
Of a series that was not seen since the start, nothing is known, so its first record waits its turn. Whatever is not
later than what kept records of before the start can have told waits as well.
"""

from collections.abc import Callable, Iterable, Sequence

_MOST_SERIES = 500_000
"""More would be tags that never come again; then everything is learned anew."""


_AHEAD_NS = 60 * 10**9
"""A line may be so much later than the writing of its record: where it comes from, clocks are believed that far."""


class NewLines:
    """Tells whether all lines of a record are new. A record is asked about once, in the order of the numbers."""

    def __init__(self) -> None:
        self._last: dict[bytes, int] = {}
        self._seq = 0
        self._told_until_ns = -(1 << 63)

    def are_all(
        self,
        seq: int,
        lines: Sequence[bytes],
        kept_until_ns: Callable[[], int | None],
        *,
        spans: Iterable[tuple[bytes, int, int]] = (),
    ) -> bool:
        """Tell whether no record before holds a line of the same series and time, and remember these lines.

        ``kept_until_ns`` returns when the latest record was written of those before that are kept [ns], if any are.
        ``spans`` are lines, too: a series with its first and its last time [ns]. What stands before the first space is
        taken for the series. Where a tag has a space in it, that is only the beginning of it, and the time that of the
        latest of several series: then more lines than needed wait their turn.
        """
        if seq != self._seq + 1 or len(self._last) > _MOST_SERIES:  # another process has written records, too
            self._last.clear()
            until_ns = kept_until_ns()
            self._told_until_ns = -(1 << 63) if until_ns is None else until_ns + _AHEAD_NS
        self._seq = seq
        found: dict[bytes, tuple[int, int]] = {}
        is_readable = _gather(found, lines)
        for start, first_ns, last_ns in spans:
            _widen(found, start.partition(b" ")[0], first_ns, last_ns)
        last = self._last
        are_new = is_readable
        for series, (first_ns, last_ns) in found.items():
            known = last.get(series)
            if known is None or first_ns <= max(known, self._told_until_ns):
                are_new = False
            if known is None or last_ns > known:
                last[series] = last_ns
        return are_new


def _gather(found: dict[bytes, tuple[int, int]], lines: Iterable[bytes]) -> bool:
    """Note the first and the last time of each series; tell whether all lines have one.

    One without is a line that no database will take; it is told from the others when one refuses it.
    """
    all_have = True
    for line in lines:
        try:
            time_ns = int(line.rpartition(b" ")[2])
        except ValueError:
            all_have = False
        else:
            _widen(found, line.partition(b" ")[0], time_ns, time_ns)
    return all_have


def _widen(found: dict[bytes, tuple[int, int]], series: bytes, first_ns: int, last_ns: int) -> None:
    known = found.get(series)
    found[series] = (first_ns, last_ns) if known is None else (min(known[0], first_ns), max(known[1], last_ns))
