"""Sources that speak by themselves: brokers, and what reads their messages.

Apart from the sources that are asked: clients and formats of MQTT take 4 MB, which a plant without a broker need not
pay.
"""

from collections.abc import Mapping

from collector.acquisition.mqtt.declaration import LayoutReader
from collector.acquisition.mqtt.message import MessageReader
from collector.acquisition.mqtt.readers import BesideSparkplug
from collector.acquisition.mqtt.subscriber import MqttSubscriber
from collector.acquisition.source import Source
from collector.clock import Clock
from collector.instruments import Instruments
from collector.plant.meter import Broker
from collector.settings import Configuration


def subscriber(broker: Broker, configuration: Configuration, clock: Clock, instruments: Instruments) -> Source:
    """Return a broker as a source."""
    reader = _reader(broker, configuration, clock, instruments)
    return MqttSubscriber(broker, reader, clock=clock, instruments=instruments)


def readers(configuration: Configuration) -> Mapping[str, MessageReader]:
    """Return what reads the messages of each broker that have a layout, by the name of the source."""
    return {f"mqtt:{broker.id}": _declared(broker, configuration) for broker in configuration.plant.brokers}


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


def _reader(broker: Broker, configuration: Configuration, clock: Clock, instruments: Instruments) -> MessageReader:
    """Return what reads the messages of a broker."""
    plant = configuration.plant
    declared = _declared(broker, configuration)
    if broker.sparkplug is None:
        return declared
    # Google's parser takes 2 MB: only where there are such messages.
    from collector.acquisition.mqtt.sparkplug import SparkplugReader  # noqa: PLC0415 - see the line above

    heard = _heard(broker, configuration)
    sparkplug = SparkplugReader(
        broker.sparkplug, plant, meters=heard, now_ns=clock.now_ns, counts=instruments.sparkplug
    )
    return BesideSparkplug(sparkplug, declared)


def _heard(broker: Broker, configuration: Configuration) -> dict[str, str]:
    """Return the meters that speak at a broker, by their addresses."""
    return {meter.address: meter.id for meter in configuration.plant.heard_meters if meter.broker == broker.id}
