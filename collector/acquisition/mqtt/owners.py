"""Whose a message is: from the names in it to the pots, meters and potlines of the plant. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from collector.acquisition.mqtt.message import Cause, PayloadProblem
from collector.plant.layout import Level, MessageLayout, Value
from collector.plant.topology import Plant

Places = tuple[int | None, ...]
"""The point of each value of a declaration; None where the owner has no such quantity."""


class NotOurs(Exception):
    """The message is of a pot or meter of another collector, or of none and its layout says that there are such."""


class Owners:
    """The pots of a plant, and the meters that one broker tells of, by their addresses."""

    def __init__(self, plant: Plant, broker: str) -> None:
        self._plant = plant
        self._heard = tuple(meter for meter in plant.heard_meters if meter.broker == broker)
        self._meters = {meter.address: meter.id for meter in self._heard}
        elsewhere = plant.elsewhere
        self._pots_elsewhere = elsewhere.potline_of_pot
        self._meters_elsewhere = frozenset(address for at, address in elsewhere.addresses if at == broker)

    def told_by(self, layout: MessageLayout) -> tuple[str, ...]:
        """Return the addresses of the meters of which a message may tell something that is wanted."""
        told = {value.quantity for value in layout.values}
        return tuple(meter.address for meter in self._heard if told.intersection(meter.told))

    def address_of(self, layout: MessageLayout, names: Mapping[Level, str], told: str | None) -> str:
        """Return the address of the meter that a message is of: the names of its topic and what it says itself."""
        words = [names[level] for level in layout.topic.owner]
        if told is not None and layout.topic.names(Level.METER):
            if told != names[Level.METER]:
                what = f"the payload speaks of meter '{told}', the topic of '{names[Level.METER]}'"
                raise PayloadProblem(Cause.CONTRADICTION, what)
        elif told is not None:
            words.append(told)
        return "/".join(words)

    def meter(self, address: str) -> str:
        """Return the id of the meter with an address."""
        found = self._meters.get(address)
        if found is None and address in self._meters_elsewhere:
            raise NotOurs
        if found is None:
            what = f"no meter of the plant file has the address '{address}' at this broker"
            raise PayloadProblem(Cause.UNKNOWN_NAME, what)
        return found

    def pot(self, names: Mapping[Level, str], told: str | None) -> str:
        """Return the number of the pot that a message is of: the topic's, the payload's, or both if they agree."""
        pot = names.get(Level.POT, told)
        if pot is None:
            raise PayloadProblem(Cause.MISSING, "the pot is missing")
        known = self._plant.potline_of_pot.get(pot)
        if known is None and pot in self._pots_elsewhere:
            raise NotOurs
        if known is None:
            what = f"pot '{pot}' is not in the plant file; pot numbers keep their leading zeros"
            raise PayloadProblem(Cause.UNKNOWN_NAME, what)
        if names.get(Level.POTLINE, known) != known:
            what = f"pot '{pot}' is on potline {known}, and the topic says {names[Level.POTLINE]}"
            raise PayloadProblem(Cause.CONTRADICTION, what)
        if told is not None and told != pot:
            raise PayloadProblem(Cause.CONTRADICTION, f"the payload speaks of pot '{told}', the topic of '{pot}'")
        return pot

    def potline_of(self, pot: str) -> str:
        """Return the potline of a pot that is known."""
        return self._plant.potline_of_pot[pot]

    def line_of(self, pots: Sequence[str]) -> str:
        """Return the one potline of some pots."""
        of_others = {self._pots_elsewhere[pot] for pot in pots if pot in self._pots_elsewhere}
        own = {self.potline_of(self.pot({}, pot)) for pot in pots if pot not in self._pots_elsewhere}
        if not own and of_others:
            raise NotOurs
        lines = sorted(own | of_others)
        if len(lines) > 1:
            what = f"a crucible with metal of several potlines ({', '.join(lines)}) cannot be booked"
            raise PayloadProblem(Cause.CONTRADICTION, what)
        return lines[0]

    def potline(self, names: Mapping[Level, str], told: str | None) -> str:
        """Return the potline that a message is of."""
        line = names.get(Level.POTLINE, told)
        if line is None:
            raise PayloadProblem(Cause.MISSING, "the potline is missing")
        if line in self._plant.elsewhere.pots:
            raise NotOurs
        if line not in self._plant.potline_of_pot.values():
            raise PayloadProblem(Cause.UNKNOWN_NAME, f"potline '{line}' is not in the plant file")
        if told is not None and told != line:
            what = f"the payload speaks of potline '{told}', the topic of '{line}'"
            raise PayloadProblem(Cause.CONTRADICTION, what)
        return line

    def places(self, owner: str, values: Iterable[Value]) -> Places:
        """Return the points of an owner for some values."""
        return tuple(self._plant.points.find(owner, value.quantity) for value in values)
