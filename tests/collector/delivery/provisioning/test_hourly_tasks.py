"""What databases may aggregate: numerators, denominators and readings, and never a ratio. Pure."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.delivery.provisioning import flux, influxql
from collector.delivery.provisioning.additive import MEANS, SUMS, Means, Sums
from collector.plant.stacks import MASS_OF
from collector.readings.quantity import Quantity

PLACES = {"source": "potline", "target": "potline_hourly", "org": "smelter"}
POLICIES = {"database": "potline", "source": "autogen", "target": "hourly"}
RATIO = re.compile(r"_per_|_pct|factor|cosphi|thd_|resistance|_mg_|_u95|share|quality|revision|_max_|_min_")


def brackets_match(script: str) -> bool:
    """Tell whether all brackets outside of texts and patterns are closed by their own kind."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"|/\^.*?\$/|//[^\n]*', "", script)
    open_: list[str] = []
    for letter in bare:
        if letter in "([{":
            open_.append(letter)
        elif letter in ")]}" and (not open_ or open_.pop() + letter not in {"()", "[]", "{}"}):
            return False
    return not open_


@pytest.mark.parametrize("stream", SUMS, ids=lambda stream: stream.measurement)
def test_only_masses_and_energies_are_added(stream: Sums) -> None:
    assert all(re.search(r"_(kwh|t|kg|t_co2e)$", key) and not RATIO.search(key) for key in stream.fields)
    script = flux.sums_task("n", stream, **PLACES)
    added = re.search(r"identity: \{(.*)\}", script)
    assert added is not None
    assert re.findall(r"(\w+): 0", added[1]) == [*stream.fields, "minutes"]
    assert re.findall(r'"(\w+)": r\.\1', script.rpartition("fieldFn")[2]) == [*stream.fields, "minutes"]
    query = influxql.sums_query("q", stream, **POLICIES)
    assert re.findall(r'(\w+)\("(\w+)"\) AS', query) == [
        *(("sum", key) for key in stream.fields),
        ("count", stream.denominator),
    ]
    assert "mean(" not in script + query


@pytest.mark.parametrize("stream", MEANS, ids=lambda stream: stream.measurement)
def test_no_mean_is_taken_of_a_ratio_and_each_mean_has_its_count(stream: Means) -> None:
    assert stream.gauges
    assert not [key for key in (*stream.gauges, *stream.counters) if RATIO.search(key)]
    assert not set(stream.gauges) & set(stream.counters)
    query = influxql.means_query("q", stream, **POLICIES)
    assert re.findall(r'mean\("(\w+)"\) AS "(\w+)"', query) == [(key, key) for key in stream.gauges]
    assert re.findall(r'count\("(\w+)"\) AS "(\w+)"', query) == [(key, f"{key}_count") for key in stream.gauges]
    assert re.findall(r'last\("(\w+)"\) AS "(\w+)"', query) == [(key, key) for key in stream.counters]
    script = flux.means_task("n", stream, **PLACES)
    fields = [found.split("|") for found in re.findall(r"_field =~ /\^\(\?:([a-z0-9_|]+)\)\$/", script)]
    assert fields == [list(stream.gauges), *([list(stream.counters)] if stream.counters else [])]


def test_the_quantities_that_stand_for_a_ratio_are_left_out_by_name() -> None:
    kept = {key for stream in MEANS for key in (*stream.gauges, *stream.counters)}
    ratios = [Quantity.POWER_FACTOR, Quantity.POT_RESISTANCE, Quantity.HF, Quantity.O2, Quantity.THD_U_L1]
    assert not kept & {quantity.field for quantity in ratios}
    assert {"active_power_kw", "active_energy_import_kwh", "line_current_ka", "voltage_v", "flow_nm3_h"} <= kept
    assert {quantity.field for quantity in MASS_OF.values()} <= kept


