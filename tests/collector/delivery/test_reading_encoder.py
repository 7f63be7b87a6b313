"""Readings as streams: one line a series and time, and what its quality says."""

import math
from dataclasses import replace

import pytest
from example_plant import example_plant
from line_parser import parse_line

from collector.delivery.lineprotocol import ReadingEncoder
from collector.plant.meter import GasConditions, HeardMeter, Measures
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity

T = 1_772_337_600_123_456_789
GOOD, DOUBTFUL, EXCEEDED = Quality.GOOD, Quality.UNCERTAIN, Quality.UNCERTAIN_EU_EXCEEDED


def plant() -> Plant:
    """Return the example plant with an odd name and odd pots, and its second rectifier's meter standing on no line."""
    example = example_plant()
    (potline,) = example.potlines
    return replace(
        example,
        id="east 1",
        potlines=(replace(potline, pots=("1001", "10,2")),),
        meters=tuple(replace(meter, potline=None) if meter.id == "rectifier_2" else meter for meter in example.meters),
    )


PLANT = plant()
Row = tuple[str, Quantity, int, float, Quality]


def encoded(*rows: Row) -> list[bytes]:
    places = [
        (PLANT.points.place(owner, quantity), time, value, int(quality))
        for owner, quantity, time, value, quality in rows
    ]
    return ReadingEncoder(PLANT).encode(ReadingBatch.of(places))


def test_each_reading_goes_to_its_stream_with_its_tags_and_unit() -> None:
    assert encoded(
        ("rectifier_2", Quantity.ACTIVE_POWER, T, 1234.5, GOOD),
        ("pl1_dc", Quantity.DC_ENERGY, T, 1e9 + 0.125, GOOD),
        ("pl1_dc", Quantity.LINE_CURRENT, T, 400.25, GOOD),
        ("pot:10,2", Quantity.POT_VOLTAGE, T, 4.1, GOOD),
    ) == [
        b"meter,meter=rectifier_2,plant=east\\ 1 active_power_kw=1234.5,quality=192i %d" % T,
        b"meter,meter=pl1_dc,plant=east\\ 1,potline=PL1 dc_energy_kwh=1000000000.125,quality=192i %d" % T,
        b"potline,plant=east\\ 1,potline=PL1 line_current_ka=400.25,quality=192i %d" % T,
        b"pot,plant=east\\ 1,pot=10\\,2,potline=PL1 voltage_v=4.1,quality=192i %d" % T,
    ]


def test_only_the_meter_of_a_line_speaks_for_it() -> None:
    other = replace(PLANT.meters[0], id="rectifier_dc", measures=Measures.MONITORED)
    two = replace(PLANT, meters=(*PLANT.meters, other))
    places = [two.points.place(owner, Quantity.LINE_CURRENT) for owner in ("pl1_dc", "rectifier_dc")]
    batch = ReadingBatch.of((place, T, value, int(GOOD)) for place, value in zip(places, (400.0, 80.0), strict=True))
    assert ReadingEncoder(two).encode(batch) == [
        b"potline,plant=east\\ 1,potline=PL1 line_current_ka=400.0,quality=192i %d" % T,
        b"meter,meter=rectifier_dc,plant=east\\ 1,potline=PL1 line_current_ka=80.0,quality=192i %d" % T,
    ]


