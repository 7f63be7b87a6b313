"""A simulated potline that speaks Sparkplug, its faults, a real broker that is restarted, and all that was read."""

import asyncio
import math
import struct
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from example_plant import example_plant
from mqtt_session import BROKER
from server_process import free_port
from servers import running_mosquitto
from sparkplug_talk import settings

from collector.acquisition.mqtt.sparkplug import SparkplugReader
from collector.acquisition.mqtt.subscriber import MqttSubscriber
from collector.acquisition.source import Arrival, SourceUnavailable
from collector.instruments import Instruments
from collector.readings.event import AnodeEffect
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from simulators.clock import ClockSpec, PlantClock
from simulators.physics.potline import LineStep
from simulators.physics.smelter import STEP_NS, Smelter
from simulators.scenario import load_scenario
from simulators.servers.mqtt_plant import MqttPlant
from simulators.servers.sparkplug import Change, EdgeNode

PLANT = example_plant()
SCENARIO = Path(__file__).parents[2] / "simulators" / "scenarios" / "sparkplug.toml"
SPEED = 60
MINUTES = 14
METRICS = {
    "Pot/Voltage": Quantity.POT_VOLTAGE,
    "Pot/Resistance": Quantity.POT_RESISTANCE,
    "Pot/Noise": Quantity.POT_NOISE,
    "Pot/Bath/Temp": Quantity.BATH_TEMPERATURE,
}
FLOATS = {"Pot/Noise", "Pot/Bath/Temp"}
RESTARTED_S = 7 * 60
TROUBLES_S = ((0, 0), (300, 360), (RESTARTED_S, RESTARTED_S), (600, 660))
"""When values may begin to be lost [s of plant time]: before births, at the scenario's faults, and at the restart."""
SLOW_S = 120
"""Two seconds: so late a busy machine may be with what it does."""


class CollectorsClock:
    """The plant's clock as a collector wants it."""

    speed = float(SPEED)

    def __init__(self, clock: PlantClock) -> None:
        self._clock = clock

    def now_ns(self) -> int:
        return self._clock.now_ns()

    def steady_s(self) -> float:
        return asyncio.get_running_loop().time() * SPEED

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


