"""Of the data's quality: what came late, what was not believed, and what was not understood."""

from grafana_foundation_sdk.builders import timeseries

from health import growth, growth_of, short_names
from influxql import OF_POTLINES, PLANT, InfluxQL, column, select
from panels import COUNT, no_limit, time_series


def own(*columns: str, alias: str = "$col") -> InfluxQL:
    """Return a query of what the collector tells of itself."""
    return select(*columns, of="collector", where=[PLANT], every="$__interval", by=["instance"], alias=alias)


def late() -> timeseries.Panel:
    """Return what came after later readings of the same point."""
    return (
        time_series(
            "Late readings",
            "Growth in each point of readings that came after later ones of the same point: booked into the past, "
            "repeated (known already), or refused, and each cause of refusal once it has occurred.",
            [own(growth_of("^late_(booked|repeated|refused).*_total$"))],
            unit=COUNT,
            thresholds=no_limit(),
            bars=True,
            stacked=True,
            calcs=["sum", "max"],
        )
        .decimals(0)
        .with_transformation(short_names())
    )


def late_pots() -> timeseries.Panel:
    """Return what pots told late."""
    totals = (
        growth("late_voltages_total", "not looked at for anode effects"),
        growth("late_pots_booked_total", "added to their minute"),
        growth("late_pots_repeated_total", "repeated"),
        growth("late_pots_refused_total", "refused"),
        growth("pots_without_current_total", "without the line's current"),
    )
    return time_series(
        "Late voltages of pots",
        "Growth in each point of pot voltages that came late: those not looked at for anode effects, those added to "
        "the energy and number of pots of their minute, repeated or refused; and those for which no line current is "
        "known.",
        [own(*totals)],
        unit=COUNT,
        thresholds=no_limit(),
        bars=True,
        stacked=True,
        calcs=["sum", "max"],
    ).decimals(0)


def doubts() -> timeseries.Panel:
    """Return what was taken in and not believed, or not understood."""
    totals = (
        growth("glitches_total", "counter readings not believed"),
        growth("effects_told_by_one_total", "anode effects told by one side only"),
        growth("rejected_total", "messages not understood"),
    )
    return time_series(
        "What was not believed or understood",
        "Growth in each point: counter readings beyond what is physically possible or a drop that did not last; anode "
        "effects of which only controller or voltage tells where both tell of others; messages kept as dead letters.",
        [own(*totals)],
        unit=COUNT,
        thresholds=no_limit(),
        bars=True,
        stacked=True,
        calcs=["sum", "max"],
    ).decimals(0)


def counters() -> timeseries.Panel:
    """Return what the counters of controllers say of the anode effects that are known."""
    query = select(
        column("last", "pots_compared", "pots compared"),
        column("last", "pots_differing", "pots that differ"),
        of="anode_effect_count",
        where=[PLANT, OF_POTLINES],
        every="$__interval",
        by=["potline", "window"],
        alias="$tag_potline $col, $tag_window",
    )
    return time_series(
        "Anode effects: controllers' counters",
        "Pots whose controller counts anode effects, after each shift and day, and how many of them counted another "
        "number than is known here. A pot that differs has messages or voltages that did not arrive.",
        [query],
        unit=COUNT,
        thresholds=no_limit(),
        many=True,
        calcs=["lastNotNull"],
    ).axis_soft_min(0)
