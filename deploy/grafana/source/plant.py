"""The plant at a glance: kWh/t and t CO2e/t against limits and targets, and what every potline is doing."""

from collections.abc import Sequence

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

import variables
from influxql import OF_POTLINES, OF_WHOLE_PLANT, PLANT, InfluxQL, column, either, ratio, select, stated, tagged
from limits import RENEWABLE_2030_PCT, levels
from page import page
from panels import (
    CNY,
    CNY_PER_KWH,
    GREEN,
    KWH_PER_T,
    ORANGE,
    PERCENT,
    RED,
    T_CO2E_PER_T,
    Thresholds,
    bar_gauge,
    named,
    no_limit,
    single_stat,
    time_series,
)
from plant_lines import alerts, at_a_glance, stated_or_not
from wording import LAST_DAY, OVER_SUMS

EMISSIONS = (PLANT, OF_POTLINES, tagged("method", "$method"), tagged("electricity", "$electricity"))


def dashboard() -> Dashboard:
    """Return the dashboard."""
    return page(
        "potline-plant",
        "Plant overview",
        "kWh/t and t CO2e/t of the plant against limits and targets, and the state of every potline. Ratios are sums "
        "over sums.",
        variables=[
            variables.plant(),
            variables.potline(),
            variables.window(),
            variables.method(),
            variables.electricity(),
        ],
        rows={
            "Now": _last_day(),
            "Potlines at a glance": [at_a_glance(), stated_or_not(), alerts()],
            "Energy for each tonne, by boundary": _energy(),
            "Price of electricity, end of the month": _price(),
            "Greenhouse gases for each tonne": _emissions(),
            "Renewable electricity": _renewable(),
        },
        since="now-7d",
    )


def _last_day() -> list[Builder[Panel]]:
    return [
        single_stat(
            "DC energy, 24 h",
            f"Energy of the direct current for each tonne over the last 24 hours: sum of energy [kWh] / sum of metal "
            f"[t] of the potlines chosen. {OVER_SUMS} No standard limits DC. {LAST_DAY}",
            [_of_potlines("dc")],
            unit=KWH_PER_T,
            thresholds=no_limit(),
            width=4,
        ).time_from("26h"),
        single_stat(
            "Liquid AC, 24 h",
            f"AC into the rectifiers for each tonne of liquid metal over the last 24 hours: sum of energy [kWh] / sum "
            f"of metal [t] of the potlines chosen. {OVER_SUMS} {levels('liquid_ac').words} {LAST_DAY}",
            [_of_potlines("liquid_ac")],
            unit=KWH_PER_T,
            thresholds=levels("liquid_ac").thresholds,
            width=5,
        ).time_from("26h"),
        _whole_plant("Liquid comprehensive AC, 24 h", "liquid_comprehensive_ac", "and the services of the potrooms"),
        _whole_plant("Ingot comprehensive AC, 24 h", "ingot_comprehensive_ac", "the services and the casthouse"),
        single_stat(
            "Emissions, range shown",
            "Greenhouse gases for each tonne over all the range shown: sum of t CO2e / sum of metal [t] of the windows "
            f"chosen above, by the rule set and the electricity chosen. {OVER_SUMS} Market-based electricity is "
            "stated for hours and longer. No standard limits the total; the plant's own target is in its statements.",
            [
                select(
                    ratio("total_t_co2e", "metal_t", "t CO2e/t"),
                    of="emissions_intensity",
                    where=[*EMISSIONS, tagged("window", "$window"), stated("t_co2e_per_t")],
                )
            ],
            unit=T_CO2E_PER_T,
            thresholds=no_limit(),
            width=5,
        ).decimals(2),
    ]


def _of_potlines(boundary: str) -> InfluxQL:
    return select(
        ratio("energy_kwh", "metal_t", "kWh/t"),
        of="energy_intensity",
        where=[
            PLANT,
            OF_POTLINES,
            tagged("window", "rolling_24h"),
            tagged("boundary", boundary),
            stated("kwh_per_t"),
        ],
        every="10m",
    )


def _whole_plant(title: str, boundary: str, including: str) -> Builder[Panel]:
    return single_stat(
        title,
        f"Of the whole plant, as the collector states it: AC into the rectifiers, {including}, for each tonne of metal "
        f"over the last 24 hours. {levels(boundary).words} {LAST_DAY}",
        [
            select(
                '"kwh_per_t" AS "kWh/t"',
                of="energy_intensity",
                where=[
                    PLANT,
                    OF_WHOLE_PLANT,
                    tagged("window", "rolling_24h"),
                    tagged("boundary", boundary),
                    stated("kwh_per_t"),
                ],
            )
        ],
        unit=KWH_PER_T,
        thresholds=levels(boundary).thresholds,
        width=5,
        no_value="withheld or not measured",
    ).time_from("26h")


