"""Shares of renewable electricity: four bases, each by itself, and none that is not configured."""

import dataclasses
from zoneinfo import ZoneInfo

import pytest
from electricity_told import DAY, HOURS, certified, contract
from hypothesis import given
from hypothesis import strategies as st
from plantwide_story import PLANT

from collector.accounting.plant_sums import LoadSum
from collector.accounting.windows import Window
from collector.closing.renewable import StatedShare, configured, renewable_shares
from collector.domain.renewables import Basis, Denominator
from collector.plant.amounts import Amount, ToldAmounts
from collector.plant.contracts import Certificates, Contract, EachPeriod, Portfolio, Technology
from collector.plant.days import Period
from collector.plant.factors import DatedSeries, DatedValue
from collector.plant.limits import Targets
from collector.plant.topology import Plant

NOON = ToldAmounts("sun.csv", (Amount(HOURS[12].start_ns, HOURS[12].end_ns, 3_000.0),))


def plant_with(*contracts: Contract, certificates: tuple[Certificates, ...] = (), own: bool = False) -> Plant:
    meters = tuple(meter for meter in PLANT.meters if own or meter.id != "roof")
    return dataclasses.replace(PLANT, meters=meters, portfolio=Portfolio(contracts, certificates))


def load(kwh: float, own_kwh: float = 0.0, minutes: int = 60) -> LoadSum:
    return LoadSum(minutes, kwh, own_kwh, minutes * 60.0, 0.0, 192)


def shares(plant: Plant, window: Window = DAY, hourly: LoadSum | None = None) -> dict[Basis, StatedShare]:
    """Return the shares of a day with 24 like hours, by default of 1,000 kWh each."""
    each = hourly or load(1000.0)
    hours = [(hour, each) for hour in HOURS] if window is DAY else [(window, each)]
    whole = each if window is not DAY else load(each.kwh * 24, each.own_renewable_kwh * 24, each.minutes * 24)
    found = renewable_shares(window, whole, hours, plant, least_coverage_pct=90.0)
    return {share.basis: share for share in found}


def test_a_basis_that_is_not_configured_is_not_stated() -> None:
    assert configured(plant_with()) == ()
    assert shares(plant_with()) == {}
    assert configured(plant_with(certificates=(certified(1.0),))) == (Basis.CERTIFICATE,)
    monthly = contract("park", Technology.WIND, each=EachPeriod(1.0, Period.MONTH, ZoneInfo("Asia/Shanghai")))
    assert configured(plant_with(monthly)) == (Basis.CONTRACT,)
    assert configured(plant_with(own=True)) == (Basis.PHYSICAL, Basis.HOURLY_MATCHED)


def test_each_basis_counts_its_own_electricity_and_none_is_added_to_another() -> None:
    """Own plants 100 of 1,000 kWh an hour; 30 % by contract; 31 MWh of certificates in March are 1 MWh a day."""
    share = contract("valley", Technology.HYDRO, share=0.3)
    found = shares(plant_with(share, certificates=(certified(31.0),), own=True), hourly=load(1000.0, 100.0))
    assert {basis.value: each.renewable_kwh for basis, each in found.items()} == pytest.approx(
        {"physical": 2400.0, "contract": 7200.0, "certificate": 1000.0, "hourly_matched": 2400.0}
    )
    assert {each.total_kwh for each in found.values()} == {24_000.0}
    assert found[Basis.CONTRACT].share_pct == pytest.approx(30.0)
    assert found[Basis.CERTIFICATE].share_pct == pytest.approx(100 / 24)


def test_what_is_generated_above_the_load_of_its_hour_is_lost_to_the_hourly_match() -> None:
    """3,000 kWh at noon: the contract has them all, of 24,000 kWh; the hour takes 1,000."""
    found = shares(plant_with(contract("sun", Technology.SOLAR, hourly=NOON)))
    assert found[Basis.CONTRACT].renewable_kwh == pytest.approx(3000.0)
    assert found[Basis.HOURLY_MATCHED].renewable_kwh == pytest.approx(1000.0)
    assert found[Basis.HOURLY_MATCHED].share_pct == pytest.approx(100 / 24)


