"""The way to a value in a message, in two kinds.

Where every message has the same shape, ``typed`` makes a struct of just the wanted keys: the parser writes them to
their places and passes over all else, ten times as fast as through dictionaries. ``found`` follows a path through a
message that was parsed as it is: for shapes that differ, and to tell what is wrong with a message.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from operator import attrgetter
from typing import Any

import msgspec

from collector.plant.layout import Path

NOTHING = object()
"""What stands at a path that leads nowhere."""


def found(message: object, path: Path) -> Any:  # noqa: ANN401 - whatever a message holds
    """Return what stands at a path, or NOTHING. A segment of digits counts the elements of an array."""
    for segment in path:
        if isinstance(message, dict):
            if segment not in message:
                return NOTHING
            message = message[segment]
        elif isinstance(message, list) and segment.isdecimal() and len(segment) < 10 and int(segment) < len(message):
            message = message[int(segment)]
        else:
            return NOTHING
    return message


class Shape:
    """A struct of the wanted keys of a message, and the way to each; without those of ``needed`` it is no message."""

    def __init__(self, leaves: Mapping[Path, object], needed: Collection[Path] = ()) -> None:
        self._attributes: dict[Path, str] = {}
        self._needed = needed
        self.type = self._struct(leaves, (), "")

    def decoder(self) -> msgspec.json.Decoder[Any]:
        """Return a parser of such messages."""
        return msgspec.json.Decoder(self.type)

    def getter(self, paths: Iterable[Path | None]) -> Callable[[object], tuple[Any, ...]]:
        """Return what gets the values at two or more paths as a tuple, None for None."""
        return attrgetter(*("nothing" if path is None else self._attributes[path] for path in paths))

    def _struct(self, leaves: Mapping[Path, object], at: Path, around: str) -> type[msgspec.Struct]:
        fields: list[tuple[str, Any, Any]] = []
        keys: dict[str, str] = {}
        for number, key in enumerate(dict.fromkeys(path[len(at)] for path in leaves)):
            name = f"f{number}"
            keys[name] = key
            path, attribute = (*at, key), f"{around}{name}"
            if path in leaves:
                self._attributes[path] = attribute
                fields.append((name, leaves[path], msgspec.NODEFAULT if path in self._needed else None))
                continue
            inner = {each: kind for each, kind in leaves.items() if each[: len(path)] == path}
            struct = self._struct(inner, path, f"{attribute}.")
            is_needed = any(each in self._needed for each in inner)
            fields.append((name, struct, msgspec.NODEFAULT if is_needed else msgspec.field(default_factory=struct)))
        # What is not there is None, and so is 'nothing', which no message has.
        return msgspec.defstruct("Message", fields, rename=keys, kw_only=True, gc=False, namespace={"nothing": None})


def can_be_typed(paths: Iterable[Path]) -> bool:
    """Tell whether a struct can hold what stands at all of these paths."""
    known = set(paths)
    return not any(
        not path or any(segment.isdecimal() for segment in path) or any(path[:n] in known for n in range(1, len(path)))
        for path in known
    )
