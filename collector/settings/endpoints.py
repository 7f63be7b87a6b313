"""Endpoints: which keys belong to which transport, and that no two are one."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from collector.plant.meter import Endpoint, Transport
from collector.settings.models import EndpointSection
from collector.settings.tls_files import TLS_KEYS, Report, TlsFiles
from collector.settings.toml_file import Path_

_NETWORK = ("host", "port")
_LINE = ("device", "baud", "parity", "stop_bits", "data_bits")
_LENIENT = ("lenient_transaction_id",)
_KEYS = {
    Transport.MODBUS_TCP: (*_NETWORK, *_LENIENT),
    Transport.MODBUS_TLS: (*_NETWORK, *_LENIENT, *TLS_KEYS),
    Transport.RTU_OVER_TCP: _NETWORK,
    Transport.ASCII_OVER_TCP: _NETWORK,
    Transport.MODBUS_RTU: _LINE,
    Transport.MODBUS_ASCII: _LINE,
}
_NEEDED = {
    Transport.MODBUS_TCP: ("host",),
    Transport.MODBUS_TLS: ("host", "ca_file"),
    Transport.RTU_OVER_TCP: ("host", "port"),
    Transport.ASCII_OVER_TCP: ("host", "port"),
    Transport.MODBUS_RTU: ("device",),
    Transport.MODBUS_ASCII: ("device",),
}
_PORTS = {Transport.MODBUS_TCP: 502, Transport.MODBUS_TLS: 802}


class Endpoints:
    """Makes endpoints of checked sections.

    ``fine`` tells whether a value is what was written; ``find`` returns where a file is that the settings name.
    """

    def __init__(self, *, fine: Callable[..., bool], report: Report, find: Callable[[str], Path]) -> None:
        self._fine = fine
        self._report = report
        self._tls = TlsFiles(fine=fine, report=report, find=find)

    def made(self, sections: Mapping[str, EndpointSection]) -> dict[str, Endpoint]:
        """Return the endpoints by id."""
        found = {id_: self._endpoint(id_, section) for id_, section in sections.items()}
        self._unique(found)
        return found

    def _endpoint(self, id_: str, section: EndpointSection) -> Endpoint:
        at = ("endpoints", id_)
        transport = Transport(section.transport)
        if self._fine(*at, "transport"):
            self._check_keys(at, section, transport)
        is_ascii = transport.is_ascii
        return Endpoint(
            id=id_,
            transport=transport,
            host=section.host or "",
            port=section.port or _PORTS.get(transport, 0),
            timeout_s=section.timeout,
            device=section.device or "",
            baud=section.baud or 19200,
            parity=section.parity or "even",
            stop_bits=section.stop_bits or 1,
            data_bits=section.data_bits or (7 if is_ascii else 8),
            pause_after_connect_s=section.pause_after_connect,
            pause_between_s=section.pause_between,
            lenient_transaction_id=section.lenient_transaction_id,
            tls=self._tls.made(at, section) if transport is Transport.MODBUS_TLS and section.ca_file else None,
        )

    def _check_keys(self, at: Path_, section: EndpointSection, transport: Transport) -> None:
        for key in (*_NETWORK, *_LINE, *TLS_KEYS, *_LENIENT):
            given = getattr(section, key)
            if not self._fine(*at, key):
                continue
            if given and key not in _KEYS[transport]:
                self._report((*at, key), f"does not belong to transport {transport.value}", "remove it")
            elif given is None and key in _NEEDED[transport]:
                self._report((*at, key), f"is missing, and transport {transport.value} needs it", "add it")
        if transport is Transport.MODBUS_RTU and section.data_bits == 7:
            self._report((*at, "data_bits"), "7 bits cannot carry RTU", "write 8, or use modbus_ascii")

    def _unique(self, endpoints: Mapping[str, Endpoint]) -> None:
        seen: dict[tuple[str, int], str] = {}
        for id_, endpoint in endpoints.items():
            serial = endpoint.transport.is_serial
            keys = ("transport", "device") if serial else ("transport", "host", "port")
            if not all(self._fine("endpoints", id_, key) for key in keys) or not (endpoint.host or endpoint.device):
                continue
            # A device may have several names.
            where = (os.path.realpath(endpoint.device), -1) if serial else (endpoint.host.lower(), endpoint.port)
            same = seen.setdefault(where, id_)
            if same != id_:
                what = endpoint.device if serial else f"{endpoint.host} port {endpoint.port}"
                self._report(
                    ("endpoints", id_), f"is {what} like {same}", "one endpoint, its meters share the connection"
                )
