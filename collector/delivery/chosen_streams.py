"""Which streams a database takes. The lines of all others are left out of what it is sent.

A group's headquarters wants intervals and intensities, and not each reading of each pot. Records are kept once for all
databases, so the choice is made when one is sent. Most records of a second hold readings only: that is seen by looking
for the streams' names at the starts of lines, without taking the lines apart.
"""

import gzip
import re
from collections.abc import Iterable
from dataclasses import replace

from collector.readings.outgoing import OutboxRecord


class ChosenStreams:
    """Leaves out what is of other streams. Takes its time: not for the event loop."""

    def __init__(self, names: Iterable[str]) -> None:
        starts = [name.encode() + end for name in names for end in (b",", b" ")]
        self._starts = [b"\n" + start for start in starts]
        self._line = re.compile(rb"^(?:" + b"|".join(map(re.escape, starts)) + rb").*\n", re.MULTILINE)

    def of(self, record: OutboxRecord) -> OutboxRecord:
        """Return a record with the lines of these streams only, and how many were left out of it.

        One that is damaged stays as it is: nobody knows what it held. One of which nothing remains has an empty body.
        """
        if not record.is_whole:
            return record
        raw = b"\n" + gzip.decompress(record.body)
        if not any(start in raw for start in self._starts):
            return replace(record, lines=0, raw_bytes=0, body=b"", left_out=record.lines)
        lines = self._line.findall(raw)
        if len(lines) == record.lines:
            return record
        kept = b"".join(lines)
        return replace(
            record,
            lines=len(lines),
            raw_bytes=len(kept),
            body=gzip.compress(kept, compresslevel=1, mtime=0),
            left_out=record.lines - len(lines),
        )
