"""Voltages of single pots, numbered, published at QoS 1 and 0 all the time until told to stop."""

import re
import socket
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from pot_samples import rfc3339
from publisher import Publisher
from reloaded_plant import ReloadedCollector

S = 1_000_000_000
STEP_NS = S // 100
ACKNOWLEDGED, UNACKNOWLEDGED = 1001, 1040
"""The pots whose samples come at QoS 1, and at QoS 0."""


class NumberedSamples:
    """Publishes some hundred samples a second of each of two pots; ``sent`` tells how many there are of each."""

    def __init__(self, host: str, port: int, since_ns: int, *, rate: float = 300.0) -> None:
        self.sent = {ACKNOWLEDGED: 0, UNACKNOWLEDGED: 0}
        self._place = host, port
        self._since_ns = since_ns
        self._rate = rate
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._acknowledged), threading.Thread(target=self._unacknowledged)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Publish nothing more; what was published is with the broker then."""
        self._enough.set()
        for thread in self._threads:
            thread.join(30)

    def _messages(self, pot: int) -> Iterator[tuple[bytes, bytes]]:
        topic = f"smelter/v1/example/potline/PL1/pot/{pot}/telemetry".encode()
        while not self._enough.is_set():
            number = self.sent[pot]
            at = rfc3339(self._since_ns + number * STEP_NS)
            yield topic, f'{{"v":1,"ts":"{at}","q":"good","m":{{"pot_voltage_v":{4 + number / 1e6:.6f}}}}}'.encode()
            self.sent[pot] += 1

    def _acknowledged(self) -> None:
        publisher = Publisher(*self._place)
        publisher.publish(self._messages(ACKNOWLEDGED), rate=self._rate, within_s=300)

    def _unacknowledged(self) -> None:
        with socket.create_connection(self._place) as wire:
            wire.sendall(bytes.fromhex("100e 0004 4d515454 04 02 003c 0002") + b"q0")
            assert wire.recv(4) == bytes.fromhex("20020000")
            for topic, text in self._messages(UNACKNOWLEDGED):
                body = len(topic).to_bytes(2, "big") + topic + text
                assert 128 <= len(body) < 128 * 128  # two bytes tell the length
                wire.sendall(bytes([0x30, len(body) % 128 | 128, len(body) // 128]) + body)
                self._enough.wait(1 / self._rate)
            wire.sendall(bytes.fromhex("e000"))
            wire.shutdown(socket.SHUT_WR)
            while wire.recv(1024):
                pass


def numbers_in(running: ReloadedCollector, pot: int) -> list[int]:
    """Return the numbers of the samples of a pot that are in the outbox, in their order."""
    pattern = re.compile(rf"^pot,plant=example,pot={pot},potline=PL1 voltage_v=([\d.]+),")
    return [round((float(found[1]) - 4) * 1e6) for line in running.lines() if (found := pattern.match(line))]
