"""Alerts over MQTT: the latest state of each, retained and with QoS 1, until the broker has confirmed it.

What is to be told stands in the store, so a broker that is away, or a collector that is, delays it only. Meanwhile the
latest state of an alert takes the place of the ones before. The session is one of its own, so that nothing that the
meters and pots say waits for it, and it is left when nothing has been told for a while.
"""

import asyncio
import contextlib
import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

import msgspec

from collector.acquisition.mqtt.connection import MqttConnection
from collector.acquisition.mqtt.message import Publication
from collector.acquisition.source import SourceUnavailable
from collector.alerting import remembered
from collector.alerting.alerts import Alerts
from collector.alerting.remembered import Alert, Identity
from collector.alerting.sentences import filled, series_name
from collector.clock import Clock
from collector.plant.alerts import AlertTopic
from collector.store.schema import StoreUnwritable
from collector.store.store import Store

_LINGERS_S = 30.0
"""So long the connection is kept after the last alert: the next one often follows soon."""
_MOST_AT_ONCE = 200
_NO_LEVEL = re.compile(r"[\s/+#]+")


class AlertTeller:
    """Tells a broker of alerts.

    Parameters
    ----------
    alerts
        What there is to tell.
    place
        The broker, and the topic with its placeholders.
    store
        Where it is noted what the broker has confirmed.
    clock
        For the connection.
    """

    def __init__(self, alerts: Alerts, place: AlertTopic, store: Store, clock: Clock) -> None:
        self._alerts, self._topic, self._store = alerts, place.topic, store
        # Of its own: the name of the subscriber's session would throw that one out.
        broker = replace(place.broker, client_id=f"{place.broker.client_id}-alerts", session_expiry_s=0.0, share="")
        self._broker, self._clock = broker, clock
        self.name = f"alerts:{place.broker.id}"
        self.has_told = False

    async def run(self) -> None:
        """Tell what is to be told, and leave when nothing has been for a while.

        Raises
        ------
        SourceUnavailable
            If the broker cannot be reached or is lost, or the store takes no note. Nothing is forgotten.
        """
        self.has_told = False
        await self._some()
        # A new one each time: it has no session to remember.
        async with MqttConnection(self._broker, self._clock, subscriptions=tuple, will=lambda: None) as connection:
            while True:
                untold = dict(islice(self._alerts.untold().items(), _MOST_AT_ONCE))
                for alert in untold.values():
                    await connection.tell(self._publication(alert))
                await self._confirmed(untold)
                if not untold and not await self._more():
                    return

    async def _some(self) -> None:
        """Wait until there is something to tell."""
        while not self._alerts.untold():
            await self._alerts.news.wait()
            self._alerts.news.clear()

    async def _more(self) -> bool:
        """Wait a while for something to tell."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGERS_S):
                await self._some()
        return bool(self._alerts.untold())

    async def _confirmed(self, told: Mapping[Identity, Alert]) -> None:
        if not told:
            return
        self.has_told = True
        try:
            await self._store.change(lambda db: remembered.note_told(db, told))
        except StoreUnwritable as exc:  # after a restart it will be told again, which does no harm
            raise SourceUnavailable(str(exc)) from exc
        self._alerts.told(told)

    def _publication(self, alert: Alert) -> Publication:
        levels = {**alert.tags, "rule": alert.rule, "severity": alert.severity, "series": series_name(alert.tags)}
        topic = filled(self._topic, {key: _NO_LEVEL.sub("_", value) for key, value in levels.items()})
        return Publication(topic, msgspec.json.encode(alert.document()), qos=1, retain=True)
