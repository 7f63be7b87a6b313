"""All benchmarks, or those whose name begins as asked: prints a table, writes lines of JSON, and compares.

    python tests/benchmarks/bench.py --only mqtt-single --results results.jsonl

The exit code is 1 where a ratio to its yardstick is worse than the committed reference by more than a fifth, or
something was lost. ``--renew`` takes the ratios as the new reference and the results into the README instead.
"""

import argparse
import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

import msgspec
from bench_backlog import TARGETS, drained
from bench_idle import idle_plant, of_script
from bench_rates import Lengths, modbus_at_goal, modbus_keeps_up, mqtt_at_goal, mqtt_keeps_up
from bench_results import Machine, Result, as_lines, named, of_lines, table, worse
from bench_tables import README, REFERENCE, RESULTS, with_table

_SINGLE, _BATCHED = 12_000, 80_000
_STEPS = {
    "modbus": (0.8, 0.5, 0.4, 0.333, 0.25),
    "mqtt-single": (18_000, 24_000, 30_000, 36_000, 48_000, 60_000),
    "mqtt-batch": (120_000, 180_000, 240_000, 300_000, 360_000, 480_000),
}
"""Rates of the ladders, one after the other until one is not kept up: periods [s], messages/s, samples/s."""
_OUTAGES_S = {"modbus": 60.0, "mqtt-single": 300.0, "mqtt-batch": 45.0}

Found = tuple[dict[str, float], dict[str, float]]


def _at_goal(figures: dict[str, float], unit: str) -> Found:
    cpu = figures[f"us_per_{unit}"] / figures[f"bare_us_per_{unit}"]
    return figures, {"cpu": round(cpu, 4)}


def highest(steps: tuple[float, ...], keeps_up: Callable[[float], dict[str, float]]) -> dict[str, float]:
    """Climb until a rate is not kept up; return the figures of the last one that was, and the first that was not."""
    best: dict[str, float] = {"rate": 0.0}
    for step in steps:
        found = keeps_up(step)
        sys.stderr.write(f"  {found}\n")
        if not found["kept_up"]:
            return best | {"not_kept_up": found["rate_asked"], "reached_then": found["rate"]}
        best = found
    return best


def benches(lengths: Lengths, days: int) -> dict[str, Callable[[], Found]]:
    """Return all benchmarks by name, in the order in which they run."""
    found: dict[str, Callable[[], Found]] = {
        "modbus": lambda: _at_goal(modbus_at_goal(lengths=lengths), "value"),
        "mqtt-single": lambda: _at_goal(mqtt_at_goal(rate=_SINGLE, batch=1, lengths=lengths), "sample"),
        "mqtt-batch": lambda: _at_goal(mqtt_at_goal(rate=_BATCHED, batch=100, lengths=lengths), "sample"),
        "modbus-highest": lambda: (
            highest(_STEPS["modbus"], lambda step: modbus_keeps_up(period_s=step, lengths=lengths)),
            {},
        ),
        "mqtt-single-highest": lambda: (
            highest(_STEPS["mqtt-single"], lambda step: mqtt_keeps_up(rate=round(step), batch=1, lengths=lengths)),
            {},
        ),
        "mqtt-batch-highest": lambda: (
            highest(_STEPS["mqtt-batch"], lambda step: mqtt_keeps_up(rate=round(step), batch=100, lengths=lengths)),
            {},
        ),
        "idle": lambda: _idle(idle_plant(seconds=lengths.goal_s, bare_s=lengths.bare_s)),
        "page": _page,
        "month": lambda: _month(days),
    }
    for kind, rate in (("mqtt-single", _SINGLE), ("mqtt-batch", _BATCHED), ("modbus", 0)):
        for target in TARGETS:
            found[f"backlog-{kind}-{target}"] = lambda kind=kind, target=target, rate=rate: _backlog(  # type: ignore[misc]
                drained(kind, target, rate=rate, outage_s=_OUTAGES_S[kind])
            )
    return found


def _idle(figures: dict[str, float]) -> Found:
    return figures, {
        "cpu": round(figures["us_per_value"] / figures["bare_us_per_value"], 4),
        "start": round(figures["first_reading_s"] / figures["bare_start_s"], 4),
    }


def _page() -> Found:
    first = next(each for each in of_script("page_document.py") if each.pop("document") == "first")
    return first, {"wall": round(first["wall_ms"] / first["bare_ms"], 4)}


def _month(days: int) -> Found:
    (figures,) = of_script("month_restated.py", "--days", str(days))
    return figures, {"restating": round(figures["restated_s"] / figures["bare_s"], 4)}


def _backlog(figures: dict[str, float]) -> Found:
    # A drain that did not come to its end has no ratio, and the comparison says so.
    ratio = figures["bare_lines_per_s"] / figures["lines_per_s"] if figures["is_drained"] else 0.0
    return figures, {"drain": round(ratio, 4)}


def machine() -> Machine:
    """Return the model of the processor and how many cores may be used."""
    models = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return Machine(models[0].strip() if models else "unknown processor", len(os.sched_getaffinity(0)))


def main() -> int:
    """Run, print, compare."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", default="", help="benchmarks whose name begins so")
    options.add_argument("--results", type=Path, default=Path("var/bench.jsonl"), help="where the lines of JSON go")
    options.add_argument("--seconds", type=int, default=20, help="of each window at a goal's rate")
    options.add_argument("--days", type=int, default=31, help="of the month that is stated again")
    options.add_argument("--renew", action="store_true", help="take them as the reference and into the README")
    asked = options.parse_args()
    lengths = Lengths(asked.seconds, max(3, asked.seconds // 2), max(3, asked.seconds // 2))
    today, here = datetime.now(UTC).date().isoformat(), machine()
    results: list[Result] = []
    for name, bench in benches(lengths, asked.days).items():
        if not name.startswith(asked.only):
            continue
        sys.stderr.write(f"{name} ...\n")
        figures, ratios = bench()
        results.append(Result(name, today, here, figures, ratios))
        sys.stdout.write(as_lines(results[-1:]))
        sys.stdout.flush()
    if not results:
        sys.stderr.write(f"no benchmark begins with {asked.only!r}\n")
        return 2
    asked.results.parent.mkdir(parents=True, exist_ok=True)
    asked.results.write_text(as_lines(results), encoding="utf-8")
    sys.stdout.write("\n" + table(results))
    return _renewed(results) if asked.renew else _compared(results)


def _compared(results: list[Result]) -> int:
    found = worse(results, msgspec.json.decode(REFERENCE.read_bytes(), type=dict[str, float]))
    sys.stdout.write("".join(f"worse: {each}\n" for each in found))
    return 1 if found else 0


def _renewed(results: list[Result]) -> int:
    """Take what was measured in place of what the same benchmarks told before."""
    ran = {result.bench for result in results}
    before = of_lines(RESULTS.read_text(encoding="utf-8"))
    results = [each for each in before if each.bench not in ran] + results
    RESULTS.write_text(as_lines(results), encoding="utf-8")
    REFERENCE.write_bytes(
        msgspec.json.format(msgspec.json.encode(dict(sorted(named(results).items()))), indent=2) + b"\n"
    )
    README.write_text(with_table(README.read_text(encoding="utf-8"), table(results)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
