"""Where a graph draws its line through, and where it leaves a gap.

A point of a graph is often narrower than what it shows: five seconds, where a pot tells once a minute; ten minutes,
where the figures are of hours. Then most points are empty, and a graph that breaks at each would be dots only. One that
draws through all of them would draw a line over an hour that was withheld. So a line goes through what is shorter than
two of its values lie apart when one between them is missing.
"""

from typing import Final

from grafana_foundation_sdk.builders import timeseries
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

SILENT_AFTER_S: Final = 300
"""Five polls of what tells once a minute: what was not heard of for so long is a gap [s]."""
THROUGH_HOURS_S: Final = 5400
"""Hours that follow each other lie 1 h apart; with one missing, 2 h [s]."""
THROUGH_S: Final = {
    "minute": 90,
    "hour": THROUGH_HOURS_S,
    # Shifts of 8 and of 12 hours; two of 8 with one missing between them lie 16 h apart.
    "shift": 13 * 3600,
    "day": 36 * 3600,
    # From 28 to 31 days; with one missing, at least 59.
    "month": 45 * 86400,
}
"""By the window of a series: through which distance its line is drawn [s]."""


def through(panel: timeseries.Panel, seconds: int) -> timeseries.Panel:
    """Draw lines through gaps that are shorter. The query has to leave empty points in: ``fill="null"``."""
    return panel.span_nulls(seconds * 1000)


def through_windows(panel: timeseries.Panel) -> timeseries.Panel:
    """Draw each line through what its window asks for. Names of series have to end on it: ``$col, $tag_window``."""
    for window, seconds in THROUGH_S.items():
        panel.override_by_regexp(f"/, {window}$/", [DynamicConfigValue("custom.spanNulls", seconds * 1000)])
    return panel
