"""The stream of the tiered price, from the book of a potline over a real store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from line_story import PLANT
from priced_month import RULE, sums_of

from collector.accounting.sums import MeterSum, Sums
from collector.accounting.windows import DAY_NS, HOUR_NS, Window, month_window
from collector.closing.book import Book, Stated
from collector.closing.pricing import Pricing, green_shares
from collector.plant.factors import DatedSeries, DatedValue
from collector.plant.limits import PriceRegion
from collector.plant.meter import Measures
from collector.plant.topology import Plant
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

MARCH = month_window(2026, 3, PLANT.calendar)
REGION = PriceRegion("Shandong", "ndrc_2021_1239")
PRICED = replace(PLANT, price_region=REGION)


def whole(name: str, start_ns: int, length_ns: int) -> Window:
    return Window(name, start_ns, start_ns + length_ns)


@asynccontextmanager
async def book_of(folder: Path, *, days: int, hours: int, kwh_per_t: float, before: float) -> AsyncIterator[Book]:
    """Yield a book with eight days of February, some whole days of March, and hours of the day after them."""
    async with Store(folder / "s.sqlite", PLANT.points) as store:
        book = Book("PL1", store)
        for hour in range(-8 * 24, 24 * days + hours):
            used = sums_of(before if hour < 0 else kwh_per_t, minutes=60)
            await book.put(whole("hour", MARCH.start_ns + hour * HOUR_NS, HOUR_NS), Stated(used, 1, ()))
        for day in range(days):
            await book.put(
                whole("day", MARCH.start_ns + day * DAY_NS, DAY_NS), Stated(sums_of(kwh_per_t, days=1), 1, ())
            )
        yield book


def hour_of_march(number: int) -> Window:
    return Window("hour", MARCH.start_ns + number * HOUR_NS, MARCH.start_ns + (number + 1) * HOUR_NS)


def fields(line: bytes) -> tuple[str, dict[str, float], int]:
    series, told, time = line.decode().split(" ")
    return (
        series,
        {key: float(value.removesuffix("i")) for key, value in (part.split("=") for part in told.split(","))},
        int(time),
    )


def pricing(plant: Plant = PRICED) -> Pricing:
    return Pricing(plant, plant.potlines[0], RULE, least_coverage_pct=90.0)


async def test_an_hour_states_the_month_so_far_of_two_days_and_six_hours(tmp_path: Path) -> None:
    async with book_of(tmp_path, days=2, hours=6, kwh_per_t=13341.0, before=13241.0) as book:
        [line] = await pricing().lines(hour_of_march(53), book)
    series, told, time = fields(line)
    assert series == "power_price_tier,plant=example,potline=PL1,window=hour"
    assert time == MARCH.start_ns + 53 * HOUR_NS
    assert told["comprehensive_kwh_per_t"] == pytest.approx(13341)
    assert told["threshold_kwh_per_t"] == 13300
    assert told["surcharge_cny_per_kwh"] == pytest.approx(0.03)
    assert told["surcharge_cny"] == pytest.approx(0.03 * 13341 * 120 * 2.25)
    recent = (2.25 * 13341 + 4.75 * 13241) / 7
    assert told["forecast_month_end_kwh_per_t"] == pytest.approx((2.25 * 13341 + 28.75 * recent) / 31)


async def test_the_first_hour_of_a_month_is_forecast_from_the_month_before(tmp_path: Path) -> None:
    async with book_of(tmp_path, days=0, hours=1, kwh_per_t=14000.0, before=13200.0) as book:
        [line] = await pricing().lines(hour_of_march(0), book)
    _, told, _ = fields(line)
    assert told["comprehensive_kwh_per_t"] == pytest.approx(14000)
    assert told["forecast_month_end_kwh_per_t"] == pytest.approx(13200, abs=10)


async def test_the_line_of_a_month_ends_where_the_month_ended(tmp_path: Path) -> None:
    async with book_of(tmp_path, days=31, hours=0, kwh_per_t=13301.0, before=13200.0) as book:
        [line] = await pricing().lines(MARCH, book)
    series, told, time = fields(line)
    assert (series, time) == ("power_price_tier,plant=example,potline=PL1,window=month", MARCH.start_ns)
    assert told["forecast_month_end_kwh_per_t"] == told["comprehensive_kwh_per_t"] == pytest.approx(13301)
    assert told["surcharge_cny"] == pytest.approx(0.01 * 13301 * 120 * 31)


async def test_nothing_is_written_unless_a_price_is_configured(tmp_path: Path) -> None:
    async with book_of(tmp_path, days=1, hours=1, kwh_per_t=14000.0, before=14000.0) as book:
        assert await pricing(PLANT).lines(hour_of_march(24), book) == []
        without = Pricing(PRICED, PRICED.potlines[0], None, least_coverage_pct=90.0)
        assert await without.lines(hour_of_march(24), book) == []
        day = Window("day", MARCH.start_ns, MARCH.start_ns + DAY_NS)
        assert await pricing().lines(day, book) == []


async def test_an_hour_of_which_nothing_is_known_has_no_line(tmp_path: Path) -> None:
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        assert await pricing().lines(hour_of_march(0), Book("PL1", store)) == []


async def test_what_keeps_the_relief_away_is_said_once(tmp_path: Path) -> None:
    async with book_of(tmp_path, days=1, hours=2, kwh_per_t=14000.0, before=14000.0) as book:
        line = pricing()
        with structlog.testing.capture_logs() as logs:
            await line.lines(hour_of_march(24), book)
            await line.lines(hour_of_march(25), book)
    [told] = logs
    assert told["event"] == "the price tier has no relief"
    assert told["reason"] == "non_hydro_share is not configured; add it to [price]"


async def test_a_month_before_the_first_tier_is_not_priced_and_that_is_said_once(tmp_path: Path) -> None:
    async with book_of(tmp_path, days=1, hours=2, kwh_per_t=14000.0, before=14000.0) as book:
        late = replace(RULE, tiers=(replace(RULE.tiers[0], valid_from=RULE.tiers[2].valid_from.replace(year=2027)),))
        line = Pricing(PRICED, PRICED.potlines[0], late, least_coverage_pct=90.0)
        with structlog.testing.capture_logs() as logs:
            assert await line.lines(hour_of_march(24), book) == []
            assert await line.lines(hour_of_march(25), book) == []
    assert [(told["event"], told["reason"]) for told in logs] == [
        ("no price tier is stated", "no price tier is in force on 2026-03-01; add one with an earlier valid_from")
    ]


async def test_the_certified_share_comes_before_that_of_the_contracts() -> None:
    def series(share: float) -> DatedSeries:
        return DatedSeries("price", (DatedValue(share, 0, "certificate"),))

    region = replace(REGION, previous_year_non_hydro_weight=series(0.22))
    shares, lacking = green_shares(region, MARCH.start_ns, 0.25)
    assert shares is not None
    assert (shares.non_hydro, shares.weight, lacking) == (0.25, 0.22, "")
    shares, _ = green_shares(replace(region, non_hydro_share=series(0.3)), MARCH.start_ns, 0.25)
    assert shares is not None
    assert shares.non_hydro == 0.3
    late = DatedSeries("price.weight", (DatedValue(0.2, MARCH.end_ns, "notice"),))
    assert green_shares(replace(region, previous_year_non_hydro_weight=late), MARCH.start_ns, 0.25)[0] is None


async def test_desulphurisation_that_is_in_the_account_is_left_out(tmp_path: Path) -> None:
    meters = {meter.id: meter for meter in PLANT.meters}
    fan = replace(meters["fume_treatment"], id="desulphurisation", measures=Measures.DESULPHURISATION_AC)
    plant = replace(PRICED, meters=(*PLANT.meters, fan))
    async with Store(tmp_path / "s.sqlite", PLANT.points) as store:
        book = Book("PL1", store)
        used = sums_of(13400.0, minutes=60)
        metered = {"desulphurisation": MeterSum(0.02 * used.comprehensive.energy_kwh)}
        known = Sums(**{name: getattr(used, name) for name in used.__struct_fields__} | {"meters": metered})
        await book.put(whole("hour", MARCH.start_ns, HOUR_NS), Stated(known, 1, ()))
        [line] = await pricing(plant).lines(hour_of_march(0), book)
    assert fields(line)[1]["comprehensive_kwh_per_t"] == pytest.approx(0.98 * 13400)


async def test_a_month_that_may_cross_its_step_is_told_once_and_again_when_it_may_not(tmp_path: Path) -> None:
    async with book_of(tmp_path, days=2, hours=6, kwh_per_t=13318.0, before=13341.0) as book:
        line = pricing()
        with structlog.testing.capture_logs() as logs:
            [first] = await line.lines(hour_of_march(52), book)
            await line.lines(hour_of_march(53), book)
    _, told, _ = fields(first)
    assert told["step_end_kwh_per_t"] == 13320
    assert told["forecast_month_end_kwh_per_t"] > 13320
    assert told["about_to_cross"] == 1
    assert [log["event"] for log in logs].count("the price tier is about to be crossed") == 1


async def test_the_scatter_of_the_last_days_is_the_uncertainty_of_the_forecast(tmp_path: Path) -> None:
    async with book_of(tmp_path, days=2, hours=6, kwh_per_t=13341.0, before=13241.0) as book:
        [line] = await pricing().lines(hour_of_march(53), book)
    # Seven days to 06:00 on the third: two and a quarter at 13,341 and the rest at 13,241, 120 t each.
    used = [13241.0] * 4 + [13241.0 + 25.0, 13341.0, 13341.0]
    mean = sum(used) / 7
    scatter = (sum((each - mean) ** 2 for each in used) / 6) ** 0.5
    _, told, _ = fields(line)
    expected = 2 * scatter * (28.75 + 28.75**2 / 7) ** 0.5 / 31
    assert told["forecast_month_end_kwh_per_t_u95"] == pytest.approx(expected, rel=1e-6)
