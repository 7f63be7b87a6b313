"""What the lock file of a store says: how the store was left, and how its first page was.

The first page of a database says where its tables are. It hardly ever changes, so it is kept here, where damage to the
database does not reach it.
"""

import base64
import binascii
import enum
import os
from dataclasses import dataclass
from typing import IO

import msgspec


class Left(enum.StrEnum):
    """How a store was left by the one who had it last."""

    ORDERLY = "orderly"
    IN_USE = "in use"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Mark:
    """How a store was left, and the first page of it in some format. Of an old store nothing is known."""

    left: Left = Left.IN_USE
    version: int = 0
    first_page: bytes = b""


class _Written(msgspec.Struct):
    left: Left
    version: int
    first_page: str


def read_mark(lock: IO[bytes]) -> Mark:
    """Return what a lock file says; one that says nothing that can be understood says nothing."""
    lock.seek(0)
    try:
        written = msgspec.json.decode(lock.read(), type=_Written)
        return Mark(written.left, written.version, base64.b64decode(written.first_page, validate=True))
    except (msgspec.DecodeError, binascii.Error):
        return Mark()


def write_mark(lock: IO[bytes], mark: Mark) -> None:
    """Write a mark to a lock file. It is on disk when this returns.

    The bytes before are written over, not given back first: that needs no space on a disk that is full.
    """
    body = msgspec.json.encode(_Written(mark.left, mark.version, base64.b64encode(mark.first_page).decode()))
    lock.seek(0)
    lock.write(body)
    lock.truncate()
    lock.flush()
    os.fsync(lock.fileno())
