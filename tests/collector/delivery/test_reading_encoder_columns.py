"""Lines made in columns say what lines made reading by reading say."""

import math
import struct
from collections.abc import Sequence

import numpy as np
import pytest
from example_plant import example_plant
from hypothesis import given
from hypothesis import strategies as st
from line_parser import Value, parse_line

from collector.delivery.lineprotocol import ReadingEncoder
from collector.plant.meter import Measures
from collector.readings.batch import ReadingBatch
from collector.readings.point import Point
from collector.readings.quantity import Quantity

PLANT = example_plant()
ENCODER = ReadingEncoder(PLANT)
T = 1_772_337_600_123_456_789
LINE_METERS = {meter.id for meter in PLANT.meters if meter.measures is Measures.LINE_DC}
VOLTAGE, NOISE = (PLANT.points.place("pot:1001", q) for q in (Quantity.POT_VOLTAGE, Quantity.POT_NOISE))

Row = tuple[int, int, float, int]
Line = tuple[tuple[str, str], int, dict[str, object]]


def bits(value: Value) -> object:
    return struct.pack(">d", value) if isinstance(value, float) else value


def stream(point: Point) -> tuple[str, str]:
    measurement = point.quantity.measurement
    return ("meter" if measurement == "potline" and point.owner not in LINE_METERS else measurement, point.owner)


def slowly(rows: Sequence[Row]) -> list[Line]:
    """Return what the lines should say: stream and owner, time, fields; reading by reading."""
    told: dict[tuple[tuple[str, str], int], dict[str, tuple[float, int]]] = {}
    for place, time_ns, value, quality in rows:
        point = PLANT.points[place]
        told.setdefault((stream(point), time_ns), {})[point.quantity.field] = (value, quality)
    lines: list[Line] = []
    for (start, time_ns), fields in told.items():
        good = {name: value for name, (value, quality) in fields.items() if quality >= 64 and math.isfinite(value)}
        worst = min(quality for name, (_, quality) in fields.items() if name in good or not good)
        lines.append((start, time_ns, {name: bits(value) for name, value in good.items()} | {"quality": worst}))
    return lines


def read_back(text: bytes) -> Line:
    measurement, tags, fields, time_ns = parse_line(text)
    owner = {
        "pot": lambda: f"pot:{tags['pot']}",
        "meter": lambda: tags["meter"],
        "potline": lambda: next(m.id for m in PLANT.meters if m.id in LINE_METERS and m.potline == tags["potline"]),
    }[measurement]()
    return (measurement, owner), time_ns, {name: bits(value) for name, value in fields.items()}


places = st.one_of(
    st.integers(0, len(PLANT.points) - 1),
    st.sampled_from([PLANT.points.place(f"pot:{pot}", quantity) for pot in ("1001", "1002") for quantity in (
        Quantity.POT_VOLTAGE, Quantity.POT_NOISE, Quantity.POT_RESISTANCE, Quantity.BATH_TEMPERATURE
    )]),
)  # fmt: skip
times = st.one_of(st.integers(T, T + 3), st.integers(-(2**63), 2**63 - 1))
values = st.one_of(
    st.floats(), st.sampled_from([math.nan, math.inf, -0.0, 1e-7, 1e16, 1e22, 5e-324, 1.7976931348623157e308, 4.0])
)
rows = st.tuples(places, times, values, st.sampled_from([0, 8, 24, 63, 64, 84, 192, 255]))


@given(st.lists(rows, max_size=40))
def test_any_readings_come_to_the_lines_that_they_come_to_one_by_one(told: list[Row]) -> None:
    assert [read_back(text) for text in ENCODER.encode(ReadingBatch.of(told))] == slowly(told)


@given(st.permutations([(VOLTAGE, T + n % 3, float(n), 192 if n % 4 else 0) for n in range(9)]))
def test_of_readings_of_one_point_and_time_the_last_one_told_counts_in_any_order(told: list[Row]) -> None:
    assert [read_back(text) for text in ENCODER.encode(ReadingBatch.of(told))] == slowly(told)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-7, b"1e-7"),
        (1e22, b"1e22"),
        (-1e300, b"-1e300"),
        (-0.0, b"-0.0"),
        (5e-324, b"5e-324"),
        (2.0**53, b"9007199254740992.0"),
        (4.0, b"4.0"),
        (0.1 + 0.2, b"0.30000000000000004"),
    ],
)
def test_a_float_has_a_point_or_an_e_so_that_it_never_looks_like_a_whole_number(value: float, text: bytes) -> None:
    (line,) = ENCODER.encode(ReadingBatch.of([(VOLTAGE, T, value, 192)]))
    assert b"voltage_v=" + text + b"," in line


def test_10_000_samples_of_two_values_in_columns_are_10_000_lines_in_the_order_of_their_times() -> None:
    count = 10_000
    time_ns = np.tile(T + np.arange(count), 2)
    value = np.concatenate([np.arange(count) / 8, np.where(np.arange(count) % 1000 == 7, np.nan, 6.5)])
    point = np.repeat(np.array([VOLTAGE, NOISE], np.int32), count)
    batch = ReadingBatch(point, time_ns, value, np.full(2 * count, 192, np.uint8))
    lines = ENCODER.encode(batch)
    assert len(lines) == count
    assert [int(line.rpartition(b" ")[2]) for line in lines] == list(range(T, T + count))
    assert lines[9999].partition(b" ")[2] == b"voltage_v=1249.875,noise_mv=6.5,quality=192i %d" % (T + 9999)
    assert lines[5007].partition(b" ")[2] == b"voltage_v=625.875,quality=192i %d" % (T + 5007)
    assert [read_back(line) for line in lines] == slowly(list(batch))
