"""Each fault of values and counters, by the bytes of the registers on a socket.

Registers: 0-1 energy 0x00123456 Wh · 2-3 power 1312.5 W as f32 · 4 a gap · 5 voltage 400 V · 6 current 5 A, signed ·
7 power factor 0.96 in hundredths · 8 CT ratio 400 · 9-10 the meter's clock, 1,000,000 s · 11-12 123,456 Wh in digits.
"""

from typing import Any

import pytest
from faulty_modbus import READOUT, ask, faulty, with_energy

from simulators.faults.raw import WordSwap
from simulators.physics.meter import Readout
from simulators.profile import Register

ENERGY, POWER, GAP, VOLTAGE, CURRENT, FACTOR, RATIO, CLOCK, DIGITS = (
    (0, 2),
    (2, 2),
    (3, 3),
    (5, 1),
    (6, 1),
    (7, 1),
    (8, 1),
    (9, 2),
    (11, 2),
)


@pytest.mark.asyncio
async def test_without_faults_the_registers_are_right() -> None:
    async with faulty() as line:
        assert await line.registers(0, 4) == "00 12 34 56 44 A4 10 00"
        assert await line.registers(5, 8) == "01 90 00 05 00 60 01 90 00 0F 42 40 00 0C 0D 80"
        assert await line.answer(ask(1, 4, 1)) == "00 01 00 00 00 03 01 83 02"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "where", "content"),
    [
        ({"kind": "gap_garbage"}, GAP, "10 00 00 00 01 90"),
        ({"kind": "gap_garbage", "fill": "ones"}, GAP, "10 00 FF FF 01 90"),
        ({"kind": "gap_garbage", "fill": "stale"}, GAP, "10 00 10 00 01 90"),
        ({"kind": "word_swap"}, ENERGY, "34 56 00 12"),
        ({"kind": "word_swap", "order": "BADC"}, ENERGY, "12 00 56 34"),
        ({"kind": "word_swap", "order": "DCBA"}, ENERGY, "56 34 12 00"),
        ({"kind": "word_swap"}, POWER, "10 00 44 A4"),
        ({"kind": "register_tearing"}, ENERGY, "00 11 34 56"),
        ({"kind": "register_tearing", "carry": 1}, ENERGY, "00 13 34 56"),
        ({"kind": "sf_tearing"}, VOLTAGE, "0F A0"),
        ({"kind": "sf_tearing", "decades": -1}, VOLTAGE, "00 28"),
        ({"kind": "mod10000_tearing"}, DIGITS, "00 0B 0D 80"),
        ({"kind": "mod10000_tearing", "mode": "beyond"}, DIGITS, "00 0B 34 90"),
        ({"kind": "nan_float"}, POWER, "7F C0 00 00"),
        ({"kind": "nan_float", "value": "-nan"}, POWER, "FF C0 00 00"),
        ({"kind": "nan_float", "value": "inf"}, POWER, "7F 80 00 00"),
        ({"kind": "nan_float", "value": "-inf"}, POWER, "FF 80 00 00"),
        ({"kind": "pseudo_nan"}, POWER, "80 00 80 00"),
        ({"kind": "sentinel_int"}, ENERGY, "FF FF FF FF"),
        ({"kind": "sentinel_int"}, VOLTAGE, "FF FF"),
        ({"kind": "sentinel_int"}, CURRENT, "80 00"),
        ({"kind": "sentinel_int", "pattern": "highest"}, CURRENT, "7F FF"),
        ({"kind": "sentinel_int", "pattern": "highest"}, ENERGY, "7F FF FF FF"),
        ({"kind": "zero_on_absent", "register": "voltage"}, VOLTAGE, "00 00"),
        ({"kind": "restart_zero"}, (0, 4), "00 00 00 00 00 00 00 00"),
        ({"kind": "unit_variant", "factor": 0.001}, POWER, "3F A8 00 00"),
        ({"kind": "unit_variant"}, ENERGY, "47 1C 6F F0"),
        ({"kind": "sign_convention"}, CURRENT, "FF FB"),
        ({"kind": "sign_convention"}, POWER, "C4 A4 10 00"),
        ({"kind": "four_quadrant_pf"}, FACTOR, "00 68"),
        ({"kind": "four_quadrant_pf", "quadrant": 2}, FACTOR, "FF 98"),
        ({"kind": "four_quadrant_pf", "quadrant": 3}, FACTOR, "FF A0"),
        ({"kind": "clock_skew"}, CLOCK, "00 0F B2 C0"),
        ({"kind": "clock_skew", "by": "1h", "direction": "behind"}, CLOCK, "00 0F 34 30"),
        ({"kind": "clock_skew", "by": "1970"}, CLOCK, "00 00 00 00"),
        ({"kind": "counter_zero_glitch"}, ENERGY, "00 00 00 00"),
    ],
)
async def test_a_fault_of_values(fault: dict[str, Any], where: tuple[int, int], content: str) -> None:
    async with faulty(fault) as line:
        assert await line.registers(*where) == content
        assert line.server.hits == [1]


