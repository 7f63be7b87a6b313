"""Data quality: how much is measured, which meters are bad, what is estimated or stated again, what came late."""

from grafana_foundation_sdk.builders import stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models.common import LineInterpolation
from grafana_foundation_sdk.models.dashboard import Dashboard

import variables
from alert_table import alerts
from data_quality_late import counters, doubts, late, late_pots, own
from health import growth
from influxql import OF_POTLINES, PLANT, Form, InfluxQL, column, select, tagged
from page import page
from panels import (
    COUNT,
    GREEN,
    KILOWATT_HOUR,
    KWH_PER_T,
    OPC_QUALITY,
    PERCENT,
    RED,
    T_CO2E_PER_T,
    TONNES,
    YELLOW,
    Thresholds,
    between,
    in_words,
    no_limit,
    rows_table,
    single_stat,
    state_timeline,
    time_series,
)

LEAST_COVERAGE_PCT = 90.0
"""The default of [accounting] least_coverage."""

_WINDOW = tagged("window", "$window")
_OF_LINES_OR_PLANT = '("potline" =~ /^$potline$/ OR "potline" = \'\')'
_QUALITY = Thresholds(RED, (64.0, YELLOW), (192.0, GREEN))


def dashboard() -> Dashboard:
    """Return the dashboard."""
    return page(
        "potline-data-quality",
        "Data quality",
        "Coverage, bad meters, estimated shares, restatements, what came late, and what could not be understood.",
        variables=[variables.plant(), variables.potline(), variables.window()],
        rows={
            "Now": [_least_coverage(), _silent_now(), _aside_now(), _bad_now()],
            "Coverage": [_coverage(), _estimated(), _withheld()],
            "Meters": [_meters(), _lines(), _stacks(), _bad_readings(), _silent()],
            "Stated again": [_restated(), _restated_emissions(), _restatements()],
            "Late, refused, not believed": [late(), late_pots(), doubts(), counters()],
            "What the collector says": [alerts("What the collector says", newest=200, height=10)],
        },
    )


def _least_coverage() -> stat.Panel:
    hours = [PLANT, OF_POTLINES, tagged("window", "hour")]
    return single_stat(
        "Least coverage, last hour",
        "Least coverage_pct of all boundaries and potlines chosen, in the last closed hour: the share of the hour "
        "that is backed by readings close to each other. Where it and the estimated share together are below "
        "[accounting] least_coverage (90 % by default), ratios are withheld.",
        [select(column("min", "coverage_pct", "coverage"), of="energy_intensity", where=hours, every="1h")],
        unit=PERCENT,
        thresholds=Thresholds(RED, (LEAST_COVERAGE_PCT, GREEN)),
    ).decimals(1)


def _silent_now() -> stat.Panel:
    return single_stat(
        "Meters silent",
        "meters_silent: polled meters that do not answer now, or whose answers cannot be used. Their names stand in "
        "the quality of meters below and in 'potline status'.",
        [own(column("last", "meters_silent", "silent"), alias="$tag_instance")],
        unit=COUNT,
        thresholds=Thresholds(GREEN, (1.0, RED)),
        no_value="no line of the collector in this range",
    )


def _aside_now() -> stat.Panel:
    return single_stat(
        "Registers set aside",
        "registers_set_aside: registers that meters refuse, asked for only now and then so that they cost no other "
        "register. 'potline status' names them: the register map and the meter do not agree.",
        [own(column("last", "registers_set_aside", "set aside"), alias="$tag_instance")],
        unit=COUNT,
        thresholds=Thresholds(GREEN, (1.0, YELLOW)),
        no_value="no line of the collector in this range",
    )


def _bad_now() -> stat.Panel:
    return single_stat(
        "Readings without a value",
        "Growth of readings_bad_total in each point: readings of any meter or pot that carry no usable value, since a "
        "meter is silent, refuses, or tells what cannot be. A gap is a reading, too; nothing is made up for it.",
        [own(growth("readings_bad_total", "without a value"), alias="$tag_instance")],
        unit=COUNT,
        thresholds=no_limit(),
        no_value="no line of the collector in this range",
    )


