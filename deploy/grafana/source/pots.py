"""The pots of a line side by side, the worst of them, and the history of one."""

from collections.abc import Sequence

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Dashboard, DynamicConfigValue, Panel

import variables
from gaps import SILENT_AFTER_S, through
from influxql import OF_POTLINES, PLANT, Form, column, select, tagged
from page import link_to, page
from panels import (
    CELSIUS,
    COUNT,
    GREEN,
    MICROOHM,
    MILLIVOLT,
    OPC_QUALITY,
    RED,
    SECONDS,
    VOLT,
    YELLOW,
    YES_OR_NO,
    Thresholds,
    heat_map,
    in_words,
    no_limit,
    rows_table,
    state_timeline,
    time_series,
)
from potline_effects import HAPPENED
from transformations import without_time
from wording import FOR_A_LOOK

OF_POTS = (PLANT, OF_POTLINES)
VOLTAGE_COLOURED_V = (3.8, 4.8)
"""What pots run at, with room above: where the colours of their map go from and to, and no judgement [V]."""
NOISE_COLOURED_MV = (0.0, 50.0)
"""The same for their noise [mV]."""
ONE_POT = (PLANT, OF_POTLINES, tagged("pot", "$pot"))


def dashboard() -> Dashboard:
    """Return the dashboard."""
    return page(
        "potline-pots",
        "Pots",
        "Voltage and noise of all pots, the worst of them, anode effects by pot, and the history of one pot.",
        variables=[variables.plant(), variables.potline(), variables.pot()],
        rows={
            "All pots": [
                _map("Voltage of the pots", "voltage_v", VOLT, VOLTAGE_COLOURED_V, "Voltage"),
                _map(
                    "Noise of the pots",
                    "noise_mv",
                    MILLIVOLT,
                    NOISE_COLOURED_MV,
                    "Noise of the voltage, as the pots' controllers tell",
                ),
            ],
            "Ranking": [_voltages(), _effects()],
            "Pot $pot": _one(),
        },
        since="now-2h",
        # Every reading of every pot is looked at.
        refresh="5m",
    )


def _map(title: str, field: str, unit: str, coloured: tuple[float, float], what: str) -> Builder[Panel]:
    return heat_map(
        title,
        f"{what}: the mean of each pot's readings in each cell. A row for each pot, time to the right. An empty cell: "
        f"no reading, or the pots do not tell it. Colours go from {coloured[0]:g} to {coloured[1]:g}; what is beyond, "
        f"as in an anode effect, has the last one. {FOR_A_LOOK}",
        [
            select(
                column("mean", field, field),
                of="pot",
                where=OF_POTS,
                every="$__interval",
                by=["pot"],
                alias="$tag_pot",
            )
        ],
        unit=unit,
        thresholds=no_limit(),
        width=12,
        height=16,
        coloured=coloured,
    ).max_data_points(180)


def _voltages() -> Builder[Panel]:
    columns = (
        column("mean", "voltage_v", "voltage"),
        column("max", "voltage_v", "greatest"),
        column("mean", "noise_mv", "noise"),
        column("mean", "resistance_uohm", "resistance"),
        column("last", "bath_temperature_c", "bath"),
        column("min", "quality", "worst quality"),
    )
    table = rows_table(
        "Worst pots by voltage",
        "Of the range shown, the pot with the highest mean voltage first: mean and greatest voltage, mean noise and "
        "resistance, the last bath temperature, and the worst quality of its readings (OPC DA). 0.01 V more are "
        "29.8 kWh/t more at a current efficiency of 1: w = 2979.98 kWh/(t V) x V / CE, from Faraday's law. A pot in "
        "anode effect weighs heavily in the mean. Click on a heading to rank by it, on a pot to see its history.",
        [select(*columns, of="pot", where=OF_POTS, by=["potline", "pot"], form=Form.TABLE)],
        unit=COUNT,
        thresholds=no_limit(),
        width=14,
        height=12,
        units={
            "voltage": VOLT,
            "greatest": VOLT,
            "noise": MILLIVOLT,
            "resistance": MICROOHM,
            "bath": CELSIUS,
        },
        decimals={"voltage": 3, "greatest": 3, "noise": 1, "resistance": 3, "bath": 1},
        sort_by="voltage",
    )
    table.override_by_name("worst quality", in_words(OPC_QUALITY))
    return table.override_by_name("pot", [_to_pot()]).transformations([without_time()])


