"""Any course of births, data, deaths, losses, repetitions and overtakings, against what the node really meant.

What the host cannot know is left out: a broker keeps the order of one publisher, so only neighbours within a session
change places, and when a node begins a new session, its death is told before. A new session deals aliases out anew.
"""

import math

from draws import drawn
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sparkplug_talk import MS, NOON_MS, Host, Message, Spec, Talker

from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from simulators.servers.sparkplug_wire import DataType, Metric

POTS = ("1001", "1002", "1003")
NAMES = {
    "Pot/Voltage": (Quantity.POT_VOLTAGE, "V"),
    "Pot/Resistance": (Quantity.POT_RESISTANCE, "uOhm"),
    "Pot/Noise": (Quantity.POT_NOISE, "mV"),
    "Pot/Bath/Temp": (Quantity.BATH_TEMPERATURE, "degC"),
}
fate = st.sampled_from(["arrives"] * 5 + ["lost", "lost", "twice", "late", "overtaken"])


class NodeAndHost(RuleBasedStateMachine):
    """A node whose messages suffer, and a host that must never take one metric for another.

    Every value is told once only, so a value in a reading says what the node meant by it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.host = Host()
        self.node = Talker(session=0)
        self.meant: dict[float, tuple[str, Quantity]] = {}
        self.since_ms: dict[float, int] = {}
        self.present: dict[tuple[str, str], float] = {}
        self.aliases: dict[tuple[str, str], int] = {}
        self.count = 0
        self.held: Message | None = None
        self.old: list[Message] = []
        self.judged = 0

    # --- What the node does -------------------------------------------------------------------------------------------

    @initialize(order=st.permutations(range(1, 13)))
    def begins(self, order: list[int]) -> None:
        self._deal(order)
        self._say_births(["arrives"] * 4)

    @rule(order=st.permutations(range(1, 13)), fates=st.lists(fate, min_size=4, max_size=4))
    def begins_a_new_session(self, order: list[int], fates: list[str]) -> None:
        self._let_go()
        self.host.hear(self.node.ndeath())  # the last will, which the broker does not lose
        self.old.append(self.node.ndeath())
        self.node.session = (self.node.session + 1) % 256
        self._deal(order)
        self._say_births(fates)

    @rule(fates=st.lists(fate, min_size=4, max_size=4))
    def is_born_again(self, fates: list[str]) -> None:
        self._let_go()
        self._say_births(fates)

    @rule(pot=st.sampled_from(POTS), names=st.sets(st.sampled_from(sorted(NAMES)), min_size=1), fate_=fate)
    def tells(self, pot: str, names: set[str], fate_: str) -> None:
        values = {self._spec(pot, name): self._value(pot, name) for name in sorted(names)}
        self._send(self.node.ddata(pot, values), fate_)

    @rule(pot=st.sampled_from(POTS), names=st.sets(st.sampled_from(sorted(NAMES)), min_size=1), fate_=fate)
    def tells_what_it_stored(self, pot: str, names: set[str], fate_: str) -> None:
        values = {self._spec(pot, name): self._meant(pot, name) for name in sorted(names)}
        at_ms = self.node.now_ms - 3_600_000
        self._send(self.node.ddata(pot, values, at_ms=at_ms, historical=True), fate_)

    @rule(pot=st.sampled_from(POTS), fate_=fate)
    def exchanges_a_controller(self, pot: str, fate_: str) -> None:
        """Give a pot's aliases to its other metrics, in the same session; only a number tells if the birth is lost."""
        first, *others = [self.aliases[pot, name] for name in NAMES]
        self.aliases |= {(pot, name): alias for name, alias in zip(NAMES, [*others, first], strict=True)}
        self._send(self._birth(pot), fate_)

    @rule(order=st.permutations(range(1, 13)))
    def begins_a_new_session_while_the_host_is_away(self, order: list[int]) -> None:
        self._let_go()
        self.host.keep(self.host.reader.lost(self.host.now_ms * MS))
        self.node.session = (self.node.session + 1) % 256
        self._deal(order)
        self._say_births(["lost"] * 4)
        self.host.reader.connected(self.host.now_ms * MS)

    @rule(pot=st.sampled_from(POTS), fate_=fate)
    def loses_a_device_for_a_moment(self, pot: str, fate_: str) -> None:
        self._send(self.node.ddeath(pot), fate_)
        self._send(self._birth(pot), fate_)

    # --- What happens on the way --------------------------------------------------------------------------------------

    @precondition(lambda self: self.old)
    @rule(place=st.integers(0, 1000))
    def an_old_message_comes_again(self, place: int) -> None:
        self.host.hear(self.old[place % len(self.old)])

    @rule(ms=st.sampled_from([300, 1500, 2500, 6000, 700_000]))
    def time_passes(self, ms: int) -> None:
        self._let_go()
        asked = self.host.wait(ms)
        self.node.now_ms = self.host.now_ms
        if asked:
            self._say_births(["arrives"] * 4)

    @rule()
    def the_connection_is_lost_and_comes_back(self) -> None:
        self._let_go()
        self.host.keep(self.host.reader.lost(self.host.now_ms * MS))
        self.host.reader.connected(self.host.now_ms * MS)

    # --- What must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def no_value_is_at_another_metric(self) -> None:
        for point, _, value, quality in self.host.rows[self.judged :]:
            if math.isnan(value):
                assert quality < Quality.UNCERTAIN
                continue
            pot, quantity = self.meant[value]
            assert point == self.host.plant.points.place(f"pot:{pot}", quantity)
        self.judged = len(self.host.rows)

    def teardown(self) -> None:
        """After all that has happened, a birth that arrives makes everything right."""
        if not self.present:
            return
        self._let_go()
        self._step()
        self._say_births(["arrives"] * 4)
        for (pot, name), value in list(self.present.items()):
            self._judge_live(pot, name, value)
        for pot in POTS:
            self._step()
            self._send(
                self.node.ddata(pot, {self._spec(pot, name): self._value(pot, name) for name in NAMES}), "arrives"
            )
        for (pot, name), value in self.present.items():
            self._judge_live(pot, name, value)
        self.no_value_is_at_another_metric()

    def _judge_live(self, pot: str, name: str, value: float) -> None:
        point = self.host.plant.points.place(f"pot:{pot}", NAMES[name][0])
        newest = max((row for row in self.host.rows if row[0] == point), key=lambda row: row[1])
        assert newest[2:] == (value, Quality.GOOD)

    # --- How ----------------------------------------------------------------------------------------------------------

    def _deal(self, order: list[int]) -> None:
        metrics = [(pot, name) for pot in POTS for name in NAMES]
        self.aliases = dict(zip(metrics, order, strict=True))

    def _spec(self, pot: str, name: str) -> Spec:
        return name, self.aliases[pot, name], DataType.DOUBLE, NAMES[name][1]

    def _meant(self, pot: str, name: str) -> float:
        self.count += 1
        value = float(self.count)
        self.meant[value] = pot, NAMES[name][0]
        self.since_ms[value] = self.node.now_ms
        return value

    def _value(self, pot: str, name: str) -> float:
        self._step()
        self.present[pot, name] = self._meant(pot, name)
        return self.present[pot, name]

    def _birth(self, pot: str) -> Message:
        """Repeat the present values, with the times at which they were measured."""
        self._step()
        metrics = []
        for name in NAMES:
            value = self.present.get((pot, name)) or self._value(pot, name)
            _, alias, datatype, unit = self._spec(pot, name)
            metrics.append(
                Metric(value, datatype, name, alias, self.since_ms[value], properties={"engUnit": unit, "Quality": 192})
            )
        return self.node.message("DBIRTH", pot, metrics)

    def _say_births(self, fates: list[str]) -> None:
        self._step()
        self._send(self.node.nbirth(), fates[0])
        for pot, fate_ in zip(POTS, fates[1:], strict=True):
            self._send(self._birth(pot), fate_)

    def _send(self, message: Message, fate_: str) -> None:
        if fate_ == "overtaken" and self.held is None:
            self.held = message
            return
        if fate_ == "lost":
            self._let_go()
            return
        self.host.hear(message)
        if fate_ == "twice":
            self.host.hear(message)
        if fate_ == "late":
            self.old.append(message)
        self._let_go()

    def _let_go(self) -> None:
        """Let a message arrive that was overtaken."""
        held, self.held = self.held, None
        if held is not None:
            self.host.hear(held)

    def _step(self) -> None:
        self.node.now_ms += 7
        self.host.now_ms += 7
        assert self.host.now_ms >= NOON_MS


NodeAndHost.TestCase.settings = hypothesis_settings(max_examples=drawn(40), stateful_step_count=40, deadline=None)
TestNodeAndHost = NodeAndHost.TestCase
