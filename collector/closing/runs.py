"""Minutes in a row, which are gathered at once."""

from collections.abc import Iterable

from collector.readings.cell import MINUTE_NS


def runs(marked: Iterable[tuple[str, int]]) -> list[tuple[tuple[str, int], int]]:
    """Return unbroken runs of minutes: the first of each and how many."""
    runs: list[tuple[tuple[str, int], int]] = []
    for potline, minute in sorted(marked):
        if runs:
            (last, start_ns), count = runs[-1]
            if last == potline and start_ns + count * MINUTE_NS == minute:
                runs[-1] = ((last, start_ns), count + 1)
                continue
        runs.append(((potline, minute), 1))
    return runs
