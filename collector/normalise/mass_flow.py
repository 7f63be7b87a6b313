"""Mass flows of the stacks: concentration times flow, reading by reading.

It must be made here: concentration and flow move together when fans or dampers move, and the product of their means
leaves that out. Each concentration is multiplied by the flow that was measured nearest to it in time.

Both must refer to one state of the gas. Where one refers to the duct and the other to dry gas at normal conditions,
the flow is brought to the concentration's by temperature, pressure and moisture of the same time. Where these are not
known, or nobody said what the meters refer to, both are taken as they are told, and the mass is uncertain.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from collector.domain.flue_gas import NORMAL, flow_at_reference
from collector.domain.pollutants import emitted_kg
from collector.plant.meter import GasConditions
from collector.plant.stacks import Outlet, masses_to_derive
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity

KEPT_NS: Final = 10 * 60_000_000_000
"""So far back flows and states of the gas are remembered, for concentrations that come in a later batch."""

_MOST_KEPT: Final = 100_000
"""Readings that are remembered of a point: a gateway's hours of seconds, and no more than that."""

REACH: Final = 2.5
"""Two values belong together when they are no further apart than so many periods of the slower meter: one may miss."""

_TEMPERATURE_C = (-50.0, 1500.0)
_PRESSURE_BAR = (0.5, 1.1)
"""Absolute pressure of a stack. What lies outside is measured against the air outside, whose pressure nobody told."""
_MOISTURE_PCT = (0.0, 90.0)

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Values nearest in time: NaN where there is none near enough."""

    value: _Floats
    quality: NDArray[np.uint8]


class MassFlows:
    """Adds the mass flow [kg/h] of each pollutant of each stack whose flow is measured."""

    def __init__(self, plant: Plant) -> None:
        place = plant.points.place
        self._outlets = [
            (
                place(outlet.meter.id, outlet.pollutant),
                place(outlet.flow.id, Quantity.FLOW),
                _state(plant, outlet),
                place(outlet.meter.id, outlet.mass),
                _change(outlet),
                int(REACH * max(outlet.meter.every_s, outlet.flow.every_s) * 1e9),
            )
            for outlet in masses_to_derive(plant.meters)
        ]
        kept = {point for _, flow, state, *_ in self._outlets for point in (flow, *(state or ()))}
        self._kept: dict[int, ReadingBatch] = {point: ReadingBatch.of(()) for point in sorted(kept)}

    def go_on_from(self, before: "MassFlows") -> None:
        """Take over what is remembered of flows that both know of, by places that are the same in both."""
        then = before._kept  # noqa: SLF001 - of the same class
        self._kept |= {point: kept for point, kept in then.items() if point in self._kept}

    def derive(self, batch: ReadingBatch) -> ReadingBatch:
        """Return the batch with a mass flow for each concentration with a flow near to it in time."""
        if not self._outlets:
            return batch
        self._remember(batch)
        parts = [batch]
        for pollutant, flow, state, mass, change, reach_ns in self._outlets:
            rows = np.flatnonzero(batch.point == pollutant)
            if not len(rows):
                continue
            told = batch.select(rows)
            told = told.select(told.usable)
            flows = self._nearest(flow, told.time_ns, reach_ns)
            known = np.isfinite(flows.value)
            told, flows = told.select(known), _Found(flows.value[known], flows.quality[known])
            if not len(told):
                continue
            # Near nothing an analyser shows a little below zero, and a fan that stands a little flow backwards.
            mg_m3, m3_h = np.maximum(told.value, 0.0), np.maximum(flows.value, 0.0)
            quality = np.minimum(told.quality, flows.quality)
            if change is None:
                quality = np.minimum(quality, np.uint8(Quality.UNCERTAIN))
            elif change:
                m3_h, quality = self._brought(m3_h, quality, told.time_ns, state, change, reach_ns)
            kg_h = emitted_kg(mg_m3, flow_m3_h=m3_h, hours=1.0)
            parts.append(ReadingBatch(np.full(len(told), mass, np.int32), told.time_ns, kg_h, quality))
        return ReadingBatch.joined(parts) if len(parts) > 1 else batch

    def _brought(
        self,
        m3_h: _Floats,
        quality: NDArray[np.uint8],
        times_ns: NDArray[np.int64],
        state: tuple[int, int, int] | None,
        change: int,
        reach_ns: int,
    ) -> tuple[_Floats, NDArray[np.uint8]]:
        """Bring a flow to dry gas at normal conditions (``change`` 1), or from there to the duct (-1)."""
        if state is None:
            return m3_h, np.minimum(quality, np.uint8(Quality.UNCERTAIN))
        found = [self._nearest(point, times_ns, reach_ns) for point in state]
        temperature, pressure, moisture = (each.value for each in found)
        known = np.ones(len(m3_h), np.bool_)
        for value, (low, high) in zip(
            (temperature, pressure, moisture), (_TEMPERATURE_C, _PRESSURE_BAR, _MOISTURE_PCT), strict=True
        ):
            with np.errstate(invalid="ignore"):
                known &= (value >= low) & (value <= high)
        result = m3_h.copy()
        ratio = flow_at_reference(
            np.ones(int(known.sum())),
            temperature_c=temperature[known],
            ambient_kpa=pressure[known] * 100,  # kPa per bar; the pressure is absolute
            static_kpa=0.0,
            water_fraction=moisture[known] / 100,
            reference=NORMAL,
        )
        result[known] *= ratio if change > 0 else 1 / ratio
        of_state = np.minimum.reduce([each.quality for each in found])
        return result, np.minimum(quality, np.where(known, of_state, np.uint8(Quality.UNCERTAIN)))

    def _remember(self, batch: ReadingBatch) -> None:
        """Keep the flows and states of the last while of each point, in order of time."""
        for point, kept in self._kept.items():
            rows = np.flatnonzero(batch.point == point)
            if not len(rows):
                continue
            fresh = batch.select(rows)
            both = ReadingBatch.joined((kept, fresh.select(fresh.usable)))
            if len(both):
                both = both.select(np.argsort(both.time_ns, kind="stable"))
                # Counted from what came now: a gateway may tell of hours ago.
                oldest_ns = min(int(both.time_ns[-1]), int(fresh.time_ns.min())) - KEPT_NS
                both = both.select(both.time_ns >= oldest_ns)
            self._kept[point] = both.select(np.arange(max(0, len(both) - _MOST_KEPT), len(both)))

    def _nearest(self, point: int, times_ns: NDArray[np.int64], reach_ns: int) -> _Found:
        kept = self._kept[point]
        if not len(kept):
            return _Found(np.full(len(times_ns), np.nan), np.zeros(len(times_ns), np.uint8))
        after = np.clip(np.searchsorted(kept.time_ns, times_ns), 0, len(kept) - 1)
        before = np.maximum(after - 1, 0)
        closer = np.abs(kept.time_ns[before] - times_ns) <= np.abs(kept.time_ns[after] - times_ns)
        nearest = np.where(closer, before, after)
        near = np.abs(kept.time_ns[nearest] - times_ns) <= reach_ns
        return _Found(np.where(near, kept.value[nearest], np.nan), np.where(near, kept.quality[nearest], np.uint8(0)))


def _state(plant: Plant, outlet: Outlet) -> tuple[int, int, int] | None:
    """Return the points of temperature, pressure and moisture of the gas; None where one is not measured."""
    if outlet.temperature is None or outlet.pressure is None or outlet.moisture is None:
        return None
    return (
        plant.points.place(outlet.temperature.id, Quantity.GAS_TEMPERATURE),
        plant.points.place(outlet.pressure.id, Quantity.GAS_PRESSURE),
        plant.points.place(outlet.moisture.id, Quantity.H2O),
    )


def _change(outlet: Outlet) -> int | None:
    """Return what has to be done to the flow: 1 to dry gas at normal conditions, -1 to the duct; None: not known."""
    concentration, flow = outlet.meter.conditions, outlet.flow.conditions
    if concentration is None or flow is None:
        return None
    if concentration is flow:
        return 0
    return 1 if flow is GasConditions.DUCT else -1
