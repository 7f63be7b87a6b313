"""The comparison of benchmarks fails where it must, and the README's table is what the committed results say."""

import msgspec
import pytest
from bench_results import GOALS, Machine, Result, as_lines, named, of_lines, table, worse
from bench_tables import BEGIN, END, README, REFERENCE, RESULTS, table_in, with_table

HERE = Machine("Some CPU at 3 GHz", 2)


def result(ratio: float = 1.0, *, lost: float = 0, bench: str = "mqtt-single") -> Result:
    return Result(bench, "2026-11-23", HERE, {"core_share": 0.25, "lost": lost}, {"cpu": ratio})


@pytest.mark.parametrize("ratio", [0.5, 1.0, 1.2])
def test_a_ratio_that_is_better_or_up_to_a_fifth_worse_passes(ratio: float) -> None:
    assert worse([result(ratio)], {"mqtt-single.cpu": 1.0}) == []


def test_a_ratio_that_is_21_percent_worse_fails() -> None:
    assert worse([result(1.21)], {"mqtt-single.cpu": 1.0}) == [
        "mqtt-single.cpu: 1.21 is 21% worse than the reference 1"
    ]


def test_one_lost_message_fails_however_fast_it_was() -> None:
    assert worse([result(0.5, lost=1)], {"mqtt-single.cpu": 1.0}) == ["mqtt-single: 1 lost"]


@pytest.mark.parametrize("ratio", [float("nan"), float("inf"), 0.0, -1.0])
def test_what_is_no_ratio_fails(ratio: float) -> None:
    assert worse([result(ratio)], {"mqtt-single.cpu": 1.0}) == [
        f"mqtt-single.cpu: {ratio} is no ratio; look at the run"
    ]


def test_a_ratio_without_a_reference_fails() -> None:
    assert worse([result()], {}) == ["mqtt-single.cpu: no reference; take one with 'make bench-reference'"]


def test_a_ratio_that_is_no_longer_measured_fails_and_one_whose_benchmark_did_not_run_passes() -> None:
    reference = {"mqtt-single.cpu": 1.0, "mqtt-single.memory": 1.0, "idle.cpu": 1.0}
    assert worse([result()], reference) == ["mqtt-single.memory: is in the reference, but was not measured"]


def test_lines_of_json_come_back_as_they_were() -> None:
    results = [result(), result(2.5, bench="mqtt-batch")]
    assert of_lines(as_lines(results)) == results


def test_the_table_says_date_machine_goal_and_what_missed_it() -> None:
    told = table([result(lost=3)])
    assert told.startswith("Measured 2026-11-23, Some CPU at 3 GHz, 2 cores.\n")
    assert "12,000/s: CPU | ≤ 0.5 of a core | 0.25 of a core | yes |" in told
    assert "12,000/s: lost | ≤ 0 messages | 3 messages | no |" in told
    assert "p99 | ≤ 1,500 ms | not measured | no |" in told


def test_a_goal_of_at_least_is_missed_by_less() -> None:
    (goal,) = [each for each in GOALS if (each.bench, each.figure) == ("mqtt-batch-highest", "rate")]
    assert (goal.is_met(299_999), goal.is_met(300_000)) == (False, True)


def test_a_table_takes_the_place_of_the_one_before() -> None:
    text = f"before\n{BEGIN}\n\nold\n\n{END}\nafter\n"
    assert table_in(with_table(text, "| new |\n")) == "| new |\n"
    assert with_table(text, "| new |\n").endswith(f"{END}\nafter\n")
    with pytest.raises(ValueError, match="the README lacks"):
        table_in("no marks")


def test_the_table_of_the_readme_is_what_the_committed_results_say() -> None:
    results = of_lines(RESULTS.read_text(encoding="utf-8"))
    assert table_in(README.read_text(encoding="utf-8")) == table(results)


def test_the_committed_reference_is_the_ratios_of_the_committed_results() -> None:
    results = of_lines(RESULTS.read_text(encoding="utf-8"))
    assert results
    assert msgspec.json.decode(REFERENCE.read_bytes()) == named(results)
    assert worse(results, named(results)) == []
