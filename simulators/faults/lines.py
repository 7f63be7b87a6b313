"""Faults of connections and of timing. Their times are real ones: cables know nothing of a simulation's speed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from simulators.faults.fault import Context, Effect
from simulators.servers.modbus.exchange import Admission, Connection
from simulators.tables import DURATION

if TYPE_CHECKING:
    from simulators.servers.modbus.exchange import Request
    from simulators.tables import Table

SOCKETS = frozenset({"tcp", "rtu_over_tcp", "ascii_over_tcp", "tls"})


@dataclass
class LineEffect(Effect):
    """Decides about connections, and whether a question is heard."""

    def admit(self, connections: int) -> Admission:
        """Say what becomes of a new connection beside ``connections`` open ones."""
        del connections
        return Admission.SERVE

    def idle_s(self) -> float | None:
        """Return after which idle time a connection is closed [s]; None: never."""
        return None

    def hear(self, request: Request) -> float | None:
        """Return how long the device is held up [s]; None: it hears nothing."""
        del request
        return 0.0


@dataclass
class ConnectionLimit(LineEffect):
    """Only so many connections are served; the next one is cut off, stays mute, or takes the oldest one's place."""

    kind = "conn_limit"
    transports = SOCKETS
    n: int = 1
    mode: str = "rst"

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``n`` and ``mode``: rst, mute or kick_oldest."""
        del context
        mode = table.text("mode", "rst")
        if mode not in _MODES:
            raise table.error("mode", f"is {mode!r}", f"use one of {', '.join(_MODES)}")
        return cls(table.whole("n", 1, low=0, high=1000), mode)

    def admit(self, connections: int) -> Admission:
        """Let in whoever is among the first."""
        return _MODES[self.mode] if connections >= self.n else Admission.SERVE


_MODES = {"rst": Admission.RESET, "mute": Admission.MUTE, "kick_oldest": Admission.KICK_OLDEST}


@dataclass
class IdleDisconnect(LineEffect):
    """A connection over which nothing comes for a while is closed.

    One that is already waiting when the fault comes is closed only after its next question.
    """

    kind = "idle_disconnect"
    transports = SOCKETS
    after_s: float = 30.0

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``after``."""
        del context
        return cls(table.quantity("after", DURATION, "30s", low=0.001, high=86_400))

    def idle_s(self) -> float | None:
        """Return the parameter."""
        return self.after_s


@dataclass
class HalfOpen(LineEffect):
    """The peer is gone without a word: whoever asks while it lasts gets nothing over that connection, ever again."""

    kind = "half_open"
    transports = SOCKETS

    def hear(self, request: Request) -> float | None:
        """Hear nothing, and never again on this connection."""
        request.connection.dead = True
        return None


@dataclass
class SlowAccept(LineEffect):
    """The first question of a connection is answered late."""

    kind = "slow_accept"
    transports = SOCKETS
    first_s: float = 2.0

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``first``."""
        del context
        return cls(table.quantity("first", DURATION, "2s", low=0, high=600))

    def hear(self, request: Request) -> float | None:
        """Hold up the first question."""
        return self.first_s if request.connection.asked == 1 else 0.0


@dataclass
class SlowReply(LineEffect):
    """Every answer takes longer."""

    kind = "slow_reply"
    by_s: float = 1.0

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``by``."""
        del context
        return cls(table.quantity("by", DURATION, "1s", low=0, high=600))

    def hear(self, request: Request) -> float | None:
        """Hold up the device."""
        del request
        return self.by_s


@dataclass
class NoReply(LineEffect):
    """The question is not heard, and there is no answer."""

    kind = "no_reply"

    def hear(self, request: Request) -> float | None:
        """Hear nothing."""
        del request
        return None


@dataclass
class MinimumGap(LineEffect):
    """A question that comes too soon after the one before, over whichever connection, is dropped."""

    kind = "min_gap"
    gap_s: float = 0.1
    _before_s: dict[str, float] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``gap``."""
        del context
        return cls(table.quantity("gap", DURATION, "100ms", low=0, high=60))

    def hear(self, request: Request) -> float | None:
        """Drop what comes too soon."""
        before_s = self._before_s.get(request.endpoint)
        self._before_s[request.endpoint] = request.at_s
        return None if before_s is not None and request.at_s - before_s < self.gap_s else 0.0


@dataclass
class ParallelHang(LineEffect):
    """Questions on two connections at once hang the device, until the fault's time is over or it is taken away.

    At once means: before the other one has been answered, or within a short time of it.
    """

    kind = "parallel_hang"
    transports = SOCKETS
    within_s: float = 0.05
    _before: dict[str, tuple[float, Connection]] = field(default_factory=dict, init=False, repr=False)
    _hung: set[str] = field(default_factory=set, init=False, repr=False)

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``within``."""
        del context
        return cls(table.quantity("within", DURATION, "50ms", low=0, high=60))

    def hear(self, request: Request) -> float | None:
        """Hang at the second question."""
        before = self._before.get(request.endpoint)
        self._before[request.endpoint] = (request.at_s, request.connection)
        near = before and before[1] is not request.connection and request.at_s - before[0] < self.within_s
        if near or request.parallel:
            self._hung.add(request.endpoint)
        return None if request.endpoint in self._hung else 0.0


KINDS: tuple[type[Effect], ...] = (
    ConnectionLimit,
    IdleDisconnect,
    HalfOpen,
    SlowAccept,
    SlowReply,
    NoReply,
    MinimumGap,
    ParallelHang,
)
