"""Batches of pot telemetry that are rendered beforehand, but for their numbers and times.

Rendering is most of the work of a load. What a batch measures is drawn once for each pot and then goes round among the
pots, so that a fifth of a core is enough for 300,000 samples a second, and no two messages in a row look alike.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from simulators.instants import iso_milliseconds
from simulators.servers.messages.message import Message, Sources

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBER, _TIMES = b'"seq":', b'"t":['
_FURTHER = 37
"""How many pots further the values go with each round."""


class _Pot(NamedTuple):
    topic: str
    source: str
    head: bytes
    middle: bytes


class RenderedLine:
    """Pots whose batches in columns come in turn, each of ``batch`` samples; the first begin before the load does.

    Parameters
    ----------
    batches, sources
        One whole batch of each pot, as PotTelemetry writes it, and the source that numbers the pot's messages.
    batch
        Samples in a message.
    pace_ns
        Time between two samples [ns].
    """

    def __init__(self, batches: Sequence[Message], sources: Sequence[str], *, batch: int, pace_ns: int) -> None:
        self._batch = batch
        self._pace_ns = pace_ns
        self._numbers = Sources()
        self._times: deque[bytes] = deque(maxlen=batch)
        self._tick = 0
        self._values: list[bytes] = []
        self._due: list[list[tuple[int, _Pot]]] = [[] for _ in range(batch)]
        for place, (message, source) in enumerate(zip(batches, sources, strict=True)):
            head, number, rest = message.payload.partition(_NUMBER)
            middle, times, values = rest[rest.index(b",") :].partition(_TIMES)
            if not number or not times:
                raise ValueError(f"render {message.topic}: it is no batch in columns; leave it to PotTelemetry")
            self._values.append(values[values.index(b"]") :])
            pot = _Pot(message.topic, source, head + number, middle + times)
            self._due[place * batch // len(batches)].append((place, pot))

    def at(self, time_ns: int) -> list[Message]:
        """Return the messages whose last sample is of this time [UTC ns], one pace after the call before."""
        if not self._times:
            self._times.extend(_quoted(time_ns - before * self._pace_ns) for before in range(self._batch - 1, 0, -1))
        self._times.append(_quoted(time_ns))
        turn, step = divmod(self._tick, self._batch)
        self._tick += 1
        due = self._due[step]
        times = b",".join(self._times) if due else b""
        number, values = self._numbers.number, self._values
        return [
            Message(
                pot.topic,
                b"".join(
                    (
                        pot.head,
                        b"%d" % number(pot.source),
                        pot.middle,
                        times,
                        values[(place + turn * _FURTHER) % len(values)],
                    )
                ),
            )
            for place, pot in due
        ]


def _quoted(time_ns: int) -> bytes:
    return f'"{iso_milliseconds(time_ns)}"'.encode()
