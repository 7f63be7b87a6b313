"""Line protocol at its edges, read back from a real InfluxDB 1.x: its parser is not ours."""

import math
import struct

import pytest
from hostile_texts import HOSTILE, texts, written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server_process import ServerError
from servers import InfluxDB1

from collector.delivery.lineprotocol import Field, line, series

FEW_LARGE = settings(max_examples=4, suppress_health_check=list(HealthCheck))
INT64 = st.integers(-(2**63), 2**63 - 1)


def made(fields: dict[str, Field], time_ns: int, **tags: str) -> bytes:
    found = line(series("m", tags), fields, time_ns)
    assert found is not None
    return found


def fresh(server: InfluxDB1) -> str:
    """Make a database of its own for each example."""
    name = f"db{len(server.query('', 'SHOW DATABASES'))}"
    server.create_database(name)
    return name


def one_line(text: str) -> str:
    return text.replace("\n", " ").replace("\r", " ")


@FEW_LARGE
@given(pairs=st.lists(st.tuples(texts, texts), min_size=100, max_size=200))
def test_tags_and_strings_of_any_letters_come_back_and_forge_no_line(
    influxdb1: InfluxDB1, pairs: list[tuple[str, str]]
) -> None:
    database = fresh(influxdb1)
    pairs = [*pairs, *((text, text) for text in HOSTILE)]
    lines = [made({"text": text}, place, a="first", tag=tag, z="last") for place, (tag, text) in enumerate(pairs)]
    influxdb1.write(database, b"\n".join(lines))
    assert [row["name"] for row in influxdb1.query(database, "SHOW MEASUREMENTS")] == ["m"]
    assert {row["tagKey"] for row in influxdb1.query(database, "SHOW TAG KEYS")} <= {"a", "tag", "z"}
    assert [row["fieldKey"] for row in influxdb1.query(database, "SHOW FIELD KEYS")] == ["text"]
    rows = {row["time"]: row for row in influxdb1.query(database, "SELECT text FROM m GROUP BY *")}
    assert len(rows) == len(pairs)
    for place, (tag, text) in enumerate(pairs):
        found = rows[place]
        told = (found["a"], found.get("tag", ""), found["z"], found["text"])
        assert told == ("first", written(tag), "last", one_line(text))


@FEW_LARGE
@given(
    floats=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=100, max_size=200),
    whole=st.lists(INT64, min_size=100, max_size=100),
)
def test_numbers_come_back_to_the_last_bit_and_keep_their_type(
    influxdb1: InfluxDB1, floats: list[float], whole: list[int]
) -> None:
    database = fresh(influxdb1)
    floats = [*floats, 5e-324, -5e-324, -0.0, 1.7976931348623157e308, 2.0**53, 3.0]
    whole = [*whole, 2**63 - 1, -(2**63), 0]
    lines = [made({"x": value}, place) for place, value in enumerate(floats)]
    lines += [made({"n": value}, place) for place, value in enumerate(whole)]
    # Each by itself, so that a whole float would be refused where a broken one was first.
    for text in (lines[0], lines[-1]):
        influxdb1.write(database, text)
    influxdb1.write(database, b"\n".join(lines))
    kinds = {row["fieldKey"]: row["fieldType"] for row in influxdb1.query(database, "SHOW FIELD KEYS")}
    assert kinds == {"x": "float", "n": "integer"}
    found = [row["x"] for row in influxdb1.query(database, "SELECT x FROM m")]
    # Its JSON leaves the sign of zero out.
    assert [struct.pack(">d", value + 0.0) for value in found] == [struct.pack(">d", value + 0.0) for value in floats]
    assert [row["n"] for row in influxdb1.query(database, "SELECT n FROM m")] == whole


