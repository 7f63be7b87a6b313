"""The minutes that the ledger of a shipped scenario books, and what a column of them comes to."""

import math
from pathlib import Path

from simulators.clock import ClockSpec
from simulators.physics.smelter import Smelter
from simulators.scenario import Scenario, load_scenario

SCENARIOS = Path(__file__).parents[2] / "simulators" / "scenarios"
THREE_O_CLOCK = ClockSpec.parse("2026-11-22T03:00:00Z@1795327200*60").begin_ns
SECOND = 1_000_000_000

Rows = list[dict[str, object]]


def scenario(name: str) -> Scenario:
    return load_scenario(SCENARIOS / f"{name}.toml")


def minutes_of(name: str, seconds: int, *, step_s: int = 1) -> Rows:
    smelter = Smelter(scenario(name), THREE_O_CLOCK, step_s * SECOND)
    for _ in range(seconds // step_s):
        smelter.step()
    return [*smelter.finished_minutes(), *smelter.remaining_minutes()]


def total(rows: Rows, name: str) -> float:
    return math.fsum(value for row in rows if isinstance(value := row[name], float | int))
