"""Many meters from one table, in pure code: ranges, columns, placeholders, and what is wrong with them."""

# ruff: noqa: E501 - whole lines, as a person reads them

from typing import Any

import pytest

from collector.settings.expansion import Expansion, Made, expand
from collector.settings.sheet import Sheet, SheetRefused, sheet_of

TEXT = "tag;unit;kw;ct\nA1;11;250;400\nB7;012;;\n\nC3;13;90;\n"


def no_sheet(name: str) -> Sheet:
    raise SheetRefused([(f"{name} cannot be read: No such file or directory", "check it")])


def of_text(name: str) -> Sheet:
    return sheet_of(name, TEXT)


def many(name: str, **table: object) -> Expansion:
    return expand("meters", {name: table}, of_text)


def told(found: Expansion) -> list[str]:
    return [f"{'.'.join(map(str, path))}: {what}; {remedy}" for path, what, remedy in found.findings]


# --- for --------------------------------------------------------------------------------------------------------------


def test_a_range_makes_a_meter_of_each_number_in_the_place_of_its_table() -> None:
    tables = {"a": {"unit": 1}, "f{n}": {"for": "9..11", "endpoint": "gw", "unit": "{n}"}, "z": {"unit": 2}}
    found = expand("meters", tables, no_sheet)
    assert list(found.tables) == ["a", "f9", "f10", "f11", "z"]
    assert found.tables["f10"] == {"endpoint": "gw", "unit": "10"}
    assert found.made["f10"] == Made("f{n}")
    assert found.findings == []


def test_a_list_has_ranges_and_single_numbers_and_keeps_leading_zeros() -> None:
    found = many("f_{n}", **{"for": ["08..10", "45", " 051 .. 052 "]})
    assert list(found.tables) == ["f_08", "f_09", "f_10", "f_45", "f_051", "f_052"]


@pytest.mark.parametrize(
    ("numbers", "text", "values"),
    [
        ("1..3", "{n}", ["1", "2", "3"]),
        ("99..101", "{n-98}", ["1", "2", "3"]),
        ("99..101", "{ n + 1 }", ["100", "101", "102"]),
        ("100..101", "{n-1}", ["99", "100"]),
        ("099..101", "{n-1}", ["098", "099", "100"]),
        ("1..2", "{n-100}", ["-99", "-98"]),
        ("1..2", "gw-{n}-{n+1}", ["gw-1-2", "gw-2-3"]),
    ],
)
def test_a_text_is_filled_for_each_meter(numbers: str, text: str, values: list[str]) -> None:
    found = many("f{n}", **{"for": numbers, "key": text})
    assert [meter["key"] for meter in found.tables.values()] == values


def test_texts_in_lists_and_tables_are_filled_and_other_values_stay() -> None:
    found = many("f{n}", **{"for": "7", "also": ["x{n}", 5], "constants": {"ct": "{n}", "pt": 2.5}, "unit": 3})
    assert found.tables == {"f7": {"also": ["x7", 5], "constants": {"ct": "7", "pt": 2.5}, "unit": 3}}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("1-300", "meters.f{n}.for: '1-300' is no range of whole numbers; write it as text, like \"1..300\""),
        ("300..1", "meters.f{n}.for: the range 300..1 holds 0 meters; 1 to 5000, smaller number first"),
        (
            "1..999999999",
            "meters.f{n}.for: the range 1..999999999 holds 999999999 meters; 1 to 5000, smaller number first",
        ),
        (5, 'meters.f{n}.for: 5 is no range of whole numbers; write it as text, like "1..300"'),
        ([], 'meters.f{n}.for: is empty; write it like ["1..40", "45"]'),
        (["1..2", 3], 'meters.f{n}.for.1: 3 is no range of whole numbers; write it as text, like "1..300"'),
        (["1..5", "4..7"], "meters.f{n}.for: 4 stands there twice (and 1 more); keep one"),
        (["1..3000", "3001..6000"], "meters.f{n}.for: makes 6000 meters; a plant has at most 5000 made ones"),
    ],
)
def test_what_is_no_range_is_told_and_one_meter_stands_for_the_table(value: object, problem: str) -> None:
    found = many("f{n}", **{"for": value, "unit": "{n}", "profile": "ac"})
    assert told(found) == [problem]
    assert found.tables == {"f1": {"unit": "{n}", "profile": "ac"}}
    assert found.made == {"f1": Made("f{n}", stands_for=True)}
    assert found.broken == {("meters", "f{n}"), ("meters", "f1", "unit")}