def _coverage() -> timeseries.Panel:
    return time_series(
        "Coverage by boundary",
        "coverage_pct, the least in each point, by potline and boundary: the share of a window that is backed by "
        "readings close to each other. Dashed: the default of [accounting] least_coverage; where coverage and "
        "estimated share together are below it, ratios are withheld.",
        [
            select(
                column("min", "coverage_pct", "coverage"),
                of="energy_intensity",
                where=[PLANT, OF_POTLINES, _WINDOW],
                every="$__interval",
                by=["potline", "boundary"],
                alias="$tag_potline $tag_boundary",
            )
        ],
        unit=PERCENT,
        thresholds=Thresholds(RED, (LEAST_COVERAGE_PCT, GREEN)),
        lines_at_limits=True,
        many=True,
        calcs=["lastNotNull", "min"],
    ).axis_soft_min(0)


def _estimated() -> timeseries.Panel:
    return time_series(
        "Estimated share",
        "estimated_pct, the largest in each point, by potline and boundary: the share of a window that is bridged over "
        "longer gaps by what a counter gained across them. The energy is right; its place in time is estimated.",
        [
            select(
                column("max", "estimated_pct", "estimated"),
                of="energy_intensity",
                where=[PLANT, OF_POTLINES, _WINDOW],
                every="$__interval",
                by=["potline", "boundary"],
                alias="$tag_potline $tag_boundary",
            )
        ],
        unit=PERCENT,
        thresholds=no_limit(),
        many=True,
        calcs=["lastNotNull", "max"],
    ).axis_soft_min(0)


def _withheld() -> statetimeline.Panel:
    query = select(
        column("min", "quality", "quality"),
        of="energy_intensity",
        where=[PLANT, OF_POTLINES, _WINDOW],
        every="$__interval",
        by=["potline", "boundary"],
        alias="$tag_potline $tag_boundary",
    )
    return state_timeline(
        "Ratios stated or withheld",
        "Worst quality of the windows in each point, by potline and boundary: below 64 the ratio is withheld, 64 to "
        "191 it rests on something uncertain. A withheld window keeps its energy and is in no ratio of sums.",
        [query],
        unit=COUNT,
        thresholds=_QUALITY,
        mappings=(
            between(192, 255, "stated", GREEN),
            between(64, 191, "uncertain", YELLOW),
            between(0, 63, "withheld", RED),
        ),
    )


def _qualities(of: str, tags: list[str], where: str, alias: str) -> InfluxQL:
    return select(
        column("min", "quality", "quality"), of=of, where=[PLANT, where], every="$__interval", by=tags, alias=alias
    )


def _meters() -> statetimeline.Panel:
    return state_timeline(
        "Quality of meters",
        "Worst quality of each meter in each point, as OPC DA codes: 192 good, 64 to 191 uncertain, below 64 bad. A "
        "silent meter is a reading of bad quality. Meters of the potlines chosen, and those of no potline.",
        [_qualities("meter", ["meter"], _OF_LINES_OR_PLANT, "$tag_meter")],
        unit=COUNT,
        thresholds=_QUALITY,
        mappings=OPC_QUALITY,
        height=12,
    )


def _lines() -> statetimeline.Panel:
    return state_timeline(
        "Quality of line meters",
        "Worst quality of the meter of each potline's current and voltage in each point, as OPC DA codes: 192 good, "
        "below 64 bad. Without it no tonne is known, so nothing per tonne can be stated of that time.",
        [_qualities("potline", ["potline"], OF_POTLINES, "$tag_potline")],
        unit=COUNT,
        thresholds=_QUALITY,
        mappings=OPC_QUALITY,
        width=12,
        height=7,
    )


def _stacks() -> statetimeline.Panel:
    return state_timeline(
        "Quality of analysers",
        "Worst quality of the analysers of each stack in each point, as OPC DA codes: 192 good, below 64 bad. Limits "
        "are judged only where enough of their hour or day is measured.",
        [_qualities("stack", ["stack"], "\"stack\" != ''", "$tag_stack")],
        unit=COUNT,
        thresholds=_QUALITY,
        mappings=OPC_QUALITY,
        width=12,
        height=7,
    )


