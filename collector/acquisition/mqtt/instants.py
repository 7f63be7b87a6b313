"""Which times are believed, and what stands for those that are not. Pure."""

import numpy as np
import numpy.typing as npt

from collector.acquisition.mqtt.times import Instants

EARLY_NS = 60 * 1_000_000_000
"""A sender's clock may be ahead by this much."""

DAY_NS = 86_400 * 1_000_000_000
NO_EARLIER_NS = 946_684_800 * 1_000_000_000
"""2000-01-01: what is stamped before comes from a clock that was never set."""


def is_believed(time_ns: int, arrived_ns: int) -> bool:
    """Tell whether a sample can have been taken at a time."""
    return NO_EARLIER_NS <= time_ns <= arrived_ns + EARLY_NS


def settled(time_ns: Instants, arrived_ns: int, *, unset: bool) -> tuple[Instants, npt.NDArray[np.bool_]]:
    """Return the times of some samples that came together, and which of them are in doubt.

    A clock that is wrong for all of them still tells how far they lie apart: then the last one was taken when it
    arrived. A single time that cannot be is replaced by that of arrival.
    """
    believed = (time_ns >= NO_EARLIER_NS) & (time_ns <= arrived_ns + EARLY_NS)
    if unset or not believed.any():
        last = int(time_ns.max())
        if last - int(time_ns.min()) > DAY_NS:
            return np.full(len(time_ns), arrived_ns), np.ones(len(time_ns), np.bool_)
        return time_ns - last + arrived_ns, np.ones(len(time_ns), np.bool_)
    return np.where(believed, time_ns, arrived_ns), ~believed
