"""The faults of a running simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from simulators.faults.fault import Effect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from simulators.faults.fault import Fault

_Family = TypeVar("_Family", bound=Effect)


class UnknownFaultError(KeyError):
    """There is no fault of this id."""


class FaultBook:
    """Holds faults in the order in which they take hold.

    Parameters
    ----------
    faults
        Those of the scenario.

    Attributes
    ----------
    time_ns
        Plant time [UTC ns], as the servers show it.
    """

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self.time_ns = 0
        self._faults: dict[str, Fault] = {}
        for fault in faults:
            self.add(fault)

    def __iter__(self) -> Iterator[Fault]:
        return iter(tuple(self._faults.values()))

    def __len__(self) -> int:
        return len(self._faults)

    def __contains__(self, name: str) -> bool:
        return name in self._faults

    def add(self, fault: Fault) -> None:
        """Add a fault.

        Raises
        ------
        ValueError
            If there is another of its id.
        """
        if fault.id in self._faults:
            raise ValueError(f"there is a fault {fault.id!r} already")
        self._faults[fault.id] = fault

    def remove(self, name: str) -> Fault:
        """Take a fault away, with everything that it still does.

        Raises
        ------
        UnknownFaultError
            If there is none of this id.
        """
        try:
            return self._faults.pop(name)
        except KeyError:
            raise UnknownFaultError(name) from None

    def of(self, family: type[_Family], endpoint: str, unit: int | None) -> Iterator[tuple[Fault, _Family]]:
        """Give out the faults of a family that are there now, at a unit or (None) at an endpoint as a whole."""
        if not self._faults:
            return
        for fault in tuple(self._faults.values()):
            if (
                isinstance(fault.effect, family)
                and fault.where.covers(endpoint, unit)
                and fault.when.occurrence(self.time_ns) is not None
            ):
                yield fault, fault.effect