def _effects() -> Builder[Panel]:
    where = [PLANT, OF_POTLINES, tagged("kind", "hvae"), HAPPENED]
    table = rows_table(
        "Anode effects by pot",
        "Of the last 7 days, whatever range is chosen, the pot with most minutes in anode effect first: number of "
        "effects, sum of their durations [min], the longest, and the greatest voltage. Withdrawn effects are left out; "
        "pots without one are not here. Click on a pot to see its history.",
        [
            select(
                column("count", "duration_s", "effects"),
                'sum("duration_s") / 60 AS "minutes"',
                column("max", "duration_s", "longest"),
                column("max", "max_v", "greatest voltage"),
                of="anode_effect",
                where=where,
                by=["potline", "pot"],
                form=Form.TABLE,
            )
        ],
        unit=COUNT,
        thresholds=no_limit(),
        width=10,
        height=12,
        units={"minutes": "m", "longest": SECONDS, "greatest voltage": VOLT},
        decimals={"minutes": 2, "greatest voltage": 1},
        sort_by="minutes",
        no_value="none",
    )
    table.override_by_name("pot", [_to_pot()]).transformations([without_time()])
    return table.time_from("7d")


def _to_pot() -> DynamicConfigValue:
    link = link_to("potline-pots", "Pot ${__value.text}", potline="${__data.fields.potline}", pot="${__value.raw}")
    return DynamicConfigValue("links", [link.build()])


def _one() -> list[Builder[Panel]]:
    return [
        _history(
            "Voltage of pot $pot",
            ("mean", "min", "max"),
            "voltage_v",
            VOLT,
            "Voltage over the pot: mean, least and greatest reading of each point.",
        ),
        _history(
            "Noise of pot $pot",
            ("mean", "max"),
            "noise_mv",
            MILLIVOLT,
            "Noise of the pot's voltage, as its controller tells: mean and greatest of each point.",
        ),
        _history(
            "Resistance of pot $pot",
            ("mean",),
            "resistance_uohm",
            MICROOHM,
            "Pseudo-resistance R = (V - E) / I, with the back-EMF E of the pot's controller: the mean of each point.",
        ),
        _history(
            "Bath temperature of pot $pot",
            ("last",),
            "bath_temperature_c",
            CELSIUS,
            "Temperature of the bath, as measured or as the laboratory tells: the last of each point.",
        ),
        rows_table(
            "Anode effects of pot $pot",
            "Effects of the pot in the last 7 days, whatever range is chosen, the newest first: kind (hvae, and lvae "
            "below the threshold where it is told), duration, greatest voltage, whether the report was corrected "
            "later. Withdrawn ones are left out.",
            [
                select(
                    '"kind"',
                    '"duration_s" AS "duration"',
                    '"max_v" AS "greatest voltage"',
                    '"corrected"',
                    of="anode_effect",
                    where=[*ONE_POT, HAPPENED],
                    newest=200,
                    form=Form.TABLE,
                )
            ],
            unit=COUNT,
            thresholds=no_limit(),
            width=12,
            units={"duration": SECONDS, "greatest voltage": VOLT},
            decimals={"greatest voltage": 1},
            no_value="none",
        )
        .override_by_name("corrected", in_words(YES_OR_NO))
        .time_from("7d"),
        state_timeline(
            "Quality of pot $pot",
            "Worst quality of the pot's readings in each point, as the OPC DA byte: 192 and more is good, 64 to 191 "
            "uncertain, below 64 bad. A bar goes on until the pot tells something else.",
            [
                select(
                    column("min", "quality", "quality"),
                    of="pot",
                    where=ONE_POT,
                    every="$__interval",
                    by=["pot"],
                    alias="$tag_pot",
                )
            ],
            unit=COUNT,
            thresholds=Thresholds(RED, (64, YELLOW), (192, GREEN)),
            mappings=OPC_QUALITY,
            width=12,
            height=9,
        ),
    ]


def _history(title: str, functions: Sequence[str], field: str, unit: str, what: str) -> Builder[Panel]:
    columns = [column(function, field, function) for function in functions]
    query = select(*columns, of="pot", where=ONE_POT, every="$__interval", fill="null", alias="$col")
    told = f"{what} Where the pot tells nothing for {SILENT_AFTER_S // 60} minutes, there is a gap. {FOR_A_LOOK}"
    return through(time_series(title, told, [query], unit=unit, thresholds=no_limit()), SILENT_AFTER_S)
