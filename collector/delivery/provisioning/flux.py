r"""Tasks of InfluxDB 2 in Flux: hourly sums of the accounts, hourly means of the readings. Pure.

A task runs once an hour over whole hours only, so a sum is never of a part of one, and writes each hour again that it
looks back upon: to run twice changes nothing. Times are computed with integers, which every InfluxDB 2 understands.
"""

from collector.delivery.provisioning.additive import LEAST_QUALITY, Means, Sums

LOOKS_BACK_H = 26
"""Minutes that are stated again within a day are in the sums [h]."""
READINGS_LOOK_BACK_H = 3
"""Readings are many; those that come later than this are in the accounts, and not in the hourly means [h]."""
_OFFSET = "5m"


def text(value: str) -> str:
    """Return a string literal."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${")
    return f'"{escaped}"'


def sums_task(name: str, stream: Sums, *, source: str, target: str, org: str) -> str:
    """Return the task that adds the minutes of a stream to hours.

    A minute counts if it has every field and was not withheld; ``minutes`` says how many did.
    """
    wanted = " or ".join(f"r._field == {text(key)}" for key in (*stream.fields, "quality"))
    there = " and ".join(f"exists r.{key}" for key in (*stream.fields, "quality"))
    zero = ", ".join([*(f"{key}: 0.0" for key in stream.fields), "minutes: 0"])
    more = ", ".join(
        [*(f"{key}: accumulator.{key} + r.{key}" for key in stream.fields), "minutes: accumulator.minutes + 1"]
    )
    written = ", ".join(f"{text(key)}: r.{key}" for key in (*stream.fields, "minutes"))
    return f"""{_head(name, LOOKS_BACK_H)}
from(bucket: {text(source)})
    |> range(start: since, stop: until)
    |> filter(fn: (r) => r._measurement == {text(stream.measurement)} and r.window == "minute")
    |> filter(fn: (r) => {wanted})
    |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
    |> filter(fn: (r) => {there})
    |> filter(fn: (r) => r.quality >= {LEAST_QUALITY})
    |> drop(columns: ["window"])
    |> window(every: 1h)
    |> reduce(
        identity: {{{zero}}},
        fn: (r, accumulator) => ({{{more}}}),
    )
    |> duplicate(column: "_start", as: "_time")
    |> to(bucket: {text(target)}, org: {text(org)}, fieldFn: (r) => ({{{written}}}))
"""


def means_task(name: str, stream: Means, *, source: str, target: str, org: str) -> str:
    """Return the task that takes hourly means, their counts and last readings of a stream."""
    to = f"to(bucket: {text(target)}, org: {text(org)})"
    parts = [
        _head(name, READINGS_LOOK_BACK_H),
        *_readings("gauges", stream.measurement, stream.gauges, source),
        "gauges",
        '    |> aggregateWindow(every: 1h, fn: mean, createEmpty: false, timeSrc: "_start")',
        f"    |> {to}",
        "gauges",
        '    |> aggregateWindow(every: 1h, fn: count, createEmpty: false, timeSrc: "_start")',
        '    |> map(fn: (r) => ({r with _field: r._field + "_count"}))',
        f"    |> {to}",
    ]
    if stream.counters:
        parts += [
            *_readings("counters", stream.measurement, stream.counters, source),
            "counters",
            '    |> aggregateWindow(every: 1h, fn: last, createEmpty: false, timeSrc: "_start")',
            f"    |> {to}",
        ]
    return "\n".join(parts) + "\n"


def _readings(variable: str, measurement: str, fields: tuple[str, ...], source: str) -> list[str]:
    return [
        f"{variable} = from(bucket: {text(source)})",
        "    |> range(start: since, stop: until)",
        f"    |> filter(fn: (r) => r._measurement == {text(measurement)})",
        f"    |> filter(fn: (r) => r._field =~ /^(?:{'|'.join(fields)})$/)",
        "",
    ]


def _head(name: str, hours: int) -> str:
    return f"""// Made by 'potline provision', which also changes it. Ratios are never aggregated.
import "date"

option task = {{name: {text(name)}, every: 1h, offset: {_OFFSET}}}

until = date.truncate(t: now(), unit: 1h)
since = time(v: int(v: until) - {hours * 3600} * 1000000000)
"""
