"""Sentences that stand in the descriptions of many panels."""

from typing import Final

OVER_SUMS: Final = (
    "Sum over sum of the lines of one window, never a mean of ratios; windows whose figure the collector withheld for "
    "want of coverage are left out, with their energy and their tonnes."
)
AS_STATED: Final = "Each figure as the collector stated it for its window; nothing is worked out here."
AT_ITS_START: Final = "A point stands at the start of its window."
LAST_DAY: Final = (
    "The line of a rolling 24 hours carries the time at which these began, so this panel looks back 26 h, whatever "
    "range is chosen."
)
FOR_A_LOOK: Final = "For a look at the process only: energy is integrated from single readings, not from these means."
