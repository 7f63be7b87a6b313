"""Small makers of panels. Title, description, unit and thresholds are no options: a number without them says nothing.

They return the SDK's own makers, so that everything else of it can be set after them:
`time_series(...).axis_label("kA").decimals(1)`. A dashboard is 24 columns wide; `width` and `height` are in its cells.
"""

import json
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from grafana_foundation_sdk.builders import bargauge, common, heatmap, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders import dashboard as of_dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as model
from grafana_foundation_sdk.models.dashboard import DashboardRangeMapOptions as Range
from grafana_foundation_sdk.models.dashboard import (
    DynamicConfigValue,
    RangeMap,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode

from influxql import InfluxQL, source

KWH_PER_T: Final = "suffix: kWh/t"
T_CO2E_PER_T: Final = "suffix: t CO₂e/t"
KG_PER_T: Final = "suffix: kg/t"
TONNES: Final = "suffix: t"
PERCENT: Final = "percent"
KILOAMPERE: Final = "suffix: kA"
VOLT: Final = "volt"
MILLIVOLT: Final = "mvolt"
MEGAWATT: Final = "megwatt"
KILOWATT: Final = "kwatt"
KILOWATT_HOUR: Final = "kwatth"
SECONDS: Final = "s"
COUNT: Final = "short"
CELSIUS: Final = "celsius"
MICROOHM: Final = "suffix: µΩ"
CNY: Final = "suffix: CNY"
CNY_PER_KWH: Final = "suffix: CNY/kWh"

GREEN: Final = "green"
YELLOW: Final = "yellow"
ORANGE: Final = "orange"
RED: Final = "red"
BLUE: Final = "blue"
GREY: Final = "#808080"

_MAKER = TypeVar(
    "_MAKER", timeseries.Panel, stat.Panel, table.Panel, heatmap.Panel, bargauge.Panel, statetimeline.Panel
)


class Thresholds(of_dashboard.ThresholdsConfig):
    """Limits that colour a value: the colour below the first limit, then each limit with the colour from it on.

    Raises
    ------
    ValueError
        If the limits do not rise.
    """

    def __init__(self, below: str, *limits: tuple[float, str]) -> None:
        super().__init__()
        values = [limit for limit, _ in limits]
        if values != sorted(set(values)):
            raise ValueError(f"thresholds are {values}: they have to rise; give the lowest first")
        self.mode(ThresholdsMode.ABSOLUTE)
        self.steps([Threshold(color=below), *(Threshold(value=value, color=colour) for value, colour in limits)])


def no_limit(colour: str = BLUE) -> Thresholds:
    """Return thresholds that judge nothing: for what has no limit in a standard or in the plant's settings."""
    return Thresholds(colour)


def time_series(
    title: str,
    description: str,
    queries: Sequence[InfluxQL],
    *,
    unit: str,
    thresholds: Thresholds,
    width: int = 12,
    height: int = 9,
    lines_at_limits: bool = False,
    stacked: bool = False,
    bars: bool = False,
    many: bool = False,
    calcs: Sequence[str] = ("lastNotNull", "min", "max"),
) -> timeseries.Panel:
    """Return a graph over time.

    Parameters
    ----------
    lines_at_limits
        Draws the thresholds.
    stacked
        Puts series on one another.
    bars
        Draws a bar for each point: for what is counted or added up over it.
    many
        Puts the legend to the right, where more than four series find room.
    """
    panel = _of(timeseries.Panel(), title, description, queries, unit, thresholds, width, height)
    legend = common.VizLegendOptions().show_legend(True).display_mode(model.LegendDisplayMode.TABLE)
    side = model.LegendPlacement.RIGHT if many else model.LegendPlacement.BOTTOM
    panel.legend(legend.placement(side).calcs([*calcs]))
    mode = model.TooltipDisplayMode.MULTI
    panel.tooltip(common.VizTooltipOptions().mode(mode).sort(model.SortOrder.DESCENDING))
    drawn = model.GraphThresholdsStyleMode.DASHED if lines_at_limits else model.GraphThresholdsStyleMode.OFF
    panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(drawn))
    panel.draw_style(model.GraphDrawStyle.BARS if bars else model.GraphDrawStyle.LINE).line_width(1)
    panel.show_points(model.VisibilityMode.AUTO)
    if bars:
        panel.fill_opacity(80).axis_soft_min(0)
    if stacked:
        panel.fill_opacity(80 if bars else 60).axis_soft_min(0).stacking(
            common.StackingConfig().mode(model.StackingMode.NORMAL).group("A")
        )
    return panel


