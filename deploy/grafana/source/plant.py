"""The plant at a glance: kWh/t and t CO2e/t against limits and targets, and what every potline is doing."""

from collections.abc import Sequence

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

import variables
from alert_table import alerts
from gaps import through_windows
from influxql import OF_POTLINES, OF_WHOLE_PLANT, PLANT, InfluxQL, column, ratio, select, stated, tagged
from limits import levels
from page import page
from panels import (
    KWH_PER_T,
    T_CO2E_PER_T,
    no_limit,
    single_stat,
    time_series,
)
from plant_emissions import EMISSIONS, emissions, renewable
from plant_lines import at_a_glance, stated_or_not
from plant_price import price
from wording import LAST_DAY, OVER_SUMS


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
            "Potlines at a glance": [at_a_glance(), stated_or_not(), alerts("Alerts", newest=100, height=8)],
            "Energy for each tonne, by boundary": _energy(),
            "Price of electricity, end of the month": price(),
            "Greenhouse gases for each tonne": emissions(),
            "Renewable electricity": renewable(),
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
        by=[*by, "window"],
        fill="null",
        alias=f"{alias}, $tag_window",
    )


def _energy() -> list[Builder[Panel]]:
    told = (
        "kWh/t = sum of energy [kWh] / sum of metal [t] of the windows in one point of the graph. A withheld window "
        "is a gap."
    )
    threshold = select(
        column("last", "threshold_kwh_per_t", "price tier"),
        of="power_price_tier",
        where=[PLANT, OF_POTLINES, tagged("window", "hour")],
        every="$__interval",
        alias="threshold of the price tier",
    )
    comprehensive = "liquid_comprehensive_ac"
    graphs = [
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
    return [through_windows(graph) for graph in graphs]
