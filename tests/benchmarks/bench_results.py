"""What benchmarks found: a line of JSON each, the goals they are held to, and what is worse than it was. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import msgspec

MOST_WORSE = 0.20
"""A ratio may be worse than its reference by this share before a run fails."""


class Machine(msgspec.Struct, frozen=True):
    """Where it was measured."""

    cpu: str
    cores: int


class Result(msgspec.Struct, frozen=True):
    """One benchmark's figures, and its ratios to a yardstick of the same run: the smaller the better."""

    bench: str
    date: str
    machine: Machine
    figures: dict[str, float]
    ratios: dict[str, float]


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure of a benchmark and what it should be: at most so much, or at least.

    Parameters
    ----------
    bench, figure
        Which.
    title, unit
        How it is called in the table.
    limit, at_least
        What it should be; ``at_least`` where more is better.
    """

    bench: str
    figure: str
    title: str
    unit: str
    limit: float
    at_least: bool = False

    def is_met(self, value: float) -> bool:
        """Whether a value is as it should be."""
        return value >= self.limit if self.at_least else value <= self.limit


def _rates(bench: str, load: str, *, core: float, highest: float, unit: str) -> list[Goal]:
    return [
        Goal(bench, "core_share", f"{load}: CPU", "of a core", core),
        Goal(bench, "lost", f"{load}: lost", unit.removesuffix("/s"), 0),
        Goal(bench, "latency_p99_ms", f"{load}: from the source to a query of InfluxDB, p99", "ms", 1500),
        Goal(f"{bench}-highest", "rate", f"{load}: highest rate on one core", unit, highest, at_least=True),
    ]


_MODBUS, _SINGLE, _BATCH = (
    "Modbus, 100 gateways, 105,400 values/s",
    "MQTT, single samples of 1,200 pots, 12,000/s",
    "MQTT, batches of 100 samples, 80,000 samples/s",
)
_BACKLOGS = [
    goal
    for kind, name in (("modbus", _MODBUS), ("mqtt-single", _SINGLE), ("mqtt-batch", _BATCH))
    for target, database in (
        ("fast", "a server that keeps nothing"),
        ("influxdb1", "InfluxDB 1.6.7"),
        ("victoriametrics", "VictoriaMetrics 1.79.5"),
    )
    for goal in (
        Goal(
            f"backlog-{kind}-{target}",
            "times_real_time",
            f"{name}: backlog to {database}",
            "times real time",
            20,
            at_least=True,
        ),
        Goal(f"backlog-{kind}-{target}", "live_age_max_s", f"{name}: age of live data meanwhile, {database}", "s", 2),
    )
]
GOALS: Sequence[Goal] = (
    *_rates("modbus", _MODBUS, core=0.4, highest=400_000, unit="values/s"),
    Goal("modbus", "peak_mb", f"{_MODBUS}: memory", "MB", 200),
    Goal("modbus", "late_p99_ms", f"{_MODBUS}: late after its tick, p99", "ms", 50),
    *_rates("mqtt-single", _SINGLE, core=0.5, highest=30_000, unit="messages/s"),
    *_rates("mqtt-batch", _BATCH, core=0.3, highest=300_000, unit="samples/s"),
    *_BACKLOGS,
    Goal("idle", "core_share", "Idle plant, 50 meters at 1 s: CPU", "of a core", 0.02),
    Goal("idle", "peak_mb", "Idle plant: memory", "MB", 100),
    Goal("idle", "first_reading_s", "Idle plant: from the start to the first reading", "s", 1.5),
    Goal("month", "restated_s", "A month of 1,200 pots stated again", "s", 60),
    Goal("month", "report_s", "A statement on it printed", "s", 5),
    Goal("page", "wall_ms", "The page's document of 1,200 pots, the first", "ms", 1000),
)


def named(results: Sequence[Result]) -> dict[str, float]:
    """Return all ratios by benchmark and name, as the reference keeps them."""
    return {f"{result.bench}.{name}": ratio for result in results for name, ratio in result.ratios.items()}


def worse(results: Sequence[Result], reference: Mapping[str, float]) -> list[str]:
    """Return in words what is worse than the reference by more than a fifth, cannot be compared, or was lost.

    Parameters
    ----------
    results
        Of the benchmarks that ran. What did not run is not missed.
    reference
        Ratios by benchmark and name, the smaller the better.
    """
    found = [
        f"{result.bench}: {result.figures['lost']:g} lost" for result in results if result.figures.get("lost", 0) > 0
    ]
    ran = {result.bench for result in results}
    told = named(results)
    for name, ratio in told.items():
        if not isfinite(ratio) or ratio <= 0:
            found.append(f"{name}: {ratio} is no ratio; look at the run")
        elif name not in reference:
            found.append(f"{name}: no reference; take one with 'make bench-reference'")
        elif ratio > reference[name] * (1 + MOST_WORSE):
            share = ratio / reference[name] - 1
            found.append(f"{name}: {ratio:.3g} is {share:.0%} worse than the reference {reference[name]:.3g}")
    gone = [name for name in reference if name.rpartition(".")[0] in ran and name not in told]
    return found + [f"{name}: is in the reference, but was not measured" for name in gone]


def table(results: Sequence[Result]) -> str:
    """Return the table of the README: what, goal, measured, ratio to the yardstick; empty without results."""
    by_bench = {result.bench: result for result in results}
    rows = [_row(goal, by_bench[goal.bench]) for goal in GOALS if goal.bench in by_bench]
    if not rows:
        return ""
    places = sorted({f"{each.date}, {each.machine.cpu}, {each.machine.cores} cores" for each in results})
    head = f"Measured {'; '.join(places)}.\n\n| load and figure | goal | measured | goal met |\n|---|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


def _row(goal: Goal, result: Result) -> str:
    value = result.figures.get(goal.figure)
    sign = "≥" if goal.at_least else "≤"
    measured = "not measured" if value is None else f"{_number(value)} {goal.unit}"
    met = "yes" if value is not None and goal.is_met(value) else "no"
    return f"| {goal.title} | {sign} {_number(goal.limit)} {goal.unit} | {measured} | {met} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 or value == round(value) else f"{value:.3g}"


def as_lines(results: Sequence[Result]) -> str:
    """Write results as lines of JSON."""
    return "".join(msgspec.json.encode(result).decode() + "\n" for result in results)


def of_lines(text: str) -> list[Result]:
    """Read results; ValidationError where a line is none."""
    return [msgspec.json.decode(line, type=Result) for line in text.splitlines() if line]
