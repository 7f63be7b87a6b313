"""``/metrics``: the catalogue of instruments and the states beside it, in the text format of Prometheus.

Only importer of prometheus_client. It has a registry of its own: nothing that another library registers is served.
"""

import asyncio
import importlib.metadata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from collector.clock import Clock
from collector.instruments import Instruments
from collector.page import catalogue
from collector.page.catalogue import Metric

DISTRIBUTION = "potline-collector"

Family = CounterMetricFamily | GaugeMetricFamily


class Metrics(Collector):
    """The metrics of a running collector.

    Parameters
    ----------
    instruments, clock
        What is counted, and what tells ages.
    alerts
        The alerts that fire; asked for on the event loop. None: there are none to tell of.
    """

    def __init__(
        self,
        instruments: Instruments,
        clock: Clock,
        alerts: Callable[[], Sequence[Mapping[str, Any]]] | None = None,
    ) -> None:
        self._instruments = instruments
        self._clock = clock
        self._alerts = alerts
        self._firing: dict[str, float] = {}
        self._version = ""
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    async def served(self) -> tuple[bytes, str]:
        """Return what is served, and its content type. The text is made on a thread, which looks into ``/proc``."""
        rules = [str(alert["rule"]) for alert in (() if self._alerts is None else self._alerts())]
        self._firing = {rule: float(rules.count(rule)) for rule in rules}
        return await asyncio.to_thread(self.text)

    def text(self) -> tuple[bytes, str]:
        """Return what is served, and its content type."""
        self._version = self._version or importlib.metadata.version(DISTRIBUTION)
        return generate_latest(self._registry), CONTENT_TYPE_PLAIN_0_0_4

    def describe(self) -> Iterable[Family]:
        """Return nothing: the names are this registry's own, and nobody else registers any."""
        return ()

    def collect(self) -> Iterator[Family]:
        """Yield each metric of the catalogue with what it has now; one without a value still says what it means."""
        seen = self._instruments
        for metric in catalogue.PLAIN:
            yield _family(metric, [("", getattr(seen, metric.field))])
        for metric in catalogue.BY_CAUSE:
            yield _family(metric, dict(getattr(seen, metric.field)).items())
        for metric, samples in self._states():
            yield _family(metric, samples)

    def _states(self) -> Iterator[tuple[Metric, Iterable[tuple[str, float]]]]:
        seen, now_ns = self._instruments, self._clock.now_ns()
        meters = dict(seen.meters)
        waiting = dict(seen.waiting)
        trips = {name: meter.round_trip_s for name, meter in meters.items()}
        yield catalogue.LINE_WAITS, [(seen.line_waits_for, 1.0)] if seen.line_waits else []
        yield catalogue.SOURCE_UP, [(name, words == "running") for name, words in dict(seen.source_states).items()]
        yield catalogue.DATABASE_UP, [(name, words == "delivering") for name, words in dict(seen.target_states).items()]
        yield catalogue.DATABASE_LAG, [(name, left.lag_s(now_ns)) for name, left in waiting.items()]
        yield catalogue.DATABASE_RECORDS, [(name, left.records) for name, left in waiting.items()]
        yield catalogue.DATABASE_LINES, [(name, left.lines) for name, left in waiting.items()]
        yield catalogue.DATABASE_BYTES, [(name, left.size_bytes) for name, left in waiting.items()]
        yield catalogue.DATABASE_DELIVERED, [(name, ns * 1e-9) for name, ns in dict(seen.delivered_ns).items()]
        yield catalogue.METER_SILENT, [(name, bool(meter.error)) for name, meter in meters.items()]
        yield catalogue.METER_ROUND_TRIP, [(name, trip) for name, trip in trips.items() if trip is not None]
        yield catalogue.METER_ANSWERED, [(name, meter.answered) for name, meter in meters.items()]
        yield catalogue.METER_UNANSWERED, [(name, meter.silent) for name, meter in meters.items()]
        yield catalogue.METER_REFUSED, [(name, meter.refused) for name, meter in meters.items()]
        yield (
            catalogue.METER_SET_ASIDE,
            [(name, sum(len(each.registers) for each in meter.set_aside)) for name, meter in meters.items()],
        )
        yield catalogue.ALERTS, self._firing.items()
        yield catalogue.BUILD, [(self._version, 1.0)]


def _family(metric: Metric, samples: Iterable[tuple[str, float]]) -> Family:
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = kind(metric.name, metric.meaning, labels=[metric.label] if metric.label else None)
    for label, value in samples:
        family.add_metric([label] if metric.label else [], float(value))
    return family
