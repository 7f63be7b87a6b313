"""A database that keeps nothing, as a process of its own: it takes writes as fast as they come and counts lines.

    python tests/benchmarks/swallowing_server.py --measurement pot

Speaks InfluxDB 1's ``/write`` and ``/ping``. Prints its port as a line of JSON. For each line on standard input it
prints a line of JSON with what it has taken: lines of the measurement, all lines, bodies, and how old the newest line
was at the worst [s] since it was last asked; the end of the input ends it.
"""

import argparse
import asyncio
import json
import sys
import time
import zlib

_HEAD_END = b"\r\n\r\n"
_TAKEN = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"
_DATABASES = b'{"results":[{"statement_id":0}]}'
_ASKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(_DATABASES),
    _DATABASES,
)
_LOOK_EVERY_S = 0.05
_GZIP = 31


class Taken:
    """What has come."""

    def __init__(self, measurement: str) -> None:
        self._first = f"{measurement},".encode()
        self._later = b"\n" + self._first
        self.lines = self.all_lines = self.bodies = self.newest_ns = 0
        self.oldest_s = 0.0

    def take(self, body: bytes) -> None:
        """Count a body; its last line of the measurement tells how new it is."""
        self.bodies += 1
        self.all_lines += body.count(b"\n") + (not body.endswith(b"\n"))
        self.lines += body.count(self._later) + body.startswith(self._first)
        place = body.rfind(self._first)
        if place >= 0:
            stamp = int(body[place:].partition(b"\n")[0].rpartition(b" ")[2])
            self.newest_ns = max(self.newest_ns, stamp)

    def look(self) -> None:
        """Note how old the newest line is now."""
        if self.newest_ns:
            self.oldest_s = max(self.oldest_s, time.time() - self.newest_ns / 1e9)

    def told(self) -> dict[str, float]:
        """Return what has come, and forget how old the newest line was."""
        self.look()
        found = {
            "lines": self.lines,
            "all_lines": self.all_lines,
            "bodies": self.bodies,
            "oldest_s": self.oldest_s,
            "newest_ns": self.newest_ns,
        }
        self.oldest_s = 0.0
        return found


async def one_connection(taken: Taken, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer request after request."""
    try:
        while True:
            head = (await reader.readuntil(_HEAD_END)).lower()
            length = head.partition(b"content-length:")[2].partition(b"\r\n")[0].strip()
            body = await reader.readexactly(int(length or b"0"))
            if head.startswith(b"post /write"):
                taken.take(zlib.decompress(body, _GZIP) if b"content-encoding: gzip" in head else body)
                writer.write(_TAKEN)
            else:
                writer.write(_ASKED)
    except (asyncio.IncompleteReadError, ConnectionResetError, asyncio.CancelledError):
        writer.close()


async def serve(measurement: str, port: int) -> None:
    """Serve until the input ends."""
    taken = Taken(measurement)
    server = await asyncio.start_server(
        lambda reader, writer: one_connection(taken, reader, writer), "127.0.0.1", port, limit=1 << 22
    )
    _say(server.sockets[0].getsockname()[1])
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    looking = asyncio.create_task(_look(taken))
    while await commands.readline():
        _say(taken.told())
    looking.cancel()
    server.close()


async def _look(taken: Taken) -> None:
    while True:
        taken.look()
        await asyncio.sleep(_LOOK_EVERY_S)


def _say(found: object) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--measurement", default="pot")
    options.add_argument("--port", type=int, default=0, help="0: any that is free")
    chosen = options.parse_args()
    asyncio.run(serve(chosen.measurement, chosen.port))


if __name__ == "__main__":
    main()
