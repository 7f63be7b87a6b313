"""The MQTT side of a whole plant: scenario tables, gateways with their connections, faults in plant time, load."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from click.testing import CliRunner
from server_process import free_port
from servers import Mosquitto

from simulators.cli import main
from simulators.clock import ClockSpec, PlantClock
from simulators.faults.mqtt_tables import FaultKind
from simulators.mqtt_load import Load, run_load
from simulators.mqtt_scenario import BatchForm, Form, Kind, MqttBehaviour
from simulators.physics.smelter import STEP_NS, Smelter
from simulators.scenario import Scenario, load_scenario
from simulators.servers.broker import bundled_broker
from simulators.servers.mqtt_plant import MqttPlant
from simulators.servers.sparkplug_wire import decode
from simulators.tables import ConfigurationError

ROOT = Path(__file__).parents[2]
BUSY = ROOT / "simulators" / "scenarios" / "busy.toml"


def scenario(folder: Path, text: str = "", *, telemetry_every: str = "10s") -> Scenario:
    """Load the busy scenario with something added to it."""
    busy = BUSY.read_text(encoding="utf-8").replace("../../config", str(ROOT / "config"))
    busy = busy.replace('telemetry_every = "10s"', f'telemetry_every = "{telemetry_every}"')
    file = folder / "scenario.toml"
    file.write_text(f"{busy}\n{text}\n", encoding="utf-8")
    return load_scenario(file)


class ClockOfSteps(PlantClock):
    """Plant time that goes on with the plant's steps alone, and else stands still, however long a machine takes."""

    def __init__(self, spec: ClockSpec) -> None:
        super().__init__(spec)
        self.time_ns = spec.begin_ns

    def now_ns(self) -> int:
        return self.time_ns

    async def sleep_until(self, plant_ns: int) -> None:
        while self.time_ns < plant_ns:  # noqa: ASYNC110 -- a plain number
            await asyncio.sleep(0.005)


class Running:
    """A plant that publishes to a broker while it is stepped by hand, as fast as wanted."""

    def __init__(self, wanted: Scenario, speed: int = 3600, clock: type[PlantClock] = PlantClock) -> None:
        # Twenty minutes before a full hour: what is told by the hour is told in each half hour that begins then.
        start = int(time.time()) // 3600 * 3600 - 24 * 3600 + 2400
        spec = ClockSpec.parse(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(start))}@{time.time():.3f}*{speed}")
        self.smelter = Smelter(wanted, spec.begin_ns)
        self.clock = clock(spec)
        self.mqtt = MqttPlant(wanted, "example", clock=self.clock, begin_ns=spec.begin_ns)

    async def step(self, seconds: int) -> None:
        for _ in range(seconds):
            if isinstance(self.clock, ClockOfSteps):
                self.clock.time_ns = self.smelter.time_ns + STEP_NS
            await self.clock.sleep_until(self.smelter.time_ns + STEP_NS)
            self.mqtt.take(self.smelter.step(), self.smelter.readouts)
            await asyncio.sleep(0)

    @asynccontextmanager
    async def publishing(self, host: str, port: int, bundled: Any = None) -> AsyncIterator[None]:  # noqa: ANN401
        async with self.mqtt.publishing_to(host, port, "3.1.1", bundled):
            speaking = asyncio.create_task(self.mqtt.run())
            yield
            self.mqtt.release_all()
            async with asyncio.timeout(30):
                while self.mqtt.unsent:  # noqa: ASYNC110 -- a plain number
                    await asyncio.sleep(0.01)
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)


OVER = "test/nothing-more-is-said"


@asynccontextmanager
async def heard(broker: Mosquitto, topic: str = "#") -> AsyncIterator[list[tuple[str, bytes]]]:
    """Collect what is said on a topic: the list is complete after the block."""
    found: list[tuple[str, bytes]] = []
    over = asyncio.Event()

    async def listen(client: aiomqtt.Client) -> None:
        async for message in client.messages:
            if str(message.topic) == OVER:
                over.set()
            else:
                found.append((str(message.topic), bytes(message.payload)))

    async with aiomqtt.Client(broker.host, broker.port, protocol=aiomqtt.ProtocolVersion.V311) as client:
        await client.subscribe(topic, qos=1)
        listening = asyncio.create_task(listen(client))
        yield found
        # What the broker had before this comes before it; last wills may come after.
        await client.subscribe(OVER, qos=1)
        await client.publish(OVER, b"", qos=1)
        await asyncio.wait_for(over.wait(), 30)
        before = -1
        while before < len(found):
            before = len(found)
            await asyncio.sleep(0.3)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


def kind_of(topic: str) -> str:
    parts = topic.split("/")
    return (
        "/".join(part for part in parts[3:] if part in {"meter", "cems", "rectifier", "sample", "event", "mes"})
        or parts[-1]
    )


# --- Scenario ---------------------------------------------------------------------------------------------------------


def test_a_scenario_without_a_word_about_mqtt_says_everything_usual_in_json(tmp_path: Path) -> None:
    wanted = scenario(tmp_path).mqtt
    assert wanted == MqttBehaviour()
    assert (wanted.form, wanted.batch, Kind.FEED in wanted.kinds) == (Form.JSON, 1, False)


