"""One potline: what it draws, what becomes of that, and how restless its pots are."""

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

import variables
from influxql import OF_POTLINES, PLANT, InfluxQL, column, select, stated, tagged
from page import page
from panels import (
    COUNT,
    KILOAMPERE,
    KILOWATT,
    KWH_PER_T,
    MEGAWATT,
    VOLT,
    no_limit,
    single_stat,
    time_series,
)
from potline_balance import balance
from potline_effects import anode_effects
from potline_intensity import intensity
from wording import FOR_A_LOOK


def dashboard() -> Dashboard:
    """Return the dashboard."""
    return page(
        "potline-potline",
        "Potline",
        "Current, voltage, power, energy balance, anode effects and kWh/t of the potlines chosen.",
        variables=[variables.plant(), variables.potline(), variables.boundary(variables.OF_A_POTLINE, first="dc")],
        rows={
            "Now": _now(),
            "Electricity": _electricity(),
            "Energy for each tonne": intensity(),
            "Energy balance of the meters": balance(),
            "Anode effects": anode_effects(),
        },
        since="now-2d",
    )


def _now() -> list[Builder[Panel]]:
    told = "The last reading in the range shown, of each potline chosen."

    def last(title: str, field: str, unit: str, what: str, *, width: int, decimals: int = 1) -> Builder[Panel]:
        query = select(
            column("last", field, title), of="potline", where=(PLANT, OF_POTLINES), by=["potline"], alias="$tag_potline"
        )
        return single_stat(
            title, f"{what} {told}", [query], unit=unit, thresholds=no_limit(), width=width, no_value="no reading"
        ).decimals(decimals)

    return [
        last("Current", "line_current_ka", KILOAMPERE, "Current through all pots.", width=5),
        last("Voltage", "line_voltage_v", VOLT, "Voltage over all pots and busbars.", width=5),
        last("Power", "dc_power_mw", MEGAWATT, "Power of the direct current.", width=5),
        last("Pots", "pots_operating", COUNT, "Pots in operation, counted each minute.", width=4, decimals=0),
        single_stat(
            "Last hour",
            "kWh/t of the boundary chosen above, of the last hour that is closed: energy [kWh] / metal [t], as the "
            "collector stated it for each potline. Withheld where the hour was covered too little.",
            [
                select(
                    column("last", "kwh_per_t", "kWh/t"),
                    of="energy_intensity",
                    where=[
                        PLANT,
                        OF_POTLINES,
                        tagged("window", "hour"),
                        tagged("boundary", "$boundary"),
                        stated("kwh_per_t"),
                    ],
                    by=["potline"],
                    alias="$tag_potline",
                )
            ],
            unit=KWH_PER_T,
            thresholds=no_limit(),
            width=5,
        ),
    ]


def _electricity() -> list[Builder[Panel]]:
    def means(field: str, function: str = "mean") -> InfluxQL:
        return select(
            column(function, field, function),
            of="potline",
            where=(PLANT, OF_POTLINES),
            every="$__interval",
            by=["potline"],
            fill="null",
            alias="$tag_potline" if function == "mean" else f"$tag_potline {function}",
        )

    modulation = '(max("line_current_ka") - min("line_current_ka")) AS "swing"'
    return [
        time_series(
            "Line current",
            "Current through all pots of a potline: mean, least and greatest reading in each point of the graph. "
            f"{FOR_A_LOOK}",
            [means("line_current_ka"), means("line_current_ka", "min"), means("line_current_ka", "max")],
            unit=KILOAMPERE,
            thresholds=no_limit(),
            many=True,
            calcs=["lastNotNull"],
        ).decimals(1),
        time_series(
            "Modulation",
            "How far the current moved: greatest less least reading of each quarter of an hour. A line that follows "
            "the grid moves in steps; a stop is as large as the current itself.",
            [
                select(
                    modulation,
                    of="potline",
                    where=(PLANT, OF_POTLINES),
                    every="15m",
                    by=["potline"],
                    fill="null",
                    alias="$tag_potline",
                )
            ],
            unit=KILOAMPERE,
            thresholds=no_limit(),
        )
        .decimals(1)
        .min(0),
        time_series(
            "Line voltage",
            f"Voltage over all pots of a potline and its busbars: the mean over each point of the graph. {FOR_A_LOOK}",
            [means("line_voltage_v")],
            unit=VOLT,
            thresholds=no_limit(),
        ).decimals(1),
        time_series(
            "DC power",
            f"Power of the direct current, as the line's meter tells it: mean over each point. {FOR_A_LOOK}",
            [means("dc_power_mw")],
            unit=MEGAWATT,
            thresholds=no_limit(),
        ).decimals(1),
        time_series(
            "AC power by meter",
            "Active power of the meters of the potlines chosen and of those that belong to none, such as the services: "
            f"the mean over each point. A rectifier that is off shows 0; a silent meter shows nothing. {FOR_A_LOOK}",
            [
                select(
                    column("mean", "active_power_kw", "power"),
                    of="meter",
                    where=[PLANT, '("potline" =~ /^$potline$/ OR "potline" = \'\')'],
                    every="$__interval",
                    by=["meter"],
                    fill="null",
                    alias="$tag_meter",
                )
            ],
            unit=KILOWATT,
            thresholds=no_limit(),
            many=True,
            calcs=["lastNotNull", "max"],
        ),
        time_series(
            "Pots in operation",
            "Pots in operation, the least of each point: a pot whose mean voltage of a minute is below the plant's "
            "limit while the line carries current is counted as out of the line.",
            [
                select(
                    column("min", "pots_operating", "pots"),
                    of="potline",
                    where=(PLANT, OF_POTLINES),
                    every="$__interval",
                    by=["potline"],
                    fill="null",
                    alias="$tag_potline",
                )
            ],
            unit=COUNT,
            thresholds=no_limit(),
        ).interval("1m"),
    ]
