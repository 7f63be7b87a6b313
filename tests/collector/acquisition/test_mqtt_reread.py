"""Another reader on a connection that stands: new topics are heard, old ones no more, without a gap."""

import asyncio
from dataclasses import replace

import pytest
from cutting_proxy import CuttingProxy
from mqtt_session import BROKER, StartBroker, session, smelter_reader, subscriber
from potroom import SITE, TELEMETRY, publish, telemetry
from servers import Mosquitto
from waiting import until

pytestmark = pytest.mark.asyncio

ELSEWHERE = TELEMETRY.replace(f"/{SITE}/", "/elsewhere/")


def has_changed_what_it_wants(broker: Mosquitto) -> bool:
    """Tell whether as many topics as it had have been added, and then as many taken away, each by a word of its own."""
    said = broker.log.read_text(encoding="utf-8")
    away = said.count("Sending UNSUBACK to potline-test")
    return away > 0 and said.count("Sending SUBACK to potline-test") == 2 * away


@pytest.mark.parametrize("share", ["", "group"])
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_topics_of_another_site_are_heard_on_the_same_connection_and_those_of_the_old_one_no_more(
    mosquitto: StartBroker, protocol: str, share: str
) -> None:
    broker = mosquitto()
    with CuttingProxy(broker.port) as way:
        source = subscriber(way.port, protocol, share=share)
        async with session(source) as run:
            await run.subscribed()
            await publish(broker.port, [(TELEMETRY, telemetry(1.0)), (ELSEWHERE, telemetry(2.0))])
            await run.until(lambda: run.values == [1.0])
            other = replace(BROKER, port=way.port, protocol=protocol, share=share, site="elsewhere")
            source.read_with(other, smelter_reader(other))
            await until(lambda: has_changed_what_it_wants(broker))
            await publish(broker.port, [(TELEMETRY, telemetry(3.0)), (ELSEWHERE, telemetry(4.0))])
            await run.until(lambda: run.values == [1.0, 4.0])
            await asyncio.sleep(0.3)
            assert run.values == [1.0, 4.0]
            assert run.rejected == []
            assert run.stands
        assert way.carried == 1


async def test_without_a_connection_the_next_one_asks_for_what_is_wanted_then(mosquitto: StartBroker) -> None:
    broker = mosquitto()
    source = subscriber(broker.port)
    other = replace(BROKER, port=broker.port, site="elsewhere")
    source.read_with(other, smelter_reader(other))
    async with session(source) as run:
        await run.subscribed()
        await publish(broker.port, [(TELEMETRY, telemetry(3.0)), (ELSEWHERE, telemetry(4.0))])
        await run.until(lambda: run.values == [4.0])
