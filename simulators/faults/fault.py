"""A fault: what goes wrong, where, when, how likely, and how often it has."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self

from simulators.instants import SECOND_NS, iso_seconds
from simulators.physics.noise import stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from simulators.servers.registers import RegisterMap
    from simulators.tables import Table


@dataclass(frozen=True, slots=True)
class Context:
    """What an effect may want to know while it is being read.

    Parameters
    ----------
    register_map
        Gives the register map of a profile by its name; raises ConfigurationError if there is none.
    file
        Where the fault stands.
    """

    register_map: Callable[[str], RegisterMap]
    file: Path


@dataclass
class Effect:
    """What goes wrong. A subclass has a name, fields that are its parameters, and the hook of its family.

    Attributes
    ----------
    kind
        Its name in scenarios.
    transports
        The transports on which it can happen; empty: on all.
    needs_register
        Whether it makes sense for a named register only.
    """

    kind: ClassVar[str] = ""
    transports: ClassVar[frozenset[str]] = frozenset()
    needs_register: ClassVar[bool] = False

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read the parameters from a fault's table; by default there are none."""
        del table, context
        return cls()

    def parameters(self) -> dict[str, object]:
        """Return the parameters by name, in base units."""
        fields = [part.name for part in dataclasses.fields(self) if part.init and part.repr]
        return {name: getattr(self, name) for name in fields}


@dataclass(frozen=True, slots=True)
class Where:
    """The place of a fault.

    Parameters
    ----------
    endpoint
        An endpoint's name; None: all of them.
    unit
        A unit id; None: all units.
    register
        A quantity: only requests that touch its register, only its value; empty: all.
    """

    endpoint: str | None = None
    unit: int | None = None
    register: str = ""

    def covers(self, endpoint: str, unit: int | None) -> bool:
        """Whether a unit of an endpoint is within; a unit of None asks for the endpoint as a whole."""
        return self.endpoint in {None, endpoint} and (unit is None or self.unit in {None, unit})


@dataclass(frozen=True, slots=True)
class When:
    """The time of a fault, in plant time.

    Parameters
    ----------
    from_ns, until_ns
        Its beginning and its end [UTC ns]; None: since ever, for ever.
    every_ns, for_ns
        From the beginning on it is there for ``for_ns`` out of every ``every_ns`` [ns]; None: all the time.
    """

    from_ns: int | None = None
    until_ns: int | None = None
    every_ns: int | None = None
    for_ns: int | None = None

    def occurrence(self, time_ns: int) -> int | None:
        """Return how many times the fault had come before, if it is there at a time [UTC ns], else None."""
        since_ns = time_ns - (self.from_ns or 0)
        if since_ns < 0 or (self.until_ns is not None and time_ns >= self.until_ns):
            return None
        if self.every_ns is None:
            return 0 if self.for_ns is None or since_ns < self.for_ns else None
        count, into_ns = divmod(since_ns, self.every_ns)
        return count if self.for_ns is None or into_ns < self.for_ns else None

    def describe(self) -> dict[str, object]:
        """Return the time as people write it."""
        return {
            "from": None if self.from_ns is None else iso_seconds(self.from_ns),
            "until": None if self.until_ns is None else iso_seconds(self.until_ns),
            "every_s": None if self.every_ns is None else self.every_ns / SECOND_NS,
            "for_s": None if self.for_ns is None else self.for_ns / SECOND_NS,
        }


@dataclass(eq=False)
class Fault:
    """One thing that goes wrong.

    Parameters
    ----------
    id
        Its name, unique in a simulation.
    probability
        The chance that it strikes at an opportunity (a request, a connection, a beginning) [1].
    at_most
        How often it strikes altogether; None: without limit.
    seed
        Of its own random draws: the same seed and the same opportunities give the same strikes.

    Attributes
    ----------
    hits
        How often it has struck.
    seen
        The last occurrence that has been drawn, by device.
    """

    id: str
    effect: Effect
    where: Where = field(default_factory=Where)
    when: When = field(default_factory=When)
    probability: float = 1.0
    at_most: int | None = None
    seed: int = 1
    hits: int = 0

    def __post_init__(self) -> None:
        self.seen: dict[object, int] = {}
        self._rng = stream(self.seed, f"fault {self.effect.kind}")

    def strikes(self) -> bool:
        """Draw whether the fault strikes at this opportunity; ``hit`` says that it then did something."""
        if self.at_most is not None and self.hits >= self.at_most:
            return False
        return self.probability >= 1 or float(self._rng.random()) < self.probability

    def hit(self) -> None:
        """Count one strike."""
        self.hits += 1

    def random(self) -> float:
        """Return an evenly distributed number from 0 to below 1 for the effect's own use."""
        return float(self._rng.random())

    def describe(self, time_ns: int) -> dict[str, object]:
        """Return everything about it, as of a plant time [UTC ns]."""
        return {
            "id": self.id,
            "kind": self.effect.kind,
            "endpoint": self.where.endpoint,
            "unit": self.where.unit,
            "register": self.where.register or None,
            **self.when.describe(),
            "probability": self.probability,
            "at_most": self.at_most,
            "seed": self.seed,
            "parameters": self.effect.parameters(),
            "active": self.when.occurrence(time_ns) is not None and (self.at_most is None or self.hits < self.at_most),
            "hits": self.hits,
        }
