"""The tiered price of the rule's text, and days of a line at a consumption."""

from datetime import date

from collector.accounting.sums import Pair, Sums
from collector.domain.levels import Indicator
from collector.domain.price import GreenRelief, Tier
from collector.plant.rule_tables import SteppedPrice

RULE = SteppedPrice(
    indicator=Indicator.LIQUID_COMPREHENSIVE_AC,
    without_desulphurisation=True,
    tiers=(
        Tier(date(2022, 1, 1), threshold_kwh_per_t=13650, step_kwh_per_t=20, cny_per_kwh_per_step=0.01),
        Tier(date(2023, 1, 1), threshold_kwh_per_t=13450, step_kwh_per_t=20, cny_per_kwh_per_step=0.01),
        Tier(date(2025, 1, 1), threshold_kwh_per_t=13300, step_kwh_per_t=20, cny_per_kwh_per_step=0.01),
    ),
    relief=GreenRelief(from_percent=15, reduction_per_point=0.01),
)
"""NDRC price 2021 No. 1239 in reprints (100ppi.com, lv178.cn)."""

DAY_T = 120.0


def sums_of(kwh_per_t: float, *, days: float = 10.0, minutes: int | None = None) -> Sums:
    """Return days at a consumption: 120 t of metal a day."""
    known = round(1440 * days) if minutes is None else minutes
    metal_t = DAY_T * known / 1440
    pair = Pair(minutes=known, energy_kwh=kwh_per_t * metal_t, metal_t=metal_t, covered_s=60.0 * known)
    ac_kwh = 0.97 * pair.energy_kwh
    return Sums(minutes=known, ac_kwh=ac_kwh, auxiliary_kwh=pair.energy_kwh - ac_kwh, comprehensive=pair)
