"""Zero and low glitches, stale dips, wraps, sentinels, power losses, exchanged meters: energy is right, and said."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import structlog
from example_plant import ClockByHand, joined, open_line, raw
from line_story import PLANT, T0, S, energy_kwh, minutes, polls

from collector.accounting.rules import OVERLOAD
from collector.readings.batch import ReadingBatch
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

COUNTER = PLANT.points.place("rectifier_1", Quantity.ACTIVE_ENERGY_IMPORT)
RATED_KW = next(meter.rated_power_kw for meter in PLANT.meters if meter.id == "rectifier_1")
WHOLE_MINUTES = 5
Shown = Callable[[int, Callable[[int], float]], float]


async def story(folder: Path, shown: Shown) -> tuple[list[float], Sequence[Mapping[str, Any]], int]:
    """Drive five minutes; rectifier_1 shows what a test wants. Return AC kWh by minute, what was logged, glitches."""

    def right(t_s: int) -> float:
        return 9e9 + energy_kwh(t_s) * 1000 * 1.01 / 2

    clock = ClockByHand(T0 - 3 * S)
    async with Store(folder / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        with structlog.testing.capture_logs() as logs:
            for t in range(0, WHOLE_MINUTES * 60 + 16, 5):
                clock.ns = T0 + t * S
                batch = ReadingBatch.joined(polls(t))
                value, quality = batch.value.copy(), batch.quality.copy()
                at = batch.point == COUNTER
                value[at] = shown(t, right)
                quality[at & np.isnan(value)] = Quality.BAD_SENSOR_FAILURE
                await line.step([joined([ReadingBatch(batch.point, batch.time_ns, value, quality)])])
        found = await minutes(store)
        glitches = line.instruments.glitches_total
    return [found[minute][1].ac_kwh for minute in range(WHOLE_MINUTES)], logs, glitches


def truth(minute: int) -> float:
    """Return what both rectifiers took in a minute [kWh]."""
    return (energy_kwh(60 * minute + 60) - energy_kwh(60 * minute)) * 1.01


@pytest.mark.parametrize(
    ("shown", "refused"),
    [
        (lambda t, right: 0.0 if t == 100 else right(t), 1),
        (lambda t, right: 8.9e9 if t == 100 else right(t), 1),
        (lambda t, right: right(60) if 100 <= t <= 105 else right(t), 1),
        (lambda t, right: 9.2e9 if t == 100 else right(t), 1),
        (lambda t, right: math.nan if 100 <= t <= 110 else right(t), 0),
    ],
    ids=["zero", "low", "stale dip", "high", "sentinel"],
)
async def test_what_is_no_reading_of_the_counter_changes_no_energy_and_is_told(
    tmp_path: Path, shown: Shown, refused: int
) -> None:
    booked, logs, glitches = await story(tmp_path, shown)
    assert booked == pytest.approx([truth(minute) for minute in range(WHOLE_MINUTES)], rel=1e-9)
    assert glitches == refused
    said = [entry for entry in logs if entry["event"] == "counter reading not believed"]
    assert len(said) == refused
    assert all(entry["point"] == "rectifier_1.active_energy_import" for entry in said)


@pytest.mark.parametrize(
    ("shown", "lost_s"),
    [
        (lambda t, right: right(t) if t < 150 else right(t) - (right(150) - right(90)), 15),
        (lambda t, right: right(t) if t < 150 else right(t) - right(150) + 1000.0, 15),
        (lambda t, right: right(t) if t < 150 else right(t) - right(150) + 8.7e12, 15),
    ],
    ids=["a power loss forgets a minute", "a new meter begins near zero", "another meter shows far more"],
)
async def test_a_counter_that_begins_elsewhere_books_neither_its_level_nor_a_negative_and_loses_seconds_only(
    tmp_path: Path, shown: Shown, lost_s: int
) -> None:
    booked, logs, _ = await story(tmp_path, shown)
    expected = [truth(minute) for minute in range(WHOLE_MINUTES)]
    assert booked[:2] == pytest.approx(expected[:2], rel=1e-9)
    assert booked[3:] == pytest.approx(expected[3:], rel=1e-9)
    assert 0 <= expected[2] - booked[2] <= expected[2] / 2 * (lost_s + 5) / 60
    assert [entry["event"] for entry in logs].count("counter starts again") == 1


async def test_a_counter_that_wraps_at_the_modulus_of_its_profile_loses_no_energy(tmp_path: Path) -> None:
    """An EM340 counts tenths of a kWh in 31 bits, and begins again before the mark of an overflow."""
    modulus_kwh, power_kw = 214_741_811.2, 2_400.0
    clock = ClockByHand(T0 - 3 * S)
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        line = await open_line(PLANT, store, clock)
        for t in range(0, WHOLE_MINUTES * 60 + 16, 5):
            clock.ns = T0 + t * S
            shown = (modulus_kwh - 100.0 + power_kw * t / 3600) % modulus_kwh
            fans = raw(PLANT, "fume_treatment", clock.ns, {Quantity.ACTIVE_ENERGY_IMPORT: shown})
            await line.step([joined([*polls(t)[:3], fans])])
        found = await minutes(store)
    booked = [found[minute][1].auxiliary_kwh for minute in range(WHOLE_MINUTES)]
    assert booked == pytest.approx([power_kw / 60] * WHOLE_MINUTES, rel=1e-6)
    assert line.instruments.glitches_total == 0


async def test_no_jump_however_high_books_more_than_the_rated_power_over_its_time(tmp_path: Path) -> None:
    """The counter runs off at random: what is booked stays below rated power times time."""
    rng = np.random.default_rng(9)
    jumps = {int(t): float(rng.uniform(-9e9, 9e12)) for t in rng.choice(range(10, 300, 5), 20, replace=False)}
    booked, _, _ = await story(tmp_path, lambda t, right: right(t) + jumps.get(t, 0.0))
    other = [truth(minute) / 2 for minute in range(WHOLE_MINUTES)]
    for mine, others in zip(booked, other, strict=True):
        assert 0 <= mine - others <= RATED_KW * OVERLOAD / 60 * 1.2
