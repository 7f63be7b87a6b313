"""Anode effects: they arise where alumina runs out, stand at 15 to 50 V, and end when feeding and quenching help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.instants import SECOND_NS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LOWEST_V, USUAL_V, HIGHEST_V = 15.0, 25.0, 50.0
"""Range of the voltage of an anode effect, and where it mostly is [V]."""

CRITICAL_PCT = 1.85
"""Alumina at which the anodes lose their contact to the bath, at nominal current [%]."""

LEAST_LOAD = 0.5
"""With less than this share of the nominal current there is no anode effect [1]."""

FIRST_STROKE_S, STROKE_S, LONGEST_S = 18.0, 12.0, 180.0
"""Controllers pump the anodes for the first time after 18 s, then every 12 s; a crew with a pole ends what is left."""

SUCCESS = 0.22
"""Chance of one stroke, once there is alumina again [1]."""

_MILLISECOND_NS = 1_000_000
_WETTING_PCT = 0.15


@dataclass(slots=True)
class AnodeEffect:
    """An anode effect of one pot.

    Parameters
    ----------
    pot
        The pot's place in the line, from 0.
    start_ns, end_ns
        When it begins and ends [UTC ns, whole ms]; while it stands, ``end_ns`` is the end of the last step.
    level_v
        The voltage it hovers around [V].
    normal_v
        The voltage that the pot should have [V].
    max_v
        The highest voltage so far [V].
    volt_seconds
        Voltage integrated since the start [V s].
    extinguish
        ``auto``: by the controller; ``rod``: by hand; ``none``: the current went away.
    """

    pot: int
    start_ns: int
    end_ns: int
    level_v: float
    normal_v: float
    max_v: float = 0.0
    volt_seconds: float = 0.0
    extinguish: str = "auto"

    @property
    def duration_s(self) -> float:
        """The whole duration [s]."""
        return (self.end_ns - self.start_ns) / SECOND_NS

    @property
    def overvoltage_vs(self) -> float:
        """Voltage above normal, integrated over the anode effect [V s]."""
        return self.volt_seconds - self.normal_v * self.duration_s


@dataclass(slots=True)
class LowVoltageEffect:
    """A few anodes of a pot without contact, too few for the pot's voltage to pass any threshold.

    Parameters
    ----------
    pot
        The pot's place in the line, from 0.
    start_ns, end_ns
        When it begins and ends [UTC ns, whole ms]; while it stands, ``end_ns`` is when it will end.
    rise_v
        What it adds to the pot's voltage [V].
    """

    pot: int
    start_ns: int
    end_ns: int
    rise_v: float

    @property
    def duration_s(self) -> float:
        """The whole duration [s]."""
        return (self.end_ns - self.start_ns) / SECOND_NS


class AnodeEffects:
    """The anode effects of one line.

    Parameters
    ----------
    rng
        The random stream.
    count
        Number of pots.

    Attributes
    ----------
    started, active, ended
        Those that began in the last step, that stood at its end, that ended in it.
    quenched
        Pots that must be fed against theirs.
    """

    def __init__(self, rng: np.random.Generator, count: int) -> None:
        self._rng = rng
        self._critical_pct = CRITICAL_PCT + 0.04 * rng.standard_normal(count)
        self._next_stroke_ns: dict[int, int] = {}
        self._last_ns: dict[int, int] = {}
        self.active: list[AnodeEffect] = []
        self.started: list[AnodeEffect] = []
        self.ended: list[AnodeEffect] = []
        self.quenched: list[int] = []

    def step(
        self,
        voltage: Array,
        *,
        normal_v: Array,
        alumina_pct: Array,
        load: float,
        time_ns: int,
        end_ns: int,
    ) -> None:
        """Go on by one step and put the voltages of anode effects into the pots' mean voltages [V], in place.

        Parameters
        ----------
        voltage
            The pots' mean voltages without anode effects [V]; those of pots out of the line are NaN.
        normal_v
            The voltages that the pots should have [V].
        alumina_pct
            Dissolved alumina [%].
        load
            Line current against the nominal one [1].
        time_ns, end_ns
            Beginning and end of the step [UTC ns].
        """
        self.started = []
        self.quenched = []
        # The denser the current, the earlier the contact is lost.
        critical = self._critical_pct * (0.7 + 0.3 * load)
        if load >= LEAST_LOAD:
            self._begin(np.flatnonzero((alumina_pct < critical) & np.isfinite(voltage)), normal_v, time_ns, end_ns)
        elif self.active:
            for effect in self.active:
                effect.extinguish = "none"
                self._last_ns[effect.pot] = time_ns
        # A new list each time: the last step's is with somebody.
        self.active = [*self.active, *self.started]
        self.ended = []
        for effect in self.active:
            if not np.isfinite(voltage[effect.pot]):
                effect.extinguish = "none"
                self._last_ns[effect.pot] = time_ns
            ends_ns = self._end_of(effect, alumina_pct[effect.pot] - critical[effect.pot], end_ns)
            self._raise_voltage(effect, voltage, time_ns, end_ns, ends_ns)
            if ends_ns is not None:
                self.ended.append(effect)
        if self.ended:
            gone = {effect.pot for effect in self.ended}
            self.active = [effect for effect in self.active if effect.pot not in gone]
            for pot in gone:
                del self._next_stroke_ns[pot], self._last_ns[pot]

    def forget(self) -> None:
        """Drop what stands, as if it had never been."""
        self.active, self.started, self.ended, self.quenched = [], [], [], []
        self._next_stroke_ns, self._last_ns = {}, {}

    def _begin(self, starved: NDArray[np.intp], normal_v: Array, time_ns: int, end_ns: int) -> None:
        for pot in starved.tolist():
            if pot in self._last_ns:
                continue
            start_ns = time_ns + int(self._rng.random() * ((end_ns - time_ns) // _MILLISECOND_NS)) * _MILLISECOND_NS
            level_v = float(self._rng.triangular(LOWEST_V, USUAL_V, HIGHEST_V))
            self._next_stroke_ns[pot] = start_ns + round(FIRST_STROKE_S * SECOND_NS)
            by_hand_s = LONGEST_S - 15.0 * float(self._rng.random())
            self._last_ns[pot] = start_ns + round(by_hand_s * 1000) * _MILLISECOND_NS
            self.started.append(AnodeEffect(pot, start_ns, start_ns, level_v, normal_v=float(normal_v[pot])))
            self.quenched.append(pot)

    def _end_of(self, effect: AnodeEffect, above_pct: float, end_ns: int) -> int | None:
        """Return when an anode effect ends [UTC ns], if that is in this step."""
        pot = effect.pot
        chance = SUCCESS * min(max(above_pct / _WETTING_PCT, 0.0), 1.0)
        while (stroke_ns := self._next_stroke_ns[pot]) <= min(end_ns, self._last_ns[pot]):
            # A stroke takes a moment that nobody knows.
            pause_s = STROKE_S + float(self._rng.uniform(-2.0, 2.0))
            self._next_stroke_ns[pot] = stroke_ns + round(pause_s * 1000) * _MILLISECOND_NS
            if self._rng.random() < chance:
                return stroke_ns
        if self._last_ns[pot] <= end_ns:
            if effect.extinguish == "auto":
                effect.extinguish = "rod"
            return self._last_ns[pot]
        return None

    def _raise_voltage(
        self, effect: AnodeEffect, voltage: Array, time_ns: int, end_ns: int, ends_ns: int | None
    ) -> None:
        begin_ns = max(effect.start_ns, time_ns)
        effect.end_ns = max(begin_ns, end_ns if ends_ns is None else ends_ns)
        seconds = (effect.end_ns - begin_ns) / SECOND_NS
        level_v = effect.level_v * (1.0 + 0.08 * float(self._rng.standard_normal()))
        level_v = min(max(level_v, LOWEST_V), HIGHEST_V)
        effect.max_v = max(effect.max_v, level_v)
        effect.volt_seconds += level_v * seconds
        share = seconds * SECOND_NS / (end_ns - time_ns)
        voltage[effect.pot] += share * (level_v - voltage[effect.pot])