@pytest.mark.asyncio
async def test_a_fault_of_one_register_leaves_the_others_right_and_counts_only_what_can_be_seen() -> None:
    async with faulty({"kind": "sentinel_int", "register": "voltage"}) as line:
        assert await line.registers(0, 2) == "00 12 34 56"
        assert line.server.hits == [0]
        assert await line.registers(5, 2) == "FF FF 00 05"
        assert line.server.hits == [1]


@pytest.mark.asyncio
async def test_a_fault_of_one_unit_leaves_its_neighbour_right() -> None:
    async with faulty({"kind": "restart_zero", "meter": "m"}) as line:
        assert (await line.answer(ask(1, 5, 1))).endswith("00 00")
        assert (await line.answer(ask(1, 5, 1, unit=2))).endswith("01 90")


@pytest.mark.asyncio
async def test_a_glitch_to_zero_is_a_single_sample() -> None:
    async with faulty({"kind": "counter_zero_glitch", "at_most": 1}) as line:
        assert await line.registers(5, 1) == "01 90"
        assert [await line.registers(0, 2) for _ in range(3)] == ["00 00 00 00", "00 12 34 56", "00 12 34 56"]


async def counters_over_time(fault: dict[str, Any], *totals: tuple[float, float]) -> list[int]:
    """Read the counter at plant times [s] at which the meter has counted a total [Wh]."""
    async with faulty(fault) as line:
        shown = []
        for time_s, total in totals:
            line.server.show(with_energy(total), time_s)
            shown.append(int((await line.registers(0, 2)).replace(" ", ""), 16))
    return shown


@pytest.mark.asyncio
async def test_a_reset_counter_goes_on_from_zero_for_ever() -> None:
    fault = {"kind": "counter_reset", "from": "10s", "for": "1s"}
    assert await counters_over_time(fault, (9, 5000), (10, 5010), (11, 5020), (50, 5400)) == [5000, 0, 10, 390]


@pytest.mark.asyncio
async def test_a_reset_can_come_again_and_again() -> None:
    fault = {"kind": "counter_reset", "from": "10s", "every": "10s", "for": "1s"}
    assert await counters_over_time(fault, (10, 5010), (15, 5060), (20, 5110), (21, 5120)) == [0, 50, 0, 10]


@pytest.mark.asyncio
async def test_a_preset_counter_goes_on_from_its_new_value() -> None:
    fault = {"kind": "counter_preset", "from": "10s", "value_k": 1000}
    assert await counters_over_time(fault, (9, 5000), (10, 5010), (11, 5020)) == [5000, 1_000_000, 1_000_010]


@pytest.mark.asyncio
async def test_a_counter_goes_back_by_minutes_of_its_power() -> None:
    # 1312.5 W for 4 minutes are 87.5 Wh.
    fault = {"kind": "counter_step_back", "from": "10s", "by": "4min"}
    assert await counters_over_time(fault, (9, 5000), (10, 5010), (11, 5020)) == [5000, 4922, 4932]


@pytest.mark.asyncio
async def test_a_counter_wraps_at_its_own_number_of_digits() -> None:
    fault = {"kind": "rollover_digits", "from": "10s", "span_k": 9999, "before_k": 0.02}
    wrapped = await counters_over_time(fault, (9, 4990), (10, 5000), (11, 5010), (12, 5020), (13, 5030))
    assert wrapped == [4990, 9_998_980, 9_998_990, 0, 10]
    assert await counters_over_time({"kind": "rollover_digits", "span_k": 9}, (0, 8999), (1, 9007)) == [8999, 7]


@pytest.mark.asyncio
async def test_small_steps_of_a_large_float_counter_vanish() -> None:
    # The type of the register is not the counter's own: 2^31 Wh in float32 has steps of 256 Wh.
    fault = {"kind": "float32_resolution", "from": "10s", "value": 2147483648}
    shown = await counters_over_time(fault, (10, 5000), (11, 5100), (12, 5200), (13, 5300))
    assert shown == [2147483648, 2147483648, 2147483904, 2147483904]


