"""Footprint of the product: stages, shares, what is missing, what is cut off."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.electricity import FactorKind
from collector.domain.footprint import (
    Contribution,
    CutOff,
    DeclaredUnit,
    ElectricityUse,
    Emitted,
    Flow,
    FootprintRules,
    ProductFootprint,
    Stage,
    product_footprint,
)
from collector.domain.market_based import ElectricityFactor

RULES = FootprintRules("gb_t_44905_2024", cut_off_item_percent=1.0, cut_off_total_percent=5.0)
POWER = ElectricityFactor(0.6205, FactorKind.CARBON_FOOTPRINT, "national average 2023")
ALUMINA = Flow(Stage.ALUMINA, "alumina", 192_000.0, "t", 1200.0, "declaration of the refinery")
FLUORIDES = Flow(Stage.FLUORIDES, "aluminium fluoride", 1700.0, "t", 2000.0, "declaration of the maker")
ELECTRICITY = ElectricityUse("electrolysis", 1.35e9, POWER)
LIQUID: tuple[Contribution, ...] = (
    ALUMINA,
    Flow(Stage.ANODES, "anodes", 50_000.0, "t", 900.0, "own baking furnace, 2023"),
    FLUORIDES,
    Flow(Stage.TRANSPORT, "alumina by rail", 192_000.0 * 500, "t km", 0.02, "railway"),
    Emitted(Stage.ELECTROLYSIS_CARBON, "anode carbon", 150_304.0),
    Emitted(Stage.ELECTROLYSIS_PFC, "anode effects", 28_503.8325),
    ELECTRICITY,
)


def footprint(
    contributions: tuple[Contribution, ...] = LIQUID,
    unit: DeclaredUnit = DeclaredUnit.LIQUID_METAL,
    cut_off: tuple[CutOff, ...] = (),
) -> ProductFootprint:
    return product_footprint(100_000.0, declared_unit=unit, rules=RULES, contributions=contributions, cut_off=cut_off)


def without(stage: Stage) -> tuple[Contribution, ...]:
    return tuple(
        one for one in LIQUID if (Stage.ELECTRICITY if isinstance(one, ElectricityUse) else one.stage) is not stage
    )


def test_liquid_metal_has_a_footprint_of_12_97_tonnes_with_two_thirds_from_electricity() -> None:
    answer = footprint()
    # 2.304 alumina, 0.45 anodes, 0.034 fluorides, 0.0192 transport, 1.50304 carbon, 0.285038 gases, 8.37675 electricity
    assert answer.co2e_t_per_t == pytest.approx(12.972028325, rel=1e-12)
    shares = {one.stage: one.share for one in answer.stages}
    assert shares[Stage.ELECTRICITY] == pytest.approx(0.645755, rel=1e-5)
    assert sum(shares.values()) == pytest.approx(1, rel=1e-12)
    assert answer.missing == ()


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.CASTING])
def test_a_stage_without_an_amount_is_listed_and_the_footprint_withheld(stage: Stage) -> None:
    answer = footprint(without(stage))
    assert answer.missing == (f"{stage.value}: no amount",)
    assert answer.co2e_t_per_t is None
    assert 0 < answer.counted_co2e_t_per_t < 12.972028325


def test_an_amount_without_a_factor_is_listed_and_not_taken_for_zero() -> None:
    answer = footprint((replace(ALUMINA, co2e_kg_per_unit=None, source=""), *LIQUID[1:]))
    assert answer.missing == ("alumina: alumina has no factor",)
    assert answer.co2e_t_per_t is None
    assert answer.counted_co2e_t_per_t == pytest.approx(12.972028325 - 2.304, rel=1e-9)
    answer = footprint((*LIQUID[:-1], replace(ELECTRICITY, factor=None)))
    assert answer.missing == ("electricity: electrolysis has no factor",)


def test_ingot_needs_casting_and_liquid_metal_refuses_it() -> None:
    casting = Emitted(Stage.CASTING, "casting furnace", 3000.0)
    assert footprint(unit=DeclaredUnit.REMELT_INGOT).missing == ("casting: no amount",)
    ingot = footprint((*LIQUID, casting), DeclaredUnit.REMELT_INGOT)
    assert ingot.co2e_t_per_t == pytest.approx(13.002028325, rel=1e-12)
    with pytest.raises(ValueError, match=r"casting furnace belongs to casting, which lies outside 1 t of primary"):
        footprint((*LIQUID, casting))


def test_a_co2_factor_of_the_grid_is_refused_in_a_footprint() -> None:
    grid = ElectricityFactor(0.5306, FactorKind.CO2, "grid 2023")
    with pytest.raises(ValueError, match=r"factor of electrolysis \(grid 2023\) is of kind co2\. Remedy: a footprint"):
        footprint((*LIQUID[:-1], replace(ELECTRICITY, factor=grid)))


def test_a_small_item_is_cut_off_and_named() -> None:
    small = CutOff(Stage.FLUORIDES, "aluminium fluoride", 0.3, "17 kg/t at 2 t CO2e/t")
    answer = footprint(without(Stage.FLUORIDES), cut_off=(small,))
    assert answer.missing == ()
    assert answer.cut_off == (small,)
    assert answer.co2e_t_per_t == pytest.approx(12.938028325, rel=1e-12)


def test_an_item_of_one_percent_is_counted_and_not_cut_off() -> None:
    with pytest.raises(ValueError, match=r"anodes is 1 % of the footprint, .* below 1 %\. Remedy: count it"):
        footprint(cut_off=(CutOff(Stage.ANODES, "anodes", 1.0, "estimate"),))


def test_six_items_of_nine_tenths_of_a_percent_are_too_much_to_cut_off() -> None:
    items = tuple(CutOff(Stage.TRANSPORT, f"leg {leg}", 0.9, "estimate") for leg in range(6))
    with pytest.raises(ValueError, match=r"what is cut off adds up to 5\.4 %, .*at most 5 %"):
        footprint(cut_off=items)
    assert footprint(cut_off=items[:5]).missing == ()


def test_factors_without_source_and_negative_amounts_are_refused() -> None:
    with pytest.raises(ValueError, match="factor of alumina has no source"):
        footprint((replace(ALUMINA, source=""), *LIQUID[1:]))
    with pytest.raises(ValueError, match="alumina is -1"):
        footprint((replace(ALUMINA, amount=-1.0), *LIQUID[1:]))
    with pytest.raises(ValueError, match="factor of alumina is -1"):
        footprint((replace(ALUMINA, co2e_kg_per_unit=-1.0), *LIQUID[1:]))
    with pytest.raises(ValueError, match="electrolysis is -1"):
        footprint((*LIQUID[:-1], replace(ELECTRICITY, kwh=-1.0)))
    with pytest.raises(ValueError, match="anode carbon is -1"):
        footprint((*LIQUID, Emitted(Stage.ELECTROLYSIS_CARBON, "anode carbon", -1.0)))
    with pytest.raises(ValueError, match="share_percent of anodes is -1"):
        footprint(cut_off=(CutOff(Stage.ANODES, "anodes", -1.0, "estimate"),))


def test_a_footprint_of_no_product_is_refused() -> None:
    with pytest.raises(ValueError, match="product_t is 0"):
        product_footprint(0.0, declared_unit=DeclaredUnit.LIQUID_METAL, rules=RULES, contributions=LIQUID, cut_off=())


def test_nothing_counted_has_no_stages_and_everything_missing() -> None:
    answer = footprint(())
    assert answer.stages == ()
    assert len(answer.missing) == 7


@given(st.floats(1, 1e6), st.floats(0.01, 100))
def test_footprint_is_the_same_for_any_size_of_plant(amount: float, factor: float) -> None:
    def of(scale: float) -> float:
        flow = replace(ALUMINA, amount=amount * scale)
        answer = product_footprint(
            100.0 * scale, declared_unit=DeclaredUnit.LIQUID_METAL, rules=RULES, contributions=[flow], cut_off=()
        )
        return answer.counted_co2e_t_per_t

    assert of(factor) == pytest.approx(of(1.0))
