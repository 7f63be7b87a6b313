"""Values that are told for intervals: each counts where it was told, and gaps are gaps."""

import dataclasses
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.plant.contracts import Contract, EachPeriod, Technology
from collector.plant.days import Period
from collector.plant.factors import EmissionFactor, FactorSeries, HourlyFactors, WhereNone
from collector.plant.told import ToldValue, ToldValues, Untold, Withheld

HOUR = 3600 * 10**9
NAMED = FactorSeries("emissions.grid_factor", ((0, EmissionFactor("named", 0.53, 0, "s", "own")),))


def value(number: int, amount: float, *, hours: int = 1, revision: int = 1) -> ToldValue:
    return ToldValue(f"G-{number}", revision, number * HOUR, (number + hours) * HOUR, amount, "operator")


def series(untold: Untold, *told: ToldValue, hourly: HourlyFactors | None = None) -> FactorSeries:
    return dataclasses.replace(NAMED, untold=untold, told=ToldValues(told), hourly=hourly)


def test_a_told_value_counts_in_its_interval_and_names_its_id_and_revision() -> None:
    used = series(Untold.ESTIMATE, value(1, 0.4, revision=3)).at(2 * HOUR - 1)
    assert (used.value, used.id, used.version, used.revision, used.estimated) == (0.4, "G-1", "revision 3", 3, False)


def test_where_nothing_is_told_the_named_factor_stands_in_as_estimated() -> None:
    used = series(Untold.ESTIMATE, value(1, 0.4)).at(2 * HOUR)
    assert (used.value, used.id, used.estimated, used.revision) == (0.53, "named", True, None)


def test_where_nothing_is_told_and_nothing_may_stand_in_it_is_withheld_with_the_remedy() -> None:
    with pytest.raises(
        Withheld, match='nothing is told of 1970-01-01 02:00 UTC; let it be told, or write untold = "est'
    ):
        series(Untold.WITHHOLD, value(1, 0.4)).at(2 * HOUR)


def test_a_told_value_goes_before_the_sheet_and_the_sheet_before_what_stands_in() -> None:
    sheet = HourlyFactors("grid.csv", (HOUR, 2 * HOUR), (0.1, 0.2), ("operator",))
    column = series(Untold.WITHHOLD, value(1, 0.4), hourly=sheet).over(HOUR, 3 * HOUR, step_ns=HOUR)
    assert column.values.tolist() == [0.4, 0.2]
    assert [used.id for used in column.used] == ["G-1", "grid.csv"]
    assert not column.estimated.any()


def test_a_column_with_an_hour_that_is_withheld_is_refused_or_left_open() -> None:
    one = series(Untold.WITHHOLD, value(1, 0.4))
    with pytest.raises(Withheld):
        one.over(HOUR, 3 * HOUR, step_ns=HOUR)
    column = one.over(HOUR, 3 * HOUR, step_ns=HOUR, where_none=WhereNone.LEAVE_OPEN)
    assert column.values[0] == 0.4
    assert np.isnan(column.values[1])


def test_two_values_of_one_time_are_refused() -> None:
    with pytest.raises(ValueError, match="G-1 revision 1 and G-2 revision 1 tell of one time"):
        ToldValues((value(1, 0.4, hours=2), value(2, 0.5)))


@given(st.lists(st.booleans(), min_size=1, max_size=24), st.integers(0, 24 * 4), st.integers(1, 24 * 4))
def test_told_time_and_gaps_are_all_of_an_interval(hours: list[bool], start: int, length: int) -> None:
    told = ToldValues(tuple(value(number, 4.0) for number, is_told in enumerate(hours) if is_told))
    start_ns, end_ns = start * HOUR // 4, (start + length) * HOUR // 4
    gaps_ns = sum(end - begin for begin, end in told.gaps(start_ns, end_ns))
    assert told.between(start_ns, end_ns) == pytest.approx(4.0 * (end_ns - start_ns - gaps_ns) / HOUR)
    quarters = np.arange(start_ns, end_ns, HOUR // 4, dtype=np.int64)
    assert np.isnan(told.over(quarters)[0]).sum() * (HOUR // 4) == gaps_ns
    assert [told.at(int(time)) is None for time in quarters] == np.isnan(told.over(quarters)[0]).tolist()


def test_a_contracts_delivery_is_what_was_told_and_in_gaps_what_stands_in() -> None:
    each = EachPeriod(24.0, Period.DAY, ZoneInfo("UTC"))
    contract = Contract(
        "park", Technology.WIND, 0.0, "s", 0, each=each, untold=Untold.ESTIMATE, told=ToldValues((value(1, 10.0),))
    )
    assert contract.offered_kwh(0, 4 * HOUR, 1000.0) == pytest.approx(10.0 + 3 * 1.0)
    assert contract.untold_ns(0, 4 * HOUR) == 3 * HOUR
    assert contract.version == dataclasses.replace(contract, told=ToldValues()).version


def test_a_contract_that_is_withheld_where_nothing_is_told_has_no_other_amount() -> None:
    contract = Contract("park", Technology.WIND, 0.0, "s", HOUR, untold=Untold.WITHHOLD)
    assert contract.offered_kwh(0, 4 * HOUR, 1000.0) == 0.0
    assert contract.untold_ns(0, 4 * HOUR) == 3 * HOUR
    with pytest.raises(ValueError, match="give an energy or generation with 'estimate', and none with 'withhold'"):
        Contract("park", Technology.WIND, 0.0, "s", 0, share=0.2, untold=Untold.WITHHOLD)
