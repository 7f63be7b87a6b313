"""The latest readings as the page shows them: nothing stale or bad looks live."""

import numpy as np
from numpy.typing import NDArray

from collector.readings.latest import LatestReadings
from collector.readings.quality import Quality


class Live:
    """The latest readings at one instant, as plain lists for single values and as columns for pots.

    Parameters
    ----------
    latest
        The columns that the line keeps up to date.
    now_ns
        The instant [UTC ns].
    """

    def __init__(self, latest: LatestReadings, now_ns: int) -> None:
        times = latest.time_ns
        self._usable = (latest.quality >= Quality.UNCERTAIN) & np.isfinite(latest.value)
        self._values = np.where(self._usable, latest.value, np.nan)
        self._ages_s = np.where(times > 0, (now_ns - times) * 1e-9, np.inf)
        self._listed = self._values.tolist()
        self._listed_ages_s = self._ages_s.tolist()
        self._listed_usable = self._usable.tolist()
        self.quality: list[int] = latest.quality.tolist()
        """Quality by place in the point table."""

    def value(self, place: int | None, *, within_s: float) -> float | None:
        """Return the value of a point, or None if it is bad or older than it may be [s]."""
        if place is None or not self._listed_usable[place] or self._listed_ages_s[place] > within_s:
            return None
        value: float = self._listed[place]
        return value

    def age_s(self, place: int) -> float | None:
        """Return how old the reading of a point is [s]; None: it was never read."""
        age_s: float = self._listed_ages_s[place]
        return None if age_s == float("inf") else age_s

    def column(self, places: NDArray[np.int64], *, within_s: float) -> list[float]:
        """Return the values of many points; NaN, which JSON has as null, where one is bad or older than it may be."""
        shown: list[float] = np.where(self._ages_s[places] <= within_s, self._values[places], np.nan).tolist()
        return shown
