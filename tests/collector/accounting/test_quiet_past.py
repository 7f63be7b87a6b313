"""The past that a line's meters are compared with: its days, when it begins anew, and what has drifted since."""

from dataclasses import replace

import msgspec
import pytest
from feeding_line import RULES, T0, FeedingLine, day_window, plant_of, rules_of, with_error
from msgspec import structs

from collector.accounting import sums as adding
from collector.accounting.line_balance import LineMeters, line_meters
from collector.accounting.quiet_past import Past, drifted, made_for, past_of, with_day
from collector.accounting.sums import Sums
from collector.accounting.windows import DAY_NS
from collector.plant.accuracy import Accuracy
from collector.plant.balance import BalanceRules


def line_of(rectifiers: int, rules: BalanceRules = RULES) -> LineMeters:
    plant = plant_of(rectifiers)
    return line_meters(plant, plant.potlines[0], rules)


def learned(line: LineMeters, days: list[Sums], rules: BalanceRules = RULES) -> Past:
    past = past_of("", line, rules)
    for number, day in enumerate(days):
        past = with_day(past, day_window(number), day, line, rules)
    return past


def days_of(rectifiers: int, count: int, *, seed: int = 3) -> list[Sums]:
    feeding = FeedingLine(rectifiers, seed=seed)
    return [adding.total(feeding.day()) for _ in range(count)]


def test_seven_whole_days_are_the_past_and_six_are_not() -> None:
    line, days = line_of(3), days_of(3, 7)
    six = learned(line, days[:6])
    assert not six.is_known
    assert sorted(six.days) == [T0 + number * DAY_NS for number in range(6)]
    seven = learned(line, days)
    assert seven.is_known
    assert seven.days == {}
    assert sum(share for share, _ in seven.shares.values()) == pytest.approx(1.0)
    assert set(seven.factors) == {
        "feeder-1",
        "feeder-2",
        "feeder-3",
        "pl1_dc current",
        "pl1_dc voltage",
        "pots",
        "busbar voltage",
        "rectifier efficiency",
    }
    assert seven.factors["feeder-1"] == pytest.approx(1.0, abs=0.01)


def test_a_day_with_a_minute_less_is_none_of_it() -> None:
    line, [day] = line_of(3), days_of(3, 1)
    assert learned(line, [structs.replace(day, minutes=1439)]).days == {}
    unknown = structs.replace(day, liquid_ac=structs.replace(day.liquid_ac, minutes=1439))
    assert learned(line, [unknown]).days == {}
    assert learned(line, [structs.replace(day, pots_minutes=1439)]).days == {}
    bridged = structs.replace(day, dc=structs.replace(day.dc, estimated_s=90.0))
    assert learned(line, [bridged]).days == {}


def test_a_day_whose_meters_do_not_fit_is_none_of_it_and_one_stated_again_is_taken_out() -> None:
    line, days = line_of(3), days_of(3, 2)
    past = learned(line, days)
    assert len(past.days) == 2
    wrong = structs.replace(days[1], pots_kwh=0.9 * days[1].pots_kwh)
    assert len(with_day(past, day_window(1), wrong, line, RULES).days) == 1


def test_days_before_the_reference_begins_are_none_of_it() -> None:
    rules = replace(RULES, reference_from_ns=T0 + DAY_NS)
    line = line_of(3, rules)
    assert sorted(learned(line, days_of(3, 2), rules).days) == [T0 + DAY_NS]


def test_nothing_is_of_it_where_the_classes_are_not_known() -> None:
    plant = plant_of(3)
    bare = tuple(replace(meter, accuracy=Accuracy()) for meter in plant.meters)
    line = line_meters(replace(plant, meters=bare), plant.potlines[0], replace(RULES, pots_relative=None))
    assert learned(line, days_of(3, 1)).days == {}


