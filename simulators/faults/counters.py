"""Faults of counters: they wrap early, jump, go back, read 0 for a moment, or lose their small steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from simulators.faults.fault import Context, Effect
from simulators.faults.values import Device, Moment, ReadoutEffect, float32, replaced, shown
from simulators.physics.derived import value_of
from simulators.physics.meter import Readout
from simulators.quantities import COUNTERS
from simulators.tables import DURATION

if TYPE_CHECKING:
    from collections.abc import Collection

    from simulators.tables import Table

_POWER_OF = {
    "active_energy_import": "active_power",
    "active_energy_total": "active_power",
    "reactive_energy_import": "reactive_power",
    "apparent_energy_import": "apparent_power",
    "dc_energy": "dc_power",
    "dc_charge": "line_current",
    "volume": "flow",
}
"""What a counter adds up; one that is not here stays where it is when others go back."""


@dataclass
class CounterEvent(ReadoutEffect, ABC):
    """Something that happens to counters at a moment, and stays.

    It happens at the beginning of each occurrence, and is undone only by taking the fault away.
    """

    persists = True
    _offsets: dict[Device, dict[str, float]] = field(default_factory=dict, init=False, repr=False)

    def observe(self, device: Device, readout: Readout, moment: Moment) -> None:
        """Let it happen."""
        if moment.struck:
            present = self._offsets.get(device, {})
            self._offsets[device] = {
                name: present.get(name, 0.0) + self.jump(name, total + present.get(name, 0.0), readout)
                for name, total in readout.counters.items()
            }

    def change(self, device: Device, readout: Readout, quantities: Collection[str]) -> Readout:
        """Show the counters as they are after all that has happened."""
        offsets = self._offsets.get(device, {})
        totals = shown(readout, COUNTERS.intersection(quantities))
        return replaced(readout, {name: total + offsets.get(name, 0.0) for name, total in totals.items()})

    @abstractmethod
    def jump(self, name: str, total: float, readout: Readout) -> float:
        """Return by how much a counter that shows ``total`` jumps, both in base units."""


@dataclass
class Reset(CounterEvent):
    """The counter begins at 0 again: another meter, a command, a new firmware."""

    kind = "counter_reset"

    def jump(self, name: str, total: float, readout: Readout) -> float:
        """Take all of it away."""
        del name, readout
        return -total


@dataclass
class Preset(CounterEvent):
    """A technician writes a start value into the meter."""

    kind = "counter_preset"
    value: float = 0.0
    """In base units (Wh, Ah)."""

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``value_k``, in kWh or kAh."""
        del context
        return cls(table.number("value_k", low=0, high=1e15) * 1000)

    def jump(self, name: str, total: float, readout: Readout) -> float:
        """Go to the start value."""
        del name, readout
        return self.value - total


@dataclass
class StepBack(CounterEvent):
    """After a loss of power the counter is where it was minutes before: it is saved only now and then."""

    kind = "counter_step_back"
    by_s: float = 300.0

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``by``: how old the saved value is, in plant time."""
        del context
        return cls(table.quantity("by", DURATION, "5min", low=0, high=86_400))

    def jump(self, name: str, total: float, readout: Readout) -> float:
        """Go back by the present power times the time, at most to 0."""
        return -min(total, value_of(readout, _POWER_OF.get(name, "")) * self.by_s / 3600)


@dataclass
class ZeroGlitch(ReadoutEffect):
    """Some readings of a counter are 0, the next ones as if nothing had been.

    ``at_most`` says how many readings, ``probability`` how likely each is.
    """

    kind = "counter_zero_glitch"

    def change(self, device: Device, readout: Readout, quantities: Collection[str]) -> Readout:
        """Show 0."""
        del device
        return replaced(readout, dict.fromkeys(COUNTERS.intersection(quantities), 0.0))


@dataclass
class Rollover(ReadoutEffect):
    """The counter wraps at a number of digits of its own, whatever its registers could hold."""

    kind = "rollover_digits"
    span: float = 1e11
    """In base units (Wh, Ah): the first total that reads 0 again."""
    before: float | None = None
    """In base units: how far before the wrap it stands when the fault begins; None: where it is."""
    persists = True
    _offsets: dict[Device, dict[str, float]] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``span_k`` and ``before_k``, in kWh or kAh."""
        del context
        span = table.number("span_k", 1e8, low=1, high=1e15) * 1000
        before = table.number("before_k", low=0, high=1e15) * 1000 if "before_k" in table else None
        return cls(span, before)

    def observe(self, device: Device, readout: Readout, moment: Moment) -> None:
        """Put the counter before its end."""
        if moment.struck and device not in self._offsets:
            offset = (
                {} if self.before is None else {n: self.span - self.before - t for n, t in readout.counters.items()}
            )
            self._offsets[device] = offset

    def change(self, device: Device, readout: Readout, quantities: Collection[str]) -> Readout:
        """Wrap."""
        offsets = self._offsets.get(device)
        if offsets is None:
            return readout
        totals = shown(readout, COUNTERS.intersection(quantities))
        return replaced(readout, {name: (total + offsets.get(name, 0.0)) % self.span for name, total in totals.items()})


@dataclass
class Float32(ReadoutEffect):
    """A counter kept in float32 has grown so large that small increments vanish and large ones come in steps."""

    kind = "float32_resolution"
    value: float = 5e9
    """Where the counter stands when the fault begins, in base units (Wh, Ah)."""
    persists = True
    _offsets: dict[Device, dict[str, float]] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``value``, in Wh or Ah."""
        del context
        return cls(table.number("value", 5e9, low=0, high=1e15))

    def observe(self, device: Device, readout: Readout, moment: Moment) -> None:
        """Put the counter where it is coarse."""
        if moment.struck and device not in self._offsets:
            self._offsets[device] = {name: self.value - total for name, total in readout.counters.items()}

    def change(self, device: Device, readout: Readout, quantities: Collection[str]) -> Readout:
        """Show the nearest float32."""
        offsets = self._offsets.get(device)
        if offsets is None:
            return readout
        totals = shown(readout, COUNTERS.intersection(quantities))
        return replaced(readout, {name: float32(total + offsets[name]) for name, total in totals.items()})


KINDS: tuple[type[Effect], ...] = (Reset, Preset, StepBack, ZeroGlitch, Rollover, Float32)
