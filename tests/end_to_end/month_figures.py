"""What the ledger says of a simulated month beside what happened, and how well each figure is known."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from example_plant import CONVENTIONS
from month_run import Month

from collector.accounting.error_sources import (
    AnodeCarbon,
    Charge,
    CurrentEfficiency,
    EfficiencyBasis,
    ErrorSource,
    Factor,
    FaradayMetal,
    Gap,
    MeterEnergy,
    SlopeMethod,
    WeighedMetal,
    Weighings,
)
from collector.accounting.integrals import Amount
from collector.accounting.intensity import emissions_intensity
from collector.accounting.parameters import Parameters, Role, parameters_at, wanted
from collector.accounting.sums import Sums
from collector.accounting.uncertainty import Budget, emission_budgets, energy_budgets
from collector.closing.book import stated
from collector.closing.gathering import gather
from collector.plant.meter import Meter
from collector.plant.topology import Plant
from collector.readings.cell import MINUTE_NS
from collector.store import ledger
from simulators.physics.tapping import SCALE_STEP_KG

REGISTER_STEP_KWH = {
    "pl1_dc": 0.001,
    "rectifier_1": 0.001,
    "rectifier_2": 0.001,
    "fume_treatment": 0.1,
    "compressed_air": 4.0,
}
"""How coarse the registers are [kWh]; float32 has steps of 4 kWh up to 67 GWh."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a window: what happened, what the ledger says, and how well that is known.

    ``standard`` is the standard uncertainty that is stated, ``by_classes`` the one without noise and gaps.
    """

    window: str
    name: str
    true: float
    stated: float
    standard: float
    by_classes: float

    @property
    def agrees(self) -> bool:
        """Whether what happened lies within the expanded uncertainty."""
        return abs(self.stated - self.true) <= 2 * self.standard

    @property
    def off(self) -> float:
        """Distance from what happened in expanded uncertainties [1]."""
        return abs(self.stated - self.true) / (2 * self.standard)


@dataclass(frozen=True, slots=True)
class Account:
    """A window of the ledger in force, with the amounts of each meter by minute."""

    name: str
    start_ns: int
    end_ns: int
    revision: int
    sums: Sums
    whole: Sequence[int]
    amounts: Mapping[str, Sequence[Amount]]


def accounts(db: sqlite3.Connection, month: Month, name: str) -> list[Account]:
    """Return the windows of one kind, as far as they were simulated."""
    plant = month.both.plant
    what = wanted(plant, plant.potlines[0], CONVENTIONS)
    found = []
    for record in ledger.latest_records(db, "PL1", name, 0, 2**62):
        start_ns = max(record.start_ns, month.begin_ns)
        end_ns = min(record.start_ns + record.length_s * 1_000_000_000, month.end_ns)
        minutes = ledger.latest_records(db, "PL1", "minute", start_ns, end_ns)
        whole = [minute.start_ns for minute in minutes if stated(minute).sums.comprehensive.minutes]
        inputs = [each.inputs for each in gather(db, what, start_ns, (end_ns - start_ns) // MINUTE_NS)]
        amounts = {place.meter: [each.energy_kwh[place.meter] for each in inputs] for place in what.meters}
        entry = stated(record)
        found.append(Account(name, start_ns, end_ns, entry.revision, entry.sums, whole, amounts))
    return found


def figures(month: Month, account: Account) -> list[Figure]:
    """Return all figures of a window that the truth knows."""
    plant = month.both.plant
    potline = plant.potlines[0]
    what = wanted(plant, potline, CONVENTIONS)
    parameters = parameters_at(plant, potline, what, account.start_ns)
    every = range(account.start_ns, account.end_ns, MINUTE_NS)
    sums = account.sums
    found = []
    for name, roles, kwh in (
        ("dc_kwh", {Role.DC}, sums.dc_kwh),
        ("ac_kwh", {Role.RECTIFIER}, sums.ac_kwh),
        ("auxiliary_kwh", {Role.AUXILIARY}, sums.auxiliary_kwh),
    ):
        meters = [place.meter for place in what.meters if place.role in roles]
        assert abs(kwh - sum(sums.meters[meter].kwh for meter in meters)) < 1e-6 * kwh
        known, rough = (
            energy_budgets(_meters(plant, account, meters, only_classes=only), _metal(plant, account))
            for only in (False, True)
        )
        found.append(_figure(account, name, _true(month, every, name), known.energy_kwh, rough.energy_kwh, kwh))
    of_metal = energy_budgets(_meters(plant, account, ["pl1_dc"], only_classes=True), _metal(plant, account)).metal_t
    found.append(_figure(account, "metal_t", _true(month, every, "metal_t"), of_metal, of_metal, sums.metal_t))
    found.append(_tapped(month, account, every))
    return [*found, *_emissions(month, account, parameters)]


def _tapped(month: Month, account: Account, every: Sequence[int]) -> Figure:
    relative = month.both.plant.potlines[0].weighing_relative_standard_uncertainty
    count = sum(bool(month.truth[minute]["tapped_t"]) for minute in every)
    # Full and empty: two roundings make the net mass.
    resolution = np.sqrt(2.0) * SCALE_STEP_KG / 1000
    scale = ErrorSource("scale", relative)
    mass = account.sums.tapped_t
    budgets = [
        energy_budgets(
            [MeterEnergy("line", account.sums.dc_kwh, (ErrorSource("line", 0.0),), 0.0)],
            WeighedMetal((Weighings(mass, scale, count, step),), 0.0, 0.0),
        ).metal_t
        for step in (float(resolution), 0.0)
    ]
    return _figure(account, "tapped_t", _true(month, every, "tapped_t"), budgets[0], budgets[1], mass)


def _emissions(month: Month, account: Account, parameters: Parameters) -> Iterator[Figure]:
    """Give out the emissions of the minutes that are whole; the truth is asked about the same minutes."""
    plant, sums = month.both.plant, account.sums
    length_s = (account.end_ns - account.start_ns) * 1e-9
    said = emissions_intensity(sums, parameters, length_s=length_s, least_coverage_pct=90.0)
    assert said is not None
    assert said.t_co2e_per_t is not None
    consumption = parameters.net_anode_consumption
    assert consumption is not None
    meters = [place.meter for place in parameters.wanted.meters if place.role is not Role.DC]
    known, rough = (
        emission_budgets(
            _meters(plant, account, meters, only_classes=only),
            _metal(plant, account),
            anode=AnodeCarbon(
                Factor("net anode consumption", consumption.value, None),
                Factor("sulphur", parameters.anode_sulphur_pct, None),
                Factor("ash", parameters.anode_ash_pct, None),
            ),
            pfc=SlopeMethod(
                Factor("anode-effect time", sums.paired_anode_effect_s, None),
                sums.paired_cell_days,
                Factor("slope", parameters.slope, None),
                Factor("C2F6 ratio", parameters.c2f6_per_cf4, None),
                parameters.gwp_cf4,
                parameters.gwp_c2f6,
            ),
            grid=Factor("grid", parameters.grid.value, None),
        )
        for only in (False, True)
    )
    grid = parameters.grid.value / 1000
    anode, pfc = (_true(month, account.whole, name) for name in ("anode_t_co2e", "pfc_t_co2e"))
    electricity = grid * sum(_true(month, account.whole, name) for name in ("ac_kwh", "auxiliary_kwh"))
    total = anode + pfc + electricity
    metal_t = _true(month, account.whole, "metal_t")
    for name, true, value in (
        ("anode_t_co2e", anode, said.anode_t_co2e),
        ("pfc_t_co2e", pfc, said.pfc_t_co2e),
        ("electricity_t_co2e", electricity, said.electricity_t_co2e),
        ("total_t_co2e", total, said.total_t_co2e),
        ("t_co2e_per_t", total / metal_t, said.t_co2e_per_t),
    ):
        assert value is not None, name
        yield _figure(account, name, true, getattr(known, name), getattr(rough, name), value)
    pair = sums.comprehensive
    both = [
        energy_budgets(_meters(plant, account, meters, only_classes=only), _metal(plant, account)).kwh_per_t
        for only in (False, True)
    ]
    kwh = sum(_true(month, account.whole, name) for name in ("ac_kwh", "auxiliary_kwh"))
    yield _figure(account, "kwh_per_t", kwh / metal_t, both[0], both[1], pair.energy_kwh / pair.metal_t)


def _figure(account: Account, name: str, true: float, known: Budget, rough: Budget, value: float) -> Figure:
    assert known.standard is not None
    assert rough.standard is not None
    # The budget may be of a few minutes more than a pair: its relative uncertainty is that of the figure.
    scale = value / known.value
    return Figure(account.name, name, true, value, known.standard * scale, rough.standard * scale)


def _true(month: Month, minutes: Sequence[int], name: str) -> float:
    return float(np.sum([month.truth[minute][name] for minute in minutes]))


def _metal(plant: Plant, account: Account) -> FaradayMetal:
    line = next(meter for meter in plant.meters if meter.id == "pl1_dc")
    sums, known = account.sums, plant.potlines[0].current_efficiency.at(account.start_ns)
    assert known.relative_standard_uncertainty is not None
    efficiency = CurrentEfficiency(
        known.value, known.value * known.relative_standard_uncertainty, EfficiencyBasis.INDEPENDENT
    )
    transducer = ErrorSource("current transducer", line.accuracy.current)
    pots = sums.cell_days * 1440 / sums.minutes
    return FaradayMetal(Charge(sums.charge_kah, transducer, 0.001 / float(np.sqrt(6.0))), efficiency, pots)


def _meters(plant: Plant, account: Account, names: Sequence[str], *, only_classes: bool) -> list[MeterEnergy]:
    found = []
    for meter in plant.meters:
        if meter.id not in names:
            continue
        sure = meter.accuracy
        classes = (
            (ErrorSource("current transducer", sure.current), ErrorSource("voltage divider", sure.voltage))
            if meter.id == "pl1_dc"
            else (ErrorSource(f"{meter.id} class", sure.meter),)
        )
        noise = 0.0 if only_classes else REGISTER_STEP_KWH[meter.id] / float(np.sqrt(6.0))
        gaps = () if only_classes else tuple(_gaps(meter, account.amounts[meter.id]))
        found.append(MeterEnergy(meter.id, account.sums.meters[meter.id].kwh, classes, noise, gaps))
    return found


def _gaps(meter: Meter, amounts: Sequence[Amount]) -> Iterator[Gap]:
    """Give out the gaps of a counter that leave its energy uncertain.

    What it counted in a gap within the window is known as soon as it is heard again. Uncertain is what lies across the
    window's beginning or end, and what it showed while nobody knew that it was another meter.
    """
    unknown_s = sum(60.0 - amount.known_s for amount in amounts)
    if unknown_s > 0.1:
        yield Gap(0.0, meter.rated_power_kw, unknown_s / 3600)
    runs = [(estimated, list(run)) for estimated, run in groupby(amounts, key=lambda amount: amount.estimated_s > 0)]
    for place in {0, len(runs) - 1}:
        estimated, run = runs[place]
        if estimated:
            share = [amount.estimated_s / amount.known_s for amount in run]
            kwh = sum(amount.amount * part for amount, part in zip(run, share, strict=True))
            yield Gap(kwh, meter.rated_power_kw, sum(amount.estimated_s for amount in run) / 3600)