def test_two_tables_together_make_no_more_than_a_plant_has() -> None:
    found = expand("meters", {"a{n}": {"for": "1..4000"}, "b{n}": {"for": "1..4000"}}, no_sheet)
    assert told(found) == [
        "meters.b{n}.for: makes 4000 meters, and 4000 are there already; a plant has at most 5000 made ones"
    ]


# --- from_csv ---------------------------------------------------------------------------------------------------------


def test_each_row_makes_a_meter_and_an_empty_cell_leaves_its_key_out() -> None:
    found = many(
        "feeder_{tag}",
        from_csv="f.csv",
        unit="{unit}",
        rated_power="{kw} kW",
        potline="{kw}",
        also=["a", "{kw}"],
        constants={"ct": "{ct}"},
    )
    assert found.tables == {
        "feeder_A1": {
            "unit": "11",
            "rated_power": "250 kW",
            "potline": "250",
            "also": ["a", "250"],
            "constants": {"ct": "400"},
        },
        "feeder_B7": {"unit": "012", "rated_power": " kW", "also": ["a"], "constants": {}},
        "feeder_C3": {"unit": "13", "rated_power": "90 kW", "potline": "90", "also": ["a", "90"], "constants": {}},
    }
    assert found.made["feeder_C3"] == Made("feeder_{tag}", "f.csv", 5)


def test_a_number_of_a_sheet_can_be_counted_on_from_and_a_text_cannot() -> None:
    found = many("f_{tag}", from_csv="f.csv", unit="{unit+100}", every="{tag+1}", base="{kw-50}")
    assert [meter["unit"] for meter in found.tables.values()] == ["111", "112", "113"]
    assert [meter.get("base") for meter in found.tables.values()] == ["200", None, "40"]
    assert told(found) == [
        f"meters.f_{tag}.every: '{tag}' is no whole number, and {{tag+1}} counts on from it; correct the cell"
        for tag in ("A1", "B7", "C3")
    ]


def test_a_column_whose_name_looks_like_a_sum_is_a_column() -> None:
    found = expand(
        "meters", {"{a-1}": {"from_csv": "x", "unit": "{a}"}}, lambda name: sheet_of(name, "a,a-1\n5,five\n")
    )
    assert found.tables == {"five": {"unit": "5"}}


@pytest.mark.parametrize(
    ("name", "table", "problems"),
    [
        (
            "f_{tag}",
            {"unit": "{unti}"},
            ["meters.f_{tag}.unit: there is no column 'unti' in f.csv; did you mean 'unit'?"],
        ),
        ("f_{n}", {}, ["meters.f_{n}: there is no column 'n' in f.csv; one of: tag, unit, kw, ct"]),
        (
            "f_{tag}",
            {"also": ["{x}"], "constants": {"a": "{y}"}},
            [
                "meters.f_{tag}.also.0: there is no column 'x' in f.csv; one of: tag, unit, kw, ct",
                "meters.f_{tag}.constants.a: there is no column 'y' in f.csv; one of: tag, unit, kw, ct",
            ],
        ),
        ("f", {}, ['meters.f: makes 3 meters of one name; put a placeholder into the name, like [meters."f_{tag}"]']),
        ("f_{tag}", {"for": "1..3"}, ["meters.f_{tag}.from_csv: 'for' and 'from_csv' exclude each other; keep one"]),
        ("f_{kw}", {}, ["meters.f_{kw}: f.csv row 3: the cell of its name is empty; write one, or remove the row"]),
    ],
)
def test_what_does_not_fit_the_sheet_is_told(name: str, table: dict[str, Any], problems: list[str]) -> None:
    if name == "f_{kw}":
        name = "{kw}"
        problems = [problem.replace("f_{kw}", "{kw}") for problem in problems]
    assert told(many(name, from_csv="f.csv", **table)) == problems


def test_a_table_with_a_placeholder_in_its_name_says_what_it_stands_for() -> None:
    assert told(many("f_{n}", unit="{n}")) == [
        'meters.f_{n}: the name holds a placeholder, and nothing says what for; add for = "1..300" or from_csv = "meters.csv"'
    ]


