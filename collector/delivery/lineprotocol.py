"""Line protocol. Pure: readings and numbers in, bytes out.

Floats are written so that they read back to the same bits, integers with ``i``. A value that is not finite is a missing
field. A line without any field is not written.
"""

import math
import re
from collections.abc import Mapping
from functools import lru_cache

from collector.plant.meter import Measures
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.quality import USABLE

_IN_MEASUREMENT = str.maketrans({",": r"\,", " ": r"\ ", "\n": r"\ ", "\r": r"\ "})
_IN_TAG = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\n": r"\ ", "\r": r"\ "})
_MISLEADING = re.compile(r"\\+(?=[,= \n\r]|\Z)")
_IN_STRING = str.maketrans({'"': r"\"", "\\": r"\\", "\n": " ", "\r": " "})

Field = float | int | str | bool | None


def series(measurement: str, tags: Mapping[str, str]) -> bytes:
    """Return the start of a line: measurement and tags, escaped, tags sorted as databases like them.

    An empty tag is left out. A backslash at the end of a tag, or before what has to be escaped in it, would be read as
    part of an escape, so it is taken off.
    """
    return _series(measurement, tuple(sorted(tags.items())))


@lru_cache(maxsize=8192)
def _series(measurement: str, tags: tuple[tuple[str, str], ...]) -> bytes:
    text = measurement.translate(_IN_MEASUREMENT)
    for key, told in tags:
        value = _MISLEADING.sub("", told).translate(_IN_TAG)
        if value:
            text += f",{key.translate(_IN_TAG)}={value}"
    return text.encode()


def line(start: bytes, fields: Mapping[str, Field], time_ns: int) -> bytes | None:
    """Return a line, or None if no field has a value."""
    parts = [text for key, value in fields.items() if (text := _field(key, value)) is not None]
    if not parts:
        return None
    return b"%s %s %d" % (start, ",".join(parts).encode(), time_ns)


@lru_cache(maxsize=1024)
def _name(key: str) -> str:
    return key.translate(_IN_TAG)


def _field(key: str, value: Field) -> str | None:
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
    """Encodes readings as the streams ``meter``, ``potline`` and ``pot``: one line a series and time."""

    def __init__(self, plant: Plant) -> None:
        self._series: list[bytes] = []
        self._field: list[str] = []
        meters = {meter.id: meter for meter in plant.meters}
        for point in plant.points:
            measurement = point.quantity.measurement
            if measurement == "potline" and meters[point.owner].measures is not Measures.LINE_DC:
                measurement = "meter"  # one meter speaks for a potline; others would write over it
            tags = {"plant": plant.id}
            if measurement == "pot":
                pot = point.owner.removeprefix("pot:")
                tags |= {"potline": plant.potline_of_pot[pot], "pot": pot}
            else:
                tags["potline"] = meters[point.owner].potline or ""
                if measurement == "meter":
                    tags["meter"] = point.owner
            self._series.append(series(measurement, tags))
            self._field.append(point.quantity.field)

    def encode(self, batch: ReadingBatch) -> list[bytes]:
        """Return the lines of a batch in canonical units.

        ``quality`` is the worst of the values in the line; where there is no value at all, it says why. Of several
        readings of one point at one time the last one counts.
        """
        groups: dict[tuple[bytes, int], dict[str, tuple[float | None, int]]] = {}
        for point, time_ns, value, quality in batch:
            usable = quality >= USABLE and math.isfinite(value)
            fields = groups.setdefault((self._series[point], time_ns), {})
            fields[self._field[point]] = (value if usable else None, quality)
        lines = []
        for (start, time_ns), fields in groups.items():
            parts = [f"{name}={value!r}" for name, (value, _) in fields.items() if value is not None]
            worst = min(quality for value, quality in fields.values() if value is not None or not parts)
            parts.append(f"quality={worst}i")
            lines.append(b"%s %s %d" % (start, ",".join(parts).encode(), time_ns))
        return lines
