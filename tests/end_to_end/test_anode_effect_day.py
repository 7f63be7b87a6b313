"""A day of many anode effects over a real broker: found in the voltages alone, and counted once beside controllers."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from plant_run import ROOT, CollectorProcess, Simulation, collector, iso, simulated_plant, wait_until
from pot_plant import StoreReader
from servers import Mosquitto

SPEED = 180
MINUTES = 75
SAMPLED_S = 10.0
"""Pots tell means over ten seconds. Each edge of an effect is known to one of them, its duration to two."""

MINUTE_NS = 60_000_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """An effect in a store."""

    pot: str
    kind: str
    origin: str
    time_ns: int
    duration_s: float | None
    until_ns: int | None = None


def scenario(folder: Path) -> Path:
    """Return the scenario with pots that tell their voltages and their controllers their effects, and nothing else."""
    shipped = (ROOT / "simulators" / "scenarios" / "anode-effect-day.toml").read_text(encoding="utf-8")
    path = folder / "day.toml"
    shipped = shipped.replace("anode_effects_per_pot_day = 1.5", "anode_effects_per_pot_day = 4")
    told = '\n[mqtt]\nkinds = ["telemetry", "ae"]\n'
    path.write_text(shipped.replace("../../config", str(ROOT / "config")) + told, encoding="utf-8")
    return path


def deaf_to_controllers(folder: Path) -> Path:
    """Return a folder of layouts without the messages of controllers about anode effects."""
    layouts = Path(shutil.copytree(ROOT / "config" / "layouts", folder / "layouts"))
    file = layouts / "smelter-v1.toml"
    parts = file.read_text(encoding="utf-8").split("[[messages]]")
    kept = [part for part in parts if 'tells = "anode_effect"' not in part]
    assert len(kept) == len(parts) - 1
    file.write_text("[[messages]]".join(kept), encoding="utf-8")
    return layouts


def effects(running: CollectorProcess) -> list[Found]:
    """Return the high-voltage effects in a store, each as told last, in order of time."""
    rows = StoreReader(running.store).rows(
        "SELECT body FROM event AS e WHERE kind = 'anode_effect'"
        " AND rank = (SELECT max(rank) FROM event WHERE id = e.id) ORDER BY time_ns"
    )
    found = [msgspec.json.decode(body, type=Found) for (body,) in rows]
    return [each for each in found if each.kind == "hvae"]


def summed(running: CollectorProcess, minutes: list[str]) -> tuple[int, float]:
    """Return number and seconds of the effects in the accounts of some minutes."""
    found = running.minutes()
    return sum(found[m]["anode_effects"] for m in minutes), sum(found[m]["anode_effect_s"] for m in minutes)


def closed(running: CollectorProcess) -> bool:
    return running.store.exists() and len(running.minutes()) >= MINUTES


@pytest.mark.timeout(150)
def test_effects_in_the_voltages_are_the_true_ones_and_none_is_counted_twice(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto]
) -> None:
    broker = mosquitto(max_inflight_messages=0, max_queued_messages=0)
    # The simulator counts every rise for itself.
    apart = {"POTLINE_ANODE_EFFECTS__MERGING_GAP": "0s"}
    deaf = {**apart, "POTLINE_LAYOUTS_DIR": str(deaf_to_controllers(tmp_path))}
    place = f"{broker.host}:{broker.port}"
    with (
        simulated_plant(tmp_path, scenario(tmp_path), broker=place, speed=SPEED) as plant,
        collector(tmp_path, plant, "voltages", deaf) as alone,
        collector(tmp_path, plant, "both", apart) as both,
    ):
        for running in (alone, both):
            wait_until(lambda running=running: closed(running), 90, running.process, running.log)  # type: ignore[misc]
        assert (alone.stop(), both.stop()) == (0, 0)
        compare(alone, both, plant)


def compare(alone: CollectorProcess, both: CollectorProcess, plant: Simulation) -> None:
    truth = plant.truth()
    # An effect that began near the end has not told its duration yet.
    minutes = sorted(set(alone.minutes()) & set(both.minutes()) & set(truth))[1:-4]
    true_count = sum(truth[m]["ae_count"] for m in minutes)
    true_s = sum(truth[m]["ae_s"] for m in minutes)
    assert true_count >= 5

    # From the voltages alone: each true effect is found once, to within the sampling, and nothing else is.
    true = [each for each in effects(both) if each.origin == "controller"]
    inside = [each for each in true if iso(minute(each)) in minutes]
    assert len(inside) == true_count
    found = effects(alone)
    assert {each.origin for each in found} == {"voltage"}
    longer_s = 0.0
    for each in inside:
        (seen,) = [other for other in found if is_one(each, other)]
        assert each.duration_s is not None
        assert seen.duration_s is not None
        assert abs(seen.time_ns - each.time_ns) / 1e9 <= SAMPLED_S, each
        assert seen.duration_s == pytest.approx(each.duration_s, abs=2 * SAMPLED_S), each
        longer_s += seen.duration_s - each.duration_s
    # Means draw a steep edge over one period or two, and 8 V is low on it: effects come out longer on the whole.
    assert 0 <= longer_s <= 2 * SAMPLED_S * true_count
    booked = [each for each in found if iso(minute(each)) in minutes]
    assert all(any(is_one(each, other) for other in true) for each in booked)
    count, seconds = summed(alone, minutes)
    assert count == len(booked)
    assert seconds == pytest.approx(sum(each.duration_s or 0.0 for each in booked))

    # With the controllers' word as well: theirs counts, and the voltages' is kept beside it.
    count, seconds = summed(both, minutes)
    assert count == true_count
    assert seconds == pytest.approx(true_s, abs=0.01)
    # One that burned when they were started begins with the first reading, which is another one for each of them.
    later = minutes[5:]
    kept = [each for each in effects(both) if each.origin == "voltage" and iso(minute(each)) in later]
    assert kept == [each for each in found if iso(minute(each)) in later]
    assert len(kept) >= 5


def is_one(effect: Found, other: Found) -> bool:
    return effect.pot == other.pot and abs(effect.time_ns - other.time_ns) < MINUTE_NS


def minute(effect: Found) -> int:
    return effect.time_ns // MINUTE_NS * MINUTE_NS