@pytest.mark.asyncio
async def test_a_slow_counter_stands_and_then_steps() -> None:
    fault = {"kind": "slow_refresh", "from": "10s", "energy": "5s"}
    samples = [(10.0 + time, 1000.0 + time) for time in range(12)]
    assert await counters_over_time(fault, *samples) == [1000] * 5 + [1005] * 5 + [1010] * 2


@pytest.mark.asyncio
async def test_slow_power_is_held_too_if_so_said() -> None:
    async with faulty({"kind": "slow_refresh", "from": "9s", "energy": "0s", "power": "3s"}) as line:
        shown = []
        for time in range(5):
            line.server.show(Readout({"voltage": 400.0 + time}, {"active_energy_import": 7.0 + time}), 9 + time)
            shown.append((await line.registers(5, 1), await line.registers(1, 1)))
    assert [voltage for voltage, _ in shown] == ["01 90", "01 90", "01 90", "01 93", "01 93"]
    assert [energy for _, energy in shown] == ["00 07", "00 08", "00 09", "00 0A", "00 0B"]


@pytest.mark.asyncio
async def test_stuck_values_stand_still_for_their_time() -> None:
    fault = {"kind": "stuck_value", "from": "2s", "for": "3s"}
    samples = [(float(time), 1000.0 + time) for time in range(7)]
    assert await counters_over_time(fault, *samples) == [1000, 1001, 1002, 1002, 1002, 1005, 1006]


@pytest.mark.asyncio
async def test_only_one_value_can_be_stuck() -> None:
    async with faulty({"kind": "stuck_value", "register": "voltage"}) as line:
        line.server.show(Readout({"voltage": 405.0, "current": 6.0}, {}), 1)
        assert await line.registers(5, 2) == "01 90 00 06"


@pytest.mark.asyncio
async def test_a_changed_ct_ratio_is_told_and_counted_from_then_on() -> None:
    fault = {"kind": "ct_ratio_register", "from": "10s", "ct_from": 400, "ct_to": 500}
    async with faulty(fault) as line:
        line.server.show(with_energy(5000), 9)
        assert await line.registers(6, 3) == "00 05 00 60 01 90"
        line.server.show(with_energy(5010), 10)
        line.server.show(with_energy(5030), 11)
        assert await line.registers(6, 3) == "00 06 00 60 01 F4"
        # 5010 and then 20 Wh at 500/400.
        assert await line.registers(0, 2) == "00 00 13 AB"


@pytest.mark.asyncio
async def test_secondary_values_do_not_follow_the_ct_ratio() -> None:
    async with faulty({"kind": "ct_ratio_register", "values": "secondary"}) as line:
        assert await line.registers(6, 3) == "00 05 00 60 01 F4"


@pytest.mark.asyncio
async def test_another_meter_at_the_same_unit_has_another_map() -> None:
    async with faulty({"kind": "ip_swap", "profile": "schneider-pm5xxx"}) as line:
        # Its map begins at 3009; power is in kW at 3059, 1.3125 as f32.
        assert await line.answer(ask(1, 0, 2)) == "00 01 00 00 00 03 01 83 02"
        assert await line.registers(3059, 2) == "3F A8 00 00"


@pytest.mark.asyncio
async def test_taking_a_fault_away_takes_its_consequences_away() -> None:
    async with faulty({"kind": "counter_reset", "id": "swap"}) as line:
        assert await line.registers(0, 2) == "00 00 00 00"
        line.server.book.remove("swap")
        assert await line.registers(0, 2) == "00 12 34 56"


@pytest.mark.asyncio
async def test_faults_add_up_in_their_order() -> None:
    async with faulty({"kind": "counter_reset"}, {"kind": "counter_preset", "value_k": 0.1}) as line:
        line.server.show(with_energy(READOUT.counters["active_energy_import"] + 5), 1)
        assert await line.registers(0, 2) == "00 00 00 69"


def test_a_swapped_order_of_a_low_word_first_map_is_high_word_first() -> None:
    # Both sides of the call have the high word first; the map's own order is put on top.
    low_first = Register("active_energy_import", 0, "u32", low_word_first=True, resolution=1.0)
    assert WordSwap().bytes_of(low_first, bytes.fromhex("00123456")).hex() == "34560012"
