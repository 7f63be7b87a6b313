"""Meters that speak over MQTT: what each names must be there, be told by its broker's layouts, and be its own."""

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from collector.plant.contracts import Technology
from collector.plant.layout import Layout, MessageLayout, Tells
from collector.plant.meter import NEEDED, GasConditions, HeardMeter, Measures
from collector.plant.topology import POT_QUANTITIES
from collector.readings import units
from collector.readings.quantity import Kind, Quantity
from collector.settings import models
from collector.settings.any_meter import AnyMeter
from collector.settings.sources import Origins
from collector.settings.toml_file import Path_

_OF_POLLED = ("profile", "endpoint", "unit", "base", "also", "constants")


class HeardMeters(AnyMeter):
    """Builds the meters that name a broker."""

    def __init__(
        self,
        settings: models.Settings,
        origins: Origins,
        *,
        broken: AbstractSet[Path_],
        layouts: Mapping[str, tuple[Layout, ...] | None],
    ) -> None:
        super().__init__(settings, origins, broken)
        self._layouts = layouts
        self._addresses: dict[tuple[str, str], str] = {}

    def meter(self, id_: str, section: models.MeterSection) -> HeardMeter | None:
        """Return a meter; ``problems`` says what is wrong with it."""
        at = ("meters", id_)
        broker = section.broker or ""
        measures = Measures(section.measures)
        for key in _OF_POLLED:
            if key in section.model_fields_set and self._fine(*at, key):
                self._report((*at, key), "belongs to a meter with an endpoint, and this one has a broker", "remove it")
        self._check_common(at, section, measures)
        address = section.address or id_
        if broker not in self._settings.brokers and self._fine("brokers"):
            self._unknown((*at, "broker"), "broker", broker, self._settings.brokers)
        other = self._addresses.setdefault((broker, address), id_)
        if other != id_ and self._fine(*at, "address"):
            what = f"'{address}' at {broker} is {other} already"
            self._report((*at, "address"), what, "two meters cannot be one device")
        told = tuple(self._quantities(at, section.quantities))
        if told and self._fine(*at, "measures") and self._fine(*at, "quantities"):
            for quantity in NEEDED[measures]:
                if quantity not in told:
                    what = f"{quantity.label} is missing, which {measures.value} needs"
                    self._report((*at, "quantities"), what, "add it, or choose another 'measures'")
        self._check_told(at, section, broker, address, told)
        if told and self._fine(*at, "measures") and self._fine(*at, "quantities"):
            self._check_stack(at, measures, told)
        accuracy, allocation = self._accuracy(at, section), self._allocation(at, section, measures)
        return HeardMeter(
            id=id_,
            measures=measures,
            potline=section.potline,
            every_s=section.every,
            rated_power_kw=math.inf if section.rated_power is None else section.rated_power,
            broker=broker,
            address=address,
            told=told,
            stack=section.stack or "",
            conditions=None if section.conditions is None else GasConditions(section.conditions),
            technology=None if section.technology is None else Technology(section.technology),
            accuracy=accuracy,
            allocation=allocation,
            wraps_at=self._wraps_at(at, section.wraps_at, told),
        )

    def _wraps_at(
        self, at: tuple[str, str], section: Mapping[str, str], told: tuple[Quantity, ...]
    ) -> dict[Quantity, float]:
        """Return where counters wrap, in the units of their quantities."""
        found: dict[Quantity, float] = {}
        for label, written in section.items():
            place = (*at, "wraps_at", label)
            quantity = Quantity.known(label)
            counters = [each.label for each in told if each.kind is Kind.COUNTER]
            if quantity is None or quantity.label not in counters:
                what = "is no counter of this meter"
                self._report(place, what, f"one of: {', '.join(counters)}" if counters else "remove it")
                continue
            try:
                value = units.parse(written, quantity.unit)
            except ValueError as exc:
                what, _, remedy = str(exc).partition("; ")
                self._report(place, what, remedy)
                continue
            if value <= 0:
                self._report(place, f"a counter does not wrap at {written}", "give the value after its last one")
                continue
            found[quantity] = value
        return found

    def _quantities(self, at: tuple[str, str], labels: list[str]) -> dict[Quantity, int]:
        """Return the quantities that are named, each with its place in the list."""
        found: dict[Quantity, int] = {}
        if not labels and self._fine(*at, "quantities"):
            self._report((*at, "quantities"), "is missing", 'say what is taken, like quantities = ["active_power"]')
        for place, label in enumerate(labels):
            try:
                quantity = Quantity.named(label)
            except ValueError as exc:
                what, _, remedy = str(exc).partition("; ")
                self._report((*at, "quantities", place), what, remedy)
                continue
            if quantity in POT_QUANTITIES:
                self._report((*at, "quantities", place), f"{label} belongs to a pot, and not to a meter", "remove it")
            found.setdefault(quantity, place)
        return found

    def _check_told(
        self,
        at: tuple[str, str],
        section: models.MeterSection,
        broker: str,
        address: str,
        told: tuple[Quantity, ...],
    ) -> None:
        """Check that the layouts of the broker tell what is wanted. What Sparkplug tells, only its births know."""
        layouts = self._layouts.get(broker)
        of_broker = self._settings.brokers.get(broker)
        if layouts is None or of_broker is None or of_broker.sparkplug is not None or not self._fine(*at, "quantities"):
            return
        messages = [m for layout in layouts for m in layout.messages if m.tells is Tells.READINGS and not m.of_pots]
        reached = [message for message in messages if _can_have(message, address)]
        offered = {value.quantity for message in reached for value in message.values}
        names = ", ".join(layout.name for layout in layouts)
        for quantity in told:
            place = section.quantities.index(quantity.label)
            if quantity in offered or quantity in POT_QUANTITIES:
                continue
            elsewhere = [m.topic.text for m in messages if any(v.quantity is quantity for v in m.values)]
            what = f"{names} has no {quantity.label} of a meter with the address '{address}'"
            known = ", ".join(sorted(each.label for each in offered)) or "nothing"
            remedy = f"it has {known}"
            if elsewhere:
                remedy = f"it stands in {elsewhere[0]}; give the address that such a topic has"
            self._report((*at, "quantities", place), what, remedy)


def _can_have(message: MessageLayout, address: str) -> bool:
    """Tell whether a message may be of a meter with an address: one word for each name in its topic."""
    return message.meter_of is not None or len(message.topic.owner) == address.count("/") + 1
