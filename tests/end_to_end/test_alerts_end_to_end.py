"""An alert from the pot controller to the log, InfluxDB and MQTT, with the collector killed while it was pending."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from plant_run import ROOT, wait_until
from publisher import Publisher
from retained import retained
from server_process import free_port
from servers import InfluxDB1, Mosquitto

RULES = """
[alerts.pot_voltage]
stream = "pot"
field = "voltage_v"
where = { potline = "PL1" }
above = "8 V"
resolves_below = "6 V"
for = "6s"
severity = "critical"
text = "pot {pot} has {value} {unit}"
[alerts.pot_silent]
stream = "pot"
field = "voltage_v"
where = { pot = "1007" }
silent_for = "2s"
severity = "info"
[alert_mqtt]
broker = "control"
"""
CONTROL = """
[brokers.control]
host = "127.0.0.1"
port = {port}
site = "example"
client_id = "potline-alerts"
protocol = "3.1.1"
"""
TOPIC = "potline/example/alert/pot_voltage/1007.PL1"
SILENT = "potline/example/alert/pot_silent/1007.PL1"


class Collector:
    """A collector as a process of its own, which can be killed and started again."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder, self._environment = folder, os.environ | environment
        self.log = folder / "collector.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "collector",
            "run",
            "--config",
            str(self._folder / "config" / "collector.toml"),
        ]
        begin = len(self.said("running"))
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(command, env=self._environment, stdout=output, stderr=output)
        wait_until(lambda: len(self.said("running")) > begin, 60, self.process, self.log)

    def end(self, *, kill: bool) -> None:
        if self.process is not None:
            if kill:
                self.process.kill()
            else:
                self.process.terminate()
            self.process.wait(30)
        self.process = None

    def said(self, event: str) -> list[dict[str, str]]:
        text = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
        entries = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        return [entry for entry in entries if entry["event"] == event]


@pytest.fixture
def control(mosquitto: Callable[..., Mosquitto]) -> Mosquitto:
    """Return the broker that alerts are told to."""
    return mosquitto()


@pytest.fixture
def collector(tmp_path: Path, influxdb1: InfluxDB1, potroom: Mosquitto, control: Mosquitto) -> Iterator[Collector]:
    """Return a collector of the example plant with alerts, not yet started."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    settings, plant = tmp_path / "config" / "collector.toml", tmp_path / "config" / "plants" / "example.toml"
    database = f'[delivery.db]\nkind = "influxdb1"\nurl = "{influxdb1.url}"\ndatabase = "potline"\n'
    settings.write_text(settings.read_text(encoding="utf-8") + RULES + database, encoding="utf-8")
    plant.write_text(plant.read_text(encoding="utf-8") + CONTROL.format(port=control.port), encoding="utf-8")
    influxdb1.create_database("potline")
    environment = {
        "POTLINE_STORE__PATH": str(tmp_path / "store.sqlite"),
        "POTLINE_STORE__COMMIT_EVERY": "100 ms",
        "POTLINE_PAGE__LISTEN": "127.0.0.1:0",
        "POTLINE_LOG__FORMAT": "json",
        "POTLINE_BROKERS__POTROOM__PORT": str(potroom.port),
    }
    for name in ("PLC", "RECTIFIER_GATEWAY", "SERVICES_GATEWAY"):
        environment[f"POTLINE_ENDPOINTS__{name}__PORT"] = str(free_port())
    found = Collector(tmp_path, environment)
    yield found
    found.end(kill=False)


@pytest.fixture
def potroom(mosquitto: Callable[..., Mosquitto]) -> Mosquitto:
    """Return the broker of the pot controllers."""
    return mosquitto()


def tell(broker: Mosquitto, value_v: float) -> None:
    """Say what the controllers of pots 1007 and 1008 see now."""
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    topic = "smelter/v1/example/potline/PL1/pot/{}/telemetry"
    messages = [
        (topic.format(pot).encode(), json.dumps({"v": 1, "ts": now, "q": "good", "m": told}).encode())
        for pot, told in (("1007", {"pot_voltage_v": value_v}), ("1008", {"pot_voltage_v": 4.3}))
    ]
    Publisher(broker.host, broker.port).publish(messages, within_s=10)


def tell_until(done: Callable[[], bool], broker: Mosquitto, value_v: float, within_s: float = 30.0) -> None:
    end = time.monotonic() + within_s
    while not done():
        assert time.monotonic() < end
        tell(broker, value_v)
        time.sleep(0.2)


def lines(influxdb1: InfluxDB1) -> list[dict[str, object]]:
    return influxdb1.query("potline", "SELECT * FROM alert WHERE rule = 'pot_voltage' ORDER BY time")


@pytest.mark.timeout(150)
def test_an_alert_that_was_pending_when_the_collector_was_killed_fires_once_everywhere(
    collector: Collector, influxdb1: InfluxDB1, potroom: Mosquitto, control: Mosquitto
) -> None:
    collector.start()
    wait_until(lambda: len(collector.said("subscribed")) == 2, 30, collector.process, collector.log)
    begin = time.time()
    for _ in range(10):
        tell(potroom, 9.25)
        time.sleep(0.2)
    collector.end(kill=True)
    killed = time.time()
    assert [entry for entry in collector.said("alert") if entry["rule"] == "pot_voltage"] == []
    collector.start()
    tell_until(lambda: bool(lines(influxdb1)), potroom, 9.25)
    wait_until(lambda: TOPIC in retained(control.host, control.port), 30, collector.process, collector.log)

    [line] = lines(influxdb1)
    assert {key: line[key] for key in ("plant", "potline", "pot", "severity", "state", "value", "limit", "text")} == {
        "plant": "example",
        "potline": "PL1",
        "pot": "1007",
        "severity": "critical",
        "state": "firing",
        "value": 9.25,
        "limit": 8.0,
        "text": "pot 1007 has 9.25 V",
    }
    held_s = int(str(line["time"])) / 1e9 - begin
    assert 6.0 <= held_s < 6.0 + (time.time() - killed)
    message = retained(control.host, control.port)[TOPIC]
    assert (message["state"], message["value"], message["tags"]["pot"]) == ("firing", 9.25, "1007")

    # The broker of the control room is away while it is resolved, and so is the collector after that.
    control.stop()
    tell_until(lambda: len(lines(influxdb1)) == 2, potroom, 4.3)
    collector.end(kill=True)
    control.start()
    collector.start()
    wait_until(
        lambda: retained(control.host, control.port).get(TOPIC, {}).get("state") == "resolved",
        30,
        collector.process,
        collector.log,
    )
    assert [each["state"] for each in lines(influxdb1)] == ["firing", "resolved"]
    said = [(entry["state"], entry["level"]) for entry in collector.said("alert") if entry["rule"] == "pot_voltage"]
    assert said == [("firing", "error"), ("resolved", "info")]


@pytest.mark.timeout(90)
def test_a_value_that_never_comes_is_told_as_silence_until_it_does(
    collector: Collector, potroom: Mosquitto, control: Mosquitto
) -> None:
    collector.start()

    def state() -> str | None:
        found: str | None = retained(control.host, control.port).get(SILENT, {}).get("state")
        return found

    wait_until(lambda: state() == "firing", 30, collector.process, collector.log)
    assert retained(control.host, control.port)[SILENT]["severity"] == "info"
    tell_until(lambda: state() == "resolved", potroom, 4.3)
