"""What a scenario says of its MQTT side: the table ``[mqtt]``, the tables ``[[mqtt_faults]]`` and ``telemetry_every``.

All keys have defaults::

    telemetry_every = "10s"            # whole seconds, or 0.1s, 0.2s or 0.5s

    [mqtt]
    form = "json"                      # json, or sparkplug: an edge node for every twenty pots
    batch = 1                          # samples in a message of pot telemetry
    batch_form = "columns"             # columns or samples
    kinds = ["telemetry", …]           # what is said, in JSON; default: everything but feed and factor
    line_every = "10s"                 # line, rectifiers
    meters_every = "10s"
    stacks_every = "60s"
    factors_every = "1h"               # the grid's emission factor of the time that begins; whole minutes
    factors_corrected_after = "0s"     # the first word is a forecast, and the right one comes after …; 0s: at once
    effect_updates_every = "30s"       # messages on the way of an anode effect; 0s: none
    corrected_effects = "0 %"          # whose end is told wrong and corrected after …
    corrected_effects_after = "4h"
    void_weighings = "0 %"
    corrected_weighings = "0 %"        # … after
    corrected_weighings_after = "1h"
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from simulators.faults.mqtt_tables import MqttFault, faults_of
from simulators.tables import DURATION, SHARE

if TYPE_CHECKING:
    from simulators.tables import Table

_PARTS_OF_A_SECOND = (0.1, 0.2, 0.5)


class Form(StrEnum):
    """How pots speak."""

    JSON = "json"
    SPARKPLUG = "sparkplug"


class Kind(StrEnum):
    """What can be said in JSON."""

    TELEMETRY = "telemetry"
    CYCLE = "cycle"
    AE = "ae"
    FEED = "feed"
    OPERATION = "operation"
    TAP = "tap"
    SAMPLE = "sample"
    LINE = "line"
    RECTIFIER = "rectifier"
    STATUS = "status"
    WEIGHING = "weighing"
    MES = "mes"
    METER = "meter"
    CEMS = "cems"
    FACTOR = "factor"


USUAL_KINDS = frozenset(Kind) - {Kind.FEED, Kind.FACTOR}
"""Without feeding events: a message a pot every minute or two, which few plants let out of their controllers. Without
factors: most grids publish none by the hour, and a plant must say that it wants them."""


class BatchForm(StrEnum):
    """How a batch is written, as :mod:`simulators.servers.messages.telemetry` describes."""

    COLUMNS = "columns"
    SAMPLES = "samples"


@dataclass(frozen=True, slots=True)
class Corrections:
    """How often a controller's end of an anode effect is wrong, and when that is put right.

    Parameters
    ----------
    share
        Of the anode effects [1].
    after_s
        Time from the end to the correction [s].
    """

    share: float = 0.0
    after_s: float = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class ScaleErrors:
    """How often a weighing goes wrong.

    Parameters
    ----------
    void, corrected
        Shares of the weighings [1].
    corrected_after_s
        Time until a correction comes [s].
    """

    void: float = 0.0
    corrected: float = 0.0
    corrected_after_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class MqttBehaviour:
    """How the MQTT side of a plant behaves; times in seconds, as in the module's description."""

    form: Form = Form.JSON
    batch: int = 1
    batch_form: BatchForm = BatchForm.COLUMNS
    kinds: frozenset[Kind] = USUAL_KINDS
    line_every_s: int = 10
    meters_every_s: int = 10
    stacks_every_s: int = 60
    factors_every_s: int = 3600
    factors_corrected_after_s: int = 0
    effect_updates_every_s: float = 30.0
    corrections: Corrections = field(default_factory=Corrections)
    scale_errors: ScaleErrors = field(default_factory=ScaleErrors)
    faults: tuple[MqttFault, ...] = ()


def mqtt_behaviour(root: Table) -> MqttBehaviour:
    """Read the MQTT side of a scenario.

    Raises
    ------
    ConfigurationError
        If something in it cannot be used.
    """
    table = root.table("mqtt", required=False)
    behaviour = MqttBehaviour(
        form=Form(_one_of(table, "form", Form.JSON, tuple(Form))),
        batch=table.whole("batch", 1, low=1, high=10_000),
        batch_form=BatchForm(_one_of(table, "batch_form", BatchForm.COLUMNS, tuple(BatchForm))),
        kinds=_kinds(table),
        line_every_s=_seconds(table, "line_every", "10s"),
        meters_every_s=_seconds(table, "meters_every", "10s"),
        stacks_every_s=_seconds(table, "stacks_every", "60s"),
        factors_every_s=_minutes(table, "factors_every", "1h"),
        factors_corrected_after_s=_seconds(table, "factors_corrected_after", "0s", low=0),
        effect_updates_every_s=table.quantity("effect_updates_every", DURATION, "30s", low=0),
        corrections=Corrections(
            share=table.quantity("corrected_effects", SHARE, "0 %", low=0, high=1),
            after_s=table.quantity("corrected_effects_after", DURATION, "4h", low=1),
        ),
        scale_errors=ScaleErrors(
            void=table.quantity("void_weighings", SHARE, "0 %", low=0, high=0.5),
            corrected=table.quantity("corrected_weighings", SHARE, "0 %", low=0, high=0.5),
            corrected_after_s=table.quantity("corrected_weighings_after", DURATION, "1h", low=1),
        ),
        faults=faults_of(root),
    )
    table.refuse_unknown_keys()
    return behaviour


def telemetry_every_s(root: Table) -> float:
    """Read the time between two samples of a pot [s]: whole seconds, or a whole part of one."""
    seconds = root.quantity("telemetry_every", DURATION, "10s", low=0.1, high=3600)
    if seconds != int(seconds) and seconds not in _PARTS_OF_A_SECOND:
        raise root.error("telemetry_every", f"is {seconds:g} s", "write whole seconds, or 0.1s, 0.2s or 0.5s")
    return seconds


def _one_of(table: Table, key: str, usual: str, known: tuple[str, ...]) -> str:
    value = table.text(key, usual)
    if value not in known:
        raise table.error(key, f"is {value!r}", f"use one of {', '.join(known)}")
    return value


def _kinds(table: Table) -> frozenset[Kind]:
    if "kinds" not in table:
        return USUAL_KINDS
    names = table.texts("kinds")
    for name in names:
        if name not in list(Kind):
            raise table.error("kinds", f"names {name!r}", f"use some of {', '.join(Kind)}")
    return frozenset(Kind(name) for name in names)


def _minutes(table: Table, key: str, usual: str) -> int:
    seconds = _seconds(table, key, usual)
    if seconds % 60:
        raise table.error(key, f"is {seconds} s", "write whole minutes")
    return seconds


def _seconds(table: Table, key: str, usual: str, *, low: int = 1) -> int:
    seconds = table.quantity(key, DURATION, usual, low=low, high=86_400)
    if seconds != int(seconds):
        raise table.error(key, f"is {seconds:g} s", "write whole seconds")
    return int(seconds)
