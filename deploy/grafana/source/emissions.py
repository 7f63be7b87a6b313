"""Emissions: t CO2e/t by cause, perfluorocarbons, electricity by grid and by contracts, and stacks against limits."""

from grafana_foundation_sdk.builders import stat, table, timeseries
from grafana_foundation_sdk.models.dashboard import Dashboard

import variables
from influxql import OF_POTLINES, PLANT, Form, InfluxQL, column, either, ratio, select, stated, tagged
from page import page
from panels import (
    COUNT,
    KG_PER_T,
    PERCENT,
    RED,
    SECONDS,
    T_CO2E_PER_T,
    Thresholds,
    no_limit,
    rows_table,
    single_stat,
    time_series,
)

MG_PER_M3 = "suffix: mg/m³"
CAUSES = {"anode": "anode_t_co2e", "PFC": "pfc_t_co2e", "fuels": "fuel_t_co2e", "electricity": "electricity_t_co2e"}
"""What a total is made of; what a plant has not configured is a missing field."""

_METHOD = tagged("method", "$method")
_ELECTRICITY = tagged("electricity", "$electricity")
_WINDOW = tagged("window", "$window")
_STATED = stated("t_co2e_per_t")
_OF_STACKS = '"stack" =~ /^$stack$/'


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
                _concentration("HF", "hf"),
                _concentration("SO2", "so2"),
                _concentration("Dust", "dust"),
                _limits(),
                _means(),
                _masses(),
                _judged(),
            ],
        },
        since="now-7d",
    )


def _emissions(
    *columns: str, every: str = "$__interval", by: tuple[str, ...] = (), electricity: bool = True
) -> InfluxQL:
    where = [PLANT, OF_POTLINES, _METHOD, *([_ELECTRICITY] if electricity else []), _WINDOW, _STATED]
    return select(*columns, of="emissions_intensity", where=where, every=every, by=by, fill="null")


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
    return time_series(
        "Emissions intensity by cause",
        "t CO2e/t by cause = sum of the cause's emissions [t CO2e] / sum of metal [t] of the windows in one point, "
        "of the potlines, rule set and electricity chosen. The causes stand on one another and add up to the total.",
        [_emissions(*(ratio(field, "metal_t", cause) for cause, field in CAUSES.items()))],
        unit=T_CO2E_PER_T,
        thresholds=no_limit(),
        stacked=True,
    )


def _grid_and_contracts() -> timeseries.Panel:
    both = either("electricity", "location", "market")
    query = select(
        ratio("total_t_co2e", "metal_t", "total"),
        of="emissions_intensity",
        where=[PLANT, OF_POTLINES, _METHOD, both, _WINDOW, _STATED],
        every="$__interval",
        by=["electricity"],
        fill="null",
        alias="$tag_electricity",
    )
    return time_series(
        "Total by the grid and by contracts",
        "t CO2e/t = sum of total emissions [t CO2e] / sum of metal [t], with electricity at the grid's factor "
        "(location) and at that of contracts and certificates (market). Both are about the same metal and are never "
        "added.",
        [query],
        unit=T_CO2E_PER_T,
        thresholds=no_limit(),
    )


def _stated_windows() -> table.Panel:
    columns = [
        '"potline"',
        *(f'"{name}"' for name in ("t_co2e_per_t", "t_co2e_per_t_u95", "total_t_co2e", "metal_t", "coverage_pct")),
        *(f'"{name}"' for name in ("quality", "revision", "metal_basis")),
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
        "The newest 200 windows as the ledger states them: t CO2e/t = total_t_co2e / metal_t, its expanded "
        "uncertainty (95 %) where all uncertainties are configured, coverage and revision. A ratio with quality "
        "below 64 is withheld.",
        [query],
        unit=COUNT,
        units={
            "t_co2e_per_t": T_CO2E_PER_T,
            "t_co2e_per_t_u95": T_CO2E_PER_T,
            "total_t_co2e": "suffix: t CO₂e",
            "metal_t": "suffix: t",
            "coverage_pct": PERCENT,
        },
        thresholds=no_limit(),
    )


def _gases() -> timeseries.Panel:
    return time_series(
        "CF4 and C2F6 per tonne",
        "kg/t = sum of the gas [kg] / sum of metal [t] of the windows in one point, as the rule set chosen makes it "
        "of anode-effect minutes, overvoltage or tonnes. Masses are stored; t CO2e follows by the potentials of the "
        "report.",
        [_emissions(ratio("cf4_kg", "metal_t", "CF4"), ratio("c2f6_kg", "metal_t", "C2F6"))],
        unit=KG_PER_T,
        thresholds=no_limit(),
    ).decimals(4)


def _pfc() -> timeseries.Panel:
    return time_series(
        "Perfluorocarbons by potline",
        "t CO2e/t = sum of pfc_t_co2e [t CO2e] / sum of metal [t] of the windows in one point, by potline: what anode "
        "effects cost the climate for each tonne. An hour without an effect is zero where the slope method is used.",
        [_emissions(ratio("pfc_t_co2e", "metal_t", "PFC"), by=("potline",))],
        unit=T_CO2E_PER_T,
        thresholds=no_limit(),
    )


def _counted_effects(expression: str, name: str) -> InfluxQL:
    return select(
        f'{expression} AS "{name}"',
        of="anode_effect",
        where=[PLANT, OF_POTLINES, '"duration_s" > 0'],
        every="1d",
        by=["potline"],
        alias="$tag_potline",
    )


