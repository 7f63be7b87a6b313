"""Emissions: t CO2e/t by cause, perfluorocarbons, electricity by grid and by contracts, and stacks against limits."""

from grafana_foundation_sdk.builders import stat, table, timeseries
from grafana_foundation_sdk.models.dashboard import Dashboard

import variables
from emissions_stacks import concentration, judged, limits, masses, means
from gaps import THROUGH_HOURS_S, through, through_windows
from influxql import OF_POTLINES, PLANT, Form, InfluxQL, column, either, ratio, select, stated, tagged
from page import page
from panels import (
    COUNT,
    KG_PER_T,
    OPC_QUALITY,
    PERCENT,
    SECONDS,
    T_CO2E_PER_T,
    TONNES,
    in_words,
    no_limit,
    rows_table,
    single_stat,
    time_series,
)

CAUSES = {"anode": "anode_t_co2e", "PFC": "pfc_t_co2e", "fuels": "fuel_t_co2e", "electricity": "electricity_t_co2e"}
"""What a total is made of; what a plant has not configured is a missing field."""

_METHOD = tagged("method", "$method")
_ELECTRICITY = tagged("electricity", "$electricity")
_WINDOW = tagged("window", "$window")
_STATED = stated("t_co2e_per_t")


def dashboard() -> Dashboard:
    """Return the dashboard."""
    return page(
        "potline-emissions",
        "Emissions",
        "t CO2e/t by cause and method, perfluorocarbons, electricity by grid and by contracts, and stacks with limits.",
        variables=[
            variables.plant(),
            variables.potline(),
            variables.method(),
            variables.electricity(),
            variables.window(),
            variables.stack(),
        ],
        rows={
            "Per tonne, over the range shown": [_of_range("total", "total_t_co2e"), *_by_cause_of_range()],
            "Intensity": [_causes(), _grid_and_contracts(), _stated_windows()],
            "Perfluorocarbons and fuels": [_gases(), _pfc(), _effects(), _effect_seconds(), _estimated_fuels()],
            "Stacks": [
                concentration("HF", "hf"),
                concentration("SO2", "so2"),
                concentration("Dust", "dust"),
                limits(),
                means(),
                masses(),
                judged(),
            ],
        },
        since="now-7d",
    )


def _emissions(*columns: str, by: tuple[str, ...] = (), electricity: str = _ELECTRICITY, alias: str) -> InfluxQL:
    return select(
        *columns,
        of="emissions_intensity",
        where=[PLANT, OF_POTLINES, _METHOD, electricity, _WINDOW, _STATED],
        every="$__interval",
        by=[*by, "window"],
        fill="null",
        alias=f"{alias}, $tag_window",
    )


def _of_range(cause: str, field: str, *, width: int = 8) -> stat.Panel:
    hours = [PLANT, OF_POTLINES, _METHOD, _ELECTRICITY, tagged("window", "hour"), _STATED]
    return single_stat(
        f"{cause[0].upper()}{cause[1:]} per tonne",
        f"t CO2e/t = sum of {field} [t CO2e] / sum of metal [t], over all stated hours of the range shown and the "
        "potlines chosen: one ratio of sums. Withheld hours are in neither sum.",
        [select(ratio(field, "metal_t", cause), of="emissions_intensity", where=hours)],
        unit=T_CO2E_PER_T,
        thresholds=no_limit(),
        width=width,
        no_value="not stated in this range",
    ).decimals(3)


def _by_cause_of_range() -> list[stat.Panel]:
    return [_of_range(cause, field, width=4) for cause, field in CAUSES.items()]


def _causes() -> timeseries.Panel:
    graph = time_series(
        "Emissions intensity by cause",
        "t CO2e/t by cause = sum of the cause's emissions [t CO2e] / sum of metal [t] of the windows in one point, "
        "of the potlines, rule set and electricity chosen. The causes stand on one another and add up to the total; a "
        "withheld window is a gap.",
        [_emissions(*(ratio(field, "metal_t", cause) for cause, field in CAUSES.items()), alias="$col")],
        unit=T_CO2E_PER_T,
        thresholds=no_limit(),
        stacked=True,
    ).decimals(2)
    return through_windows(graph)


def _grid_and_contracts() -> timeseries.Panel:
    query = _emissions(
        ratio("total_t_co2e", "metal_t", "total"),
        by=("electricity",),
        electricity=either("electricity", "location", "market"),
        alias="$tag_electricity",
    )
    graph = time_series(
        "Total by the grid and by contracts",
        "t CO2e/t = sum of total emissions [t CO2e] / sum of metal [t], with electricity at the grid's factor "
        "(location) and at that of contracts and certificates (market). Both are about the same metal and are never "
        "added.",
        [query],
        unit=T_CO2E_PER_T,
        thresholds=no_limit(),
    ).decimals(2)
    return through_windows(graph)


