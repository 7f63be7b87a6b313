"""Days of a simulated potline with all that goes wrong in a month: the ledger agrees with what happened.

Three days in the suite, across the end of a month, and one in which the clock is set. A whole month: make month.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
import structlog
from month_figures import accounts, figures
from month_meters import HOUR_NS
from month_run import Month, simulated
from whole_month import differing, stated_again

from collector.accounting import sums as adding
from collector.closing.auditing import Checked
from collector.closing.book import stated
from collector.closing.checking import check
from collector.closing.recomputing import same
from collector.readings.cell import MINUTE_NS
from collector.store import ledger
from collector.store.schema import open_reader

pytestmark = pytest.mark.timeout(300)

DAY_NS = 24 * HOUR_NS


def at(year: int, month: int, day: int, hour: int) -> int:
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp()) * 1_000_000_000


@pytest.fixture(scope="module")
def three_days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    """27 February to 1 March of a plant in Shanghai."""
    with structlog.testing.capture_logs():
        yield simulated(
            tmp_path_factory.mktemp("month"),
            begin_ns=at(2026, 2, 26, 16),
            days=3,
            zone="Asia/Shanghai",
            seed=1,
            portion=5,
        )


@pytest.fixture(scope="module")
def clock_is_set(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    """29 March of a plant in Norway, a day of 23 hours."""
    with structlog.testing.capture_logs():
        yield simulated(
            tmp_path_factory.mktemp("spring"),
            begin_ns=at(2026, 3, 28, 23),
            days=1,
            zone="Europe/Oslo",
            seed=2,
            portion=5,
            length_ns=23 * HOUR_NS,
        )


def agrees(month: Month, name: str, expected: int) -> None:
    """Compare all windows of a kind with what happened."""
    with contextlib.closing(open_reader(month.store)) as db:
        found = accounts(db, month, name)
        assert len(found) == expected
        for account in found:
            minutes = (account.end_ns - account.start_ns) // MINUTE_NS
            assert account.sums.minutes == minutes
            # An exchanged meter is believed after three readings; nothing else leaves a minute in pieces.
            assert len(account.whole) >= minutes - 4
            for figure in figures(month, account):
                assert figure.agrees, figure
                assert figure.standard <= 2 * figure.by_classes, figure


def test_energy_metal_and_emissions_of_three_days_lie_within_their_stated_uncertainty(three_days: Month) -> None:
    agrees(three_days, "day", 3)


def test_february_closes_with_its_two_days_and_agrees_as_well(three_days: Month) -> None:
    agrees(three_days, "month", 1)


def test_a_day_of_23_hours_agrees_too_and_no_hour_is_lost(clock_is_set: Month) -> None:
    agrees(clock_is_set, "day", 1)
    with contextlib.closing(open_reader(clock_is_set.store)) as db:
        days = ledger.latest_records(db, "PL1", "day", clock_is_set.begin_ns, clock_is_set.end_ns)
        hours = ledger.latest_records(db, "PL1", "hour", clock_is_set.begin_ns, clock_is_set.end_ns)
    assert [day.length_s for day in days] == [23 * 3600]
    assert len(hours) == 23
    assert all(later.start_ns - earlier.start_ns == HOUR_NS for earlier, later in pairwise(hours))
    of_days, of_hours = (sum(stated(each).sums.ac_kwh for each in records) for records in (days, hours))
    assert of_days == pytest.approx(of_hours, rel=1e-12)


def test_anode_effects_are_booked_to_the_second_where_they_began_also_across_midnight(three_days: Month) -> None:
    midnights = range(three_days.begin_ns + DAY_NS, three_days.end_ns, DAY_NS)
    assert any(start < midnight < end for midnight in midnights for start, end in three_days.effects)
    with contextlib.closing(open_reader(three_days.store)) as db:
        for account in accounts(db, three_days, "day"):
            minutes = range(account.start_ns, account.end_ns, MINUTE_NS)
            assert account.sums.anode_effects == sum(three_days.truth[minute]["ae_count"] for minute in minutes)
            seconds = sum(three_days.truth[minute]["ae_s"] for minute in minutes)
            assert account.sums.anode_effect_s == pytest.approx(seconds, abs=1e-3)


def test_a_pot_that_is_out_of_the_line_is_not_counted_also_where_its_voltages_come_after_a_stop(
    three_days: Month,
) -> None:
    """The collector is away for 20 minutes while a pot is out; what the broker kept comes at once."""
    with contextlib.closing(open_reader(three_days.store)) as db:
        minutes = ledger.latest_records(db, "PL1", "minute", three_days.begin_ns, three_days.end_ns)
    pots = {minute.start_ns: stated(minute).sums.pots for minute in minutes}
    wrong = [minute for minute, count in pots.items() if count != round(three_days.truth[minute]["pot_days"] * 1440)]
    stopped_ns = three_days.begin_ns + 31 * HOUR_NS
    assert sum(count == 39 for count in pots.values()) >= 15 * 60 - 6
    # What was heard of minutes that were not closed yet is forgotten with the stop.
    assert all(stopped_ns - 6 * MINUTE_NS <= minute < stopped_ns for minute in wrong)


def test_in_what_portions_readings_come_makes_no_difference_to_any_minute(tmp_path: Path) -> None:
    """Seven hours with a silent meter and its return, told minute by minute, and five minutes at a time."""
    begin_ns = at(2026, 4, 30, 16)
    ledgers = []
    for portion in (1, 5):
        folder = tmp_path / str(portion)
        folder.mkdir()
        with structlog.testing.capture_logs():
            month = simulated(
                folder, begin_ns=begin_ns, days=1, zone="Asia/Shanghai", seed=3, portion=portion, length_ns=7 * HOUR_NS
            )
        with contextlib.closing(open_reader(month.store)) as db:
            records = ledger.latest_records(db, "PL1", "minute", begin_ns, begin_ns + 7 * HOUR_NS)
        ledgers.append({record.start_ns: stated(record).sums for record in records})
    live, in_fives = ledgers
    assert live.keys() == in_fives.keys()
    assert len(live) == 7 * 60
    for minute, sums in live.items():
        assert same(sums, in_fives[minute]), (minute, sums, in_fives[minute])
    assert sum(sums.liquid_ac.estimated_s for sums in live.values()) > 3 * 3600


def test_everything_has_happened_that_goes_wrong_in_a_month(three_days: Month) -> None:
    assert three_days.counted["glitches_total"] >= 3 * 3
    # Three hours a day of a meter with one register that counts, and 40 minutes on two days of one with three.
    assert three_days.counted["late_booked_total"] == 3 * 180 * 2 + 2 * 40 * 2 * 3
    assert three_days.counted["late_refused_total"] == 0
    assert three_days.told["voided"] >= 6
    assert three_days.told["corrected"] >= 6


def test_the_ledger_verifies_and_its_chain_is_whole(three_days: Month) -> None:
    checked = Checked()
    with contextlib.closing(open_reader(three_days.store)) as db:
        assert list(ledger.verify(db)) == []
        assert list(check(db, checked)) == []
    assert checked.minutes >= 3 * 1440
    assert checked.without_inputs == 0


@pytest.mark.parametrize(("name", "part"), [("hour", "minute"), ("day", "hour"), ("month", "day")])
def test_after_all_corrections_each_window_is_to_the_bit_the_sum_of_its_parts(
    three_days: Month, name: str, part: str
) -> None:
    with contextlib.closing(open_reader(three_days.store)) as db:
        windows = ledger.latest_records(db, "PL1", name, 0, 2**62)
        assert windows
        for window in windows:
            end_ns = window.start_ns + window.length_s * 1_000_000_000
            parts = ledger.latest_records(db, "PL1", part, window.start_ns, end_ns)
            assert stated(window).sums == adding.total(stated(each).sums for each in parts)


def test_stating_all_of_it_again_with_the_same_settings_changes_nothing(three_days: Month) -> None:
    assert differing(three_days) == 0
    assert asyncio.run(stated_again(three_days)) == 0
