"""Faults of what registers say: values that are held, missing, scaled, turned round or torn apart."""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Self

from simulators.faults.fault import Context, Effect
from simulators.instants import SECOND_NS
from simulators.physics.meter import Readout
from simulators.quantities import COUNTERS, ENERGIES, POWERS, QUANTITIES, Dimension
from simulators.tables import DURATION

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from simulators.servers.registers import RegisterMap
    from simulators.tables import Table

Device = tuple[str, int]
"""An endpoint's name and a unit id."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment at which a fault is there.

    Parameters
    ----------
    time_ns
        Plant time [UTC ns].
    occurrence
        How many times the fault had come before.
    struck
        Whether this is the beginning of an occurrence and the fault was drawn to strike: only for one that persists.
    """

    time_ns: int
    occurrence: int
    struck: bool


@dataclass
class ReadoutEffect(Effect, ABC):
    """Changes what a meter shows, before it becomes registers; values are in base units.

    Attributes
    ----------
    persists
        Whether its consequences stay when its time is over.
    """

    persists: ClassVar[bool] = False

    def observe(self, device: Device, readout: Readout, moment: Moment) -> None:
        """Take note of what the meter shows, each time that the simulation goes on while the fault is there."""

    @abstractmethod
    def change(self, device: Device, readout: Readout, quantities: Collection[str]) -> Readout:
        """Return what the meter shows instead; only these quantities are concerned."""


@dataclass
class MapEffect(Effect, ABC):
    """Another meter stands there."""

    @abstractmethod
    def other(self) -> RegisterMap:
        """Return its register map."""


def replaced(readout: Readout, values: Mapping[str, float]) -> Readout:
    """Return the readout with other values for some of its quantities."""
    gauges = {name: values.get(name, value) for name, value in readout.gauges.items()}
    counters = {name: values.get(name, value) for name, value in readout.counters.items()}
    return readout.but(gauges, counters)


def shown(readout: Readout, quantities: Collection[str]) -> dict[str, float]:
    """Return the values of those quantities that the readout has."""
    return {name: value for name, value in {**readout.gauges, **readout.counters}.items() if name in quantities}


@dataclass
class Stuck(ReadoutEffect):
    """Values stand still while everything else goes on."""

    kind = "stuck_value"
    _held: dict[Device, tuple[int, Readout]] = field(default_factory=dict, init=False, repr=False)

    def observe(self, device: Device, readout: Readout, moment: Moment) -> None:
        """Keep the first readout of each occurrence."""
        if device not in self._held or self._held[device][0] != moment.occurrence:
            self._held[device] = (moment.occurrence, readout)

    def change(self, device: Device, readout: Readout, quantities: Collection[str]) -> Readout:
        """Show what was kept."""
        held = self._held.get(device)
        return replaced(readout, shown(held[1], quantities)) if held else readout


