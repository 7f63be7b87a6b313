"""A rule on lines that are no readings: windows that closed, anode effects, the collector itself. Pure.

There are few of them, so each is read back from the bytes that the database gets: what fires is what is written.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from collector.alerting.columns import Change, Series, series_of
from collector.alerting.judge import Phase, Standing, after, held_anew, ns
from collector.plant.alerts import AlertRule
from collector.readings.quality import USABLE

Value = float | int | str | bool

_OF_ANY_QUALITY = frozenset({"quality", "coverage_pct", "estimated_pct", "revision"})
"""Fields that speak of the line itself: they are true where its ratio is withheld, too."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it was written: stream, tags, fields, and its time [UTC ns]."""

    stream: str
    tags: Mapping[str, str]
    fields: Mapping[str, Value]
    time_ns: int


def stream_of(line: bytes) -> bytes:
    """Return the stream of a line, as it stands in it: up to its first comma or space."""
    return line[: min(place for place in (line.find(b","), line.find(b" ")) if place >= 0)]


def read(line: bytes) -> Line:
    """Read a line back that the collector has written.

    Raises
    ------
    ValueError
        If it is none.
    """
    text = line.decode()
    start = _cut(text, " ")[0]
    fields, _, time = text[len(start) + 1 :].rpartition(" ")
    stream, *tags = _cut(start, ",")
    pairs = [_cut(tag, "=") for tag in tags]
    return Line(
        _plain(stream),
        {_plain(key): _plain(value) for key, value in pairs},
        {_plain(key): _value(value) for key, value in (_field(each) for each in _cut(fields, ",", quotes='"'))},
        int(time),
    )


def _cut(text: str, at: str, *, quotes: str = "") -> list[str]:
    """Cut a text at a sign, where it is neither escaped nor within quotation marks; only texts in fields have those."""
    parts, begin, place, quoted = [], 0, 0, False
    while place < len(text):
        sign = text[place]
        if sign == "\\":
            place += 1
        elif sign == quotes:
            quoted = not quoted
        elif sign == at and not quoted:
            parts.append(text[begin:place])
            begin = place + 1
        place += 1
    return [*parts, text[begin:]]


def _field(text: str) -> tuple[str, str]:
    key = _cut(text, "=")[0]
    return key, text[len(key) + 1 :]


def _plain(text: str) -> str:
    """Return a name or a tag without its escapes."""
    return text.replace("\\,", ",").replace("\\=", "=").replace("\\ ", " ")


def _value(text: str) -> Value:
    if text[0] == '"':
        return text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if text in ("true", "false"):
        return text == "true"
    return int(text[:-1]) if text[-1] == "i" else float(text)


class LineRule:
    """A rule on a stream of lines.

    Parameters
    ----------
    rule
        The rule.
    kept
        Where series stood, from the store.
    steady_ns
        Present time that no setting of the clock changes [ns]: silence counts from it.
    """

    def __init__(self, rule: AlertRule, kept: Mapping[Series, Standing], *, steady_ns: int) -> None:
        self.rule = rule
        self._now = dict(kept)
        self._heard_ns = dict.fromkeys(kept, steady_ns)

    def take(self, line: Line, *, steady_ns: int) -> Iterator[Change]:
        """Judge a line; yield what changes, and the first line of a series whose silence is to be told.

        A value that is missing, or whose quality is bad, neither fires nor resolves anything.
        """
        rule = self.rule
        if line.stream != rule.stream or not rule.covers(line.tags):
            return
        series = series_of(line.tags)
        is_new = series not in self._now
        now = self._now.get(series, Standing())
        self._heard_ns[series] = steady_ns
        told, quality = line.fields.get(rule.field), line.fields.get("quality")
        is_usable = rule.field in _OF_ANY_QUALITY or quality is None or int(quality) >= USABLE
        value = float(told) if isinstance(told, int | float) and is_usable else None
        if value is None and now.phase is Phase.SILENT:  # it is not silent any more, and says nothing of its value
            step = Standing(Phase.QUIET, line.time_ns, line.time_ns)
            self._now[series] = step
            yield Change(rule, series, now, step, line.time_ns, float("nan"))
        if value is None:
            self._now.setdefault(series, now)
        else:
            for step in after(rule, now, line.time_ns, value):
                if step.phase is not now.phase:
                    yield Change(rule, series, now, step, line.time_ns, value)
                now = step
            self._now[series] = now
        if is_new and rule.silent_for_s is not None and self._now[series].phase is Phase.QUIET:
            yield Change(rule, series, Standing(), self._now[series], line.time_ns, float("nan"))

    def silent(self, *, steady_ns: int, now_ns: int) -> Iterator[Change]:
        """Yield the series that have been silent for too long."""
        patience_s = self.rule.silent_for_s
        if patience_s is None:
            return
        for series, heard_ns in self._heard_ns.items():
            before = self._now[series]
            if before.phase in (Phase.QUIET, Phase.PENDING) and steady_ns - heard_ns >= ns(patience_s):
                self._now[series] = now = Standing(Phase.SILENT, now_ns, before.last_ns)
                yield Change(self.rule, series, before, now, now_ns, (steady_ns - heard_ns) * 1e-9)

    def clock_was_set(self, step_ns: int) -> None:
        """Hold anew what was held, and let no series be blind."""
        self._now = {series: held_anew(now, step_ns) for series, now in self._now.items()}


def told_of(rules: Sequence[LineRule]) -> frozenset[bytes]:
    """Return the streams that rules are on, as they stand in lines."""
    return frozenset(rule.rule.stream.encode() for rule in rules)