def test_of_an_hour_only_the_hourly_match_is_stated() -> None:
    plant = plant_with(contract("sun", Technology.SOLAR, hourly=NOON), certificates=(certified(31.0),))
    found = shares(plant, HOURS[12], load(4000.0))
    assert list(found) == [Basis.HOURLY_MATCHED]
    assert found[Basis.HOURLY_MATCHED].share_pct == pytest.approx(75.0)


def test_a_contract_with_certificates_counts_on_both_bases_and_nuclear_power_on_none() -> None:
    proven = contract("park", Technology.WIND, share=0.2, certificate=True)
    atoms = contract("reactor", Technology.NUCLEAR, share=0.5)
    found = shares(plant_with(proven, atoms))
    assert found[Basis.CONTRACT].share_pct == pytest.approx(20.0)
    assert found[Basis.CERTIFICATE].share_pct == pytest.approx(20.0)


def test_a_share_is_withheld_where_too_little_of_the_load_is_known() -> None:
    """Known in 30 of 60 minutes of each hour: half of March's certificates stand over half of the load."""
    plant = plant_with(certificates=(certified(31.0),))
    share = shares(plant, hourly=load(500.0, minutes=30))[Basis.CERTIFICATE]
    assert share.share_pct is None
    assert share.coverage_pct == pytest.approx(50.0)
    assert (share.renewable_kwh, share.total_kwh) == pytest.approx((500.0, 12_000.0))
    nearly = shares(plant, hourly=load(950.0, minutes=57))[Basis.CERTIFICATE]
    assert nearly.share_pct == pytest.approx(100 / 24)


def test_nothing_is_stated_of_a_day_without_load() -> None:
    assert shares(plant_with(certificates=(certified(31.0),)), hourly=LoadSum()) == {}


def test_a_target_stands_beside_the_share_from_its_day_on() -> None:
    plant = plant_with(certificates=(certified(31.0),))
    assert shares(plant)[Basis.CERTIFICATE].target_pct is None
    for from_ns, target in ((DAY.start_ns, 25.0), (DAY.end_ns, None)):
        series = DatedSeries("renewable_share", (DatedValue(0.25, from_ns, "plan"),))
        aimed = dataclasses.replace(plant, targets=Targets(renewable_share=series))
        assert shares(aimed)[Basis.CERTIFICATE].target_pct == target


def test_the_denominator_says_whether_incomers_are_measured() -> None:
    plant = plant_with(certificates=(certified(31.0),))
    assert shares(plant)[Basis.CERTIFICATE].denominator is Denominator.PLANT_TOTAL
    without = dataclasses.replace(plant, meters=tuple(each for each in plant.meters if each.id != "intake"))
    assert shares(without)[Basis.CERTIFICATE].denominator is Denominator.ELECTROLYSIS_AC


@given(st.floats(1.0, 1e5), st.floats(0.0, 1e5), st.floats(0.0, 1.0))
def test_matched_by_the_hour_is_never_more_than_load_or_generation(kwh: float, own_kwh: float, share: float) -> None:
    plant = plant_with(contract("valley", Technology.HYDRO, share=share), own=True)
    found = shares(plant, hourly=load(kwh, own_kwh))
    matched = found[Basis.HOURLY_MATCHED].renewable_kwh
    assert matched <= 24 * kwh * (1 + 1e-12)
    assert matched <= 24 * own_kwh * (1 + 1e-12)
    assert found[Basis.CONTRACT].renewable_kwh <= 24 * kwh * (1 + 1e-12)
    assert found[Basis.PHYSICAL].renewable_kwh <= 24 * kwh