@dataclass
class SlowRefresh(ReadoutEffect):
    """Counters are brought up to date only every so often, momentary values too if so said."""

    kind = "slow_refresh"
    energy_s: float = 5.0
    power_s: float = 0.0
    _held: dict[Device, tuple[Readout, Readout]] = field(default_factory=dict, init=False, repr=False)
    _seen: dict[Device, list[int]] = field(default_factory=dict, init=False, repr=False)
    _steps: dict[Device, int] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``energy`` and ``power``, in plant time; the simulation's own step is one second."""
        del context
        return cls(
            table.quantity("energy", DURATION, "5s", low=0, high=86_400),
            table.quantity("power", DURATION, "0s", low=0, high=86_400),
        )

    def observe(self, device: Device, readout: Readout, moment: Moment) -> None:
        """Take over what is due."""
        time_s = moment.time_ns // SECOND_NS
        energy, power = self._held.get(device, (readout, readout))
        seen = self._seen.setdefault(device, [-1, -1])
        for place, period_s in enumerate((self.energy_s, self.power_s)):
            bucket = int(time_s // period_s) if period_s else time_s
            if bucket != seen[place]:
                seen[place] = bucket
                energy, power = (readout, power) if place == 0 else (energy, readout)
        self._held[device] = (energy, power)

    def change(self, device: Device, readout: Readout, quantities: Collection[str]) -> Readout:
        """Show what was taken over."""
        if device not in self._held:
            return readout
        energy, power = self._held[device]
        counters = shown(energy, COUNTERS.intersection(quantities))
        return replaced(readout, shown(power, set(quantities) - COUNTERS) | counters)


@dataclass
class Zero(ReadoutEffect):
    """What the meter does not measure reads 0 instead of 'not available'; for 'absent' phases and wirings."""

    kind = "zero_on_absent"
    needs_register = True

    def change(self, device: Device, readout: Readout, quantities: Collection[str]) -> Readout:
        """Show 0."""
        del device
        zeros = replaced(readout, dict.fromkeys(quantities, 0.0))
        return zeros.but(zeros.gauges, zeros.counters, readout.absent - set(quantities))


@dataclass
class RestartZero(ReadoutEffect):
    """After a start every register is 0 for a while, in perfect frames."""

    kind = "restart_zero"

    def change(self, device: Device, readout: Readout, quantities: Collection[str]) -> Readout:
        """Show nothing but zeros."""
        del device, quantities
        zeros = replaced(readout, dict.fromkeys((*readout.gauges, *readout.counters), 0.0))
        return replace(zeros, absent=frozenset(), blank=True)


@dataclass
class Ratio(ReadoutEffect):
    """An electrician changes the CT ratio in the meter: the register tells it, and primary values follow it."""

    kind = "ct_ratio_register"
    ct_from: float = 400.0
    ct_to: float = 500.0
    values: str = "primary"
    _began: dict[Device, Readout] = field(default_factory=dict, init=False, repr=False)
    persists = True

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``ct_from``, ``ct_to`` and ``values``: primary or secondary."""
        del context
        values = table.text("values", "primary")
        if values not in {"primary", "secondary"}:
            raise table.error("values", f"is {values!r}", "use primary or secondary")
        return cls(
            table.number("ct_from", 400, low=0.001, high=1e6),
            table.number("ct_to", 500, low=0.001, high=1e6),
            values,
        )

    def observe(self, device: Device, readout: Readout, moment: Moment) -> None:
        """Keep the readout of the moment."""
        if moment.struck and device not in self._began:
            self._began[device] = readout

    def change(self, device: Device, readout: Readout, quantities: Collection[str]) -> Readout:
        """Scale what is proportional to the current; counters from the moment on."""
        began = self._began.get(device)
        if began is None:
            return readout
        values: dict[str, float] = {"ct_ratio": self.ct_to}
        if self.values == "primary":
            factor = self.ct_to / self.ct_from
            for name, value in shown(readout, quantities).items():
                if name in COUNTERS:
                    values[name] = began.counters[name] + factor * (value - began.counters[name])
                elif QUANTITIES[name] in {Dimension.CURRENT, *POWERS}:
                    values[name] = factor * value
        return replaced(readout, values)


@dataclass
class UnitVariant(ReadoutEffect):
    """A firmware or an option that counts in another unit: the same registers, another factor."""

    kind = "unit_variant"
    factor: float = 1000.0

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``factor``."""
        del context
        return cls(table.number("factor", 1000, low=1e-9, high=1e9))

    def change(self, device: Device, readout: Readout, quantities: Collection[str]) -> Readout:
        """Multiply powers, energies and charges."""
        del device
        scaled = {
            name: value * self.factor
            for name, value in shown(readout, quantities).items()
            if QUANTITIES[name] in {*POWERS, *ENERGIES, Dimension.CHARGE}
        }
        return replaced(readout, scaled)


@dataclass
class ScaleTearing(ReadoutEffect):
    """A value and its scale factor are of different instants: a gauge is wrong by powers of ten."""

    kind = "sf_tearing"
    decades: int = 1

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``decades``: 1 is ten times as much, -3 a thousandth."""
        del context
        return cls(int(table.number("decades", 1, low=-9, high=9)))

    def change(self, device: Device, readout: Readout, quantities: Collection[str]) -> Readout:
        """Shift the decimal point."""
        del device
        gauges = {name: value for name, value in shown(readout, quantities).items() if name not in COUNTERS}
        return replaced(readout, {name: value * 10.0**self.decades for name, value in gauges.items()})


@dataclass
class SignConvention(ReadoutEffect):
    """What flows to the smelter is counted negative; or power is shown without its sign."""

    kind = "sign_convention"
    mode: str = "negative"

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``mode``: negative or unsigned."""
        del context
        mode = table.text("mode", "negative")
        if mode not in {"negative", "unsigned"}:
            raise table.error("mode", f"is {mode!r}", "use negative or unsigned")
        return cls(mode)

    def change(self, device: Device, readout: Readout, quantities: Collection[str]) -> Readout:
        """Turn currents and powers round."""
        del device
        turned = {
            name: abs(value) if self.mode == "unsigned" else -value
            for name, value in shown(readout, quantities).items()
            if QUANTITIES[name] in {Dimension.CURRENT, *POWERS}
        }
        return replaced(readout, turned)


@dataclass
class FourQuadrant(ReadoutEffect):
    """A power factor from -2 to +2 that tells the quadrant."""

    kind = "four_quadrant_pf"
    quadrant: int = 4

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``quadrant``: 1 import and lagging, 2 export and leading, 3 export and lagging, 4 import and leading."""
        del context
        return cls(table.whole("quadrant", 4, low=1, high=4))

    def change(self, device: Device, readout: Readout, quantities: Collection[str]) -> Readout:
        """Code the power factor."""
        del device
        coded = {
            name: {1: value, 2: value - 2, 3: -value, 4: 2 - value}[self.quadrant]
            for name, value in shown(readout, quantities).items()
            if name.startswith(("power_factor", "cosphi"))
        }
        return replaced(readout, coded)


@dataclass
class ClockSkew(ReadoutEffect):
    """The meter's own clock shows local time, or 1970."""

    kind = "clock_skew"
    by_s: float = 8 * 3600.0
    since_1970: bool = False

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``by``, a duration, or ``1970``; and ``direction``: ahead or behind."""
        del context
        if "by" in table and table.text("by") == "1970":
            return cls(0.0, since_1970=True)
        direction = table.text("direction", "ahead")
        if direction not in {"ahead", "behind"}:
            raise table.error("direction", f"is {direction!r}", "use ahead or behind")
        by_s = table.quantity("by", DURATION, "8h", low=0, high=1e9)
        return cls(by_s if direction == "ahead" else -by_s)

    def change(self, device: Device, readout: Readout, quantities: Collection[str]) -> Readout:
        """Shift the clock."""
        del device, quantities
        time_s = readout.gauges.get("device_time", 0.0)
        return replaced(readout, {"device_time": 0.0 if self.since_1970 else time_s + self.by_s})


@dataclass
class Swap(MapEffect):
    """A meter of another family stands at the same unit id."""

    kind = "ip_swap"
    profile: str = ""
    registers: RegisterMap | None = field(default=None, repr=False)

    @classmethod
    def read(cls, table: Table, context: Context) -> Self:
        """Read ``profile``, a name in the scenario's folder of profiles."""
        name = table.text("profile")
        return cls(name, context.register_map(name))

    def other(self) -> RegisterMap:
        """Return the other family's map."""
        if self.registers is None:
            raise RuntimeError("a swap that was not read has no map")
        return self.registers


def float32(value: float) -> float:
    """Return the nearest number that a float32 can hold."""
    return float(struct.unpack(">f", struct.pack(">f", value))[0])


KINDS: tuple[type[Effect], ...] = (
    Stuck,
    SlowRefresh,
    Zero,
    RestartZero,
    Ratio,
    UnitVariant,
    ScaleTearing,
    SignConvention,
    FourQuadrant,
    ClockSkew,
    Swap,
)
