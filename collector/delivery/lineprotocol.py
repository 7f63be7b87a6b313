"""Line protocol. Pure: readings and numbers in, bytes out.

Floats are written so that they read back to the same bits, integers with ``i``. A value that is not finite is a missing
field. A line without any field is not written.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import msgspec
import numpy as np
import numpy.typing as npt

from collector.plant import streams
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.outgoing import Rendered

_IN_MEASUREMENT = str.maketrans({",": r"\,", " ": r"\ ", "\n": r"\ ", "\r": r"\ "})
_IN_TAG = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\n": r"\ ", "\r": r"\ "})
_MISLEADING = re.compile(r"\\+(?=[,= \n\r]|\Z)")
_IN_STRING = str.maketrans({'"': r"\"", "\\": r"\\", "\n": " ", "\r": " "})

Field = float | int | str | bool | None

_Codes = npt.NDArray[np.uint8]
_json = msgspec.json.Encoder().encode
_AT_ONCE = 1024
_ABSENT = np.uint8(255)
"""Stands where a line has no reading: no quality code is larger."""
_CODES = [b"%d" % code for code in range(256)]
_MOST = 1 << 63


def series(measurement: str, tags: Mapping[str, str]) -> bytes:
    """Return the start of a line: measurement and tags, escaped, tags sorted as databases like them.

    An empty tag is left out. A backslash at the end of a name or a tag, or before what has to be escaped in it, would
    be read as part of an escape, so it is taken off.
    """
    return _series(measurement, tuple(sorted(tags.items())))


@lru_cache(maxsize=8192)
def _series(measurement: str, tags: tuple[tuple[str, str], ...]) -> bytes:
    text = _MISLEADING.sub("", measurement).translate(_IN_MEASUREMENT)
    for key, told in tags:
        value = _MISLEADING.sub("", told).translate(_IN_TAG)
        if value:
            text += f",{_name(key)}={value}"
    return text.encode()


def line(start: bytes, fields: Mapping[str, Field], time_ns: int) -> bytes | None:
    """Return a line, or None if no field has a value."""
    parts = [text for key, value in fields.items() if (text := _field(key, value)) is not None]
    if not parts:
        return None
    return b"%s %s %d" % (start, ",".join(parts).encode(), time_ns)


@lru_cache(maxsize=1024)
def _name(key: str) -> str:
    return _MISLEADING.sub("", key).translate(_IN_TAG)


def _field(key: str, value: Field) -> str | None:
    if type(value) is float:
        return f"{_name(key)}={value!r}" if math.isfinite(value) else None
    if value is None:
        return None
    name = _name(key)
    if isinstance(value, bool):
        return f"{name}={'true' if value else 'false'}"
    if isinstance(value, int):
        return f"{name}={value}i"
    if isinstance(value, str):
        return f'{name}="{value.translate(_IN_STRING)}"'
    return f"{name}={float(value)!r}" if math.isfinite(value) else None


class ReadingEncoder:
    """Encodes readings as the streams ``meter``, ``potline``, ``pot`` and ``stack``: one line a series and time.

    It works in columns: for one line of four values it takes 0.8 µs, reading by reading it took 7. After it is made it
    never changes, so any thread may use it.
    """

    def __init__(self, plant: Plant) -> None:
        fields: dict[bytes, dict[bytes, int]] = {}
        columns: list[int] = []
        starts: list[bytes] = []
        before: streams.Place | None = None
        for written in streams.places(plant):
            is_same = before is not None and written.tags is before.tags and written.stream == before.stream
            starts.append(starts[-1] if is_same else series(written.stream, written.tags))
            before = written
            own = fields.setdefault(starts[-1], {})
            columns.append(own.setdefault(written.field.encode(), len(own)))
        places = {start: place for place, start in enumerate(fields)}
        forms = {names: form for form, names in enumerate(dict.fromkeys(tuple(own) for own in fields.values()))}
        self._forms = list(forms)
        self._form_of = np.array([forms[tuple(own)] for own in fields.values()], np.intp)
        self._starts = np.array([*fields, None], object)[:-1]  # None: else numpy would make it an array of texts
        self._series_of = np.array([places[start] for start in starts], np.int64)
        self._column_of = np.array(columns, np.intp)

    def encode(self, batch: ReadingBatch) -> list[bytes]:
        """Return the lines of a batch."""
        return list(self.rendered(batch).lines)

    def rendered(self, batch: ReadingBatch) -> Rendered:
        """Return the lines of a batch in canonical units, in the order in which their first readings stand.

        ``quality`` is the worst of the values in the line; where there is no value at all, it says why. Of several
        readings of one point at one time the last one counts.
        """
        if not len(batch):
            return Rendered()
        series_of = self._series_of[batch.point]
        heads, line_of = _lines_of(series_of, batch.time_ns)
        times, series_of = batch.time_ns[heads], series_of[heads]
        forms = self._form_of[series_of]
        parts: list[tuple[npt.NDArray[np.intp], list[bytes]]] = []
        for form in np.unique(forms).tolist():
            lines = np.flatnonzero(forms == form)
            table = self._table(batch, line_of, lines, len(heads), self._forms[form])
            for rows, names, values, quality in table.alike():
                here = lines[rows]
                starts = self._starts[series_of[here]]
                parts.append((here, _rendered(starts, names, values, quality, times[here])))
        spans = self._spans(series_of, times)
        if len(parts) == 1:
            return Rendered(parts[0][1], spans)
        found = np.empty(len(heads), object)
        for here, texts in parts:
            found[here] = texts
        return Rendered(list(found), spans)

    def _spans(self, series_of: npt.NDArray[np.int64], times: npt.NDArray[np.int64]) -> list[tuple[bytes, int, int]]:
        """Return the series of some lines, each with its first and its last time [ns]."""
        order = np.argsort(series_of, kind="stable")
        series_of, times = series_of[order], times[order]
        begins = np.flatnonzero(np.diff(series_of, prepend=-1))
        first_ns, last_ns = np.minimum.reduceat(times, begins), np.maximum.reduceat(times, begins)
        starts = self._starts[series_of[begins]].tolist()
        return list(zip(starts, first_ns.tolist(), last_ns.tolist(), strict=True))

    def _table(
        self,
        batch: ReadingBatch,
        line_of: npt.NDArray[np.intp],
        lines: npt.NDArray[np.intp],
        count: int,
        names: tuple[bytes, ...],
    ) -> "_Table":
        """Return the readings of some of all lines, which have the same fields, as a table of a row for each line."""
        if len(lines) < count:
            row_of = np.full(count, -1, np.intp)
            row_of[lines] = np.arange(len(lines))
            rows = row_of[line_of]
            batch, line_of = batch.select(rows >= 0), rows[rows >= 0]
        cells = line_of * len(names) + self._column_of[batch.point]
        shape = (len(lines), len(names))
        value, usable, quality = np.zeros(shape), np.zeros(shape, np.bool_), np.full(shape, _ABSENT)
        # Of readings for the same cell, the last one stays.
        value.reshape(-1)[cells] = batch.value
        usable.reshape(-1)[cells] = batch.usable
        quality.reshape(-1)[cells] = batch.quality
        return _Table(names, value, usable, quality)


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Lines with the same fields; all arrays are [lines, fields]. Where there is no reading, nothing is usable."""

    names: tuple[bytes, ...]
    value: npt.NDArray[np.float64]
    usable: npt.NDArray[np.bool_]
    quality: npt.NDArray[np.uint8]

    def alike(self) -> Iterator[tuple[npt.NDArray[np.intp], tuple[bytes, ...], npt.NDArray[np.float64], _Codes]]:
        """Yield the lines with values in the same fields: rows, fields, values [lines, fields], quality [lines]."""
        if self.usable.all():
            yield np.arange(len(self.value)), self.names, self.value, self.quality.min(axis=1)
            return
        kinds, kind_of = np.unique(np.packbits(self.usable, axis=1), axis=0, return_inverse=True)
        kind_of = kind_of.reshape(-1)
        for kind in range(len(kinds)):
            rows = np.flatnonzero(kind_of == kind)
            there = np.flatnonzero(self.usable[rows[0]])
            names = tuple(self.names[column] for column in there.tolist())
            quality = self.quality[rows]
            yield rows, names, self.value[rows][:, there], (quality[:, there] if names else quality).min(axis=1)


