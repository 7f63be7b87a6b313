"""Panels on greenhouse gases and renewable electricity, for the plant's dashboard."""

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from gaps import through_windows
from influxql import OF_POTLINES, PLANT, column, either, ratio, select, stated, tagged
from limits import RENEWABLE_2030_PCT
from panels import (
    GREEN,
    ORANGE,
    PERCENT,
    T_CO2E_PER_T,
    Thresholds,
    bar_gauge,
    no_limit,
    time_series,
)
from wording import OVER_SUMS

EMISSIONS = (PLANT, OF_POTLINES, tagged("method", "$method"), tagged("electricity", "$electricity"))


def emissions() -> list[Builder[Panel]]:
    """Return the panels of the row."""
    sources = {"anode": "anode", "pfc": "PFC", "fuel": "fuels", "electricity": "electricity"}
    columns = [ratio(f"{source}_t_co2e", "metal_t", name) for source, name in sources.items()]
    where = [*EMISSIONS, tagged("window", "$window"), stated("t_co2e_per_t")]
    told = (
        "t CO2e/t = sum of t CO2e of one source / sum of metal [t]. anode: carbon of the anodes burnt to CO2. PFC: CF4 "
        "and C2F6 of anode effects times their global warming potential. fuels: where they are told. electricity: "
        "energy times the emission factor, of the grid (location) or of the contracts (market)."
    )
    return [
        through_windows(
            time_series(
                "Emissions by source",
                f"{told} The sources on one another are the total of the potlines chosen. {OVER_SUMS}",
                [
                    select(
                        *columns,
                        of="emissions_intensity",
                        where=where,
                        every="$__interval",
                        by=["window"],
                        fill="null",
                        alias="$col, $tag_window",
                    )
                ],
                unit=T_CO2E_PER_T,
                thresholds=no_limit(),
                stacked=True,
                width=14,
            ).decimals(2)
        ),
        bar_gauge(
            "Emissions by source, range shown",
            f"Over all the range shown: {told} {OVER_SUMS}",
            [select(*columns, of="emissions_intensity", where=where, alias="$col")],
            unit=T_CO2E_PER_T,
            thresholds=no_limit(),
            width=10,
        ).decimals(2),
    ]


def renewable() -> list[Builder[Panel]]:
    """Return the panels of the row."""
    share = ratio("renewable_kwh", "total_kwh", "share", times=100)
    below_30 = Thresholds(ORANGE, (RENEWABLE_2030_PCT, GREEN))
    told = (
        "Share = 100 x sum of renewable electricity [kWh] / sum of electricity [kWh] of the windows in one point, on "
        "each basis by itself: own generation (physical), contracts, retired certificates, matched hour by hour. Bases "
        "are never added: they can speak of the same kWh. Line: more than 30 % in 2030, plan of seven departments, "
        "2022."
    )
    return [
        time_series(
            "Renewable share by basis",
            f"{told} Of days, and of hours where matched by the hour. The target is the plant's own for that day.",
            [
                select(
                    share,
                    of="renewable_share",
                    where=[PLANT, tagged("window", "day"), stated("share_pct")],
                    every="$__interval",
                    by=["basis"],
                    alias="$tag_basis, days",
                ),
                select(
                    share,
                    of="renewable_share",
                    where=[PLANT, tagged("window", "hour"), stated("share_pct")],
                    every="$__interval",
                    by=["basis"],
                    alias="$tag_basis, hours",
                ),
                select(
                    column("last", "target_pct", "target"),
                    of="renewable_share",
                    where=[PLANT, either("window", "hour", "day")],
                    every="$__interval",
                    alias="target",
                ),
            ],
            unit=PERCENT,
            thresholds=below_30,
            lines_at_limits=True,
            width=14,
            many=True,
            calcs=["lastNotNull"],
        )
        .min(0)
        .decimals(1),
        bar_gauge(
            "Renewable share, days of the range shown",
            f"{told} Over all the days in the range shown.",
            [
                select(
                    share,
                    of="renewable_share",
                    where=[PLANT, tagged("window", "day"), stated("share_pct")],
                    by=["basis"],
                    alias="$tag_basis",
                )
            ],
            unit=PERCENT,
            thresholds=below_30,
            width=10,
            no_value="no day closed, or nothing configured",
        )
        .min(0)
        .max(100)
        .decimals(1),
    ]
