"""A basis of a statement made by hand: one potline of the example plant, two hours, with round numbers."""

import dataclasses
from datetime import date

from example_plant import CONFIG
from line_story import PLANT, T0

from collector.accounting.parameters import Conventions, parameters_at, wanted
from collector.accounting.sums import MeterSum, Pair, Sums
from collector.accounting.windows import Window
from collector.plant.topology import Plant
from collector.readings.event import EffectOrigin
from collector.reporting.basis import Basis, Day, LineBasis, Segment
from collector.reporting.statement import Row, Standing, Statement
from collector.settings import load

HOUR_S = 3600.0
RULES = load(CONFIG).rules
STANDING = Standing(17, "ab" * 32, "2026-03-01 14:00+08:00", 2, 0, (), ())


def sums_of(energy_kwh: float = 132_000.0, metal_t: float = 10.0, *, covered_s: float = 2 * HOUR_S) -> Sums:
    """Return two hours: DC 95 % and rectifiers 98 % of the energy; 9 s of anode effects in 3 cell-days a tonne."""

    def pair(share: float) -> Pair:
        return Pair(120, energy_kwh * share, metal_t, covered_s, 0.0, 0.0, 192)

    return Sums(
        minutes=120,
        pots=40,
        dc_kwh=energy_kwh * 0.95,
        ac_kwh=energy_kwh * 0.98,
        auxiliary_kwh=energy_kwh * 0.02,
        charge_kah=800.0,
        metal_t=metal_t,
        cell_days=metal_t / 3,
        anode_effects=1,
        anode_effect_s=90.0,
        dc=pair(0.95),
        liquid_ac=pair(0.98),
        comprehensive=pair(1.0),
        anode_t_co2=metal_t * 0.415 * 0.976 * 44 / 12,
        paired_anode_effect_s=90.0,
        paired_cell_days=metal_t / 3,
        meters={
            "pl1_dc": MeterSum(energy_kwh * 0.95),
            "rectifier_1": MeterSum(energy_kwh * 0.49),
            "rectifier_2": MeterSum(energy_kwh * 0.49),
            "fume_treatment": MeterSum(energy_kwh * 0.012),
            "compressed_air": MeterSum(energy_kwh * 0.008),
        },
    )


def basis_of(sums: Sums | None = None, *, plant: Plant = PLANT, known_s: float = 2 * HOUR_S) -> Basis:
    """Return the basis of a statement on the two hours from T0."""
    made = sums_of() if sums is None else sums
    potline = plant.potlines[0]
    conventions = Conventions(60.0, 60.0, EffectOrigin.CONTROLLER)
    parameters = parameters_at(plant, potline, wanted(plant, potline, conventions), T0)
    window = Window("period", T0, T0 + round(2 * HOUR_S * 1e9))
    day = Day("2026-03-01", window, known_s, made)
    return Basis(
        plant=plant,
        rules=RULES,
        least_coverage_pct=90.0,
        window=window,
        known_s=known_s,
        label="2026-03-01T12:00/2026-03-01T14:00",
        begins="2026-03-01 12:00+08:00",
        ends="2026-03-01 14:00+08:00",
        day=date(2026, 3, 1),
        lines=(LineBasis(potline, made, (Segment(parameters, made),), (day,)),),
        standing=STANDING,
    )


def with_plant(**changes: object) -> Plant:
    """Return the example plant with some of its parts replaced."""
    return dataclasses.replace(PLANT, **changes)  # type: ignore[arg-type]


def row(statement: Statement, label: str, *, where: str | None = None) -> Row:
    """Return the one row of a label."""
    (found,) = (
        each
        for section in statement.sections
        for each in section.rows
        if each.label == label and where in {None, each.where} and not (section.by_period and each.period)
    )
    return found


def lacks(statement: Statement) -> list[str]:
    """Return what a statement says is missing."""
    return [lack.what for lack in statement.missing]
