"""Panels on the energy that a potline takes for each tonne."""

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from influxql import OF_POTLINES, PLANT, Form, either, ratio, select, stated, tagged
from limits import levels
from panels import KWH_PER_T, PERCENT, TONNES, no_limit, rows_table, time_series
from wording import AS_STATED, AT_ITS_START, OVER_SUMS

OF_LINES = (PLANT, OF_POTLINES)


def intensity() -> list[Builder[Panel]]:
    """Return the panels of the row."""

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