def _by_window(boundary: str, of: str, *, by: Sequence[str], alias: str) -> InfluxQL:
    return select(
        ratio("energy_kwh", "metal_t", "kWh/t"),
        of="energy_intensity",
        where=[PLANT, of, tagged("window", "$window"), tagged("boundary", boundary), stated("kwh_per_t")],
        every="$__interval",
        by=by,
        alias=alias,
    )


def _energy() -> list[Builder[Panel]]:
    told = "kWh/t = sum of energy [kWh] / sum of metal [t] of the windows in one point of the graph."
    threshold = select(
        column("last", "threshold_kwh_per_t", "price tier"),
        of="power_price_tier",
        where=[PLANT, OF_POTLINES, tagged("window", "hour")],
        every="$__interval",
        alias="threshold of the price tier",
    )
    comprehensive = "liquid_comprehensive_ac"
    return [
        time_series(
            "Direct current",
            f"{told} {OVER_SUMS} Energy of the direct current at the pots. No standard limits it.",
            [
                _by_window("dc", OF_POTLINES, by=["potline"], alias="$tag_potline"),
                _by_window("dc", OF_POTLINES, by=[], alias="together"),
            ],
            unit=KWH_PER_T,
            thresholds=no_limit(),
        ),
        time_series(
            "Liquid AC against its levels",
            f"{told} {OVER_SUMS} AC into the rectifiers, without services. {levels('liquid_ac').words}",
            [
                _by_window("liquid_ac", OF_POTLINES, by=["potline"], alias="$tag_potline"),
                _by_window("liquid_ac", OF_POTLINES, by=[], alias="together"),
            ],
            unit=KWH_PER_T,
            thresholds=levels("liquid_ac").thresholds,
            lines_at_limits=True,
        ),
        time_series(
            "Liquid comprehensive AC against its levels",
            f"{told} {OVER_SUMS} AC into the rectifiers and the services of the potrooms: of each potline with its "
            "part of the services, and of the whole plant. The price of electricity goes by this figure less the power "
            f"of desulphurisation: its threshold is a line, too. {levels(comprehensive).words}",
            [
                _by_window(comprehensive, OF_WHOLE_PLANT, by=[], alias="plant"),
                _by_window(comprehensive, OF_POTLINES, by=["potline"], alias="$tag_potline"),
                threshold,
            ],
            unit=KWH_PER_T,
            thresholds=levels(comprehensive).thresholds,
            lines_at_limits=True,
        ),
        time_series(
            "Ingot comprehensive AC against its levels",
            f"{told} {OVER_SUMS} The whole plant with its casthouse, where that is measured. All liquid metal is taken "
            f"to be cast. {levels('ingot_comprehensive_ac').words}",
            [_by_window("ingot_comprehensive_ac", OF_WHOLE_PLANT, by=[], alias="plant")],
            unit=KWH_PER_T,
            thresholds=levels("ingot_comprehensive_ac").thresholds,
            lines_at_limits=True,
        ),
    ]


def _price() -> list[Builder[Panel]]:
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
            width=14,
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
            width=5,
            height=5,
            no_value="no price tier",
        ).decimals(4),
        single_stat(
            "Surcharge of the month so far",
            "Surcharge for each kWh times the energy of the month so far.",
            [_named_by_line(now("surcharge_cny"))],
            unit=CNY,
            thresholds=Thresholds(GREEN, (1e-9, RED)),
            width=5,
            height=5,
            no_value="no price tier",
        ),
        single_stat(
            "Next step of the surcharge",
            "Whether the month may end above the end of its present step: within the expanded uncertainty of the "
            "forecast (95 %). It is withheld where the forecast is.",
            [_named_by_line(now("about_to_cross"))],
            unit="short",
            thresholds=Thresholds(GREEN, (1, RED)),
            width=10,
            height=4,
            no_value="no forecast yet",
        ).mappings([named(0, "not in reach", GREEN), named(1, "about to be crossed", RED)]),
    ]


def _named_by_line(query: InfluxQL) -> InfluxQL:
    return query.called("$tag_potline")


def _emissions() -> list[Builder[Panel]]:
    sources = ("anode", "pfc", "fuel", "electricity")
    columns = [ratio(f"{source}_t_co2e", "metal_t", source) for source in sources]
    where = [*EMISSIONS, tagged("window", "$window"), stated("t_co2e_per_t")]
    told = (
        "t CO2e/t = sum of t CO2e of one source / sum of metal [t]. anode: carbon of the anodes burnt to CO2. pfc: CF4 "
        "and C2F6 of anode effects times their global warming potential. fuel: where fuels are told. electricity: "
        "energy times the emission factor, of the grid (location) or of the contracts (market)."
    )
    return [
        time_series(
            "Emissions by source",
            f"{told} The sources on one another are the total of the potlines chosen. {OVER_SUMS}",
            [select(*columns, of="emissions_intensity", where=where, every="$__interval", alias="$col")],
            unit=T_CO2E_PER_T,
            thresholds=no_limit(),
            stacked=True,
            width=14,
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


def _renewable() -> list[Builder[Panel]]:
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
        ).min(0),
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
        .max(100),
    ]
