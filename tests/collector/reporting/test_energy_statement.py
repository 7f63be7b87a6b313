"""The statement of energy, with literal numbers."""

import dataclasses

import pytest
from line_story import PLANT, T0
from stated_period import HOUR_S, basis_of, lacks, row, sums_of, with_plant

from collector.accounting.sums import Sums, total
from collector.accounting.windows import Window
from collector.plant.accuracy import Accuracy
from collector.plant.factors import DatedSeries, DatedValue
from collector.plant.limits import PriceRegion
from collector.reporting.basis import Basis, Day, LineBasis
from collector.reporting.energy import energy_statement

DAY_S = 86400.0


def test_132_mwh_over_10_t_are_13200_kwh_per_t_comprehensive_and_12936_liquid() -> None:
    statement = energy_statement(basis_of())
    found = [row(statement, name) for name in ("dc", "liquid_ac", "liquid_comprehensive_ac")]
    assert [each.value for each in found] == [12_540.0, 12_936.0, 13_200.0]
    assert {each.unit for each in found} == {"kWh/t"}
    assert [(each.coverage_pct, each.estimated_pct, each.quality) for each in found] == [(100.0, 0.0, 192)] * 3


def test_12936_and_13200_reach_level_1_and_13340_level_2_of_the_edition_in_force() -> None:
    statement = energy_statement(basis_of())
    assert row(statement, "gb_21346_2022: level of liquid_ac").value == 1
    assert row(statement, "gb_21346_2022: level of liquid_comprehensive_ac").value == 1
    worse = energy_statement(basis_of(sums_of(133_400.0)))
    assert row(worse, "gb_21346_2022: level of liquid_comprehensive_ac").value == 2
    assert not [r for s in worse.sections for r in s.rows if r.label.startswith("gb_21346_2013")]


def test_a_value_above_all_levels_has_none_and_says_so() -> None:
    beyond = row(energy_statement(basis_of(sums_of(150_000.0))), "gb_21346_2022: level of liquid_comprehensive_ac")
    assert beyond.value is None
    assert beyond.note.startswith("above all levels")


def test_below_90_percent_of_the_time_the_ratio_is_withheld_and_the_amounts_still_stand() -> None:
    statement = energy_statement(basis_of(sums_of(covered_s=1.7 * HOUR_S)))
    withheld = row(statement, "liquid_comprehensive_ac")
    assert (withheld.value, withheld.note) == (None, "withheld: less than 90 % is known")
    assert withheld.coverage_pct == pytest.approx(85.0)
    assert row(statement, "DC energy").value == pytest.approx(125.4)


def test_uncertainty_that_is_not_configured_is_named_and_never_guessed() -> None:
    statement = energy_statement(basis_of())
    assert row(statement, "dc").expanded_95 is None
    assert row(statement, "dc").uncertainty == "not configured: current efficiency, pl1_dc"
    assert "uncertainty of dc of PL1: not configured: current efficiency, pl1_dc" in lacks(statement)


def test_with_classes_the_error_of_the_current_cancels_out_of_dc_kwh_per_t() -> None:
    line = PLANT.potlines[0]
    (efficiency,) = line.current_efficiency.values
    sure = dataclasses.replace(efficiency, relative_standard_uncertainty=0.005)
    lines = (dataclasses.replace(line, current_efficiency=DatedSeries("ce", (sure,))),)
    meters = tuple(dataclasses.replace(meter, accuracy=Accuracy(whole=0.002)) for meter in PLANT.meters)
    statement = energy_statement(basis_of(plant=with_plant(potlines=lines, meters=meters)))
    # DC: one transducer in numerator and denominator, so only the current efficiency is left: 2 · 0.5 %.
    assert row(statement, "dc").expanded_95 == pytest.approx(12_540.0 * 0.01, rel=1e-6)
    # Rectifiers: two meters of 0.2 % with half of the energy each, beside the line's current and the efficiency.
    expected = 2 * 12_936.0 * (0.005**2 + 0.002**2 + 0.002**2 / 2) ** 0.5
    assert row(statement, "liquid_ac").expanded_95 == pytest.approx(expected, rel=1e-6)


