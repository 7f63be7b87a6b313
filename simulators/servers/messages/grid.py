"""The grid's emission factor as its operator publishes it: a forecast when a time begins, and the right one later."""

from __future__ import annotations

import math

from simulators.instants import DAY_NS, SECOND_NS, iso_milliseconds
from simulators.servers.messages.message import Later, Message, json_message

_MEAN, _SWING = 500, 120
"""Of a grid with much solar power: most at midnight UTC, least at noon [g/kWh]. Made up, of the size of a real one."""
_FORECAST_OFF = 25
"""The forecast is too high by this [g/kWh]."""


class GridFactorMessages:
    """What a grid's operator says of its emission factor.

    Parameters
    ----------
    site
        Segment of the topic.
    every_s
        How long each value holds [s].
    corrected_after_s
        When the right value comes, from the beginning of its time on [s]; 0: with the first word.
    """

    def __init__(self, site: str, *, every_s: int, corrected_after_s: int) -> None:
        self._topic = f"smelter/v1/{site}/electricity/factor"
        self._every_s = every_s
        self._corrected_after_s = corrected_after_s
        self._later: Later[Message] = Later()

    def of(self, time_ns: int) -> list[Message]:
        """Tell what is due at a time [UTC ns], which is a whole second."""
        due = self._later.due(time_ns)
        if time_ns // SECOND_NS % self._every_s:
            return due
        right = true_g_per_kwh(time_ns)
        if not self._corrected_after_s:
            return [*due, self._message(time_ns, 1, right)]
        self._later.at(time_ns + self._corrected_after_s * SECOND_NS, self._message(time_ns, 2, right))
        return [*due, self._message(time_ns, 1, right + _FORECAST_OFF)]

    def _message(self, time_ns: int, rev: int, value: int) -> Message:
        begin = iso_milliseconds(time_ns)
        body = {
            "v": 1,
            "id": f"GRID-{begin}",
            "rev": rev,
            "factor": "grid_factor",
            "value": value,
            "unit": "g/kWh",
            "from": begin,
            "to": iso_milliseconds(time_ns + self._every_s * SECOND_NS),
            "source": "simulated grid operator",
        }
        return json_message(self._topic, body)


def true_g_per_kwh(time_ns: int) -> int:
    """Return the grid's factor at a time [g CO2/kWh]."""
    return round(_MEAN + _SWING * math.cos(2 * math.pi * (time_ns % DAY_NS) / DAY_NS))
