"""Which records hold only lines of a series and a time that no record before them holds.

Such a record may be written before older ones: it can neither overwrite what they tell nor be overwritten by it. Any
other must be written after all that is older, or a restated window would give way to the one it replaces. To know it
exactly, the latest time of each series is remembered; a line that is not later than that may have been told before.
Of a series that was not seen since the start, nothing is known, so its first record waits its turn. Whatever is not
later than what kept records of before the start can have told waits as well.
"""

from collections.abc import Callable, Sequence

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

    def are_all(self, seq: int, lines: Sequence[bytes], kept_until_ns: Callable[[], int | None]) -> bool:
        """Tell whether no record before holds a line of the same series and time, and remember these lines.

        ``kept_until_ns`` returns when the latest record was written of those before that are kept [ns], if any are.
        What stands before the first space is taken for the series. Where a tag has a space in it, that is only the
        beginning of it, and the time that of the latest of several series: then more lines than needed wait their turn.
        """
        if seq != self._seq + 1 or len(self._last) > _MOST_SERIES:  # another process has written records, too
            self._last.clear()
            until_ns = kept_until_ns()
            self._told_until_ns = -(1 << 63) if until_ns is None else until_ns + _AHEAD_NS
        self._seq = seq
        last = self._last
        before: dict[bytes, int | None] = {}
        are_new = True
        for line in lines:
            series = line.partition(b" ")[0]
            try:
                time_ns = int(line.rpartition(b" ")[2])
            except ValueError:  # a line that no database will take; it is told from the others when one refuses it
                are_new = False
                continue
            latest = last.get(series)
            if series not in before:
                before[series] = latest
            known = before[series]
            if known is None or time_ns <= max(known, self._told_until_ns):
                are_new = False
            if latest is None or time_ns > latest:
                last[series] = time_ns
        return are_new
