"""The stream ``power_price_tier``: where the running month stands in the tiered price, after each of its hours.

Nothing is written unless the plant names a price rule. The month's own line, when it is over, has its final figure.
"""

from dataclasses import dataclass

import structlog

from collector.accounting.intensity import FARADAY, Metal
from collector.accounting.sums import Sums, total
from collector.accounting.tiered_price import GreenShares, MonthSoFar, PriceTier, price_tier
from collector.accounting.windows import DAY_NS, Window, parts_of, window_of, windows_between
from collector.closing.book import Book
from collector.delivery import lineprotocol
from collector.plant.limits import PriceRegion
from collector.plant.meter import Measures
from collector.plant.rule_tables import SteppedPrice
from collector.plant.topology import Plant, Potline

log = structlog.get_logger()

NAMES = ("hour", "month")
"""The windows of the stream."""

RECENT_NS = 7 * DAY_NS
"""What a forecast carries on: a week has every day of the week in it."""


@dataclass(frozen=True, slots=True)
class SoFar:
    """What is known of a month at the end of a window: its sums up to there, and those of the last seven days."""

    month: Window
    sums: Sums
    recent: Sums
    recent_days: tuple[Sums, ...] = ()


async def so_far(window: Window, book: Book, plant: Plant) -> SoFar:
    """Gather the month that a window lies in, up to its end: whole days, and the hours of the running one.

    Parameters
    ----------
    window
        An hour or a month that is over, and is stated in the book already.
    """
    calendar = plant.calendar
    month = window_of("month", window.start_ns, calendar)
    if window.name == "month":
        parts = parts_of(month, calendar)
    else:
        today = window_of("day", window.start_ns, calendar)
        parts = [
            *windows_between("day", month.start_ns, max(month.start_ns, today.start_ns), calendar),
            *parts_of(Window("day", today.start_ns, window.end_ns), calendar),
        ]
    sums, _ = await book.total(parts)
    days = []
    for since_ns in range(window.end_ns - RECENT_NS, window.end_ns, DAY_NS):
        day, _ = await book.total(parts_of(Window("day", since_ns, since_ns + DAY_NS), calendar))
        days.append(day)
    return SoFar(month, sums, total(days), tuple(days))


class Pricing:
    """The tiered price of one potline's months. ``rule`` None: nothing is written."""

    def __init__(self, plant: Plant, potline: Potline, rule: SteppedPrice | None, *, least_coverage_pct: float) -> None:
        self._plant, self._potline, self._rule = plant, potline, rule
        self._least_coverage_pct = least_coverage_pct
        self._said = ""
        self._may_cross = False

    async def lines(
        self, window: Window, book: Book, *, metal: Metal = FARADAY, non_hydro_share: float | None = None
    ) -> list[bytes]:
        """Return the lines of an hour or a month that was just stated in the book.

        Parameters
        ----------
        metal
            How the metal of a month is stated; that of hours follows from the charge.
        non_hydro_share
            Of the plant's consumption, as contracts and certificates say it [1]; the certified share of the settings
            comes before it.
        """
        if self._rule is None or self._plant.price_region is None or window.name not in NAMES:
            return []
        found = await so_far(window, book, self._plant)
        if not found.sums.minutes:
            return []
        green, lacking = green_shares(self._plant.price_region, window.start_ns, non_hydro_share)
        try:
            stands = standing(
                window,
                found,
                self._plant,
                self._rule,
                green,
                least_coverage_pct=self._least_coverage_pct,
                metal=metal,
            )
        except LookupError as exc:
            self._say("no price tier is stated", str(exc))
            return []
        self._say("the price tier has no relief", lacking if self._rule.relief is not None else "")
        self._tell_crossing(stands)
        tags = {"plant": self._plant.id, "potline": self._potline.id, "window": window.name}
        line = lineprotocol.line(lineprotocol.series("power_price_tier", tags), _fields(stands), window.start_ns)
        return [] if line is None else [line]

    def _say(self, event: str, reason: str) -> None:
        if reason and reason != self._said:
            log.warning(event, potline=self._potline.id, reason=reason)
        self._said = reason

    def _tell_crossing(self, stands: PriceTier) -> None:
        """Log when the month may end above its step, and when it may no longer."""
        if stands.about_to_cross is None or stands.about_to_cross is self._may_cross:
            return
        self._may_cross = stands.about_to_cross
        told = {
            "potline": self._potline.id,
            "forecast_kwh_per_t": stands.forecast_month_end_kwh_per_t,
            "step_ends_at_kwh_per_t": stands.step_end_kwh_per_t,
        }
        if self._may_cross:
            log.warning("the price tier is about to be crossed", **told)
        else:
            log.info("the price tier is no longer about to be crossed", **told)


def standing(
    window: Window,
    so_far: SoFar,
    plant: Plant,
    rule: SteppedPrice,
    green: GreenShares | None,
    *,
    least_coverage_pct: float,
    metal: Metal = FARADAY,
) -> PriceTier:
    """Return where the month of a window stands, from its sums so far.

    Raises
    ------
    LookupError
        If no tier is in force in that month.
    """
    month = so_far.month
    return price_tier(
        MonthSoFar(
            first_day=plant.calendar.day_of(month.start_ns),
            length_s=(window.end_ns - month.start_ns) / 1e9,
            days_left=(month.end_ns - window.end_ns) / DAY_NS,
            sums=so_far.sums,
            recent=so_far.recent,
            recent_days=so_far.recent_days,
            desulphurisation_kwh=_desulphurisation_kwh(so_far.sums, plant),
            recent_desulphurisation_kwh=_desulphurisation_kwh(so_far.recent, plant),
        ),
        rule,
        green,
        least_coverage_pct=least_coverage_pct,
        metal=metal,
    )


def green_shares(region: PriceRegion, time_ns: int, non_hydro_share: float | None) -> tuple[GreenShares | None, str]:
    """Return the shares that the relief goes by at a time, or None and what is missing for them."""
    try:
        own = region.non_hydro_share.at(time_ns).value if region.non_hydro_share is not None else non_hydro_share
        weight = region.previous_year_non_hydro_weight
        asked = None if weight is None else weight.at(time_ns).value
    except LookupError as exc:
        return None, str(exc)
    if own is None or asked is None:
        lacking = "non_hydro_share" if own is None else "previous_year_non_hydro_weight"
        return None, f"{lacking} is not configured; add it to [price]"
    return GreenShares(own, asked), ""


def _desulphurisation_kwh(sums: Sums, plant: Plant) -> float:
    """Return what of a potline's energy is desulphurisation's [kWh]: nothing, where its meter is in no account."""
    meters = [meter.id for meter in plant.meters if meter.measures is Measures.DESULPHURISATION_AC]
    return sum(sums.meters[meter].kwh for meter in meters if meter in sums.meters)


def _fields(stands: PriceTier) -> dict[str, lineprotocol.Field]:
    return {
        "comprehensive_kwh_per_t": stands.comprehensive_kwh_per_t,
        "threshold_kwh_per_t": stands.threshold_kwh_per_t,
        "surcharge_cny_per_kwh": stands.surcharge_cny_per_kwh,
        "surcharge_cny": stands.surcharge_cny,
        "forecast_month_end_kwh_per_t": stands.forecast_month_end_kwh_per_t,
        "forecast_month_end_kwh_per_t_u95": stands.forecast_expanded_95,
        "step_end_kwh_per_t": stands.step_end_kwh_per_t,
        "about_to_cross": None if stands.about_to_cross is None else int(stands.about_to_cross),
    }
