"""Scenarios: what happens in a simulated plant. A scenario names the plant's own data files and adds the behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulators.meter_scenario import meter_behaviours, refuse_others, refuse_unfit_meter
from simulators.mqtt_scenario import mqtt_behaviour, telemetry_every_s
from simulators.physics.operations import Outage
from simulators.physics.rectifier import Load
from simulators.plant import Measures, load_plant
from simulators.profile import load_profile
from simulators.tables import DURATION, POWER, SHARE, Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from simulators.meter_scenario import MeterBehaviour
    from simulators.mqtt_scenario import MqttBehaviour
    from simulators.plant import Meter, Plant, Potline
    from simulators.profile import Profile

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
        DC power per AC power at the setpoint [1].
    current_efficiency_deviation
        Standard deviation of the line's current efficiency around its mean [1]; it changes within days.
    low_voltage_effects_per_pot_day
        Mean number of low-voltage anode effects.
    anode_change_every_s
        Time between two anode changes of a pot [s]; None: never.
    bath_sample_every_s
        Time between two bath samples of a pot [s].
    scale_error
        Largest error of the crane's scale [1].
    rectifier_units
        Number of rectifier units; None: one for each rectifier_ac meter.
    pot_outages, rectifier_outages, feeder_blocks
        Pots that are bridged out, units that are out of use, and pots whose alumina feeders are blocked (until their
        anode effect breaks them open; the length means nothing).
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
    current_efficiency_deviation: float = 0.0
    low_voltage_effects_per_pot_day: float = 0.0
    anode_change_every_s: float | None = None
    bath_sample_every_s: float = 115_200.0
    scale_error: float = 0.001
    rectifier_units: int | None = None
    pot_outages: tuple[Outage, ...] = ()
    rectifier_outages: tuple[Outage, ...] = ()
    feeder_blocks: tuple[Outage, ...] = ()


@dataclass(frozen=True, slots=True)
class SupplyBehaviour:
    """Where the plant's electricity comes from.

    Parameters
    ----------
    renewable_share, renewable_swing
        Mean share of renewables in the grid, and how much higher the sun lifts it at noon [1].
    utc_offset_h
        Local time, for the sun [h].
    captive_w, captive_factor
        What the plant's own power station can carry [W], and its emission factor [t/MWh = kg/kWh].
    """

    renewable_share: float = 0.30
    renewable_swing: float = 0.0
    utc_offset_h: float = 8.0
    captive_w: float = 0.0
    captive_factor: float = 1.0


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
    feeder_loads
        What hangs on each of them.
    supply
        Where the electricity comes from.
    root
        The scenario's own table: the servers read ``[endpoints]`` and ``[[faults]]`` from it.
    profiles_folder
        Where the register maps are.
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
    feeder_loads: Mapping[str, Load]
    supply: SupplyBehaviour
    root: Table
    profiles_folder: Path


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
        meters=meter_behaviours(root, plant),
        feeders=_feeders(root, plant),
        feeder_loads=_feeder_loads(root, plant),
        supply=_supply(root),
        root=root,
        profiles_folder=folder,
    )
    root.table("endpoints", required=False)
    root.rows("faults")
    root.refuse_unknown_keys()
    for meter in plant.meters.values():
        refuse_unfit_meter(file, plant, meter, scenario.profiles[meter.profile], scenario.meters[meter.id])
    return scenario


def _lines(root: Table, plant: Plant) -> dict[str, LineBehaviour]:
    refuse_others(root.table("potlines"), plant.potlines, "a potline")
    tables = root.tables("potlines")
    missing = [name for name in plant.potlines if name not in tables]
    if missing:
        raise root.error(f"potlines.{missing[0]}", "is missing", "say how this potline of the plant file runs")
    return {name: _line(table, plant.potlines[name]) for name, table in tables.items()}


def _line(table: Table, potline: Potline) -> LineBehaviour:
    efficiency, pots = None, len(potline.pots)
    if "current_efficiency" in table:
        efficiency = table.quantity("current_efficiency", SHARE, low=0.5, high=1)
    behaviour = LineBehaviour(
        line_current_a=table.number("line_current_ka", low=1, high=1000) * 1000,
        current_deviation=table.quantity("current_deviation", SHARE, "0.3 %", low=0, high=0.1),
        modulation=tuple(_modulation(row) for row in table.rows("modulation")),
        pot_voltage_v=table.number("pot_voltage_v", low=3.3, high=6),
        anode_effects_per_pot_day=table.number("anode_effects_per_pot_day", 0.1, low=0, high=100),
        tap_every_s=table.quantity("tap_every", DURATION, "24h", low=600, high=10 * 86400),
        current_efficiency=efficiency,
        # Crossovers and passages of some 36 mV a pot at 400 kA.
        busbar_ohm=table.number("busbar_uohm", 0.09 * pots, low=0, high=1000) * 1e-6,
        rectifier_efficiency=table.quantity("rectifier_efficiency", SHARE, "98.5 %", low=0.8, high=1),
        current_efficiency_deviation=table.quantity("current_efficiency_deviation", SHARE, "0.1 %", low=0, high=0.05),
        low_voltage_effects_per_pot_day=table.number("low_voltage_effects_per_pot_day", 0.05, low=0, high=100),
        anode_change_every_s=_anode_change_every(table),
        bath_sample_every_s=table.quantity("bath_sample_every", DURATION, "32h", low=600, high=30 * 86400),
        scale_error=table.quantity("scale_error", SHARE, "0.1 %", low=0, high=0.1),
        rectifier_units=table.whole("rectifier_units", low=1, high=20) if "rectifier_units" in table else None,
        pot_outages=_outages(table, "pot_outages", "pot", potline.pots),
        rectifier_outages=_outages(table, "rectifier_outages", "unit", None),
        feeder_blocks=_outages(table, "feeder_blocks", "pot", potline.pots, lasting=False),
    )
    table.refuse_unknown_keys()
    return behaviour


def _anode_change_every(table: Table) -> float | None:
    every = table.quantity("anode_change_every", DURATION, "32h", low=0, high=30 * 86400)
    return every or None


def _outages(
    table: Table, key: str, what: str, names: tuple[str, ...] | None, *, lasting: bool = True
) -> tuple[Outage, ...]:
    """Read what is out of use and when: pots by their number in the plant file, units counted from 1."""
    outages = []
    for row in table.rows(key):
        if names is None:
            place = row.whole(what, low=1, high=20) - 1
        else:
            name = row.text(what)
            if name not in names:
                raise row.error(what, f"is {name!r}, not a pot of this potline", f"use {names[0]} to {names[-1]}")
            place = names.index(name)
        length = row.quantity("for", DURATION, low=1) if lasting else 0.0
        outages.append(Outage(place, row.quantity("at", DURATION, low=0), length))
        row.refuse_unknown_keys()
    return tuple(outages)


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


def _feeders(root: Table, plant: Plant) -> dict[str, float]:
    group = root.table("feeders", required=False)
    auxiliary = _auxiliary(plant)
    refuse_others(group, auxiliary, "an auxiliary_ac meter")
    return {
        name: group.quantity(name, POWER, low=0)
        if name in group
        else FEEDER_W_PER_POT * len(plant.potlines[meter.potline].pots)
        for name, meter in auxiliary.items()
    }


def _feeder_loads(root: Table, plant: Plant) -> dict[str, Load]:
    group = root.table("feeder_loads", required=False)
    auxiliary = _auxiliary(plant)
    refuse_others(group, auxiliary, "an auxiliary_ac meter")
    loads: dict[str, Load] = {}
    for name in auxiliary:
        kind = group.text(name, Load.FANS)
        if kind not in list(Load):
            raise group.error(name, f"is {kind!r}", f"use one of {', '.join(Load)}")
        loads[name] = Load(kind)
    return loads


def _auxiliary(plant: Plant) -> dict[str, Meter]:
    return {meter.id: meter for meter in plant.meters.values() if meter.measures == Measures.AUXILIARY_AC}


def _supply(root: Table) -> SupplyBehaviour:
    grid = root.table("grid", required=False)
    captive = root.table("captive", required=False)
    supply = SupplyBehaviour(
        renewable_share=grid.quantity("renewable_share", SHARE, "30 %", low=0, high=0.95),
        renewable_swing=grid.quantity("renewable_swing", SHARE, "0 %", low=0, high=0.5),
        utc_offset_h=grid.number("utc_offset_h", 8, low=-12, high=14),
        captive_w=captive.quantity("power", POWER, "0 MW", low=0),
        captive_factor=captive.number("factor_t_per_mwh", 1.0, low=0, high=3),
    )
    grid.refuse_unknown_keys()
    captive.refuse_unknown_keys()
    return supply
