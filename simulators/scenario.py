"""Scenarios: what happens in a simulated plant. A scenario names the plant's own data files and adds the behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulators.mqtt_scenario import mqtt_behaviour, telemetry_every_s
from simulators.plant import Measures, load_plant
from simulators.profile import load_profile
from simulators.tables import DURATION, POWER, SHARE, ConfigurationError, Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from simulators.mqtt_scenario import MqttBehaviour
    from simulators.plant import Meter, Plant
    from simulators.profile import Profile

DEFAULT_CLASS = {Measures.LINE_DC: 0.2, Measures.RECTIFIER_AC: 0.5, Measures.AUXILIARY_AC: 0.5}
"""Accuracy classes [%] of meters that the scenario says nothing about: DC transducers are better than plain meters."""

FEEDER_W_PER_POT = 20_000.0
"""Load of an auxiliary feeder that the scenario says nothing about [W per pot]."""


@dataclass(frozen=True, slots=True)
class Modulation:
    """A stretch of time in which the line runs at another current.

    Parameters
    ----------
    at_s
        Its beginning, counted from the simulation's [s].
    for_s
        Its length [s].
    every_s
        The time from one beginning to the next [s]; None: it happens once.
    factor
        The setpoint's factor [1].
    """

    at_s: float
    for_s: float
    every_s: float | None
    factor: float


@dataclass(frozen=True, slots=True)
class LineBehaviour:
    """How a potline runs.

    Parameters
    ----------
    line_current_a
        Setpoint [A].
    current_deviation
        Standard deviation of the current around it [1].
    modulation
        Planned departures from the setpoint.
    pot_voltage_v
        Mean voltage of the pots at the setpoint, anode effects apart [V].
    anode_effects_per_pot_day
        Mean number of anode effects.
    tap_every_s
        Time between two tappings of a pot [s].
    current_efficiency
        Share of the current that makes metal [1]; None: as the plant file says.
    busbar_ohm
        Resistance of everything between the pots [ohm].
    rectifier_efficiency
        DC power per AC power [1].
    """

    line_current_a: float
    current_deviation: float
    modulation: tuple[Modulation, ...]
    pot_voltage_v: float
    anode_effects_per_pot_day: float
    tap_every_s: float
    current_efficiency: float | None
    busbar_ohm: float
    rectifier_efficiency: float


@dataclass(frozen=True, slots=True)
class MeterBehaviour:
    """How a meter errs and where its counters stand.

    Parameters
    ----------
    accuracy_class
        The largest error that its class allows [%].
    energy_start_wh, charge_start_ah
        Counters at the beginning; None: some years of use.
    """

    accuracy_class: float
    energy_start_wh: float | None = None
    charge_start_ah: float | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A plant with its data files and everything that is to happen in it.

    Parameters
    ----------
    seed
        Of every random draw: the same scenario with the same seed is the same plant.
    telemetry_every_s
        Time between two samples of a pot [s]: whole seconds, or a whole part of one.
    mqtt
        How its MQTT side behaves.
    feeders
        Mean load of each auxiliary meter's feeder [W].
    """

    file: Path
    plant: Plant
    profiles: Mapping[str, Profile]
    factors: Path
    seed: int
    telemetry_every_s: float
    mqtt: MqttBehaviour
    lines: Mapping[str, LineBehaviour]
    meters: Mapping[str, MeterBehaviour]
    feeders: Mapping[str, float]


def load_scenario(file: Path) -> Scenario:
    """Read a scenario and the data files that it names; relative paths start at the scenario's folder.

    Raises
    ------
    ConfigurationError
        At the first thing that cannot be used, in whichever file it stands.
    """
    root = Table.read(file)
    plant = load_plant((file.parent / root.text("plant")).resolve())
    names = sorted({meter.profile for meter in plant.meters.values()})
    folder = (file.parent / root.text("profiles")).resolve()
    scenario = Scenario(
        file=file,
        plant=plant,
        profiles={name: load_profile(folder / f"{name}.toml") for name in names},
        factors=(file.parent / root.text("factors")).resolve(),
        seed=root.whole("seed", 1),
        telemetry_every_s=telemetry_every_s(root),
        mqtt=mqtt_behaviour(root),
        lines=_lines(root, plant),
        meters=_meters(root, plant),
        feeders=_feeders(root, plant),
    )
    root.refuse_unknown_keys()
    for meter in plant.meters.values():
        _refuse_unfit_profile(plant, meter, scenario.profiles[meter.profile])
    return scenario


