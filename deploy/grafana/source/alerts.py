"""Grafana's alert rules. `provisioned.py` writes them to deploy/grafana/provisioning/alerting/potline.yaml.

Who is told of an alert, and how, is the site's: contact points and notification policies are made in Grafana, and the
label ``severity`` of each rule is there for them. Every number that a rule judges by is named here with its reason.
"""

from collections.abc import Sequence

from health import growth
from influxql import column, select, tagged
from rules import Formula, Group, Query, Reduce, Rule, Severity, Threshold

MINUTE, HOUR, DAY = 60, 3600, 86400

STOPPED_BELOW = 0.5
"""Of the largest current of a week. Lines that follow the grid go down by a quarter, at most by a third; one that is
switched off goes to nothing. Half lies between."""
SILENT_AFTER = 5 * MINUTE
"""Five polls of a meter that is polled once a minute; nothing is polled more rarely without a reason."""
BAD_BELOW = 64
"""The OPC DA quality from which on a value is not bad."""
LEAST_COVERAGE_PCT = 90
"""The default of [accounting] least_coverage: below it a ratio is withheld."""
FILLING_ABOVE_PCT = 80
"""Where the collector's own alert outbox_filling begins."""
LEAST_DAYS = 7
"""Closed days before a line's own rate of anode effects is known well enough to compare with."""

_BY_LINE = ("plant", "potline")
_SHOWN = {"meter": "Quality of meters", "potline": "Quality of line meters", "stack": "Quality of analysers"}
_COLLECTOR, _QUALITY, _EMISSIONS = "potline-health", "potline-data-quality", "potline-emissions"


def _last_above(query: str, *, from_s: int, limit: float = 0.0) -> tuple[Query, Reduce, Threshold]:
    return Query("A", query, from_s), Reduce("B", "A"), Threshold("C", "B", "gt", limit)


def _silent(stream: str, tags: Sequence[str]) -> tuple[Query, Reduce, Threshold]:
    query = select(column("max", "quality", "quality"), of=stream, where=(), by=tags).query
    return Query("A", query, SILENT_AFTER), Reduce("B", "A"), Threshold("C", "B", "lt", BAD_BELOW)


def _silent_rule(
    uid: str, title: str, stream: str, tags: Sequence[str], *, whose: str, severity: Severity = "warning"
) -> Rule:
    return Rule(
        uid=uid,
        title=title,
        nodes=_silent(stream, tags),
        lasts="1m",
        severity=severity,
        summary=f"{whose} has told nothing usable for five minutes",
        description=f"max(quality) of the stream {stream} over 5 min is below {BAD_BELOW} (bad). Nothing is made up "
        "for it: the coverage of the windows falls, and ratios are withheld below the least coverage.",
        remedy="read the meter with 'potline read'; look at cable, gateway and unit id, or at the broker.",
        dashboard=_QUALITY,
        panel=_SHOWN[stream],
    )


def _line() -> tuple[Rule, ...]:
    def current(function: str) -> str:
        told = column(function, "line_current_ka", "current")
        return select(told, of="potline", where=['"quality" >= 64'], by=_BY_LINE).query

    stopped = Rule(
        uid="potline-line-stopped",
        title="Line stopped or far down",
        nodes=(
            Query("A", current("mean"), 5 * MINUTE),
            Query("B", current("max"), 7 * DAY),
            Reduce("C", "A"),
            Reduce("D", "B"),
            Formula("E", "$C / $D"),
            Threshold("F", "E", "lt", STOPPED_BELOW),
        ),
        lasts="2m",
        severity="critical",
        summary='Potline {{ .Labels.potline }} carries {{ printf "%.0f" .Values.C.Value }} kA',
        description="mean(line_current_ka) of 5 min over max(line_current_ka) of 7 days is below "
        f"{STOPPED_BELOW:g}. Modulation for the grid goes down by a quarter to a third.",
        remedy="ask the rectifier station; if it is planned, silence this alert for the line.",
        dashboard="potline-potline",
        panel="Line current",
    )
    line_meter = _silent_rule(
        "potline-line-meter-silent",
        "Line meter silent",
        "potline",
        _BY_LINE,
        whose="The DC meter of potline {{ .Labels.potline }}",
        severity="critical",
    )
    counted = column("count", "duration_s", "effects")
    effects = select(counted, of="anode_effect", where=['"duration_s" > 0'], by=_BY_LINE).query
    closed = [tagged("window", "day"), tagged("boundary", "dc")]
    days = select(column("count", "metal_t", "days"), of="energy_intensity", where=closed, by=_BY_LINE).query
    many = Rule(
        uid="potline-anode-effects",
        title="More anode effects than the line's own rate",
        nodes=(
            Query("A", effects, DAY),
            Query("B", effects, 31 * DAY),
            # A day's line stands at its start, so the closed ones of 30 days begin up to 31 days and end a day ago.
            Query("C", days, 31 * DAY, DAY),
            Reduce("D", "A"),
            Reduce("E", "B"),
            Reduce("F", "C"),
            Formula("G", "($E - $D) / $F"),
            Formula("H", f"($F >= {LEAST_DAYS}) * ($D - $G - 3 * $G ** 0.5)"),
            Threshold("I", "H", "gt", 0),
        ),
        lasts="5m",
        severity="warning",
        summary='Potline {{ .Labels.potline }}: {{ printf "%.0f" .Values.D.Value }} anode effects in 24 h, '
        '{{ printf "%.1f" .Values.G.Value }} a day before',
        description="The effects of 24 h are more than c + 3 sqrt(c), the upper limit of a control chart of counts "
        "(Shewhart), where c is the effects of the 30 days before over their closed days; judged from "
        f"{LEAST_DAYS} closed days on.",
        remedy="look which pots they are in, and at alumina feeding and bath there.",
        dashboard=_EMISSIONS,
        panel="Anode effects by day",
    )
    return stopped, line_meter, many


