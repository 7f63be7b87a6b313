"""The reader of a broker whose messages are described by layouts. Pure: no network, no file, no clock.

A topic is looked up once and then known with all that follows from it: whose it is, and the short way to its values.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from collector.acquisition.mqtt import payload as json
from collector.acquisition.mqtt.events import EventReader
from collector.acquisition.mqtt.message import Cause, PayloadProblem, Publication, Subscription, Told
from collector.acquisition.mqtt.owners import NotOurs, Owners
from collector.acquisition.mqtt.paths import NOTHING, found
from collector.acquisition.mqtt.quick import Quick, QuickReader
from collector.acquisition.mqtt.samples import SampleReader, check_version, elements
from collector.acquisition.mqtt.topics import Levels, TopicTree, filters, merged, words_of
from collector.plant.layout import Choice, Layout, Level, MessageLayout, Tells, dotted
from collector.plant.topology import Plant
from collector.readings.event import Event

_MOST_TOPICS = 20_000
"""Topics that are known at a time. A plant has a few for each pot and meter; a sender may make up more."""


@dataclass(frozen=True, slots=True, eq=False)
class _Form:
    """One declaration, and what reads by it."""

    layout: MessageLayout
    levels: Levels
    largest: int
    samples: SampleReader
    quick: QuickReader | None
    events: EventReader | None


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """A topic, once it has been seen."""

    forms: Sequence[_Form]
    names: Sequence[dict[Level, str]]
    """What the topic says by the levels of each form."""
    largest: int
    ways: list[tuple[_Form, Quick]] = field(default_factory=list)
    """The short ways of those forms that have one, first that of the form that came last."""


class LayoutReader:
    """Reads the messages of one broker.

    Parameters
    ----------
    plant
        Whose pots and meters the messages tell of.
    layouts
        What they look like.
    broker, site
        The broker's id, for which meters name it, and what stands at ``{site}`` in its topics.
    qos
        The quality of service to subscribe with.
    longest_tare_age_s
        A crucible weighing is booked only when its tare is no older than this.
    """

    def __init__(
        self,
        plant: Plant,
        layouts: Sequence[Layout],
        *,
        broker: str,
        site: str,
        longest_tare_age_s: float,
        qos: int = 1,
    ) -> None:
        owners = Owners(plant, broker)
        potlines = tuple(potline.id for potline in plant.potlines) if plant.elsewhere.pots else None
        wanted: list[str] = []
        marks: dict[tuple[str, ...], list[Choice]] = {}
        self._tree: TopicTree[_Form] = TopicTree()
        self._known: dict[str, _Known] = {}
        told = [(layout.largest, message) for layout in layouts for message in layout.messages]
        # Of several forms on one topic, the one without a mark comes last: it is what is left.
        for largest, message in sorted(told, key=lambda pair: pair[1].where is None):
            earlier = marks.setdefault(message.topic.shape, [])
            events = quick = None
            if message.tells.is_event:
                events = EventReader(message, owners, plant, longest_tare_age_s=longest_tare_age_s)
            elif message.tells is Tells.READINGS and not message.topic.names(Level.QUANTITY):
                quick = QuickReader(message, tuple(earlier))
            form = _Form(message, message.topic.at(site), largest, SampleReader(message, owners), quick, events)
            self._tree.add(form.levels, form)
            wanted += filters(message, site, owners.told_by(message), potlines)
            earlier += [message.where] if message.where else []
        self._subscriptions = tuple(Subscription(topic, qos) for topic in merged(wanted))

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """What to subscribe to."""
        return self._subscriptions

    @property
    def will(self) -> Publication | None:
        """Nothing: layouts only read."""
        return None

    def connected(self, now_ns: int) -> tuple[Publication, ...]:
        """Return nothing: layouts only read."""
        del now_ns
        return ()

    def lost(self, now_ns: int) -> Told:
        """Return nothing: what was told stays true, and grows old by itself."""
        del now_ns
        return Told([])

    def due(self, now_ns: int) -> Told:
        """Return nothing: layouts have no timers."""
        del now_ns
        return Told([])

    def fits(self, topic: str) -> bool:
        """Tell whether a topic is one of the layouts."""
        return topic in self._known or bool(self._tree.find(topic))

    def read(self, topic: str, payload: bytes, *, arrived_ns: int, retained: bool) -> Told:
        """Return what a message says.

        Raises
        ------
        PayloadProblem
            If it is not what was declared for its topic.
        """
        known = self._known.get(topic)
        if known is None:
            known = self._learnt(topic)
        if len(payload) > known.largest:
            raise PayloadProblem(Cause.TOO_LARGE, f"{len(payload)} bytes are more than {known.largest}")
        if not retained and known.ways:
            told = known.ways[0][1](payload, arrived_ns)
            if told is not None:
                return told
        return self._at_length(known, payload, arrived_ns, retained=retained)

    def _learnt(self, topic: str) -> _Known:
        forms = self._tree.find(topic)
        if not forms:
            raise PayloadProblem(Cause.UNKNOWN_TOPIC, "no layout of this broker has such a topic")
        names = [words_of(form.levels, topic) for form in forms]
        known = _Known(forms, names, max(form.largest for form in forms))
        known.ways.extend((form, way) for form in forms if (way := _way(form, topic)) is not None)
        if len(self._known) >= _MOST_TOPICS:
            self._known.clear()
        self._known[topic] = known
        return known

    def _at_length(self, known: _Known, payload: bytes, arrived_ns: int, *, retained: bool) -> Told:
        """Return what a message says by the long way, which also finds out what is wrong with it."""
        first = known.forms[0].layout
        if first.tells is Tells.IGNORE and first.where is None:
            return Told([])
        if first.is_number:
            names = known.names[0]
            read = partial(known.forms[0].samples.number, json.only_number(payload))
            return _of_ours(first, lambda: read(names, arrived_ns, retained=retained))
        message = json.parsed(payload)
        if not isinstance(message, dict) and not any(form.layout.samples == () for form in known.forms):
            raise PayloadProblem(Cause.WRONG_TYPE, f"the payload is {json.shown(message)}, and no table")
        form = self._form(known.forms, message)
        if not retained and (told := _another(known.ways, form, payload, arrived_ns)) is not None:
            return told
        if form.layout.tells is Tells.IGNORE:
            return Told([])
        names = known.names[known.forms.index(form)]
        check_version(message, form.layout.version)
        return _of_ours(form.layout, lambda: _told(form, message, names, arrived_ns, retained=retained))

    @staticmethod
    def _form(forms: Sequence[_Form], message: object) -> _Form:
        """Return the declaration that a message is of, among those with its topic."""
        for form in forms:
            where = form.layout.where
            if where is None:
                return form
            value = found(message, where.path)
            there = value is not NOTHING and value is not None
            if there and (not where.among or json.is_one_of(value, where.among)):
                return form
        paths = dict.fromkeys(dotted(form.layout.where.path) for form in forms if form.layout.where)
        what = f"is of none of the forms that its topic is declared with; {', '.join(paths)} would tell them apart"
        raise PayloadProblem(Cause.UNKNOWN_WORD, what)


def _way(form: _Form, topic: str) -> Quick | None:
    """Return the short way for the owner that a topic names, if there is one."""
    layout, names = form.layout, words_of(form.levels, topic)
    named = names.get(Level.POT if layout.of_pots else Level.METER)
    if form.quick is None or (named is None and (layout.pot_of or layout.meter_of)):
        return None
    try:
        owner = form.samples.owner(names)
    except (PayloadProblem, NotOurs):
        return None
    return form.quick.way(form.samples.places(owner), named)


def _another(ways: list[tuple[_Form, Quick]], form: _Form, payload: bytes, arrived_ns: int) -> Told | None:
    """Return what a message says by the short way of its form, if that is not the one that was tried.

    A sender keeps to its form. So only one is tried before it is known of which form a message is: what is of no use
    would else be parsed once more for each of the forms.
    """
    for place, (of, way) in enumerate(ways):
        if of is form and place:
            told = way(payload, arrived_ns)
            if told is not None:
                ways.insert(0, ways.pop(place))
            return told
    return None


def _told(form: _Form, message: object, names: dict[Level, str], arrived_ns: int, *, retained: bool) -> Told:
    read = Told([])
    if form.layout.values:
        read = form.samples.read(message, names, arrived_ns, retained=retained)
    if form.events is None:
        return read
    listed = elements(message, form.layout)
    events: list[Event] = []
    for each in listed:
        with contextlib.suppress(NotOurs):
            events.append(form.events.read(each, message, names, arrived_ns))
    return replace(read, events=tuple(events))


def _of_ours(layout: MessageLayout, read: Callable[[], Told]) -> Told:
    """Read; nothing is told of a pot or meter that the plant does not have, where the layout says so."""
    try:
        return read()
    except NotOurs:
        return Told([])
    except PayloadProblem as exc:
        if exc.cause is Cause.UNKNOWN_NAME and not layout.unknown:
            return Told([])
        raise