def _lines_of(
    series_of: npt.NDArray[np.int64], time_ns: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the first reading of each line, in order, and the line that each reading belongs to."""
    count = len(time_ns)
    first_ns, last_ns = int(time_ns.min()), int(time_ns.max())
    # A stable sort goes along what is sorted already, which columns are for long stretches.
    if (last_ns - first_ns + 1) * (int(series_of.max()) + 1) < _MOST:
        order = np.argsort(series_of * (last_ns - first_ns + 1) + (time_ns - first_ns), kind="stable")
    else:
        order = np.lexsort((time_ns, series_of))
    series_of, time_ns = series_of[order], time_ns[order]
    begins = np.ones(count, np.bool_)
    begins[1:] = (series_of[1:] != series_of[:-1]) | (time_ns[1:] != time_ns[:-1])
    heads = order[begins]
    by_head = np.argsort(heads, kind="stable")
    place = np.empty(len(heads), np.intp)
    place[by_head] = np.arange(len(heads))
    line_of = np.empty(count, np.intp)
    line_of[order] = place[np.cumsum(begins) - 1]
    return heads[by_head], line_of


def _rendered(
    starts: npt.NDArray[np.object_],
    names: tuple[bytes, ...],
    values: npt.NDArray[np.float64],
    quality: _Codes,
    times: npt.NDArray[np.int64],
) -> list[bytes]:
    """Return lines that have values in the same fields. All values are finite."""
    lines: list[bytes] = []
    is_one = bool((quality == quality[0]).all())
    code = b"%d" % quality[0] if is_one else b"%b"
    template = b"%b " + b"".join(name.replace(b"%", b"%%") + b"=%b," for name in names) + b"quality=" + code + b"i %b"
    # In portions, so that no step of it holds the interpreter for longer than a moment.
    for begin in range(0, len(starts), _AT_ONCE):
        here = slice(begin, begin + _AT_ONCE)
        texts = _numbers(values[here].reshape(-1))
        columns = [starts[here].tolist(), *(texts[place :: len(names)] for place in range(len(names)))]
        if not is_one:
            columns.append([_CODES[each] for each in quality[here].tolist()])
        columns.append(_numbers(times[here]))
        lines += [template % row for row in zip(*columns, strict=True)]
    return lines


def _numbers(column: npt.NDArray[np.float64] | npt.NDArray[np.int64]) -> list[bytes]:
    """Return numbers as texts: floats as the shortest that read back to the same bits, always with a point or an e."""
    return _json(column.tolist())[1:-1].split(b",")
