"""The whole simulator as its user starts it: a process with a bundled broker."""

import asyncio
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import aiomqtt
import pytest
from pymodbus.client import AsyncModbusTcpClient
from server_process import free_port
from servers import Mosquitto
from simulator_process import BUSY, PATIENCE_S, ROOT, Simulator, clock, simulator

from simulators.faults.mqtt_tables import FaultKind


def runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def names_in(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


@pytest.mark.asyncio
async def test_a_collector_could_read_registers_and_messages_and_the_truth(tmp_path: Path) -> None:
    spec = clock(120)
    with simulator(tmp_path, "--clock", spec) as plant:
        assert plant.announced["pid"] == plant.process.pid
        assert plant.announced["clock"] == spec
        assert plant.announced["truth"] == str(tmp_path / "truth.jsonl")
        assert sorted(plant.announced["endpoints"]) == ["plc", "rectifier_gateway", "services_gateway"]
        broker = plant.announced["brokers"]["potroom"]
        assert broker["protocol"] == "3.1.1"
        (child,) = children_of(plant.process.pid)

        place = plant.announced["endpoints"]["plc"]
        # A collector that is connected when the simulator ends is no reason to complain.
        _, idle = await asyncio.open_connection(place["host"], place["port"])
        async with AsyncModbusTcpClient(place["host"], port=place["port"]) as client:
            answer = await client.read_holding_registers(0, count=14, device_id=1)
            voltage, current = (
                client.convert_from_registers(answer.registers[at : at + 2], client.DATATYPE.FLOAT32) for at in (0, 2)
            )
            assert isinstance(voltage, float)
            assert isinstance(current, float)
            assert 155 < voltage < 400
            assert 380_000 < current < 410_000
            counts = client.convert_from_registers(answer.registers[6:10], client.DATATYPE.UINT64)
            await asyncio.sleep(0.3)
            answer = await client.read_holding_registers(0, count=14, device_id=1)
            later = client.convert_from_registers(answer.registers[6:10], client.DATATYPE.UINT64)
            assert isinstance(counts, int)
            assert isinstance(later, int)
            # 36 plant seconds at some 65 MW are 650 kWh.
            assert 300_000 < later - counts < 2_000_000

        async with aiomqtt.Client(broker["host"], broker["port"], protocol=aiomqtt.ProtocolVersion.V311) as client_:
            await client_.subscribe("smelter/v1/+/potline/+/pot/+/telemetry", qos=1)
            async with asyncio.timeout(30):
                message = await anext(client_.messages)
        assert isinstance(message.payload, bytes)
        told = json.loads(message.payload)
        assert str(message.topic).startswith("smelter/v1/example/potline/PL1/pot/10")
        assert told["ts"].startswith("2026-01-05T03:")
        assert 3.8 < told["m"]["pot_voltage_v"] < 50

        await asyncio.to_thread(plant.wait_for_minutes, 3)
        seconds, said = plant.end()
        assert plant.process.returncode == 0
        assert seconds < 2
        assert "endpoint plc was asked for Modbus functions [3]" in said
        assert "0 unsent, 0 dropped" in said
        assert {line.split(" ")[0].rstrip(":") for line in said.splitlines()} == {
            "scenario",
            "clock",
            "control",
            "endpoint",
            "broker",
            "truth",
            "messages",
        }
        idle.close()
        assert not runs(child)
    rows = plant.rows()
    assert [row["minute"] for row in rows] == [f"2026-01-05T03:{minute:02}:00Z" for minute in range(len(rows))]
    assert {row["seconds"] for row in rows[:-1]} == {60.0}
    assert all(950 < row["dc_kwh"] < 1300 for row in rows[:-1])
    assert names_in(tmp_path / "tmp") == []


@pytest.mark.asyncio
async def test_telemetry_events_and_weighings_reach_a_broker_that_is_already_running(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto]
) -> None:
    broker = mosquitto()
    scenario = tmp_path / "frantic.toml"
    text = BUSY.read_text(encoding="utf-8").replace("../../config", str(ROOT / "config"))
    scenario.write_text(text.replace("effects_per_pot_day = 4", "effects_per_pot_day = 60"), encoding="utf-8")
    kinds: set[str] = set()
    phases: dict[str, list[str]] = {}
    async with aiomqtt.Client(broker.host, broker.port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        await client.subscribe("smelter/v1/example/#", qos=1)
        # Slow enough for a reader on a busy machine: what it does not take, the broker drops in the end.
        arguments = ("--clock", clock(120), "--broker", f"{broker.host}:{broker.port}")
        with simulator(tmp_path, *arguments, scenario=scenario) as plant:
            place = {"host": broker.host, "port": broker.port, "protocol": "5"}
            assert plant.announced["brokers"] == {"potroom": place}
            assert children_of(plant.process.pid) == []
            async with asyncio.timeout(PATIENCE_S):
                async for message in client.messages:
                    kinds.add(str(message.topic).rsplit("/", 1)[1])
                    assert isinstance(message.payload, bytes)
                    told = json.loads(message.payload)
                    if told.get("kind") == "ae":
                        phases.setdefault(told["id"], []).append(told["phase"])
                    if kinds >= {"telemetry", "ae", "weighing"} and ["start", "end"] in phases.values():
                        break
            seconds, _ = plant.end(signal.SIGINT)
            assert plant.process.returncode == 0
            assert seconds < 2


@pytest.mark.asyncio
async def test_a_broker_that_was_away_gets_what_it_has_missed(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto]
) -> None:
    port = free_port()
    arguments = ("--clock", clock(60), "--broker", f"127.0.0.1:{port}")
    with simulator(tmp_path, *arguments) as plant:
        broker = await asyncio.to_thread(mosquitto, port=port)
        async with aiomqtt.Client(broker.host, port, protocol=aiomqtt.ProtocolVersion.V5) as client:
            await client.subscribe("smelter/v1/example/potline/PL1/pot/1001/telemetry", qos=1)
            async with asyncio.timeout(PATIENCE_S):
                told = [json.loads(bytes((await anext(client.messages)).payload)) for _ in range(3)]
        _, said = plant.end()
    assert [message["ts"] for message in told] == [f"2026-01-05T03:00:{second}.000Z" for second in (10, 20, 30)]
    assert " 0 dropped" in said