def _energy() -> tuple[Rule, ...]:
    coverage = Rule(
        uid="potline-coverage-low",
        title="Coverage low",
        nodes=(
            Query(
                "A",
                select(
                    column("last", "coverage_pct", "coverage"),
                    of="energy_intensity",
                    where=[tagged("window", "hour")],
                    by=[*_BY_LINE, "boundary"],
                ).query,
                3 * HOUR,
            ),
            Reduce("B", "A"),
            Threshold("C", "B", "lt", LEAST_COVERAGE_PCT),
        ),
        lasts="0s",
        severity="warning",
        summary="Potline {{ .Labels.potline }}, {{ .Labels.boundary }}: only "
        '{{ printf "%.0f" .Values.B.Value }} % of the last hour is measured',
        description="coverage_pct of the last closed hour is below "
        f"{LEAST_COVERAGE_PCT} %, the default of [accounting] least_coverage: its ratio is withheld unless "
        "counters bridge what is missing (estimated_pct).",
        remedy="find the meters that were silent in that hour; an hour is stated again if late readings come.",
        dashboard=_QUALITY,
        panel="Coverage by boundary",
    )
    tier = Rule(
        uid="potline-price-tier",
        title="Price tier about to be crossed",
        nodes=_last_above(
            select(
                column("last", "about_to_cross", "crossing"),
                of="power_price_tier",
                where=[tagged("window", "hour")],
                by=_BY_LINE,
            ).query,
            from_s=3 * HOUR,
        ),
        lasts="0s",
        severity="warning",
        summary="Potline {{ .Labels.potline }} may end the month in a higher price tier",
        description="The forecast of the month's end with its expanded uncertainty reaches above the end of the "
        "present step (about_to_cross of the last hour; kWh/t = sum of energy / sum of metal, of the month so far and "
        "carried on by the last seven days).",
        remedy="'potline report price' tells how many kWh/t are left for the rest of the month.",
        dashboard="potline-plant",
        panel="Forecast of the month's end against the price tier",
    )
    return coverage, tier


def _limits() -> tuple[Rule, ...]:
    """Return a rule for each length of mean: an older one must not hide that nothing is measured any more."""
    return tuple(
        Rule(
            uid=f"potline-limit-{window}",
            title=f"Limit exceeded, mean over a {window}",
            nodes=_last_above(
                select(
                    column("last", "outside", "outside"),
                    of="limit",
                    where=[tagged("window", window)],
                    by=[*_BY_LINE, "stack", "limit", "meter"],
                ).query,
                from_s=from_s,
            ),
            lasts="0s",
            severity="critical",
            summary="{{ .Labels.limit }} {{ .Labels.stack }}{{ .Labels.potline }} is outside its limit",
            description=f"The mean over the last closed {window} lies outside a limit of the plant's settings "
            "([limits.NAME]), and enough of it is measured. A value on the limit keeps it.",
            remedy="look at gas treatment and analyser; 'potline report compliance' lists when and how long.",
            dashboard=_EMISSIONS,
            panel="Means and their limits",
        )
        for window, from_s in (("hour", 3 * HOUR), ("day", 3 * DAY))
    )


