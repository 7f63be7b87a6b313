"""The readings of a line's meters from the sums of a window, and when they can be set against each other."""

import math
from dataclasses import replace

import pytest
from feeding_line import RULES, plant_of, rules_of, steady_hour
from msgspec import structs

from collector.accounting.balance import Reading
from collector.accounting.line_balance import (
    EFFICIENCY,
    POTS,
    blamed_meters,
    is_told,
    judged,
    line_meters,
    line_readings,
    transducers,
)
from collector.accounting.sums import MeterSum, Pair, Sums
from collector.plant.accuracy import Accuracy

PLANT = plant_of(2)
LINE = line_meters(PLANT, PLANT.potlines[0], RULES)


def readings(sums: Sums) -> dict[str, Reading]:
    return line_readings(sums, LINE, RULES, least_coverage_pct=90.0)


def test_an_hour_of_68_mwh_and_400_kah_is_170_volts_and_160_of_them_in_the_pots() -> None:
    found = readings(steady_hour())
    assert found["pl1_dc current"].value == 400.0
    assert found["pl1_dc voltage"].value == 170.0
    assert found["pots"].value == pytest.approx(160.0)
    assert found["busbar voltage"] == Reading(10.0, 1.0)
    assert found[EFFICIENCY].value == 0.986
    assert found["feeder-1"].value == pytest.approx(68_000 / 0.986 / 2)


def test_each_reading_is_as_sure_as_its_class() -> None:
    found = readings(steady_hour())
    feeder = found["feeder-1"]
    assert feeder.standard == pytest.approx(feeder.value * 0.002)  # three classes of 0.2, each over the root of three
    assert found["pl1_dc current"].standard == pytest.approx(400 * 0.001 / math.sqrt(3))
    assert found["pl1_dc voltage"].standard == pytest.approx(170 * 0.002 / math.sqrt(3))
    assert found[POTS].standard == pytest.approx(0.16)
    assert found[EFFICIENCY].standard == pytest.approx(0.986 * 0.003)


def test_current_and_voltage_of_a_meter_whose_whole_alone_is_known_are_each_as_sure_as_the_whole() -> None:
    assert transducers(Accuracy(whole=0.0015)) == (0.0015, 0.0015)
    assert transducers(Accuracy(current=0.001, voltage=0.003, meter=0.004)) == (0.001, 0.005)
    assert transducers(Accuracy(current=0.001)) == (0.001, None)
    assert transducers(Accuracy()) == (None, None)


def test_a_feeder_that_takes_nothing_is_left_out() -> None:
    hour = steady_hour(2, shares=(1.0, 0.0))
    assert "feeder-2" not in readings(hour)
    assert [group.id for group in LINE.metering(hour).groups] == ["feeder-1"]


def test_bridged_energy_may_be_anything_between_none_and_twice_as_much() -> None:
    hour = steady_hour()
    half = hour.meters["feeder-1"].kwh
    bridged = structs.replace(hour, meters=hour.meters | {"feeder-1": MeterSum(half, 300.0)})
    assert readings(bridged)["feeder-1"].noise == pytest.approx(300 / math.sqrt(3))


def test_pots_that_were_heard_in_53_of_60_minutes_are_no_reading() -> None:
    hour = steady_hour()
    assert POTS not in readings(structs.replace(hour, pots_minutes=53))
    assert POTS in readings(structs.replace(hour, pots_minutes=54))


def test_a_line_that_stands_has_no_readings_of_direct_current() -> None:
    stands = Sums(minutes=60, meters={"feeder-1": MeterSum(0.0), "feeder-2": MeterSum(0.0)})
    assert set(readings(stands)) == {EFFICIENCY, "busbar voltage"}


