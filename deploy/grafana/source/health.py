"""The collector itself: what it takes in, what it has written, what each database still has to take, what was lost."""

from grafana_foundation_sdk.builders import stat, timeseries
from grafana_foundation_sdk.models.common import LineInterpolation
from grafana_foundation_sdk.models.dashboard import Dashboard, DataTransformerConfig

import variables
from influxql import PLANT, InfluxQL, column, select
from page import page
from panels import (
    COUNT,
    GREEN,
    ORANGE,
    PERCENT,
    RED,
    SECONDS,
    Thresholds,
    no_limit,
    single_stat,
    time_series,
)
from transformations import renamed

BYTES = "bytes"
PER_SECOND = "cps"
LEAST_USED_PCT = 80.0
"""From here on the collector says that its outbox fills."""


def dashboard() -> Dashboard:
    """Return the dashboard."""
    return page(
        "potline-health",
        "Collector health",
        "What the collector takes in and writes, its outbox, each database's lag, and what was lost or refused and "
        "why.",
        variables=[variables.plant()],
        rows={
            "Now": [_used_now(), _lag_now(), _dead_now(), _lost_in_range()],
            "In and out": [_readings(), _delivered(), _written(), _slowest()],
            "Outbox": [_outbox(), _size(), _oldest(), _lags()],
            "Lost, refused, late": [_lost(), _messages(), _late_polls(), _clock()],
            "Process": [_memory(), _processor()],
        },
        since="now-6h",
    )


def _own(*columns: str, every: str = "$__interval", by: tuple[str, ...] = ("instance",), alias: str = "") -> InfluxQL:
    return select(*columns, of="collector", where=[PLANT], every=every, by=by, alias=alias)


def rate(field: str, name: str) -> str:
    """Return a column: how fast a total grows each second. A new start counts from zero and is left out."""
    return f'non_negative_derivative(last("{field}"), 1s) AS "{name}"'


def growth(field: str, name: str) -> str:
    """Return a column: by how much a total has grown from one point to the next; a new start is left out."""
    return f'non_negative_difference(last("{field}")) AS "{name}"'


def growth_of(pattern: str) -> str:
    """Return columns of the growth of each total whose name fits: causes are fields once they have occurred."""
    return f"non_negative_difference(last(/{pattern}/))"


def short_names() -> DataTransformerConfig:
    """Return what takes the names of functions off columns that `growth_of` made."""
    return renamed("(?:non_negative_difference_)?(?:last_)?(.+)_total")


def _used_now() -> stat.Panel:
    return single_stat(
        "Outbox used",
        "outbox_used_pct: the larger share of [store] outbox_max_bytes and outbox_max_age that waits in the outbox. "
        "At 80 % the collector says so; at 100 % when_full decides whether the oldest is dropped or the line waits.",
        [_own(column("last", "outbox_used_pct", "used"), alias="$tag_instance")],
        unit=PERCENT,
        thresholds=Thresholds(GREEN, (LEAST_USED_PCT, ORANGE), (100.0, RED)),
        no_value="no line of the collector in this range",
    ).decimals(1)


def _lag_now() -> stat.Panel:
    return single_stat(
        "Lag of the slowest database",
        "lag_s: age of the oldest line that a database has not taken, of the database that is furthest behind [s]. "
        "0: all have everything. What waits is on disk and comes later; nothing is lost by a lag.",
        [_own(column("last", "lag_s", "lag"), alias="$tag_instance")],
        unit=SECONDS,
        thresholds=no_limit(),
        no_value="no database is configured",
    )


def _dead_now() -> stat.Panel:
    return single_stat(
        "Dead letters kept",
        "dead_letters: messages that could not be understood and lines that a database refuses for good, kept with the "
        "reason. 'potline outbox dead' lists them; mend the cause, and have them taken again or dropped.",
        [_own(column("last", "dead_letters", "kept"), alias="$tag_instance")],
        unit=COUNT,
        thresholds=Thresholds(GREEN, (1.0, ORANGE)),
        no_value="no line of the collector in this range",
    )


def _lost_in_range() -> stat.Panel:
    return single_stat(
        "Lines dropped since the start",
        "dropped_total: lines that left the outbox and no database has, since the start of the process. 0 is the "
        "only good value; the causes stand below. The ledger has what was accounted, whatever happens to lines.",
        [_own(column("last", "dropped_total", "dropped"), alias="$tag_instance")],
        unit=COUNT,
        thresholds=Thresholds(GREEN, (1.0, RED)),
        no_value="no line of the collector in this range",
    )


def _readings() -> timeseries.Panel:
    return time_series(
        "Readings per second",
        "Growth of readings_total and readings_bad_total per second: readings of all meters and pots that reached "
        "the line, and those among them without a usable value. Where the line is missing, the collector wrote "
        "nothing.",
        [
            _own(
                rate("readings_total", "all"), rate("readings_bad_total", "without a value"), alias="$tag_instance $col"
            )
        ],
        unit=PER_SECOND,
        thresholds=no_limit(),
    )


def _delivered() -> timeseries.Panel:
    return time_series(
        "Lines delivered per second",
        "Growth of delivered_total per second: lines that databases have taken, all databases added. After an outage "
        "it is above the usual until everything that waited is delivered.",
        [_own(rate("delivered_total", "delivered"), alias="$tag_instance")],
        unit=PER_SECOND,
        thresholds=no_limit(),
    )


def _written() -> timeseries.Panel:
    return time_series(
        "Commits and ledger entries per second",
        "Growth of commits_total and entries_total per second. Each commit writes a batch of readings with all that it "
        "causes in one transaction; entries come when windows close or are stated again.",
        [_own(rate("commits_total", "commits"), rate("entries_total", "entries"), alias="$tag_instance $col")],
        unit=PER_SECOND,
        thresholds=no_limit(),
    )


