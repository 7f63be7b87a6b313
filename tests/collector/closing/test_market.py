"""Market-based electricity: certificates, contracts, the rest; or what is missing for it."""

import dataclasses

import pytest
from electricity_told import DAY, MARCH, certified, contract
from plantwide_story import PLANT

from collector.accounting.plant_sums import EnergySum, LoadSum, PlantSums
from collector.closing.market import market_based_t, market_of_potline
from collector.domain.market_based import Instrument
from collector.plant.contracts import Contract, Portfolio, Technology
from collector.plant.factors import EmissionFactor, FactorKind, FactorSeries
from collector.plant.topology import Plant


def series(
    value: float, *, kind: FactorKind = FactorKind.CO2, valid_from_ns: int = 0, name: str = "rest"
) -> FactorSeries:
    factor = EmissionFactor(name, value, valid_from_ns, "table", "own", kind=kind)
    return FactorSeries(f"emissions.{name}", ((valid_from_ns, factor),))


def plant_with(portfolio: Portfolio, residual: FactorSeries | None = None, grid: FactorSeries | None = None) -> Plant:
    return dataclasses.replace(
        PLANT, portfolio=portfolio, residual_factor=residual, grid_factor=grid or series(0.5, name="grid")
    )


HYDRO = contract("valley", Technology.HYDRO, share=0.25)
COAL = Contract("coal", Technology.FOSSIL, 0.9, "contract", MARCH[0], share=0.25)


def test_certificates_come_first_then_contracts_and_the_rest_by_the_residual_mix() -> None:
    """10 MWh: 1 by certificates, 2.5 of hydropower, 2.5 of coal at 0.9, and 4 at 0.6 kg/kWh: 4.65 t."""
    plant = plant_with(Portfolio((HYDRO, COAL), (certified(31.0),)), series(0.6))
    found = market_based_t(DAY, 10_000.0, plant, plant_kwh=10_000.0, own_kwh=0.0)
    assert found.co2_t == pytest.approx(2.25 + 2.4)
    assert found.not_covered_kwh == pytest.approx(4000.0)
    assert [share.instrument for share in found.shares] == [
        Instrument.CERTIFICATE,
        Instrument.CONTRACT,
        Instrument.CONTRACT,
        Instrument.RESIDUAL_MIX,
    ]


def test_a_potline_has_the_mix_of_the_plant_and_two_are_not_both_covered_by_one_contract() -> None:
    plant = plant_with(Portfolio((HYDRO, COAL), (certified(31.0),)), series(0.6))
    first, second = (market_based_t(DAY, kwh, plant, plant_kwh=10_000.0, own_kwh=0.0).co2_t for kwh in (7000.0, 3000.0))
    assert (first, second) == pytest.approx((0.7 * 4.65, 0.3 * 4.65))


def test_own_generation_was_not_bought() -> None:
    """Of 10 MWh the plant made 2 itself; a quarter of the other 8 is hydropower, and 6 MWh are left at 0.6."""
    plant = plant_with(Portfolio((HYDRO,)), series(0.6))
    found = market_based_t(DAY, 10_000.0, plant, plant_kwh=10_000.0, own_kwh=2000.0)
    assert (found.co2_t, found.not_covered_kwh) == pytest.approx((3.6, 6000.0))


def test_a_potline_has_the_mix_of_a_plant_of_which_a_part_of_the_day_is_known() -> None:
    """Known in half of the day: 5 MWh of 10, one of them the plant's own; the line's 4 MWh have its mix."""
    plant = plant_with(Portfolio((HYDRO,)), series(0.6))
    load = LoadSum(720, 5000.0, 1000.0, 43_200.0)
    whole = PlantSums(load=load, generation={"solar": EnergySum(720, 1000.0)})
    assert market_of_potline(DAY, 4000.0, whole, plant).co2_t == pytest.approx(0.4 * 3.6)
    silent = market_of_potline(DAY, 4000.0, PlantSums(), plant)
    assert silent.co2_t is None
    assert "is not known: look for silent meters" in silent.missing[0]
    with pytest.raises(ValueError, match="a load of -1 kWh has no emissions"):
        market_of_potline(DAY, -1.0, whole, plant)


def test_without_a_residual_mix_the_rest_is_by_the_grids_average_and_says_so() -> None:
    found = market_based_t(DAY, 8000.0, plant_with(Portfolio((HYDRO,))), plant_kwh=8000.0, own_kwh=0.0)
    assert found.co2_t == pytest.approx(6000 * 0.5 / 1000)
    assert found.shares[-1].instrument is Instrument.GRID_AVERAGE


def test_where_nothing_is_configured_nothing_is_market_based() -> None:
    found = market_based_t(DAY, 8000.0, plant_with(Portfolio()), plant_kwh=8000.0, own_kwh=0.0)
    assert found.co2_t is None
    assert found.missing == ("no contract, certificate or residual factor: add one of them to the plant file",)


def test_what_is_missing_is_told_with_its_remedy() -> None:
    of_coal = Portfolio((), (certified(31.0, Technology.FOSSIL),))
    later = series(0.6, valid_from_ns=DAY.end_ns)
    found = market_based_t(DAY, 8000.0, plant_with(of_coal, later), plant_kwh=8000.0, own_kwh=0.0)
    assert found.co2_t is None
    assert found.missing[0] == ("factor of certificates GEC-1 (fossil): tell them as a contract, with its factor")
    assert "no factor is in force" in found.missing[1]
    assert "emissions.rest" in found.missing[1]
    footprint = series(0.6, kind=FactorKind.CARBON_FOOTPRINT)
    [what] = market_based_t(DAY, 8.0, plant_with(Portfolio((HYDRO,)), footprint), plant_kwh=8.0, own_kwh=0.0).missing
    assert "counts the footprint" in what


def test_a_factor_of_the_rest_is_not_needed_where_nothing_is_left() -> None:
    whole = Portfolio((contract("valley", Technology.HYDRO, share=1.0),))
    plant = plant_with(whole, series(0.6, valid_from_ns=DAY.end_ns))
    assert market_based_t(DAY, 8000.0, plant, plant_kwh=8000.0, own_kwh=0.0).co2_t == 0.0


@pytest.mark.parametrize(("load", "own"), [(-1.0, 0.0), (11.0, 0.0), (5.0, 11.0), (5.0, -1.0), (float("nan"), 0.0)])
def test_a_part_that_is_no_part_of_the_whole_is_refused(load: float, own: float) -> None:
    with pytest.raises(ValueError, match="is not a part of the plant's 10 kWh; give both of the same interval"):
        market_based_t(DAY, load, plant_with(Portfolio((HYDRO,))), plant_kwh=10.0, own_kwh=own)
