"""Every shipped register map over a real wire: shown by the simulator's encoder, read back by the collector's codec."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from polled_line import Line
from served_profiles import FOLDER, PROFILES, Panel, constants
from waiting import until

from collector.acquisition.modbus.connection import ModbusConnection
from collector.acquisition.modbus.decode import MeterValues
from collector.acquisition.modbus.plan import plan_scan
from collector.acquisition.modbus.sunspec import locate
from collector.clock import SystemClock
from collector.plant.composition import meaning
from collector.plant.meter import Endpoint, PolledMeter, Transport
from collector.plant.profile import MeterProfile
from collector.readings.batch import Reading
from collector.readings.quality import Quality
from collector.settings import load
from simulators.servers.modbus import ModbusServer
from simulators.servers.modbus.framing import AsciiFraming, Framing, MbapFraming, RtuFraming

FRAMINGS: dict[Transport, Callable[[], Framing]] = {
    Transport.MODBUS_TCP: MbapFraming,
    Transport.RTU_OVER_TCP: RtuFraming,
    Transport.ASCII_OVER_TCP: AsciiFraming,
    Transport.MODBUS_RTU: RtuFraming,
    Transport.MODBUS_ASCII: AsciiFraming,
}
# On serial lines: a meter of floats, one with encodings of its own, one of bits, one that gives one value at a time.
ON_LINES = ("eastron-sdm630", "iskra-wm-impact", "sick-marsic300", "vpinstruments-vpflowscope")
CASES = [(name, Transport.MODBUS_TCP) for name in PROFILES] + [
    (name, transport) for transport in FRAMINGS if transport is not Transport.MODBUS_TCP for name in ON_LINES
]
UNIT = 17
# The map for any analyser holds no quantity before somebody says which component is which.
POLLED = [name for name in PROFILES if name != "generic-cems-float"]
ROOT = FOLDER.parents[1]


def check_vectors(profile: MeterProfile) -> None:
    units = {register.name: register.unit for register in profile.registers}
    for vector in profile.test_vectors:
        register = profile.register(vector.register)
        found = meaning(register, vector.raw, dict(vector.given), units)
        wanted = vector.text if vector.value is None else pytest.approx(vector.value, rel=1e-5, abs=1e-9)
        assert found == wanted, (vector.register, vector.raw.hex())


@asynccontextmanager
async def reached(server: ModbusServer, transport: Transport) -> AsyncIterator[Endpoint]:
    """Run a server beside the block and give the way to it: a socket or a pseudo-terminal."""
    if transport.is_serial:
        async with server.on_terminal() as device:
            # A pseudo-terminal knows no parity.
            yield Endpoint("panel", transport, "", 0, timeout_s=5.0, device=device, parity="none")
    else:
        async with server.listening("127.0.0.1", 0) as port:
            yield Endpoint("panel", transport, "127.0.0.1", port, timeout_s=5.0)


@pytest.mark.asyncio
@pytest.mark.parametrize(("name", "transport"), CASES, ids=[f"{name}-{over.value}" for name, over in CASES])
async def test_a_profile_reads_back_what_a_simulated_meter_shows(name: str, transport: Transport) -> None:
    profile, panel = PROFILES[name], Panel(PROFILES[name])
    check_vectors(profile)
    server = ModbusServer({UNIT: panel.image}, framing=FRAMINGS[transport])
    async with reached(server, transport) as endpoint, ModbusConnection(endpoint, SystemClock()) as connection:
        base = 0
        if profile.sunspec_model is not None:
            base = await locate(connection, unit=UNIT, model=profile.sunspec_model, whom=name)
        registers = tuple(register.moved(base) for register in profile.registers)
        values = MeterValues(registers, panel.constants)
        answers = []
        for block in plan_scan(registers, profile.rules.moved(base)):
            asked = {"function": block.function, "address": block.address, "count": block.count}
            answers.append((block, (await connection.read(unit=UNIT, whom=name, **asked)).data))
    for _ in range(2):  # what is needed may have been read after what needs it
        for block, data in answers:
            values.take(block, data)
    assert panel.differences(registers, values) == []
    assert [register.name for register in registers if not values.is_expected(register)] == []
    assert server.functions_seen <= {1, 2, 3, 4}


@pytest.fixture
def panel_of_all(tmp_path: Path) -> list[PolledMeter]:
    """Return a meter of each profile as a plant file describes them, with all that is optional.

    They are behind one gateway, but those which need pauses have a line of their own: a pause holds up its whole line.
    """
    head, _, _ = (
        (ROOT / "config" / "plants" / "example.toml").read_text(encoding="utf-8").partition("\n[endpoints.plc]")
    )
    slow = [name for name in POLLED if PROFILES[name].pause_between_s or PROFILES[name].pause_after_connect_s]
    tables = [
        f'[endpoints.{name}]\ntransport = "modbus_tcp"\nhost = "127.0.0.1"\nport = {port}\ntimeout = "5s"'
        for port, name in enumerate(["gateway", *slow], start=5020)
    ]
    for unit, name in enumerate(POLLED, start=1):
        profile = PROFILES[name]
        optional = any(register.optional and register.quantity is not None for register in profile.registers)
        also, endpoint = ('["*"]' if optional else "[]"), (name if name in slow else "gateway")
        given = ", ".join(f"{constant} = {value}" for constant, value in constants(profile).items())
        tables.append(
            f'[meters.{name}]\nmeasures = "monitored"\nprofile = "{name}"\nunit = {unit}\n'
            f'endpoint = "{endpoint}"\nevery = "2s"\nconstants = {{ {given} }}\nalso = {also}'
        )
    (tmp_path / "plant.toml").write_text("\n\n".join([head, *tables]), encoding="utf-8")
    (tmp_path / "collector.toml").write_text(
        f'plant_file = "plant.toml"\nprofiles_dir = "{FOLDER}"\nfactors_dir = "{ROOT / "config" / "factors"}"\n'
        '[store]\npath = "potline.sqlite"\n',
        encoding="utf-8",
    )
    return list(load(tmp_path / "collector.toml").plant.polled_meters)


@pytest.mark.asyncio
async def test_45_meters_each_of_another_profile_are_polled_together_and_nothing_is_amiss(
    panel_of_all: list[PolledMeter],
) -> None:
    panels = {meter.unit: Panel(meter.profile) for meter in panel_of_all}
    assert sorted(panels) == list(range(1, 46))
    server = ModbusServer({unit: panel.image for unit, panel in panels.items()})
    async with server.listening("127.0.0.1", 0) as port:
        line = Line([replace(meter, endpoint=replace(meter.endpoint, port=port)) for meter in panel_of_all])
        latest: dict[int, Reading] = {}
        taken = 0

        def well() -> bool:
            nonlocal taken
            latest.update((row.point, row) for arrival in line.arrivals[taken:] for row in arrival.batch)
            taken = len(line.arrivals)
            good = sum(row.quality == Quality.GOOD for row in latest.values())
            # More than one round of each, with nothing amiss in the end: a loaded machine may be late at times.
            return taken > 120 and good == len(line.points) and not any(each.error for each in health.values())

        health = line.instruments.meters
        async with line.polled():
            with suppress(TimeoutError):  # what is amiss is told below
                await until(well, within_s=40.0)
    amiss = {
        f"{meter.id}.{register.name}": row and (row.value, row.quality)
        for meter in line.meters
        for register in meter.registers
        if register.quantity is not None
        for row in [latest.get(line.points.place(meter.id, register.quantity))]
        if row is None or row.quality != Quality.GOOD or not panels[meter.unit].shows(register, row.value)
    }
    assert amiss == {}
    assert {id_: each.error for id_, each in health.items() if each.error} == {}
    assert {id_: each.set_aside for id_, each in health.items() if each.set_aside} == {}
    assert server.functions_seen <= {1, 2, 3, 4}
