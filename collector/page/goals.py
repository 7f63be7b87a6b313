"""What the figures on the page are held against: the plant's targets, levels of standards, the price's threshold."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from collector.plant.factors import DatedSeries
from collector.plant.rule_tables import RuleTables
from collector.plant.topology import Plant


def goals(plant: Plant, rules: RuleTables, now_ns: int) -> dict[str, Any]:
    """Return what is in force at an instant, each with its source.

    Parameters
    ----------
    plant, rules
        Whose targets and price region, and what standards and prices print.
    now_ns
        The instant [UTC ns].
    """
    targets = plant.targets
    return {
        "kwh_per_t": {
            boundary.value: found
            for boundary, series in targets.kwh_per_t.items()
            if (found := _in_force(series, now_ns)) is not None
        },
        "t_co2e_per_t": _in_force(targets.t_co2e_per_t, now_ns),
        "renewable_share_pct": _in_force(targets.renewable_share, now_ns, times=100.0),
        "levels": list(_levels(plant, rules, now_ns)),
        "price": _price(plant, rules, now_ns),
    }


def _in_force(series: DatedSeries | None, now_ns: int, times: float = 1.0) -> Mapping[str, Any] | None:
    if series is None or now_ns < series.values[0].valid_from_ns:
        return None
    value = series.at(now_ns)
    return {"value": value.value * times, "source": value.source}


def _levels(plant: Plant, rules: RuleTables, now_ns: int) -> Iterator[Mapping[str, Any]]:
    today = datetime.fromtimestamp(now_ns // 10**9, UTC).astimezone(plant.time_zone).date()
    for edition, of_indicators in rules.energy_levels.items():
        for indicator, told in of_indicators.items():
            if told.holds_on(today) and indicator.unit == "kWh/t":
                yield {
                    "edition": edition,
                    "boundary": indicator.value,
                    "level_1": told.value.level_1,
                    "level_2": told.value.level_2,
                    "level_3": told.value.level_3,
                    "unit": indicator.unit,
                    "source": told.source,
                    "verified": told.verified,
                }


def _price(plant: Plant, rules: RuleTables, now_ns: int) -> Mapping[str, Any] | None:
    """Return the step of the tiered price that is in force; of a price by bands, or before its first day, none."""
    region = plant.price_region
    told = None if region is None else rules.stepped_prices.get(region.rule)
    if region is None or told is None:
        return None
    today = datetime.fromtimestamp(now_ns // 10**9, UTC).astimezone(plant.time_zone).date()
    begun = [tier for tier in told.value.tiers if tier.valid_from <= today]
    if not begun:
        return None
    tier = max(begun, key=lambda each: each.valid_from)
    return {
        "region": region.region,
        "rule": region.rule,
        "boundary": told.value.indicator.value,
        "threshold_kwh_per_t": tier.threshold_kwh_per_t,
        "step_kwh_per_t": tier.step_kwh_per_t,
        "cny_per_kwh_per_step": tier.cny_per_kwh_per_step,
        "source": told.source,
        "verified": told.verified,
    }
