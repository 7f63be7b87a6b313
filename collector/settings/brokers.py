"""Brokers: which keys belong together, and that no two sessions are one."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from collector.plant.meter import Broker, Sparkplug, Tls
from collector.plant.sparkplug import MetricMeaning
from collector.settings.fields import address
from collector.settings.metrics import read_metrics
from collector.settings.models import BrokerSection, SparkplugSection
from collector.settings.problems import ConfigurationError, Problem, shown
from collector.settings.tls_files import TLS_KEYS, Report, TlsFiles
from collector.settings.toml_file import Path_

_PORT, _TLS_PORT = 1883, 8883


class Brokers:
    """Makes brokers of checked sections.

    ``fine`` tells whether a value is what was written; ``find`` returns where a file is that the settings name, and
    ``secret`` the same for one that holds a secret.
    """

    def __init__(
        self,
        *,
        fine: Callable[..., bool],
        report: Report,
        find: Callable[[str], Path],
        secret: Callable[[Path_, str], Path],
        layouts_dir: Path,
    ) -> None:
        self._fine = fine
        self._report = report
        self._secret = secret
        self._tls_files = TlsFiles(fine=fine, report=report, find=find)
        self._layouts_dir = layouts_dir
        self._metrics: dict[str, tuple[MetricMeaning, ...]] = {}
        self.problems: list[Problem] = []
        """What is wrong in files that brokers name."""

    def made(self, sections: Mapping[str, BrokerSection]) -> tuple[Broker, ...]:
        """Return the brokers."""
        brokers = tuple(self._broker(id_, section) for id_, section in sections.items())
        self._unique_clients(brokers)
        return brokers

    def _broker(self, id_: str, section: BrokerSection) -> Broker:
        at = ("brokers", id_)
        password = section.password_file and self._secret((*at, "password_file"), section.password_file)
        pair = (section.username is None) != (section.password_file is None)
        if pair and self._fine(*at, "username") and self._fine(*at, "password_file"):
            key = "username" if section.username is None else "password_file"
            self._report((*at, key), "username and password_file go together", "give both or neither")
        places = [(section.host, None)] if isinstance(section.host, str) else map(address, section.host)
        usual = section.port or (_TLS_PORT if section.tls else _PORT)
        (host, port), *others = [(host, port or usual) for host, port in places]
        return Broker(
            id=id_,
            host=host.removeprefix("[").removesuffix("]"),
            port=port,
            others=tuple(others),
            protocol=section.protocol,
            site=section.site,
            client_id=section.client_id,
            session_expiry_s=section.session_expiry,
            max_unacknowledged=section.max_unacknowledged,
            username=section.username,
            password_file=password or None,
            layouts=tuple(dict.fromkeys(section.layouts)),
            share=section.share or "",
            qos=section.qos,
            tls=self._tls(at, section),
            status_topic=self._status_topic(at, section),
            keepalive_s=section.keepalive,
            sparkplug=None if section.sparkplug is None else self._sparkplug((*at, "sparkplug"), section.sparkplug),
        )

    def _tls(self, at: Path_, section: BrokerSection) -> Tls | None:
        if section.tls:
            return self._tls_files.made(at, section)
        for key in TLS_KEYS:
            if getattr(section, key) and self._fine(*at, key) and self._fine(*at, "tls"):
                self._report((*at, key), "is given, and tls is not true", "write tls = true, or remove it")
        return None

    def _status_topic(self, at: Path_, section: BrokerSection) -> str:
        topic = section.status_topic.replace("{client_id}", section.client_id)
        if ("+" in topic or "#" in topic) and self._fine(*at, "client_id"):
            what = f"the collector's own topic would be {topic}, and nothing can be published to one with + or #"
            self._report((*at, "status_topic"), what, 'give another one, or "" for none')
        return topic

    def _sparkplug(self, at: Path_, section: SparkplugSection) -> Sparkplug:
        if section.primary and section.host_id is None:
            self._report((*at, "host_id"), "is missing, and a primary host needs it", "add it")
        return Sparkplug(
            groups=tuple(dict.fromkeys(section.groups)),
            host_id=section.host_id or "",
            primary=section.primary,
            allow_rebirth=section.allow_rebirth,
            reorder_s=section.reorder,
            metrics=self._meanings((*at, "metrics"), section.metrics),
        )

    def _meanings(self, at: Path_, name: str) -> tuple[MetricMeaning, ...]:
        """Return what metrics mean by the file of that name, which several brokers may share."""
        if name in self._metrics or not self._fine(*at):
            return self._metrics.get(name, ())
        path = self._layouts_dir / f"{name}.toml"
        found: tuple[MetricMeaning, ...] = ()
        if not os.path.isfile(path):  # noqa: PTH113 - never raises
            self._report(at, f"there is no file {shown(path)}", "correct the name, or write the file")
        else:
            try:
                found = read_metrics(path)
            except ConfigurationError as exc:
                self.problems += exc.problems
        self._metrics[name] = found
        return found

    def _unique_clients(self, brokers: tuple[Broker, ...]) -> None:
        seen: dict[tuple[str, int, str], str] = {}
        for broker in brokers:
            if not all(self._fine("brokers", broker.id, key) for key in ("host", "port", "client_id")):
                continue
            places = ((host.lower(), port, broker.client_id) for host, port in broker.addresses)
            others = [seen.setdefault(place, broker.id) for place in places]
            other = next((each for each in others if each != broker.id), broker.id)
            if other != broker.id:
                self._report(
                    ("brokers", broker.id, "client_id"),
                    f"is the one of {other}, at the same broker",
                    "the broker would throw each out in turn",
                )
