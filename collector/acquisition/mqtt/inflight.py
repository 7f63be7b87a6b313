"""Which messages are open: taken, and not yet acknowledged. Pure: packet ids and tokens in, packets to send out.

A token names a message for good; a packet id names it on one connection only, and is used again. What is acknowledged
after its connection was lost is therefore nothing to the next one: the broker sends it again.

With QoS 2 that is different. Its packet ids live as long as the session, and a message that the broker sends again
is not handed on again: if it is on disk, it is acknowledged at once, else when it is. A broker that was set back to an
older state may use a packet id for something new, so the same message is one with the same packet id and content.
This memory ends with the process; after a crash, the store sees to it that what comes twice counts once.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

_PUBACK, _PUBREC, _PUBCOMP = 0x40, 0x50, 0x70
_WITH_ID = struct.Struct(">BBH")


@dataclass(slots=True, eq=False)
class _ExactlyOnce:
    packet_id: int
    token: int
    content: int
    is_done: bool = False


class Inflight:
    """The open messages of a session."""

    def __init__(self) -> None:
        self._tokens = count(1)
        self._open: dict[int, int] = {}
        self._by_id: dict[int, _ExactlyOnce] = {}
        self._by_token: dict[int, _ExactlyOnce] = {}

    def __len__(self) -> int:
        return len(self._open)

    def begin(self, *, is_known: bool) -> None:
        """Begin a connection. ``is_known``: the broker knows the session, and with it its packet ids."""
        self._open.clear()
        if not is_known:
            self._by_id.clear()
            self._by_token.clear()

    def end(self, not_handed_on: Iterable[int] = ()) -> None:
        """End a connection. Of its messages, some were never handed on."""
        self._open.clear()
        for token in not_handed_on:
            message = self._by_token.pop(token, None)
            if message is not None and self._by_id.get(message.packet_id) is message:
                del self._by_id[message.packet_id]

    def take(self, packet_id: int) -> int:
        """Return the token of a message of QoS 1."""
        token = next(self._tokens)
        self._open[token] = packet_id
        return token

    def take_once(self, packet_id: int, topic: bytes | str, payload: bytes) -> tuple[int, bytes]:
        """Return the token of a message of QoS 2, 0 if it was handed on before, and what to send at once."""
        content = hash((topic, payload))
        known = self._by_id.get(packet_id)
        if known is not None and known.content == content:
            if known.is_done:
                return 0, _WITH_ID.pack(_PUBREC, 2, packet_id)
            self._open[known.token] = packet_id
            return 0, b""
        message = _ExactlyOnce(packet_id, self.take(packet_id), content)
        self._by_id[packet_id] = self._by_token[message.token] = message
        return message.token, b""

    def acknowledge(self, tokens: Iterable[int]) -> bytes:
        """Note that messages are on disk, and return what to send, in their order."""
        answer = bytearray()
        pack = _WITH_ID.pack
        for token in tokens:
            packet_id = self._open.pop(token, None)
            kind = _PUBACK
            if self._by_token and (once := self._by_token.pop(token, None)) is not None:
                once.is_done = True
                kind = _PUBREC
            if packet_id is not None:
                answer += pack(kind, 2, packet_id)
        return bytes(answer)

    def release(self, packet_id: int) -> bytes:
        """Return the answer to the broker's word that a message of QoS 2 is settled."""
        known = self._by_id.get(packet_id)
        if known is not None and known.is_done:
            del self._by_id[packet_id]
        return _WITH_ID.pack(_PUBCOMP, 2, packet_id)