@pytest.mark.parametrize(
    "script",
    [
        *(flux.sums_task("a name", stream, **PLACES) for stream in SUMS),
        *(flux.means_task("a name", stream, **PLACES) for stream in MEANS),
    ],
)
def test_a_task_reads_one_bucket_writes_another_and_is_whole(script: str) -> None:
    assert brackets_match(script)
    assert script.count('option task = {name: "a name", every: 1h, offset: 5m}') == 1
    assert set(re.findall(r'from\(bucket: "(\w+)"\)', script)) == {"potline"}
    assert set(re.findall(r'to\(bucket: "(\w+)", org: "smelter"', script)) == {"potline_hourly"}
    # Whole hours only: both ends are full hours.
    assert "until = date.truncate(t: now(), unit: 1h)" in script
    (reach,) = re.findall(r"since = time\(v: int\(v: until\) - (\d+) \* 1000000000\)", script)
    assert int(reach) % 3600 == 0
    assert script.count("range(start: since, stop: until)") == script.count("from(bucket")
    # Every pipe has something before it.
    lines = [line for line in script.splitlines() if line]
    assert all(not line.startswith("    |>") or lines[place - 1] for place, line in enumerate(lines))


def test_a_task_is_written_letter_by_letter_like_this() -> None:
    assert flux.sums_task("n", SUMS[3], **PLACES) == (
        "// Made by 'potline provision', which also changes it. Ratios are never aggregated.\n"
        'import "date"\n\n'
        'option task = {name: "n", every: 1h, offset: 5m}\n\n'
        "until = date.truncate(t: now(), unit: 1h)\n"
        "since = time(v: int(v: until) - 93600 * 1000000000)\n\n"
        'from(bucket: "potline")\n'
        "    |> range(start: since, stop: until)\n"
        '    |> filter(fn: (r) => r._measurement == "renewable_share" and r.window == "minute")\n'
        '    |> filter(fn: (r) => r._field == "renewable_kwh" or r._field == "total_kwh" or r._field == "quality")\n'
        '    |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")\n'
        "    |> filter(fn: (r) => exists r.renewable_kwh and exists r.total_kwh and exists r.quality)\n"
        "    |> filter(fn: (r) => r.quality >= 64)\n"
        '    |> drop(columns: ["window"])\n'
        "    |> window(every: 1h)\n"
        "    |> reduce(\n"
        "        identity: {renewable_kwh: 0.0, total_kwh: 0.0, minutes: 0},\n"
        "        fn: (r, accumulator) => ({renewable_kwh: accumulator.renewable_kwh + r.renewable_kwh, "
        "total_kwh: accumulator.total_kwh + r.total_kwh, minutes: accumulator.minutes + 1}),\n"
        "    )\n"
        '    |> duplicate(column: "_start", as: "_time")\n'
        '    |> to(bucket: "potline_hourly", org: "smelter", fieldFn: (r) => '
        '({"renewable_kwh": r.renewable_kwh, "total_kwh": r.total_kwh, "minutes": r.minutes}))\n'
    )


@given(st.text(st.sampled_from(list('ab"\\${} ')), max_size=12))
def test_no_name_ends_a_text_of_flux_or_computes_in_it(name: str) -> None:
    written = flux.text(name)
    inner = written[1:-1]
    assert re.fullmatch(r'(?:[^"\\]|\\\\|\\"|\\\$\{)*', inner)
    assert not re.search(r"(?<!\\)(?:\\\\)*\$\{", inner)
    assert re.sub(r"\\(\\|\"|\$\{)", r"\1", inner) == name


@given(st.text(st.sampled_from(list("ab\"'\\; \n")), max_size=12))
def test_no_name_ends_a_text_of_influxql(name: str) -> None:
    assert re.fullmatch(r'"(?:[^"\\\n]|\\.)*"', influxql.name(name))
    assert re.fullmatch(r"'(?:[^'\\\n]|\\.)*'", influxql.text(name))


@pytest.mark.parametrize(("told", "seconds"), [("2160h0m0s", 7776000), ("0s", 0), ("1h0m0s", 3600), ("90m0s", 5400)])
def test_a_retention_is_read_as_the_server_tells_it(told: str, seconds: int) -> None:
    assert influxql.seconds(told) == seconds


@pytest.mark.parametrize("told", ["", "7d", "2160", "h", "1h x", "1hm"])
def test_what_is_no_retention_is_refused(told: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        influxql.seconds(told)
