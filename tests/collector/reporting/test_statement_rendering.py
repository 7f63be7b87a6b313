"""A statement as a page, a sheet and JSON: numbers written once, marks, escapes."""

import csv
import dataclasses
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stated_period import STANDING

from collector.reporting.page import as_html
from collector.reporting.sheets import as_csv, as_json
from collector.reporting.statement import Lack, Revision, Row, Section, Statement, shown


def statement(*rows: Row, by_period: bool = False) -> Statement:
    return Statement(
        kind="energy",
        title="Energy",
        rule="a rule",
        plant="north",
        plant_name="North smelter",
        potlines=("PL1",),
        period="2026-03",
        begins="2026-03-01 00:00+08:00",
        ends="2026-04-01 00:00+08:00",
        sections=(Section("Figures", rows, by_period=by_period),),
        missing=(Lack("alumina: no amount", "add [footprint.alumina]"),),
        remarks=(),
        standing=STANDING,
    )


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(13250.44, 1, "13,250.4"), (0.0, 1, "0.0"), (-0.04, 1, "0.0"), (-0.06, 1, "-0.1"), (None, 1, "\N{EN DASH}")],
)
def test_a_number_is_shown_with_its_decimals_and_what_is_withheld_as_a_dash(
    value: float | None, digits: int, text: str
) -> None:
    assert shown(value, digits) == text


def test_a_number_without_a_unit_cannot_be_stated() -> None:
    with pytest.raises(ValueError, match="state metal: it has no unit"):
        Row("metal", 1.0, "")


def test_an_estimated_number_has_its_mark_and_the_legend_explains_it() -> None:
    page = as_html(statement(Row("dc", 13250.44, "kWh/t", estimated_pct=2.0, expanded_95=130.0)))
    assert "13,250.4 &plusmn; 130.0<sup>e</sup>" in page
    assert "<sup>e</sup> marks a number of which a part was estimated" in page
    plain = as_html(statement(Row("dc", 13250.44, "kWh/t", estimated_pct=0.0)))
    assert "<sup>e</sup>" not in plain


def test_heads_are_repeated_on_each_page_and_rows_are_never_torn() -> None:
    page = as_html(statement(Row("dc", 1.0, "kWh/t")))
    assert "thead { display: table-header-group; }" in page
    assert "tr { break-inside: avoid; }" in page


def test_each_page_after_the_first_says_what_it_is_a_page_of_and_each_has_its_number() -> None:
    page = as_html(statement(Row("dc", 1.0, "kWh/t")))
    # After a number a space ends it; the next one is shown.
    assert '@top-left { content: "Energy\\2c  North smelter\\2c  2026\\2d 03";' in page
    assert '@page :first { @top-left { content: ""; } }' in page
    assert 'counter(page) " / " counter(pages)' in page


def test_a_name_cannot_end_the_style_sheet_or_its_string() -> None:
    made = dataclasses.replace(statement(Row("dc", 1.0, "kWh/t")), plant_name='</style><b>"x\\')
    page = as_html(made)
    assert page.count("</style>") == 1
    assert 'content: "Energy\\2c  \\3c \\2f style\\3e \\3c b\\3e \\22 x\\5c \\2c  2026\\2d 03"' in page


@pytest.mark.parametrize(("rows", "is_short"), [(12, True), (13, False)])
def test_a_table_of_12_rows_stays_on_one_page_and_one_of_13_may_go_on(*, rows: int, is_short: bool) -> None:
    page = as_html(statement(*[Row(f"row {n}", 1.0, "t") for n in range(rows)]))
    assert ('<section class="short"><h2>Figures' in page) is is_short
    assert ".short { break-inside: avoid; }" in page


def test_places_times_and_units_are_never_broken_in_two_lines() -> None:
    page = as_html(statement(Row("hf", 3.2, "mg/m3", where="GTC-1", period="2026-03-01 13:00+08:00")))
    for name, text in (("where", "GTC-1"), ("w when", "2026-03-01 13:00+08:00"), ("unit", "mg/m3")):
        assert f'<td class="{name}">{text}</td>' in page
    assert ".w, .where, .unit { white-space: nowrap; }" in page


def test_days_are_lines_and_boundaries_are_columns_with_their_unit() -> None:
    rows = [Row(name, value, "kWh/t", where="PL1", period=day, coverage_pct=known) for name, value, day, known in (
        ("dc", 12_500.0, "2026-03-01", 100.0), ("ac", 13_000.0, "2026-03-01", 97.0), ("dc", None, "2026-03-02", 10.0),
    )]  # fmt: skip
    page = as_html(statement(*rows, by_period=True))
    assert '<th class="n">dc<br>kWh/t</th><th class="n">ac<br>kWh/t</th>' in page
    assert '<td>2026-03-01</td><td class="n">12,500.0</td><td class="n">13,000.0</td><td class="n">97.0 %</td>' in page
    assert '<td>2026-03-02</td><td class="n">\N{EN DASH}</td><td class="n"></td><td class="n">10.0 %</td>' in page


def test_revisions_and_the_digest_are_on_the_page() -> None:
    made = statement(Row("dc", 1.0, "kWh/t"))
    again = Revision("PL1", "2026-03-04", 2, "laboratory corrected <sulphur>")
    page = as_html(dataclasses.replace(made, standing=dataclasses.replace(STANDING, revisions=(again,), waiting=3)))
    assert "Stands on ledger entries up to 17, digest <code>abab" in page
    assert "laboratory corrected &lt;sulphur&gt;" in page
    assert "3 minutes of the period are still to be stated again" in page
    assert "No entry of the period was stated again." in as_html(made)


def test_a_sheet_has_full_numbers_and_texts_that_no_table_takes_for_a_formula() -> None:
    row = Row("=1+1", 1 / 3, "t", note="@SUM(A1)", source="-x")
    (found, *_) = csv.DictReader(io.StringIO(as_csv(statement(row))))
    assert float(found["value"]) == 1 / 3
    assert (found["label"], found["note"], found["source"]) == ("'=1+1", "'@SUM(A1)", "'-x")


@given(value=st.floats(allow_nan=False, allow_infinity=False), text=st.text(max_size=30))
def test_whatever_is_stated_comes_back_from_json_and_the_sheet(value: float, text: str) -> None:
    made = statement(Row(f"x{text}", value, "t", note=text))
    (found,) = json.loads(as_json(made))["sections"][0]["rows"]
    assert (found["label"], found["value"], found["note"]) == (f"x{text}", value, text)
    rows = list(csv.reader(io.StringIO(as_csv(made), newline="")))
    assert {len(row) for row in rows} == {14}
    assert float(rows[1][4]) == value
