"""The settings of a collector that has a part of the plant: own lines, own store, own sessions."""

from dataclasses import replace
from pathlib import Path

from collector.plant.alerts import AlertTopic
from collector.plant.contracts import Portfolio
from collector.plant.division import Part, divided
from collector.settings.configuration import Configuration


def of_part(whole: Configuration, part: Part) -> Configuration:
    """Return the configuration of the collector of one part.

    Rules of alerts stay as they are: where a series is another collector's, there is nothing here that they judge.
    """
    plant = divided(whole.plant, part)
    topic = whole.alert_topic
    if topic is not None:
        broker = next(broker for broker in plant.brokers if broker.id == topic.broker.id)
        topic = AlertTopic(broker, f"{topic.topic}/{part.name}")
    region = whole.plant.price_region
    return replace(
        whole,
        lines_share_a_contract=not part.shared and whole.plant.portfolio != Portfolio(),
        price_withheld=region is not None and plant.price_region is None,
        plant=plant,
        store=replace(whole.store, path=own_store(whole.store.path, part.name)),
        balances={potline: rules for potline, rules in whole.balances.items() if potline in part.potlines},
        alert_topic=topic,
        part=part,
    )


def own_store(path: Path, name: str) -> Path:
    """Return the store of a collector of that name: potline.sqlite is potline-NAME.sqlite."""
    return path.with_name(f"{path.stem}-{name}{path.suffix}")
