"""Line protocol, read back by a parser that shares nothing with the encoder."""

import math
import struct

import pytest
from hostile_texts import HOSTILE, texts, written
from hypothesis import given
from hypothesis import strategies as st
from line_parser import parse_line

from collector.delivery.lineprotocol import Field, line, series

numbers = st.one_of(
    st.floats(), st.integers(-(2**63), 2**63 - 1), st.booleans(), texts, st.none(), st.floats(1e300, 1.7e308)
)


def bits(value: object) -> object:
    return struct.pack(">d", value) if isinstance(value, float) else (type(value), value)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("backslash_takes_any", [True, False])
def test_a_hostile_tag_reads_back_and_forges_nothing(text: str, backslash_takes_any: bool) -> None:  # noqa: FBT001
    found = line(series("pot", {"plant": "p", "pot": text, "z": "end"}), {"voltage_v": 4.1}, 7)
    assert found is not None
    parsed = parse_line(found, backslash_takes_any=backslash_takes_any)
    assert parsed == ("pot", {"plant": "p", "pot": written(text), "z": "end"}, {"voltage_v": 4.1}, 7)


def test_a_line_is_written_letter_by_letter_like_this() -> None:
    start = series("pot", {"pot": "10,0 7=a", "plant": "east", "potline": ""})
    assert start == rb"pot,plant=east,pot=10\,0\ 7\=a"
    fields: dict[str, Field] = {"a_v": 4.25, "count": 3, "text": 'x"y\\z', "yes": True, "none": None}
    assert line(start, fields, 1760000000123456789) == (
        rb'pot,plant=east,pot=10\,0\ 7\=a a_v=4.25,count=3i,text="x\"y\\z",yes=true 1760000000123456789'
    )


def test_tags_are_sorted_and_an_empty_one_is_left_out() -> None:
    assert series("m", {"z": "1", "a": "2", "empty": "", "only": "\\"}) == b"m,a=2,z=1"
    assert series("m", {}) == b"m"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None])
def test_what_is_not_finite_is_a_missing_field_and_a_line_without_fields_is_none(value: float | None) -> None:
    assert line(b"m", {"a": value}, 1) is None
    assert line(b"m", {"a": value, "b": 1.0}, 1) == b"m b=1.0 1"
    assert line(b"m", {}, 1) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, b"1.0"),
        (0.1 + 0.2, b"0.30000000000000004"),
        (-0.0, b"-0.0"),
        (5e-324, b"5e-324"),
        (1e22, b"1e+22"),
        (1.7976931348623157e308, b"1.7976931348623157e+308"),
        (2.0**53, b"9007199254740992.0"),
        (1, b"1i"),
        (-(2**63), b"-9223372036854775808i"),
        (True, b"true"),
        (False, b"false"),
        ("", b'""'),
        ("two\nlines", b'"two lines"'),
    ],
)
def test_each_type_has_its_form_so_that_no_field_ever_changes_its_type(value: Field, text: bytes) -> None:
    assert line(b"m", {"a": value}, 1) == b"m a=" + text + b" 1"


@given(tags=st.dictionaries(st.sampled_from(["plant", "pot", "a b"]), texts), time_ns=st.integers(-(2**63), 2**63 - 1))
@pytest.mark.parametrize("backslash_takes_any", [True, False])
def test_any_tags_and_times_read_back(backslash_takes_any: bool, tags: dict[str, str], time_ns: int) -> None:  # noqa: FBT001
    found = line(series("m x", tags), {"n": 1}, time_ns)
    assert found is not None
    parsed = parse_line(found, backslash_takes_any=backslash_takes_any)
    expected = {key: written(value) for key, value in tags.items() if written(value)}
    assert parsed == ("m x", expected, {"n": 1}, time_ns)


@given(fields=st.dictionaries(st.sampled_from(["a", "b_kwh", "c d", "e,f", "g=h"]), numbers))
def test_any_fields_read_back_to_the_same_bits(fields: dict[str, Field]) -> None:
    found = line(b"m", fields, 1)
    expected = {
        key: value.replace("\n", " ").replace("\r", " ") if isinstance(value, str) else value
        for key, value in fields.items()
        if value is not None and not (isinstance(value, float) and not math.isfinite(value))
    }
    if not expected:
        assert found is None
    else:
        assert found is not None
        parsed = parse_line(found).fields
        assert {key: bits(value) for key, value in parsed.items()} == {
            key: bits(value) for key, value in expected.items()
        }
