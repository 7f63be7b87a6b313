"""Alerts to a real broker: after the commit, retained, and over an outage of the broker or of the collector."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from alert_rules import above
from example_plant import ClockByHand, joined, open_line
from line_story import PLANT, T0, S
from retained import retained
from servers import Mosquitto
from waiting import until

from collector.acquisition.source import SourceUnavailable
from collector.alerting.telling import AlertTeller
from collector.pipeline import Line
from collector.plant.alerts import AlertTopic
from collector.plant.meter import Broker
from collector.readings.batch import ReadingBatch
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from collector.store.store import Store
from collector.supervision.supervisor import keep_running

pytestmark = pytest.mark.asyncio

RULE = above(8.0, 6.0, name="pot_voltage", stream="pot", field="voltage_v", unit="V")
TOPIC = "potline/example/alert/pot_voltage/1007.PL1"


class Collector:
    """A store, its line, and what tells a broker of its alerts."""

    def __init__(self, path: Path, broker: Mosquitto, protocol: str) -> None:
        self._path, self._clock = path, ClockByHand(T0)
        self.place = AlertTopic(
            Broker("control", broker.host, broker.port, protocol, "example", "potline", 3600.0, 2000, None, None),
            "potline/{plant}/alert/{rule}/{series}",
        )
        self.states: dict[str, str] = {}

    @asynccontextmanager
    async def running(self, *, tells: bool = True) -> AsyncIterator[Line]:
        async with Store(self._path, PLANT.points) as store:
            line = await open_line(PLANT, store, self._clock, alerts=(RULE,))
            teller = AlertTeller(line.alerts, self.place, store, self._clock)
            task = asyncio.create_task(self._telling(teller) if tells else asyncio.sleep(0))
            try:
                yield line
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _telling(self, teller: AlertTeller) -> None:
        await keep_running(
            teller.name,
            teller.run,
            temporary=SourceUnavailable,
            states=self.states,
            running="running",
            longest_pause_s=0.1,
        )

    async def pot(self, line: Line, t_s: float, value_v: float, pot: str = "1007") -> None:
        self._clock.ns = T0 + round(t_s * S)
        place = PLANT.points.place(f"pot:{pot}", Quantity.POT_VOLTAGE)
        await line.step([joined([ReadingBatch.of([(place, self._clock.ns, value_v, int(Quality.GOOD))])])])


async def shown(broker: Mosquitto) -> dict[str, Any]:
    return await asyncio.to_thread(retained, broker.host, broker.port)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_each_alert_is_a_retained_message_with_its_latest_state(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto], protocol: str
) -> None:
    broker = mosquitto()
    collector = Collector(tmp_path / "s.sqlite", broker, protocol)
    async with collector.running() as line:
        await collector.pot(line, 0, 9.0)
        await collector.pot(line, 1, 9.5, pot="1008")
        await until(lambda: not line.alerts.untold())
        first = await shown(broker)
        await collector.pot(line, 2, 5.0)
        await until(lambda: not line.alerts.untold())
        second = await shown(broker)
    assert first == {
        TOPIC: {
            "rule": "pot_voltage",
            "severity": "warning",
            "state": "firing",
            "tags": {"plant": "example", "potline": "PL1", "pot": "1007"},
            "value": 9.0,
            "limit": 8.0,
            "text": "voltage_v of 1007.PL1 is above 8 V: 9 V",
            "since": "2026-03-01T04:00:00Z",
            "time": "2026-03-01T04:00:00Z",
        },
        TOPIC.replace("1007", "1008"): first[TOPIC.replace("1007", "1008")],
    }
    assert {topic: alert["state"] for topic, alert in second.items()} == {
        TOPIC: "resolved",
        TOPIC.replace("1007", "1008"): "firing",
    }


async def test_what_happened_while_the_broker_was_away_is_told_when_it_is_back(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto]
) -> None:
    broker = mosquitto()
    collector = Collector(tmp_path / "s.sqlite", broker, "5")
    async with collector.running() as line:
        await collector.pot(line, 0, 9.0)
        await until(lambda: not line.alerts.untold())
        broker.stop()
        for t_s, value_v in ((1, 5.0), (2, 9.0), (3, 5.5)):  # the line does not wait for the broker
            await asyncio.wait_for(collector.pot(line, t_s, value_v), 30)
        await collector.pot(line, 4, 9.9, pot="1008")
        assert len(line.alerts.untold()) == 2
        await until(lambda: collector.states["alerts:control"] != "running")
        broker.start()
        await until(lambda: not line.alerts.untold())
        found = await shown(broker)
    assert {topic: (alert["state"], alert["value"]) for topic, alert in found.items()} == {
        TOPIC: ("resolved", 5.5),
        TOPIC.replace("1007", "1008"): ("firing", 9.9),
    }


async def test_what_was_not_told_before_a_restart_is_told_after_it_and_nothing_twice(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto]
) -> None:
    broker = mosquitto()
    collector = Collector(tmp_path / "s.sqlite", broker, "5")
    async with collector.running() as line:
        await collector.pot(line, 0, 9.0)
        await until(lambda: not line.alerts.untold())
    async with collector.running(tells=False) as line:
        assert not line.alerts.untold()
        await collector.pot(line, 1, 5.0)
    async with collector.running() as line:
        assert [alert.state for alert in line.alerts.untold().values()] == ["resolved"]
        await until(lambda: not line.alerts.untold())
    found = await shown(broker)
    async with collector.running(tells=False) as line:
        assert not line.alerts.untold()
    assert {topic: alert["state"] for topic, alert in found.items()} == {TOPIC: "resolved"}


async def test_a_name_with_a_slash_stays_one_level_of_the_topic(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto]
) -> None:
    broker = mosquitto()
    collector = Collector(tmp_path / "s.sqlite", broker, "5")
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, ClockByHand(T0), alerts=(RULE,))
        teller = AlertTeller(line.alerts, collector.place, store, ClockByHand(T0))
        text = b'alert,plant=example,potline=PL+1/2,rule=energy_balance,severity=warning state="firing",value=1.0 5'
        line.alerts.judge(ReadingBatch.of(()), [text])
        line.alerts.committed()
        telling = asyncio.create_task(teller.run())
        await until(lambda: not line.alerts.untold())
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling
    assert [*await shown(broker)] == ["potline/example/alert/energy_balance/PL_1_2"]


async def test_a_broker_that_answers_nothing_is_left_and_tried_again(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto], monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = mosquitto()
    monkeypatch.setattr("collector.acquisition.mqtt.connection.WORD_WITHIN_S", 0.3)
    collector = Collector(tmp_path / "s.sqlite", broker, "5")
    async with collector.running() as line:
        await collector.pot(line, 0, 9.0)
        await until(lambda: not line.alerts.untold())
        broker.pause()
        await collector.pot(line, 1, 5.0)
        await until(lambda: "no answer" in collector.states["alerts:control"])
        assert len(line.alerts.untold()) == 1
        broker.resume()
        await until(lambda: not line.alerts.untold())
