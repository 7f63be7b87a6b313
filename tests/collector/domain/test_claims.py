"""Claims: one megawatt-hour counts once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.claims import Claim, claimed_kwh, contract_or_certificate_kwh
from collector.domain.renewables import Basis

amounts = st.floats(0, 1e9)


def test_a_contract_and_its_certificates_are_not_added() -> None:
    claims = [
        Claim(Basis.CONTRACT, "wind farm 7, 2026-03", 40_000_000.0),
        Claim(Basis.CERTIFICATE, "wind farm 7, 2026-03", 40_000_000.0),
    ]
    with pytest.raises(ValueError, match=r"'wind farm 7, 2026-03' is claimed as contract and as certificate: .*once"):
        claimed_kwh(claims)


def test_own_generation_whose_certificates_are_claimed_counts_once_too() -> None:
    claims = [Claim(Basis.PHYSICAL, "roof, 2026-03", 1.0), Claim(Basis.CERTIFICATE, "roof, 2026-03", 1.0)]
    with pytest.raises(ValueError, match="physical and as certificate"):
        claimed_kwh(claims)


def test_contracts_of_one_farm_and_certificates_of_another_are_added() -> None:
    claims = [
        Claim(Basis.CONTRACT, "wind farm 7, 2026-03", 40.0),
        Claim(Basis.CONTRACT, "wind farm 7, 2026-03", 5.0),
        Claim(Basis.CERTIFICATE, "wind farm 8, 2026-03", 10.0),
        Claim(Basis.CERTIFICATE, "wind farm 7, 2026-04", 1.0),
    ]
    assert claimed_kwh(claims) == 56
    assert claimed_kwh([]) == 0


def test_a_negative_claim_is_refused() -> None:
    with pytest.raises(ValueError, match="kwh is -1"):
        Claim(Basis.CONTRACT, "wind farm 7, 2026-03", -1.0)


def test_what_is_in_both_counts_once() -> None:
    assert contract_or_certificate_kwh(300.0, certificate_kwh=200.0, same_kwh=150.0) == 350
    assert contract_or_certificate_kwh(300.0, certificate_kwh=300.0, same_kwh=300.0) == 300


def test_more_in_both_than_in_one_is_refused() -> None:
    with pytest.raises(ValueError, match=r"same_kwh is 250: .*count in same_kwh only"):
        contract_or_certificate_kwh(300.0, certificate_kwh=200.0, same_kwh=250.0)
    with pytest.raises(ValueError, match=r"same_kwh\[1\] is 250"):
        contract_or_certificate_kwh(np.array([300.0, 200.0]), certificate_kwh=300.0, same_kwh=np.array([250.0, 250.0]))


@given(amounts, amounts, st.floats(0, 1))
def test_one_or_the_other_is_at_least_the_greater_and_at_most_both(one: float, two: float, common: float) -> None:
    both = contract_or_certificate_kwh(one, certificate_kwh=two, same_kwh=min(one, two) * common)
    assert max(one, two) <= both * (1 + 1e-9)
    assert both <= one + two
