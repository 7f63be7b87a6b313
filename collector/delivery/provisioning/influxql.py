r"""Continuous queries of InfluxDB 1 in InfluxQL: the same sums and means as the tasks of InfluxDB 2. Pure."""

import re

from collector.delivery.provisioning.additive import LEAST_QUALITY, Means, Sums
from collector.delivery.provisioning.flux import LOOKS_BACK_H, READINGS_LOOK_BACK_H

_PART = re.compile(r"([0-9]+)(h|m|s)")
_SECONDS = {"h": 3600, "m": 60, "s": 1}
_PLAIN = re.compile(r'"([A-Za-z_][A-Za-z0-9_]*)"')


def name(value: str) -> str:
    """Return an identifier, quoted."""
    escaped = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'"{escaped}"'


def text(value: str) -> str:
    """Return a string literal."""
    escaped = value.replace("\\", r"\\").replace("'", r"\'").replace("\n", r"\n")
    return f"'{escaped}'"


def duration(seconds: int) -> str:
    """Return a retention [s]; 0 is for ever."""
    return f"{seconds}s" if seconds else "INF"


def seconds(told: str) -> int:
    """Read a retention as the server tells it, like ``2160h0m0s``; 0 is for ever [s].

    Raises
    ------
    ValueError
        If it is none.
    """
    if not re.fullmatch(rf"(?:{_PART.pattern})+", told):
        raise ValueError(f"'{told}' is no duration; it should be like '2160h0m0s'")
    return sum(int(number) * _SECONDS[unit] for number, unit in _PART.findall(told))


def sums_query(query: str, stream: Sums, *, database: str, source: str, target: str) -> str:
    """Return the continuous query that adds the minutes of a stream to hours."""
    columns = [f"sum({name(key)}) AS {name(key)}" for key in stream.fields]
    columns.append(f"count({name(stream.denominator)}) AS {name('minutes')}")
    # Neither or both: a comparison with a field that is missing is false.
    there = [f"({name(key)} <= 0 OR {name(key)} > 0)" for key in stream.fields]
    where = " AND ".join([f"{name('window')} = 'minute'", f"{name('quality')} >= {LEAST_QUALITY}", *there])
    rest = f"WHERE {where} GROUP BY {', '.join(['time(1h)', *map(name, stream.tags)])}"
    select = _select(columns, stream.measurement, database=database, source=source, target=target)
    return _continuous(query, database, LOOKS_BACK_H, f"{select} {rest}")


def means_query(query: str, stream: Means, *, database: str, source: str, target: str) -> str:
    """Return the continuous query that takes hourly means, their counts and last readings of a stream."""
    columns = [f"mean({name(key)}) AS {name(key)}" for key in stream.gauges]
    columns += [f"count({name(key)}) AS {name(key + '_count')}" for key in stream.gauges]
    columns += [f"last({name(key)}) AS {name(key)}" for key in stream.counters]
    select = _select(columns, stream.measurement, database=database, source=source, target=target)
    return _continuous(query, database, READINGS_LOOK_BACK_H, f"{select} GROUP BY time(1h), *")


def same_query(one: str, other: str) -> bool:
    """Tell whether two texts are one query: the server leaves out quotation marks that are not needed."""
    return _PLAIN.sub(r"\1", one) == _PLAIN.sub(r"\1", other)


def _select(columns: list[str], measurement: str, *, database: str, source: str, target: str) -> str:
    into, of = (f"{name(database)}.{name(policy)}.{name(measurement)}" for policy in (target, source))
    return " ".join(["SELECT", ", ".join(columns), "INTO", into, "FROM", of])


def _continuous(query: str, database: str, hours: int, select: str) -> str:
    start = f"CREATE CONTINUOUS QUERY {name(query)} ON {name(database)} RESAMPLE EVERY 1h FOR {hours}h"
    return f"{start} BEGIN {select} END"
