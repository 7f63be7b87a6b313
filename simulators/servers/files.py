"""The simulator's own files: the truth ledger as JSON Lines, and the announcement of where everything listens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

    from simulators.physics.truth import Row


class FileUnwritableError(Exception):
    """A file of the simulator's own cannot be written; the message says which and why."""


class TruthFile:
    """JSON Lines, appended and flushed as the minutes end.

    Parameters
    ----------
    path
        Where to; None: nowhere.

    Raises
    ------
    FileUnwritableError
        If the file cannot be opened.
    """

    def __init__(self, path: Path | None) -> None:
        try:
            self._file = path.open("ab") if path else None
        except OSError as exc:
            raise FileUnwritableError(f"{path}: cannot be written ({exc.strerror}); check the folder") from exc

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()

    def append(self, rows: Iterable[Row]) -> None:
        """Write rows, each whole, so that a reader never sees half a line of a minute that is over."""
        lines = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
        if self._file and lines:
            self._file.write(lines)
            self._file.flush()


def announce(path: Path, content: dict[str, object]) -> None:
    """Write a JSON file that is either not there or complete.

    Raises
    ------
    FileUnwritableError
        If it cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
        unfinished.replace(path)
    except OSError as exc:
        raise FileUnwritableError(f"{path}: cannot be written ({exc.strerror}); check the folder") from exc
