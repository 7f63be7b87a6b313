"""Panels on the tiered price of electricity, for the plant's dashboard."""

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from influxql import OF_POTLINES, PLANT, InfluxQL, column, select, tagged
from panels import (
    CNY,
    CNY_PER_KWH,
    GREEN,
    KWH_PER_T,
    RED,
    Thresholds,
    named,
    no_limit,
    single_stat,
    time_series,
)


def price() -> list[Builder[Panel]]:
    """Return the panels of the row."""
    where = [PLANT, OF_POTLINES, tagged("window", "hour")]

    def line(field: str, name: str) -> InfluxQL:
        return select(f'"{field}"', of="power_price_tier", where=where, by=["potline"], alias=f"$tag_potline {name}")

    def now(field: str) -> InfluxQL:
        return select(column("last", field, field), of="power_price_tier", where=where, by=["potline"])

    return [
        time_series(
            "Forecast of the month's end against the price tier",
            "Liquid comprehensive AC without desulphurisation, as stated with every hour: of the month so far (energy "
            "of the month so far [kWh] / its metal [t]), what it will be at the month's end if the rest goes like the "
            "last days, how sure that is (expanded, 95 %), the threshold of the tiered price, and where the present "
            "step of the surcharge ends. Withheld while the month is covered too little.",
            [
                line("comprehensive_kwh_per_t", "month so far"),
                line("forecast_month_end_kwh_per_t", "month's end"),
                select(
                    '"forecast_month_end_kwh_per_t" + "forecast_month_end_kwh_per_t_u95"',
                    of="power_price_tier",
                    where=where,
                    by=["potline"],
                    alias="$tag_potline at most",
                ),
                select(
                    '"forecast_month_end_kwh_per_t" - "forecast_month_end_kwh_per_t_u95"',
                    of="power_price_tier",
                    where=where,
                    by=["potline"],
                    alias="$tag_potline at least",
                ),
                line("threshold_kwh_per_t", "threshold"),
                line("step_end_kwh_per_t", "end of the step"),
            ],
            unit=KWH_PER_T,
            thresholds=no_limit(),
            width=24,
            many=True,
            calcs=["lastNotNull"],
        ),
        single_stat(
            "Surcharge",
            "What every kWh of the month costs more, as the month stands now: a step for each started width above the "
            "threshold, less the relief for renewable electricity that is not hydropower, by the rule that the plant "
            "names in [price].",
            [_named_by_line(now("surcharge_cny_per_kwh"))],
            unit=CNY_PER_KWH,
            thresholds=Thresholds(GREEN, (1e-9, RED)),
            width=8,
            no_value="no price tier",
        ).decimals(4),
        single_stat(
            "Surcharge of the month so far",
            "Surcharge for each kWh [CNY/kWh] x electricity of the month so far that made the liquid metal [kWh], "
            "without desulphurisation where the rule leaves it out. On all of it, not only on what is above the "
            "threshold.",
            [_named_by_line(now("surcharge_cny"))],
            unit=CNY,
            thresholds=Thresholds(GREEN, (1e-9, RED)),
            width=8,
            no_value="no price tier",
        ),
        single_stat(
            "Next step of the surcharge",
            "Whether the month may end above the end of its present step: within the expanded uncertainty of the "
            "forecast (95 %). It is withheld where the forecast is.",
            [_named_by_line(now("about_to_cross"))],
            unit="short",
            thresholds=Thresholds(GREEN, (1, RED)),
            width=8,
            no_value="no forecast yet",
        ).mappings([named(0, "not in reach", GREEN), named(1, "about to be crossed", RED)]),
    ]


def _named_by_line(query: InfluxQL) -> InfluxQL:
    return query.called("$tag_potline")
