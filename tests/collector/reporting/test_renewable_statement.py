"""Shares of renewable electricity on four bases, with literal numbers: 132 MWh in two hours."""

import dataclasses

import pytest
from line_story import T0
from stated_period import basis_of, lacks, row, with_plant

from collector.plant.amounts import Amount, ToldAmounts
from collector.plant.contracts import Certificates, Contract, Portfolio, Technology
from collector.plant.factors import DatedSeries, DatedValue
from collector.plant.limits import Targets
from collector.plant.told import ToldValue, ToldValues, Untold
from collector.reporting.basis import HourOfLoad
from collector.reporting.renewable import renewable_statement

HOUR_NS = 3600 * 10**9
HOURLY = ToldAmounts("sun.csv", (Amount(T0, T0 + HOUR_NS, 20_000.0), Amount(T0 + HOUR_NS, T0 + 2 * HOUR_NS, 100_000.0)))
SUN = Contract("sun", Technology.SOLAR, 0.0, "meter", 0, hourly=HOURLY)
WATER = Contract("water", Technology.HYDRO, 0.0, "contract", 0, share=0.25)
RETIRED = Certificates("GEC-1", Technology.WIND, ToldAmounts("c.csv", (Amount(T0, T0 + 2 * HOUR_NS, 66.0),)))
HOURS = (
    HourOfLoad(T0, T0 + HOUR_NS, 66_000.0, 0.0),
    HourOfLoad(T0 + HOUR_NS, T0 + 2 * HOUR_NS, 66_000.0, 10_000.0),
)


def test_what_is_not_configured_is_listed_and_no_share_is_zero() -> None:
    statement = renewable_statement(basis_of())
    assert lacks(statement) == [
        "own generation: no renewable plant is configured",
        "contracts: none is configured",
        "certificates: none are configured",
        "hourly matched: no generation is told by the hour",
        "target: no renewable share is demanded in the settings",
    ]
    assert not [r for s in statement.sections for r in s.rows if r.label.endswith(", share")]


def test_each_basis_has_its_own_share_and_they_are_never_added() -> None:
    plant = with_plant(portfolio=Portfolio((SUN, WATER), (RETIRED,)))
    statement = renewable_statement(dataclasses.replace(basis_of(plant=plant), hours=HOURS))
    # Contracts: 120 of sun and a quarter of 132, together no more than the load.
    assert row(statement, "contract, share").value == pytest.approx(100.0)
    assert row(statement, "certificate, share").value == pytest.approx(50.0)
    # By the hour: 20 of 66, and of 110 in the second hour no more than 66.
    assert row(statement, "hourly matched, share").value == pytest.approx(100 * 86 / 132)
    assert "The bases are not added." in [remark for s in statement.sections for remark in s.remarks]


def test_the_gap_to_30_percent_in_2030_is_told_for_each_basis_with_its_source() -> None:
    in_2030 = 1893427200 * 10**9  # 2030 begins in Shanghai
    targets = Targets(renewable_share=DatedSeries("t", (DatedValue(0.30, in_2030, "plan of seven departments"),)))
    plant = with_plant(portfolio=Portfolio((WATER,)), targets=targets)
    statement = renewable_statement(basis_of(plant=plant))
    target = row(statement, "target from 2030-01-01 on")
    assert (target.value, target.note, target.source) == (30.0, "to come", "plan of seven departments")
    gap = row(statement, "to the target from 2030-01-01 on, contract")
    assert gap.value == pytest.approx(6.6)
    assert gap.note == "missing"


def test_contracts_of_the_plant_set_against_one_line_of_two_are_told() -> None:
    other = dataclasses.replace(with_plant().potlines[0], id="PL2", pots=("2001",))
    plant = with_plant(portfolio=Portfolio((WATER,)), potlines=(*with_plant().potlines, other))
    assert any("set against some potlines" in what for what in lacks(renewable_statement(basis_of(plant=plant))))


def test_a_delivery_that_should_have_been_told_withholds_the_shares_that_stand_on_it() -> None:
    told = ToldValues((ToldValue("D-1", 1, T0, T0 + HOUR_NS, 30_000.0, "meter"),))
    river = Contract("river", Technology.HYDRO, 0.0, "contract", 0, untold=Untold.WITHHOLD, told=told)
    plant = with_plant(portfolio=Portfolio((river,)))
    statement = renewable_statement(dataclasses.replace(basis_of(plant=plant), hours=HOURS))
    assert "contract river: nothing is told of 1 h of its delivery" in lacks(statement)
    assert not [
        r for s in statement.sections for r in s.rows if r.label in {"contract, share", "hourly matched, share"}
    ]
    assert row(statement, "river").note == "hydro; nothing is told of 1 h (withhold)"

    told = ToldValues((ToldValue("D-2", 1, T0, T0 + 2 * HOUR_NS, 66_000.0, "meter"),))
    plant = with_plant(portfolio=Portfolio((dataclasses.replace(river, told=told),)))
    statement = renewable_statement(dataclasses.replace(basis_of(plant=plant), hours=HOURS))
    assert row(statement, "contract, share").value == pytest.approx(50.0)
    # By the hour: 33 of 66, and in the second hour the plant's own 10 beside them.
    assert row(statement, "hourly matched, share").value == pytest.approx(100 * 76 / 132)
