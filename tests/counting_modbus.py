"""A Modbus TCP server for tests whose meters answer with how often they were asked: a lost answer leaves a gap."""

import socket
import struct
import threading
from collections import Counter
from types import TracebackType
from typing import Self

_HEAD = struct.Struct(">HHHB")


class CountingModbus:
    """Serves any number of units on one port, on threads of its own.

    Attributes
    ----------
    connections : how many were ever made
    answered : by unit, how many requests were answered: the latest value that it shows
    """

    def __init__(self) -> None:
        self.connections = 0
        self.answered: Counter[int] = Counter()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listening.getsockname()[1])

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in [self._listening, *self._open]:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:  # the other side was first
                continue
            finally:
                each.close()
        for thread in self._threads:
            thread.join(5)

    def _start(self, work: object, *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                wire, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(wire)
            self._start(self._serve, wire)

    def _serve(self, wire: socket.socket) -> None:
        try:
            while True:
                transaction, _, _, unit = _HEAD.unpack(_exactly(wire, _HEAD.size))
                function, _, count = struct.unpack(">BHH", _exactly(wire, 5))
                shown = self.answered[unit] + 1
                body = struct.pack(">I", shown).ljust(2 * count, b"\0")
                wire.sendall(_HEAD.pack(transaction, 0, 3 + len(body), unit) + bytes([function, len(body)]) + body)
                self.answered[unit] = shown
        except OSError:
            return


def _exactly(wire: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        more = wire.recv(count - len(found))
        if not more:
            raise ConnectionResetError
        found += more
    return found
