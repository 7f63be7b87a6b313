"""Limits on specific energy, and the level that a value reaches.

Standards print three limits for each indicator, the strictest first. In GB 21346-2022 they are levels 1, 2 (new plants)
and 3 (existing plants, mandatory); in the edition of 2013 they are called advanced, entry and limit. The numbers are
data, with edition and source; they are arguments here. A kWh/t is judged only by limits of its own boundary.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from collector.domain.validity import Amount, Value, not_negative, positive

BEYOND: Final = 4
"""What `level_of` answers for a value that meets none of the three limits [-]."""


class Indicator(StrEnum):
    """What a limit is put on: a boundary of `collector.domain.boundaries`, and its unit."""

    LIQUID_AC = "liquid_ac"
    LIQUID_COMPREHENSIVE_AC = "liquid_comprehensive_ac"
    INGOT_COMPREHENSIVE_AC = "ingot_comprehensive_ac"
    INGOT_COMPREHENSIVE = "ingot_comprehensive"

    @property
    def unit(self) -> str:
        """Unit of the indicator: kgce/t for the comprehensive energy of ingots, kWh/t for the others."""
        return "kgce/t" if self is Indicator.INGOT_COMPREHENSIVE else "kWh/t"


@dataclass(frozen=True, slots=True)
class Limits:
    """The three limits of one indicator in one edition of a standard.

    Parameters
    ----------
    indicator
        What the limits are put on.
    level_1
        Greatest value of level 1, the advanced one [unit of the indicator: kWh/t or kgce/t].
    level_2
        Greatest value of level 2, demanded of new plants [same unit].
    level_3
        Greatest value of level 3, demanded of existing plants [same unit].

    Raises
    ------
    ValueError
        If a limit is not above zero, or the limits do not rise from level 1 to level 3.
    """

    indicator: Indicator
    level_1: float
    level_2: float
    level_3: float

    def __post_init__(self) -> None:
        positive(level_1=self.level_1, level_2=self.level_2, level_3=self.level_3)
        if not self.level_1 <= self.level_2 <= self.level_3:
            raise ValueError(
                f"limits are {self.level_1:g}, {self.level_2:g}, {self.level_3:g}: must rise from level 1 to level 3. "
                "Remedy: give the advanced limit first and the mandatory one last."
            )


def level_of(value: Value, limits: Limits, *, indicator: Indicator) -> NDArray[np.int64]:
    """Level that a specific energy reaches.

    Parameters
    ----------
    value
        Specific energy of the indicator [kWh/t or kgce/t].
    limits
        Limits on the same indicator [same unit].
    indicator
        What `value` is; said by the caller, so that a value of another boundary meets no limit by mistake.

    Returns
    -------
    NDArray[np.int64]
        1, 2 or 3, or `BEYOND` for a value above all limits; of the shape of `value` [-].

    Raises
    ------
    ValueError
        If a value is negative, or the limits are put on another indicator.

    Notes
    -----
    ``level = 1 + number of limits below the value``; a value equal to a limit meets it.

    Valid for a value of the period that the standard means, a year as a rule. A level of an hour says nothing.

    References
    ----------
    .. [1] GB 21346-2022, section 4: an indicator meets a level when it is at most the printed value (third-party
       transcription).
    """
    not_negative(value=value)
    if limits.indicator is not indicator:
        raise ValueError(
            f"value is {indicator}, the limits are put on {limits.indicator}: they cannot be compared. "
            "Remedy: take the limits of that indicator, or make the value with the boundary of the limits."
        )
    steps = np.array([limits.level_1, limits.level_2, limits.level_3])
    return np.asarray(np.searchsorted(steps, np.asarray(value, dtype=np.float64), side="left") + 1, dtype=np.int64)


def excess_kwh(kwh: Amount, *, metal_t: Amount | float, limit_kwh_per_t: Amount | float) -> Amount:
    """Energy above what a limit allows for the metal that was made.

    Parameters
    ----------
    kwh
        Energy of the interval, inside the boundary of the limit [kWh].
    metal_t
        Metal of the same interval [t].
    limit_kwh_per_t
        Limit on the specific energy [kWh/t].

    Returns
    -------
    Amount
        Energy above the limit; below zero, what is left up to it [kWh].

    Raises
    ------
    ValueError
        If an input is negative.

    Notes
    -----
    ``E_over = E - w_limit · m``

    It adds up over intervals, which a difference of ratios does not: the sum over a month is what the month is over.

    References
    ----------
    .. [1] Definition of specific energy, see `collector.domain.energy.specific_energy`.
    """
    not_negative(kwh=kwh, metal_t=metal_t, limit_kwh_per_t=limit_kwh_per_t)
    return kwh - limit_kwh_per_t * metal_t
