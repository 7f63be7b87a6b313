"""Current efficiency of closed months."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.accounting.current_efficiency import ClosedMonth, Estimate, Proposal, deviation, estimate, proposal
from collector.accounting.inventory import Metal
from collector.accounting.metal_basis import MetalBasis

K_KG_PER_KAH = 0.3355727277
CHARGE_KAH = 78_000_000.0
FULL_KG = K_KG_PER_KAH * CHARGE_KAH


def month(
    efficiency: float,
    *,
    label: str = "2026-03",
    coverage_pct: float = 100.0,
    basis: MetalBasis = MetalBasis.RECONCILED,
    weighing_u: float | None = 0.002,
    inventory_u_kg: float | None = 60_000.0,
) -> ClosedMonth:
    kg = FULL_KG * efficiency
    weighing_u_kg = None if weighing_u is None else weighing_u * kg
    metal = Metal(kg, basis, weighing_u_kg, inventory_u_kg, ())
    return ClosedMonth(label, metal, CHARGE_KAH * coverage_pct / 100, coverage_pct)


def found(*months: ClosedMonth, charge_u: float | None = 0.001) -> Estimate:
    result = estimate(months, charge_relative_u=charge_u, least_coverage_pct=90.0)
    assert result is not None
    return result


def test_metal_over_what_the_charge_can_make_is_the_current_efficiency() -> None:
    result = found(month(0.94))
    assert result.value == pytest.approx(0.94, rel=1e-9)
    assert result.faraday_kg == pytest.approx(26_174_672.76, rel=1e-9)
    assert (result.basis, result.months, result.findings) == (MetalBasis.RECONCILED, ("2026-03",), ())


def test_uncertainties_of_weighing_inventory_and_charge_are_added_as_squares() -> None:
    relative = math.sqrt(0.002**2 + (60_000 / (0.94 * FULL_KG)) ** 2 + 0.001**2)
    assert found(month(0.94)).standard_uncertainty == pytest.approx(0.94 * relative, rel=1e-9)


def test_more_months_make_the_inventory_certain_and_not_the_scale() -> None:
    months = [month(0.94, label=f"2026-{n:02}") for n in range(1, 10)]
    result = found(*months)
    relative = math.sqrt(0.002**2 + (60_000 / (0.94 * FULL_KG)) ** 2 / 9 + 0.001**2)
    assert result.standard_uncertainty == pytest.approx(0.94 * relative, rel=1e-9)


def test_months_are_sums_over_sums() -> None:
    short = replace(month(0.90), pot_charge_kah=CHARGE_KAH / 2, metal=replace(month(0.90).metal, kg=FULL_KG * 0.45))
    assert found(month(0.94, label="2026-02"), short).value == pytest.approx((0.94 + 0.45) / 1.5, rel=1e-9)


def test_charge_that_is_not_known_is_as_large_as_the_known_one_and_makes_it_less_certain() -> None:
    whole, partly = found(month(0.94)), found(month(0.94, coverage_pct=97.0))
    assert partly.value == pytest.approx(whole.value, rel=1e-12)
    assert partly.standard_uncertainty == pytest.approx(
        math.hypot(whole.standard_uncertainty or math.nan, 0.94 * 0.03 / math.sqrt(3)), rel=1e-9
    )


def test_a_month_of_whose_charge_too_little_is_known_is_left_out_and_said() -> None:
    result = found(month(0.5, coverage_pct=80.0), month(0.94, label="2026-04"))
    assert result.value == pytest.approx(0.94, rel=1e-9)
    assert result.months == ("2026-04",)
    assert result.findings == ("2026-03 is left out: its charge is known for 80.0 % of it, and 90 % are asked for",)
    assert estimate([month(0.94, coverage_pct=0.0)], charge_relative_u=None, least_coverage_pct=0.0) is None
    assert estimate([], charge_relative_u=None, least_coverage_pct=0.0) is None


@pytest.mark.parametrize("wrong", [{"pot_charge_kah": 0.0}, {"coverage_pct": 101.0}])
def test_a_month_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        found(replace(month(0.94), **wrong))  # type: ignore[arg-type]


def test_a_proposal_says_what_it_stands_on() -> None:
    proposed = proposal(found(month(0.94, label="2026-02"), month(0.942)), valid_from_ns=17)
    assert isinstance(proposed, Proposal)
    assert proposed.value == pytest.approx(0.941, rel=1e-9)
    assert proposed.valid_from_ns == 17
    assert proposed.source == (
        "metal balance of 2026-02 to 2026-03 (2 months): 49260.7 t reconciled over 52349.3 t by charge at efficiency 1;"
        f" standard uncertainty {proposed.standard_uncertainty:.4f}"
    )


@pytest.mark.parametrize(
    ("closed", "says"),
    [
        (month(0.94, basis=MetalBasis.TAPPED), "the change of the metal in the pots is missing"),
        (month(0.94, weighing_u=None), "its uncertainty is not known; give those of weighing, charge"),
        (month(1.02), "1.0200 is none; the balance does not close"),
        (month(0.0), "its uncertainty is not known"),
    ],
)
def test_without_a_balance_that_closes_nothing_is_proposed(closed: ClosedMonth, says: str) -> None:
    proposed = proposal(found(closed), valid_from_ns=0)
    assert isinstance(proposed, str)
    assert "no current efficiency is proposed from 2026-03: " in proposed
    assert says in proposed


def test_tapped_metal_and_more_metal_than_the_charge_can_make_are_said() -> None:
    result = found(month(1.02, basis=MetalBasis.TAPPED))
    assert result.value == pytest.approx(1.02, rel=1e-9)
    assert "the metal of 2026-03 is tapped and not reconciled" in result.findings[0]
    assert "the metal is 1.0200 of what the charge can make; look for weighings counted twice" in result.findings[1]


def test_a_current_efficiency_that_is_two_uncertainties_off_is_said_and_a_nearer_one_is_not() -> None:
    result = found(month(0.931))
    assert result.standard_uncertainty == pytest.approx(0.931 * math.sqrt(0.002**2 + 0.0024622**2 + 0.001**2), rel=1e-4)
    assert deviation(result, in_force=0.935) is None
    assert deviation(result, in_force=0.94) == (
        "the current efficiency of 2026-03 is 0.9310 with a standard uncertainty of 0.0031, and 0.9400 is in force,"
        " 0.0090 too high; put a new one into the plant file, or look for metal that is missing"
    )
    assert "0.0110 too low" in (deviation(result, in_force=0.92) or "")


def test_without_an_uncertainty_agreement_cannot_be_said() -> None:
    said = deviation(found(month(0.931), charge_u=None), in_force=0.931)
    assert said is not None
    assert "whether 0.9310, which is in force, agrees cannot be said without its uncertainty" in said


def test_a_current_efficiency_in_percent_is_refused() -> None:
    with pytest.raises(ValueError, match="in_force is 94: must be above 0 and at most 1"):
        deviation(found(month(0.94)), in_force=94.0)


@given(efficiency=st.floats(0.5, 1.1), scale=st.floats(1e-3, 1e3))
def test_a_larger_plant_has_the_same_current_efficiency_and_uncertainty(efficiency: float, scale: float) -> None:
    small, metal = month(efficiency), month(efficiency).metal
    large = ClosedMonth(
        "2026-03",
        Metal(metal.kg * scale, metal.basis, (metal.weighing_u_kg or 0) * scale, 60_000.0 * scale, ()),
        small.pot_charge_kah * scale,
        100.0,
    )
    assert found(large).value == pytest.approx(found(small).value, rel=1e-12)
    assert found(large).standard_uncertainty == pytest.approx(found(small).standard_uncertainty, rel=1e-9)
