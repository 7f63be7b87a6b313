"""Panels on the anode effects of potlines: how many, how long, for each cell-day."""

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from influxql import OF_POTLINES, PLANT, Form, InfluxQL, column, select, tagged
from panels import COUNT, SECONDS, VOLT, YES_OR_NO, in_words, no_limit, rows_table, single_stat, time_series
from transformations import quotient

HAPPENED = '"duration_s" > 0'
"""An effect that was withdrawn, or that another report of the same one replaced, keeps its line with a length of 0."""

_WHAT = (
    "Effects above the threshold of the pot's controller (hvae), by the time at which they began; withdrawn ones are "
    "left out. Pots in start-up are counted here; the account of emissions leaves them out where the plant's rule says "
    "so."
)
_CELL_DAYS = "Cell-days: sum of the pots in operation of each closed minute / 1440."
_PER_CELL_DAY = "suffix: per cell-day"
_MINUTES_PER_CELL_DAY = "suffix: min/cell-day"


def anode_effects() -> list[Builder[Panel]]:
    """Return the panels of the row."""
    minutes, count = 'sum("duration_s") / 60 AS "minutes"', column("count", "duration_s", "effects")
    width = "$__interval"
    return [
        single_stat(
            "Minutes per cell-day, range shown",
            f"AEM = sum of the durations [min] / cell-days, over all the range shown. {_WHAT} {_CELL_DAYS}",
            [_effects(minutes), _cell_days()],
            unit=_MINUTES_PER_CELL_DAY,
            thresholds=no_limit(),
            width=6,
            no_value="no anode effect",
        )
        .decimals(4)
        .transformations([*quotient("minutes", "cell-days", "minutes per cell-day")]),
        single_stat(
            "Effects per cell-day, range shown",
            f"AEF = number of effects / cell-days, over all the range shown. {_WHAT} {_CELL_DAYS}",
            [_effects(count), _cell_days()],
            unit=_PER_CELL_DAY,
            thresholds=no_limit(),
            width=6,
            no_value="no anode effect",
        )
        .decimals(4)
        .transformations([*quotient("effects", "cell-days", "effects per cell-day")]),
        single_stat(
            "Number of effects, range shown",
            f"Number of effects of the range shown, by potline and kind. lvae: low-voltage effects, where they are "
            f"told. {_WHAT}",
            [
                select(
                    count,
                    of="anode_effect",
                    where=[PLANT, OF_POTLINES, HAPPENED],
                    by=["potline", "kind"],
                    alias="$tag_potline $tag_kind",
                )
            ],
            unit=COUNT,
            thresholds=no_limit(),
            width=6,
            no_value="none",
        ),
        single_stat(
            "Longest effect",
            f"Greatest duration of the range shown, by potline. {_WHAT}",
            [
                select(
                    column("max", "duration_s", "longest"),
                    of="anode_effect",
                    where=[PLANT, OF_POTLINES, tagged("kind", "hvae"), HAPPENED],
                    by=["potline"],
                    alias="$tag_potline",
                )
            ],
            unit=SECONDS,
            thresholds=no_limit(),
            width=6,
            no_value="none",
        ),
        time_series(
            "Minutes per cell-day",
            f"AEM = sum of the durations [min] / cell-days, for each point of the graph. {_WHAT} {_CELL_DAYS}",
            [_effects(minutes, every=width), _cell_days(every=width)],
            unit=_MINUTES_PER_CELL_DAY,
            thresholds=no_limit(),
            bars=True,
            calcs=["max"],
        )
        .decimals(4)
        .interval("1h")
        .max_data_points(24)
        .transformations([*quotient("minutes", "cell-days", "minutes per cell-day")]),
        time_series(
            "Number of effects",
            f"Effects that began in each point of the graph, by potline and kind, on one another. {_WHAT}",
            [
                select(
                    count,
                    of="anode_effect",
                    where=[PLANT, OF_POTLINES, HAPPENED],
                    every=width,
                    by=["potline", "kind"],
                    alias="$tag_potline $tag_kind",
                )
            ],
            unit=COUNT,
            thresholds=no_limit(),
            stacked=True,
            bars=True,
            calcs=["sum"],
        )
        .decimals(0)
        .interval("1h")
        .max_data_points(24),
        rows_table(
            "Last anode effects",
            f"The newest first, at most 200: pot, length, greatest voltage, integral of the voltage above the target, "
            f"and whether the report was corrected later. {_WHAT}",
            [
                select(
                    '"potline"',
                    '"pot"',
                    '"kind"',
                    '"duration_s" AS "duration"',
                    '"max_v" AS "greatest voltage"',
                    '"overvoltage_v_s" AS "overvoltage"',
                    '"corrected"',
                    of="anode_effect",
                    where=[PLANT, OF_POTLINES, HAPPENED],
                    newest=200,
                    form=Form.TABLE,
                )
            ],
            unit=COUNT,
            thresholds=no_limit(),
            width=24,
            units={"duration": SECONDS, "greatest voltage": VOLT, "overvoltage": "suffix: V s"},
            decimals={"greatest voltage": 1, "overvoltage": 0},
        ).override_by_name("corrected", in_words(YES_OR_NO)),
    ]


def _effects(columns: str, *, every: str = "") -> InfluxQL:
    where = [PLANT, OF_POTLINES, tagged("kind", "hvae"), HAPPENED]
    return select(columns, of="anode_effect", where=where, every=every, fill="0", alias="$col")


def _cell_days(*, every: str = "") -> InfluxQL:
    days = 'sum("pots_operating") / 1440 AS "cell-days"'
    return select(days, of="potline", where=[PLANT, OF_POTLINES], every=every, alias="$col")
