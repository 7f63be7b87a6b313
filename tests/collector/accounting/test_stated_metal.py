"""What the books state beside what was weighed."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from collector.accounting.metal import Tapped, tapped
from collector.accounting.metal_basis import MetalBasis
from collector.accounting.stated_metal import Books, Counts, Statement, Words, read_books, stated, tapped_metal
from collector.accounting.windows import Window, day_window, month_window, window_of
from collector.plant.calendar import Calendar, Shifts
from collector.readings.event import Production, Weighing

CALENDAR = Calendar(ZoneInfo("Asia/Shanghai"), Shifts.of({"N": "00:00", "D": "08:00", "S": "16:00"}))
FEBRUARY = month_window(2026, 2, CALENDAR)
DAY = day_window(date(2026, 2, 28), CALENDAR)
TOLD = Production("MES-28", 1, "PL1", DAY.start_ns, "2026-02-28", 853_600.0, "tapped", "preliminary")


def books(*told: Production) -> Books:
    return read_books(told, Words())


def state(day: int, kg: float, shift: str = "", status: str = "final") -> Production:
    period = f"2026-02-{day:02}{shift}"
    return replace(TOLD, id=f"MES-{period}", period=period, net_kg=kg, status=status)


def weighed(*days: int, kg: float = 4_900.0) -> Tapped:
    times = [day_window(date(2026, 2, day), CALENDAR).start_ns for day in days]
    weighings = [Weighing(f"W-{n}", 0, "PL1", (str(n),), time, kg, refused=None) for n, time in enumerate(times)]
    return tapped(weighings, largest_net_kg=12_000)


def test_a_revision_replaces_and_a_final_figure_comes_before_one_that_is_not() -> None:
    revised = replace(TOLD, rank=2, net_kg=854_000.0)
    final = replace(TOLD, id="MES-FINAL", rank=0, net_kg=855_000.0, status="final")
    for order in ((TOLD, revised), (revised, TOLD)):
        assert books(*order).statements["2026-02-28", MetalBasis.TAPPED].kg == 854_000.0
    for order in ((final, revised), (revised, final)):
        statement = books(*order).statements["2026-02-28", MetalBasis.TAPPED]
        assert (statement.kg, statement.final, statement.ids) == (855_000.0, True, ("MES-FINAL",))


def test_two_final_figures_that_are_not_the_same_are_said() -> None:
    one, other = state(28, 850_000.0), replace(state(28, 851_000.0), id="MES-Z")
    found = books(other, one)
    assert found.statements["2026-02-28", MetalBasis.TAPPED].kg == 851_000.0
    assert len(found.findings) == 1
    assert found.findings[0].endswith("finally, and not the same (851000 and 850000 kg); MES-Z counts")


def test_tapped_and_reconciled_figures_of_a_day_stand_beside_each_other() -> None:
    found = books(state(28, 850_000.0), replace(TOLD, basis="tapped+inventory_change", net_kg=848_000.0))
    assert {basis: statement.kg for (_, basis), statement in found.statements.items()} == {
        MetalBasis.TAPPED: 850_000.0,
        MetalBasis.RECONCILED: 848_000.0,
    }


def test_a_basis_that_is_not_known_is_said_and_not_used() -> None:
    found = books(replace(TOLD, basis="cast"))
    assert found.statements == {}
    assert "on the basis 'cast', which is none of: tapped, tapped+inventory_change; it is not used" in found.findings[0]


def test_the_words_of_the_plant_are_its_own() -> None:
    words = Words(final=frozenset({"终"}), tapped=frozenset({"出铝"}), reconciled=frozenset())
    found = read_books([replace(TOLD, basis="出铝", status="终")], words)
    assert found.statements["2026-02-28", MetalBasis.TAPPED].final


def test_a_day_is_stated_by_itself_or_by_all_of_its_shifts() -> None:
    shifts = [state(28, kg, name) for name, kg in (("N", 280_000.0), ("D", 285_000.0), ("S", 290_000.0))]
    assert stated(DAY, MetalBasis.TAPPED, books(*shifts[:2]), CALENDAR) is None
    by_shifts = stated(DAY, MetalBasis.TAPPED, books(*shifts), CALENDAR)
    assert by_shifts == Statement(
        "2026-02-28", MetalBasis.TAPPED, 855_000.0, final=True, ids=tuple(shift.id for shift in shifts)
    )
    by_itself = stated(DAY, MetalBasis.TAPPED, books(TOLD, *shifts), CALENDAR)
    assert by_itself is not None
    assert by_itself.kg == 853_600.0


def test_a_day_that_does_not_begin_with_a_shift_is_not_stated_by_shifts() -> None:
    crooked = replace(CALENDAR, day_starts_min=360)
    shifts = books(*(state(28, 280_000.0, name) for name in "NDS"))
    assert stated(day_window(date(2026, 2, 28), crooked), MetalBasis.TAPPED, shifts, crooked) is None


def test_a_month_is_stated_by_all_of_its_days_and_is_final_when_they_are() -> None:
    days = [state(day, 850_000.0) for day in range(1, 29)]
    month = stated(FEBRUARY, MetalBasis.TAPPED, books(*days), CALENDAR)
    assert month is not None
    assert (month.kg, month.final, len(month.ids)) == (28 * 850_000.0, True, 28)
    assert stated(FEBRUARY, MetalBasis.TAPPED, books(*days[1:]), CALENDAR) is None
    not_all = stated(FEBRUARY, MetalBasis.TAPPED, books(*days[1:], state(1, 1.0, status="preliminary")), CALENDAR)
    assert not_all is not None
    assert not not_all.final


@pytest.mark.parametrize(("counts", "kg"), [(Counts.WEIGHINGS, 9_800.0), (Counts.PRODUCTION, 10_000.0)])
def test_what_counts_is_configured_and_the_difference_is_told_either_way(counts: Counts, kg: float) -> None:
    found = tapped_metal(DAY, weighed(28, 28), books(state(28, 10_000.0)), CALENDAR, counts=counts)
    assert (found.kg, found.counts, found.weighings_kg, found.difference_kg) == (kg, counts, 9_800.0, 200.0)
    assert found.findings == ()


def test_where_the_books_count_a_day_without_a_statement_counts_by_its_weighings() -> None:
    told = books(*(state(day, 5_000.0) for day in range(2, 29)))
    found = tapped_metal(FEBRUARY, weighed(*range(1, 29)), told, CALENDAR, counts=Counts.PRODUCTION)
    assert found.kg == 4_900.0 + 27 * 5_000.0
    assert (found.weighings_kg, found.stated, found.counts) == (28 * 4_900.0, None, Counts.PRODUCTION)
    assert found.findings == ("the books state nothing of 2026-02-01; its weighings count",)


def test_a_day_of_which_nothing_is_known_is_said() -> None:
    found = tapped_metal(DAY, Tapped(), books(), CALENDAR, counts=Counts.WEIGHINGS)
    assert (found.kg, found.findings) == (0.0, ("nothing is weighed and nothing is stated of 2026-02-28",))


def test_weighings_of_other_days_do_not_count() -> None:
    found = tapped_metal(DAY, weighed(26, 27, 28), books(), CALENDAR, counts=Counts.WEIGHINGS)
    assert found.kg == 4_900.0


def test_the_metal_of_an_hour_is_not_told_by_tapping() -> None:
    hour = window_of("hour", int(datetime(2026, 2, 28, 3, tzinfo=CALENDAR.zone).timestamp()) * 10**9, CALENDAR)
    for window in (hour, Window("period", DAY.start_ns, DAY.end_ns)):
        with pytest.raises(ValueError, match=r"does not tell the metal of a window .*; take a day or a month"):
            tapped_metal(window, Tapped(), books(), CALENDAR, counts=Counts.WEIGHINGS)
