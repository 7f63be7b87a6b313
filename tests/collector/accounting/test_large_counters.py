"""64-bit counters beyond the whole numbers that a float64 can tell apart: no step is lost on the way to the accounts.

A register of Wh reaches 2**53 after two thousand years at 500 MW, so only one that was set there on purpose does.
"""

import dataclasses
import random
from fractions import Fraction

import numpy as np
import pytest
from bookkeeper import Bookkeeper, Row, shuffled
from draws import drawn
from example_plant import example_plant
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collector.accounting.cells import Rule
from collector.accounting.counters import Step
from collector.accounting.integrals import Shape
from collector.accounting.rules import rules
from collector.acquisition.modbus.decode import MeterValues
from collector.acquisition.modbus.plan import ReadBlock
from collector.normalise.canonical import Canonicaliser
from collector.plant.profile import Register, RegisterType, WordOrder
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.cell import Cell
from collector.readings.quantity import Quantity
from collector.readings.scale import Counted, Scale

S = 1_000_000_000
ENERGY = Quantity.ACTIVE_ENERGY_IMPORT
REGISTER = Register(ENERGY.label, ENERGY, 3, 0, RegisterType.U64, 4, WordOrder.MSW_FIRST, unit="Wh", wraps_at=2.0**64)
BLOCK = ReadBlock(3, 0, 4, (REGISTER,))
WH_PER_S = 450_000_000 // 3600
UINT64 = st.one_of(st.integers(0, 2**64 - 1), st.sampled_from([2**53, 2**63, 2**64 - 1, 2**64 - 900_000]))


def plant_with(register: Register) -> Plant:
    """Return the example's plant, whose first rectifier (60 MW) has this register alone."""
    plant = example_plant()
    meters = [
        dataclasses.replace(m, registers=(register,), constants={}, rated_power_kw=600_000.0)
        if m.id == "rectifier_1"
        else m
        for m in plant.polled_meters
    ]
    return dataclasses.replace(plant, meters=tuple(meters))


PLANT = plant_with(REGISTER)
PLACE = PLANT.points.place("rectifier_1", ENERGY)
RULES = {PLACE: rules(PLANT)[PLACE]}
VALUES = MeterValues([REGISTER], {})
CANONICAL = Canonicaliser(PLANT)


def told(raw: int, time_ns: int = 0) -> ReadingBatch:
    """Return what becomes of a register's bytes: decoded, and in the canonical unit."""
    data = raw.to_bytes(8, "big")
    value = VALUES.take(BLOCK, data)
    point, quality = np.array([PLACE], np.int32), np.array([0xC0], np.uint8)
    count = VALUES.counts(BLOCK, data, value)
    return CANONICAL.canonicalise(ReadingBatch(point, np.array([time_ns]), value, quality, count))


def row(raw: int, t_s: float) -> Row:
    (reading,) = told(raw % 2**64, round(t_s * S))
    return (PLACE, reading.time_ns, reading.value, reading.quality)


@given(UINT64)
@example(2**64 - 1)
@example(2**50 - 1)
@settings(max_examples=drawn(150))
def test_the_stream_gets_the_double_nearest_to_the_exact_value_of_any_register(raw: int) -> None:
    (reading,) = told(raw)
    assert float(reading.value) == raw / 1000  # true division of whole numbers is rounded once
    assert Scale(0.001).steps(reading.value) == raw


@given(UINT64, st.integers(0, 2_000_000))
@example(2**64 - 1, 1)
@settings(max_examples=drawn(150), deadline=None)
def test_the_difference_of_two_readings_is_exact_at_any_height_and_over_the_end(raw: int, gained: int) -> None:
    keeper = Bookkeeper(RULES)
    keeper.book([row(raw, 0), row(raw + gained, 30)])
    assert keeper.amount(PLACE, 0).amount == gained / 1000
    assert [incident.step for incident in keeper.incidents] == [Step.WRAPPED] * (raw + gained >= 2**64)


@pytest.mark.parametrize("start", [0, 2**32, 2**53 - WH_PER_S * 1800, 2**60, 2**63 - 1, 2**64 - WH_PER_S * 1800])
def test_an_hour_of_any_height_is_exact_whole_and_minute_by_minute(start: int) -> None:
    keeper = Bookkeeper(RULES)
    for t in range(0, 3661, 5):
        keeper.book([row(start + WH_PER_S * t, t)])
        if t % 300 == 0:
            keeper.restart()

    # 450 MW for an hour, and for a minute
    assert keeper.amount(PLACE, 0, 60).amount == 450_000.0
    assert [keeper.amount(PLACE, minute).amount for minute in range(60)] == pytest.approx([7500.0] * 60, rel=1e-15)


