"""Total of the parts, and intensity."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.emissions import emissions_intensity, total_co2e_t

amounts = st.floats(1e-3, 1e9)


def test_total_is_the_sum_of_its_four_parts() -> None:
    total = total_co2e_t(anode_co2_t=1.50304, pfc_co2e_t=0.2850383, electricity_co2_t=7.1631, fuel_co2_t=0.05)
    assert total == pytest.approx(9.0011783, rel=1e-12)


def test_direct_emissions_are_the_total_without_electricity() -> None:
    # a published pair of defaults, 1.424 t/t for anodes and 0.1454 t/t for anode effects
    assert total_co2e_t(anode_co2_t=1.424, pfc_co2e_t=0.1454, electricity_co2_t=0.0, fuel_co2_t=0.0) == pytest.approx(
        1.5694
    )


@pytest.mark.parametrize("name", ["anode_co2_t", "pfc_co2e_t", "electricity_co2_t", "fuel_co2_t"])
def test_total_refuses_each_negative_part(name: str) -> None:
    parts = {"anode_co2_t": 1.5, "pfc_co2e_t": 0.3, "electricity_co2_t": 7.2, "fuel_co2_t": 0.1} | {name: -1.0}
    with pytest.raises(ValueError, match=f"{name} is -1"):
        total_co2e_t(**parts)


def test_intensity_of_anodes_is_1_503_tonnes_per_tonne() -> None:
    assert emissions_intensity(150_304.0, 100_000.0) == pytest.approx(1.50304, rel=1e-12)


def test_intensity_of_a_day_is_sum_over_sum_and_not_the_mean_of_the_shifts() -> None:
    co2e_t = np.array([90.0, 90.0, 40.0])
    metal_t = np.array([10.0, 10.0, 2.0])
    assert emissions_intensity(co2e_t.sum(), metal_t.sum()) == 10
    assert emissions_intensity(co2e_t, metal_t).mean() == pytest.approx(12.6667, rel=1e-5)


@pytest.mark.parametrize("metal_t", [0.0, -1.0, float("nan")])
def test_intensity_without_metal_is_refused_and_not_infinite(metal_t: float) -> None:
    with pytest.raises(ValueError, match=r"metal_t is .*Remedy: withhold the figure"):
        emissions_intensity(9.0, metal_t)


def test_negative_emissions_are_refused() -> None:
    with pytest.raises(ValueError, match="co2e_t is -1"):
        emissions_intensity(-1.0, 1.0)


@given(amounts, amounts, amounts, amounts)
def test_intensity_of_the_total_is_the_sum_of_the_intensities(anode: float, pfc: float, power: float, t: float) -> None:
    total = total_co2e_t(anode_co2_t=anode, pfc_co2e_t=pfc, electricity_co2_t=power, fuel_co2_t=0.0)
    parts = [emissions_intensity(part, t) for part in (anode, pfc, power)]
    assert emissions_intensity(total, t) == pytest.approx(sum(parts))
