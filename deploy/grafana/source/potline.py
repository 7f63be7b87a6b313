"""One potline: what it draws, and how much of it becomes metal."""

from grafana_foundation_sdk.models.dashboard import Dashboard

import variables
from influxql import OF_POTLINES, PLANT, column, select
from page import page
from panels import KILOAMPERE, no_limit, time_series


def dashboard() -> Dashboard:
    """Return the dashboard."""
    return page(
        "potline-potline",
        "Potline",
        "Current, voltage, power, energy balance, anode effects and kWh/t of the potlines chosen.",
        variables=[variables.plant(), variables.potline()],
        rows={
            "Line": [
                time_series(
                    "Line current",
                    "Current through all pots of a potline: the mean of the readings in each point of the graph. For a "
                    "look at the process only: energy is integrated from single readings, not from these means.",
                    [
                        select(
                            column("mean", "line_current_ka", "current"),
                            of="potline",
                            where=[PLANT, OF_POTLINES],
                            every="$__interval",
                            by=["potline"],
                            fill="null",
                            alias="$tag_potline",
                        )
                    ],
                    unit=KILOAMPERE,
                    thresholds=no_limit(),
                )
            ]
        },
    )
