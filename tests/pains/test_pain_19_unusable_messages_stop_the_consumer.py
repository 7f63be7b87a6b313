"""10,000 messages that nobody can use among 10,000 good ones: all good ones arrive, the bad ones are counted and kept.

Kept are so many in a second, with topic and reason: enough to see of every kind some, too few to fill a disk.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pytest
from plant_run import START, CollectorProcess, wait_until
from pot_plant import StoreReader, cpu_s, logged, pot_collector
from pot_samples import Samples, Tally, rfc3339
from publisher import Message, Publisher
from servers import Mosquitto

POTS = 100
LARGEST_KEPT = 64 * 1024
GOOD = 10_000
LINE = b"smelter/v1/example/potline/PL1"
TELEMETRY = LINE + b"/pot/1001/telemetry"
WEIGHING = b"smelter/v1/example/crane/K1/weighing"
MOST = 2.0
"""So many times what a good message costs may one cost that is as often bad as good. A bad one takes some 30 us, with
its reason told and a copy kept; a good one took 20 us when it was written as a line of its own, in columns 14.
"""


def telemetry(values: bytes, *, ts: str, version: bytes = b"1") -> bytes:
    return b'{"v":%b,"ts":"%b","q":"good","m":{%b}}' % (version, ts.encode(), values)


def kinds(ts: str) -> dict[str, Message]:
    """Return one message of every kind that is of no use."""
    good = telemetry(b'"pot_voltage_v":4.2', ts=ts)
    weighing = {"v": 1, "id": "W-1", "ts": ts, "pots": ["1001"], "net_kg": 4000.0, "stable": True}
    effect = {"v": 1, "id": "AE-1", "phase": "end", "pot": "1001", "start": ts, "duration_s": 30}

    def weighed(**wrong: object) -> Message:
        return WEIGHING, json.dumps(weighing | wrong).encode()

    def burnt(**wrong: object) -> Message:
        return LINE + b"/pot/1001/event/ae", json.dumps(effect | wrong).encode()

    return {
        "empty": (TELEMETRY, b""),
        "not UTF-8": (TELEMETRY, good.replace(b"good", b"g\xff\xfed")),
        "truncated": (TELEMETRY, good[:-9]),
        "two in one": (TELEMETRY, good + good),
        "binary": (TELEMETRY, bytes(range(256))),
        "not an object": (TELEMETRY, b"[1,2,3]"),
        "nested without end": (TELEMETRY, b"[" * 20_000),
        "a number as text": (TELEMETRY, telemetry(b'"pot_voltage_v":"4.2"', ts=ts)),
        "a list for a number": (TELEMETRY, telemetry(b'"pot_voltage_v":[4.2]', ts=ts)),
        "NaN": (TELEMETRY, telemetry(b'"pot_voltage_v":NaN', ts=ts)),
        "infinity": (TELEMETRY, telemetry(b'"pot_voltage_v":1e999', ts=ts)),
        "a decimal comma": (TELEMETRY, telemetry(b'"pot_voltage_v":4,213', ts=ts)),
        "a decimal comma in a text": (TELEMETRY, telemetry(b'"pot_voltage_v":"4,213"', ts=ts)),
        "too large": (TELEMETRY, good + b" " * (1100 * 1024)),
        "unknown version": (TELEMETRY, telemetry(b'"pot_voltage_v":4.2', ts=ts, version=b"99")),
        "no version": (TELEMETRY, good.replace(b'"v":1,', b"")),
        "no time": (TELEMETRY, good.replace(b'"ts"', b'"when"')),
        "a time that is none": (TELEMETRY, telemetry(b'"pot_voltage_v":4.2', ts="2026-02-30T25:61:00Z")),
        "a time without a zone": (TELEMETRY, telemetry(b'"pot_voltage_v":4.2', ts=ts.rstrip("Z"))),
        "an event before there were smelters": weighed(ts="1601-01-01T00:00:00Z"),
        "an event to come": burnt(start="2199-01-01T00:00:00Z"),
        "a duration that cannot be": burnt(duration_s=-5),
        "a mass that is none": weighed(net_kg="4000 kg"),
        "an unknown word": burnt(phase="begun"),
        "an unknown pot": (LINE + b"/pot/9999/telemetry", good),
        "an unknown pot in an event": weighed(pots=["0001001"]),
        "an unknown potline": (b"smelter/v1/example/potline/PL77/pot/1001/telemetry", good),
        "a topic with nothing where a name should be": (b"smelter/v1/example/potline//pot//telemetry", good),
        "topic and payload contradict": burnt(pot="1002"),
    }


RARE = {"too large", "nested without end"}
"""Heavy ones: each comes once while the others come eight times."""


@dataclass(frozen=True, slots=True)
class Bad:
    """Bad messages of every kind in turn."""

    count: int
    ts: str

    def each(self) -> Iterator[Message]:
        of_kind = kinds(self.ts)
        common = [message for kind, message in of_kind.items() if kind not in RARE]
        rare = [of_kind[kind] for kind in sorted(RARE)]
        for number in range(self.count):
            turn, place = divmod(number, len(common) + 1)
            yield rare[turn // 4 % len(rare)] if place == len(common) and turn % 4 == 0 else common[place % len(common)]


def rejected(running: CollectorProcess) -> int:
    """Return how many messages were of no use since the start, kept or not."""
    totals = running.state()["totals"]
    return int(totals["rejected_total"]) + int(totals.get("rejected_not_kept_total", 0))


@pytest.mark.timeout(120)
def test_all_good_messages_arrive_among_as_many_bad_ones_which_are_kept_with_their_reason(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto]
) -> None:
    broker = mosquitto(max_inflight_messages=0, max_queued_messages=0, log_type="error")
    publisher = Publisher(broker.host, broker.port)
    with pot_collector(
        tmp_path,
        broker.port,
        pots=POTS,
        clock=f"{START}@{time.time():.3f}*1",
        broker={"max_unacknowledged": 20_000},
        settings={"POTLINE_STORE__COMMIT_EVERY": "200 ms"},
    ) as running:
        wait_until(lambda: bool(logged(running, "subscribed")), 60, running.process, running.log)
        store = StoreReader(running.store)
        start_ns = int(store.rows("SELECT value FROM meta WHERE key = 'accounts_since_ns'")[0][0]) - 120_000_000_000
        alone = Samples(POTS, GOOD // POTS, start_ns, 50_000_000)
        among = Samples(POTS, GOOD // POTS, alone.end_ns + 50_000_000, 50_000_000)

        def consumed(samples: Samples, messages: Iterator[Message], dead: int) -> tuple[float, float]:
            """Publish, wait until all is in the store, and return the time and the processor time it took [s]."""
            assert running.process is not None
            tally = Tally(samples)
            begin, cpu = time.monotonic(), cpu_s(running.process.pid)
            publisher.publish(messages, within_s=30)

            def all_in() -> bool:
                tally.take_lines(store.new_lines())
                return not tally.missing and rejected(running) >= dead

            wait_until(all_in, 60, running.process, running.log)
            took = time.monotonic() - begin, cpu_s(running.process.pid) - cpu
            assert (tally.altered, tally.strange, tally.again) == (0, 0, 0)
            return took

        alone_s, alone_cpu_s = consumed(alone, alone.messages(), 0)
        bad = Bad(GOOD, rfc3339(start_ns))
        among_s, among_cpu_s = consumed(among, chain(*zip(among.messages(), bad.each(), strict=True)), GOOD)

        assert rejected(running) == GOOD
        kept = Counter(store.rows("SELECT place, body FROM dead"))
        sent = Counter((topic.decode(), payload[:LARGEST_KEPT]) for topic, payload in bad.each())
        assert set(kept) == set(sent)
        assert kept <= sent
        assert all(reason for (reason,) in store.rows("SELECT reason FROM dead"))
        assert store.rows("SELECT * FROM event") == []
        figures = (
            f"{alone_s:.2f} s, {alone_cpu_s:.2f} s of CPU; with bad ones {among_s:.2f} s, {among_cpu_s:.2f} s of CPU"
        )
        assert among_cpu_s < 2 * MOST * alone_cpu_s, figures
        assert among_s < 2 * MOST * alone_s + 3.0, figures  # others have their share of the machine
        # All of them were acknowledged: none comes again.
        assert running.stop() == 0
        running.start()
        last = Samples(1, 1, start_ns - 1_000_000_000, 1)
        consumed(last, last.messages(), 0)
        assert rejected(running) == 0
    sys.stdout.write(f"{figures}\n")