def single_stat(
    title: str,
    description: str,
    queries: Sequence[InfluxQL],
    *,
    unit: str,
    thresholds: Thresholds,
    width: int = 6,
    height: int = 5,
    no_value: str = "withheld or not closed yet",
) -> stat.Panel:
    """Return the last value in large figures, one for each series."""
    panel = _of(stat.Panel(), title, description, queries, unit, thresholds, width, height)
    panel.reduce_options(_last()).no_value(no_value).wide_layout(True)
    panel.color_mode(model.BigValueColorMode.VALUE).graph_mode(model.BigValueGraphMode.AREA)
    return panel.text_mode(model.BigValueTextMode.AUTO).orientation(model.VizOrientation.AUTO)


def bar_gauge(
    title: str,
    description: str,
    queries: Sequence[InfluxQL],
    *,
    unit: str,
    thresholds: Thresholds,
    width: int = 12,
    height: int = 9,
    no_value: str = "nothing in this range",
) -> bargauge.Panel:
    """Return a bar for the last value of each series."""
    panel = _of(bargauge.Panel(), title, description, queries, unit, thresholds, width, height)
    panel.reduce_options(_last()).no_value(no_value).orientation(model.VizOrientation.HORIZONTAL)
    return panel.display_mode(model.BarGaugeDisplayMode.BASIC).value_mode(model.BarGaugeValueMode.TEXT)


def state_timeline(
    title: str,
    description: str,
    queries: Sequence[InfluxQL],
    *,
    unit: str,
    thresholds: Thresholds,
    width: int = 24,
    height: int = 8,
    mappings: Sequence[ValueMapping] = (),
) -> statetimeline.Panel:
    """Return a bar over time for each series, coloured by its state."""
    panel = _of(statetimeline.Panel(), title, description, queries, unit, thresholds, width, height)
    panel.mappings([*mappings]).merge_values(True).show_value(model.VisibilityMode.AUTO).row_height(0.9)
    legend = common.VizLegendOptions().show_legend(True).display_mode(model.LegendDisplayMode.LIST)
    return panel.legend(legend.placement(model.LegendPlacement.BOTTOM)).fill_opacity(80).line_width(0)


def heat_map(
    title: str,
    description: str,
    queries: Sequence[InfluxQL],
    *,
    unit: str,
    thresholds: Thresholds,
    width: int = 24,
    height: int = 12,
    scheme: str = "Turbo",
    coloured: tuple[float, float] | None = None,
) -> heatmap.Panel:
    """Return a map of cells: time to the right, a row for each series, the value as colour.

    ``unit`` is that of the cells. The values are made by the query: nothing is counted into classes. ``coloured``: from
    which value to which the colours go, as what is beyond has the first or the last one; None: over all that is shown.
    """
    panel = _of(heatmap.Panel(), title, description, queries, unit, thresholds, width, height)
    panel.calculate(False).cell_gap(0)
    panel.scale_distribution(common.ScaleDistributionConfig().type(model.ScaleDistribution.LINEAR))
    panel.cell_values(heatmap.CellValues().unit(unit))
    colours = heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme(scheme).steps(64).exponent(0.5)
    if coloured:
        colours.min(coloured[0]).max(coloured[1])
    panel.color(colours.fill("red"))
    panel.rows_frame(heatmap.RowsHeatmapOptions().layout(model.HeatmapCellLayout.AUTO))
    return panel.show_legend().mode(model.TooltipDisplayMode.SINGLE).show_color_scale(True)


