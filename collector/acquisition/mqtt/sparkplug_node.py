"""One Sparkplug edge node: its session, the order of its messages, and its devices as far as they are known. Pure.

What is known of a node is doubted as soon as a message is missing, for it may have been a birth: an alias could stand
for something else since. A device whose birth came after the gap is not doubted, and neither is a metric that comes
with its name. The doubt ends with the next birth, which the host asks for where it may.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from collector.acquisition.mqtt import sparkplug_wire as wire
from collector.acquisition.mqtt.message import Cause, PayloadProblem, Refused
from collector.acquisition.mqtt.sparkplug_events import PotEvents
from collector.acquisition.mqtt.sparkplug_metrics import EARLY_MS, MS_NS, NO_EARLIER_MS, Found, Live, Metrics, Row
from collector.acquisition.mqtt.sparkplug_sequence import NUMBERS, Arrived, Place, Sequence
from collector.acquisition.mqtt.sparkplug_wire import DataType, Message
from collector.readings.event import Event
from collector.readings.quality import Quality

ITSELF = ""
"""In the place of a device: the node."""
BIRTHS, DATA, DEATHS = frozenset({"NBIRTH", "DBIRTH"}), frozenset({"NDATA", "DDATA"}), frozenset({"NDEATH", "DDEATH"})

_SECOND_NS = 1_000_000_000
_BORN_WITHIN_NS = 5 * _SECOND_NS
"""So long after its node's birth, or after a gap, a device may take to announce itself before it counts as gone."""
_FIRST_PAUSE_NS, _LONGEST_PAUSE_NS = 2 * _SECOND_NS, 300 * _SECOND_NS
_SESSIONS = 8
_MOST_DEVICES = 4096


@dataclass(slots=True, eq=False)
class Outcome:
    """What messages of nodes led to. ``past``: readings that nodes had stored."""

    rows: list[Row] = field(default_factory=list)
    past: list[Row] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def refuse(self, message: Arrived, problems: list[PayloadProblem]) -> None:
        """Keep a message with what is wrong in it, as one problem."""
        if not problems:
            return
        text = "; ".join(map(str, problems[:5])) + (f"; and {len(problems) - 5} more" if len(problems) > 5 else "")
        self.refused.append(Refused(message.topic, message.raw, PayloadProblem(problems[0].cause, text)))


@dataclass(slots=True, eq=False)
class _Device:
    """A device, or the node itself. ``gone_ns``: when it counts as gone, with which quality, if no birth comes."""

    metrics: Metrics
    events: PotEvents | None
    known: bool
    alive: bool = False
    gone_ns: int | None = None
    gone_as: Quality = Quality.BAD_NOT_CONNECTED


@dataclass(slots=True, eq=False)
class Owner:
    """Whom a device stands for in the plant: its points' owner (None: nobody), and its events if it is a pot.

    ``is_elsewhere``: it is known, and another collector's.
    """

    id: str | None
    events: PotEvents | None = None
    is_elsewhere: bool = False


