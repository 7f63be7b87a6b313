"""The collector is killed at random while the database is away: nothing acknowledged is lost, nothing counted twice."""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from acknowledgement_tap import Acknowledgements, Message, payload
from cutting_proxy import CuttingProxy
from plant_run import START, CollectorProcess, wait_until
from pot_events import Events, in_the_ledger, mixed
from pot_plant import StoreReader, logged, pot_collector
from pot_samples import Samples, Tally, in_influxdb, rfc3339
from publisher import Publisher, Report
from servers import InfluxDB1, Mosquitto
from tcp_proxy import Way

POTS = 200
SAMPLES = 16_000
A_SECOND = 2000
LOT = 3300
"""So many messages are published from one kill to the next: five lots are all of them."""
SPEED = 60
PROTOCOL = "5"


def killed(running: CollectorProcess, disk: StoreReader, tally: Tally, session: Acknowledgements) -> int:
    """Kill the collector; everything that it has acknowledged stands in the files it left. Return how much that is."""
    running.kill()
    said = session.so_far()
    with disk.as_left() as left:
        tally.take_lines(left.new_lines())
        events = {id_ for (id_,) in left.rows("SELECT DISTINCT id FROM event")}
    for message in said:
        if message[0].endswith("/telemetry"):
            assert on_disk(message, tally), message
        else:
            assert payload(message)["id"] in events
    return len(said)


def on_disk(message: Message, tally: Tally) -> bool:
    samples = tally.samples
    number = round(float(message[1].rpartition(b":")[2].rstrip(b"}")) * 1e6) - 3_000_000
    tick, place = divmod(number, samples.pots)
    assert rfc3339(samples.start_ns + tick * samples.step_ns).encode() in message[1]
    return bool(tally.found[tick, place])


class Lots:
    """Messages that are published in lots: work goes on until the next kill, however fast or slow the machine is."""

    def __init__(self, publisher: Publisher, pool: Executor, messages: Sequence[tuple[bytes, bytes]]) -> None:
        self._publisher = publisher
        self._pool = pool
        self._messages = messages
        self._published: list[Future[Report]] = []

    def publish_one(self) -> None:
        """Publish one more lot, once the ones before are."""
        lot = self._messages[len(self._published) * LOT :][:LOT]
        self._published.append(self._pool.submit(self._publisher.publish, lot, rate=A_SECOND, within_s=90))

    def told(self) -> int:
        """Return how many messages the broker has acknowledged, once all are published."""
        return sum(each.result().messages for each in self._published)


@pytest.mark.timeout(400)
def test_killing_the_collector_while_the_database_is_away_loses_nothing_and_counts_nothing_twice(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto], influxdb1: InfluxDB1
) -> None:
    broker = mosquitto(max_inflight_messages=0, max_queued_messages=0, log_type="error")
    session = Acknowledgements(PROTOCOL)
    draw = random.Random(5)
    settings = {
        "POTLINE_STORE__COMMIT_EVERY": "300 ms",
        "POTLINE_DELIVERY__OLD__KIND": "influxdb1",
        "POTLINE_DELIVERY__OLD__URL": influxdb1.url,
        "POTLINE_DELIVERY__OLD__DATABASE": "potline",
        "POTLINE_DELIVERY__OLD__CREATE_DATABASE": "true",
    }
    with (
        CuttingProxy(broker.port, tap=session.tap) as proxy,
        pot_collector(
            tmp_path,
            proxy.port,
            pots=POTS,
            clock=f"{START}@{time.time():.3f}*{SPEED}",
            broker={"protocol": PROTOCOL},
            settings=settings,
        ) as running,
    ):
        wait_until(lambda: bool(logged(running, "subscribed")), 60, running.process, running.log)
        disk = StoreReader(running.store)
        start_ns = int(disk.rows("SELECT value FROM meta WHERE key = 'accounts_since_ns'")[0][0])
        ticks = SAMPLES // POTS
        samples = Samples(POTS, ticks, start_ns - ticks * 1_000_000_000, 1_000_000_000)
        events = Events(40, POTS, start_ns)
        tally = Tally(samples)
        with ThreadPoolExecutor(1) as pool:
            lots = Lots(Publisher(broker.host, broker.port), pool, messages := list(mixed(samples, events)))
            lots.publish_one()
            wait_until(lambda: bool(session.so_far()), 60, running.process, running.log)
            influxdb1.kill()
            acknowledged = []
            for turn in range(4):
                if turn % 2 == 0:
                    # Whoever acknowledges before all is on disk is found out now.
                    assert running.process is not None
                    session.at_the(draw.randrange(1, LOT - 500), running.process.kill)
                    lots.publish_one()
                    running.process.wait(60)
                else:
                    before = len(session.so_far())
                    lots.publish_one()
                    wait_until(lambda before=before: len(session.so_far()) > before, 60)  # type: ignore[misc]
                    # What the collector acknowledges from now on does not reach the broker: it will come again.
                    proxy.freeze(Way.UP)
                    time.sleep(draw.uniform(0.5, 1.0))
                acknowledged.append(killed(running, disk, tally, session))
                proxy.cut()
                proxy.thaw()
                running.start()
            influxdb1.start()
            time.sleep(draw.uniform(0.3, 1.0))  # what was kept is under way to the database now
            acknowledged.append(killed(running, disk, tally, session))
            running.start()
            assert lots.told() == len(messages)
        wait_until(lambda: in_influxdb(influxdb1, samples).missing == 0, 90, running.process, running.log)
        wait_until(lambda: in_the_ledger(running) == events.told(), 90, running.process, running.log)
        time.sleep(0.5)
        assert running.stop() == 0
        found = in_influxdb(influxdb1, samples)
        assert (found.missing, found.altered, found.strange, found.again) == (0, 0, 0, 0)
        effects = influxdb1.query("potline", "SELECT duration_s FROM anode_effect GROUP BY pot")
        assert {(row["pot"], row["time"]): row["duration_s"] for row in effects} == events.effects()
        assert in_the_ledger(running) == events.told()
    # The test did what it says: work went on between the kills, and samples that were on disk came again.
    assert 0 < acknowledged[0] < acknowledged[-1]
    assert session.given > len(messages)
    assert tally.again > 0
