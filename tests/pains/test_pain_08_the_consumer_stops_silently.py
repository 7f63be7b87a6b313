"""The link is toggled and the broker restarted: consuming again within seconds each time, and the log says it once."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from itertools import takewhile
from pathlib import Path

import pytest
from cutting_proxy import CuttingProxy
from plant_run import START, CollectorProcess, wait_until
from pot_plant import StoreReader, logged, pot_collector
from pot_samples import Samples, Tally
from publisher import Publisher
from servers import Mosquitto
from tcp_proxy import Way

POTS = 10
A_SECOND = 100
KEEPALIVE_S = 2
LONG_S = 4.5
"""Longer than the one and a half keepalives after which a silent connection is given up."""
AGAIN_WITHIN_S = 8.0
"""From when the way is free again until what is published then is in the store."""


class Watch:
    """A steady stream of samples, and when they come to the store again after something was mended."""

    def __init__(self, running: CollectorProcess, samples: Samples, publisher: Publisher) -> None:
        self.tally = Tally(samples)
        self.took_s: dict[str, float] = {}
        self._running = running
        self._store = StoreReader(running.store)
        self._publisher = publisher

    @property
    def published(self) -> int:
        """How many samples the broker or the network has by now."""
        return self._publisher.sent

    def look(self) -> None:
        """See what is in the store."""
        self.tally.take_lines(self._store.new_lines())

    def consumes_again(self, after: str) -> None:
        """Wait until what is published from now on is in the store, and note how long that takes."""
        begin, first = time.monotonic(), self.published

        def there() -> bool:
            self.look()
            return self.tally.highest > first

        wait_until(there, 60, self._running.process, self._running.log)
        self.took_s[after] = time.monotonic() - begin
        time.sleep(0.5)


@contextmanager
def watched(running: CollectorProcess, broker: Mosquitto) -> Iterator[Watch]:
    """Publish all the time, and end when all that was published last is in the store."""
    wait_until(lambda: bool(logged(running, "subscribed")), 60, running.process, running.log)
    start = StoreReader(running.store).rows("SELECT value FROM meta WHERE key = 'accounts_since_ns'")
    samples = Samples(POTS, 3000, int(start[0][0]) - 3600 * 1_000_000_000, 1_000_000_000)
    publisher = Publisher(broker.host, broker.port)
    enough = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        steady = takewhile(lambda _: not enough.is_set(), samples.messages())
        publishing = pool.submit(publisher.publish, steady, rate=A_SECOND, within_s=120)
        watch = Watch(running, samples, publisher)
        try:
            watch.consumes_again("the start")
            yield watch
        finally:
            enough.set()
            published = publishing.result().messages

    def all_in() -> bool:
        watch.look()
        return watch.tally.highest == published - 1

    wait_until(all_in, 60, running.process, running.log)
    sys.stdout.write(", ".join(f"{after}: {took:.1f} s" for after, took in watch.took_s.items()) + "\n")
    assert max(watch.took_s.values()) < AGAIN_WITHIN_S, watch.took_s
    assert (watch.tally.altered, watch.tally.strange) == (0, 0)


def missing_before(watch: Watch, number: int) -> int:
    return int((watch.tally.found.ravel()[:number] == 0).sum())


def listening(folder: Path, port: int, protocol: str) -> AbstractContextManager[CollectorProcess]:
    return pot_collector(
        folder,
        port,
        pots=POTS,
        clock=f"{START}@{time.time():.3f}*1",
        broker={"protocol": protocol, "keepalive": f"{KEEPALIVE_S}s"},
        settings={"POTLINE_STORE__COMMIT_EVERY": "200 ms"},
    )


@pytest.mark.timeout(150)
def test_a_link_that_is_cut_frozen_and_slow_by_turns_loses_nothing_and_is_back_within_seconds(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto]
) -> None:
    broker = mosquitto(max_inflight_messages=0, max_queued_messages=0, log_type="error")
    with (
        CuttingProxy(broker.port) as proxy,
        listening(tmp_path, proxy.port, "5") as running,
        watched(running, broker) as watch,
    ):
        connections = [proxy.carried]
        for turn in range(3):
            proxy.cut()
            watch.consumes_again(f"cut {turn + 1}")
            connections.append(proxy.carried)
        assert connections == [1, 2, 3, 4]

        for directions in ((), (Way.DOWN,), (Way.UP,)):
            proxy.freeze(*directions)
            time.sleep(KEEPALIVE_S / 2)
            proxy.thaw()
            watch.consumes_again(f"a short freeze {[where.value for where in directions] or 'of both'}")
        proxy.delay(0.5)
        watch.consumes_again("it became slow")
        time.sleep(1.0)
        proxy.delay(0.0)
        watch.consumes_again("it was slow")
        assert proxy.carried == 4  # none of this is a reason to give the connection up

        proxy.lose_server()
        watch.consumes_again("half-open")
        assert proxy.carried == 5

        proxy.freeze()
        time.sleep(LONG_S)
        proxy.thaw()
        watch.consumes_again("a long freeze")
        proxy.refuse()
        time.sleep(2.0)
        proxy.accept()
        watch.consumes_again("refused")
        lost, back = logged(running, "waits and tries again"), logged(running, "subscribed")
    assert missing_before(watch, watch.published) == 0
    # Six times it was lost: three cuts, half-open, the long freeze and the refusal. Of the
    # latter two, a second and a third line may say that the reason is another one now.
    assert len(back) == 1 + 6, back
    assert 6 <= len(lost) <= 6 + 4, lost


@pytest.mark.timeout(150)
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_broker_that_is_stopped_killed_or_hangs_is_listened_to_again_within_seconds(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto], protocol: str
) -> None:
    broker = mosquitto(max_inflight_messages=0, max_queued_messages=0, log_type="error", persistence=protocol == "5")
    with listening(tmp_path, broker.port, protocol) as running, watched(running, broker) as watch:
        before = watch.published
        broker.restart()
        watch.consumes_again("a restart")
        if broker.options["persistence"]:
            # What came before the collector was back has been kept for it.
            assert missing_before(watch, before) == 0
        broker.kill()
        broker.start()
        watch.consumes_again("a kill")
        broker.pause()
        time.sleep(LONG_S)
        broker.resume()
        watch.consumes_again("it hung")
        broker.stop()
        time.sleep(2.0)
        broker.start()
        watch.consumes_again("two seconds without it")
        since = watch.published
        time.sleep(1.0)
        lost, back = logged(running, "waits and tries again"), logged(running, "subscribed")
    assert watch.tally.found.ravel()[since : watch.published].all()
    assert len(back) == 1 + 4, back
    assert 4 <= len(lost) <= 2 * 4, lost
