"""The tiered price and the month's end in the statement of energy: what is uncertain, and which step may be crossed."""

import dataclasses
from datetime import date

import pytest
from line_story import PLANT, T0
from stated_period import basis_of, lacks, row, sums_of, with_plant

from collector.accounting.sums import Sums, total
from collector.accounting.windows import Window
from collector.plant.limits import PriceRegion
from collector.reporting.basis import Basis, Day, LineBasis
from collector.reporting.energy import energy_statement
from collector.reporting.statement import Row, Statement

DAY_S = 86400.0
DAY_NS = 86_400_000_000_000
RULE = "ndrc_2021_1239"


def month_of(days: list[Sums]) -> Basis:
    """Return a March of which some days are over, in a region with the tiered price."""
    start_ns = T0 - DAY_NS // 2
    parts = tuple(
        Day(f"2026-03-{n + 1:02}", Window("day", start_ns + n * DAY_NS, start_ns + (n + 1) * DAY_NS), DAY_S, sums)
        for n, sums in enumerate(days)
    )
    whole = total(days)
    basis = basis_of(whole, plant=with_plant(price_region=PriceRegion("Shandong", RULE)))
    line = LineBasis(PLANT.potlines[0], whole, (dataclasses.replace(basis.lines[0].segments[0], sums=whole),), parts)
    window = Window("month", start_ns, start_ns + 31 * DAY_NS)
    return dataclasses.replace(basis, window=window, known_s=len(days) * DAY_S, lines=(line,), label="2026-03")


def day(kwh_per_t: float) -> Sums:
    return sums_of(100.0 * kwh_per_t, 100.0, covered_s=DAY_S)


def at_the_end(statement: Statement, label: str = "liquid_comprehensive_ac") -> Row:
    (section,) = (each for each in statement.sections if each.title == "End of the month")
    (found,) = (each for each in section.rows if each.label == label)
    return found


def test_three_days_of_13300_13320_and_13280_end_at_13300_and_are_sure_to_63_kwh_per_t() -> None:
    statement = energy_statement(month_of([day(13_300.0), day(13_320.0), day(13_280.0)]))
    ends = at_the_end(statement)
    assert ends.value == pytest.approx(13_300.0)
    # Residuals 0, 2 and -2 MWh over 3,100 t; 28 days to come, three that were.
    assert ends.expanded_95 == pytest.approx(2 * 2000 * (28 + 28**2 / 3) ** 0.5 / 3100, rel=1e-6)
    assert at_the_end(statement, f"{RULE}: surcharge at the month's end").note == (
        "the tier may be crossed: the month's step ends at 13,300 kWh/t"
    )


def test_a_month_that_has_been_good_and_goes_bad_is_about_to_cross_and_says_what_is_needed() -> None:
    statement = energy_statement(month_of([*[day(13_200.0)] * 8, *[day(13_390.0)] * 7]))
    ends = at_the_end(statement)
    assert ends.value == pytest.approx((8 * 13_200 + 23 * 13_390) / 31)
    assert ends.expanded_95 == pytest.approx(0.0, abs=1e-6)
    surcharge = at_the_end(statement, f"{RULE}: surcharge at the month's end")
    assert surcharge.value == pytest.approx(0.03)
    assert surcharge.note.startswith("the tier is about to be crossed: the month stands at 13,288.7")
    needed = at_the_end(statement, f"{RULE}: most for the days left, to end at the threshold")
    assert needed.value == pytest.approx((31 * 13_300 - 8 * 13_200 - 7 * 13_390) / 16)


def test_of_two_days_there_is_no_scatter_and_that_is_said() -> None:
    ends = at_the_end(energy_statement(month_of([day(13_300.0), day(13_320.0)])))
    assert ends.expanded_95 is None
    assert ends.uncertainty == "is not told by fewer than 3 whole days"


def test_13321_kwh_per_t_have_19_to_the_next_step_and_cost_half_as_much_again_when_left_unpaid() -> None:
    plant = with_plant(price_region=PriceRegion("Shandong", RULE))
    statement = energy_statement(basis_of(sums_of(133_210.0), plant=plant))
    assert row(statement, f"{RULE}: up to the next step").value == pytest.approx(19.0)
    late = row(statement, f"{RULE}: surcharge of the period, unpaid 90 days after its notice")
    assert late.value == pytest.approx(133_210.0 * 0.02 * 1.5)


def banded(day_of: date) -> Statement:
    plant = with_plant(price_region=PriceRegion("Shandong", "ndrc_2013_bands"))
    basis = basis_of(sums_of(140_000.0), plant=plant)
    return energy_statement(dataclasses.replace(basis, day=day_of))


def test_13720_kwh_per_t_of_liquid_ac_in_2021_pay_two_fen_by_the_bands() -> None:
    statement = banded(date(2021, 6, 1))
    assert row(statement, "ndrc_2013_bands: free up to").value == 13_700.0
    assert row(statement, "ndrc_2013_bands: surcharge").value == 0.02
    assert row(statement, "ndrc_2013_bands: surcharge of the period").value == pytest.approx(137_200.0 * 0.02)


def test_the_bands_do_not_price_what_came_after_2021() -> None:
    assert "ndrc_2013_bands: it is not in force on 2026-03-01" in lacks(banded(date(2026, 3, 1)))
