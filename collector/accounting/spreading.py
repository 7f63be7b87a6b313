"""Spreading a total over parts so that the parts add up to it exactly. Pure.

Metal that is told for a day after the day is over has to reach its shifts and hours. The rule: every minute gets a
share in proportion to the metal that Faraday's law gives it. A minute without charge, and one of which the charge is
not known, gets none.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from collector.accounting.windows import Window


def spread(total: float, weights: Sequence[float]) -> list[float]:
    """Return the parts of a total in proportion to weights.

    Parameters
    ----------
    total
        What is spread, of either sign [any unit].
    weights
        Weight of each part [any unit, one for all].

    Returns
    -------
    list of float
        The parts, in the order of the weights. Added up in any order and any grouping they are the total, to the bit.

    Raises
    ------
    ValueError
        If the total or a weight is not finite, a weight is negative, or no weight is above zero.

    Notes
    -----
    The total is a whole number, below 2**53, of its own last binary place. That number is divided by the rule of the
    largest remainder: each part gets the whole number in its share, and what is left goes one by one to the parts with
    the largest remainders, of equal ones to the last. All sums of parts are then such numbers, too, and no addition of
    them is rounded. No part is further from its share than one last place of the total; one without weight is zero.

    References
    ----------
    .. [1] Method of the largest remainder (Hamilton's method of apportionment), here with places for seats.
    """
    if not math.isfinite(total):
        raise ValueError(f"spread {total}: a total is a finite number; leave out what is not known")
    for number, weight in enumerate(weights):
        if not (math.isfinite(weight) and weight >= 0):
            raise ValueError(f"weights[{number}] is {weight}: a weight is zero or more and finite; leave the part out")
    place = math.ulp(total)
    whole = int(abs(total) / place)
    shares = _whole_numbers(weights)
    weight_of_all = sum(shares)
    if not weight_of_all:
        raise ValueError(f"spread {total} over {len(weights)} parts without weight; take other weights, such as time")
    given = [divmod(whole * share, weight_of_all) for share in shares]
    places = [floor for floor, _ in given]
    left = whole - sum(places)
    if left:
        by_remainder = sorted(range(len(given)), key=lambda number: (given[number][1], number))
        for number in by_remainder[-left:]:
            places[number] += 1
    signed = math.copysign(place, total)
    return [count * signed if count else 0.0 for count in places]


def spread_over_minutes(total: float, faraday_metal: Mapping[int, float]) -> dict[int, float]:
    """Return the share of each minute in metal that is told for all of them together.

    Parameters
    ----------
    total
        Metal of the interval as it is told [t or kg].
    faraday_metal
        By the start of each minute of the interval [ns], the metal of Faraday's law [t or kg].

    Raises
    ------
    ValueError
        As for `spread`; also where the line stood all the time, and nothing says when the metal was made.
    """
    minutes = sorted(faraday_metal)
    return dict(zip(minutes, spread(total, [faraday_metal[minute] for minute in minutes]), strict=True))


def gathered(minutes: Mapping[int, float], windows: Iterable[Window]) -> dict[Window, float]:
    """Return what the minutes of each window add up to.

    Parameters
    ----------
    minutes
        By the start of each minute [ns], its share as `spread_over_minutes` gives it.
    windows
        Windows of whole minutes. Where they make up the interval without gap or overlap, they add up to its total.
    """
    ordered = sorted(minutes)
    found: dict[Window, float] = {}
    for window in windows:
        first, end = (bisect_left(ordered, time_ns) for time_ns in (window.start_ns, window.end_ns))
        found[window] = sum((minutes[start_ns] for start_ns in ordered[first:end]), start=0.0)
    return found


def _whole_numbers(weights: Sequence[float]) -> list[int]:
    """Return whole numbers in the exact proportion of the weights."""
    ratios = [weight.as_integer_ratio() for weight in map(float, weights)]
    denominator = max((below for _, below in ratios), default=1)
    return [above * (denominator // below) for above, below in ratios]
