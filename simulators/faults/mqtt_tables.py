"""Faults of MQTT as a scenario names them.

A scenario switches them with tables, times counted from the beginning of the simulation in plant time::

    [[mqtt_faults]]
    kind = "future_time"
    topic = "smelter/v1/+/potline/+/pot/1003/#"  # an MQTT filter; default: everything
    at = "10min"                                 # default: from the beginning
    for = "5min"                                 # default: for ever
    probability = "20 %"                         # of each message; default: every one
    seed = 7
    by = "8h"                                    # of the kinds that have a time
    count = 100000                               # of the kinds that have a number
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from simulators.tables import DURATION, SHARE

if TYPE_CHECKING:
    from simulators.tables import Table


class FaultKind(StrEnum):
    """What goes wrong."""

    DUPLICATE = "duplicate"
    """A message comes twice, the second time with the DUP flag."""
    OUT_OF_ORDER = "out_of_order"
    """A message comes after the next one of its source: ``seq`` goes back."""
    OLD_DEATH = "old_death"
    """The NDEATH of the session before comes after the new session's NBIRTH."""
    DATA_BEFORE_BIRTH = "data_before_birth"
    """A device's DBIRTH comes after its first DDATA."""
    LOST_BIRTH = "lost_birth"
    """NBIRTH and DBIRTH never come: the aliases of what follows are unknown."""
    STALE_RETAINED = "stale_retained"
    """Messages are retained that should not be: whoever subscribes later gets an old one."""
    BROKER_RESTART = "broker_restart"
    """The bundled broker is killed, and started again when the fault ends."""
    SESSION_LOST = "session_lost"
    """Connections are cut once, at the fault's beginning; the broker says the last wills."""
    HISTORICAL_FLOOD = "historical_flood"
    """Nothing comes; when the fault ends all of it comes at once with ``hist``, filled up to ``count`` messages."""
    FUTURE_TIME = "future_time"
    """The sender's clock is wrong by ``by``."""
    COMMA_DECIMALS = "comma_decimals"
    """Numbers are texts with a decimal comma."""
    NUMBERS_AS_STRINGS = "numbers_as_strings"
    """Numbers are texts."""
    MILLIVOLTS = "millivolts"
    """The pot voltage is in mV, under the same name and version."""
    LATE_CORRECTION = "late_correction"
    """The end of an anode effect is corrected after ``by``, when its period is closed."""
    TRUNCATED = "truncated"
    """The payload ends somewhere."""
    NOT_UTF8 = "not_utf8"
    """The payload is no UTF-8."""
    NO_LEADING_ZEROS = "no_leading_zeros"
    """Pots are named without their leading zeros."""


DEFAULT_BY_S: Mapping[FaultKind, float] = MappingProxyType(
    {FaultKind.FUTURE_TIME: 8 * 3600.0, FaultKind.LATE_CORRECTION: 26 * 3600.0}
)
DEFAULT_COUNT: Mapping[FaultKind, int] = MappingProxyType({FaultKind.HISTORICAL_FLOOD: 100_000})


@dataclass(frozen=True, slots=True)
class MqttFault:
    """One fault.

    Parameters
    ----------
    kind
        What goes wrong.
    topic
        The MQTT filter of the messages it befalls.
    at_s, for_s
        Its beginning, counted from the simulation's or from when it is added, and its length [s]; None: for ever.
    probability
        With which it befalls each message [1].
    seed
        Of its luck.
    by_s, count
        The time [s] and the number of the kinds that have them.
    """

    kind: FaultKind
    topic: str = "#"
    at_s: float = 0.0
    for_s: float | None = None
    probability: float = 1.0
    seed: int = 1
    by_s: float = 0.0
    count: int = 0


def fault_of(table: Table) -> MqttFault:
    """Read a fault's table.

    Raises
    ------
    ConfigurationError
        If it cannot be used.
    """
    name = table.text("kind")
    if name not in list(FaultKind):
        raise table.error("kind", f"is {name!r}, which is no fault of MQTT", f"use one of {', '.join(FaultKind)}")
    kind = FaultKind(name)
    by_s, count = DEFAULT_BY_S.get(kind, 0.0), DEFAULT_COUNT.get(kind, 0)
    fault = MqttFault(
        kind=kind,
        topic=table.text("topic", "#"),
        at_s=table.quantity("at", DURATION, "0s", low=0),
        for_s=table.quantity("for", DURATION, low=0) if "for" in table else None,
        probability=table.quantity("probability", SHARE, "100 %", low=0, high=1),
        seed=table.whole("seed", 1),
        by_s=table.quantity("by", DURATION) if by_s and "by" in table else by_s,
        count=table.whole("count", count, low=1, high=10_000_000) if count else 0,
    )
    if fault.for_s is None and kind in {FaultKind.HISTORICAL_FLOOD, FaultKind.BROKER_RESTART}:
        raise table.error("for", "is missing", f'say how long the {kind} lasts, such as "5min"')
    table.refuse_unknown_keys()
    return fault


def faults_of(root: Table) -> tuple[MqttFault, ...]:
    """Read the tables ``[[mqtt_faults]]`` of a scenario."""
    return tuple(fault_of(row) for row in root.rows("mqtt_faults"))