class Node:
    """One edge node.

    Parameters
    ----------
    name
        Its id in topics.
    owner_of
        Tells whom a device, or the node itself, stands for.
    metrics_of
        Makes what reads the metrics of an owner.
    live
        What is known of all points of the plant.
    wait_ns
        How long a missing message is waited for.
    counts
        What is passed over without a word is counted here.
    """

    def __init__(
        self,
        name: str,
        *,
        owner_of: Callable[[str, str], Owner],
        metrics_of: Callable[[str | None], Metrics],
        live: Live,
        wait_ns: int,
        counts: Counter[str],
    ) -> None:
        self.name = name
        self._owner_of = owner_of
        self._metrics_of = metrics_of
        self._live = live
        self._counts = counts
        self._sequence = Sequence(wait_ns)
        self._wait_ns = wait_ns
        self._devices: dict[str, _Device] = {}
        self._look_ns: int | None = None
        self._born = False
        self._session: int | None = None
        self._sessions: deque[int] = deque(maxlen=_SESSIONS)
        self._wants_birth = False
        self._asked_ns: int | None = None
        self._not_before_ns = 0
        self._pause_ns = _FIRST_PAUSE_NS

    def take(self, message: Arrived, out: Outcome) -> None:
        """Take a message in, and those that waited for it.

        Raises
        ------
        PayloadProblem
            If nothing of it can be used.
        """
        self.pass_time(message.arrived_ns, out)
        if message.kind == "NDEATH":
            self._die(message, out)
            return
        if not message.payload.HasField("seq"):
            raise PayloadProblem(Cause.MISSING, "has no seq, by which a lost message would be noticed")
        number = message.payload.seq
        if number >= NUMBERS:
            raise PayloadProblem(Cause.WRONG_TYPE, f"seq is {number}; it goes from 0 to 255")
        if self._sequence.is_repeated(message.raw):
            self._counts["repeated"] += 1
            return
        if message.kind == "NBIRTH":
            for old in self._sequence.begin(number, message.payload.timestamp):
                out.refuse(old, [_lost("a message before it is missing, and then the node was born again")])
            self._be_born(message, out)
            self._go_on(out)
            return
        self._catch_up(message, out)
        match self._sequence.place(number, message.payload.timestamp):
            case Place.DUE:
                self._work(message, out)
                self._go_on(out)
            case Place.EARLY:
                self._sequence.hold(number, message)
                self.pass_time(message.arrived_ns, out)
            case Place.LATE:
                raise _lost(f"comes more than {self._wait_ns / _SECOND_NS:g} s after the one that follows it")

    def pass_time(self, now_ns: int, out: Outcome) -> None:
        """Give up what has been waited for long enough, and whom."""
        while (deadline_ns := self._sequence.deadline_ns) is not None and deadline_ns <= now_ns:
            straggler = self._sequence.give_up()
            if straggler is not None:
                out.refuse(straggler, [_lost("comes long after those that follow it")])
                continue
            self._doubt(now_ns)
            self._go_on(out)
        if self._look_ns is None or now_ns < self._look_ns:
            return
        self._look_ns = None
        for device in self._devices.values():
            if device.gone_ns is None:
                continue
            if device.gone_ns <= now_ns:
                device.gone_ns = None
                out.rows += self._live.grow_stale(device.metrics, now_ns, device.gone_as)
            else:
                self._look_ns = min(device.gone_ns, self._look_ns or device.gone_ns)

    def lose(self, now_ns: int, out: Outcome) -> None:
        """Forget where the node was: the connection to the broker is gone, and nobody knows what was said since."""
        for held in self._sequence.forget():
            out.refuse(held, [_lost("a message before it is missing, and then the connection was lost")])
        for device in self._devices.values():
            device.metrics.trusted, device.gone_ns = False, None
            out.rows += self._live.grow_stale(device.metrics, now_ns, Quality.BAD_NOT_CONNECTED)

    def listen_again(self, now_ns: int) -> None:
        """Want a birth after a new connection, unless the node announces itself first: it may have been cut, too."""
        if self._born or any(device.alive for device in self._devices.values()):
            self._want_birth(now_ns + self._wait_ns)

    @property
    def devices(self) -> tuple[str, ...]:
        """The names of the devices that it has told of."""
        return tuple(self._devices)

    def forget(self, devices: Iterable[str], now_ns: int) -> None:
        """Forget devices that stand for somebody else now, and want a birth, which says what their values are."""
        for name in devices:
            del self._devices[name]
            self._want_birth(now_ns)

    def asks_for_birth(self, now_ns: int) -> bool:
        """Tell whether to ask the node for a birth now; the pauses between two times grow."""
        if not self._wants_birth or now_ns < self._not_before_ns:
            return False
        self._asked_ns = now_ns
        self._not_before_ns = now_ns + self._pause_ns
        self._pause_ns = min(2 * self._pause_ns, _LONGEST_PAUSE_NS)
        return True

    def _want_birth(self, not_before_ns: int) -> None:
        if self._asked_ns is not None and not_before_ns - self._asked_ns > 2 * _LONGEST_PAUSE_NS:
            self._pause_ns = _FIRST_PAUSE_NS
        if not self._wants_birth:
            self._wants_birth = True
            self._not_before_ns = max(self._not_before_ns, not_before_ns)

    def _catch_up(self, message: Arrived, out: Outcome) -> None:
        """Take in what was sent before a message that seems to be due: a birth between was lost, if there is any."""
        before: int | None = None
        earlier = self._sequence.sent_before(message.payload.seq, message.payload.timestamp)
        for each in (*earlier, message) if earlier else ():
            if before is None or each.payload.seq != before + 1:
                self._doubt(message.arrived_ns)
            before = each.payload.seq
            if each is not message:
                self._attempt(each, out)

    def _go_on(self, out: Outcome) -> None:
        for message in self._sequence.ready():
            self._attempt(message, out)

    def _attempt(self, message: Arrived, out: Outcome) -> None:
        try:
            self._work(message, out)
        except PayloadProblem as exc:
            out.refuse(message, [exc])

    def _work(self, message: Arrived, out: Outcome) -> None:
        """Take in a message whose turn it is."""
        kind = message.kind
        if kind in DATA:
            self._data(message, out)
        elif kind == "DBIRTH":
            self._announce(message, out)
        else:
            device = self._devices.get(message.device)
            if device is not None:
                self._end(device, _time_of(message.payload, message.arrived_ns), out)

    def _be_born(self, message: Arrived, out: Outcome) -> None:
        number = None
        for metric in message.payload.metrics:
            if metric.name == wire.BIRTH_NUMBER:
                number = _birth_number(metric)
        if self._session is not None and number != self._session:
            self._sessions.append(self._session)
        self._session = number
        self._born, self._wants_birth = True, False
        for name, device in self._devices.items():
            device.metrics.trusted = False
            if name != ITSELF and device.alive:
                self._wait_for(device, message.arrived_ns, Quality.BAD_NOT_CONNECTED)
        self._announce(message, out)

    def _announce(self, message: Arrived, out: Outcome) -> None:
        device = self._device(message.device)
        device.alive, device.gone_ns = True, None
        before = device.metrics.points
        problems = device.metrics.learn(message.payload)
        self._counts["not read"] += device.metrics.unread
        forgotten = set(before) - set(device.metrics.points)
        out.rows += self._live.grow_stale(device.metrics, message.arrived_ns, Quality.BAD_CONFIG_ERROR, forgotten)
        if not device.known:
            text = f"'{message.device}' is neither a pot nor a meter of the plant; pot numbers keep their leading zeros"
            problems.append(PayloadProblem(Cause.UNKNOWN_NAME, text))
        found = device.metrics.birth_values(message.payload, message.arrived_ns, self._live)
        self._give(device, message, out, found._replace(problems=[*problems, *found.problems]))
        if not self._born:
            self._want_birth(message.arrived_ns)

    def _data(self, message: Arrived, out: Outcome) -> None:
        device = self._device(message.device)
        if not device.known:
            self._counts["of nobody"] += 1
            return
        if not device.alive:
            self._want_birth(message.arrived_ns)
            raise _lost("data before a birth; nobody knows what its aliases stand for")
        payload = message.payload
        found = device.metrics.data_values(payload, message.arrived_ns, self._live)
        if found.problems and found.problems[-1].cause is Cause.OUT_OF_SEQUENCE:
            self._want_birth(message.arrived_ns)
        if (found.rows or found.past) and not device.metrics.trusted:
            device.gone_ns = None
        if device.events is not None and device.events.unsettled and _is_present(payload):
            found = found._replace(problems=[*found.problems, *device.events.settle()])
        self._give(device, message, out, found)

    def _give(self, device: _Device, message: Arrived, out: Outcome, found: Found) -> None:
        rows, past, told, problems = found
        out.rows += rows
        out.past += past
        if told and device.events is not None:
            events, more = device.events.take(told, message.arrived_ns, birth=message.kind in BIRTHS)
            out.events += events
            problems = [*problems, *more]
        out.refuse(message, problems)

    def _die(self, message: Arrived, out: Outcome) -> None:
        """Believe the death of this session, or of a later one whose birth was missed; not that of an old one."""
        number = next((_birth_number(m) for m in message.payload.metrics if m.name == wire.BIRTH_NUMBER), None)
        known = self._session
        if number is not None and known is not None and number != known:
            behind = (known - number) % NUMBERS
            if number in self._sessions or behind < NUMBERS // 2:
                self._counts["old deaths"] += 1
                return
        self._born, self._wants_birth = False, False
        for old in self._sequence.forget():
            out.refuse(old, [_lost("a message before it is missing, and then the node died")])
        for device in self._devices.values():
            self._end(device, message.arrived_ns, out)

    def _end(self, device: _Device, time_ns: int, out: Outcome) -> None:
        device.alive, device.gone_ns = False, None
        device.metrics.trusted = False
        out.rows += self._live.grow_stale(device.metrics, time_ns, Quality.BAD_NOT_CONNECTED)

    def _doubt(self, now_ns: int) -> None:
        for device in self._devices.values():
            device.metrics.trusted = False
            if device.alive:
                self._wait_for(device, now_ns, Quality.BAD_COMM_FAILURE)
        self._want_birth(now_ns)

    def _wait_for(self, device: _Device, now_ns: int, gone_as: Quality) -> None:
        """Give a device time to announce itself again."""
        device.gone_ns = now_ns + max(_BORN_WITHIN_NS, self._wait_ns)
        device.gone_as = gone_as
        self._look_ns = min(device.gone_ns, self._look_ns or device.gone_ns)

    def _device(self, name: str) -> _Device:
        device = self._devices.get(name)
        if device is None:
            if len(self._devices) >= _MOST_DEVICES:
                raise PayloadProblem(Cause.TOO_LARGE, f"node {self.name} has more than {_MOST_DEVICES} devices")
            owner = self._owner_of(self.name, name)
            known = owner.id is not None or owner.is_elsewhere or name == ITSELF
            device = self._devices[name] = _Device(self._metrics_of(owner.id), owner.events, known)
        return device


def _lost(text: str) -> PayloadProblem:
    return PayloadProblem(Cause.OUT_OF_SEQUENCE, text)


def _birth_number(metric: Message) -> int | None:
    """Return the number of a session, None if it is none."""
    try:
        found = wire.value_of(metric, DataType.UINT64 if metric.HasField("long_value") else DataType.UINT32)
    except PayloadProblem:
        return None
    return None if found is None else int(found)


def _is_present(payload: Message) -> bool:
    """Tell whether data are of the present, and not of what was stored."""
    return any(not metric.is_historical for metric in payload.metrics)


def _time_of(payload: Message, arrived_ns: int) -> int:
    """Return when a payload was sent [ns], or when it came if its clock cannot be right."""
    sent_ms: int = payload.timestamp
    return sent_ms * MS_NS if NO_EARLIER_MS <= sent_ms <= arrived_ns // MS_NS + EARLY_MS else arrived_ns
