"""Topics: which to subscribe to, and which declaration a topic belongs to. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Generic, TypeVar

from collector.plant.layout import Level, MessageLayout, Tells

T = TypeVar("T")

Levels = Sequence[str | Level]

MOST_ONE_BY_ONE = 50
"""Beyond that many meters on one template all of its topics are subscribed to, and what is not ours is passed over."""


@dataclass(slots=True, eq=False)
class _Node(Generic[T]):
    """What begins with some levels: by the next one's word, with any word, at their end, and with whatever follows."""

    words: dict[str, "_Node[T]"] = field(default_factory=dict)
    named: "_Node[T] | None" = None
    here: list[T] = field(default_factory=list)
    rest: list[T] = field(default_factory=list)


class TopicTree(Generic[T]):
    """Things by topic. Where several fit, a level's own word goes before a name, and a name before ``{**}``."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def add(self, levels: Levels, thing: T) -> None:
        """Put a thing at the end of those with topics of this shape."""
        node = self._root
        for level in levels:
            if level is Level.REST:
                node.rest.append(thing)
                return
            if isinstance(level, str):
                node = node.words.setdefault(level, _Node())
            else:
                node.named = node.named or _Node()
                node = node.named
        node.here.append(thing)

    def find(self, topic: str) -> list[T]:
        """Return the things of the nearest shape that a topic has; none where it has no known shape."""
        return _find(self._root, topic.split("/"), 0)


def _find(node: _Node[T], words: list[str], at: int) -> list[T]:
    if at == len(words):
        return node.here or node.rest
    found: list[T] = []
    if words[at] in node.words:
        found = _find(node.words[words[at]], words, at + 1)
    if not found and node.named is not None:
        found = _find(node.named, words, at + 1)
    return found or node.rest


def words_of(levels: Levels, topic: str) -> dict[Level, str]:
    """Return what stands at the names of a topic that has this shape."""
    return {level: word for level, word in zip(levels, topic.split("/"), strict=False) if isinstance(level, Level)}


def filters(
    message: MessageLayout, site: str, addresses: Collection[str], potlines: Collection[str] | None = None
) -> Iterator[str]:
    """Yield the filters for a message.

    Parameters
    ----------
    message
        What is subscribed to.
    site
        What stands at ``{site}``.
    addresses
        The meters that this message may tell of. A topic that names meters is subscribed to for these only: others
        may have hundreds beside them that are not ours.
    potlines
        Those of this collector, where others have the rest of the plant; None: there is nobody else.
    """
    if message.tells is Tells.IGNORE:
        return
    levels = message.topic.at(site)
    named: list[Mapping[Level, str]] = [{}]
    owner = message.topic.owner
    of_meter = message.tells is Tells.READINGS and not message.of_pots
    if of_meter and not addresses:
        return
    if of_meter and (message.topic.names(Level.METER) or message.meter_of is None):
        parts = [address.split("/") for address in addresses]
        named = [dict(zip(owner, words, strict=True)) for words in parts if len(words) == len(owner)]
        if len(named) > MOST_ONE_BY_ONE:
            named = [{}]
    quantities = [value.name for value in message.values] if message.topic.names(Level.QUANTITY) else [""]
    lines = potlines if potlines is not None and message.topic.names(Level.POTLINE) else ["+"]
    for words, quantity, line in product(named, quantities, lines):
        known = {Level.POTLINE: line, **words, Level.QUANTITY: quantity}
        yield "/".join(
            level if isinstance(level, str) else known.get(level, "#" if level is Level.REST else "+")
            for level in levels
        )


def merged(wanted: Iterable[str]) -> tuple[str, ...]:
    """Return the filters without those that another one covers: a broker may send a message once for each."""
    unique = list(dict.fromkeys(wanted))
    wide = [each for each in unique if "+" in each or each.endswith("#")]
    return tuple(each for each in unique if not any(other != each and covers(other, each) for other in wide))


def covers(wide: str, narrow: str) -> bool:
    """Tell whether every topic that fits one filter fits another one, too."""
    ours, theirs = wide.split("/"), narrow.split("/")
    for at, level in enumerate(ours):
        if level == "#":
            return True
        if at >= len(theirs) or theirs[at] == "#" or (level != "+" and level != theirs[at]):
            return False
    return len(ours) == len(theirs)
