"""Metal of a period, part by part, as it is stated."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.accounting.intensity import FARADAY, Metal, WeighedTonnes
from collector.accounting.metal_basis import MetalBasis
from collector.accounting.period_metal import (
    PeriodMetal,
    by_charge,
    by_weight,
    metal_of,
    together,
    weakest,
    weighed_metal,
)
from collector.accounting.sums import Pair, Sums
from collector.accounting.uncertainty import energy_budgets

WEIGHED = WeighedTonnes(97.0, 40, 0.002, 1.0, 0.5)
RECONCILED = Metal(MetalBasis.RECONCILED, 0.98, WEIGHED)
TAPPED = Metal(MetalBasis.TAPPED, 1.01, WeighedTonnes(101.0, 40, 0.002, None, None))
SUMS = Sums(
    minutes=1440,
    metal_t=100.0,
    tapped_t=97.0,
    dc_kwh=1_300_000.0,
    cell_days=40.0,
    dc=Pair(1440, 1_300_000.0, 100.0, 86400.0),
    liquid_ac=Pair(1400, 1_280_000.0, 97.0, 84000.0),
    comprehensive=Pair(1390, 1_290_000.0, 96.0, 83400.0),
    anode_t_co2=150.0,
    electricity_t_co2=700.0,
)


def test_every_tonne_and_the_anodes_go_by_weight_and_no_energy_does() -> None:
    found = by_weight(SUMS, RECONCILED)
    assert (found.metal_t, found.dc.metal_t, found.liquid_ac.metal_t) == pytest.approx((98.0, 98.0, 95.06))
    assert found.comprehensive.metal_t == pytest.approx(94.08)
    assert found.anode_t_co2 == pytest.approx(147.0)
    assert (found.dc.energy_kwh, found.electricity_t_co2, found.tapped_t, found.cell_days) == (1.3e6, 700.0, 97.0, 40.0)


def test_metal_by_charge_is_left_as_it_is_to_the_bit() -> None:
    assert by_weight(SUMS, FARADAY) is SUMS


def test_a_period_of_one_basis_is_named_by_it_and_one_of_several_by_their_shares() -> None:
    assert metal_of([(100.0, RECONCILED), (100.0, RECONCILED)]).words == "reconciled"
    mixed = metal_of([(100.0, RECONCILED), (100.0, FARADAY), (100.0, TAPPED)])
    assert mixed.t == pytest.approx(299.0)
    assert mixed.faraday_t == pytest.approx(300.0)
    assert mixed.words == "reconciled 32.8 %, tapped 33.8 %, Faraday 33.4 %"
    assert mixed.basis is MetalBasis.FARADAY
    assert weakest([MetalBasis.RECONCILED, MetalBasis.TAPPED]) is MetalBasis.TAPPED
    assert PeriodMetal().words == "Faraday"


def test_potlines_together_are_the_sum_of_what_each_states() -> None:
    found = together([metal_of([(100.0, RECONCILED)], capacity_t=107.0), by_charge(200.0)])
    assert found.stated_t == pytest.approx({MetalBasis.FARADAY: 200.0, MetalBasis.RECONCILED: 98.0})
    assert (found.weighed, found.capacity_t) == ((WEIGHED,), None)


def test_the_scale_is_one_error_and_growth_and_unknown_time_are_one_each() -> None:
    parts = [WEIGHED, WeighedTonnes(200.0, 80, 0.002, -2.0, 1.2, 0.9)]
    metal = energy_budgets([], weighed_metal(parts)).metal_t
    assert metal.value == pytest.approx(296.0)
    assert metal.standard == pytest.approx(math.hypot(0.002 * 297, 0.5, 1.2, 0.9), rel=1e-6)


def test_tapped_metal_has_no_uncertainty_and_says_what_is_missing() -> None:
    assert TAPPED.weighed is not None
    metal = energy_budgets([], weighed_metal([TAPPED.weighed])).metal_t
    assert (metal.standard, metal.missing) == (None, ("growth of metal in the pots",))


@given(st.lists(st.tuples(st.floats(0.1, 1e6), st.sampled_from([FARADAY, RECONCILED, TAPPED])), min_size=1))
def test_what_stands_on_each_basis_adds_up_to_all_of_it(parts: list[tuple[float, Metal]]) -> None:
    found = metal_of(parts)
    assert found.t == pytest.approx(math.fsum(tonnes * metal.scale for tonnes, metal in parts))
    assert set(found.bases) == {metal.basis for _, metal in parts}
