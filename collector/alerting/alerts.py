"""All alerts as the line sees them: it shows what it is about to commit, and gets what belongs into the same commit.

An alert is told once a transition, over restarts as well: where it stands, what was pending, and what was told last is
remembered in the transaction that tells it. The collector's own alerts (a filling outbox, a balance that does not
close, counters that differ) pass as lines of the stream ``alert``, and stand in the same list.
"""

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from collector.alerting import remembered, sentences
from collector.alerting.columns import Change, ColumnRule, Series, column_rules, series_of
from collector.alerting.judge import Phase, Standing
from collector.alerting.lines import Line, LineRule, read, stream_of, told_of
from collector.alerting.remembered import ALERT, STANDING, Alert, Identity, Remembered, key
from collector.clock import Clock, ClockWatch
from collector.delivery import lineprotocol
from collector.plant.alerts import AlertRule, Severity
from collector.plant.streams import known_tag_values, places
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.store.store import Store

log = structlog.get_logger()

_SILENCE_EVERY_NS = 1_000_000_000


@dataclass(slots=True)
class Judged:
    """What goes into the commit: lines of the stream ``alert``, and what is to be remembered."""

    lines: list[bytes] = field(default_factory=list)
    remembered: dict[str, str] = field(default_factory=dict)


class Alerts:
    """The alerts of a plant.

    Parameters
    ----------
    plant, rules
        Whose, and by which rules.
    clock
        Tells when a value is overdue.
    kept
        What the store remembers.
    judges
        Without it nothing is judged and nothing resolved: for a store whose collector does not run.
    """

    def __init__(
        self, plant: Plant, rules: Sequence[AlertRule], clock: Clock, kept: Remembered, *, judges: bool = True
    ) -> None:
        self._plant, self._clock = plant, clock
        self._watch = ClockWatch(clock)
        self._alerts, self._told = dict(kept.alerts), dict(kept.told)
        self._fresh: dict[Identity, Alert] = {}
        self._due: list[tuple[Identity, str]] = []
        self._rules = {rule.name: rule for rule in rules} if judges else {}
        self._heard_ns = steady_ns = self._steady_ns()
        self.news = asyncio.Event()
        """Set with every commit that told something."""
        standing: dict[str, dict[Series, Standing]] = {}
        forgotten: list[Identity] = []
        for identity, (digest, stands) in kept.standings.items():
            name, series = identity
            rule = self._rules.get(name)
            if rule is not None and remembered.digest(rule) == digest:
                standing.setdefault(name, {})[series] = stands
            elif judges:
                forgotten.append(identity)
                self._due.append((identity, "the rule was removed" if rule is None else "the rule was changed"))
        where = places(plant) if self._rules else []  # of a hundred thousand points that takes a while
        self._columns = column_rules(self._rules.values(), where, standing, steady_ns=steady_ns)
        of_columns = {each.rule.name: set(each.series) for each in self._columns}
        self._lines = [
            LineRule(rule, standing.get(rule.name, {}), steady_ns=steady_ns)
            for rule in self._rules.values()
            if rule.name not in of_columns
        ]
        self._streams = told_of(self._lines)
        if judges:
            known = known_tag_values(plant)
            for name, of_rule in standing.items():
                gone = [(name, series) for series in of_rule if series not in of_columns.get(name, of_rule)]
                forgotten += gone
                self._due += [(identity, "its series is no longer in the plant") for identity in gone]
            for identity in self._alerts:
                if any(value not in known[tag] for tag, value in identity[1] if tag in _OF_PLANT):
                    self._due.append((identity, "what it is about is no longer in the plant"))
        self._forgotten = [remembered.key(STANDING, identity) for identity in forgotten]

    @classmethod
    async def opened(
        cls,
        plant: Plant,
        rules: Sequence[AlertRule],
        store: Store,
        clock: Clock,
        *,
        is_told: bool = False,
        judges: bool = True,
    ) -> "Alerts":
        """Go on where the store ends. ``is_told``: over MQTT as well, so what is over is kept until it is confirmed."""
        kept = await store.ask(remembered.read)
        if judges:
            over = [
                identity
                for identity, alert in kept.alerts.items()
                if not alert.is_firing and (not is_told or kept.told.get(identity) == alert.told_ns)
            ]
            await store.change(lambda db: remembered.forget(db, over))
            for identity in over:
                del kept.alerts[identity]
        return cls(plant, rules, clock, kept, judges=judges)

    def judge(self, batch: ReadingBatch, lines: Iterable[bytes]) -> Judged:
        """Return what belongs into the commit of some readings in canonical units, and of lines.

        It counts as told when ``committed`` is called.
        """
        judged = Judged()
        if self._due or self._forgotten:
            self._settle(judged)
        if self._rules:
            self._judge(batch, lines, judged)
        for line in lines:
            if line.startswith(b"alert,"):
                self._own(read(line), judged)
        return judged

    def committed(self) -> None:
        """Note that what was judged is on disk."""
        if self._fresh:
            # A new one: the page reads the one before on a thread of its own.
            self._alerts = self._alerts | self._fresh
            self._fresh = {}
            self.news.set()

    def firing(self) -> list[dict[str, Any]]:
        """Return what fires, as it was told: rule, severity, state, tags, value, limit, text, since and time.

        Any thread may ask.
        """
        return [alert.document() for _, alert in sorted(self._alerts.items()) if alert.is_firing]

    def untold(self) -> dict[Identity, Alert]:
        """Return what the broker has not confirmed: of each alert the latest."""
        return {each: alert for each, alert in self._alerts.items() if self._told.get(each, 0) != alert.told_ns}

    def told(self, told: Mapping[Identity, Alert]) -> None:
        """Note what the broker has confirmed, and the store has noted."""
        self._told |= {identity: alert.told_ns for identity, alert in told.items()}

    # --- within -------------------------------------------------------------------------------------------------------

    def _judge(self, batch: ReadingBatch, lines: Iterable[bytes], judged: Judged) -> None:
        now_ns, steady_ns = self._clock.now_ns(), self._steady_ns()
        rules: tuple[ColumnRule | LineRule, ...] = (*self._columns, *self._lines)
        step_s = self._watch.step_s()
        if step_s:
            for rule in rules:
                rule.clock_was_set(round(step_s * 1e9))
        for change in self._of_readings(batch, steady_ns):
            self._tell(change, change.time_ns, judged)
        for line in self._named(lines):
            for of_lines in self._lines:
                for change in of_lines.take(line, steady_ns=steady_ns):
                    self._tell(change, now_ns, judged)
        if steady_ns - self._heard_ns >= _SILENCE_EVERY_NS:
            self._heard_ns = steady_ns
            for change in [each for rule in rules for each in rule.silent(steady_ns=steady_ns, now_ns=now_ns)]:
                self._tell(change, now_ns, judged)

    def _of_readings(self, batch: ReadingBatch, steady_ns: int) -> list[Change]:
        if not self._columns or not len(batch):
            return []
        usable = batch.usable
        return [change for rule in self._columns for change in rule.take(batch, usable, steady_ns=steady_ns)]

    def _named(self, lines: Iterable[bytes]) -> list[Line]:
        """Return the lines of streams that rules are on."""
        return [read(line) for line in lines if stream_of(line) in self._streams] if self._streams else []

    def _steady_ns(self) -> int:
        return round(self._clock.steady_s() * 1e9)

    def _tell(self, change: Change, time_ns: int, judged: Judged) -> None:
        """Remember a step, and tell it where the alert fires by it or is resolved."""
        rule, identity = change.rule, (change.rule.name, change.series)
        judged.remembered[key(STANDING, identity)] = remembered.written(rule, change.now)
        if change.before.phase.is_firing is change.now.phase.is_firing:
            return
        tags = {"plant": self._plant.id, **dict(change.series)}
        was_silent = change.before.phase is Phase.SILENT
        if change.now.phase is Phase.SILENT:
            text, limit = sentences.silent(rule, tags), rule.silent_for_s
        elif change.now.phase.is_firing:
            text, limit = sentences.fires(rule, tags, change.value), rule.limit
        else:
            text = sentences.resolved(rule, tags, change.value, was_silent=was_silent)
            limit = rule.silent_for_s if was_silent else rule.resolves_at
        self._write(
            identity,
            severity=rule.severity.value,
            is_firing=change.now.phase.is_firing,
            value=change.value,
            limit=limit,
            text=text,
            time_ns=time_ns,
            judged=judged,
        )

    def _settle(self, judged: Judged) -> None:
        """Resolve what fires by a rule that is not there any more, or is about what is not."""
        for identity, why in self._due:
            before = self._alerts.get(identity)
            if before is not None and before.is_firing:
                self._write(
                    identity,
                    severity=before.severity,
                    is_firing=False,
                    value=None,
                    limit=before.limit,
                    text=f"no longer judged: {why}",
                    time_ns=self._clock.now_ns(),
                    judged=judged,
                )
        judged.remembered |= dict.fromkeys(self._forgotten, "")
        self._due, self._forgotten = [], []

    def _write(
        self,
        identity: Identity,
        *,
        severity: str,
        is_firing: bool,
        value: float | None,
        limit: float | None,
        text: str,
        time_ns: int,
        judged: Judged,
    ) -> None:
        before = self._fresh.get(identity, self._alerts.get(identity))
        if before is not None:  # two never share a time: the later line would overwrite the other
            time_ns = max(time_ns, before.told_ns + 1)
        name, series = identity
        tags = {"plant": self._plant.id, **dict(series)}
        known = None if value is None or not math.isfinite(value) else value
        alert = Alert(name, severity, tags, is_firing, known, limit, text, time_ns, time_ns)
        line = lineprotocol.line(
            lineprotocol.series("alert", {**tags, "rule": name, "severity": severity}),
            {"state": alert.state, "value": known, "limit": limit, "text": text, "firing": int(is_firing)},
            time_ns,
        )
        if line is None:
            raise AssertionError("an alert always has the field 'state'")
        judged.lines.append(line)
        self._note(identity, alert, judged)
        say = {Severity.INFO.value: log.info, Severity.CRITICAL.value: log.error}.get(severity, log.warning)
        (say if is_firing else log.info)(
            "alert", state=alert.state, rule=name, text=text, value=known, limit=limit, **dict(series)
        )

    def _note(self, identity: Identity, alert: Alert, judged: Judged) -> None:
        self._fresh[identity] = alert
        judged.remembered[key(ALERT, identity)] = remembered.encoded(alert)

    def _own(self, line: Line, judged: Judged) -> None:
        """Note an alert of the collector itself, which has said and written it already."""
        tags = {name: value for name, value in line.tags.items() if name not in ("rule", "severity")}
        identity = (line.tags["rule"], series_of(tags))
        before = self._fresh.get(identity, self._alerts.get(identity))
        is_firing = line.fields["state"] == "firing"
        still = before is not None and before.is_firing and is_firing
        told_ns = line.time_ns if before is None else max(line.time_ns, before.told_ns + 1)
        value, limit = (_number(line.fields.get(name)) for name in ("value", "limit"))
        since_ns = before.since_ns if before is not None and still else line.time_ns
        text = str(line.fields.get("text", ""))
        severity = line.tags["severity"]
        self._note(
            identity, Alert(identity[0], severity, tags, is_firing, value, limit, text, since_ns, told_ns), judged
        )


_OF_PLANT = frozenset({"potline", "pot", "meter", "stack"})
"""Tags that name something in the plant."""


def _number(told: object) -> float | None:
    return float(told) if isinstance(told, int | float) else None