def priced(kwh: float, region: PriceRegion) -> Basis:
    return basis_of(sums_of(kwh), plant=with_plant(price_region=region))


def test_13321_kwh_per_t_in_2026_pay_two_steps_on_every_kwh() -> None:
    statement = energy_statement(priced(133_210.0, PriceRegion("Shandong", "ndrc_2021_1239")))
    assert row(statement, "ndrc_2021_1239: threshold").value == 13_300
    surcharge = row(statement, "ndrc_2021_1239: surcharge")
    assert surcharge.value == pytest.approx(0.02)
    assert surcharge.note.startswith("without relief")
    assert row(statement, "ndrc_2021_1239: surcharge of the period").value == pytest.approx(133_210.0 * 0.02)


def test_25_percent_non_hydro_take_a_tenth_off_the_surcharge() -> None:
    def always(share: float) -> DatedSeries:
        return DatedSeries("share", (DatedValue(share, 0, "certificate"),))

    region = PriceRegion(
        "Shandong", "ndrc_2021_1239", previous_year_non_hydro_weight=always(0.157), non_hydro_share=always(0.25)
    )
    statement = energy_statement(priced(133_210.0, region))
    assert row(statement, "ndrc_2021_1239: surcharge before relief").value == pytest.approx(0.02)
    assert row(statement, "ndrc_2021_1239: surcharge").value == pytest.approx(0.018)


def test_without_a_price_region_there_is_no_surcharge_and_that_is_listed() -> None:
    statement = energy_statement(basis_of())
    assert not [s for s in statement.sections if s.title.startswith("Tiered")]
    assert "tiered price: no price region is configured" in lacks(statement)


def test_a_month_of_which_two_days_are_over_ends_as_its_last_days_went() -> None:
    days = [sums_of(1_320_000.0, 100.0, covered_s=DAY_S), sums_of(1_360_000.0, 100.0, covered_s=DAY_S)]
    statement = energy_statement(month_of(days))
    (ends,) = (s for s in statement.sections if s.title == "End of the month")
    assert ends.rows[0].value == pytest.approx(13_400.0)
    assert ends.rows[0].note == "forecast: 29.0 days are left, taken to go as the last 2.0"
    assert ends.rows[0].is_estimated


def month_of(days: list[Sums]) -> Basis:
    start_ns = T0 - 12 * 3600 * 10**9
    parts = tuple(
        Day(f"2026-03-{n + 1:02}", Window("day", start_ns + n * 86400 * 10**9, start_ns + (n + 1) * 86400 * 10**9),
            DAY_S, sums)
        for n, sums in enumerate(days)
    )  # fmt: skip
    whole = total(days)
    window = Window("month", start_ns, start_ns + 31 * 86400 * 10**9)
    basis = basis_of(whole)
    line = LineBasis(PLANT.potlines[0], whole, (dataclasses.replace(basis.lines[0].segments[0], sums=whole),), parts)
    return dataclasses.replace(basis, window=window, known_s=len(days) * DAY_S, lines=(line,), label="2026-03")


def test_each_day_has_its_own_line_and_the_month_is_sums_over_sums() -> None:
    days = [sums_of(1_320_000.0, 100.0, covered_s=DAY_S), sums_of(420_000.0, 30.0, covered_s=DAY_S)]
    statement = energy_statement(month_of(days))
    (table,) = (s for s in statement.sections if s.by_period)
    found = {r.period: r.value for r in table.rows if r.label == "liquid_comprehensive_ac"}
    assert found == {"2026-03-01": 13_200.0, "2026-03-02": 14_000.0}
    first = next(r for r in statement.sections[0].rows if r.label == "liquid_comprehensive_ac")
    assert first.value == pytest.approx(1_740_000 / 130)
    assert any(remark.startswith("The period is not over") for remark in statement.remarks)
