"""Embedded emissions of a good under the European carbon border adjustment, and what of them is to be paid for.

For aluminium only direct emissions count: indirect emissions of electricity have no place in any of these functions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from collector.domain.validity import Amount, not_negative, positive, within


@dataclass(frozen=True, slots=True)
class Precursor:
    """A good with embedded emissions of its own that the process used up.

    Parameters
    ----------
    name
        Alloy, unwrought metal of another maker, and the like.
    mass_t
        Mass used up in the interval, losses included [t].
    embedded_t_per_t
        Its specific embedded direct emissions [t CO2e/t].
    source
        Who declared them.

    Raises
    ------
    ValueError
        If the mass is negative, the emissions are not in [0, 50] t/t, or there is no source.
    """

    name: str
    mass_t: float
    embedded_t_per_t: float
    source: str

    def __post_init__(self) -> None:
        not_negative(mass_t=self.mass_t)
        within(0, 50, remedy="give t CO2e per t, 1.9 and not 1900 kg/t", embedded_t_per_t=self.embedded_t_per_t)
        if not self.source.strip():
            raise ValueError(f"precursor {self.name} has no source. Remedy: name who declared its embedded emissions.")


def specific_embedded_emissions(
    attributed_co2e_t: float, *, precursors: Sequence[Precursor], activity_level_t: float
) -> float:
    """Specific embedded direct emissions (SEE) of a good.

    Parameters
    ----------
    attributed_co2e_t
        Direct emissions attributed to the process in the interval [t CO2e].
    precursors
        Goods with embedded emissions used up in it [t, t CO2e/t].
    activity_level_t
        Good made in the interval; scrap and what is off specification are left out [t].

    Returns
    -------
    float
        Specific embedded emissions [t CO2e/t].

    Raises
    ------
    ValueError
        If the emissions are negative, or nothing was made.

    Notes
    -----
    ``SEE = (AttrEm + sum of M_i · SEE_i) / AL``

    Valid for one process and reporting period. Alumina and purchased anodes are raw materials without embedded
    emissions under this rule; they are no precursors.

    References
    ----------
    .. [1] (EU) 2025/2547, annex III, section B, and annex II, section F.
    """
    not_negative(attributed_co2e_t=attributed_co2e_t)
    positive(activity_level_t=activity_level_t)
    embedded_t = sum(precursor.mass_t * precursor.embedded_t_per_t for precursor in precursors)
    return (attributed_co2e_t + embedded_t) / activity_level_t


def free_allocation_t_per_t(
    benchmark_t_per_t: Amount, *, obligation_share: Amount | float, correction_factor: Amount | float
) -> Amount:
    """Free allocation that is taken off the embedded emissions. The arithmetic is unverified.

    Parameters
    ----------
    benchmark_t_per_t
        Benchmark of the good and its production route [t CO2e/t].
    obligation_share
        Share of the obligation that is in force, a fraction: 0.025 for 2026, 1 from 2034 on. Texts of the European
        emissions trading call its complement (0.975 for 2026) the CBAM factor [-].
    correction_factor
        Cross-sectoral correction factor of the period, 1 where none applies [-].

    Returns
    -------
    Amount
        Free allocation [t CO2e/t].

    Raises
    ------
    ValueError
        If the benchmark is not in [0, 50] t/t, or share or factor are not in [0, 1].

    Notes
    -----
    ``free = benchmark · (1 - share) · CSCF``

    Unverified: the form was put together without the text of the regulation. For a good with precursors, their free
    allocations are to be added by mass, which is not done here.

    References
    ----------
    .. [1] Commission Implementing Regulation (EU) 2025/2620; not seen. Secondary texts name the three factors.
    """
    within(0, 50, remedy="give t CO2e per t, 1.423 and not 1423 kg/t", benchmark_t_per_t=benchmark_t_per_t)
    within(0, 1, remedy="give a fraction, 0.025 for 2.5 %", obligation_share=obligation_share)
    within(0, 1, remedy="give a fraction, 1 where none applies", correction_factor=correction_factor)
    return benchmark_t_per_t * (1 - obligation_share) * correction_factor


def payable_t_per_t(embedded_t_per_t: Amount, *, free_t_per_t: Amount | float) -> Amount:
    """Emissions per tonne of good that certificates are due for. The arithmetic is unverified.

    Parameters
    ----------
    embedded_t_per_t
        Specific embedded emissions of the good [t CO2e/t].
    free_t_per_t
        Free allocation, see `free_allocation_t_per_t` [t CO2e/t].

    Returns
    -------
    Amount
        Emissions to be paid for, never below zero [t CO2e/t].

    Raises
    ------
    ValueError
        If the embedded emissions or the allocation are not in [0, 50] t/t.

    Notes
    -----
    ``payable = max(0, SEE - free)``

    Unverified, as the allocation is. A carbon price paid where the good was made is not taken off here.

    References
    ----------
    .. [1] Commission Implementing Regulation (EU) 2025/2620; not seen.
    """
    remedy = "give t CO2e per t, 1.9 and not 1900 kg/t"
    within(0, 50, remedy=remedy, embedded_t_per_t=embedded_t_per_t, free_t_per_t=free_t_per_t)
    payable: Amount = np.maximum(0.0, embedded_t_per_t - free_t_per_t)
    return payable
