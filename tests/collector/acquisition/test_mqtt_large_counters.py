"""Counters over MQTT whose whole numbers a float64 does not tell apart: from the payload to the batch."""

from fractions import Fraction

import pytest
from declared import Declared, with_meters
from hypothesis import example, given
from hypothesis import strategies as st
from potroom import NOW_NS
from sparkplug_talk import NOON_MS, Host, Talker

from collector.plant.sparkplug import MetricMeaning
from collector.readings.batch import ReadingBatch
from collector.readings.quantity import Quantity
from collector.readings.scale import Scale
from simulators.servers.sparkplug_wire import DataType

WH = Scale(0.001)
ENERGY = Quantity.ACTIVE_ENERGY_IMPORT
COUNTS = st.one_of(st.integers(0, 2**64 - 1), st.integers(2**50 - 3, 2**50 + 3), st.just(2**53 + 1))
ONE = '[[messages]]\ntopic = "m/{meter}"\ntells = "readings"\n'
VALUE = '[messages.values]\nactive_energy_import = { path = "e", unit = "%s" }\n'
METERS = with_meters("a")
SINGLE = {unit: Declared(ONE + VALUE % unit, plant=METERS) for unit in ("Wh", "kWh", "MWh")}
COLUMNS = Declared(
    f"{ONE}columns = true\ntime = {{ path = 't', format = 'ns' }}\n"
    '[messages.values]\nactive_energy_import = { path = "e", unit = "Wh" }\n',
    plant=METERS,
)
PLAIN = Declared(f'{ONE}format = "number"\n[messages.values]\nactive_energy_import = {{ unit = "Wh" }}\n', plant=METERS)


def shown(declared: Declared, payload: str) -> list[float]:
    """Return the values of a message after they were columns, as the line has them."""
    told = declared.told("m/a", payload)
    batch = ReadingBatch.joined([ReadingBatch.of(told.readings), *([told.batch] if told.batch is not None else [])])
    return [reading.value for reading in batch]


@given(COUNTS)
@example(2**64 - 1)
def test_a_whole_number_of_json_is_exact_and_its_value_the_nearest_double(count: int) -> None:
    (value,) = shown(SINGLE["Wh"], f'{{"e": {count}}}')
    assert (float(value), WH.steps(value)) == (count / 1000, count)


@given(st.lists(COUNTS, min_size=1, max_size=5))
def test_so_are_those_of_columns(counts: list[int]) -> None:
    times = [NOW_NS - 1000 + place for place in range(len(counts))]
    values = shown(COLUMNS, f'{{"t": {times}, "e": {counts}}}')
    assert [(float(value), WH.steps(value)) for value in values] == [(count / 1000, count) for count in counts]


@given(COUNTS)
def test_so_is_a_payload_that_is_one_number(count: int) -> None:
    (value,) = shown(PLAIN, str(count))
    assert (float(value), WH.steps(value)) == (count / 1000, count)


@pytest.mark.parametrize(
    ("unit", "written", "kwh", "wh"),
    [
        ("kWh", "18014398509481983", 18014398509481983, 18014398509481983000),
        ("MWh", "18014398509481", 18014398509481000, 18014398509481000000),
        ("kWh", "74347.498", Fraction("74347.498"), 74347498),
        ("Wh", "74347498", Fraction("74347.498"), 74347498),
        ("Wh", "-9007199254740993", Fraction(-9007199254740993, 1000), -9007199254740993),
    ],
)
def test_whatever_the_unit_it_is_a_number_of_watt_hours(unit: str, written: str, kwh: Fraction, wh: int) -> None:
    (value,) = shown(SINGLE[unit], f'{{"e": {written}}}')
    assert (float(value), WH.steps(value)) == (float(kwh), wh)


def test_what_is_no_whole_number_of_watt_hours_is_left_as_it_was_told() -> None:
    assert shown(SINGLE["kWh"], '{"e": 74347.4981}') == [74347.4981]
    assert shown(SINGLE["kWh"], '{"e": 1e22}') == [1e22]


@given(COUNTS, st.sampled_from([True, False]))
def test_a_uint64_of_sparkplug_is_exact_live_and_stored(count: int, historical: bool) -> None:  # noqa: FBT001 - drawn
    host = Host(METERS, meters={"a": "heard_0"}, metrics=(MetricMeaning("Energy", ENERGY, "Wh"),))
    node, energy = Talker(), ("Energy", 5, DataType.UINT64, "Wh")
    host.hear(node.nbirth(), node.dbirth("a", {energy: 0}))
    message = node.ddata("a", {energy: count}, at_ms=NOON_MS, historical=historical)
    arrived_ns = (NOON_MS + 1) * 1_000_000
    told = host.reader.read(message.topic, message.payload, arrived_ns=arrived_ns, retained=False)
    batch = told.past if told.past is not None else ReadingBatch.of(told.readings)
    (reading,) = batch
    assert (float(reading.value), WH.steps(reading.value)) == (count / 1000, count)
