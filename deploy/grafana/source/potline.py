"""One potline: what it draws, what becomes of that, and how restless its pots are."""

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Dashboard, DynamicConfigValue, Panel

import variables
from influxql import OF_POTLINES, PLANT, Form, InfluxQL, column, either, ratio, select, stated, tagged
from limits import levels
from page import page
from panels import (
    COUNT,
    KILOAMPERE,
    KILOWATT,
    KILOWATT_HOUR,
    KWH_PER_T,
    MEGAWATT,
    PERCENT,
    RED,
    TONNES,
    VOLT,
    Thresholds,
    no_limit,
    rows_table,
    single_stat,
    time_series,
)
from potline_effects import anode_effects
from wording import AS_STATED, AT_ITS_START, FOR_A_LOOK, OVER_SUMS

OF_LINES = (PLANT, OF_POTLINES)


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
            "Energy for each tonne": _intensity(),
            "Energy balance of the meters": _balance(),
            "Anode effects": anode_effects(),
        },
        since="now-2d",
    )


def _now() -> list[Builder[Panel]]:
    told = "The last reading in the range shown, of each potline chosen."

    def last(title: str, field: str, unit: str, what: str, *, width: int) -> Builder[Panel]:
        query = select(column("last", field, title), of="potline", where=OF_LINES, by=["potline"], alias="$tag_potline")
        return single_stat(
            title, f"{what} {told}", [query], unit=unit, thresholds=no_limit(), width=width, no_value="no reading"
        )

    return [
        last("Current", "line_current_ka", KILOAMPERE, "Current through all pots.", width=5),
        last("Voltage", "line_voltage_v", VOLT, "Voltage over all pots and busbars.", width=5),
        last("Power", "dc_power_mw", MEGAWATT, "Power of the direct current.", width=5),
        last("Pots", "pots_operating", COUNT, "Pots in operation, counted each minute.", width=4),
        single_stat(
            "Last hour",
            "kWh/t of the boundary chosen above, of the last hour that is closed: energy [kWh] / metal [t], as the "
            "collector stated it for each potline. Withheld where the hour was covered too little.",
            [
                select(
                    column("last", "kwh_per_t", "kWh/t"),
                    of="energy_intensity",
                    where=[
                        *OF_LINES,
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
            where=OF_LINES,
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
        ),
        time_series(
            "Modulation",
            "How far the current moved: greatest less least reading of each quarter of an hour. A line that follows "
            "the grid moves in steps; a stop is as large as the current itself.",
            [
                select(
                    modulation,
                    of="potline",
                    where=OF_LINES,
                    every="15m",
                    by=["potline"],
                    fill="null",
                    alias="$tag_potline",
                )
            ],
            unit=KILOAMPERE,
            thresholds=no_limit(),
        ).min(0),
        time_series(
            "Line voltage",
            f"Voltage over all pots of a potline and its busbars: the mean over each point of the graph. {FOR_A_LOOK}",
            [means("line_voltage_v")],
            unit=VOLT,
            thresholds=no_limit(),
        ),
        time_series(
            "DC power",
            f"Power of the direct current, as the line's meter tells it: mean over each point. {FOR_A_LOOK}",
            [means("dc_power_mw")],
            unit=MEGAWATT,
            thresholds=no_limit(),
        ),
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
        ),
        time_series(
            "Pots in operation",
            "Pots in operation, the least of each point: a pot whose mean voltage of a minute is below the plant's "
            "limit while the line carries current is counted as out of the line.",
            [
                select(
                    column("min", "pots_operating", "pots"),
                    of="potline",
                    where=OF_LINES,
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


def _intensity() -> list[Builder[Panel]]:
    def graph(title: str, window: str, least: str, what: str) -> Builder[Panel]:
        return time_series(
            title,
            f"kWh/t = sum of energy [kWh] / sum of metal [t] of the {what} in one point, of the boundary chosen above. "
            f"{OVER_SUMS} {AT_ITS_START}",
            [
                select(
                    ratio("energy_kwh", "metal_t", "kWh/t"),
                    of="energy_intensity",
                    where=[*OF_LINES, tagged("window", window), tagged("boundary", "$boundary"), stated("kwh_per_t")],
                    every="$__interval",
                    by=["potline"],
                    fill="null",
                    alias="$tag_potline",
                )
            ],
            unit=KWH_PER_T,
            thresholds=no_limit(),
            width=8,
        ).interval(least)

    ac = levels("liquid_ac")
    return [
        graph("kWh/t by minute", "minute", "1m", "minutes"),
        graph("kWh/t by hour", "hour", "1h", "hours"),
        time_series(
            "kWh/t by day",
            "kWh/t = energy [kWh] / metal [t] of each day of the plant's calendar, of the boundary chosen above. "
            f"{AS_STATED} Withheld days are left out. {AT_ITS_START} Looks back 35 days, whatever range is chosen.",
            [
                select(
                    '"kwh_per_t"',
                    of="energy_intensity",
                    where=[*OF_LINES, tagged("window", "day"), tagged("boundary", "$boundary"), stated("kwh_per_t")],
                    by=["potline"],
                    alias="$tag_potline",
                )
            ],
            unit=KWH_PER_T,
            thresholds=no_limit(),
            width=8,
        ).time_from("35d"),
        time_series(
            "Boundaries, by hour",
            f"kWh/t of all potlines chosen together, by boundary: direct current, AC into the rectifiers, and with the "
            f"services. {OVER_SUMS} {AT_ITS_START} Liquid AC has these limits. {ac.words}",
            [
                select(
                    ratio("energy_kwh", "metal_t", "kWh/t"),
                    of="energy_intensity",
                    where=[
                        *OF_LINES,
                        tagged("window", "hour"),
                        either("boundary", "dc", "liquid_ac", "liquid_comprehensive_ac"),
                        stated("kwh_per_t"),
                    ],
                    every="$__interval",
                    by=["boundary"],
                    fill="null",
                    alias="$tag_boundary",
                )
            ],
            unit=KWH_PER_T,
            thresholds=ac.thresholds,
            lines_at_limits=True,
        ).interval("1h"),
        rows_table(
            "Days as stated",
            f"{AS_STATED} kWh/t of the boundary chosen above, its expanded uncertainty (95 %), how much of the day was "
            "measured, how much stands in for something else, on what the metal is based (faraday: charge times "
            "current efficiency; tapped: weighed; reconciled: weighed and corrected by what the pots hold), and how "
            "often the day was stated. Withheld days are left out. Looks back 35 days, whatever range is chosen.",
            [
                select(
                    '"potline"',
                    '"kwh_per_t" AS "intensity"',
                    '"kwh_per_t_u95" AS "uncertainty"',
                    '"metal_t" AS "metal"',
                    '"metal_basis" AS "basis"',
                    '"coverage_pct" AS "coverage"',
                    '"estimated_pct" AS "estimated"',
                    '"revision"',
                    of="energy_intensity",
                    where=[*OF_LINES, tagged("window", "day"), tagged("boundary", "$boundary"), '"quality" >= 64'],
                    newest=100,
                    form=Form.TABLE,
                )
            ],
            unit="none",
            thresholds=no_limit(),
            width=12,
            units={
                "intensity": KWH_PER_T,
                "uncertainty": KWH_PER_T,
                "metal": TONNES,
                "coverage": PERCENT,
                "estimated": PERCENT,
            },
        ).time_from("35d"),
    ]


def _balance() -> list[Builder[Panel]]:
    hours = [*OF_LINES, tagged("window", "hour")]

    def as_stated(field: str, *, window: str = "hour") -> InfluxQL:
        return select(
            f'"{field}"',
            of="energy_balance",
            where=[*OF_LINES, tagged("window", window)],
            by=["potline"],
            alias=f"$tag_potline, {window}",
        )

    sums = [column("sum", f"{what}_kwh", what) for what in ("ac", "dc", "pots")]
    suspects = rows_table(
        "Suspected meters",
        "Hours and days in which readings do not fit each other within their uncertainty, the newest first, at most "
        "100: the meter that does not fit, by the test of the energy balance. Nothing is tested until the plant's file "
        "tells of the line's rectifiers and busbars ([potlines.NAME.balance]) and of the classes of its meters.",
        [
            select(
                '"potline"',
                '"window"',
                '"suspect"',
                '"residual_pct" AS "residual"',
                '"rectifier_loss_pct" AS "loss"',
                of="energy_balance",
                where=[*OF_LINES, "\"suspect\" != ''"],
                newest=100,
                form=Form.TABLE,
            )
        ],
        unit=PERCENT,
        thresholds=Thresholds(RED),
        width=12,
        no_value="none",
    )
    suspects.override_by_name("suspect", [DynamicConfigValue("custom.cellOptions", {"type": "color-text"})])
    return [
        time_series(
            "Residual",
            "Direct current that neither pots nor busbars account for: (DC energy - energy of the pots by their own "
            f"voltages - busbars) / DC energy, in per cent. {AS_STATED} Zero is perfect; which deviation is still "
            "chance follows from the uncertainties in the plant's file, see suspected meters.",
            [as_stated("residual_pct"), as_stated("residual_pct", window="day")],
            unit=PERCENT,
            thresholds=no_limit(),
        ),
        time_series(
            "Loss of the rectifiers",
            f"(AC energy - DC energy) / AC energy, in per cent, transformers included. {AS_STATED} Compare it with the "
            "acceptance test of the rectifiers.",
            [as_stated("rectifier_loss_pct"), as_stated("rectifier_loss_pct", window="day")],
            unit=PERCENT,
            thresholds=no_limit(),
        ),
        time_series(
            "Energy by meter group, by hour",
            "Sum of each hour's energy of the potlines chosen: AC into the rectifiers, direct current behind them, and "
            "the pots by their own voltages. A group that is not measured has no line.",
            [select(*sums, of="energy_balance", where=hours, every="1h", fill="null", alias="$col")],
            unit=KILOWATT_HOUR,
            thresholds=no_limit(),
        ),
        suspects,
    ]
