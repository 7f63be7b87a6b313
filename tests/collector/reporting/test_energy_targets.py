"""Targets in the statement of energy: the gap in kWh/t and in MWh, and whether it is within the uncertainty."""

import dataclasses

import msgspec
import pytest
from line_story import PLANT, T0
from stated_period import HOUR_S, basis_of, lacks, row, sums_of, with_plant

from collector.plant.accuracy import Accuracy
from collector.plant.factors import DatedSeries, DatedValue
from collector.plant.limits import Boundary, Targets
from collector.plant.topology import Plant
from collector.reporting.energy import energy_statement


def series(value: float, *, since_ns: int = 0) -> DatedSeries:
    return DatedSeries("target", (DatedValue(value, since_ns, "board decision"),))


def wanting(kwh_per_t: float, boundary: Boundary = Boundary.LIQUID_COMPREHENSIVE_AC, **changes: object) -> Plant:
    return with_plant(targets=Targets(kwh_per_t={boundary: series(kwh_per_t)}), **changes)


def test_13200_kwh_per_t_over_10_t_miss_a_target_of_13150_by_50_kwh_per_t_and_half_a_mwh() -> None:
    statement = energy_statement(basis_of(plant=wanting(13_150.0)))
    assert row(statement, "target of liquid_comprehensive_ac").value == 13_150.0
    assert row(statement, "target of liquid_comprehensive_ac").source == "board decision"
    gap = row(statement, "liquid_comprehensive_ac above its target")
    assert gap.value == pytest.approx(50.0)
    assert gap.unit == "kWh/t"
    assert gap.note == "missed; whether beyond the uncertainty is not known"
    energy = row(statement, "liquid_comprehensive_ac above its target, energy")
    assert energy.value == pytest.approx(0.5)
    assert energy.unit == "MWh"


@pytest.mark.parametrize(
    ("target", "note"),
    [
        (12_500.0, "missed, within the uncertainty"),
        (12_300.0, "missed, beyond the uncertainty"),
        (12_540.0, "met, within the uncertainty"),
        (12_800.0, "met, beyond the uncertainty"),
    ],
)
def test_a_gap_is_set_against_one_percent_of_12540(target: float, note: str) -> None:
    line = PLANT.potlines[0]
    (efficiency,) = line.current_efficiency.values
    sure = dataclasses.replace(efficiency, relative_standard_uncertainty=0.005)
    lines = (dataclasses.replace(line, current_efficiency=DatedSeries("ce", (sure,))),)
    meters = tuple(dataclasses.replace(meter, accuracy=Accuracy(whole=0.002)) for meter in PLANT.meters)
    statement = energy_statement(basis_of(plant=wanting(target, Boundary.DC, potlines=lines, meters=meters)))
    gap = row(statement, "dc above its target")
    assert gap.expanded_95 == pytest.approx(125.4, rel=1e-6)
    assert row(statement, "dc above its target, energy").expanded_95 == pytest.approx(1.254, rel=1e-6)
    assert gap.note == note


def test_a_value_that_is_withheld_meets_no_target() -> None:
    statement = energy_statement(basis_of(sums_of(covered_s=1.0 * HOUR_S), plant=wanting(13_150.0)))
    gap = row(statement, "liquid_comprehensive_ac above its target")
    assert (gap.value, gap.note) == (None, "withheld: less than 90 % is known")


def test_a_target_that_begins_later_is_listed_and_not_compared() -> None:
    later = Targets(kwh_per_t={Boundary.DC: series(12_000.0, since_ns=T0 + 10**18)})
    statement = energy_statement(basis_of(plant=with_plant(targets=later)))
    assert not [s for s in statement.sections if s.title == "Targets"]
    assert [text for text in lacks(statement) if text.startswith("target kwh_per_t.dc: none is in force")]


def test_a_target_of_ingots_without_ingots_is_listed() -> None:
    statement = energy_statement(basis_of(plant=wanting(13_300.0, Boundary.INGOT_COMPREHENSIVE_AC)))
    assert "target of ingot_comprehensive_ac: the boundary is not stated" in lacks(statement)


def test_the_target_of_emissions_is_set_against_anodes_gases_and_electricity() -> None:
    plant = with_plant(targets=Targets(t_co2e_per_t=series(8.0)))
    sums = msgspec.structs.replace(sums_of(), electricity_t_co2=70.0)
    statement = energy_statement(basis_of(sums, plant=plant))
    assert row(statement, "target of emissions").value == 8.0
    gap = row(statement, "emissions above their target")
    anode = 0.415 * 0.976 * 44 / 12
    minutes = 90 / 60 / (10 / 3)
    gases = 0.143 * minutes / 1000 * (6630 + 0.121 * 11100)
    assert gap.value == pytest.approx(anode + gases + 7.0 - 8.0)
    assert row(statement, "emissions above their target, mass").value == pytest.approx(10 * (anode + gases + 7.0 - 8.0))
