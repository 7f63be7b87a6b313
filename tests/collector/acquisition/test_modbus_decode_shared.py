"""Meters of the same registers share how answers are read, and nothing of what was read."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from decoding import T, block_of, one

from collector.acquisition.modbus.decode import MeterValues
from collector.plant.profile import Register

SCALED = one(T.U16, name="power", scale_by=("ct",))
MAKER = one(T.U16, address=8, name="maker", expect=("7",))
REGISTERS = (SCALED, MAKER)


def sharing(registers: tuple[Register, ...] = REGISTERS, *, ct: float = 40.0) -> MeterValues:
    return MeterValues(registers, {"ct": ct})


def test_two_meters_of_the_same_registers_have_values_of_their_own() -> None:
    one_meter, other = sharing(), sharing()
    assert one_meter.take(block_of(*REGISTERS), b"\0\2\0\7").tolist() == [80.0, 7.0]
    assert np.isnan(other.value("power"))
    assert other.shown(SCALED) == "not read"
    assert other.take(block_of(*REGISTERS), b"\0\3\0\5").tolist() == [120.0, 5.0]
    assert (one_meter.value("power"), one_meter.is_expected(MAKER), other.is_expected(MAKER)) == (80.0, True, False)


def test_a_meter_that_forgets_leaves_the_others_what_they_know() -> None:
    one_meter, other = sharing(), sharing()
    for meter in (one_meter, other):
        meter.take(block_of(*REGISTERS), b"\0\2\0\7")
    one_meter.forget()
    assert (one_meter.shown(SCALED), other.shown(SCALED)) == ("not read", "80")
    assert one_meter.take(block_of(SCALED), b"\0\1").tolist() == [40.0]


def test_meters_with_other_constants_are_read_with_their_own() -> None:
    small, large = sharing(ct=40.0), sharing(ct=200.0)
    assert small.take(block_of(SCALED), b"\0\1").tolist() == [40.0]
    assert large.take(block_of(SCALED), b"\0\1").tolist() == [200.0]


def test_what_is_compiled_is_one_object_for_a_hundred_meters_and_gone_with_the_last_of_them() -> None:
    meters = [sharing() for _ in range(100)]
    for meter in meters:
        meter.take(block_of(*REGISTERS), b"\0\2\0\7")
    compiled = {id(taken.compiled) for meter in meters for taken in meter._taken.values()}
    assert len(compiled) == 1
    left = weakref.ref(next(iter(meters[0]._taken.values())).compiled)
    del meters, meter
    gc.collect()
    assert left() is None


def test_registers_that_only_look_alike_are_read_as_they_are() -> None:
    doubled = replace(SCALED, scale=2.0)
    assert sharing((doubled, MAKER)).take(block_of(doubled, MAKER), b"\0\2\0\7").tolist() == [160.0, 7.0]
    assert sharing().take(block_of(*REGISTERS), b"\0\2\0\7").tolist() == [80.0, 7.0]


def test_every_meter_is_refused_that_needs_what_is_not_there() -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="power needs ct, which is neither read nor a constant"):
            MeterValues(REGISTERS, {})


def test_what_is_read_goes_before_a_constant_of_the_same_name() -> None:
    ratio = one(T.U16, address=8, name="ct")
    values = MeterValues((SCALED, ratio), {"ct": 40.0})
    assert values.take(block_of(SCALED), b"\0\2").tolist() == [80.0]
    values.take(block_of(ratio), b"\0\5")
    assert values.take(block_of(SCALED), b"\0\2").tolist() == [10.0]
