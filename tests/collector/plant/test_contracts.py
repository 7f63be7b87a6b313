"""Contracts and certificates: how much of a load they cover, and that no kWh counts twice."""

import itertools
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.plant.amounts import Amount, ToldAmounts
from collector.plant.contracts import Certificates, Contract, EachPeriod, Portfolio, Technology
from collector.plant.days import Period

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
HOUR = 3_600_000_000_000


def at(zone: ZoneInfo, *when: int) -> int:
    return int(datetime(*when, tzinfo=zone).timestamp()) * 10**9  # type: ignore[arg-type,misc]


def contract(technology: Technology = Technology.WIND, name: str = "park", **amount: object) -> Contract:
    said = {"valid_from_ns": at(SHANGHAI, 2025, 1, 1)} | amount
    return Contract(name, technology, 0.0, "contract 17", **said)  # type: ignore[arg-type]


MONTHLY = contract(each=EachPeriod(744_000.0, Period.MONTH, SHANGHAI))
SHARE = contract(share=0.25)
SUN = ToldAmounts("sun.csv", tuple(Amount(n * HOUR, (n + 1) * HOUR, kwh) for n, kwh in enumerate((0.0, 50.0, 150.0))))


def test_a_months_energy_is_even_over_the_months_time() -> None:
    """744 MWh in a month of 744 hours are 1 MWh an hour; of a month of 672 hours, 744/672."""
    march, february = at(SHANGHAI, 2025, 3, 5), at(SHANGHAI, 2025, 2, 5)
    assert MONTHLY.covered_kwh(march, march + HOUR, 5000.0) == pytest.approx(1000.0)
    assert MONTHLY.covered_kwh(february, february + HOUR, 5000.0) == pytest.approx(744_000 / 672)
    both = MONTHLY.covered_kwh(at(SHANGHAI, 2025, 2, 1), at(SHANGHAI, 2025, 4, 1), 1e9)
    assert both == pytest.approx(1_488_000)


def test_a_day_with_25_hours_gets_a_days_energy() -> None:
    daily = contract(each=EachPeriod(2500.0, Period.DAY, BERLIN))
    start, end = at(BERLIN, 2025, 10, 26), at(BERLIN, 2025, 10, 27)
    assert (end - start) // HOUR == 25
    assert daily.covered_kwh(start, end, 1e6) == pytest.approx(2500.0)
    assert daily.covered_kwh(start, start + HOUR, 1e6) == pytest.approx(100.0)


def test_a_contract_never_covers_more_than_the_load() -> None:
    march = at(SHANGHAI, 2025, 3, 5)
    assert MONTHLY.covered_kwh(march, march + HOUR, 300.0) == 300.0
    assert MONTHLY.covered_kwh(march, march + HOUR, 0.0) == 0.0
    with pytest.raises(ValueError, match="a load of -1 kWh cannot be covered; give what is taken"):
        MONTHLY.covered_kwh(march, march + HOUR, -1.0)
    with pytest.raises(ValueError, match="a load of nan kWh"):
        MONTHLY.covered_kwh(march, march + HOUR, float("nan"))


def test_a_share_counts_while_it_is_valid_only() -> None:
    start = at(SHANGHAI, 2025, 1, 1)
    assert SHARE.covered_kwh(start, start + HOUR, 1000.0) == 250.0
    assert SHARE.covered_kwh(start - HOUR, start + HOUR, 1000.0) == 125.0
    assert SHARE.covered_kwh(start - HOUR, start, 1000.0) == 0.0
    ended = contract(share=0.25, valid_to_ns=start + HOUR)
    assert ended.covered_kwh(start, start + 4 * HOUR, 1000.0) == 62.5


