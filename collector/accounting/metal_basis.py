"""What a mass of metal stands on, and how long an interval has to be for tapping to judge its metal. Pure."""

from enum import Enum

from collector.accounting.windows import DAY_NS, HOUR_NS, Window


class MetalBasis(Enum):
    """What a mass of metal stands on, as the streams call it."""

    FARADAY = "faraday"
    TAPPED = "tapped"
    RECONCILED = "reconciled"


def why_not_by_tapping(
    window: Window, *, coverage_pct: float, least_coverage_pct: float, least_length_ns: int = DAY_NS
) -> str | None:
    """Return why the metal of a window cannot be judged by tapping, or None if it can.

    A pot is tapped about once a day, and what was tapped in an hour was made over the day before. So tapping judges
    intervals no shorter than a day, or than the plant's own cycle of tapping where that is longer, and only where the
    charge is known for most of them.

    Parameters
    ----------
    window
        The interval. A production day is one day, however long the clock makes it.
    coverage_pct, least_coverage_pct
        Share of the interval for which the charge is known, and the least that is asked for [%].
    least_length_ns
        Least length [ns]. One day unless the plant taps less often.
    """
    length_ns = DAY_NS if window.name == "day" else window.end_ns - window.start_ns
    if length_ns < least_length_ns:
        hours, least = length_ns / HOUR_NS, least_length_ns / HOUR_NS
        return f"{hours:g} h are shorter than the cycle of tapping ({least:g} h); take a day or longer"
    if coverage_pct < least_coverage_pct:
        return f"the charge is known for {coverage_pct:.1f} % of it, and {least_coverage_pct:g} % are asked for"
    return None
