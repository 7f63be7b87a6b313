"""Market-based electricity: hierarchy, cover, rest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.electricity import FactorKind
from collector.domain.market_based import CoveredElectricity, ElectricityFactor, Instrument, market_based

CO2, CFP = FactorKind.CO2, FactorKind.CARBON_FOOTPRINT
RESIDUAL = ElectricityFactor(0.6096, CO2, "residual mix 2023")
GRID = ElectricityFactor(0.5306, CO2, "grid 2023")


def certificates(kwh: float) -> CoveredElectricity[float]:
    return CoveredElectricity("GEC", Instrument.CERTIFICATE, kwh, ElectricityFactor(0.0, CO2, "certificates"))


def contract(kwh: float, kg: float = 0.4) -> CoveredElectricity[float]:
    return CoveredElectricity("PPA", Instrument.CONTRACT, kwh, ElectricityFactor(kg, CO2, "contract of 2023"))


def test_certificates_contracts_and_the_rest_are_weighed_each_by_its_factor() -> None:
    account = market_based(
        1_000_000.0,
        kind=CO2,
        covered=[contract(200_000.0), certificates(300_000.0)],
        residual_mix=RESIDUAL,
        grid_average=GRID,
    )
    assert account.co2_t == pytest.approx(80 + 304.8, rel=1e-12)
    assert account.not_covered_kwh == 500_000
    assert [(share.name, share.instrument, share.kwh) for share in account.shares] == [
        ("GEC", Instrument.CERTIFICATE, 300_000),
        ("PPA", Instrument.CONTRACT, 200_000),
        ("residual mix 2023", Instrument.RESIDUAL_MIX, 500_000),
    ]


def test_without_a_residual_mix_the_rest_takes_the_grid_average_and_says_so() -> None:
    account = market_based(1000.0, kind=CO2, covered=[contract(400.0)], residual_mix=None, grid_average=GRID)
    assert account.shares[-1].instrument is Instrument.GRID_AVERAGE
    assert account.co2_t == pytest.approx(0.16 + 0.31836, rel=1e-12)


def test_a_rest_without_a_factor_is_refused_and_not_counted_as_zero() -> None:
    with pytest.raises(ValueError, match=r"600 kWh are covered by nothing .*Remedy: give the residual mix"):
        market_based(1000.0, kind=CO2, covered=[contract(400.0)], residual_mix=None, grid_average=None)


def test_full_cover_needs_no_factor_of_the_rest() -> None:
    account = market_based(1000.0, kind=CO2, covered=[contract(1000.0)], residual_mix=None, grid_average=None)
    assert account.not_covered_kwh == 0
    assert len(account.shares) == 1
    assert account.co2_t == pytest.approx(0.4, rel=1e-12)


def test_a_certificate_and_its_contract_for_the_same_energy_exceed_the_total() -> None:
    with pytest.raises(ValueError, match=r"total_kwh is 1000, .*cover 1400\. Remedy: cover no more"):
        market_based(
            1000.0,
            kind=CO2,
            covered=[contract(700.0), certificates(700.0)],
            residual_mix=RESIDUAL,
            grid_average=None,
        )


def test_an_hours_surplus_does_not_help_another_hour() -> None:
    total = np.array([100.0, 100.0])
    solar = CoveredElectricity(
        "solar", Instrument.CONTRACT, np.array([100.0, 0.0]), ElectricityFactor(0.0, CO2, "contract")
    )
    account = market_based(total, kind=CO2, covered=[solar], residual_mix=RESIDUAL, grid_average=None)
    assert account.not_covered_kwh.tolist() == [0.0, 100.0]
    assert account.co2_t.tolist() == pytest.approx([0.0, 0.06096])
    too_much = CoveredElectricity(
        "solar", Instrument.CONTRACT, np.array([150.0, 0.0]), ElectricityFactor(0.0, CO2, "contract")
    )
    with pytest.raises(ValueError, match=r"total_kwh\[0\] is 100, .*cover 150"):
        market_based(total, kind=CO2, covered=[too_much], residual_mix=RESIDUAL, grid_average=None)


def test_footprint_and_co2_factors_do_not_mix() -> None:
    footprint = ElectricityFactor(0.6205, CFP, "footprint of the grid")
    with pytest.raises(ValueError, match=r"grid average \(footprint of the grid\) is of kind carbon_footprint"):
        market_based(1000.0, kind=CO2, covered=[contract(400.0)], residual_mix=None, grid_average=footprint)
    with pytest.raises(ValueError, match=r"factor of PPA \(contract of 2023\) is of kind co2"):
        market_based(1000.0, kind=CFP, covered=[contract(400.0)], residual_mix=None, grid_average=footprint)


def test_names_are_there_once_and_the_rest_is_no_instrument() -> None:
    with pytest.raises(ValueError, match="PPA covers electricity twice"):
        market_based(1000.0, kind=CO2, covered=[contract(1.0), contract(2.0)], residual_mix=RESIDUAL, grid_average=None)
    rest = CoveredElectricity("rest", Instrument.RESIDUAL_MIX, 1.0, RESIDUAL)
    with pytest.raises(ValueError, match="rest is a residual mix, which covers nothing"):
        market_based(1000.0, kind=CO2, covered=[rest], residual_mix=RESIDUAL, grid_average=None)


def test_negative_energy_factors_in_grams_and_factors_without_source_are_refused() -> None:
    with pytest.raises(ValueError, match="kwh is -1"):
        market_based(1000.0, kind=CO2, covered=[contract(-1.0)], residual_mix=RESIDUAL, grid_average=None)
    with pytest.raises(ValueError, match=r"kg_per_kwh is 530: .*not 530 g/kWh"):
        ElectricityFactor(530.0, CO2, "grid")
    with pytest.raises(ValueError, match="factor of electricity has no source"):
        ElectricityFactor(0.5, CO2, " ")


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=6))
def test_cover_that_adds_up_to_the_total_but_for_rounding_leaves_nothing(parts: list[float]) -> None:
    covered = [
        CoveredElectricity(str(place), Instrument.CONTRACT, kwh, ElectricityFactor(0.1, CO2, "contract"))
        for place, kwh in enumerate(parts)
    ]
    account = market_based(sum(reversed(parts)), kind=CO2, covered=covered, residual_mix=None, grid_average=None)
    assert account.not_covered_kwh == 0
    assert account.co2_t == pytest.approx(sum(parts) / 10_000)


@given(st.floats(1, 1e9), st.floats(0, 1), st.floats(0, 1.2))
def test_shares_add_up_to_the_total_and_to_its_emissions(total: float, share: float, kg: float) -> None:
    account = market_based(
        total, kind=CO2, covered=[contract(total * share, kg)], residual_mix=RESIDUAL, grid_average=None
    )
    assert sum(one.kwh for one in account.shares) == pytest.approx(total)
    assert sum(one.co2_t for one in account.shares) == pytest.approx(account.co2_t)