def test_matching_by_the_hour_loses_what_is_too_much_in_one() -> None:
    """Loads of 100 each, generation 0, 50, 150: 150 of 300 are matched, though 200 were generated."""
    sun = contract(Technology.SOLAR, hourly=SUN, valid_from_ns=0)
    assert sun.matched_kwh([0, HOUR, 2 * HOUR], [100.0, 100.0, 100.0]) == 150.0
    assert sun.covered_kwh(0, 3 * HOUR, 300.0) == 200.0
    assert sun.covered_kwh(HOUR // 2, HOUR + HOUR // 2, 300.0) == 25.0
    with pytest.raises(ValueError, match="shorter"):
        sun.matched_kwh([0, HOUR], [100.0])


def test_a_contract_has_one_amount() -> None:
    with pytest.raises(ValueError, match="contract park has no one amount"):
        contract()
    with pytest.raises(ValueError, match="contract park has no one amount"):
        contract(share=0.1, hourly=SUN)


def test_hydropower_is_renewable_and_does_not_count_as_non_hydro_and_nuclear_is_neither() -> None:
    shares = Portfolio(
        (
            contract(Technology.HYDRO, "valley", share=0.3),
            contract(Technology.WIND, "park", share=0.1),
            contract(Technology.NUCLEAR, "station", share=0.2),
        )
    )
    start = at(SHANGHAI, 2025, 3, 1)
    assert shares.contract_kwh(start, start + HOUR, 1000.0) == 400.0
    assert shares.non_hydro_kwh(start, start + HOUR, 1000.0) == 100.0


def test_certificates_of_a_month_count_in_proportion_to_its_time() -> None:
    month = (at(SHANGHAI, 2025, 3, 1), at(SHANGHAI, 2025, 4, 1))
    retired = Certificates("R-1", Technology.WIND, ToldAmounts("c.csv", (Amount(*month, 744.0),)))
    assert retired.retired_kwh(*month) == 744_000.0
    assert retired.retired_kwh(month[0], month[0] + HOUR) == pytest.approx(1000.0)
    assert retired.retired_kwh(month[1], month[1] + HOUR) == 0.0


def test_a_load_is_shared_out_to_certificates_then_contracts_and_what_is_too_much_is_told() -> None:
    start = at(SHANGHAI, 2025, 3, 1)
    retired = Certificates("R-1", Technology.WIND, ToldAmounts("c.csv", (Amount(start, start + HOUR, 0.6),)))
    held = Portfolio((contract(share=0.25), contract(name="more", share=0.5)), (retired,))
    told = held.covered(start, start + HOUR, 1000.0)
    assert told.by_certificates == (("R-1", 600.0),)
    assert told.by_contracts == (("park", 250.0), ("more", 150.0))
    assert (told.open_kwh, told.beyond_kwh) == (0.0, 350.0)


@given(st.floats(0, 1e9), st.lists(st.floats(0, 1), max_size=5), st.floats(0, 1e6))
def test_what_is_covered_and_what_is_open_are_the_load(load: float, shares: list[float], mwh: float) -> None:
    start = at(SHANGHAI, 2025, 3, 1)
    retired = Certificates("R-1", Technology.WIND, ToldAmounts("c.csv", (Amount(start, start + HOUR, mwh),)))
    told = Portfolio(tuple(contract(share=share) for share in shares), (retired,)).covered(start, start + HOUR, load)
    parts = [kwh for _, kwh in told.by_certificates + told.by_contracts]
    assert all(kwh >= 0 for kwh in parts)
    assert sum(parts) + told.open_kwh == pytest.approx(load, rel=1e-12, abs=1e-6)
    assert told.open_kwh >= 0
    assert told.beyond_kwh >= 0


def test_amounts_of_one_time_told_twice_are_refused() -> None:
    with pytest.raises(ValueError, match=r"x\.csv tells an amount of one time twice"):
        ToldAmounts("x.csv", (Amount(0, 10, 1.0), Amount(9, 20, 1.0)))


def test_how_much_of_an_interval_is_known_is_told() -> None:
    assert SUN.known_ns(-HOUR, 2 * HOUR) == 2 * HOUR
    assert SUN.between(-HOUR, 2 * HOUR) == 50.0
    assert ToldAmounts("empty", ()).between(0, HOUR) == 0.0


def test_versions_of_contracts_differ_with_what_is_said() -> None:
    assert MONTHLY.version != SHARE.version
    assert contract(share=0.25).version == SHARE.version
    assert contract(hourly=SUN).version != contract(share=0.26).version


def test_utc_is_where_hours_begin() -> None:
    hourly = EachPeriod(60.0, Period.HOUR, SHANGHAI)
    start = int(datetime(2025, 3, 1, 5, 30, tzinfo=UTC).timestamp()) * 10**9
    assert hourly.between(start, start + HOUR) == pytest.approx(60.0)


@given(
    st.sampled_from(list(Period)),
    st.integers(0, 10 * 365 * 24),
    st.lists(st.integers(1, 3000), min_size=1, max_size=6),
)
def test_the_energy_of_an_interval_is_that_of_its_parts(period: Period, first: int, lengths: list[int]) -> None:
    each = EachPeriod(1000.0, period, BERLIN)
    edges = [1_577_836_800_000_000_000 + first * HOUR]
    for length in lengths:
        edges.append(edges[-1] + length * HOUR)
    parts = [each.between(start, end) for start, end in itertools.pairwise(edges)]
    assert sum(parts) == pytest.approx(each.between(edges[0], edges[-1]), rel=1e-9)