def _data() -> tuple[Rule, ...]:
    meter = _silent_rule(
        "potline-meter-silent",
        "Meter silent",
        "meter",
        ("plant", "potline", "meter"),
        whose="Meter {{ .Labels.meter }}",
    )
    stack = _silent_rule(
        "potline-stack-silent", "Analyser silent", "stack", ("plant", "stack"), whose="Stack {{ .Labels.stack }}"
    )
    told = Rule(
        uid="potline-collector-alert",
        title="The collector says",
        nodes=_last_above(
            select(column("last", "firing", "firing"), of="alert", where=(), by=[*_BY_LINE, "rule", "severity"]).query,
            from_s=90 * DAY,
        ),
        lasts="0s",
        severity="warning",
        summary="{{ .Labels.rule }} {{ .Labels.potline }}",
        description="The last word of the collector on this rule, in its stream alert, is that it fires: the text "
        "stands there. Rules: outbox_filling, energy_balance (a meter does not fit), anode_effect_counters "
        "(controllers count other effects).",
        remedy="read the text in the panel and in the collector's log; each says what to do.",
        dashboard=_QUALITY,
        panel="What the collector says",
    )
    return meter, stack, told


def _collector() -> tuple[Rule, ...]:
    by = ("plant", "instance")
    silent = Rule(
        uid="potline-collector-silent",
        title="Collector silent",
        nodes=(
            # The mean of the lines of six minutes, one of which has only begun: 0 after five to six minutes without.
            Query(
                "A",
                select(
                    'moving_average(count("readings_total"), 6) AS "lines"',
                    of="collector",
                    where=(),
                    every="1m",
                    by=by,
                    fill="0",
                ).query,
                HOUR,
            ),
            Reduce("B", "A"),
            Threshold("C", "B", "lt", 0.1),
        ),
        lasts="0s",
        severity="critical",
        summary="Collector {{ .Labels.instance }} writes nothing",
        description="No line of the stream collector for more than five minutes; it writes one every 10 s. Nothing is "
        "known of the plant meanwhile. What a collector takes in is kept on its disk.",
        remedy="'systemctl status potline' and its log; then the way to this database ('potline status').",
        dashboard=_COLLECTOR,
        panel="Readings per second",
        without_data="Alerting",
    )
    filling = Rule(
        uid="potline-outbox-filling",
        title="Outbox filling",
        nodes=_last_above(
            select(column("last", "outbox_used_pct", "used"), of="collector", where=(), by=by).query,
            from_s=5 * MINUTE,
            limit=FILLING_ABOVE_PCT,
        ),
        lasts="2m",
        severity="critical",
        summary='The outbox of {{ .Labels.instance }} is {{ printf "%.0f" .Values.B.Value }} % full',
        description=f"outbox_used_pct is above {FILLING_ABOVE_PCT} %: the larger share of [store] outbox_max_bytes and "
        "outbox_max_age. When it is full, when_full decides: the oldest is dropped, or the line waits.",
        remedy="see which database does not take it ('potline status'), and give the disk more room meanwhile.",
        dashboard=_COLLECTOR,
        panel="Outbox",
    )
    lost = Rule(
        uid="potline-lines-lost",
        title="Lines lost",
        nodes=(
            Query(
                "A",
                select(growth("dropped_total", "dropped"), of="collector", where=(), every="1m", by=by).query,
                HOUR,
            ),
            Reduce("B", "A", "sum"),
            Threshold("C", "B", "gt", 0),
        ),
        lasts="0s",
        severity="critical",
        summary='{{ printf "%.0f" .Values.B.Value }} lines left the outbox of {{ .Labels.instance }} undelivered',
        description="dropped_total has grown within an hour: lines left the outbox and no database has them. The "
        "ledger has what was accounted; single readings are gone.",
        remedy="see the causes beside it; 'potline outbox resend' sends what the ledger has of that time.",
        dashboard=_COLLECTOR,
        panel="Lost and refused, by cause",
    )
    refused = Rule(
        uid="potline-dead-letters",
        title="Dead letters",
        nodes=(
            Query(
                "A",
                select(growth("refused_total", "refused"), of="collector", where=(), every="1m", by=by).query,
                HOUR,
            ),
            Reduce("B", "A", "sum"),
            Threshold("C", "B", "gt", 0),
        ),
        lasts="0s",
        severity="warning",
        summary="A database refuses lines of {{ .Labels.instance }} for good",
        description="refused_total has grown within an hour. The lines are kept as dead letters with the reason.",
        remedy="'potline outbox dead' shows them; mend the cause, then 'potline outbox dead resend'.",
        dashboard=_COLLECTOR,
        panel="Lost and refused, by cause",
    )
    return silent, filling, lost, refused


def groups() -> tuple[Group, ...]:
    """Return all groups of rules."""
    return (
        Group("line", "1m", _line()),
        Group("energy and limits", "5m", (*_energy(), *_limits())),
        Group("data", "1m", _data()),
        Group("collector", "1m", _collector()),
    )