def _stated_windows() -> table.Panel:
    columns = [
        '"potline"',
        '"t_co2e_per_t" AS "intensity"',
        '"t_co2e_per_t_u95" AS "uncertainty"',
        '"total_t_co2e" AS "emissions"',
        '"metal_t" AS "metal"',
        '"metal_basis" AS "basis"',
        '"coverage_pct" AS "coverage"',
        '"quality"',
        '"revision"',
    ]
    query = select(
        *columns,
        of="emissions_intensity",
        where=[PLANT, OF_POTLINES, _METHOD, _ELECTRICITY, _WINDOW],
        newest=200,
        form=Form.TABLE,
    )
    return rows_table(
        "Stated windows",
        "The newest 200 windows as the ledger states them: intensity [t CO2e/t] = emissions / metal, its expanded "
        "uncertainty (95 %) where all uncertainties are configured, on what the metal is based, how much of the window "
        "was measured, and how often it was stated. The intensity of a window with bad quality is withheld.",
        [query],
        unit=COUNT,
        units={
            "intensity": T_CO2E_PER_T,
            "uncertainty": T_CO2E_PER_T,
            "emissions": "suffix: t CO₂e",
            "metal": TONNES,
            "coverage": PERCENT,
        },
        decimals={"intensity": 3, "uncertainty": 3, "emissions": 2, "metal": 3, "coverage": 1},
        thresholds=no_limit(),
    ).override_by_name("quality", in_words(OPC_QUALITY))


def _gases() -> timeseries.Panel:
    graph = time_series(
        "CF4 and C2F6 per tonne",
        "kg/t = sum of the gas [kg] / sum of metal [t] of the windows in one point, as the rule set chosen makes it "
        "of anode-effect minutes, overvoltage or tonnes. Masses are stored; t CO2e follows by the potentials of the "
        "report.",
        [_emissions(ratio("cf4_kg", "metal_t", "CF4"), ratio("c2f6_kg", "metal_t", "C2F6"), alias="$col")],
        unit=KG_PER_T,
        thresholds=no_limit(),
    ).decimals(4)
    return through_windows(graph)


def _pfc() -> timeseries.Panel:
    graph = time_series(
        "Perfluorocarbons by potline",
        "t CO2e/t = sum of pfc_t_co2e [t CO2e] / sum of metal [t] of the windows in one point, by potline: what anode "
        "effects cost the climate for each tonne. An hour without an effect is zero where the slope method is used.",
        [_emissions(ratio("pfc_t_co2e", "metal_t", "PFC"), by=("potline",), alias="$tag_potline")],
        unit=T_CO2E_PER_T,
        thresholds=no_limit(),
    ).decimals(2)
    return through_windows(graph)


def _effects() -> timeseries.Panel:
    return time_series(
        "Anode effects by day",
        "Anode effects that begin on a day (UTC), by potline and kind (hvae: above the controller's threshold; lvae: "
        "low-voltage effects, where they are told): count of those with a duration, on one another. What turned out to "
        "be a part of another one has a duration of 0 and is not counted. Many pots have many: compare a line with "
        "itself.",
        [
            select(
                column("count", "duration_s", "effects"),
                of="anode_effect",
                where=[PLANT, OF_POTLINES, '"duration_s" > 0'],
                every="1d",
                by=["potline", "kind"],
                alias="$tag_potline $tag_kind",
            )
        ],
        unit=COUNT,
        thresholds=no_limit(),
        stacked=True,
        bars=True,
        calcs=["lastNotNull", "max"],
    ).decimals(0)


def _effect_seconds() -> timeseries.Panel:
    return time_series(
        "Time in anode effect by day",
        "Sum of duration_s of the anode effects above the controller's threshold (hvae) that begin on a day (UTC), by "
        "potline, on one another. Divided by pots in operation it is the time per cell-day that the slope method "
        "takes; the collector does that in the accounts. Low-voltage effects are no part of it.",
        [
            select(
                column("sum", "duration_s", "seconds"),
                of="anode_effect",
                where=[PLANT, OF_POTLINES, tagged("kind", "hvae"), '"duration_s" > 0'],
                every="1d",
                by=["potline"],
                alias="$tag_potline",
            )
        ],
        unit=SECONDS,
        thresholds=no_limit(),
        stacked=True,
        bars=True,
        calcs=["lastNotNull", "max"],
    )


def _estimated_fuels() -> timeseries.Panel:
    query = select(
        column("max", "fuel_estimated_pct", "estimated"),
        of="emissions_intensity",
        where=[PLANT, OF_POTLINES, _METHOD, _ELECTRICITY, tagged("window", "hour")],
        every="$__interval",
        by=["potline"],
        fill="null",
        alias="$tag_potline",
    )
    graph = time_series(
        "Estimated share of fuels",
        "fuel_estimated_pct of the hours, the largest in one point: how much of the fuels' emissions is carried on "
        "from what was told before, because the deliveries or counters of the hour are not told yet.",
        [query],
        unit=PERCENT,
        thresholds=no_limit(),
        width=24,
        height=7,
        many=True,
    )
    return through(graph.min(0).max(100), THROUGH_HOURS_S)
