"""What a database has, what it should have, and what would be done about it. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


class ProvisionFailed(Exception):
    """The database did not answer, or refused. What was made before stays; to run it again does the rest."""


class State(Enum):
    """How something that is wanted stands."""

    EXISTS = "exists"
    MISSING = "would be made"
    DIFFERS = "would be changed"
    REFUSED = "in the way"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that was made and is in no file: it is shown once."""

    name: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing of a plan. ``act`` does what the plan says; only what is missing or differs has one."""

    what: str
    state: State
    detail: str
    act: Callable[[], Secret | None] | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of a database. Retentions are in seconds; 0 keeps for ever.

    Attributes
    ----------
    name : of the database in the settings
    org, bucket : where the collector writes; ``org`` is InfluxDB 2's
    retention_s : how long raw lines are kept [s]
    hourly : where hourly sums and means are kept: a bucket (2) or a retention policy (1); empty for none
    hourly_retention_s : how long those are kept [s]
    shorten : whether a retention may be shortened, which deletes what is older
    streams : those that the collector writes there; empty for all
    writer, reader : names of users (1); the collector's is empty where it writes without one
    writer_file, reader_file : where their secrets are kept; None to show a new one once
    """

    name: str
    org: str
    bucket: str
    retention_s: int
    hourly: str
    hourly_retention_s: int
    shorten: bool = False
    streams: tuple[str, ...] = ()
    writer: str = ""
    reader: str = ""
    writer_file: Path | None = None
    reader_file: Path | None = None

    def takes(self, stream: str) -> bool:
        """Tell whether the collector writes a stream there."""
        return not self.streams or stream in self.streams


def in_the_way(steps: Sequence[Step]) -> list[Step]:
    """Return the steps that a human has to decide."""
    return [step for step in steps if step.state is State.REFUSED]


def to_do(steps: Sequence[Step]) -> list[Step]:
    """Return the steps that change something."""
    return [step for step in steps if step.act is not None]


def retention_words(seconds: int) -> str:
    """Return a retention as people write it."""
    if seconds == 0:
        return "for ever"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def retention_step(
    what: str, *, has_s: int, wanted_s: int, shorten: bool, change: Callable[[], Secret | None], unit: str = "keeps"
) -> Step:
    """Return what becomes of a retention that is there: longer is harmless, shorter deletes what is older [s]."""
    has, wanted = retention_words(has_s), retention_words(wanted_s)
    if has_s == wanted_s:
        return Step(what, State.EXISTS, f"{unit} {has}")
    becomes = f"{unit} {has}, wanted {wanted}"
    is_shorter = wanted_s != 0 and (has_s == 0 or wanted_s < has_s)
    if is_shorter and not shorten:
        return Step(what, State.REFUSED, f"{becomes}: that deletes what is older; say --shorten if it is meant")
    return Step(what, State.DIFFERS, f"{becomes}: deletes what is older" if is_shorter else becomes, change)
