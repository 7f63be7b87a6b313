"""What came of reading the settings again, as it is told to the one who asked. Pure."""

from typing import Literal

import msgspec


class Outcome(msgspec.Struct, frozen=True):
    """What came of it.

    Attributes
    ----------
    result
        The new settings are in force, they are as they were, they are refused as a whole, or the collector stops.
    problems
        Why they are refused: each with place and remedy.
    added, changed, removed
        What differs, in words.
    """

    result: Literal["changed", "unchanged", "refused", "stopping"]
    problems: list[str] = []
    added: list[str] = []
    changed: list[str] = []
    removed: list[str] = []