def _bad_readings() -> timeseries.Panel:
    query = select(
        column("count", "quality", "bad"),
        of="meter",
        where=[PLANT, _OF_LINES_OR_PLANT, '"quality" < 64'],
        every="$__interval",
        by=["meter"],
        alias="$tag_meter",
    )
    return time_series(
        "Bad polls of each meter",
        "Count of polls in each point in which something of the meter was bad (quality below 64), by meter. A meter "
        "that is bad now and then has a loose cable, a busy gateway or a time-out that is too short.",
        [query],
        unit=COUNT,
        thresholds=no_limit(),
        stacked=True,
        bars=True,
        many=True,
        calcs=["sum", "max"],
    ).decimals(0)


def _silent() -> timeseries.Panel:
    columns = (
        column("max", "meters_silent", "meters silent"),
        column("max", "registers_set_aside", "registers set aside"),
    )
    shown = time_series(
        "Silent meters and registers set aside",
        "meters_silent and registers_set_aside, the largest in each point: polled meters that do not answer, and "
        "registers that meters refuse and that are asked for only now and then.",
        [own(*columns)],
        unit=COUNT,
        thresholds=no_limit(),
    )
    return shown.decimals(0).axis_soft_min(0).line_interpolation(LineInterpolation.STEP_AFTER)


def _again(of: str, columns: dict[str, str]) -> InfluxQL:
    return select(
        *(f'"{field}"' + (f' AS "{name}"' if name else "") for field, name in columns.items()),
        of=of,
        where=[PLANT, OF_POTLINES, '"revision" > 1'],
        newest=200,
        form=Form.TABLE,
    )


def _restated() -> table.Panel:
    columns = {
        "potline": "",
        "window": "",
        "boundary": "",
        "revision": "",
        "kwh_per_t": "intensity",
        "energy_kwh": "energy",
        "metal_t": "metal",
        "metal_basis": "basis",
        "coverage_pct": "coverage",
        "quality": "",
    }
    return rows_table(
        "Energy stated again",
        "The newest 200 windows with a revision above 1: kWh/t = energy / metal as it stands now. Late readings, "
        "weighings and factors cause it. The ledger keeps every older revision, with the reason.",
        [_again("energy_intensity", columns)],
        unit=COUNT,
        units={"intensity": KWH_PER_T, "energy": KILOWATT_HOUR, "metal": TONNES, "coverage": PERCENT},
        decimals={"intensity": 0, "metal": 3, "coverage": 1},
        thresholds=no_limit(),
        height=8,
        no_value="nothing was stated again in this range",
    ).override_by_name("quality", in_words(OPC_QUALITY))


def _restated_emissions() -> table.Panel:
    columns = {
        "potline": "",
        "window": "",
        "method": "",
        "electricity": "",
        "revision": "",
        "t_co2e_per_t": "intensity",
        "total_t_co2e": "emissions",
        "metal_t": "metal",
        "coverage_pct": "coverage",
        "quality": "",
    }
    return rows_table(
        "Emissions stated again",
        "The newest 200 windows with a revision above 1: t CO2e/t = emissions / metal as it stands now. A "
        "corrected factor or anode effect changes emissions and leaves the energy as it was.",
        [_again("emissions_intensity", columns)],
        unit=COUNT,
        units={
            "intensity": T_CO2E_PER_T,
            "emissions": "suffix: t CO₂e",
            "metal": TONNES,
            "coverage": PERCENT,
        },
        decimals={"intensity": 3, "emissions": 3, "metal": 3, "coverage": 1},
        thresholds=no_limit(),
        height=8,
        no_value="nothing was stated again in this range",
    ).override_by_name("quality", in_words(OPC_QUALITY))


def _restatements() -> timeseries.Panel:
    query = select(
        column("max", "revision", "revision"),
        of="energy_intensity",
        where=[PLANT, OF_POTLINES, _WINDOW],
        every="$__interval",
        by=["potline"],
        alias="$tag_potline",
    )
    shown = time_series(
        "Highest revision",
        "Highest revision of the windows in each point, by potline: 1 is what was stated first. Closed months are "
        "stated again when metal is reconciled; an hour that is stated again and again has a late source.",
        [query],
        unit=COUNT,
        thresholds=no_limit(),
        width=24,
        height=7,
    )
    return shown.decimals(0).axis_soft_min(0).line_interpolation(LineInterpolation.STEP_AFTER)
