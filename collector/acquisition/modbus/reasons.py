"""Why nothing was read, in words: the place, what is wrong, and what to do about it."""

import errno
import socket
from ssl import SSLError

from collector.acquisition import security
from collector.acquisition.modbus.conversation import Conversation
from collector.acquisition.modbus.errors import (
    EXCEPTIONS,
    HINTS,
    EndpointUnreachable,
    MeterGarbled,
    MeterNotAsked,
    MeterRefused,
    MeterSilent,
)
from collector.acquisition.modbus.frames import Question
from collector.plant.meter import Endpoint, Tls

_TABLES = {1: "coils", 2: "discrete inputs", 3: "holding registers", 4: "input registers"}
_SERIAL = {
    errno.ENOENT: "there is no such device; check 'device' and the adapter",
    errno.EACCES: "it may not be opened; add the collector's user to the device's group, often dialout",
    errno.EAGAIN: "another program has it; stop that one",
    errno.EBUSY: "another program has it; stop that one",
}


def place(question: Question, whom: str, endpoint: Endpoint) -> str:
    """Return what was asked, whom and where."""
    return f"read {_asked(question)} of {whom} ({endpoint.place} unit {question.unit})"


def not_connected(cause: Exception | None, endpoint: Endpoint) -> str:
    """Return why a connection does not come about; a ``cause`` of None is that it took too long."""
    if endpoint.tls is not None and (told := _of_tls(cause, endpoint.tls)):
        return told
    if endpoint.transport.is_serial:
        if not isinstance(cause, OSError):
            return f"the line cannot be set so ({cause}); check 'baud', 'parity', 'stop_bits' and 'data_bits'"
        return _SERIAL.get(cause.errno or 0, f"it cannot be used as a serial line ({cause}); check 'device'")
    if isinstance(cause, ValueError):
        return "this can be no host's name; check 'host'"
    if isinstance(cause, socket.gaierror):
        return f"the name {endpoint.host} is not known; check 'host', and the name server"
    reason = f"nothing came within {endpoint.timeout_s:g} s" if cause is None else str(cause)
    return f"refused or no answer ({reason}); check cable, address and that the device has a free connection"


def _asked(question: Question) -> str:
    table = _TABLES.get(question.function)
    return f"{table} {question.address}+{question.count}" if table else f"device identification {question.address}"


def lost(at: str, cause: Exception | None, endpoint: Endpoint, *, answered: bool) -> EndpointUnreachable:
    """Return why a connection was lost; ``answered`` if something had been read over it."""
    what = f"{at}: the connection was lost"
    if endpoint.transport.is_serial:
        return EndpointUnreachable(f"{what} ({cause}); check the adapter and its cable")
    if endpoint.tls is None or (answered and not isinstance(cause, SSLError)):
        return EndpointUnreachable(what)
    # Since TLS 1.3, a device refuses the collector only when the connection stands; some just hang up.
    told = _of_tls(cause or ConnectionResetError(), endpoint.tls)
    return EndpointUnreachable(f"{what}: {told}" if told else what)


def _of_tls(cause: Exception | None, tls: Tls) -> str:
    return security.hung_up(cause, tls) or security.told(cause, tls, peer="device")


def senseless(at: str) -> EndpointUnreachable:
    """Return why a connection is given up on which no frame can be made out any more."""
    return EndpointUnreachable(f"{at}: what comes has no frames; is it Modbus? check 'transport' and 'port'")


def unanswered(at: str, conversation: Conversation, endpoint: Endpoint, timeout_s: float) -> MeterSilent:
    """Return why there is no answer though the connection stands, by what came instead."""
    serial = endpoint.transport.is_serial
    line = "baud, parity and cable" if serial else "'transport'"
    if conversation.note:
        return MeterGarbled(f"{at}: {conversation.note} instead of the answer; look at the device")
    if conversation.late:
        return MeterSilent(f"{at}: no answer after {timeout_s:g} s, and earlier ones came late; raise 'timeout'")
    if conversation.heard:
        return MeterGarbled(f"{at}: {conversation.heard} bytes came that cannot be understood; check {line}")
    return MeterSilent(f"{at}: no answer after {timeout_s:g} s; check the unit id{', ' + line if serial else ''}")


def not_asked(at: str, other: Question) -> MeterNotAsked:
    """Return why a question must wait until another one is answered, or its answer cannot come any more."""
    kind = "registers" if other.function >= 3 else "bits"
    out = f"an answer to {kind} {other.address}+{other.count} that is still out could be taken for it"
    return MeterNotAsked(f"{at}: not asked: {out}")


def refused(at: str, code: int) -> MeterRefused:
    """Return what a Modbus exception means."""
    meaning = EXCEPTIONS.get(code, "unknown to the Modbus specification")
    return MeterRefused(f"{at}: exception {code:02X}, {meaning}; {HINTS.get(code, 'look at the device')}", code)
