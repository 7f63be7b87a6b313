"""Renewable shares on four bases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.renewables import (
    Basis,
    Denominator,
    RenewableShare,
    ShareTarget,
    certificate_kwh,
    gap_to_target_kwh,
    matched_kwh,
    renewable_percent,
    target_gap_kwh,
)

amounts = st.floats(0, 1e9)
YEAR = RenewableShare(Basis.CERTIFICATE, Denominator.ELECTROLYSIS_AC, renewable_kwh=250.0, total_kwh=1000.0)


def test_a_certificate_is_a_thousand_kilowatt_hours() -> None:
    assert certificate_kwh(405_000.0, kwh_per_certificate=1000.0) == 405_000_000


def test_a_share_of_two_thirds_against_30_percent_has_no_gap() -> None:
    assert target_gap_kwh(200.0, total_kwh=300.0, target_percent=30.0) == -110


def test_25_percent_lack_50_of_1000_to_30() -> None:
    target = ShareTarget(Basis.CERTIFICATE, Denominator.ELECTROLYSIS_AC, percent=30)
    assert YEAR.percent == 25
    assert gap_to_target_kwh(YEAR, target) == 50


@pytest.mark.parametrize(
    "target",
    [
        ShareTarget(Basis.PHYSICAL, Denominator.ELECTROLYSIS_AC, percent=30),
        ShareTarget(Basis.CERTIFICATE, Denominator.PLANT_TOTAL, percent=30),
    ],
)
def test_a_target_of_another_basis_or_denominator_is_not_compared(target: ShareTarget) -> None:
    with pytest.raises(ValueError, match=r"share is certificate of electrolysis_ac, the target .*cannot be compared"):
        gap_to_target_kwh(YEAR, target)


def test_more_certificates_than_electricity_are_reported_and_not_refused() -> None:
    assert renewable_percent(1200.0, total_kwh=1000.0) == 120


def test_share_of_nothing_is_withheld() -> None:
    with pytest.raises(ValueError, match=r"total_kwh is 0: .*Remedy: withhold the figure"):
        renewable_percent(0.0, total_kwh=0.0)
    with pytest.raises(ValueError, match="total_kwh is 0"):
        RenewableShare(Basis.PHYSICAL, Denominator.PLANT_TOTAL, renewable_kwh=0.0, total_kwh=0.0)


def test_target_as_a_multiple_of_the_whole_is_refused() -> None:
    with pytest.raises(ValueError, match=r"percent is 130: .*30 for 30 %"):
        ShareTarget(Basis.PHYSICAL, Denominator.PLANT_TOTAL, percent=130)
    with pytest.raises(ValueError, match="target_percent is -5"):
        target_gap_kwh(1.0, total_kwh=1.0, target_percent=-5.0)


def test_the_four_bases_have_the_names_of_the_streams() -> None:
    assert [str(basis) for basis in Basis] == ["physical", "contract", "certificate", "hourly_matched"]


@given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=48))
def test_matched_is_neither_more_than_the_load_nor_than_the_generation(hours: list[tuple[float, float]]) -> None:
    load_kwh, generation_kwh = np.array(hours).T
    matched = matched_kwh(load_kwh, generation_kwh=generation_kwh)
    assert (matched <= load_kwh).all()
    assert (matched <= generation_kwh).all()
    # whole days hide what hours show
    assert matched.sum() <= matched_kwh(float(load_kwh.sum()), generation_kwh=float(generation_kwh.sum())) + 1e-3


@given(amounts, st.floats(1e6, 1e9), st.floats(0, 100))
def test_adding_the_gap_reaches_the_target(renewable: float, total: float, target: float) -> None:
    gap = target_gap_kwh(renewable, total_kwh=total, target_percent=target)
    assert (renewable + gap) / total * 100 == pytest.approx(target, abs=1e-6)
