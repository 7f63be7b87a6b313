"""The metal that the pots hold, and reconciled metal."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from collector.accounting.inventory import InventoryChange, Measuring, Metal, Missing, change_of_inventory, reconcile
from collector.accounting.metal_basis import MetalBasis
from collector.accounting.stated_metal import Counts, Statement, TappedMetal
from collector.accounting.windows import DAY_NS, HOUR_NS, month_window
from collector.plant.calendar import Calendar
from collector.plant.factors import DatedSeries, DatedValue
from collector.readings.event import Laboratory

MARCH = month_window(2026, 3, Calendar(ZoneInfo("Asia/Shanghai")))
POTS = ("1001", "1002")
MEASURING = Measuring("metal_height_cm", height_u_cm=0.5, longest_age_ns=DAY_NS, least_measured_pct=60.0)
FACTOR = DatedSeries("metal per cm", (DatedValue(1000.0, 0, "drawing of the lining"),))
KG_PER_CM = {"1001": FACTOR, "1002": FACTOR}
SECOND_BOOKS = Statement("2026-03", MetalBasis.RECONCILED, 26_010_000.0, final=True, ids=("MES",))
TAPPED = TappedMetal(MARCH, 26_000_000.0, Counts.WEIGHINGS, 26_000_000.0, None, None, ())
GROWN = InventoryChange(5_000.0, 900.0, 2, 2, ("drawing",))


def sample(
    pot: str, hours_after: float, cm: float, *, at_end: bool = False, name: str = "metal_height_cm"
) -> Laboratory:
    time_ns = (MARCH.end_ns if at_end else MARCH.start_ns) + round(hours_after * HOUR_NS)
    return Laboratory(f"{pot}-{time_ns}", 0, "PL1", pot, time_ns, None, "bath", "manual", ((name, cm),))


def change(*samples: Laboratory, pots: tuple[str, ...] = POTS, measuring: Measuring = MEASURING) -> InventoryChange:
    found = change_of_inventory(samples, pots, MARCH, kg_per_cm=KG_PER_CM, measuring=measuring)
    assert isinstance(found, InventoryChange)
    return found


def why_missing(*samples: Laboratory, pots: tuple[str, ...] = POTS, factors: dict[str, DatedSeries] = KG_PER_CM) -> str:
    found = change_of_inventory(samples, pots, MARCH, kg_per_cm=factors, measuring=MEASURING)
    assert isinstance(found, Missing)
    return found.reason


def both(pot: str, first_cm: float, last_cm: float) -> tuple[Laboratory, Laboratory]:
    return sample(pot, 3, first_cm), sample(pot, -3, last_cm, at_end=True)


def test_two_pots_that_grew_by_two_centimetres_and_shrank_by_one_hold_a_tonne_more() -> None:
    found = change(*both("1001", 22.0, 24.0), *both("1002", 22.0, 21.0))
    assert found.kg == 1000.0
    assert found.standard_uncertainty_kg == pytest.approx(math.sqrt(4) * 500.0)
    assert (found.measured, found.pots, found.sources) == (2, 2, ("drawing of the lining",))


def test_the_height_nearest_to_either_end_counts() -> None:
    found = change(
        sample("1001", -20, 30.0),
        *both("1001", 22.0, 23.0),
        sample("1001", 10, 30.0, at_end=True),
        *both("1002", 22.0, 22.0),
    )
    assert found.kg == 1000.0


def test_a_corrected_height_replaces_the_one_before_whatever_came_first() -> None:
    wrong, last = both("1001", 2.0, 23.0)
    right = replace(wrong, rank=1, values=(("metal_height_cm", 22.0),))
    for order in ((wrong, right), (right, wrong)):
        assert change(*order, last, *both("1002", 22.0, 22.0)).kg == 1000.0


def test_pots_without_heights_are_taken_to_be_like_the_others_with_what_that_makes_uncertain() -> None:
    pots = ("1001", "1002", "1003")
    found = change(*both("1001", 22.0, 24.0), *both("1002", 22.0, 23.0), pots=pots)
    assert (found.kg, found.measured, found.pots) == (4500.0, 2, 3)
    of_heights = 1.5**2 * 4 * 500.0**2
    of_the_others = 500_000.0 * 1 * 3 / 2
    assert found.standard_uncertainty_kg == pytest.approx(math.sqrt(of_heights + of_the_others))


def test_too_few_pots_with_heights_are_no_inventory() -> None:
    says = "1 of 2 pots have a height of metal at both ends, and 60 % are asked for; measure more of them"
    assert says in why_missing(*both("1001", 22.0, 24.0))
    assert "0 of 2 pots" in why_missing()


@pytest.mark.parametrize("cm", [math.nan, -1.0])
def test_a_height_that_cannot_be_is_left_out(cm: float) -> None:
    assert "1 of 2 pots" in why_missing(*both("1001", 22.0, 24.0), *both("1002", 22.0, cm))


def test_a_height_of_another_day_and_a_sample_of_something_else_say_nothing() -> None:
    old = sample("1002", -25, 22.0), sample("1002", 0, 22.0, at_end=True)
    other = sample("1002", 0, 20.0, name="bath_height_cm")
    assert "1 of 2 pots" in why_missing(*both("1001", 22.0, 24.0), *old, other)


def test_one_pot_of_several_does_not_speak_for_the_others() -> None:
    loose = replace(MEASURING, least_measured_pct=10.0)
    found = change_of_inventory(both("1001", 22.0, 24.0), POTS, MARCH, kg_per_cm=KG_PER_CM, measuring=loose)
    assert found == Missing("one pot alone does not show how different the others are; measure at least two")


def test_a_pot_without_a_factor_is_named() -> None:
    samples = (*both("1001", 22.0, 24.0), *both("1002", 22.0, 24.0))
    assert "pot 1002 has no factor from height to metal; add its kg/cm" in why_missing(
        *samples, factors={"1001": FACTOR}
    )
    later = DatedSeries("metal per cm", (DatedValue(1000.0, MARCH.end_ns, "later"),))
    assert "metal per cm: no value is in force on" in why_missing(*samples, factors={"1001": later})


def test_a_factor_that_makes_no_metal_of_a_height_is_refused() -> None:
    none = DatedSeries("metal per cm", (DatedValue(0.0, 0, "forgotten"),))
    with pytest.raises(ValueError, match=r"kg_per_cm is 0: must be greater than zero"):
        why_missing(*both("1001", 22.0, 24.0), factors={"1001": none})


def test_a_line_without_pots_holds_nothing_that_could_change() -> None:
    assert "no pot was in operation" in why_missing(pots=())


def test_a_new_factor_within_the_interval_makes_no_metal() -> None:
    middle_ns = int(datetime(2026, 3, 15, tzinfo=UTC).timestamp()) * 10**9
    twice = DatedSeries("metal per cm", (*FACTOR.values, DatedValue(1100.0, middle_ns, "measured")))
    samples = (*both("1001", 22.0, 22.0), *both("1002", 22.0, 23.0))
    found = change_of_inventory(samples, POTS, MARCH, kg_per_cm=dict.fromkeys(POTS, twice), measuring=MEASURING)
    assert isinstance(found, InventoryChange)
    assert (found.kg, found.sources) == (1100.0, ("measured",))


@pytest.mark.parametrize("wrong", [{"height_u_cm": -0.1}, {"longest_age_ns": 0}, {"least_measured_pct": 101.0}])
def test_a_way_of_measuring_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Measuring(**{"name": "h", "height_u_cm": 0.5, "longest_age_ns": 1, "least_measured_pct": 90.0, **wrong})  # type: ignore[arg-type]


def reconciled(change: InventoryChange | Missing, stated: Statement | None, counts: Counts) -> Metal:
    return reconcile(TAPPED, change, stated, counts=counts, weighing_relative_u=0.002, stated_relative_u=0.003)


def test_tapped_metal_and_its_growth_in_the_pots_are_reconciled_metal() -> None:
    found = reconciled(GROWN, None, Counts.WEIGHINGS)
    assert found == Metal(26_005_000.0, MetalBasis.RECONCILED, 52_000.0, 900.0, ())


def test_without_heights_and_without_a_statement_metal_stays_tapped_and_that_is_said() -> None:
    found = reconciled(Missing("0 of 2 pots"), None, Counts.WEIGHINGS)
    assert (found.kg, found.basis, found.inventory_u_kg) == (26_000_000.0, MetalBasis.TAPPED, None)
    assert found.findings == ("the change of the metal in the pots is missing: 0 of 2 pots",)


def test_without_heights_the_statement_of_the_plant_counts_whoever_is_to_count() -> None:
    for counts in Counts:
        found = reconciled(Missing("0 of 2 pots"), SECOND_BOOKS, counts)
        assert (found.kg, found.basis, found.inventory_u_kg, found.findings) == (
            26_010_000.0,
            MetalBasis.RECONCILED,
            0.0,
            (),
        )
        assert found.weighing_u_kg == pytest.approx(78_030.0)


@pytest.mark.parametrize(("counts", "kg"), [(Counts.WEIGHINGS, 26_005_000.0), (Counts.PRODUCTION, 26_010_000.0)])
def test_where_both_are_known_one_counts_and_the_difference_is_said(counts: Counts, kg: float) -> None:
    found = reconciled(GROWN, SECOND_BOOKS, counts)
    assert (found.kg, found.basis) == (kg, MetalBasis.RECONCILED)
    assert found.findings == (
        "the books state 5000 kg more than tapped metal and the heights of metal in the pots come to",
    )
    less = reconciled(GROWN, replace(SECOND_BOOKS, kg=26_004_000.0), counts)
    assert "the books state 1000 kg less than" in less.findings[0]
    assert reconciled(GROWN, replace(SECOND_BOOKS, kg=26_005_000.4), counts).findings == ()


def test_a_statement_that_is_not_final_is_said() -> None:
    found = reconciled(Missing("none"), replace(SECOND_BOOKS, final=False), Counts.PRODUCTION)
    assert found.findings == ("the metal that the books state of 2026-03 is not final",)


def test_an_uncertainty_that_is_not_configured_is_not_made_up() -> None:
    found = reconcile(TAPPED, GROWN, None, counts=Counts.WEIGHINGS, weighing_relative_u=None, stated_relative_u=None)
    assert (found.weighing_u_kg, found.inventory_u_kg) == (None, 900.0)
    with pytest.raises(ValueError, match=r"weighing_relative_u is -0\.1"):
        reconcile(TAPPED, GROWN, None, counts=Counts.WEIGHINGS, weighing_relative_u=-0.1, stated_relative_u=None)