def test_a_stack_is_told_by_its_own_stream_whatever_meters_it_has() -> None:
    """What refers to dry gas at normal conditions says so in the field's name; of the device itself tells ``meter``."""
    dry = HeardMeter(
        "gas",
        Measures.STACK,
        None,
        10.0,
        0.0,
        "potroom",
        "gas",
        (Quantity.HF, Quantity.DEVICE_TEMPERATURE),
        stack="GTC 1",
        conditions=GasConditions.NORMAL_DRY,
    )
    duct = replace(dry, id="duct", told=(Quantity.FLOW, Quantity.O2), conditions=GasConditions.DUCT)
    two = replace(PLANT, meters=(dry, duct))
    batch = ReadingBatch.of(
        (two.points.place(owner, quantity), T, value, int(GOOD))
        for owner, quantity, value in (
            ("gas", Quantity.HF, 0.9),
            ("gas", Quantity.DEVICE_TEMPERATURE, 31.0),
            ("duct", Quantity.FLOW, 1e6),
            ("duct", Quantity.O2, 20.5),
            ("gas", Quantity.HF_MASS, 0.75),
        )
    )
    assert sorted(ReadingEncoder(two).encode(batch)) == [
        b"meter,meter=gas,plant=east\\ 1 device_temperature_c=31.0,quality=192i %d" % T,
        b"stack,plant=east\\ 1,stack=GTC\\ 1 hf_mg_nm3=0.9,flow_m3_h=1000000.0,o2_pct=20.5,hf_kg_h=0.75,quality=192i %d"
        % T,
    ]


def test_readings_of_one_series_and_time_are_one_line_and_other_times_are_others() -> None:
    found = encoded(
        ("pl1_dc", Quantity.LINE_CURRENT, T, 400.0, GOOD),
        ("pl1_dc", Quantity.LINE_CURRENT, T + 1, 401.0, GOOD),
        ("pl1_dc", Quantity.LINE_VOLTAGE, T, 160.0, GOOD),
        ("pl1_dc", Quantity.DC_POWER, T, 64.0, GOOD),
    )
    assert [(parse_line(text).fields, parse_line(text).time_ns - T) for text in found] == [
        ({"line_current_ka": 400.0, "line_voltage_v": 160.0, "dc_power_mw": 64.0, "quality": 192}, 0),
        ({"line_current_ka": 401.0, "quality": 192}, 1),
    ]


@pytest.mark.parametrize(
    ("rows", "quality", "fields"),
    [
        ([(4.1, GOOD), (10.0, DOUBTFUL)], 64, 2),  # the worst of what is there
        ([(4.1, EXCEEDED), (10.0, GOOD)], 84, 2),
        ([(4.1, GOOD), (math.nan, Quality.BAD)], 192, 1),  # what is missing does not spoil the rest
        ([(4.1, GOOD), (10.0, Quality.BAD_COMM_FAILURE)], 192, 1),  # a bad value is no value
        ([(4.1, GOOD), (math.inf, GOOD)], 192, 1),
        ([(math.nan, Quality.BAD_NOT_CONNECTED), (math.nan, Quality.BAD_COMM_FAILURE)], 8, 0),  # why there is nothing
        ([(math.nan, Quality.BAD_COMM_FAILURE), (math.nan, GOOD)], 24, 0),
    ],
)
def test_quality_is_the_worst_of_the_values_in_the_line_and_without_any_it_says_why(
    rows: list[tuple[float, Quality]], quality: int, fields: int
) -> None:
    quantities = (Quantity.POT_VOLTAGE, Quantity.POT_NOISE)
    (text,) = encoded(*(("pot:1001", quantity, T, *row) for quantity, row in zip(quantities, rows, strict=True)))
    parsed = parse_line(text).fields
    assert parsed["quality"] == quality
    assert len(parsed) == fields + 1


def test_a_gap_is_a_line_with_its_quality_only() -> None:
    assert encoded(("rectifier_2", Quantity.ACTIVE_POWER, T, math.nan, Quality.BAD_COMM_FAILURE)) == [
        b"meter,meter=rectifier_2,plant=east\\ 1 quality=24i %d" % T
    ]


def test_of_two_readings_of_one_point_at_one_time_the_last_one_is_written_once() -> None:
    (text,) = encoded(
        ("pot:1001", Quantity.POT_VOLTAGE, T, 4.1, DOUBTFUL), ("pot:1001", Quantity.POT_VOLTAGE, T, 4.2, GOOD)
    )
    assert text == b"pot,plant=east\\ 1,pot=1001,potline=PL1 voltage_v=4.2,quality=192i %d" % T


def test_an_empty_batch_has_no_lines() -> None:
    assert encoded() == []