def test_ac_and_dc_of_different_minutes_are_not_compared() -> None:
    hour = steady_hour()
    assert is_told(hour, length_s=3600.0, least_coverage_pct=90.0)
    later = structs.replace(hour, liquid_ac=structs.replace(hour.liquid_ac, minutes=59))
    assert not is_told(later, length_s=3600.0, least_coverage_pct=90.0)
    whole = Pair(minutes=43_200)
    one_less = Sums(minutes=43_200, dc=whole, liquid_ac=Pair(minutes=43_157))
    assert is_told(one_less, length_s=43_200 * 60.0, least_coverage_pct=90.0)


def test_an_hour_of_which_half_is_known_is_not_enough() -> None:
    half = structs.replace(steady_hour(), minutes=30, dc=Pair(minutes=30), liquid_ac=Pair(minutes=30))
    assert not is_told(half, length_s=3600.0, least_coverage_pct=90.0)
    assert not is_told(Sums(), length_s=3600.0, least_coverage_pct=90.0)


def test_current_and_voltage_of_one_meter_are_one_suspect() -> None:
    """The line's voltage shows 3 % too much: feeders and pots contradict it together."""
    hour = steady_hour()
    wrong = structs.replace(hour, dc_kwh=1.03 * 68_000, pots_dc_kwh=1.03 * 68_000)
    told = judged(LINE.metering(wrong), readings(wrong), RULES)
    assert blamed_meters(told, LINE) == (("pl1_dc",),)


def test_a_current_that_is_wrong_can_be_a_feeder_as_well_and_nobody_is_named() -> None:
    hour = steady_hour()
    wrong = structs.replace(hour, dc_kwh=1.03 * 68_000, charge_kah=1.03 * 400, pots_dc_kwh=1.03 * 68_000)
    wrong = structs.replace(wrong, pots_kwh=1.03 * 64_000)  # they are weighted with the current that is shown
    told = judged(LINE.metering(wrong), readings(wrong), RULES)
    [group] = blamed_meters(told, LINE)
    assert sorted(group) == ["feeder-1", "feeder-2", "pl1_dc"]


def test_what_has_no_class_is_named_and_the_rest_is_tested() -> None:
    plant = plant_of(2, accuracy=Accuracy())
    line = line_meters(plant, plant.potlines[0], RULES)
    hour = steady_hour()
    wrong = structs.replace(hour, pots_kwh=0.9 * hour.pots_kwh)
    told = judged(line.metering(wrong), line_readings(wrong, line, RULES, least_coverage_pct=90.0), RULES)
    assert told.missing == ("feeder-1", "feeder-2")
    assert told.unused == ("line",)
    assert told.degrees == 1
    assert told.alternatives != ()
    assert told.rectifier_loss_pct == pytest.approx(1.4)


def test_a_dc_meter_behind_a_feeder_makes_a_balance_of_its_own() -> None:
    plant = plant_of(2, group_dc=True)
    line = line_meters(plant, plant.potlines[0], rules_of(2, group_dc=True))
    hour = structs.replace(
        steady_hour(), meters=steady_hour().meters | {name: MeterSum(34_000.0, 0.0, 60) for name in ("dc-1", "dc-2")}
    )
    found = line_readings(hour, line, RULES, least_coverage_pct=90.0)
    told = judged(line.metering(hour), found, RULES)
    assert told.degrees == 4  # two groups, the line, the pots
    assert told.unused == ()


def test_without_rules_there_are_energies_and_no_efficiency() -> None:
    line = line_meters(PLANT, PLANT.potlines[0], None)
    found = line_readings(steady_hour(), line, None, least_coverage_pct=90.0)
    assert EFFICIENCY not in found
    assert found[POTS].standard is None


def test_a_line_without_a_meter_of_its_direct_current_has_feeders_only() -> None:
    plant = replace(PLANT, meters=tuple(meter for meter in PLANT.meters if meter.id != "pl1_dc"))
    line = line_meters(plant, plant.potlines[0], RULES)
    found = line_readings(steady_hour(), line, RULES, least_coverage_pct=90.0)
    assert set(found) == {"feeder-1", "feeder-2", EFFICIENCY, "busbar voltage"}
    assert line.metering(steady_hour()).constraints() == ()
