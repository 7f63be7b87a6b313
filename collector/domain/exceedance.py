"""Is a limit exceeded: averages over the time that the limit is stated for, and how much of that time is known.

A limit without its averaging time says nothing: a minute may be above a limit that holds for the hour.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collector.domain.validity import Amount, fraction, not_negative, positive, within


@dataclass(frozen=True, slots=True)
class Averages:
    """Averages of consecutive blocks of time, earliest first; blocks without any sample are absent.

    Parameters
    ----------
    start_s
        Start of each block, a multiple of the averaging time [s].
    mean
        Mean of the block's samples, weighted with the time that they stand for [unit of the samples].
    covered
        Share of the block that its samples stand for, a fraction [-].
    """

    start_s: NDArray[np.float64]
    mean: NDArray[np.float64]
    covered: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a limit says to each block.

    Parameters
    ----------
    exceeded
        The mean is above the limit, and enough of the block is known.
    withheld
        Too little of the block is known to say anything.
    """

    exceeded: NDArray[np.bool_]
    withheld: NDArray[np.bool_]


def share_of_limit(value: Amount, *, limit: Amount | float) -> Amount:
    """Value over its limit.

    Parameters
    ----------
    value
        Average over the limit's averaging time, at the limit's reference [unit of the limit].
    limit
        Limit [mg/Nm3, kg/t or any unit].

    Returns
    -------
    Amount
        1 at the limit, above 1 beyond it [-].

    Raises
    ------
    ValueError
        If the value is negative, or the limit not above zero.

    Notes
    -----
    ``x = C / L``

    Valid when both have the same unit, reference conditions, oxygen and averaging time.

    References
    ----------
    .. [1] Definition.
    """
    not_negative(value=value)
    positive(limit=limit)
    return value / limit


def block_averages(
    values: NDArray[np.float64],
    *,
    time_s: NDArray[np.float64],
    seconds: NDArray[np.float64] | float,
    averaging_s: float,
) -> Averages:
    """Averages over consecutive blocks of the averaging time.

    Parameters
    ----------
    values
        Good samples; bad ones are left out before [unit of the limit].
    time_s
        Start of the time that each sample stands for, rising; counted from an instant at which a block begins, such as
        local midnight [s].
    seconds
        Time that each sample stands for [s].
    averaging_s
        Averaging time of the limit, 3600 for an hour [s].

    Returns
    -------
    Averages
        Start, mean and covered share of each block that has a sample.

    Raises
    ------
    ValueError
        If a value is negative, a time or the averaging time is not above zero, or samples overlap.

    Notes
    -----
    ``C = sum of (c · t) / sum of t`` over the samples that begin in a block.

    Valid for samples that are short beside the averaging time: one that reaches into the next block counts where it
    begins.

    References
    ----------
    .. [1] Definition of a time-weighted mean.
    """
    not_negative(values=values)
    within(-1e11, 1e11, remedy="give seconds, not nanoseconds", time_s=time_s)
    positive(seconds=seconds, averaging_s=averaging_s)
    weights = np.broadcast_to(np.asarray(seconds, dtype=np.float64), values.shape)
    # Clocks of analysers waver: a millisecond is no overlap.
    within(
        -np.inf,
        1e-3,
        remedy="leave out repeated samples, and put the others in order of time",
        overlap_s=time_s[:-1] + weights[:-1] - time_s[1:],
    )
    blocks, block_of = np.unique(np.floor(time_s / averaging_s), return_inverse=True)
    known_s = np.bincount(block_of, weights=weights, minlength=len(blocks))
    sums = np.bincount(block_of, weights=values * weights, minlength=len(blocks))
    return Averages(start_s=blocks * averaging_s, mean=sums / known_s, covered=known_s / averaging_s)


def judge(averages: Averages, *, limit: float, least_covered: float) -> Verdict:
    """Say which blocks exceed a limit, and which are too little known to tell.

    Parameters
    ----------
    averages
        Averages over the limit's averaging time, at its reference.
    limit
        Limit [unit of the averages].
    least_covered
        Share of a block that must be known, as the rule that holds for the plant demands, a fraction [-].

    Returns
    -------
    Verdict
        For each block: exceeded, withheld.

    Raises
    ------
    ValueError
        If the limit is not above zero, or the share is not in (0, 1].

    Notes
    -----
    ``exceeded = C > L and covered >= least``; a value equal to the limit meets it.

    A withheld block is neither met nor exceeded. It is reported as what it is.

    References
    ----------
    .. [1] Definition.
    """
    positive(limit=limit)
    fraction(least_covered=least_covered)
    known = averages.covered >= least_covered - 1e-9  # sums of samples miss a whole block in their last digits
    return Verdict(exceeded=known & (averages.mean > limit), withheld=~known)
