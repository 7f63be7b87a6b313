"""How the endpoints of the plant file are served: on what transport, and how slowly."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from simulators.servers.modbus.exchange import Timing
from simulators.servers.modbus.framing import AsciiFraming, MbapFraming, RtuFraming
from simulators.tables import DURATION, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from simulators.plant import Endpoint, Plant
    from simulators.servers.modbus.framing import Framing

_ABSENT_ANSWERS = {"0x0A": 0x0A, "0x0B": 0x0B, "silence": None}
_BAUDS = (1200, 921_600)


class Transport(StrEnum):
    """What carries the questions and answers of an endpoint."""

    TCP = "tcp"
    RTU_OVER_TCP = "rtu_over_tcp"
    ASCII_OVER_TCP = "ascii_over_tcp"
    RTU_PTY = "rtu_pty"
    ASCII_PTY = "ascii_pty"
    TLS = "tls"

    @property
    def in_plant_file(self) -> str:
        """How a plant file calls it."""
        return next(name for name, transport in _IN_PLANT_FILES.items() if transport is self)

    @property
    def terminal(self) -> bool:
        """Whether it is a pseudo-terminal, and no port."""
        return self in {Transport.RTU_PTY, Transport.ASCII_PTY}

    @property
    def framing(self) -> Callable[[], Framing]:
        """What makes the framing of a connection."""
        if self in {Transport.ASCII_OVER_TCP, Transport.ASCII_PTY}:
            return AsciiFraming
        return RtuFraming if self in {Transport.RTU_OVER_TCP, Transport.RTU_PTY} else MbapFraming


_IN_PLANT_FILES: Mapping[str, Transport] = {
    "modbus_tcp": Transport.TCP,
    "modbus_tls": Transport.TLS,
    "rtu_over_tcp": Transport.RTU_OVER_TCP,
    "ascii_over_tcp": Transport.ASCII_OVER_TCP,
    "modbus_rtu": Transport.RTU_PTY,
    "modbus_ascii": Transport.ASCII_PTY,
}


@dataclass(frozen=True, slots=True)
class Serving:
    """How one endpoint is served.

    Parameters
    ----------
    timing
        How long it takes.
    tls
        Certificates, for the transport ``tls`` only.
    """

    transport: Transport = Transport.TCP
    timing: Timing = field(default_factory=Timing)
    tls: ssl.SSLContext | None = None


def read_endpoints(root: Table, plant: Plant) -> dict[str, Serving]:
    """Read every ``[endpoints.NAME]`` of a scenario; an endpoint without one is served at once, as the plant file says.

    Raises
    ------
    ConfigurationError
        If one of them is not in the plant file, or says something that cannot be used.
    """
    tables = root.tables("endpoints", required=False)
    group = root.table("endpoints", required=False)
    for name in tables:
        if name not in plant.endpoints:
            known = ", ".join(plant.endpoints)
            raise group.error(name, "is not an endpoint of the plant file", f"use one of {known}")
    return {
        name: _serving(tables.get(name, Table(root.file, {}, f"endpoints.{name}")), endpoint)
        for name, endpoint in plant.endpoints.items()
    }


def _serving(table: Table, endpoint: Endpoint) -> Serving:
    named = table.text("transport", _IN_PLANT_FILES[endpoint.transport])
    if named not in list(Transport) and named not in _IN_PLANT_FILES:
        known = ", ".join(dict.fromkeys((*_IN_PLANT_FILES, *Transport)))
        raise table.error("transport", f"is {named!r}", f"use one of {known}")
    transport = _IN_PLANT_FILES[named] if named in _IN_PLANT_FILES else Transport(named)
    baud = table.whole("baud", low=_BAUDS[0], high=_BAUDS[1]) if "baud" in table else None
    if baud is None and transport.terminal:
        baud = endpoint.baud
    answer = table.text("absent_answer", "0x0B")
    if answer not in _ABSENT_ANSWERS:
        raise table.error("absent_answer", f"is {answer!r}", f"use one of {', '.join(_ABSENT_ANSWERS)}")
    timing = Timing(
        latency_s=table.quantity("latency", DURATION, "0s", low=0, high=60),
        baud=baud,
        absent_s=table.quantity("absent_timeout", DURATION, "0s", low=0, high=60),
        absent_code=_ABSENT_ANSWERS[answer],
    )
    tls = _tls(table) if transport is Transport.TLS else None
    table.refuse_unknown_keys()
    return Serving(transport, timing, tls)


def _tls(table: Table) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    certificate, key = _file(table, "certificate"), _file(table, "key")
    try:
        context.load_cert_chain(certificate, key)
    except OSError as exc:
        wrong = f"{certificate} and {key} cannot be used ({exc.strerror or exc})"
        raise table.error("certificate", wrong, "name a PEM certificate and its key") from exc
    if "client_ca" in table:
        authority = _file(table, "client_ca")
        try:
            context.load_verify_locations(authority)
        except OSError as exc:
            wrong = f"{authority} cannot be used ({exc.strerror or exc})"
            raise table.error("client_ca", wrong, "name the PEM certificate that signs those of the clients") from exc
        # Who does not show a certificate of this authority is turned away.
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _file(table: Table, key: str) -> Path:
    return (table.file.parent / table.text(key)).resolve()
