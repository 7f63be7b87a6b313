"""What windows have of fuels that are told by the month, with literal numbers."""

import dataclasses

import pytest
from line_story import PLANT

from collector.accounting.fuel_spread import fuels_of_window, told_spans
from collector.accounting.windows import Window
from collector.plant.amounts import Amount, ToldAmounts
from collector.plant.materials import Fuel, FuelContent, Materials, SodaAsh
from collector.plant.topology import Plant

H = 3600 * 10**9
T0 = 1_769_904_000_000_000_000
DAY = Window("day", T0, T0 + 24 * H)
TOLD = ToldAmounts("gas.csv", (Amount(T0, T0 + 24 * H, 2400.0),))
GAS = Fuel("gas", "m3", "supplier", "own", kg_co2_per_unit=2.0, amounts=TOLD)
OIL = Fuel("oil", "t", "analysis", "own", content=FuelContent(40.0, 0.02, 1.0), amounts=TOLD)
ASH = SodaAsh(0.415, "stoichiometry", "own", TOLD)


def plant(*fuels: Fuel, ash: SodaAsh | None = None, lines: int = 1) -> Plant:
    potlines = tuple(dataclasses.replace(PLANT.potlines[0], id=f"PL{n + 1}", pots=(f"{n}999",)) for n in range(lines))
    return dataclasses.replace(PLANT, materials=Materials(fuels=fuels, soda_ash=ash), potlines=potlines)


def test_a_window_that_is_a_whole_span_is_told_and_not_estimated() -> None:
    found = fuels_of_window(plant(GAS, ash=ASH), "PL1", DAY, minutes=1440)
    assert found is not None
    assert [part.t_co2 for part in found.parts] == [pytest.approx(4.8), pytest.approx(2400 * 0.415)]
    assert not found.estimated


def test_an_hour_of_it_has_a_twenty_fourth_and_is_estimated() -> None:
    found = fuels_of_window(plant(GAS), "PL1", Window("hour", T0, T0 + H), minutes=60)
    assert found is not None
    assert found.t_co2 == pytest.approx(0.2)
    assert found.estimated


def test_hours_add_up_to_the_day_even_where_minutes_are_missing() -> None:
    known = [60] * 20 + [30, 0, 45, 60]
    hours = [
        fuels_of_window(plant(OIL), "PL1", Window("hour", T0 + n * H, T0 + (n + 1) * H), minutes=minutes)
        for n, minutes in enumerate(known)
    ]
    day = fuels_of_window(plant(OIL), "PL1", DAY, minutes=sum(known))
    assert day is not None
    assert hours[21] is None
    assert sum(one.t_co2 for one in hours if one is not None) == pytest.approx(day.t_co2, rel=1e-12)
    assert day.estimated


def test_with_one_fuel_untold_there_is_none_at_all() -> None:
    half = dataclasses.replace(OIL, amounts=ToldAmounts("oil.csv", (Amount(T0, T0 + 12 * H, 1.0),)))
    assert fuels_of_window(plant(GAS, half), "PL1", DAY, minutes=1440) is None
    assert fuels_of_window(plant(GAS, dataclasses.replace(GAS, amounts=None, meter="m")), "PL1", DAY, minutes=9) is None
    assert fuels_of_window(plant(), "PL1", DAY, minutes=1440) is None


def test_two_potlines_share_60_to_40_and_without_shares_none_has_any() -> None:
    shared = plant(dataclasses.replace(GAS, shares={"PL1": 0.6, "PL2": 0.4}), lines=2)
    parts = [fuels_of_window(shared, line, DAY, minutes=1440) for line in ("PL1", "PL2")]
    assert [one.t_co2 for one in parts if one is not None] == [pytest.approx(2.88), pytest.approx(1.92)]
    assert fuels_of_window(plant(GAS, lines=2), "PL1", DAY, minutes=1440) is None


def test_its_uncertainty_needs_that_of_factor_and_amount() -> None:
    sure = dataclasses.replace(GAS, relative_standard_uncertainty=0.03, amount_relative_standard_uncertainty=0.04)
    found, without = (fuels_of_window(plant(one), "PL1", DAY, minutes=1440) for one in (sure, GAS))
    assert found is not None
    assert without is not None
    assert found.factors[0].standard == pytest.approx(0.05 * 4.8)
    assert without.factors[0].standard is None


def test_a_corrected_month_is_another_span_and_the_others_stay() -> None:
    before = ToldAmounts("gas.csv", (Amount(T0 - 24 * H, T0, 5.0), *TOLD.rows))
    after = ToldAmounts("gas.csv", (Amount(T0 - 24 * H, T0, 5.0), Amount(T0, T0 + 24 * H, 2500.0)))
    spans = [told_spans(Materials(fuels=(dataclasses.replace(GAS, amounts=told),))) for told in (before, after)]
    changed = set(spans[0].items()) ^ set(spans[1].items())
    assert {span for _, span in changed} == {(T0, T0 + 24 * H)}
