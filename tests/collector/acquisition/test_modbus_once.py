"""One look at one meter: everything its profile knows, whatever the device refuses, hides or is busy with."""

import asyncio
import math
import struct
from collections.abc import Mapping
from dataclasses import replace

import pytest
from adversarial_modbus import Request, endpoint, profile, serving
from server_process import free_port
from unknown_device import Device, behind, floats, text

from collector.acquisition.modbus.once import Look, look
from collector.clock import SystemClock
from collector.plant.meter import Measures, PolledMeter
from collector.plant.profile import BlockRules, MeterProfile, Reading, Register, RegisterType, Sentinel
from collector.readings.quantity import Quantity

pytestmark = pytest.mark.asyncio

F32, U16, U32, STRING = RegisterType.F32, RegisterType.U16, RegisterType.U32, RegisterType.STRING


def register(name: str, address: int, type_: RegisterType, unit: str = "", **more: object) -> Register:
    count = int(str(more.pop("count", type_.registers)))
    made = Register(name, Quantity.known(name), 3, address, type_, count, unit=unit)
    return replace(made, **more)  # type: ignore[arg-type]


REGISTERS = (
    register("frequency", 100, F32, "Hz", valid=(40.0, 70.0)),
    register("voltage", 102, F32, "V"),
    register("current", 104, F32, "A", sentinels=(Sentinel(0x80008000, 0xFFFFFFFF),)),
    register("active_power", 106, F32, "kW", scale_by=("ratio",)),
    register("power_factor", 108, F32, "1"),
    register("active_energy_import", 110, U32, "kWh", optional=True),
    register("ratio", 200, U16),
    register("maker", 210, STRING, count=4, expect=("Acme",)),
    register("thd_u_l1", 300, U16, "%", optional=True, unverified="from another firmware"),
)
RIGHT: dict[int, int] = (
    floats(100, 50.02, 400.0, 100.0, 6.2354, 0.9) | {110: 1, 111: 0, 200: 10, 300: 3} | text(210, "Acme 7", 4)
)


def meter_of(
    port: int, *, of: MeterProfile | None = None, rules: BlockRules | None = None, base: int = 0
) -> PolledMeter:
    used = of or replace(profile(), registers=REGISTERS, rules=rules or BlockRules(), notes=("A note.",))
    at = endpoint(port, timeout_s=0.1)
    return PolledMeter("feeder", Measures.MONITORED, None, 1.0, math.inf, used, at, 1, used.registers, base=base)


async def seen(device: Device, **more: object) -> Look:
    async with serving(behind({1: device})) as server:
        return await look(meter_of(server.port, **more), SystemClock())  # type: ignore[arg-type]


def qualities(result: Look) -> dict[str, str]:
    return {row.register.name: row.quality for row in result.rows}


def shown(result: Look) -> dict[str, str]:
    return {row.register.name: row.shown for row in result.rows}


async def test_all_registers_come_optional_ones_and_information_too() -> None:
    result = await seen(Device(RIGHT, objects={0: "Acme", 1: "F7", 2: "1.0"}))
    assert shown(result) == {
        "frequency": "50.02 Hz",
        "voltage": "400 V",
        "current": "100 A",
        "active_power": "62.354 kW",
        "power_factor": "0.9",
        "active_energy_import": "65,536 kWh",
        "ratio": "10",
        "maker": "Acme 7",
        "thd_u_l1": "3 %",
    }
    assert set(qualities(result).values()) == {"good"}
    assert result.rows[0].raw.hex() == struct.pack(">f", 50.02).hex()
    assert result.told == {0: "Acme", 1: "F7", 2: "1.0"}
    assert (result.is_well, result.answered, result.error) == (True, True, "")
    assert [(each.what, each.well) for each in result.findings] == [("frequency", True), ("power", True)]


async def test_each_quality_is_told_in_words() -> None:
    words = RIGHT | floats(100, 5002.0) | {104: 0x8000, 105: 0x8000}
    words = {place: word for place, word in words.items() if place not in {200, 300}}
    result = await seen(Device(words))
    assert qualities(result) == {
        "frequency": "out of range 40 to 70",
        "voltage": "good",
        "current": "not available",
        "active_power": "needs ratio, which has no value",
        "power_factor": "good",
        "active_energy_import": "good",
        "ratio": "refused: illegal data address (02)",
        "maker": "good",
        "thd_u_l1": "refused: illegal data address (02)",
    }
    assert shown(result)["frequency"] == "5,002 Hz"
    assert not result.is_well


async def test_one_missing_register_costs_itself_only() -> None:
    words = {place: word for place, word in RIGHT.items() if place not in {104, 105}}
    result = await seen(Device(words))
    assert [name for name, quality in qualities(result).items() if quality != "good"] == ["current"]


