"""What 'potline check' shows of a plant: in few lines, and with what will not go well."""

import dataclasses
import math

from example_plant import example_plant

from collector.commands.overview import overview
from collector.plant.meter import Endpoint, HeardMeter, Measures, PolledMeter, Transport
from collector.plant.topology import Plant
from collector.readings.quantity import Quantity

PLANT = example_plant()
FUME = PLANT.polled_meters[3]
GATEWAY = Endpoint("gw", Transport.MODBUS_TCP, "10.20.0.5", 502, 1.0)


def plant(*meters: PolledMeter) -> Plant:
    endpoints = dict.fromkeys(meter.endpoint for meter in meters)
    return dataclasses.replace(PLANT, meters=meters, endpoints=tuple(endpoints), brokers=())


def feeders(
    count: int, name: str = "feeder_{}", *, every_s: float = 10.0, endpoint: Endpoint = GATEWAY
) -> list[PolledMeter]:
    return [
        dataclasses.replace(FUME, id=name.format(n), unit=n % 248, every_s=every_s, endpoint=endpoint)
        for n in range(1, count + 1)
    ]


def told(*meters: PolledMeter) -> list[str]:
    return list(overview(plant(*meters)))


def test_meters_that_differ_only_in_their_number_are_one_line() -> None:
    assert told(*feeders(260), dataclasses.replace(FUME, id="other", endpoint=GATEWAY)) == [
        "  gw at 10.20.0.5 port 502: 52.2 requests/s",
        "    feeder_1 to feeder_260 (260 meters): Carlo Gavazzi EM24-E1, EM3xx and ET3xx, units 0 to 247, every 10 s",
        "    other: Carlo Gavazzi EM24-E1, EM3xx and ET3xx, unit 11, every 10 s",
        "profiles:",
        "  carlogavazzi-em3xx: confirmed, verified by 5 test vectors",
        (
            "warning: gw: 52.2 requests/s, and 50 is the most that goes well;"
            " raise 'every' of its meters, or spread them over more endpoints"
        ),
    ]


def test_three_hundred_endpoints_with_a_meter_each_are_two_lines() -> None:
    meters = [
        dataclasses.replace(feeder, unit=1, endpoint=dataclasses.replace(GATEWAY, id=f"gw_{n}", host=f"10.20.{n}.9"))
        for n, feeder in enumerate(feeders(300), start=1)
    ]
    assert told(*meters)[:2] == [
        "  gw_1 to gw_300 (300 endpoints) at 10.20.1.9 port 502 to 10.20.300.9 port 502: 0.2 requests/s each",
        "    feeder_1 to feeder_300 (300 meters): Carlo Gavazzi EM24-E1, EM3xx and ET3xx, unit 1, every 10 s",
    ]


def test_meters_with_names_of_all_kinds_are_drawn_together_where_they_would_fill_the_screen() -> None:
    letters = [f"{first}{second}" for first in "ABCDEFGH" for second in "QRST"]
    tagged = [dataclasses.replace(m, id=tag) for m, tag in zip(feeders(32), letters, strict=True)]
    lines = told(*tagged, dataclasses.replace(tagged[0], id="flow", measures=Measures.MONITORED, base=100))
    assert lines[1:3] == [
        "    AQ, AR, AS ... (32 meters): Carlo Gavazzi EM24-E1, EM3xx and ET3xx, units 1 to 32, every 10 s",
        "    flow: Carlo Gavazzi EM24-E1, EM3xx and ET3xx, unit 1, base 100, every 10 s, only monitored",
    ]


def test_what_is_polled_and_not_confirmed_is_told_with_its_reason() -> None:
    doubts = {"active_power": "the sign is a guess", "voltage": "the sign is a guess", "current": "one dump only"}
    registers = tuple(dataclasses.replace(r, unverified=doubts.get(r.name, "")) for r in FUME.profile.registers)
    profile = dataclasses.replace(FUME.profile, registers=registers, test_vectors=())
    polled = tuple(register for register in registers if register.name != "current")
    assert told(dataclasses.replace(FUME, profile=profile, registers=polled))[2:] == [
        "profiles:",
        "  carlogavazzi-em3xx: confirmed, unverified: no test vectors",
        "  carlogavazzi-em3xx: voltage, active_power are unverified: the sign is a guess",
    ]


def test_a_serial_line_shows_how_busy_it_is_and_a_warning_where_it_is_too_busy() -> None:
    bus = Endpoint("bus", Transport.MODBUS_RTU, "", 0, 1.0, device="/dev/ttyS0", baud=9600)
    lines = told(*feeders(20, every_s=1.0, endpoint=bus))
    assert lines[0] == "  bus at /dev/ttyS0 at 9600 8E1: 40 requests/s, busy 124 % of the time"
    assert lines[-1] == (
        "warning: bus: the line would be busy 124 % of the time, and 70 % is the most that goes well;"
        " raise 'every' of its meters, the baud rate, or spread them over more lines"
    )


def test_a_lines_voltage_and_current_of_two_requests_are_no_pair() -> None:
    dc = PLANT.polled_meters[0]
    assert not any(line.startswith("warning") for line in told(dc))
    registers = tuple(
        dataclasses.replace(r, address=r.address + 100) if r.quantity is Quantity.LINE_CURRENT else r
        for r in dc.registers
    )
    assert told(dataclasses.replace(dc, registers=registers))[-1] == (
        "warning: pl1_dc: voltage and current do not come in one request, and so not of one instant:"
        " the power of a modulated line is not their product"
    )


def test_an_endpoint_without_meters_is_told_as_such() -> None:
    empty = dataclasses.replace(PLANT, meters=(), endpoints=(GATEWAY,))
    assert list(overview(empty)) == [
        "  gw at 10.20.0.5 port 502: no meters",
        "  potroom at 127.0.0.1 port 1883: smelter-v1 (Smelter JSON, version 1)",
    ]


def test_meters_that_speak_over_mqtt_stand_under_their_broker() -> None:
    power = (Quantity.ACTIVE_POWER, Quantity.ACTIVE_ENERGY_IMPORT)
    feeders = [
        HeardMeter(f"office_{n}", Measures.MONITORED, None, 10.0, math.inf, "potroom", f"MV-FDR-{n:02}", power)
        for n in range(1, 31)
    ]
    line = HeardMeter(
        "pl1", Measures.LINE_DC, "PL1", 10.0, 8e4, "potroom", "PL1", (Quantity.LINE_CURRENT, Quantity.LINE_VOLTAGE)
    )
    assert list(overview(dataclasses.replace(PLANT, meters=(*feeders, line), endpoints=()))) == [
        "  potroom at 127.0.0.1 port 1883: smelter-v1 (Smelter JSON, version 1)",
        (
            "    office_1 to office_30 (30 meters): MV-FDR-01 to MV-FDR-30 (30 addresses):"
            " active_power, active_energy_import, only monitored"
        ),
        "    pl1: PL1: line_current, line_voltage",
    ]
