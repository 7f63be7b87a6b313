"""Hours of a line of 40 pots at 400 kA that is fed by some rectifiers, as its meters show them."""

from dataclasses import replace

import numpy as np
from line_story import PLANT
from msgspec import structs
from numpy.typing import NDArray

from collector.accounting.sums import MeterSum, Pair, Sums
from collector.accounting.windows import HOUR_NS, Window
from collector.plant.accuracy import Accuracy
from collector.plant.balance import BalanceRules
from collector.plant.meter import Measures
from collector.plant.topology import Plant

T0 = 1_767_196_800_000_000_000
"""Midnight in Shanghai, 2026-01-01."""

CLASSES = Accuracy(meter=0.002 / 3**0.5, current=0.002 / 3**0.5, voltage=0.002 / 3**0.5)
LINE_CLASSES = Accuracy(current=0.001 / 3**0.5, voltage=0.002 / 3**0.5)
EFFICIENCY, BUSBAR_V = 0.986, 10.0
RULES = BalanceRules(
    efficiency=EFFICIENCY,
    efficiency_relative=0.003,
    least_current_ka=300.0,
    alpha=0.001,
    confidence=0.95,
    busbar_v=BUSBAR_V,
    busbar_relative=0.1,
    pots_relative=0.001,
    meters_move=0.0003,
    efficiency_moves=0.0005,
    busbar_moves=0.01,
    reference_days=7,
)


def plant_of(rectifiers: int, *, group_dc: bool = False, accuracy: Accuracy = CLASSES) -> Plant:
    """Return a plant whose line is fed by some rectifiers: feeder-1 and so on, with dc-1 behind them where wanted."""
    meters = {meter.id: meter for meter in PLANT.meters}
    feeders = [replace(meters["rectifier_1"], id=f"feeder-{k}", accuracy=accuracy) for k in range(1, rectifiers + 1)]
    behind = [
        replace(meters["rectifier_1"], id=f"dc-{k}", measures=Measures.MONITORED, accuracy=LINE_CLASSES)
        for k in range(1, rectifiers + 1)
        if group_dc
    ]
    return replace(PLANT, meters=(replace(meters["pl1_dc"], accuracy=LINE_CLASSES), *feeders, *behind))


def rules_of(rectifiers: int, *, group_dc: bool = False) -> BalanceRules:
    """Return the rules of that line."""
    return replace(RULES, dc_meters=tuple((f"feeder-{k}", f"dc-{k}") for k in range(1, rectifiers + 1) if group_dc))


class FeedingLine:
    """Draws hours. What lasts is drawn once within the classes; from day to day meters and loads move a little."""

    def __init__(self, rectifiers: int, *, group_dc: bool = False, seed: int = 1) -> None:
        self._rng = np.random.default_rng(seed)
        self._rectifiers, self._group_dc = rectifiers, group_dc
        names = ["current", "voltage", "pots", *self._names("feeder"), *self._names("dc")]
        self.error = {name: self._rng.uniform(-0.5, 0.5) * 0.002 for name in names}
        self._efficiency = EFFICIENCY * (1 + self._rng.normal(0, 0.0015))

    def _names(self, kind: str) -> list[str]:
        return [f"{kind}-{k}" for k in range(1, self._rectifiers + 1)]

    def day(self, hours: int = 24) -> list[Sums]:
        """Return the hours of a day."""
        moved = {name: self._rng.normal(0, 0.0002) for name in self.error}
        efficiency = self._efficiency * (1 + self._rng.normal(0, 0.0003))
        load = 1 + self._rng.normal(0, 0.002, self._rectifiers)
        return [self._hour(moved, efficiency, load / load.sum()) for _ in range(hours)]

    def _hour(self, moved: dict[str, float], efficiency: float, share: NDArray[np.float64]) -> Sums:
        def shown(name: str, truth: float) -> float:
            return float(truth * (1 + self.error[name] + moved[name] + self._rng.normal(0, 0.0002)))

        charge, volts = 400.0 * (1 + self._rng.normal(0, 0.005)), 170.0 * (1 + self._rng.normal(0, 0.005))
        current, voltage = shown("current", charge), shown("voltage", volts)
        dc_kwh, pots_kwh = current * voltage, current * shown("pots", volts - BUSBAR_V)
        parts = charge * volts * share
        kwh = {name: shown(name, part / efficiency) for name, part in zip(self._names("feeder"), parts, strict=True)}
        ac_kwh = sum(kwh.values())
        if self._group_dc:
            kwh |= {name: shown(name, part) for name, part in zip(self._names("dc"), parts, strict=True)}
        return Sums(
            minutes=60,
            pots=40,
            dc_kwh=dc_kwh,
            ac_kwh=ac_kwh,
            charge_kah=current,
            metal_t=12.5,
            dc=Pair(minutes=60, energy_kwh=dc_kwh, metal_t=12.5, covered_s=3600.0),
            liquid_ac=Pair(minutes=60, energy_kwh=ac_kwh, metal_t=12.5, covered_s=3600.0),
            comprehensive=Pair(minutes=60, energy_kwh=ac_kwh, metal_t=12.5, covered_s=3600.0),
            pots_minutes=60,
            pots_kwh=pots_kwh,
            pots_dc_kwh=dc_kwh,
            meters={
                name: MeterSum(amount, minutes=60 if name.startswith("dc-") else 0)
                for name, amount in sorted(kwh.items())
            },
        )


def hour_window(number: int) -> Window:
    """Return an hour after T0."""
    return Window("hour", T0 + number * HOUR_NS, T0 + (number + 1) * HOUR_NS)


def day_window(number: int) -> Window:
    """Return a day after T0."""
    return Window("day", T0 + 24 * number * HOUR_NS, T0 + 24 * (number + 1) * HOUR_NS)


def with_error(sums: Sums, meter: str, relative: float) -> Sums:
    """Return an hour in which a feeder's meter shows too much."""
    extra = sums.meters[meter].kwh * relative
    return structs.replace(
        sums,
        ac_kwh=sums.ac_kwh + extra,
        liquid_ac=structs.replace(sums.liquid_ac, energy_kwh=sums.liquid_ac.energy_kwh + extra),
        meters=sums.meters | {meter: MeterSum(sums.meters[meter].kwh + extra)},
    )


def steady_hour(rectifiers: int = 2, *, shares: tuple[float, ...] = ()) -> Sums:
    """Return an hour of 400 kAh at 170 V, whose rectifiers take 68 MWh over 98.6 %, and whose pots have 160 V."""
    parts = shares or (1 / rectifiers,) * rectifiers
    ac_kwh = 68_000.0 / EFFICIENCY
    return Sums(
        minutes=60,
        pots=40,
        dc_kwh=68_000.0,
        ac_kwh=ac_kwh,
        charge_kah=400.0,
        metal_t=5.0,
        dc=Pair(minutes=60, energy_kwh=68_000.0, metal_t=5.0, covered_s=3600.0),
        liquid_ac=Pair(minutes=60, energy_kwh=ac_kwh, metal_t=5.0, covered_s=3600.0),
        pots_minutes=60,
        pots_kwh=64_000.0,
        pots_dc_kwh=68_000.0,
        meters={f"feeder-{k}": MeterSum(ac_kwh * part) for k, part in enumerate(parts, start=1)},
    )
