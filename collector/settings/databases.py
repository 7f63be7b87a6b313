"""Databases: which keys belong to which kind, and what a connection is secured with."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from collector.plant.streams import STREAMS
from collector.settings.configuration import DeliveryTarget, InfluxKind
from collector.settings.models import Delivery
from collector.settings.problems import Problem
from collector.settings.sources import Origins
from collector.settings.tls_files import TLS_KEYS, TlsFiles
from collector.settings.toml_file import Path_, is_under

_NEEDED = {
    InfluxKind.INFLUXDB1: ("database",),
    InfluxKind.INFLUXDB2: ("org", "bucket"),
    InfluxKind.INFLUXDB3: ("database",),
    InfluxKind.VICTORIAMETRICS: (),
}
_BELONG = {
    InfluxKind.INFLUXDB1: ("database", "create_database", "username", "password_file"),
    InfluxKind.INFLUXDB2: ("org", "bucket", "create_bucket", "token_file"),
    InfluxKind.INFLUXDB3: ("database", "token_file"),
    InfluxKind.VICTORIAMETRICS: ("username", "password_file", "token_file"),
}
_OF_SOME_KIND = (
    "org",
    "bucket",
    "create_bucket",
    "token_file",
    "database",
    "create_database",
    "username",
    "password_file",
)


class Databases:
    """Makes databases of checked sections.

    ``find`` returns where a file is that the settings name, and ``secret`` the same for one that holds a secret.
    """

    def __init__(
        self,
        origins: Origins,
        broken: AbstractSet[Path_],
        *,
        secret: Callable[[Path_, str], Path],
        find: Callable[[str], Path],
    ) -> None:
        self._origins = origins
        self._broken = broken
        self._secret = secret
        self._tls = TlsFiles(fine=self._fine, report=self._report, find=find)
        self.problems: list[Problem] = []

    def made(self, sections: Mapping[str, Delivery]) -> tuple[DeliveryTarget, ...]:
        """Return the databases."""
        return tuple(self._target(name, section) for name, section in sections.items())

    def _fine(self, *path: str) -> bool:
        return not is_under(path, self._broken)

    def _report(self, path: Path_, what: str, remedy: str = "") -> None:
        self.problems.append(self._origins.problem(path, what, remedy))

    def _target(self, name: str, section: Delivery) -> DeliveryTarget:
        at = ("delivery", name)
        kind = InfluxKind(section.kind)
        if self._fine(*at, "kind"):
            self._check_keys(at, section, kind)
        if self._fine(*at, "streams"):
            self._check_streams((*at, "streams"), section.streams)
        key = "password_file" if section.password_file else "token_file"
        written = getattr(section, key)
        return DeliveryTarget(
            name=name,
            kind=kind,
            url=section.url.rstrip("/"),
            org=section.org or "",
            bucket=section.bucket or section.database or "",
            create=section.create_database or section.create_bucket,
            username=section.username,
            secret_file=self._secret((*at, key), written) if written else None,
            timeout_s=section.timeout,
            max_body_bytes=int(section.max_body),
            backlog_rate=section.backlog_rate,
            requests=section.requests,
            streams=tuple(dict.fromkeys(section.streams or ())),
            proxy=section.proxy,
            tls=self._tls.made(at, section),
        )

    def _check_streams(self, at: Path_, streams: list[str] | None) -> None:
        if streams == []:
            self._report(at, "names no stream", "name those that the database takes, or remove it for all")
        for stream in streams or ():
            if stream not in STREAMS:
                self._report(at, f"there is no stream {stream}", f"there are {', '.join(sorted(STREAMS))}")

    def _check_keys(self, at: tuple[str, str], section: Delivery, kind: InfluxKind) -> None:
        for key in _OF_SOME_KIND:
            given = getattr(section, key)
            if not self._fine(*at, key):
                continue
            if given and key not in _BELONG[kind]:
                self._report((*at, key), f"does not belong to kind {kind.value}", "remove it")
            elif given is None and key in _NEEDED[kind]:
                self._report((*at, key), f"is missing, and kind {kind.value} needs it", "add it")
        pair = (section.username is None) != (section.password_file is None)
        if pair and "username" in _BELONG[kind] and self._fine(*at, "username") and self._fine(*at, "password_file"):
            self._report((*at, "password_file"), "username and password_file go together", "give both or neither")
        if section.token_file and section.password_file and "username" in _BELONG[kind]:
            self._report((*at, "token_file"), "is given beside password_file", "give one of them")
        for key in TLS_KEYS:
            is_plain = not section.url.startswith("https:") and self._fine(*at, "url")
            if is_plain and getattr(section, key) and self._fine(*at, key):
                self._report((*at, key), "is given, and url is not https", "write https, or remove it")
