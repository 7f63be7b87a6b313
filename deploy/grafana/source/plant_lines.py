"""Panels on the state of every potline, for the plant's dashboard."""

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, Panel

from influxql import OF_POTLINES, PLANT, Form, column, select, stated, tagged
from page import link_to
from panels import (
    COUNT,
    GREEN,
    KILOAMPERE,
    KWH_PER_T,
    MEGAWATT,
    OPC_QUALITY,
    RED,
    T_CO2E_PER_T,
    VOLT,
    YELLOW,
    Thresholds,
    between,
    in_words,
    no_limit,
    rows_table,
    state_timeline,
)
from transformations import joined, without_time

OF_QUALITY = Thresholds(RED, (64, YELLOW), (192, GREEN))


def at_a_glance() -> Builder[Panel]:
    """Return the table with a row for every potline."""
    last = [
        column("last", field, name)
        for field, name in (
            ("line_current_ka", "current"),
            ("line_voltage_v", "voltage"),
            ("dc_power_mw", "power"),
            ("pots_operating", "pots"),
            ("quality", "quality"),
        )
    ]
    rolling = [PLANT, OF_POTLINES, tagged("window", "rolling_24h")]
    table = rows_table(
        "Potlines now",
        "The last values of each potline: current through all pots, voltage over all of them, power of the direct "
        "current, pots in operation, and the worst quality of these readings (OPC DA). kWh/t (DC) and t CO2e/t "
        "(location-based, rule set chosen above) of the last 24 hours as the collector states them; empty where it "
        "withheld them for the last two hours. Looks back 26 h, whatever range is chosen.",
        [
            select(*last, of="potline", where=[PLANT, OF_POTLINES], by=["potline"], form=Form.TABLE),
            select(
                column("last", "kwh_per_t", "DC, 24 h"),
                of="energy_intensity",
                where=[*rolling, tagged("boundary", "dc"), stated("kwh_per_t")],
                by=["potline"],
                form=Form.TABLE,
            ),
            select(
                column("last", "t_co2e_per_t", "emissions, 24 h"),
                of="emissions_intensity",
                where=[
                    *rolling,
                    tagged("method", "$method"),
                    tagged("electricity", "location"),
                    stated("t_co2e_per_t"),
                ],
                by=["potline"],
                form=Form.TABLE,
            ),
        ],
        unit=COUNT,
        thresholds=no_limit(),
        width=24,
        height=6,
        units={
            "current": KILOAMPERE,
            "voltage": VOLT,
            "power": MEGAWATT,
            "DC, 24 h": KWH_PER_T,
            "emissions, 24 h": T_CO2E_PER_T,
        },
        decimals={"current": 1, "voltage": 1, "power": 1, "DC, 24 h": 0, "emissions, 24 h": 2},
    )
    table.transformations([without_time(), joined("potline")])
    table.override_by_name("quality", in_words(OPC_QUALITY))
    to_line = link_to("potline-potline", "Potline ${__value.text}", potline="${__value.raw}").build()
    table.override_by_name("potline", [DynamicConfigValue("links", [to_line])])
    return table.time_from("26h")


def stated_or_not() -> Builder[Panel]:
    """Return the bars that show of which hours there is a figure."""
    return state_timeline(
        "Hours stated, by potline",
        "Whether the collector states DC kWh/t of an hour. stated: from good readings. uncertain: a reading that "
        "enters it is uncertain, or something stands in for it. withheld: covered too little, so there is no ratio; "
        "energy and tonnes are written all the same. A bar is the worst quality (OPC DA) of the hours in it.",
        [
            select(
                column("min", "quality", "quality"),
                of="energy_intensity",
                where=[PLANT, OF_POTLINES, tagged("window", "hour"), tagged("boundary", "dc")],
                every="$__interval",
                by=["potline"],
                alias="$tag_potline",
            )
        ],
        unit="short",
        thresholds=OF_QUALITY,
        height=6,
        mappings=[
            between(192, 255, "stated", GREEN),
            between(64, 191, "uncertain", YELLOW),
            between(0, 63, "withheld", RED),
        ],
    ).interval("1h")
