"""How the meters of a scenario behave: how they err, what they show, and what they say of themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulators.display import Display, read_display
from simulators.plant import Measures
from simulators.tables import ConfigurationError, Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from simulators.plant import Meter, Plant
    from simulators.profile import Profile

DEFAULT_CLASS = {Measures.LINE_DC: 0.2, Measures.RECTIFIER_AC: 0.5, Measures.AUXILIARY_AC: 0.5, Measures.MONITORED: 0.5}
"""Accuracy classes [%] of meters that the scenario says nothing about: DC transducers are better than plain meters."""


@dataclass(frozen=True, slots=True)
class MeterBehaviour:
    """How a meter errs and where its counters stand.

    Parameters
    ----------
    accuracy_class
        The largest error that its class allows [%].
    energy_start_wh, charge_start_ah
        Counters at the beginning; None: some years of use.
    display
        What it makes of its measurement before it shows it.
    information
        What information registers show, by their names; the others show what is usual.
    identification
        Whether it says what it is when asked with function 43/14.
    """

    accuracy_class: float
    energy_start_wh: float | None = None
    charge_start_ah: float | None = None
    display: Display = field(default_factory=Display)
    information: Mapping[str, str | float] = field(default_factory=dict)
    identification: bool = True


def refuse_others(table: Table, known: Mapping[str, object], what: str) -> None:
    """Complain about the first name in a table that the plant file does not have."""
    for name in table.keys():  # noqa: SIM118 -- a Table is no dict
        if name not in known:
            raise table.error(name, f"is not {what} of the plant file", f"use one of {', '.join(known)}")


def meter_behaviours(root: Table, plant: Plant) -> dict[str, MeterBehaviour]:
    """Read every ``[meters.NAME]`` of a scenario; a meter without one behaves as usual."""
    default = root.number("accuracy_class", low=0, high=5) if "accuracy_class" in root else None
    refuse_others(root.table("meters", required=False), plant.meters, "a meter")
    tables = root.tables("meters", required=False)
    behaviours: dict[str, MeterBehaviour] = {}
    for meter in plant.meters.values():
        usual = default if default is not None and meter.measures != Measures.LINE_DC else DEFAULT_CLASS[meter.measures]
        table = tables.get(meter.id)
        if table is None:
            behaviours[meter.id] = MeterBehaviour(usual)
            continue
        behaviours[meter.id] = MeterBehaviour(
            accuracy_class=table.number("accuracy_class", usual, low=0, high=5),
            energy_start_wh=_start(table, "energy_start_kwh"),
            charge_start_ah=_start(table, "charge_start_kah"),
            display=read_display(table),
            information=_information(table),
            identification=table.flag("identification", default=True),
        )
        table.refuse_unknown_keys()
    return behaviours


def _information(table: Table) -> dict[str, str | float]:
    given = table.table("information", required=False)
    found: dict[str, str | float] = {}
    for name, value in given.values().items():
        found[name] = given.text(name) if isinstance(value, str) else given.number(name)
    return found


def _start(table: Table, key: str) -> float | None:
    return table.number(key, low=0) * 1000 if key in table else None


def refuse_unfit_meter(file: Path, plant: Plant, meter: Meter, profile: Profile, behaviour: MeterBehaviour) -> None:
    """Complain about a meter of the plant file, or of the scenario's own ``file``, that its profile does not fit."""
    _refuse_unfit_profile(plant, meter, profile)
    _refuse_unfit_constants(plant, meter, profile)
    _refuse_unfit_information(file, meter, profile, behaviour)


def _refuse_unfit_profile(plant: Plant, meter: Meter, profile: Profile) -> None:
    if meter.measures == Measures.MONITORED:
        return
    needed = "dc_energy" if meter.measures == Measures.LINE_DC else "active_energy_import"
    if needed not in profile.registers:
        wrong = f"is {profile.name!r}, which has no {needed} for a {meter.measures} meter"
        raise ConfigurationError(plant.file, f"meters.{meter.id}.profile", wrong, "use a profile that has it")


def _refuse_unfit_constants(plant: Plant, meter: Meter, profile: Profile) -> None:
    place = f"meters.{meter.id}.constants"
    for name in meter.constants:
        if name not in profile.constants:
            wrong = f"names {name!r}, which is no constant of {profile.name}"
            raise ConfigurationError(plant.file, place, wrong, f"it has {', '.join(profile.constants) or 'none'}")
    for name, default in profile.constants.items():
        if default is None and name not in meter.constants:
            raise ConfigurationError(plant.file, place, f"lacks {name!r}, which {profile.name} needs", "add it")


def _refuse_unfit_information(file: Path, meter: Meter, profile: Profile, behaviour: MeterBehaviour) -> None:
    place = f"meters.{meter.id}.information"
    for name, told in behaviour.information.items():
        register = profile.registers.get(name)
        if register is None or not register.information:
            wrong = f"names {name!r}, which is no information register of {profile.name}"
            raise ConfigurationError(file, place, wrong, "correct the name")
        if (register.type == "string") != isinstance(told, str):
            wrong = f"is {told!r}, and the register is {register.type}"
            raise ConfigurationError(file, f"{place}.{name}", wrong, "write the other kind")
