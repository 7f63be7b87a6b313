"""Every family of encodings that meters use, from the bytes of a device to the reading, over a real socket."""

import asyncio
import math
import struct

import pytest
from adversarial_modbus import Answering, Request, endpoint, serving
from image import put, showing
from polled_line import Line, meter
from waiting import until

from collector.plant.profile import (
    BlockRules,
    ByteOrder,
    Convention,
    Linear,
    Register,
    RegisterType,
    Sentinel,
    WordOrder,
)
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity

pytestmark = pytest.mark.asyncio
Q, T = Quantity, RegisterType
LSW, LITTLE = WordOrder.LSW_FIRST, ByteOrder.LITTLE


def info(name: str, address: int, type_: RegisterType = T.U16, **more: object) -> Register:
    return Register(name, None, 3, address, type_, type_.registers or 1, **more)  # type: ignore[arg-type]


def of(quantity: Quantity, address: int, type_: RegisterType, **more: object) -> Register:
    unit = str(more.pop("unit", quantity.unit))
    return Register(quantity.label, quantity, 3, address, type_, type_.registers, unit=unit, **more)  # type: ignore[arg-type]


CASES: list[tuple[str, str, list[Register], float]] = [
    ("16 bits, signed, scaled", "FF38", [of(Q.GAS_TEMPERATURE, 0, T.S16, scale=0.1)], -20.0),
    ("three words", "0001 0000 0002", [of(Q.ACTIVE_ENERGY_IMPORT, 0, T.U48)], 4294967298.0),
    ("three words, signed", "FFFF FFFF FFFE", [of(Q.ACTIVE_POWER, 0, T.S48)], -2.0),
    (
        "32 bits, low word first",
        "E240 0001",
        [of(Q.ACTIVE_ENERGY_IMPORT, 0, T.S32, word_order=LSW, scale=0.1)],
        12345.6,
    ),
    ("64 bits, low word first", "0002 0000 0001 0000", [of(Q.DC_ENERGY, 0, T.U64, word_order=LSW)], 4294967298.0),
    ("64 bits, low byte first", "0000 0100 0000 0200", [of(Q.DC_ENERGY, 0, T.S64, byte_order=LITTLE)], 4294967298.0),
    ("float32, ABCD", "42481333", [of(Q.FREQUENCY, 0, T.F32)], 50.01875),
    ("float32, CDAB", "13334248", [of(Q.FREQUENCY, 0, T.F32, word_order=LSW)], 50.01875),
    ("float32, BADC", "48423313", [of(Q.FREQUENCY, 0, T.F32, byte_order=LITTLE)], 50.01875),
    ("float32, DCBA", "33134842", [of(Q.FREQUENCY, 0, T.F32, word_order=LSW, byte_order=LITTLE)], 50.01875),
    ("float64", "40490000 00000000", [of(Q.FREQUENCY, 0, T.F64)], 50.0),
    ("BCD of eight digits", "1234 5678", [of(Q.ACTIVE_ENERGY_IMPORT, 0, T.BCD32, scale=0.01)], 123456.78),
    ("mod 10000, two words", "04D2 162E", [of(Q.ACTIVE_ENERGY_IMPORT, 0, T.MOD10000X2)], 12345678.0),
    ("mod 10000, three, low first", "2694 0929 0001", [of(Q.VOLUME, 0, T.MOD10000X3, word_order=LSW)], 123459876.0),
    ("bits of a word", "0A50", [of(Q.OPERATING_HOURS, 0, T.U16, bits=(4, 4))], 5.0),
    (
        "four quadrants of a power factor",
        "3F803D71",  # 1.001875: leading
        [of(Q.POWER_FACTOR, 0, T.F32, convention=Convention.SCHNEIDER_4Q)],
        0.998125,
    ),
    (
        "a decimal point in the next register",
        "1388 0002",
        [of(Q.DC_VOLTAGE, 0, T.U16, exponent="point", exponent_bias=-3), info("point", 1)],
        500.0,
    ),
    (
        "a scale factor of SunSpec",
        "09C4 FFFE",
        [of(Q.CURRENT, 0, T.S16, exponent="sf"), info("sf", 1, T.S16, sentinels=(Sentinel(0x8000, 0xFFFF),))],
        25.0,
    ),
    (
        "a scale chosen by a number",
        "01F4 0005",
        [of(Q.VOLTAGE_L1N, 0, T.U16, scale_by=("scale",)), info("scale", 1, map=((4, 10.0), (5, 100.0)))],
        50000.0,
    ),
    (
        "ratios of transformers in registers, values of the secondary side",
        "01F4 0050 000A",
        [of(Q.ACTIVE_POWER, 0, T.U16, scale=0.01, scale_by=("ct", "vt")), info("ct", 1), info("vt", 2)],
        4000.0,
    ),
    (
        "a share of the full scale",
        "1388",
        [of(Q.ACTIVE_POWER, 0, T.U16, linear=Linear((0, 10000), (-120.0, 120.0)))],
        0.0,
    ),
    (
        "two tariffs of one counter",
        "412E848000000000 412E848000000000",
        [
            of(Q.ACTIVE_ENERGY_IMPORT, 0, T.F64, unit="Wh", plus=("t2",)),
            Register("t2", None, 3, 4, T.F64, 4, unit="Wh"),
        ],
        2_000_000.0,
    ),
    ("an exponent and a mantissa in one number", "FE01E240", [of(Q.ACTIVE_POWER, 0, T.ISKRA_T5)], 1234.56),
]