def test_a_past_comes_back_from_the_store_and_another_meter_begins_another() -> None:
    line = line_of(3)
    past = learned(line, days_of(3, 7))
    body = msgspec.json.encode(past).decode()
    assert past_of(body, line, RULES) == past
    later = replace(RULES, reference_from_ns=T0)
    assert past_of(body, line, later) == Past(made_for(line, later))
    half = learned(line, days_of(3, 4))
    assert past_of(msgspec.json.encode(half).decode(), line, RULES) == half


def test_a_past_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ValueError, match="read the reference of a balance from the store: "):
        past_of("{", line_of(3), RULES)


def test_a_feeder_that_is_2_percent_wrong_since_is_named_by_its_share() -> None:
    line, days = line_of(5), days_of(5, 8)
    past = learned(line, days[:7])
    assert drifted(past, days[7], line, RULES, least_coverage_pct=90.0).groups == ()
    wrong = with_error(days[7], "feeder-4", 0.02)
    assert drifted(past, wrong, line, RULES, least_coverage_pct=90.0).groups == (("feeder-4",),)


def test_a_feeder_is_one_of_five_where_the_load_was_shared_otherwise_every_day() -> None:
    line, days = line_of(5), days_of(5, 8)
    past = learned(line, days[:7])
    wandering = structs.replace(past, shares={feeder: (share, 0.05) for feeder, (share, _) in past.shares.items()})
    [group] = drifted(wandering, with_error(days[7], "feeder-4", 0.02), line, RULES, least_coverage_pct=90.0).groups
    assert sorted(group) == [*(f"feeder-{k}" for k in range(1, 6)), "pl1_dc"]


def shifted(day: Sums, factors: tuple[float, ...]) -> Sums:
    """Return a day whose load was shared otherwise between the rectifiers, all of it as before."""
    kwh = [meter.kwh * factor for meter, factor in zip(day.meters.values(), factors, strict=True)]
    scale = day.ac_kwh / sum(kwh)
    meters = {
        name: structs.replace(meter, kwh=amount * scale)
        for (name, meter), amount in zip(day.meters.items(), kwh, strict=True)
    }
    return structs.replace(day, meters=meters)


@pytest.mark.parametrize("factors", [(1.1, 0.9, 1.0), (1.5, 1.5, 0.0), (0.7, 1.0, 1.0)])
def test_a_load_that_is_shared_otherwise_is_no_fault(factors: tuple[float, ...]) -> None:
    line, days = line_of(3), days_of(3, 8)
    past = learned(line, days[:7])
    assert drifted(past, shifted(days[7], factors), line, RULES, least_coverage_pct=90.0).groups == ()


def test_a_fault_while_a_rectifier_is_off_is_one_of_those_that_are_on() -> None:
    line, days = line_of(3), days_of(3, 8)
    past = learned(line, days[:7])
    off = with_error(shifted(days[7], (1.5, 1.5, 0.0)), "feeder-1", 0.02)
    [group] = drifted(past, off, line, RULES, least_coverage_pct=90.0).groups
    assert sorted(group) == ["feeder-1", "feeder-2", "pl1_dc"]


@pytest.mark.parametrize("name", ["pl1_dc", "pots"])
def test_the_lines_own_meter_and_the_pots_are_named_at_1_percent(name: str) -> None:
    line, days = line_of(3), days_of(3, 8)
    past = learned(line, days[:7])
    day = days[7]
    wrong = (
        structs.replace(day, pots_kwh=1.01 * day.pots_kwh)
        if name == "pots"
        else structs.replace(day, dc_kwh=1.01 * day.dc_kwh, pots_dc_kwh=1.01 * day.pots_dc_kwh)
    )
    assert drifted(past, wrong, line, RULES, least_coverage_pct=90.0).groups == ((name,),)


def test_without_movements_nothing_is_compared() -> None:
    rules = replace(RULES, meters_move=None, efficiency_moves=None)
    line, days = line_of(5, rules), days_of(5, 8)
    past = learned(line, days[:7], rules)
    assert past.is_known
    assert drifted(past, with_error(days[7], "feeder-4", 0.02), line, rules, least_coverage_pct=90.0).groups == ()
    assert rules_of(5).dc_meters == ()
