"""The sources of a plant, and what reads their messages, as the settings want them."""

import math
from collections.abc import Callable, Collection, Mapping

from collector.acquisition.modbus.poller import ModbusPoller
from collector.acquisition.mqtt.message import MessageReader
from collector.acquisition.source import Source
from collector.clock import Clock
from collector.instruments import Instruments
from collector.pipeline import LEFT_BEHIND_NS
from collector.plant.meter import PolledMeter
from collector.rereading import LettersAgain
from collector.settings import Configuration
from collector.store.store import Store

_TOGETHER = 8
"""So many endpoints are asked at the same instants: to wake the machine for each costs more than what is to be done."""


def sources(
    configuration: Configuration, clock: Clock, instruments: Instruments, only: Collection[str] | None = None
) -> list[Source]:
    """Return the sources of a plant: one an endpoint, one a broker; or ``only`` those of some names."""
    plant = configuration.plant
    found: list[Source] = []
    behind: dict[str, list[PolledMeter]] = {}
    for meter in plant.polled_meters:
        behind.setdefault(meter.endpoint.id, []).append(meter)
    polled = [(endpoint, behind[endpoint.id]) for endpoint in plant.endpoints if endpoint.id in behind]
    for number, (endpoint, meters) in enumerate(polled):
        if only is not None and f"modbus:{endpoint.id}" not in only:
            continue
        phase = number // _TOGETHER / math.ceil(len(polled) / _TOGETHER)
        found.append(
            ModbusPoller(endpoint, meters, points=plant.points, clock=clock, instruments=instruments, phase=phase)
        )
    listened = [broker for broker in plant.brokers if only is None or f"mqtt:{broker.id}" in only]
    if listened:
        from collector import heard  # noqa: PLC0415 - 4 MB that a plant without a broker need not pay

        found += [heard.subscriber(broker, configuration, clock, instruments) for broker in listened]
    return found


def reread(source: Source, configuration: Configuration, clock: Clock) -> None:
    """Let what listens to a broker go on with other layouts, pots and meters, on the connection that stands."""
    from collector import heard  # noqa: PLC0415 - as above

    heard.reread(source, configuration, clock)


def letters_again(configuration: Configuration, store: Store, clock: Clock) -> LettersAgain:
    """Return what reads dead letters again, with the layouts of the brokers as they are configured now."""
    return LettersAgain(store, *_as_configured(configuration, clock))


def read_letters_with(letters: LettersAgain, configuration: Configuration, clock: Clock) -> None:
    """Let dead letters be read with the layouts of another configuration from now on."""
    letters.read_with(*_as_configured(configuration, clock))


def _as_configured(configuration: Configuration, clock: Clock) -> tuple[Mapping[str, MessageReader], Callable[[], int]]:
    readers: Mapping[str, MessageReader] = {}
    if configuration.plant.brokers:
        from collector import heard  # noqa: PLC0415 - as above

        readers = heard.readers(configuration)
    keep_ns = int(configuration.store.keep_inputs_s * 1e9) - LEFT_BEHIND_NS
    return readers, lambda: clock.now_ns() - keep_ns
