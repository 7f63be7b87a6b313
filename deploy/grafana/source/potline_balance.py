"""Panels on the energy balance of a potline's meters."""

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, Panel

from influxql import OF_POTLINES, PLANT, Form, InfluxQL, column, select, tagged
from panels import KILOWATT_HOUR, PERCENT, RED, Thresholds, no_limit, rows_table, time_series
from wording import AS_STATED

OF_LINES = (PLANT, OF_POTLINES)


def balance() -> list[Builder[Panel]]:
    """Return the panels of the row."""
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
        ).decimals(2),
        time_series(
            "Loss of the rectifiers",
            f"(AC energy - DC energy) / AC energy, in per cent, transformers included. {AS_STATED} Compare it with the "
            "acceptance test of the rectifiers.",
            [as_stated("rectifier_loss_pct"), as_stated("rectifier_loss_pct", window="day")],
            unit=PERCENT,
            thresholds=no_limit(),
        ).decimals(2),
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
