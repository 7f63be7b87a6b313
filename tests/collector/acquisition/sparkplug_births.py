"""A node of a Sparkplug potroom that is born and moves on in time, for tests of the host."""

from sparkplug_talk import VOLTAGE, Host, Talker

from collector.readings.quantity import Quantity

VOLTS = Quantity.POT_VOLTAGE


def born(host: Host, node: Talker, *pots: str, volts: float = 4.0) -> None:
    """Let a node announce itself with pots that tell their voltage."""
    host.hear(node.nbirth(), *(node.dbirth(pot, {VOLTAGE: volts}) for pot in pots))


def later(host: Host, node: Talker, ms: int = 1000) -> None:
    host.now_ms += ms
    node.now_ms += ms