@pytest.mark.parametrize("time_ns", [-1, 0, -(10**18), -(2**63) + 2, 2**63 - 2])
def test_times_before_1970_and_at_both_ends_come_back(influxdb1: InfluxDB1, time_ns: int) -> None:
    influxdb1.create_database("db")
    influxdb1.write("db", made({"n": 1}, time_ns))
    # Without both ends it looks no further than to the present.
    asked = "SELECT n FROM m WHERE time >= -9223372036854775806 AND time <= 9223372036854775806"
    assert influxdb1.query("db", asked) == [{"time": time_ns, "n": 1}]


@pytest.mark.parametrize("value", [2**63, 2**64 - 1, -(2**63) - 1])
def test_an_integer_beyond_64_bits_with_sign_is_refused_and_its_neighbours_stay(
    influxdb1: InfluxDB1, value: int
) -> None:
    influxdb1.create_database("db")
    with pytest.raises(ServerError, match="400"):
        influxdb1.write("db", b"\n".join([made({"n": 1}, 1), made({"n": value}, 2), made({"n": 3}, 3)]))
    assert [row["n"] for row in influxdb1.query("db", "SELECT n FROM m")] == [1, 3]


@pytest.mark.parametrize(("length", "is_taken"), [(65_000, True), (65_536, False)])
def test_a_series_of_64_kib_is_the_longest_and_a_longer_one_is_refused_alone(
    influxdb1: InfluxDB1, length: int, *, is_taken: bool
) -> None:
    influxdb1.create_database("db")
    lines = b"\n".join([made({"n": 1}, 1), made({"n": 2}, 2, tag="a" * length)])
    if is_taken:
        influxdb1.write("db", lines)
    else:
        with pytest.raises(ServerError, match=r"400 .*max key length"):
            influxdb1.write("db", lines)
    found = [row["n"] for row in influxdb1.query("db", "SELECT n FROM m")]
    assert found == ([1, 2] if is_taken else [1])


@pytest.mark.parametrize("length", [0, 1, 65_535, 65_536, 200_000])
def test_a_string_of_any_length_comes_back(influxdb1: InfluxDB1, length: int) -> None:
    influxdb1.create_database("db")
    influxdb1.write("db", made({"text": "\\" * length}, 1))
    assert influxdb1.query("db", "SELECT text FROM m") == [{"time": 1, "text": "\\" * length}]


@pytest.mark.parametrize("key", ["a b", "a,b", "a=b", "电解", '"a"', "a\\b", "a\\", "a\\\\", "a\\ b", "two\nlines"])
def test_keys_of_fields_and_tags_forge_nothing(influxdb1: InfluxDB1, key: str) -> None:
    influxdb1.create_database("db")
    influxdb1.write("db", made({key: 1.5, "z": 2}, 1, **{key: "tag", "zz": "last"}))
    assert {row["fieldKey"] for row in influxdb1.query("db", "SHOW FIELD KEYS")} == {written(key), "z"}
    assert {row["tagKey"] for row in influxdb1.query("db", "SHOW TAG KEYS")} == {written(key), "zz"}


@pytest.mark.parametrize("name", ["a b", "a,b", "a=b", "a\\", "a\\ b", "a\\=b", "two\nlines", "电解"])
def test_a_measurement_of_any_name_takes_no_tag_with_it(influxdb1: InfluxDB1, name: str) -> None:
    influxdb1.create_database("db")
    found = line(series(name, {"tag": "value"}), {"n": 1}, 1)
    assert found is not None
    influxdb1.write("db", found)
    assert [row["tagKey"] for row in influxdb1.query("db", "SHOW TAG KEYS")] == ["tag"]
    assert len(influxdb1.query("db", "SHOW MEASUREMENTS")) == 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_reaches_no_database(influxdb1: InfluxDB1, value: float) -> None:
    influxdb1.create_database("db")
    influxdb1.write("db", made({"x": value, "n": 1}, 1))
    assert [row["fieldKey"] for row in influxdb1.query("db", "SHOW FIELD KEYS")] == ["n"]
