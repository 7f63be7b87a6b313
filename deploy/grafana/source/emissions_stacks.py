"""Panels on stacks: concentrations, masses, and the plant's own limits."""

from grafana_foundation_sdk.builders import table, timeseries

from gaps import SILENT_AFTER_S, through, through_windows
from influxql import PLANT, Form, column, ratio, select, stated, tagged
from panels import (
    GREEN,
    KG_PER_T,
    PERCENT,
    RED,
    Thresholds,
    in_words,
    logarithmic,
    named,
    no_limit,
    rows_table,
    time_series,
)
from transformations import renamed

MG_PER_M3 = "suffix: mg/m³"

_WINDOW = tagged("window", "$window")
_OF_STACKS = '"stack" =~ /^$stack$/'
_WITHOUT_EMPTY_TAGS = renamed(r"^(.*\S) +,(.+)$", "$1,$2")
"""A limit of the whole plant has neither stack nor meter, and their places in its name are empty."""


def concentration(name: str, field: str) -> timeseries.Panel:
    """Return what the analysers tell of one pollutant."""
    query = select(
        f"mean(/^{field}_mg_n?m3$/)",
        of="stack",
        where=[PLANT, _OF_STACKS, '"quality" >= 64'],
        every="$__interval",
        by=["stack"],
        fill="null",
        alias="$tag_stack $col",
    )
    graph = time_series(
        f"{name} concentration",
        f"Mean of the analyser's usable readings of {name} [mg/m³] in each point, by stack. nm3: dry gas at 0 °C and "
        "101.325 kPa; m3: as the analyser tells it. A limit holds for the mean over its own time, see below.",
        [query],
        unit=MG_PER_M3,
        thresholds=no_limit(),
        width=8,
    ).with_transformation(renamed(f"^(.+) mean_{field}_mg_(n?m3)$", "$1, mg/$2"))
    return through(graph.axis_soft_min(0), SILENT_AFTER_S)


def means() -> timeseries.Panel:
    """Return the means that limits are put on."""
    query = select(
        column("last", "mean", "mean"),
        column("last", "most", "limit"),
        of="limit",
        where=[PLANT, tagged("unit", "mg/m3")],
        every="$__interval",
        by=["limit", "window", "stack"],
        alias="$col, $tag_limit $tag_stack, $tag_window",
    )
    graph = time_series(
        "Concentrations over the time of their limits",
        "Mean concentration over the hour or day that each of the plant's own limits is put on [mg/m³], and the limit. "
        "A mean on the limit keeps it. Means with too little measured are shown and not judged. The scale is "
        "logarithmic: limits of dust, HF and SO2 lie far apart.",
        [query],
        unit=MG_PER_M3,
        thresholds=no_limit(),
        width=24,
        height=8,
        many=True,
        calcs=["lastNotNull"],
    )
    return graph.scale_distribution(logarithmic()).with_transformation(_WITHOUT_EMPTY_TAGS)


def masses() -> timeseries.Panel:
    """Return the mass for each tonne of metal."""
    query = select(
        ratio("mass_kg", "metal_t", "mass"),
        of="pollutant_intensity",
        where=[PLANT, _OF_STACKS, _WINDOW, stated("kg_per_t")],
        every="$__interval",
        by=["pollutant", "stack", "window"],
        fill="null",
        alias="$tag_pollutant $tag_stack, $tag_window",
    )
    graph = time_series(
        "Mass from stacks per tonne of metal",
        "kg/t = sum of mass_kg [kg] / sum of metal_t [t] of the windows in one point, by pollutant and stack; mass is "
        "the integral of concentration times flow. Roofs are not measured: what leaves by them is not in it. The scale "
        "is logarithmic.",
        [query],
        unit=KG_PER_T,
        thresholds=no_limit(),
        width=24,
        height=8,
        many=True,
    ).scale_distribution(logarithmic())
    return through_windows(graph)


def limits() -> timeseries.Panel:
    """Return how far the means go to their limits."""
    query = select(
        column("max", "of_most_pct", "of the limit"),
        of="limit",
        where=[PLANT, '"quality" >= 64'],
        every="$__interval",
        by=["limit", "window", "stack", "potline", "meter"],
        fill="null",
        alias="$tag_limit $tag_stack$tag_potline $tag_meter, $tag_window",
    )
    graph = time_series(
        "Means and their limits",
        "Mean over the hour or day of each of the plant's own limits / the limit, in percent: above 100 % it is "
        "exceeded, a value on the limit keeps it. Blocks with too little measured are gaps. Ten minutes after "
        "the end of each block.",
        [query],
        unit=PERCENT,
        thresholds=Thresholds(GREEN, (100.0, RED)),
        lines_at_limits=True,
        width=24,
        height=8,
        many=True,
        calcs=["lastNotNull", "max"],
    ).with_transformation(_WITHOUT_EMPTY_TAGS)
    return through_windows(graph.axis_soft_min(0))


def judged() -> table.Panel:
    """Return the table of the judgements."""
    columns = ("limit", "window", "stack", "potline", "meter", "unit", "mean", "least", "most")
    found = '"outside" AS "judged", "coverage_pct" AS "coverage"'
    shown = rows_table(
        "Limits as they were judged",
        "The newest 200 means over an hour or a day with their bounds, in the unit beside them, and whether they lie "
        "outside. Empty: withheld, for too little was measured. Statements of compliance judge again with what came "
        "late.",
        [select(*(f'"{name}"' for name in columns), found, of="limit", where=[PLANT], newest=200, form=Form.TABLE)],
        unit="none",
        units={"coverage": PERCENT},
        decimals={"coverage": 1},
        thresholds=no_limit(),
        no_value="no limit of the plant's own is configured",
    )
    return shown.override_by_name("judged", in_words((named(0, "kept", GREEN), named(1, "exceeded", RED))))
