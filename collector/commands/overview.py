"""What is configured, in few lines however many meters there are; and what will not go well with it."""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from collector.acquisition.modbus.traffic import MOST_REQUESTS_PER_S, MOST_SHARE, Traffic, come_together, traffic
from collector.plant.meter import Broker, Endpoint, HeardMeter, Measures, PolledMeter
from collector.plant.profile import MeterProfile
from collector.plant.topology import Plant
from collector.readings.quantity import Quantity

T = TypeVar("T")

WARNING = "warning: "
_MOST_LINES = 12
"""Where the meters of an endpoint would take more lines, those of one profile take one, whatever they are called."""


@dataclass(frozen=True, slots=True)
class _Line:
    """An endpoint with what is behind it."""

    endpoint: Endpoint
    meters: tuple[PolledMeter, ...]
    traffic: Traffic

    @property
    def look(self) -> Hashable:
        """What it has in common with others that differ from it in numbers only."""
        at = (self.endpoint.transport, _shape(self.endpoint.id), _shape(self.endpoint.place))
        return (*at, self.traffic, tuple(_look(meter) for meter in self.meters))


def overview(plant: Plant) -> Iterator[str]:
    """Yield the endpoints with their meters and their load, the profiles in use, and warnings."""
    behind: dict[str, list[PolledMeter]] = {endpoint.id: [] for endpoint in plant.endpoints}
    for meter in plant.polled_meters:
        behind[meter.endpoint.id].append(meter)
    lines = [_Line(e, tuple(behind[e.id]), traffic(e, behind[e.id])) for e in plant.endpoints]
    groups = _alike(lines, lambda line: line.look)
    for group in groups:
        yield f"  {_endpoints(group)}"
        yield from (f"    {text}" for text in _meters([meter for line in group for meter in line.meters]))
    for broker in plant.brokers:
        at = ", then ".join(f"{host} port {port}" for host, port in broker.addresses)
        yield f"  {broker.id} at {at}: {_layouts(plant, broker)}"
        yield from (f"    {text}" for text in _heard([m for m in plant.heard_meters if m.broker == broker.id]))
    if plant.polled_meters:
        yield "profiles:"
    for users in _alike(plant.polled_meters, lambda meter: meter.profile.name):
        yield from (f"  {text}" for text in _profile(users[0].profile, users))
    for group in groups:
        yield from (f"{WARNING}{text}" for text in _too_much(group))
    for meter in plant.polled_meters:
        if meter.measures is Measures.LINE_DC and not come_together(
            meter, Quantity.LINE_VOLTAGE, Quantity.LINE_CURRENT
        ):
            what = "voltage and current do not come in one request, and so not of one instant"
            yield f"{WARNING}{meter.id}: {what}: the power of a modulated line is not their product"


def _alike(things: Iterable[T], look: Callable[[T], Hashable]) -> list[list[T]]:
    """Gather things of one look, each group at the place of its first."""
    groups: dict[Hashable, list[T]] = {}
    for thing in things:
        groups.setdefault(look(thing), []).append(thing)
    return list(groups.values())


def _shape(name: str) -> str:
    return re.sub(r"[0-9]+", "0", name)


def _look(meter: PolledMeter) -> Hashable:
    return (_shape(meter.id), meter.profile.name, meter.every_s, meter.measures)


def _names(names: Sequence[str], things: str) -> str:
    """Name a few of many, and say how many there are."""
    if len(names) <= 2:
        return ", ".join(names)
    like = len({_shape(name) for name in names}) == 1
    shown = f"{names[0]} to {names[-1]}" if like else f"{', '.join(names[:3])} ..."
    return f"{shown} ({len(names)} {things})"


def _endpoints(group: list[_Line]) -> str:
    first, last = group[0], group[-1]
    place = first.endpoint.place if first is last else f"{first.endpoint.place} to {last.endpoint.place}"
    load = f"{first.traffic.requests_per_s:.3g} requests/s" if first.meters else "no meters"
    busy = f", busy {_percent(first.traffic.share)} of the time" if first.traffic.share else ""
    each = " each" if len(group) > 1 else ""
    return f"{_names([line.endpoint.id for line in group], 'endpoints')} at {place}: {load}{busy}{each}"


def _meters(meters: list[PolledMeter]) -> Iterator[str]:
    groups = _alike(meters, _look)
    if len(groups) > _MOST_LINES:
        groups = _alike(meters, lambda meter: (meter.profile.name, meter.every_s, meter.measures))
    for group in groups:
        first = group[0]
        monitored = ", only monitored" if first.measures is Measures.MONITORED else ""
        numbers = _numbers("unit", [meter.unit for meter in group])
        if any(meter.base for meter in group):
            numbers += f", {_numbers('base', [meter.base for meter in group])}"
        names = _names([meter.id for meter in group], "meters")
        yield f"{names}: {first.profile.title}, {numbers}, every {first.every_s:g} s{monitored}"


def _heard(meters: list[HeardMeter]) -> Iterator[str]:
    groups = _alike(meters, lambda meter: (_shape(meter.id), meter.told, meter.measures))
    for group in groups:
        first = group[0]
        monitored = ", only monitored" if first.measures is Measures.MONITORED else ""
        addresses = _names([meter.address for meter in group], "addresses")
        told = ", ".join(quantity.label for quantity in first.told)
        yield f"{_names([meter.id for meter in group], 'meters')}: {addresses}: {told}{monitored}"


def _layouts(plant: Plant, broker: Broker) -> str:
    named = [f"{layout.name} ({layout.title})" for layout in plant.layouts_of(broker)]
    return ", ".join([*named, *(["Sparkplug B"] if broker.sparkplug else [])]) or "nothing is read"


def _numbers(word: str, numbers: list[int]) -> str:
    found = sorted(set(numbers))
    if len(found) == 1:
        return f"{word} {found[0]}"
    return f"{word}s {found[0]} {'and' if len(found) == 2 else 'to'} {found[-1]}"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _profile(profile: MeterProfile, users: list[PolledMeter]) -> Iterator[str]:
    """Yield what is known of a register map, and what of it is polled without being known for sure."""
    vectors = len(profile.test_vectors)
    proof = f"verified by {vectors} test vector{'' if vectors == 1 else 's'}"
    yield f"{profile.name}: {profile.confidence}, {proof if profile.verified else 'unverified: no test vectors'}"
    polled = {register.name for meter in users for register in meter.registers}
    doubtful = [register for register in profile.unverified if register.name in polled]
    for group in _alike(doubtful, lambda register: register.unverified):
        names = ", ".join(register.name for register in group)
        yield f"{profile.name}: {names} {'is' if len(group) == 1 else 'are'} unverified: {group[0].unverified}"


def _too_much(group: list[_Line]) -> Iterator[str]:
    load = group[0].traffic
    name = _names([line.endpoint.id for line in group], "endpoints")
    if load.share > MOST_SHARE:
        busy = f"the line would be busy {_percent(load.share)} of the time"
        what = f"{busy}, and {_percent(MOST_SHARE)} is the most that goes well"
        yield f"{name}: {what}; raise 'every' of its meters, the baud rate, or spread them over more lines"
    elif load.is_too_much:
        what = f"{load.requests_per_s:.3g} requests/s, and {MOST_REQUESTS_PER_S:g} is the most that goes well"
        yield f"{name}: {what}; raise 'every' of its meters, or spread them over more endpoints"
