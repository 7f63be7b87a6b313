"""Masses of pollutants, and mass per tonne of metal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.pollutants import (
    after_capture_kg,
    anode_so2_kg,
    emitted_kg,
    kg_per_mg_from_lb_per_ton,
    lb_per_ton_from_kg_per_mg,
    specific_emission_kg_per_t,
)

amounts = st.floats(1e-6, 1e6)


def test_a_milligram_in_a_million_cubic_metres_is_a_kilogram() -> None:
    assert emitted_kg(1.0, flow_m3_h=1_000_000.0, hours=1.0) == 1


def test_product_of_means_leaves_out_that_fans_and_gas_move_together() -> None:
    kg = emitted_kg(np.array([1.0, 3.0]), flow_m3_h=np.array([1e6, 2e6]), hours=1.0).sum()
    assert kg == 7
    assert emitted_kg(2.0, flow_m3_h=1.5e6, hours=2.0) == 6


def test_stack_without_roof_is_a_part_of_the_house() -> None:
    stack, roof = 1.2, 1.8
    assert specific_emission_kg_per_t(stack, metal_t=25.0) == pytest.approx(0.048)
    assert specific_emission_kg_per_t(stack + roof, metal_t=25.0) == pytest.approx(0.12)


def test_emission_without_metal_is_withheld() -> None:
    with pytest.raises(ValueError, match=r"metal_t is 0: .*Remedy: withhold the figure"):
        specific_emission_kg_per_t(1.0, metal_t=0.0)


def test_scrubber_of_99_6_percent_leaves_four_thousandths() -> None:
    assert after_capture_kg(1000.0, capture=0.996) == pytest.approx(4.0)


def test_capture_in_percent_is_refused() -> None:
    with pytest.raises(ValueError, match=r"capture is 99\.6: .*0\.996 for 99\.6 %"):
        after_capture_kg(1000.0, capture=99.6)


def test_sulphur_as_a_fraction_is_refused() -> None:
    with pytest.raises(ValueError, match=r"sulphur_percent is 0\.02: .*give percent"):
        anode_so2_kg(1.0, net_anode_consumption=0.41, sulphur_percent=0.02)
    with pytest.raises(ValueError, match=r"net_anode_consumption is 410"):
        anode_so2_kg(1.0, net_anode_consumption=410.0, sulphur_percent=2.0)


def test_anodes_without_sulphur_give_no_so2() -> None:
    assert anode_so2_kg(1.0, net_anode_consumption=0.41, sulphur_percent=0.0) == 0


@pytest.mark.parametrize("name", ["mg_m3", "flow_m3_h", "hours"])
def test_each_negative_factor_of_a_mass_is_refused(name: str) -> None:
    inputs = {"mg_m3": 1.0, "flow_m3_h": 1.0, "hours": 1.0} | {name: -1.0}
    with pytest.raises(ValueError, match=f"{name} is -1"):
        emitted_kg(**inputs)


def test_negative_masses_and_emissions_are_refused() -> None:
    with pytest.raises(ValueError, match="mass_kg is -1"):
        specific_emission_kg_per_t(-1.0, metal_t=1.0)
    with pytest.raises(ValueError, match="mass_kg is -1"):
        after_capture_kg(-1.0, capture=0.5)
    with pytest.raises(ValueError, match="lb_per_ton is -1"):
        kg_per_mg_from_lb_per_ton(-1.0)
    with pytest.raises(ValueError, match="kg_per_mg is -1"):
        lb_per_ton_from_kg_per_mg(-1.0)


@given(amounts)
def test_pounds_return_from_kilograms(lb: float) -> None:
    assert lb_per_ton_from_kg_per_mg(kg_per_mg_from_lb_per_ton(lb)) == pytest.approx(lb, rel=1e-15, abs=1e-300)


@given(amounts, amounts, st.floats(0.1, 1e5), st.floats(0.1, 1e5))
def test_emission_of_two_days_lies_between_them(kg_1: float, kg_2: float, metal_1: float, metal_2: float) -> None:
    low, high = sorted(
        [specific_emission_kg_per_t(kg_1, metal_t=metal_1), specific_emission_kg_per_t(kg_2, metal_t=metal_2)]
    )
    both = specific_emission_kg_per_t(kg_1 + kg_2, metal_t=metal_1 + metal_2)
    assert low * (1 - 1e-9) <= both <= high * (1 + 1e-9)


@given(amounts, st.floats(0, 1), st.floats(0, 1))
def test_two_scrubbers_in_series_hold_back_in_any_order(kg: float, one: float, two: float) -> None:
    first = after_capture_kg(after_capture_kg(kg, capture=one), capture=two)
    assert first == pytest.approx(after_capture_kg(after_capture_kg(kg, capture=two), capture=one))
    assert first <= kg
