"""Embedded emissions, free allocation and what is to be paid for."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.cbam_obligation import (
    Precursor,
    free_allocation_t_per_t,
    payable_t_per_t,
    specific_embedded_emissions,
)

UNWROUGHT = Precursor("unwrought metal of another maker", 20_000.0, 3.0, "its declaration of 2026")


def test_precursors_are_weighed_with_their_losses() -> None:
    # 20,000 t of bought metal go into 115,000 t of good; the 5,000 t lost were embedded, too
    see = specific_embedded_emissions(170_000.0, precursors=[UNWROUGHT], activity_level_t=115_000.0)
    assert see == pytest.approx(2.0, rel=1e-12)


def test_without_precursors_it_is_emissions_over_activity() -> None:
    assert specific_embedded_emissions(191_900.0, precursors=[], activity_level_t=100_000.0) == pytest.approx(1.919)


def test_indirect_emissions_have_no_place_in_embedded_emissions_of_aluminium() -> None:
    names = inspect.signature(specific_embedded_emissions).parameters
    assert not [name for name in names if "kwh" in name or "indirect" in name or "electric" in name]


@pytest.mark.parametrize("level", [0.0, -1.0, float("nan")])
def test_embedded_emissions_without_a_good_are_refused(level: float) -> None:
    with pytest.raises(ValueError, match=r"activity_level_t is .*Remedy: withhold the figure"):
        specific_embedded_emissions(1.0, precursors=[], activity_level_t=level)


def test_precursor_in_kilograms_per_tonne_or_without_source_is_refused() -> None:
    with pytest.raises(ValueError, match=r"embedded_t_per_t is 3000: .*not 1900 kg/t"):
        Precursor("metal", 1.0, 3000.0, "declaration")
    with pytest.raises(ValueError, match="mass_t is -1"):
        Precursor("metal", -1.0, 3.0, "declaration")
    with pytest.raises(ValueError, match="precursor metal has no source"):
        Precursor("metal", 1.0, 3.0, "")


def test_a_correction_factor_takes_its_part_of_the_free_allocation() -> None:
    free = free_allocation_t_per_t(1.423, obligation_share=0.025, correction_factor=0.9)
    assert free == pytest.approx(1.2486825, rel=1e-12)


@pytest.mark.parametrize("share", [2.5, 97.5, -0.1])
def test_share_of_the_obligation_in_percent_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match=r"obligation_share is .*0\.025 for 2\.5 %"):
        free_allocation_t_per_t(1.423, obligation_share=share, correction_factor=1.0)


def test_emissions_below_the_allocation_are_not_paid_back() -> None:
    assert payable_t_per_t(1.2, free_t_per_t=1.387425) == 0


def test_arithmetic_of_free_allocation_is_marked_as_unverified() -> None:
    for formula in (free_allocation_t_per_t, payable_t_per_t):
        assert "unverified" in (inspect.getdoc(formula) or "").splitlines()[0]


def test_years_of_the_schedule_are_taken_as_an_array() -> None:
    free = free_allocation_t_per_t(
        np.full(3, 1.423), obligation_share=np.array([0.025, 0.485, 1.0]), correction_factor=1.0
    )
    assert free.tolist() == pytest.approx([1.387425, 0.732845, 0.0])
    payable = payable_t_per_t(np.full(3, 1.919), free_t_per_t=free)
    assert payable.tolist() == pytest.approx([0.531575, 1.186155, 1.919])


@given(st.floats(0, 50), st.floats(0, 50), st.floats(0, 1), st.floats(0, 1))
def test_what_is_payable_grows_with_the_obligation(see: float, benchmark: float, one: float, two: float) -> None:
    low, high = sorted([one, two])
    early, late = (
        payable_t_per_t(
            see, free_t_per_t=free_allocation_t_per_t(benchmark, obligation_share=share, correction_factor=1.0)
        )
        for share in (low, high)
    )
    assert 0 <= early <= late <= see
