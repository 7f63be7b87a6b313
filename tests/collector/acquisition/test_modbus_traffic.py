"""What polling asks of a line, in figures that can be checked by hand."""

import dataclasses

import pytest
from example_plant import example_plant

from collector.acquisition.modbus.traffic import come_together, traffic
from collector.plant.meter import Endpoint, PolledMeter, Transport
from collector.plant.profile import BlockRules, MeterProfile, Register, RegisterType
from collector.readings.quantity import Quantity

PLANT = example_plant()
TCP = Endpoint("gw", Transport.MODBUS_TCP, "10.20.0.5", 502, 1.0)
RTU = dataclasses.replace(TCP, transport=Transport.MODBUS_RTU, device="/dev/ttyS0", baud=9600)
ASCII = dataclasses.replace(RTU, transport=Transport.MODBUS_ASCII)


def meter(
    *registers: Register, every_s: float = 1.0, rules: BlockRules | None = None, pause_s: float = 0.0
) -> PolledMeter:
    profile: MeterProfile = dataclasses.replace(
        PLANT.polled_meters[1].profile, registers=registers, rules=rules or BlockRules(), pause_between_s=pause_s
    )
    return dataclasses.replace(PLANT.polled_meters[1], profile=profile, registers=registers, every_s=every_s)


def f32(quantity: Quantity, address: int, every_s: float | None = None) -> Register:
    return Register(quantity.label, quantity, 3, address, RegisterType.F32, 2, every_s=every_s)


VOLTS = f32(Quantity.LINE_VOLTAGE, 0)
AMPS = f32(Quantity.LINE_CURRENT, 2)
ENERGY = f32(Quantity.DC_ENERGY, 100)


def test_each_request_counts_once_a_period() -> None:
    assert traffic(TCP, []).requests_per_s == 0
    assert traffic(TCP, [meter(VOLTS, AMPS, every_s=5.0)]).requests_per_s == pytest.approx(0.2)
    assert traffic(TCP, [meter(VOLTS, AMPS, ENERGY, every_s=5.0)] * 3).requests_per_s == pytest.approx(1.2)


def test_a_register_with_a_period_of_its_own_is_asked_for_as_often_as_that_and_never_more_often_than_its_meter() -> (
    None
):
    hourly = dataclasses.replace(ENERGY, every_s=3600.0)
    assert traffic(TCP, [meter(VOLTS, hourly)]).requests_per_s == pytest.approx(1 + 1 / 3600)
    often = dataclasses.replace(ENERGY, every_s=0.1)
    assert traffic(TCP, [meter(VOLTS, often)]).requests_per_s == pytest.approx(2)
    together = BlockRules(max_gap=125, atomic=(("line_voltage", "dc_energy"),))
    assert traffic(TCP, [meter(VOLTS, hourly, rules=together)]).requests_per_s == pytest.approx(1)


def test_a_serial_line_is_busy_for_each_character_of_question_and_answer() -> None:
    # 8 bytes are asked, 5 + 8 answered, 7 are the silences: 28 characters of 11 bits at 9600 baud.
    assert traffic(RTU, [meter(VOLTS, AMPS)]).share == pytest.approx(28 * 11 / 9600)
    # 17 characters are asked, 11 + 16 answered.
    assert traffic(ASCII, [meter(VOLTS, AMPS)]).share == pytest.approx(44 * 11 / 9600)
    assert traffic(TCP, [meter(VOLTS, AMPS)]).share == 0


def test_a_pause_that_the_device_or_the_line_needs_keeps_the_line_busy_too() -> None:
    assert traffic(TCP, [meter(VOLTS, AMPS, pause_s=0.2)]).share == pytest.approx(0.2)
    slow = dataclasses.replace(TCP, pause_between_s=0.3)
    assert traffic(slow, [meter(VOLTS, AMPS, pause_s=0.2)]).share == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("endpoint", "meters", "every_s", "too_much"),
    [
        (TCP, 50, 1.0, False),
        (TCP, 51, 1.0, True),
        (RTU, 21, 1.0, False),  # 67 %
        (RTU, 22, 1.0, True),  # 71 %
        (dataclasses.replace(RTU, baud=115200), 200, 1.0, True),  # 53 % of the time, but 200 requests/s
    ],
)
def test_a_line_is_told_to_carry_too_much(endpoint: Endpoint, meters: int, every_s: float, *, too_much: bool) -> None:
    assert traffic(endpoint, [meter(VOLTS, AMPS, every_s=every_s)] * meters).is_too_much is too_much


def test_quantities_come_together_if_one_request_has_them_all() -> None:
    pair = (Quantity.LINE_VOLTAGE, Quantity.LINE_CURRENT)
    assert come_together(meter(VOLTS, AMPS, ENERGY), *pair)
    assert not come_together(meter(VOLTS, f32(Quantity.LINE_CURRENT, 50)), *pair)
    assert not come_together(meter(VOLTS, dataclasses.replace(AMPS, every_s=60.0)), *pair)
    assert not come_together(meter(VOLTS), *pair)
