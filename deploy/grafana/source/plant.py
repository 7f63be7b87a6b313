"""The plant at a glance: kWh/t against the levels of the standard, and what every potline is doing."""

from grafana_foundation_sdk.models.dashboard import Dashboard

import variables
from influxql import OF_POTLINES, PLANT, ratio, select, stated, tagged
from page import page
from panels import KWH_PER_T, no_limit, time_series


def dashboard() -> Dashboard:
    """Return the dashboard."""
    return page(
        "potline-plant",
        "Plant overview",
        "kWh/t and t CO2e/t of the plant against limits and targets, and the state of every potline.",
        variables=[variables.plant(), variables.potline(), variables.window()],
        rows={
            "Energy": [
                time_series(
                    "DC energy by potline",
                    "kWh/t = sum of energy of the direct current [kWh] / sum of metal [t] of the windows in one point "
                    "of the graph, never a mean of ratios. Withheld windows are left out. No standard limits DC.",
                    [
                        select(
                            ratio("energy_kwh", "metal_t", "kWh/t"),
                            of="energy_intensity",
                            where=[
                                PLANT,
                                OF_POTLINES,
                                tagged("window", "$window"),
                                tagged("boundary", "dc"),
                                stated("kwh_per_t"),
                            ],
                            every="$__interval",
                            by=["potline"],
                            alias="$tag_potline",
                        )
                    ],
                    unit=KWH_PER_T,
                    thresholds=no_limit(),
                )
            ]
        },
    )