class Truth:
    """What the nodes were given to tell: values by point, with the time at which each was measured [ms]."""

    def __init__(self, nodes: Mapping[str, EdgeNode]) -> None:
        self.values: dict[int, dict[float, int]] = defaultdict(dict)
        self.effects: dict[str, float] = {}
        for node in nodes.values():
            self._overhear(node)

    def _overhear(self, node: EdgeNode) -> None:
        told = node.change

        def change(new: Change) -> list[object]:
            for name, value in new.values.items():
                quantity = METRICS.get(name)
                if quantity is not None and isinstance(value, float):
                    kept = struct.unpack("<f", struct.pack("<f", value))[0] if name in FLOATS else value
                    point = PLANT.points.place(f"pot:{new.device}", quantity)
                    self.values[point].setdefault(kept, new.time_ns // 1_000_000)
            return told(new)  # type: ignore[return-value]

        node.change = change  # type: ignore[assignment, method-assign]

    def take(self, step: LineStep) -> None:
        for effect in step.ended:
            pot = PLANT.potlines[0].pots[effect.pot]
            self.effects[pot] = self.effects.get(pot, 0.0) + round(effect.duration_s, 3)


async def collect(subscriber: MqttSubscriber, arrivals: list[Arrival]) -> None:
    """Take what arrives for ever, as the line does."""
    while True:
        with suppress(SourceUnavailable):
            async with aclosing(subscriber.arrivals()) as source:
                async for arrival in source:
                    arrivals.append(arrival)
                    arrival.acknowledge()
        await asyncio.sleep(0.1)


@pytest.mark.timeout(120)
@pytest.mark.asyncio
async def test_every_value_is_the_one_the_node_measured_through_all_faults(tmp_path: Path) -> None:
    port = free_port()
    clock = PlantClock(spec := ClockSpec.parse(f"2026-03-01T04:00:00Z@{time.time():.3f}*{SPEED}"))
    scenario = await asyncio.to_thread(load_scenario, SCENARIO)
    smelter = Smelter(scenario, spec.begin_ns)
    simulated = MqttPlant(scenario, "example", clock=clock, begin_ns=spec.begin_ns)
    truth = Truth(simulated._sparkplug["PL1"].nodes)
    reader = SparkplugReader(settings(), PLANT, meters={}, now_ns=clock.now_ns)
    instruments = Instruments()
    at = replace(BROKER, port=port, status_topic="")
    subscriber = MqttSubscriber(at, reader, clock=CollectorsClock(clock), instruments=instruments)
    arrivals: list[Arrival] = []
    with running_mosquitto(tmp_path / "broker", port=port) as broker:
        collecting = asyncio.create_task(collect(subscriber, arrivals))
        async with simulated.publishing_to("127.0.0.1", port, "3.1.1", None):
            for second in range(MINUTES * 60):
                await clock.sleep_until(smelter.time_ns + STEP_NS)
                steps = smelter.step()
                truth.take(steps["PL1"])
                simulated.take(steps, smelter.readouts)
                if second == RESTARTED_S:
                    await asyncio.to_thread(broker.restart)
            simulated.release_all()
            await asyncio.sleep(1.5)
            collecting.cancel()
            await asyncio.wait({collecting})
    judge(arrivals, truth, instruments, reader, spec.begin_ns)


def gaps(told: Mapping[float, int], heard: set[float]) -> Iterator[int]:
    """Return when values begin to be missing [ms], each time."""
    before = True
    for value, time_ms in sorted(told.items(), key=lambda item: item[1]):
        if before and value not in heard:
            yield time_ms
        before = value in heard


def judge(
    arrivals: list[Arrival], truth: Truth, instruments: Instruments, reader: SparkplugReader, begin_ns: int
) -> None:
    rows = [row for arrival in arrivals for row in (*arrival.batch, *arrival.past)]
    heard: dict[int, set[float]] = defaultdict(set)
    newest: dict[int, tuple[int, float, int]] = {}
    for point, time_ns, value, quality in rows:
        if not math.isnan(value):
            assert quality == Quality.GOOD
            assert value in truth.values[point], f"{PLANT.points[point].name} never was {value}"
            assert time_ns // 1_000_000 >= truth.values[point][value]
            heard[point].add(value)
        if time_ns >= newest.get(point, (0,))[0]:
            newest[point] = (time_ns, value, quality)
    told = sum(len(values) for values in truth.values.values())
    missing = told - sum(map(len, heard.values()))
    assert told > 40 * 3 * MINUTES * 60 / 5 * 0.9
    # Nothing is lost but at a trouble, from the values that were under way then until the node is born again. Sixty
    # times as fast, each tenth of a second until then is six seconds of its plant: minutes, on a busy machine.
    for point, values in truth.values.items():
        for time_ms in gaps(values, heard[point]):
            lost_s = time_ms / 1e3 - begin_ns / 1e9
            assert any(since - 15 <= lost_s <= until + SLOW_S for since, until in TROUBLES_S), lost_s
    assert missing / told < 0.5, f"{missing} of {told} values are missing"
    for pot in PLANT.potlines[0].pots:
        point = PLANT.points.place(f"pot:{pot}", Quantity.POT_VOLTAGE)
        last = max(truth.values[point].items(), key=lambda item: item[1])
        assert (newest[point][1], newest[point][2]) == (last[0], Quality.GOOD)
    effects = [event for arrival in arrivals for event in arrival.events if isinstance(event, AnodeEffect)]
    found: dict[str, float] = {}
    for effect in effects:
        found[effect.pot] = found.get(effect.pot, 0.0) + (effect.duration_s or 0.0)
    assert found == pytest.approx(truth.effects)
    assert set(instruments.rejected_by_cause) <= {"out_of_sequence"}
    assert reader.counts["old deaths"] >= 1
    assert reader.counts["births asked for"] >= 1
