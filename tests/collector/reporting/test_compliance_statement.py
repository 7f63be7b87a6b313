"""Limits, what lies outside them and when; what is too little known says neither."""

import dataclasses

import pytest
from line_story import T0
from stated_period import basis_of, lacks, row, with_plant

from collector.plant.limits import Limit
from collector.readings.quantity import Quantity
from collector.reporting.basis import Averages, Basis
from collector.reporting.compliance import compliance_statement

SO2 = Limit("so2_gtc", Quantity.SO2, "mg/m3", 1800.0, 0, "permit, table 2", most=200.0, stack="GTC-1")
HALF_HOURS = tuple(T0 + n * 1800 * 10**9 for n in range(4))


def judged(limit: Limit, means: tuple[float, ...], covered: tuple[float, ...]) -> Basis:
    averages = {limit.name: (Averages("gas", limit.quantity, HALF_HOURS, means, covered),)}
    return dataclasses.replace(basis_of(plant=with_plant(limits=(limit,))), averages=averages)


def test_a_block_above_its_limit_is_listed_with_its_time_and_one_on_the_limit_meets_it() -> None:
    statement = compliance_statement(judged(SO2, (200.0, 250.0, 199.9, 300.0), (1.0, 1.0, 1.0, 0.5)))
    assert row(statement, "so2_gtc (so2): blocks outside").value == 1
    assert row(statement, "so2_gtc (so2): blocks judged").value == 3
    assert row(statement, "so2_gtc (so2): blocks withheld").value == 1
    assert row(statement, "so2_gtc (so2): greatest mean over the limit").value == pytest.approx(125.0)
    (outside,) = (s for s in statement.sections if s.title == "Exceedances")
    assert [(r.label, r.period, r.value, r.unit, r.where) for r in outside.rows] == [
        ("so2_gtc (so2): outside, greatest mean", "2026-03-01 12:30+08:00", 250.0, "mg/m3", "GTC-1"),
        ("so2_gtc (so2): outside, length", "2026-03-01 12:30+08:00", 0.5, "h", "GTC-1"),
    ]
    assert outside.rows[1].note == "until 2026-03-01 13:00+08:00"


def test_blocks_outside_that_follow_each_other_are_one_exceedance_with_its_greatest_mean() -> None:
    statement = compliance_statement(judged(SO2, (210.0, 280.0, 190.0, 205.0), (1.0, 0.95, 1.0, 1.0)))
    assert row(statement, "so2_gtc (so2): exceedances").value == 2
    assert row(statement, "so2_gtc (so2): time outside").value == 1.5
    (outside,) = (s for s in statement.sections if s.title == "Exceedances")
    assert [(r.period[11:16], r.value) for r in outside.rows] == [
        ("12:00", 280.0), ("12:00", 1.0), ("13:30", 205.0), ("13:30", 0.5)
    ]  # fmt: skip
    assert outside.rows[0].coverage_pct == 95.0


def test_a_withheld_block_between_two_outside_parts_them() -> None:
    statement = compliance_statement(judged(SO2, (210.0, 280.0, 205.0, 190.0), (1.0, 0.5, 1.0, 1.0)))
    assert row(statement, "so2_gtc (so2): exceedances").value == 2
    assert row(statement, "so2_gtc (so2): time outside").value == 1.0


def test_where_no_block_is_known_enough_nothing_is_said_to_be_met() -> None:
    statement = compliance_statement(judged(SO2, (250.0,) * 4, (0.5,) * 4))
    outside = row(statement, "so2_gtc (so2): blocks outside")
    assert outside.value is None
    assert outside.note.startswith("withheld: no block is known enough")
    assert row(statement, "so2_gtc (so2): time outside").value is None


def test_a_lower_bound_is_judged_too() -> None:
    current = Limit("current", Quantity.LINE_CURRENT, "kA", 1800.0, 0, "operations", least=390.0, potline="PL1")
    statement = compliance_statement(judged(current, (400.0, 380.0, 391.0, 100.0), (1.0, 1.0, 1.0, 0.1)))
    assert row(statement, "current (line_current): blocks outside").value == 1
    assert row(statement, "current (line_current): least mean").value == 380.0


def test_a_half_hour_of_which_nothing_is_known_is_withheld() -> None:
    averages = {SO2.name: (Averages("gas", Quantity.SO2, HALF_HOURS[:1], (100.0,), (1.0,)),)}
    basis = dataclasses.replace(basis_of(plant=with_plant(limits=(SO2,))), averages=averages)
    assert row(compliance_statement(basis), "so2_gtc (so2): blocks withheld").value == 3


def test_what_is_not_measured_is_not_judged_and_says_why() -> None:
    specific = dataclasses.replace(SO2, name="so2_mass", unit="kg/t", most=15.0)
    bath = Limit("bath", Quantity.BATH_TEMPERATURE, "degC", 86400.0, 0, "potroom", most=970.0, potline="PL1")
    statement = compliance_statement(basis_of(plant=with_plant(limits=(SO2, specific, bath))))
    assert lacks(statement) == [
        "so2_gtc: so2 of GTC-1 is not judged: it is not measured, or its inputs are no longer kept",
        "so2_mass: so2 of GTC-1 is not judged: no mass of it is in the accounts",
        "bath: bath_temperature of PL1 is not judged: values of single pots are not kept",
    ]


def test_limits_of_rules_are_listed_and_not_judged_without_an_averaging_time() -> None:
    statement = compliance_statement(basis_of())
    so2 = row(statement, "gb_25465_2010: so2")
    assert (so2.value, so2.unit) == (200.0, "mg/Nm3")
    assert "the source names no averaging time" in so2.note
    assert "a draft, for comparison only" in row(statement, "henan_draft: so2").note
    assert "limits: none is configured for the plant" in lacks(statement)


def test_a_limit_that_begins_within_the_period_counts_its_blocks_from_then_on() -> None:
    later = dataclasses.replace(SO2, valid_from_ns=HALF_HOURS[2])
    averages = {SO2.name: (Averages("gas", Quantity.SO2, HALF_HOURS[2:], (100.0, 210.0), (1.0, 1.0)),)}
    basis = dataclasses.replace(basis_of(plant=with_plant(limits=(later,))), averages=averages)
    statement = compliance_statement(basis)
    assert row(statement, "so2_gtc (so2): blocks outside").value == 1
    assert row(statement, "so2_gtc (so2): blocks withheld").value == 0
    assert row(statement, "so2_gtc (so2): blocks judged").coverage_pct == 100.0
    ended = dataclasses.replace(SO2, valid_to_ns=T0)
    assert lacks(compliance_statement(basis_of(plant=with_plant(limits=(ended,))))) == []