def _refuse_others(table: Table, known: Mapping[str, object], what: str) -> None:
    for name in table.keys():  # noqa: SIM118 -- a Table is no dict
        if name not in known:
            raise table.error(name, f"is not {what} of the plant file", f"use one of {', '.join(known)}")


def _lines(root: Table, plant: Plant) -> dict[str, LineBehaviour]:
    _refuse_others(root.table("potlines"), plant.potlines, "a potline")
    tables = root.tables("potlines")
    missing = [name for name in plant.potlines if name not in tables]
    if missing:
        raise root.error(f"potlines.{missing[0]}", "is missing", "say how this potline of the plant file runs")
    return {name: _line(table, len(plant.potlines[name].pots)) for name, table in tables.items()}


def _line(table: Table, pots: int) -> LineBehaviour:
    efficiency = None
    if "current_efficiency" in table:
        efficiency = table.quantity("current_efficiency", SHARE, low=0.5, high=1)
    behaviour = LineBehaviour(
        line_current_a=table.number("line_current_ka", low=1, high=1000) * 1000,
        current_deviation=table.quantity("current_deviation", SHARE, "0.3 %", low=0, high=0.1),
        modulation=tuple(_modulation(row) for row in table.rows("modulation")),
        pot_voltage_v=table.number("pot_voltage_v", low=2, high=8),
        anode_effects_per_pot_day=table.number("anode_effects_per_pot_day", 0.1, low=0, high=100),
        tap_every_s=table.quantity("tap_every", DURATION, "24h", low=600, high=10 * 86400),
        current_efficiency=efficiency,
        # Crossovers and passages of some 36 mV a pot at 400 kA.
        busbar_ohm=table.number("busbar_uohm", 0.09 * pots, low=0, high=1000) * 1e-6,
        rectifier_efficiency=table.quantity("rectifier_efficiency", SHARE, "98.5 %", low=0.8, high=1),
    )
    table.refuse_unknown_keys()
    return behaviour


def _modulation(table: Table) -> Modulation:
    length = table.quantity("for", DURATION, low=1)
    every = table.quantity("every", DURATION, low=length) if "every" in table else None
    modulation = Modulation(
        at_s=table.quantity("at", DURATION, low=0),
        for_s=length,
        every_s=every,
        factor=table.number("factor", low=0, high=1.3),
    )
    table.refuse_unknown_keys()
    return modulation


def _meters(root: Table, plant: Plant) -> dict[str, MeterBehaviour]:
    default = root.number("accuracy_class", low=0, high=5) if "accuracy_class" in root else None
    _refuse_others(root.table("meters", required=False), plant.meters, "a meter")
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
        )
        table.refuse_unknown_keys()
    return behaviours


def _start(table: Table, key: str) -> float | None:
    return table.number(key, low=0) * 1000 if key in table else None


def _feeders(root: Table, plant: Plant) -> dict[str, float]:
    group = root.table("feeders", required=False)
    auxiliary = {meter.id: meter for meter in plant.meters.values() if meter.measures == Measures.AUXILIARY_AC}
    _refuse_others(group, auxiliary, "an auxiliary_ac meter")
    return {
        name: group.quantity(name, POWER, low=0)
        if name in group
        else FEEDER_W_PER_POT * len(plant.potlines[meter.potline].pots)
        for name, meter in auxiliary.items()
    }


def _refuse_unfit_profile(plant: Plant, meter: Meter, profile: Profile) -> None:
    needed = "dc_energy" if meter.measures == Measures.LINE_DC else "active_energy_import"
    if needed not in profile.registers:
        wrong = f"is {profile.name!r}, which has no {needed} for a {meter.measures} meter"
        raise ConfigurationError(plant.file, f"meters.{meter.id}.profile", wrong, "use a profile that has it")
