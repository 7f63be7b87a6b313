"""One question and its answer, and the places at which something may go wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from simulators.servers.modbus.pdu import asked_addresses, asked_registers

if TYPE_CHECKING:
    from simulators.servers.modbus.framing import Framing
    from simulators.servers.registers import Image


class Admission(Enum):
    """What becomes of somebody who connects."""

    SERVE = "serve"
    RESET = "reset"
    """The connection is cut off with an RST."""
    MUTE = "mute"
    """It stays, but nothing that comes over it is ever answered."""
    KICK_OLDEST = "kick_oldest"
    """It is served, and the oldest one is cut off."""


class Ending(Enum):
    """What becomes of a connection after an answer."""

    STAY = "stay"
    CLOSE = "fin"
    RESET = "rst"


@dataclass(slots=True, eq=False)
class Connection:
    """One connection to an endpoint; a pseudo-terminal is a single one.

    Parameters
    ----------
    number
        Counted from 1, never used again.
    opened_s
        When it was opened, by the loop's clock [s].
    dead
        Whether nothing is answered any more.
    asked
        How many questions came over it.
    held
        Bytes that go out just before the next answer.
    """

    number: int
    opened_s: float
    dead: bool = False
    asked: int = 0
    held: list[bytes] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Request:
    """One question.

    Parameters
    ----------
    endpoint
        The endpoint's name.
    raw
        All its bytes, as they came.
    at_s
        When it came, by the loop's clock [s].
    parallel
        Whether the endpoint is busy with a question from another connection.
    """

    endpoint: str
    connection: Connection
    framing: Framing
    transaction: int
    unit: int
    pdu: bytes
    raw: bytes
    at_s: float
    parallel: bool

    @property
    def registers(self) -> range:
        """The addresses that are asked for."""
        return asked_registers(self.pdu)

    @property
    def addresses(self) -> range:
        """The addresses that are asked for, of registers or of bits."""
        return asked_addresses(self.pdu)


@dataclass(slots=True)
class Reply:
    """One answer on its way out.

    Parameters
    ----------
    wait_s
        Time for which the answer, and everything behind it, is held up [s].
    late_s
        Time for which only the answer is held up: the line goes on without it [s].
    pieces
        What goes out: pauses before [s] and bytes. Empty until the answer has been framed.
    held
        Whether it goes out only just before the next answer on the same connection.
    """

    transaction: int
    unit: int
    pdu: bytes
    wait_s: float = 0.0
    late_s: float = 0.0
    pieces: list[tuple[float, bytes]] = field(default_factory=list)
    held: bool = False
    ending: Ending = Ending.STAY


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a device or a gateway takes.

    Parameters
    ----------
    latency_s
        From the question to the answer, in the device itself [s].
    baud
        Speed of the serial line behind it: 11 bits a byte, 3.5 characters between frames; None: no serial line.
    absent_s
        How long a gateway waits for a unit that is not there [s].
    absent_code
        The exception it then gives; None: silence, as on a serial line.
    """

    latency_s: float = 0.0
    baud: int | None = None
    absent_s: float = 0.0
    absent_code: int | None = 0x0B


class Tampering(Protocol):
    """Where faults take hold, in the order in which a question passes."""

    def admit(self, endpoint: str, connections: int) -> Admission:
        """Say what becomes of a new connection beside ``connections`` open ones."""

    def idle_s(self, endpoint: str) -> float | None:
        """Return after which idle time the server closes a connection [s]; None: never."""

    def closes_idle(self, endpoint: str) -> None:
        """Take note that the server has done so."""

    def hear(self, request: Request) -> float | None:
        """Return how long the device is held up before it does anything [s], or None if it hears nothing."""

    def register_image(self, request: Request, image: Image | None) -> Image | None:
        """Return the registers that the device shows."""

    def answer(self, request: Request, reply: Reply, image: Image | None) -> Reply | None:
        """Return the answer that the device gives, or None if it gives none; it is not yet framed."""

    def wire(self, request: Request, reply: Reply) -> None:
        """Change what goes out, now that it is framed."""


class Honest:
    """No faults at all."""

    def admit(self, endpoint: str, connections: int) -> Admission:
        """Serve everybody."""
        del endpoint, connections
        return Admission.SERVE

    def idle_s(self, endpoint: str) -> float | None:
        """Never close."""
        del endpoint
        return None

    def closes_idle(self, endpoint: str) -> None:
        """Take no note."""

    def hear(self, request: Request) -> float | None:
        """Hear everything at once."""
        del request
        return 0.0

    def register_image(self, request: Request, image: Image | None) -> Image | None:
        """Show what is there."""
        del request
        return image

    def answer(self, request: Request, reply: Reply, image: Image | None) -> Reply | None:
        """Give the right answer."""
        del request, image
        return reply

    def wire(self, request: Request, reply: Reply) -> None:
        """Change nothing."""