def _effects() -> timeseries.Panel:
    return time_series(
        "Anode effects by day",
        "Anode effects that begin on a day (UTC), by potline: count of those with a duration. What turned out to be "
        "a part of another one has a duration of 0 and is not counted. Many pots have many: compare a line with "
        "itself.",
        [_counted_effects('count("duration_s")', "effects")],
        unit=COUNT,
        thresholds=no_limit(),
    )


def _effect_seconds() -> timeseries.Panel:
    return time_series(
        "Time in anode effect by day",
        "Sum of duration_s of the anode effects that begin on a day (UTC), by potline. Divided by pots in operation "
        "it is the time per cell-day that the slope method takes; the collector does that in the accounts.",
        [_counted_effects('sum("duration_s")', "seconds")],
        unit=SECONDS,
        thresholds=no_limit(),
    )


def _estimated_fuels() -> timeseries.Panel:
    query = select(
        column("max", "fuel_estimated_pct", "estimated"),
        of="emissions_intensity",
        where=[PLANT, OF_POTLINES, _METHOD, _ELECTRICITY, tagged("window", "hour")],
        every="$__interval",
        by=["potline"],
        alias="$tag_potline",
    )
    return time_series(
        "Estimated share of fuels",
        "fuel_estimated_pct of the hours, the largest in one point: how much of the fuels' emissions is carried on "
        "from what was told before, because the deliveries or counters of the hour are not told yet.",
        [query],
        unit=PERCENT,
        thresholds=no_limit(),
        width=24,
        height=7,
    )


def _concentration(name: str, field: str) -> timeseries.Panel:
    query = select(
        f"mean(/^{field}_mg_n?m3$/)",
        of="stack",
        where=[PLANT, _OF_STACKS, '"quality" >= 64'],
        every="$__interval",
        by=["stack"],
        fill="null",
        alias="$tag_stack $col",
    )
    return time_series(
        f"{name} concentration",
        f"Mean of the analyser's usable readings of {name} [mg/m³] in each point, by stack. nm3: dry gas at 0 °C and "
        "101.325 kPa; m3: as the analyser tells it. A limit holds for the mean over its own time, see below.",
        [query],
        unit=MG_PER_M3,
        thresholds=no_limit(),
        width=8,
    )


def _means() -> timeseries.Panel:
    query = select(
        column("last", "mean", "mean"),
        column("last", "most", "limit"),
        of="limit",
        where=[PLANT, tagged("unit", "mg/m3")],
        every="$__interval",
        by=["limit", "window", "stack"],
        alias="$col $tag_limit over a $tag_window",
    )
    return time_series(
        "Concentrations over the time of their limits",
        "Mean concentration over the hour or day that each of the plant's own limits is put on [mg/m³], and the limit. "
        "A mean on the limit keeps it. Means with too little measured are shown and not judged.",
        [query],
        unit=MG_PER_M3,
        thresholds=no_limit(),
    )


def _masses() -> timeseries.Panel:
    query = select(
        ratio("mass_kg", "metal_t", "mass"),
        of="pollutant_intensity",
        where=[PLANT, _OF_STACKS, _WINDOW, stated("kg_per_t")],
        every="$__interval",
        by=["pollutant", "stack"],
        fill="null",
        alias="$tag_pollutant $tag_stack",
    )
    return time_series(
        "Mass from stacks per tonne of metal",
        "kg/t = sum of mass_kg [kg] / sum of metal_t [t] of the windows in one point, by pollutant and stack; mass is "
        "the integral of concentration times flow. Roofs are not measured: what leaves by them is not in it.",
        [query],
        unit=KG_PER_T,
        thresholds=no_limit(),
        width=24,
        height=8,
    )


def _limits() -> timeseries.Panel:
    query = select(
        column("max", "of_most_pct", "of the limit"),
        of="limit",
        where=[PLANT, '"quality" >= 64'],
        every="$__interval",
        by=["limit", "window", "stack", "potline", "meter"],
        alias="$tag_limit $tag_stack$tag_potline $tag_meter",
    )
    return time_series(
        "Means and their limits",
        "Mean over the hour or day of each of the plant's own limits / the limit, in percent: above 100 % it is "
        "exceeded, a value on the limit keeps it. Blocks with too little measured are left out. Ten minutes after "
        "the end of each block.",
        [query],
        unit=PERCENT,
        thresholds=Thresholds("green", (100.0, RED)),
        lines_at_limits=True,
    )


def _judged() -> table.Panel:
    columns = (
        "limit",
        "window",
        "stack",
        "potline",
        "meter",
        "unit",
        "mean",
        "least",
        "most",
        "outside",
        "coverage_pct",
    )
    return rows_table(
        "Limits as they were judged",
        "The newest 200 means over an hour or a day with their bounds, in the unit beside them; outside = 1: "
        "exceeded, 0: kept, empty: withheld, for too little was measured. Statements of compliance judge again with "
        "what came late.",
        [select(*(f'"{name}"' for name in columns), of="limit", where=[PLANT], newest=200, form=Form.TABLE)],
        unit=COUNT,
        units={"coverage_pct": PERCENT},
        thresholds=no_limit(),
        no_value="no limit of the plant's own is configured",
    )