@given(UINT64, st.lists(st.integers(0, 1_000_000), min_size=3, max_size=40), st.integers(0, 1 << 30))
@settings(max_examples=drawn(50), deadline=None)
def test_readings_in_any_order_with_restarts_between_give_the_same_whole_number(
    start: int, gains: list[int], seed: int
) -> None:
    shown = [start + sum(gains[:count]) for count in range(len(gains) + 1)]
    rows = [row(raw, 20.0 * place) for place, raw in enumerate(shown)]
    keeper = Bookkeeper(RULES)
    for batch in shuffled(rows, seed, random.Random(seed).randint(1, 6)):
        keeper.book(batch, rows[-1][1] + 3600 * S)
        keeper.restart()
    minutes = len(rows) * 20 // 60 + 1
    assert keeper.refused == {}
    assert keeper.amount(PLACE, 0, minutes).amount == sum(gains) / 1000


def test_a_meter_that_is_replaced_loses_nothing_of_either_side() -> None:
    keeper = Bookkeeper(RULES)
    old, new = 2**64 - 5_000_000, 2**63 + 7
    keeper.book([row(old + 3 * t, t) for t in (0, 5, 10)])
    keeper.book([row(new + 7 * t, t) for t in (15, 20, 25, 30, 35)])
    # 30 Wh before, and 70 Wh from the third reading of the new meter on
    assert keeper.amount(PLACE, 0).amount == 0.1
    assert keeper.amount(PLACE, 0).known_s == pytest.approx(20.0)
    assert [incident.step for incident in keeper.incidents] == [Step.SUSPECT, Step.REBASED]


def test_a_cell_of_before_there_were_steps_goes_on_in_them_without_losing_one() -> None:
    keeper = Bookkeeper(RULES)
    keeper.cells[PLACE, 0] = Cell(0, 0, 74347.498, 50 * S, 74348.001, 0.0, 0.0, 0.0, True, 0xC0)
    keeper.restart()
    keeper.book([row(74_348_002, 55), row(74_348_003, 70)])
    assert (keeper.cells[PLACE, 0].first, keeper.cells[PLACE, 0].last) == (74_347_498, 74_348_002)
    assert keeper.amount(PLACE, 0, 2).amount == 0.505


@pytest.mark.parametrize(
    ("type_", "raw", "scale", "kwh"),
    [
        (RegisterType.S64, "7fffffffffffffff", 1.0, Fraction(2**63 - 1, 1000)),
        (RegisterType.S64, "8000000000000001", 1.0, Fraction(1 - 2**63, 1000)),
        (RegisterType.S64, "8000000000000001", -0.1, Fraction(2**63 - 1, 10_000)),
        (RegisterType.U64, "ffffffffffffffff", -1.0, Fraction(1 - 2**64, 1000)),
        (RegisterType.BCD64, "9999999999999999", 1.0, Fraction(10**16 - 1, 1000)),
        (RegisterType.MOD10000X4, "270f270f270f270f", 10.0, Fraction(10**16 - 1, 100)),
        (RegisterType.U48, "0000ffffffffffff", 0.1, Fraction(2**48 - 1, 10_000)),
    ],
)
def test_registers_of_other_whole_numbers_are_exact_too(
    type_: RegisterType, raw: str, scale: float, kwh: Fraction
) -> None:
    data = bytes.fromhex(raw)[-2 * type_.registers :]
    register = dataclasses.replace(REGISTER, type=type_, count=type_.registers, scale=scale)
    block = ReadBlock(3, 0, register.count, (register,))
    plant, values = plant_with(register), MeterValues([register], {})
    place = plant.points.place("rectifier_1", ENERGY)
    value = values.take(block, data)
    columns = np.array([place], np.int32), np.array([0]), value, np.array([0xC0], np.uint8)
    (reading,) = Canonicaliser(plant).canonicalise(ReadingBatch(*columns, values.counts(block, data, value)))
    found = rules(plant)[place].scale
    assert found is not None
    assert float(reading.value) == float(kwh)
    assert found.steps(reading.value) * Fraction(repr(found.step)) == kwh


def test_one_that_is_added_or_scaled_by_another_register_is_booked_as_a_value() -> None:
    for more in ({"plus": ("other",)}, {"offset": 1.0}, {"scale_by": ("ratio",)}, {"type": RegisterType.F64}):
        register = dataclasses.replace(REGISTER, **more)
        assert rules(plant_with(register))[PLACE].scale is None


def test_a_batch_keeps_the_steps_through_all_that_is_done_to_it() -> None:
    rows = [(1, 10, Counted(2**64 / 1000, 2**64 - 1), 0xC0), (2, 11, 4.2, 0xC0), (1, 12, 12.5, 0xC0)]
    batch = ReadingBatch.joined([ReadingBatch.of(rows[1:]), ReadingBatch.of(rows[:1])])
    picked = batch.select(batch.point == 1)
    assert [getattr(reading.value, "steps", None) for reading in picked] == [None, 2**64 - 1]
    assert ReadingBatch.of(rows[1:]).count is None


def test_a_rule_without_a_scale_books_values_as_they_are() -> None:
    keeper = Bookkeeper({0: Rule(Shape.COUNTER, most_per_s=2.0, modulus=1000.0, slack=4.0)})
    keeper.book([(0, 0, 990.25, 0xC0), (0, 30 * S, 10.5, 0xC0)])
    assert keeper.amount(0, 0).amount == 20.25
    assert keeper.cells[0, 0].scale is None