def test_another_placeholder_than_the_number_is_told() -> None:
    assert told(many("f_{n}", **{"for": "1..2", "unit": "{m}", "every": "{n*2} s"})) == [
        "meters.f_{n}.unit: {m} stands for nothing here; write {n}, or {n+1}, {n-100} and the like",
        "meters.f_{n}.every: {n*2} stands for nothing here; write {n}, or {n+1}, {n-100} and the like",
    ]


def test_a_name_stands_for_one_meter_only() -> None:
    sheet = "tag,unit\na,1\nb,2\na,3\nd,4\nb,5\n"
    found = expand("meters", {"d": {}, "{tag}": {"from_csv": "f.csv"}}, lambda name: sheet_of(name, sheet))
    assert told(found) == [
        "meters.{tag}: f.csv row 4 makes a, which row 2 makes already (and 2 more like this); names of meters are unique"
    ]
    assert list(found.tables) == ["d", "a", "b"]
    found = expand(
        "meters",
        {"f_{n}": {"for": "1..2"}, "{tag}": {"from_csv": "f.csv"}, "a": {}},
        lambda name: sheet_of(name, sheet),
    )
    assert told(found)[0].startswith("meters.{tag}: f.csv row 2 makes a, which has a table of its own (and 2 more")
    found = expand("meters", {"f_{n}": {"for": "1..2"}, "f_{n+1}": {"for": "1..2"}}, no_sheet)
    assert told(found) == ["meters.f_{n+1}: makes f_2, which another table makes already; names of meters are unique"]


@pytest.mark.parametrize("value", [5, "", "  ", ["f.csv"], None])
def test_what_is_no_name_of_a_file_is_told(value: object) -> None:
    [problem] = told(many("f_{n}", from_csv=value))
    assert problem.endswith('is no name of a file; write it like "meters.csv"')


def test_a_sheet_that_cannot_be_read_leaves_the_rest_of_the_table_to_be_checked() -> None:
    found = expand("meters", {"{tag}": {"from_csv": "f.csv", "unit": "{unit}", "profile": "ac"}}, no_sheet)
    assert told(found) == ["meters.{tag}.from_csv: f.csv cannot be read: No such file or directory; check it"]
    assert found.tables == {"1": {"unit": "{unit}", "profile": "ac"}}


def test_tables_that_are_none_and_single_meters_pass_as_they_are() -> None:
    tables = {"a": 5, "b{n}": "text", "c": {"unit": "{n}"}}
    found = expand("meters", tables, no_sheet)
    assert found.tables == tables
    assert found.findings == []


# --- Sheets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "columns", "cells"),
    [
        ("a,b\n1,2\n", ("a", "b"), ["1", "2"]),
        ("a;b\r\n1;2\r\n", ("a", "b"), ["1", "2"]),
        ('a;"b, c"\n1;"2;5"\n', ("a", "b, c"), ["1", "2;5"]),
        ("a,b,,\n1,2,,\n", ("a", "b"), ["1", "2"]),
        (" a , b \n 1 , 2 \n", ("a", "b"), ["1", "2"]),
        ("a\n1\n", ("a",), ["1"]),
        ("\n\na,b\n,,\n1,2\n", ("a", "b"), ["1", "2"]),
    ],
)
def test_a_sheet_is_parted_by_commas_or_semicolons(text: str, columns: tuple[str, ...], cells: list[str]) -> None:
    sheet = sheet_of("f.csv", text)
    assert sheet.columns == columns
    assert [list(row.cells.values()) for row in sheet.rows] == [cells]


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("", ["f.csv is empty"]),
        ("\n,,\n", ["f.csv is empty"]),
        ("a,b\n", ["f.csv has a header and no rows"]),
        ("a,b,a\n1,2,3\n", ["f.csv has 2 columns 'a'"]),
        ("a,,b\n1,2,3\n", ["f.csv: column 2 has no name"]),
        (
            "a,b\n1\n2,3\n4,5,6\n",
            ["f.csv row 2 has 1 cells, and the header 2", "f.csv row 4 has 3 cells, and the header 2"],
        ),
        ('a,b\n1,2\n"3,4\n', ["f.csv row 3 is no CSV: unexpected end of data"]),
        ('a,b\n1,"2"x\n', ["f.csv row 2 is no CSV: ',' expected after '\"'"]),
    ],
)
def test_what_is_no_sheet_is_told(text: str, findings: list[str]) -> None:
    with pytest.raises(SheetRefused) as caught:
        sheet_of("f.csv", text)
    assert [what for what, _ in caught.value.findings] == findings
