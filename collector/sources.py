"""The sources of a plant, and what reads their messages, as the settings want them."""

from collections.abc import Callable, Collection, Mapping

from collector.acquisition.modbus.poller import ModbusPoller
from collector.acquisition.mqtt.declaration import LayoutReader
from collector.acquisition.mqtt.message import MessageReader
from collector.acquisition.mqtt.readers import BesideSparkplug
from collector.acquisition.mqtt.sparkplug import SparkplugReader
from collector.acquisition.mqtt.subscriber import MqttSubscriber
from collector.acquisition.source import Source
from collector.clock import Clock
from collector.instruments import Instruments
from collector.pipeline import LEFT_BEHIND_NS
from collector.plant.meter import Broker, PolledMeter
from collector.rereading import LettersAgain
from collector.settings import Configuration
from collector.store.store import Store


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
        phase = number / len(polled)
        found.append(
            ModbusPoller(endpoint, meters, points=plant.points, clock=clock, instruments=instruments, phase=phase)
        )
    found += [
        MqttSubscriber(broker, _reader(broker, configuration, clock, instruments), clock=clock, instruments=instruments)
        for broker in plant.brokers
        if only is None or f"mqtt:{broker.id}" in only
    ]
    return found


def reread(source: Source, configuration: Configuration, clock: Clock) -> None:
    """Let what listens to a broker go on with other layouts, pots and meters, on the connection that stands."""
    plant = configuration.plant
    if not isinstance(source, MqttSubscriber):
        raise TypeError(f"read {source.name} with other layouts: it is no broker's; only brokers have layouts")
    broker = next(each for each in plant.brokers if f"mqtt:{each.id}" == source.name)
    reader: MessageReader = _declared(broker, configuration)
    if isinstance(source.reader, BesideSparkplug):
        reader = source.reader.take_up(plant, _heard(broker, configuration), reader, clock.now_ns())
    source.read_with(broker, reader)


def _declared(broker: Broker, configuration: Configuration) -> LayoutReader:
    """Return what reads the messages of a broker that have a layout."""
    plant = configuration.plant
    return LayoutReader(
        plant,
        plant.layouts_of(broker),
        broker=broker.id,
        site=broker.site,
        qos=broker.qos,
        longest_tare_age_s=configuration.accounting.longest_tare_age_s,
    )


def letters_again(configuration: Configuration, store: Store, clock: Clock) -> LettersAgain:
    """Return what reads dead letters again, with the layouts of the brokers as they are configured now."""
    return LettersAgain(store, *_as_configured(configuration, clock))


def read_letters_with(letters: LettersAgain, configuration: Configuration, clock: Clock) -> None:
    """Let dead letters be read with the layouts of another configuration from now on."""
    letters.read_with(*_as_configured(configuration, clock))


def _as_configured(configuration: Configuration, clock: Clock) -> tuple[Mapping[str, MessageReader], Callable[[], int]]:
    readers = {f"mqtt:{broker.id}": _declared(broker, configuration) for broker in configuration.plant.brokers}
    keep_ns = int(configuration.store.keep_inputs_s * 1e9) - LEFT_BEHIND_NS
    return readers, lambda: clock.now_ns() - keep_ns


def _reader(broker: Broker, configuration: Configuration, clock: Clock, instruments: Instruments) -> MessageReader:
    """Return what reads the messages of a broker."""
    plant = configuration.plant
    declared = _declared(broker, configuration)
    if broker.sparkplug is None:
        return declared
    heard = _heard(broker, configuration)
    sparkplug = SparkplugReader(
        broker.sparkplug, plant, meters=heard, now_ns=clock.now_ns, counts=instruments.sparkplug
    )
    return BesideSparkplug(sparkplug, declared)


def _heard(broker: Broker, configuration: Configuration) -> dict[str, str]:
    """Return the meters that speak at a broker, by their addresses."""
    return {meter.address: meter.id for meter in configuration.plant.heard_meters if meter.broker == broker.id}