async def test_a_register_that_is_met_with_silence_costs_itself_only() -> None:
    result = await seen(Device(RIGHT, silent=frozenset({104, 105})))
    # The first request is the long one: a device that has said nothing yet is asked for more before it is cut.
    wrong = {name: quality for name, quality in qualities(result).items() if quality != "good"}
    assert set(wrong.values()) == {"no answer"}
    assert "current" in wrong
    assert result.answered


async def test_another_device_is_told() -> None:
    result = await seen(Device(RIGHT | text(210, "Other 9", 4)))
    assert qualities(result)["maker"] == "expected: Acme"
    assert shown(result)["maker"] == "Other 9"
    assert not result.is_well


async def test_a_wrong_scale_is_doubted() -> None:
    result = await seen(Device(RIGHT | {200: 1}))
    assert [each.what for each in result.findings if each.well is False] == ["power"]
    assert not result.is_well


async def test_a_busy_device_is_given_time() -> None:
    assert (await seen(Device(RIGHT, busy=2))).is_well


async def test_a_base_moves_every_register() -> None:
    moved = {place + 1000: word for place, word in RIGHT.items()}
    result = await seen(Device(moved), base=1000)
    assert result.is_well
    assert result.rows[0].register.address == 1100


async def test_rules_of_the_profile_are_kept() -> None:
    async with serving(behind({1: Device(RIGHT)})) as server:
        result = await look(meter_of(server.port, rules=BlockRules(reading=Reading.ONE_VALUE)), SystemClock())
    assert result.is_well
    assert [(request.address, request.count) for request in server.requests if request.function == 3] == [
        (each.address, each.count) for each in REGISTERS
    ]


async def test_a_sunspec_model_is_looked_up() -> None:
    words = {40000: 0x5375, 40001: 0x6E53, 40002: 1, 40003: 4, 40008: 203, 40009: 105}
    words |= floats(40008 + 2, 50.01)
    of = replace(profile(), registers=(register("frequency", 2, F32, "Hz"),), rules=BlockRules(), sunspec_model=203)
    result = await seen(Device(words), of=of)
    assert result.base == 40008
    assert shown(result) == {"frequency": "50.01 Hz"}
    missing = await seen(Device({0: 1}), of=of)
    assert missing.error.startswith("find SunSpec model 203 of feeder (unit 1): no 'SunS'")
    assert not missing.answered


async def test_nobody_and_silence_are_told() -> None:
    refused = await look(meter_of(free_port()), SystemClock())
    assert not refused.answered
    assert refused.error.startswith("connect to 127.0.0.1 port ")
    silent = await seen(Device({}, silent=frozenset(range(65536))))
    assert not silent.answered
    assert "no answer after 0.1 s" in silent.error


async def test_a_gateway_that_does_not_reach_the_meter_is_believed_at_once() -> None:
    async with serving(behind({}, absent=0x0B)) as server:
        result = await look(meter_of(server.port), SystemClock())
    assert "exception 0B" in result.error
    assert not result.answered
    assert len(server.requests) == 1


def counting(words: Mapping[int, int], kwh_a_request: int) -> tuple[Device, list[int]]:
    """Return a device whose counter grows with each request for it."""
    grown = [0]

    class Growing(Device):
        def answer(self, request: Request) -> bytes | None:
            if request.function == 3 and request.address <= 110 < request.address + request.count:
                number = 65536 + grown[0]
                grown[0] += kwh_a_request
                self.words = {**self.words, 110: number >> 16, 111: number & 0xFFFF}
            return super().answer(request)

    return Growing(words), grown


async def test_watching_compares_the_counter_with_the_power() -> None:
    device, _ = counting(RIGHT, 500)
    async with serving(behind({1: device})) as server:
        meter = meter_of(server.port, of=replace(meter_of(1).profile, counter_refresh_s=0.001))
        result = await look(meter, SystemClock(), watch_s=0.5)
    slope = result.findings[-1]
    assert slope.what == "slope of active_energy_import"
    # 500 kWh each 0.2 s at 62 kW: the scale of the counter must be wrong.
    assert slope.well is False
    assert "62.354 kW by the power" in slope.words


async def test_watching_a_counter_that_stands_still_for_a_moment_proves_nothing() -> None:
    async with serving(behind({1: Device(RIGHT)})) as server:
        result = await look(meter_of(server.port), SystemClock(), watch_s=0.3)
    assert result.findings[-1].well is None
    assert "too short for this counter; --watch" in result.findings[-1].words
    assert result.is_well


async def test_the_watch_survives_a_device_that_goes_away() -> None:
    async def once(request: Request, writer: asyncio.StreamWriter) -> None:
        if len(server.requests) < 8:
            await behind({1: Device(RIGHT)})(request, writer)

    async with serving(once) as server:
        result = await look(meter_of(server.port), SystemClock(), watch_s=0.3)
    assert result.findings[-1].well is None
    assert "did not answer again" in result.findings[-1].words
