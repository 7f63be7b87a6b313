"""Gateways for benchmarks, as a process of their own: they answer every read at once, and tell when they were asked.

    python tests/benchmarks/gateways.py --gateways 100

Prints the ports as a line of JSON and answers until told otherwise. Commands on standard input, a line each:
``silence`` answers nothing from then on; ``report FROM TO PERIOD`` prints one line of JSON on what was asked between
two times of the monotonic clock [s], by meters that are read every PERIOD seconds; the end of the input ends it.
"""

import argparse
import asyncio
import json
import random
import struct
import sys
import time
from array import array
from functools import partial

import numpy as np

_ASK_BYTES, _MOST_WORDS, _VARIANTS = 12, 125, 64


class Asked:
    """When each meter was asked [s, monotonic], and how many values were answered in all."""

    def __init__(self) -> None:
        self.times: dict[tuple[int, int], array[float]] = {}
        self.answers = 0
        self.values = 0
        self.is_silent = False

    def report(self, begin_s: float, end_s: float, period_s: float) -> dict[str, float]:
        """Return how many requests came between two times, how late after their tick, and how many did not come.

        A meter's ticks are where it was asked the earliest within its period.
        """
        late, requests, missing = [], 0, 0
        for times in self.times.values():
            own = np.array(times)
            own = own[(own >= begin_s) & (own < end_s)]
            if not own.size:
                missing += int((end_s - begin_s) / period_s)
                continue
            turns = np.round((own - own[0]) / period_s)
            phase = own - turns * period_s
            late.append(phase - phase.min())
            requests += own.size
            missing += max(0, int(turns[-1]) + 1 - own.size)
        all_late = np.concatenate(late) if late else np.zeros(1)
        return {
            "requests": requests,
            "missing": missing,
            "meters": len(self.times),
            "answers": self.answers,
            "values": self.values,
            "first_s": min((times[0] for times in self.times.values()), default=0.0),
            "late_p50_ms": float(np.percentile(all_late, 50)) * 1e3,
            "late_p99_ms": float(np.percentile(all_late, 99)) * 1e3,
            "late_max_ms": float(all_late.max()) * 1e3,
        }


class Gateway(asyncio.Protocol):
    """One connection: answers reads of holding registers with floats that change from answer to answer."""

    def __init__(self, number: int, asked: Asked, words: list[bytes]) -> None:
        self._number = number
        self._asked = asked
        self._words = words
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._wire = transport

    def data_received(self, data: bytes) -> None:
        if self._asked.is_silent:
            return
        now, asked = time.monotonic(), self._asked
        self._rest += data
        while len(self._rest) >= _ASK_BYTES:
            question, self._rest = self._rest[:_ASK_BYTES], self._rest[_ASK_BYTES:]
            unit, count = question[6], int.from_bytes(question[10:12])
            asked.times.setdefault((self._number, unit), array("d")).append(now)
            asked.answers += 1
            asked.values += count // 2
            words = self._words[asked.answers % _VARIANTS][: 2 * count]
            self._wire.write(question[:4] + (3 + len(words)).to_bytes(2) + question[6:8] + bytes([len(words)]) + words)


async def serve(gateways: int) -> None:
    """Serve on free ports and obey the commands until the input ends."""
    loop, asked, draw = asyncio.get_running_loop(), Asked(), random.Random(1)
    floats = _MOST_WORDS // 2
    # Between 0.2 and 0.9 every quantity is plausible, power factors as well as powers.
    words = [struct.pack(f">{floats}f", *(draw.uniform(0.2, 0.9) for _ in range(floats))) for _ in range(_VARIANTS)]
    servers = [
        await loop.create_server(partial(Gateway, number, asked, words), "127.0.0.1", 0) for number in range(gateways)
    ]
    _say([server.sockets[0].getsockname()[1] for server in servers])
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := (await commands.readline()).split():
        if line[0] == b"silence":
            asked.is_silent = True
            _say({"answers": asked.answers, "values": asked.values})
        else:
            _say(asked.report(*map(float, line[1:])))


def _say(found: object) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--gateways", type=int, default=100)
    asyncio.run(serve(options.parse_args().gateways))


if __name__ == "__main__":
    main()
