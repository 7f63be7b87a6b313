"""Certificates and keys that the settings name: that they are there, and what they should be."""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from collector.plant.meter import Tls
from collector.settings.toml_file import Path_

TLS_KEYS = ("ca_file", "certificate_file", "key_file", "server_name")


class Report(Protocol):
    """Notes a problem."""

    def __call__(self, path: Path_, what: str, remedy: str = "") -> None:
        """Note what is wrong at a path, and what to do about it."""
        ...


class TlsSection(Protocol):
    """A section with the keys of TLS."""

    @property
    def ca_file(self) -> str | None:
        """The CA's certificate; None: those that this machine trusts."""
        ...

    @property
    def certificate_file(self) -> str | None:
        """What the collector shows of itself."""
        ...

    @property
    def key_file(self) -> str | None:
        """The key to it."""
        ...

    @property
    def server_name(self) -> str | None:
        """The name in the other side's certificate, where it is not the host's."""
        ...


class TlsFiles:
    """Finds and checks what a section with TLS names."""

    def __init__(self, *, fine: Callable[..., bool], report: Report, find: Callable[[str], Path]) -> None:
        self._fine = fine
        self._report = report
        self._find = find

    def made(self, at: Path_, section: TlsSection) -> Tls:
        """Return what a connection is secured with."""
        tls = Tls(
            ca_file=self._find(section.ca_file) if section.ca_file else None,
            certificate_file=self._find(section.certificate_file) if section.certificate_file else None,
            key_file=self._find(section.key_file) if section.key_file else None,
            server_name=section.server_name or "",
        )
        if tls.ca_file is not None and self._readable((*at, "ca_file"), tls.ca_file):
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=tls.ca_file)
            except ssl.SSLError:
                self._report((*at, "ca_file"), f"{tls.ca_file} holds no certificate", "give the CA's in PEM")
        if (tls.certificate_file is None) != (tls.key_file is None):
            key = "key_file" if tls.key_file is None else "certificate_file"
            if self._fine(*at, key):
                self._report((*at, key), "certificate_file and key_file go together", "give both or neither")
        elif tls.certificate_file is not None and tls.key_file is not None:
            certificate = self._readable((*at, "certificate_file"), tls.certificate_file)
            if self._readable((*at, "key_file"), tls.key_file) and certificate:
                self._pair(at, tls.certificate_file, tls.key_file)
        return tls

    def _readable(self, at: Path_, path: Path) -> bool:
        try:
            path.read_bytes()
        except OSError as exc:
            self._report(at, f"{path} cannot be read: {exc.strerror}", "create it, readable for the collector's user")
            return False
        return True

    def _pair(self, at: Path_, certificate: Path, key: Path) -> None:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password="")
        except ssl.SSLError as exc:
            if exc.reason == "KEY_VALUES_MISMATCH":
                self._report((*at, "key_file"), f"{key} is not the key of {certificate}", "give the one made with it")
            else:
                what = f"{certificate} and {key} are no certificate and key"
                self._report((*at, "certificate_file"), what, "give both in PEM, the key without a password")