def test_two_runs_with_the_same_clock_and_seed_tell_the_same_truth(tmp_path: Path) -> None:
    spec = clock(200)  # the second begins late, and has to make up for it
    rows = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        with simulator(folder, "--clock", spec) as plant:
            plant.wait_for_minutes(5)
            plant.end()
        rows.append(plant.rows()[:5])
    assert rows[0] == rows[1]


def test_the_end_of_the_bundled_broker_ends_the_simulator_with_a_reason(tmp_path: Path) -> None:
    with simulator(tmp_path) as plant:
        (child,) = children_of(plant.process.pid)
        os.kill(child, signal.SIGKILL)
        said, _ = plant.process.communicate(timeout=5)
        assert plant.process.returncode == 69
        assert "the bundled broker ended with code -9" in said
        assert "Traceback" not in said


OF_BIRTHS = {FaultKind.OLD_DEATH, FaultKind.DATA_BEFORE_BIRTH, FaultKind.LOST_BIRTH}


async def ask_again_and_again(place: dict[str, Any], question: str) -> None:
    """Ask a Modbus server for registers for ever, whatever it makes of that."""
    while True:
        try:
            async with asyncio.timeout(1):
                reader, writer = await asyncio.open_connection(place["host"], place["port"])
                try:
                    writer.write(bytes.fromhex(question))
                    await reader.read(260)
                finally:
                    writer.close()
        except (TimeoutError, OSError):
            await asyncio.sleep(0.01)


async def hits(plant: Simulator, path: str) -> dict[str, int]:
    async with aiohttp.ClientSession() as http, http.get(f"{plant.announced['control']}/{path}") as answer:
        return {fault["kind"]: fault["hits"] for fault in await answer.json()}


@pytest.mark.asyncio
async def test_a_night_of_everything_goes_on_for_half_an_hour_and_ends_well(tmp_path: Path) -> None:
    with simulator(tmp_path, "--clock", clock(240), scenario=BUSY.with_name("night.toml")) as plant:
        places = plant.announced["endpoints"]
        questions = [
            ("rectifier_gateway", "0001 0000 0006 02 03 0BED 0002"),
            ("services_gateway", "0001 0000 0006 0B 03 0028 0002"),
            ("plc", "0001 0000 0006 01 03 0000 000E"),
        ]
        asking = [asyncio.create_task(ask_again_and_again(places[name], question)) for name, question in questions]
        await asyncio.to_thread(plant.wait_for_minutes, 31, at_most_s=60)
        for task in asking:
            task.cancel()
        modbus = await hits(plant, "faults")
        mqtt = await hits(plant, "mqtt_faults")
        _, said = plant.end()
        assert plant.process.returncode == 0, said
        assert "Traceback" not in said
    assert any(modbus.values())
    assert set(mqtt) == set(FaultKind)
    assert {kind for kind, struck in mqtt.items() if not struck} <= OF_BIRTHS | {FaultKind.NO_LEADING_ZEROS}
    rows = plant.rows()
    assert [row["minute"] for row in rows] == [
        f"2026-01-05T{3 + minute // 60:02}:{minute % 60:02}:00Z" for minute in range(len(rows))
    ]
    # The current is lowered, the line stops, and comes back.
    kwh = [row["dc_kwh"] for row in rows]
    assert kwh[9] < 0.95 * kwh[3]
    assert min(kwh[15:22]) < 0.1 * kwh[3], kwh
    assert kwh[28] > 0.9 * kwh[3], kwh
    assert names_in(tmp_path / "tmp") == []


@pytest.mark.asyncio
async def test_the_faults_of_births_strike_in_a_night_with_sparkplug(tmp_path: Path) -> None:
    scenario = tmp_path / "night.toml"
    text = BUSY.with_name("night.toml").read_text(encoding="utf-8").replace("../../config", str(ROOT / "config"))
    assert 'form = "json"' in text
    scenario.write_text(text.replace('form = "json"', 'form = "sparkplug"'), encoding="utf-8")
    with simulator(tmp_path, "--clock", clock(600), scenario=scenario) as plant:
        async with asyncio.timeout(30):
            struck = await hits(plant, "mqtt_faults")
            while not all(struck[kind] for kind in OF_BIRTHS):
                await asyncio.sleep(0.1)
                struck = await hits(plant, "mqtt_faults")
        _, said = plant.end()
        assert plant.process.returncode == 0, said
        assert "Traceback" not in said