def rows_table(
    title: str,
    description: str,
    queries: Sequence[InfluxQL],
    *,
    unit: str,
    thresholds: Thresholds,
    width: int = 24,
    height: int = 9,
    units: Mapping[str, str] | None = None,
    decimals: Mapping[str, int] | None = None,
    hidden: Iterable[str] = (),
    sort_by: str = "",
    no_value: str = "",
) -> table.Panel:
    """Return a table.

    Parameters
    ----------
    unit, units
        The unit of all columns, and of those by name that have another one.
    decimals
        How many digits behind the point columns by name have; without it as many as Grafana finds good.
    hidden
        Columns that are there for links and sorting only.
    sort_by
        The column with the largest values first.
    """
    panel = _of(table.Panel(), title, description, queries, unit, thresholds, width, height)
    for name, other in (units or {}).items():
        panel.override_by_name(name, [DynamicConfigValue("unit", other)])
    for name, digits in (decimals or {}).items():
        panel.override_by_name(name, [DynamicConfigValue("decimals", digits)])
    for name in hidden:
        panel.override_by_name(name, [DynamicConfigValue("custom.hidden", True)])
    if sort_by:
        panel.sort_by([common.TableSortByFieldState().display_name(sort_by).desc(True)])
    if no_value:
        panel.no_value(no_value)
    return panel.show_header(True).filterable(True).cell_height(model.TableCellHeight.SM)


def named(value: float | str, text: str, colour: str) -> ValueMapping:
    """Return the rule that shows a value as a text in a colour."""
    shown = f"{value:g}" if isinstance(value, float | int) else value
    return ValueMap(options={shown: ValueMappingResult(text=text, color=colour)})


def between(least: float | None, most: float | None, text: str, colour: str) -> ValueMapping:
    """Return the rule that shows values of a range, ends included, as a text in a colour; None: without an end."""
    return RangeMap(options=Range(from_val=least, to=most, result=ValueMappingResult(text=text, color=colour)))


OPC_QUALITY: Final[tuple[ValueMapping, ...]] = (
    between(192, 255, "good", GREEN),
    between(64, 191, "uncertain", YELLOW),
    between(0, 63, "bad", RED),
)
"""The OPC DA byte in words."""


YES_OR_NO: Final[tuple[ValueMapping, ...]] = (named("true", "yes", ORANGE), named("false", "no", GREY))
"""Truth values in words."""
TOLD_AS: Final[tuple[ValueMapping, ...]] = (
    named("firing", "firing", RED),
    named("resolved", "resolved", GREEN),
    named("critical", "critical", RED),
    named("warning", "warning", ORANGE),
)
"""State and severity of an alert."""


def in_words(mappings: Sequence[ValueMapping]) -> list[DynamicConfigValue]:
    """Return what shows a column of a table in the words and colours of a mapping."""
    return [
        DynamicConfigValue("mappings", [*mappings]),
        DynamicConfigValue("custom.cellOptions", {"type": "color-text"}),
    ]


def logarithmic() -> common.ScaleDistributionConfig:
    """Return the scale on which what is a hundred times smaller can still be read."""
    return common.ScaleDistributionConfig().type(model.ScaleDistribution.LOG).log(10)


def _of(
    panel: _MAKER,
    title: str,
    description: str,
    queries: Sequence[InfluxQL],
    unit: str,
    thresholds: Thresholds,
    width: int,
    height: int,
) -> _MAKER:
    if not title or not description or not unit or not queries:
        raise ValueError(f"panel '{title}' has no title, description, unit or query; give all four")
    if len(queries) > len(string.ascii_uppercase):
        raise ValueError(f"panel '{title}' has {len(queries)} queries; a letter names each, so part it into two")
    panel.title(title).description(description).datasource(source()).unit(unit).thresholds(thresholds)
    panel.span(width).height(height)
    for letter, query in zip(string.ascii_uppercase, queries, strict=False):
        panel.with_target(replace(query, ref_id=letter))
    return panel


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False)


def as_json(value: object) -> str:
    """Return what the SDK made as text: sorted keys and a final newline, so that a change is a change of lines."""
    return json.dumps(value, cls=JSONEncoder, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