def _slowest() -> timeseries.Panel:
    return time_series(
        "Slowest commit so far",
        "commit_slowest_s: the longest that a commit has taken since the start of the process [s]. It only rises: a "
        "step tells when the disk was slow. Messages are acknowledged after their commit.",
        [_own(column("max", "commit_slowest_s", "slowest"), alias="$tag_instance")],
        unit=SECONDS,
        thresholds=no_limit(),
    )


def _outbox() -> timeseries.Panel:
    return time_series(
        "Outbox",
        "outbox_used_pct, the largest in each point: the larger share of outbox_max_bytes and outbox_max_age. Dashed "
        "at 80 %, where the collector says that it fills, and at 100 %, where when_full decides.",
        [_own(column("max", "outbox_used_pct", "used"), alias="$tag_instance")],
        unit=PERCENT,
        thresholds=Thresholds(GREEN, (LEAST_USED_PCT, ORANGE), (100.0, RED)),
        lines_at_limits=True,
    )


def _size() -> timeseries.Panel:
    columns = (
        column("max", "outbox_bytes", "waiting or kept"),
        column("max", "outbox_delivered_bytes", "kept to be sent again"),
    )
    return time_series(
        "Size of the outbox",
        "outbox_bytes: what is on disk in the outbox [bytes]; outbox_delivered_bytes: how much of it every database "
        "has taken, and which is kept only so that it can be sent again.",
        [_own(*columns, alias="$tag_instance $col")],
        unit=BYTES,
        thresholds=no_limit(),
    )


def _oldest() -> timeseries.Panel:
    return time_series(
        "Age of the oldest record",
        "outbox_oldest_s: how long ago the oldest record was written that waits in the outbox [s]. It rises one "
        "second a second while a database takes nothing.",
        [_own(column("max", "outbox_oldest_s", "oldest"), alias="$tag_instance")],
        unit=SECONDS,
        thresholds=no_limit(),
    )


def _lags() -> timeseries.Panel:
    return time_series(
        "Lag of each database",
        "lag_NAME_s: age of the oldest line that the database of that name has not taken [s], the largest in each "
        "point. Above zero for long: 'potline status' says what the database answers.",
        [_own("max(/^lag_.+_s$/)", alias="$col")],
        unit=SECONDS,
        thresholds=no_limit(),
    ).with_transformation(renamed("max_lag_(.+)_s"))


def _lost() -> timeseries.Panel:
    shown = time_series(
        "Lost and refused, by cause",
        "Growth from point to point: lines that left the outbox undelivered, lines that a database refused for good, "
        "and each cause once it has occurred (records dropped, readings that found no place while the line waited).",
        [_own(growth_of("^(dropped|readings_lost|refused).*_total$"), alias="$col")],
        unit=COUNT,
        thresholds=no_limit(),
        stacked=True,
        bars=True,
        calcs=["sum", "max"],
    )
    return shown.decimals(0).with_transformation(short_names())


def _messages() -> timeseries.Panel:
    shown = time_series(
        "Messages that could not be understood",
        "Growth of rejected_total and rejected_not_kept_total from point to point, and of each cause once it has "
        "occurred. 'potline outbox dead' shows the messages; mend the sender or the layout.",
        [_own(growth_of("^rejected.*_total$"), alias="$col")],
        unit=COUNT,
        thresholds=no_limit(),
        stacked=True,
        bars=True,
        calcs=["sum", "max"],
    )
    return shown.decimals(0).with_transformation(short_names())


def _late_polls() -> timeseries.Panel:
    return time_series(
        "Polls that were skipped",
        "Growth of poll_late_total from point to point: polls that were skipped because the one before took too "
        "long. Poll more rarely, part meters among more gateways, or find the meter that answers slowly.",
        [_own(growth("poll_late_total", "skipped"), alias="$tag_instance")],
        unit=COUNT,
        thresholds=no_limit(),
        stacked=True,
        bars=True,
        calcs=["sum", "max"],
    ).decimals(0)


def _clock() -> timeseries.Panel:
    shown = time_series(
        "Clock steps and lost logs",
        "clock_steps_total: times that the machine's clock was seen to be set since the start; see its time service. "
        "log_lost_total: 1 if the log of an unorderly stop was gone at the start, so the last commits may be missing.",
        [
            _own(
                column("max", "clock_steps_total", "clock steps"),
                column("max", "log_lost_total", "log lost"),
                alias="$tag_instance $col",
            )
        ],
        unit=COUNT,
        thresholds=no_limit(),
    )
    return shown.decimals(0).axis_soft_min(0).line_interpolation(LineInterpolation.STEP_AFTER)


def _memory() -> timeseries.Panel:
    return time_series(
        "Memory",
        "process_resident_bytes: what the collector's process holds in memory [bytes], the largest in each point. It "
        "rises after the start and then stays: caches are bounded, and what waits for a database is on disk.",
        [_own(column("max", "process_resident_bytes", "resident"), alias="$tag_instance")],
        unit=BYTES,
        thresholds=no_limit(),
    ).axis_soft_min(0)


def _processor() -> timeseries.Panel:
    used = 'non_negative_derivative(last("process_cpu_seconds_total"), 1s) * 100 AS "used"'
    return time_series(
        "Processor",
        "Growth of process_cpu_seconds_total per second, in per cent of one core: time that the collector's process "
        "worked, all its threads added. Near 100 % for long, the line cannot keep up: poll or publish more rarely.",
        [_own(used, alias="$tag_instance")],
        unit=PERCENT,
        thresholds=no_limit(),
    ).axis_soft_min(0)