def test_every_key_of_the_scenario_arrives(tmp_path: Path) -> None:
    wanted = scenario(
        tmp_path,
        """
[mqtt]
form = "sparkplug"
batch = 100
batch_form = "samples"
kinds = ["telemetry", "feed"]
line_every = "1s"
meters_every = "5s"
stacks_every = "30s"
effect_updates_every = "0s"
corrected_effects = "10 %"
corrected_effects_after = "2h"
void_weighings = "1 %"
corrected_weighings = "3 %"
corrected_weighings_after = "30min"
[[mqtt_faults]]
kind = "future_time"
topic = "a/#"
at = "10min"
for = "5min"
probability = "20 %"
seed = 7
by = "1h"
""",
        telemetry_every="0.1s",
    )
    told = wanted.mqtt
    assert (told.form, told.batch, told.batch_form, wanted.telemetry_every_s) == (
        Form.SPARKPLUG,
        100,
        BatchForm.SAMPLES,
        0.1,
    )
    assert told.kinds == {Kind.TELEMETRY, Kind.FEED}
    assert (told.line_every_s, told.meters_every_s, told.stacks_every_s, told.effect_updates_every_s) == (1, 5, 30, 0)
    assert (told.corrections.share, told.corrections.after_s) == (0.1, 7200)
    assert (told.scale_errors.void, told.scale_errors.corrected, told.scale_errors.corrected_after_s) == (
        0.01,
        0.03,
        1800,
    )
    (fault,) = told.faults
    assert (fault.kind, fault.topic, fault.at_s, fault.for_s) == (FaultKind.FUTURE_TIME, "a/#", 600, 300)
    assert (fault.probability, fault.seed, fault.by_s) == (0.2, 7, 3600)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[mqtt]\nform = "xml"', "mqtt.form: is 'xml'; use one of json, sparkplug"),
        ("[mqtt]\nbatch = 0", "mqtt.batch: is 0, out of 1"),
        ('[mqtt]\nkinds = ["gossip"]', "mqtt.kinds: names 'gossip'; use some of telemetry"),
        ('[mqtt]\nline_every = "1.5s"', "mqtt.line_every: is 1.5 s; write whole seconds"),
        ("[mqtt]\nbatches = 3", "mqtt.batches: is not a key that is known here; did you mean 'batch'"),
        ('[[mqtt_faults]]\nkind = "duplicat"', r"mqtt_faults\[0\].kind: is 'duplicat', which is no fault of MQTT"),
    ],
)
def test_a_wrong_table_is_named_with_a_remedy(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        scenario(tmp_path, text)


def test_parts_of_a_second_are_tenths_fifths_and_halves(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"telemetry_every: is 0.3 s; write whole seconds, or 0.1s, 0.2s"):
        scenario(tmp_path, telemetry_every="0.3s")


@pytest.mark.parametrize("name", ["broker_outage", "sparkplug"])
def test_the_shipped_scenarios_load(name: str) -> None:
    assert load_scenario(ROOT / "simulators" / "scenarios" / f"{name}.toml").mqtt.faults


# --- Plant ------------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_plant_says_everything_under_its_topics(tmp_path: Path, mosquitto: Callable[..., Mosquitto]) -> None:
    broker = mosquitto(max_queued_messages=0, log_type="error")
    kinds = ", ".join(f'"{kind}"' for kind in Kind)
    wanted = scenario(tmp_path, f"[mqtt]\nkinds = [{kinds}]")
    plant = Running(wanted)
    async with heard(broker) as said, plant.publishing(broker.host, broker.port):
        await plant.step(1800)
    bodies = [(topic, json.loads(payload)) for topic, payload in said]
    assert all(body["v"] == 1 for _, body in bodies)
    assert {kind_of(topic) for topic, _ in bodies} == {
        "telemetry",
        "cycle",
        "event",
        "line",
        "rectifier",
        "status",
        "weighing",
        "mes",
        "meter",
        "cems",
        "factor",
    }
    events = {topic.rsplit("/", 1)[1] for topic, _ in bodies if "/event/" in topic}
    assert {"tap", "feed", "beam"} <= events <= {"tap", "feed", "beam", "anode", "ae"}
    # The controllers' numbers have no gap.
    numbers = [body["seq"] for _, body in bodies if body.get("src") == "potctl-PL1-S1"]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert [body["state"] for topic, body in bodies if topic.endswith("/status")] == ["online", "offline"]


@pytest.mark.asyncio
async def test_ten_samples_a_second_are_spread_over_it(tmp_path: Path, mosquitto: Callable[..., Mosquitto]) -> None:
    broker = mosquitto(max_queued_messages=0, log_type="error")
    plant = Running(scenario(tmp_path, '[mqtt]\nkinds = ["telemetry"]', telemetry_every="0.1s"), speed=1)
    counts = []
    async with heard(broker) as said, plant.publishing(broker.host, broker.port):
        await plant.step(2)
        for _ in range(4):
            counts.append(plant.mqtt.acknowledged)
            await asyncio.sleep(0.25)
    # A second of 40 pots leaves over a second, not at once.
    assert counts[0] < counts[1] < counts[2] < counts[3] <= 800
    assert len(said) == 800


@pytest.mark.asyncio
async def test_pots_that_speak_sparkplug_are_born_and_tell(tmp_path: Path, mosquitto: Callable[..., Mosquitto]) -> None:
    broker = mosquitto(max_queued_messages=0, log_type="error")
    plant = Running(scenario(tmp_path, '[mqtt]\nform = "sparkplug"'))
    async with (
        heard(broker, "spBv1.0/#") as said,
        heard(broker, "smelter/#") as others,
        plant.publishing(broker.host, broker.port),
    ):
        await asyncio.sleep(0.3)
        await plant.step(120)
    kinds = [topic.split("/")[2] for topic, _ in said]
    assert (kinds.count("NBIRTH"), kinds.count("DBIRTH"), kinds.count("NDEATH")) == (2, 40, 2)
    assert {topic.split("/")[3] for topic, _ in said} == {"PL1-S1", "PL1-S2"}
    for edge in ("PL1-S1", "PL1-S2"):
        seqs = [decode(payload).seq for topic, payload in said if topic.split("/")[3] == edge][:-1]
        assert seqs == [number % 256 for number in range(len(seqs))]
    # Every pot tells its voltage every ten seconds, by the alias that its birth gave.
    born = next(decode(payload) for topic, payload in said if topic.endswith("/DBIRTH/PL1-S1/1001"))
    alias = next(metric.alias for metric in born.metrics if metric.name == "Pot/Voltage")
    voltages = [
        metric.value
        for topic, payload in said
        if topic.endswith("/DDATA/PL1-S1/1001")
        for metric in decode(payload).metrics
        if metric.alias == alias
    ]
    assert len(voltages) == 12
    assert {kind_of(topic) for topic, _ in others} >= {"meter", "cems"}
    assert not [topic for topic, _ in others if topic.endswith("/pot/1001/telemetry")]


@pytest.mark.asyncio
async def test_cut_connections_are_told_by_the_last_will(tmp_path: Path, mosquitto: Callable[..., Mosquitto]) -> None:
    broker = mosquitto(log_type="error")
    plant = Running(scenario(tmp_path, '[[mqtt_faults]]\nkind = "session_lost"\nat = "60s"'))
    status = "smelter/v1/example/potline/PL1/status"
    async with heard(broker, status) as said, plant.publishing(broker.host, broker.port):
        await asyncio.sleep(0.3)
        await plant.step(65)
        await asyncio.sleep(1.0)
    assert [json.loads(payload)["state"] for _, payload in said] == ["online", "offline", "online", "offline"]
    # Only the last will has no time: it was written before it happened.
    assert ["ts" in json.loads(payload) for _, payload in said] == [True, False, True, True]


async def listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


@pytest.mark.asyncio
async def test_a_restart_of_the_bundled_broker_loses_nothing(tmp_path: Path) -> None:
    fault = '[[mqtt_faults]]\nkind = "broker_restart"\nat = "60s"\nfor = "5min"'
    plant = Running(scenario(tmp_path, fault), clock=ClockOfSteps)
    async with bundled_broker(0) as broker, plant.publishing("127.0.0.1", broker.port, broker):
        await plant.step(70)
        async with asyncio.timeout(30):
            while await listens(broker.port):  # noqa: ASYNC110 -- nobody tells us
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        before = plant.mqtt.acknowledged
        await plant.step(100)
        await asyncio.sleep(0.1)
        assert plant.mqtt.acknowledged == before
        assert plant.mqtt.unsent > 300
        await plant.step(200)
    assert (plant.mqtt.unsent, plant.mqtt.dropped) == (0, 0)


# --- Load -------------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_twelve_hundred_pots_at_ten_hertz_arrive(
    mosquitto: Callable[..., Mosquitto], capsys: pytest.CaptureFixture[str]
) -> None:
    broker = mosquitto(log_type="error", max_queued_messages=0)
    report = await run_load(Load(1200, 10, 2, meters=40), broker.host, broker.port)
    assert report is not None
    assert (report.messages, report.samples) == (24_080, 24_000)
    assert (report.unsent, report.dropped) == (0, 0)
    with capsys.disabled():
        print(f"\nload: {report}")  # noqa: T201


def test_the_load_command_reports_and_names_a_broker_that_is_not_there(mosquitto: Callable[..., Mosquitto]) -> None:
    broker = mosquitto(log_type="error")
    arguments = ["load", "--pots", "350", "--rate", "10", "--seconds", "1", "--batch", "5"]
    done = CliRunner().invoke(main, [*arguments, "--broker", f"{broker.host}:{broker.port}"])
    assert done.exit_code == 0
    # Each pot's first batch is shorter, by its place in the line.
    assert " messages with 3500 samples in " in done.output
    assert done.output.rstrip().endswith("0 unsent, 0 dropped")
    done = CliRunner().invoke(main, ["load", "--broker", f"127.0.0.1:{free_port()}"])
    assert done.exit_code == 69
    assert "does not let us in; check the address" in done.output