@pytest.mark.parametrize(("words", "registers", "value"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
async def test_what_the_device_shows_is_what_is_read(words: str, registers: list[Register], value: float) -> None:
    image: dict[int, int] = {}
    put(image, 0, bytes.fromhex(words))
    async with serving(showing(image)) as server:
        line = Line([meter("m1", endpoint(server.port), 1, registers, every_s=0.1, rules=BlockRules())])
        async with line.polled():
            await until(lambda: bool(line.arrivals))
    (row,) = line.arrivals[0].batch
    assert row.quality == Quality.GOOD
    assert row.value == pytest.approx(value, rel=1e-7)


@pytest.mark.parametrize(
    ("words", "register"),
    [
        ("12A4", of(Q.CURRENT, 0, T.BCD16)),
        ("2711 0001", of(Q.ACTIVE_ENERGY_IMPORT, 0, T.MOD10000X2)),
        ("7FC00001", of(Q.FREQUENCY, 0, T.F32)),
        ("FF800000", of(Q.FREQUENCY, 0, T.F32)),
        ("80008000", of(Q.FREQUENCY, 0, T.F32, sentinels=(Sentinel(0x80008000, 0xFFFFFFFF),))),
        ("7FFF1234", of(Q.CURRENT, 0, T.S32, sentinels=(Sentinel(0x7FFF0000, 0xFFFF0000),))),
        ("0000", of(Q.FREQUENCY, 0, T.U16, valid=(45.0, 65.0))),
    ],
    ids=["no digit", "no four digits", "not a number", "infinity", "pseudo-NaN", "overflow mark", "outside its limits"],
)
async def test_what_is_no_value_is_read_as_none(words: str, register: Register) -> None:
    image: dict[int, int] = {}
    put(image, 0, bytes.fromhex(words))
    async with serving(showing(image)) as server:
        line = Line([meter("m1", endpoint(server.port), 1, [register], every_s=0.1, rules=BlockRules())])
        async with line.polled():
            await until(lambda: bool(line.arrivals))
    (row,) = line.arrivals[0].batch
    assert row.quality == Quality.BAD_SENSOR_FAILURE
    assert math.isnan(row.value)


def of_bits(content: dict[int, bool]) -> Answering:
    """Answer reads of discrete inputs, the lowest bit first."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        bits = [content.get(request.address + place, False) for place in range(request.count)]
        packed = bytes(sum(bit << n for n, bit in enumerate(bits[at : at + 8])) for at in range(0, len(bits), 8))
        writer.write(request.adu(struct.pack(">BB", request.function, len(packed)) + packed))

    return answer


async def test_discrete_inputs_and_texts_tell_of_the_device() -> None:
    alive = Register("alive", None, 2, 1004, T.BIT, 1, expect=("1",))
    value = Register(Q.OPERATING_HOURS.label, Q.OPERATING_HOURS, 2, 1000, T.BIT, 1, unit="h")
    async with serving(of_bits({1000: True, 1004: True})) as server:
        line = Line([meter("m1", endpoint(server.port), 1, [value, alive], every_s=0.1, rules=BlockRules(function=2))])
        async with line.polled():
            await until(lambda: bool(line.arrivals))
    (row,) = line.arrivals[0].batch
    assert (row.value, row.quality) == (1.0, Quality.GOOD)
    assert line.instruments.meters["m1"].device == {"alive": "1"}
