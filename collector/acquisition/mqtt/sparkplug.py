"""The collector as a Sparkplug B host: topics and payloads in, readings and events out. Pure: nothing here waits.

It publishes two things: whether it is there, as a primary host does, and the request to a node to announce itself
again. It has no other command; none can reach a pot. Without leave for that request (``allow_rebirth``) it waits for
births: what comes before them cannot be understood, and is kept as a dead letter.

Births, data and deaths are never retained by a node that keeps to the rules; what a broker has retained is old.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from collector.acquisition.mqtt import sparkplug_wire as wire
from collector.acquisition.mqtt.message import Cause, PayloadProblem, Publication, Subscription, Told
from collector.acquisition.mqtt.sparkplug_events import PotEvents
from collector.acquisition.mqtt.sparkplug_metrics import Live, Metrics
from collector.acquisition.mqtt.sparkplug_node import ITSELF, Node, Outcome, Owner
from collector.acquisition.mqtt.sparkplug_sequence import Arrived
from collector.plant.meter import Sparkplug
from collector.plant.sparkplug import NAMESPACE
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch

_MOST_NODES = 4096
_NOTHING = Told([])


@dataclass(frozen=True, slots=True)
class _Origin:
    """What a topic says."""

    kind: str
    group: str
    node: Node
    device: str


class SparkplugReader:
    """Reads what the nodes of some groups tell.

    Parameters
    ----------
    settings : Sparkplug
        Which groups, and what may be said.
    plant : Plant
        Pots are known by their numbers.
    meters : mapping
        Meters' ids by their addresses: a device's name, ``node/device``, or a node's name for the node's own metrics.
    now_ns : callable
        Tells the time [UTC ns].
    counts : Counter or None
        Where to count; several readers may share one. None: in one of its own.

    Attributes
    ----------
    counts : Counter
        What was passed over without a word, by its kind.
    """

    def __init__(
        self,
        settings: Sparkplug,
        plant: Plant,
        *,
        meters: Mapping[str, str],
        now_ns: Callable[[], int],
        counts: Counter[str] | None = None,
    ) -> None:
        self._settings = settings
        self._plant = plant
        self._meters = meters
        self._now_ns = now_ns
        self._meanings = {meaning.name.encode(): meaning for meaning in settings.metrics}
        self._live = Live()
        self._events: dict[str, PotEvents] = {}
        self._nodes: dict[tuple[str, str], Node] = {}
        self._origins: dict[str, _Origin] = {}
        self._late = Outcome()
        self._is_online = False
        self._state_ms = 0
        self.counts: Counter[str] = Counter() if counts is None else counts

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """Births, data and deaths of the groups, and one's own state. Commands are not listened to."""
        found = []
        for group in self._settings.groups:
            found += [f"{NAMESPACE}/{group}/{kind}/+" for kind in ("NBIRTH", "NDATA", "NDEATH")]
            found += [f"{NAMESPACE}/{group}/{kind}/+/+" for kind in ("DBIRTH", "DDATA", "DDEATH")]
        if self._settings.primary:
            found.append(self._state_topic)
        return tuple(Subscription(topic, qos=1, shareable=False) for topic in found)

    @property
    def will(self) -> Publication | None:
        """That a primary host is gone. To be asked for before each connection: it has the time of the coming birth."""
        if not self._settings.primary:
            return None
        self._state_ms = self._now_ns() // 1_000_000
        return self._state(online=False)

    def connected(self, now_ns: int) -> tuple[Publication, ...]:
        """Return that a primary host is there, with the time of the will."""
        for node in self._nodes.values():
            node.listen_again(now_ns)
        if not self._settings.primary:
            return ()
        self._is_online = True
        return (self._state(online=True),)

    def take_up(self, plant: Plant, meters: Mapping[str, str], now_ns: int) -> None:
        """Go on with a plant whose known points have kept their places. What is new is known from its next birth on."""
        before, self._plant, self._meters = (self._plant, self._meters), plant, meters
        for node in self._nodes.values():
            others = [
                device
                for device in node.devices
                if _whose(*before, node.name, device) != _whose(plant, meters, node.name, device)
            ]
            node.forget(others, now_ns)
        self._events = {pot: told for pot, told in self._events.items() if _same_line(before[0], plant, pot)}

    def takes(self, topic: str) -> bool:
        """Tell whether a topic is Sparkplug's."""
        return topic.startswith(f"{NAMESPACE}/")

    def read(self, topic: str, payload: bytes, *, arrived_ns: int, retained: bool) -> Told:
        """Return what a message says, and what came to light with it.

        Raises
        ------
        PayloadProblem
            If it is retained, no payload, or of no topic that is listened to.
        """
        origin = self._origins.get(topic)
        if origin is None:
            if self._settings.primary and topic == self._state_topic:
                return self._own_state(payload)
            origin = self._origin(topic)
        if retained:
            raise PayloadProblem(Cause.OUT_OF_SEQUENCE, "is retained, and so of a time that nobody knows")
        message = Arrived(origin.kind, origin.device, topic, payload, wire.decode(payload), arrived_ns)
        try:
            origin.node.take(message, self._late)
        except PayloadProblem as exc:
            # Told and not raised, for there may be a birth to ask for.
            self._late.refuse(message, [exc])
        return self._told(self._request(origin.group, origin.node, arrived_ns))

    def lost(self, now_ns: int) -> Told:
        """Return the readings of all that is stale now that the connection to the broker is gone."""
        self._is_online = False
        for node in self._nodes.values():
            node.lose(now_ns, self._late)
        return self._told()

    def due(self, now_ns: int) -> Told:
        """Return the requests for births by now, and what is stale by now."""
        found: list[Publication] = []
        for (group, _), node in self._nodes.items():
            node.pass_time(now_ns, self._late)
            found += self._request(group, node, now_ns)
        return self._told(tuple(found))

    def _request(self, group: str, node: Node, now_ns: int) -> tuple[Publication, ...]:
        """Return the request for a birth, if it is time for one and allowed."""
        if not self._settings.allow_rebirth or not node.asks_for_birth(now_ns):
            return ()
        self.counts["births asked for"] += 1
        topic = f"{NAMESPACE}/{group}/NCMD/{node.name}"
        return (Publication(topic, wire.rebirth(now_ns), qos=0, retain=False),)

    def _told(self, publications: tuple[Publication, ...] = ()) -> Told:
        out = self._late
        if not (out.rows or out.past or out.events or out.refused):
            return Told([], publications=publications) if publications else _NOTHING
        self._late = Outcome()
        past = ReadingBatch.of(out.past) if out.past else None
        return Told(out.rows, None, tuple(out.events), publications, tuple(out.refused), past)

    @property
    def _state_topic(self) -> str:
        return f"{NAMESPACE}/STATE/{self._settings.host_id}"

    def _state(self, *, online: bool) -> Publication:
        body = json.dumps({"online": online, "timestamp": self._state_ms}, separators=(",", ":"))
        return Publication(self._state_topic, body.encode(), qos=1, retain=True)

    def _own_state(self, payload: bytes) -> Told:
        """Contradict the late will of a connection before this one; nobody else may speak under this name."""
        try:
            online = json.loads(payload)["online"]
        except (ValueError, TypeError, KeyError, RecursionError) as exc:
            raise PayloadProblem(Cause.NOT_JSON, "is no state of a host: {'online': …, 'timestamp': …}") from exc
        if online is False and self._is_online:
            return Told([], publications=(self._state(online=True),))
        return Told([])

    def _origin(self, topic: str) -> _Origin:
        match topic.split("/"):
            case [namespace, group, ("NBIRTH" | "NDATA" | "NDEATH") as kind, node] if namespace == NAMESPACE:
                device = ITSELF
            case [namespace, group, ("DBIRTH" | "DDATA" | "DDEATH") as kind, node, device] if namespace == NAMESPACE:
                pass
            case _:
                raise PayloadProblem(Cause.UNKNOWN_TOPIC, "is no birth, data or death of Sparkplug B")
        if group not in self._settings.groups:
            raise PayloadProblem(Cause.UNKNOWN_TOPIC, f"group '{group}' is not one that is listened to")
        known = self._nodes.get((group, node))
        if known is None:
            if len(self._nodes) >= _MOST_NODES:
                raise PayloadProblem(Cause.TOO_LARGE, f"there are more than {_MOST_NODES} nodes")
            known = self._nodes[group, node] = Node(
                node,
                owner_of=self._owner,
                metrics_of=lambda owner: Metrics(owner, self._meanings, self._plant.points),
                live=self._live,
                wait_ns=round(self._settings.reorder_s * 1e9),
                counts=self.counts,
            )
        if len(self._origins) >= _MOST_NODES * 16:
            self._origins.clear()
        origin = self._origins[topic] = _Origin(kind, group, known, device)
        return origin

    def _owner(self, node: str, device: str) -> Owner:
        potline = self._plant.potline_of_pot.get(device)
        if potline is not None:
            events = self._events.setdefault(device, PotEvents(potline, device))
            return Owner(f"pot:{device}", events)
        return Owner(_meter(self._meters, node, device), is_elsewhere=_is_elsewhere(self._plant, node, device))


def _meter(meters: Mapping[str, str], node: str, device: str) -> str | None:
    names = (f"{node}/{device}", device) if device else (node,)
    return next((meters[name] for name in names if name in meters), None)


def _is_elsewhere(plant: Plant, node: str, device: str) -> bool:
    names = (f"{node}/{device}", device) if device else (node,)
    elsewhere = plant.elsewhere
    is_pot = any(device in pots for pots in elsewhere.pots.values())
    return is_pot or any(address in names for _, address in elsewhere.addresses)


def _whose(plant: Plant, meters: Mapping[str, str], node: str, device: str) -> object:
    """Return what the values of a device are taken for: pot and line, or a meter and its points."""
    if device in plant.potline_of_pot:
        return device, plant.potline_of_pot[device]
    meter = _meter(meters, node, device)
    return meter and (meter, plant.points.of(meter))


def _same_line(before: Plant, now: Plant, pot: str) -> bool:
    return before.potline_of_pot.get(pot) == now.potline_of_pot.get(pot)
