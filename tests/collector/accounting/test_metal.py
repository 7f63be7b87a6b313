"""Tapped metal: every weighing once, and every pot its share."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.accounting.metal import PotTap, Share, Tapped, Teller, tapped
from collector.readings.event import MetalTapped, Weighing

MINUTE_NS = 60_000_000_000
CRUCIBLE_KG = 12_000.0
TWO_POTS = Weighing("W-91", 0, "PL1", ("1043", "1044"), 7 * MINUTE_NS, 4920.0, refused=None)
BOOKED = MetalTapped("PT-91", 0, "PL1", 0, "W-91", (("1043", 2455.0), ("1044", 2465.0)), 4920.0)


def weighed(*weighings: Weighing, told: tuple[MetalTapped, ...] = ()) -> Tapped:
    return tapped(weighings, told, largest_net_kg=CRUCIBLE_KG)


def test_a_crucible_with_one_pot_is_all_of_that_pot() -> None:
    found = weighed(replace(TWO_POTS, pots=("1043",)))
    assert found.taps[0].pots == (PotTap("1043", 4920.0, Share.ALONE),)
    assert found.kg == 4920.0


def test_what_the_books_say_of_a_weighing_shares_it_and_is_no_second_one() -> None:
    found = weighed(TWO_POTS, told=(BOOKED,))
    assert found.kg == 4920.0
    assert found.taps[0].pots == (PotTap("1043", 2455.0, Share.TOLD), PotTap("1044", 2465.0, Share.TOLD))
    assert (found.taps[0].teller, found.findings) == (Teller.SCALE, ())


def test_without_shares_the_pots_of_a_crucible_are_equal() -> None:
    assert weighed(TWO_POTS).taps[0].pots == (PotTap("1043", 2460.0, Share.EQUAL), PotTap("1044", 2460.0, Share.EQUAL))


def test_a_corrected_weighing_replaces_the_one_before_whatever_came_first_and_shares_are_scaled_to_it() -> None:
    wrong = replace(TWO_POTS, net_kg=5120.0)
    right = replace(TWO_POTS, rank=2)
    told = replace(BOOKED, net_kg=5120.0, pots=(("1043", 2560.0), ("1044", 2560.0)))
    for order in ((wrong, right), (right, wrong)):
        found = weighed(*order, told=(told,))
        assert found.kg == 4920.0
        assert [pot.kg for pot in found.taps[0].pots] == [2460.0, 2460.0]
        assert "the books (PT-91) have 5120 kg of weighing W-91, the scale 4920 kg" in found.findings[0]
        assert "are together +200 kg off its net weight; they are scaled to it" in found.findings[1]


def test_rounding_of_the_books_is_no_finding() -> None:
    told = replace(BOOKED, pots=(("1043", 2455.0), ("1044", 2466.0)))
    found = weighed(TWO_POTS, told=(told,))
    assert found.findings == ()
    assert found.kg_of_pots() == pytest.approx({"1043": 2454.50, "1044": 2465.50}, abs=0.01)


def test_a_weighing_that_is_told_twice_is_counted_once() -> None:
    assert weighed(TWO_POTS, TWO_POTS, replace(TWO_POTS, net_kg=5.0)).kg == 4920.0


def test_a_void_weighing_counts_under_no_name_and_the_one_in_its_place_does() -> None:
    void = replace(TWO_POTS, rank=1, refused="void")
    again = replace(TWO_POTS, id="W-92", time_ns=10 * MINUTE_NS)
    found = weighed(TWO_POTS, void, again, told=(BOOKED,))
    assert [tap.weighing_id for tap in found.taps] == ["W-92"]
    assert [refused.reason for refused in found.refused] == ["void"]
    assert found.findings == ("PT-91 tells of weighing W-91, which is refused (void); it is not counted",)


@pytest.mark.parametrize("reason", ["the scale was not at rest", "the tare is too old"])
def test_a_weighing_that_was_refused_on_its_way_in_keeps_its_reason(reason: str) -> None:
    found = weighed(replace(TWO_POTS, refused=reason))
    assert (found.taps, found.refused[0].reason) == ((), reason)


@pytest.mark.parametrize(
    ("net_kg", "reason"),
    [
        (-5.0, "the net weight is negative"),
        (0.0, "the net weight is zero"),
        (math.nan, "the net weight is no number"),
        (12_000.5, "net 12000.5 kg is more than the largest crucible holds (12000 kg)"),
    ],
)
def test_a_net_weight_that_cannot_be_is_refused(net_kg: float, reason: str) -> None:
    found = weighed(replace(TWO_POTS, net_kg=net_kg))
    assert (found.kg, found.refused[0].reason) == (0.0, reason)


def test_a_weighing_without_pots_is_refused() -> None:
    assert weighed(replace(TWO_POTS, pots=())).refused[0].reason == "no pot is named"


def test_a_crucible_is_as_large_as_the_plant_says() -> None:
    with pytest.raises(ValueError, match=r"largest_net_kg is 0: give what the largest crucible of the plant holds"):
        tapped([], largest_net_kg=0)


def test_weights_that_are_told_pot_by_pot_share_the_weighing_of_the_crane() -> None:
    parts = [replace(TWO_POTS, id=f"W-91/{pot}", pots=(pot,), net_kg=kg) for pot, kg in BOOKED.pots]
    found = weighed(TWO_POTS, *parts)
    assert found.kg == 4920.0
    assert found.kg_of_pots() == {"1043": 2455.0, "1044": 2465.0}


def test_a_weight_of_a_pot_that_was_refused_is_no_share() -> None:
    parts = [replace(TWO_POTS, id=f"W-91/{pot}", pots=(pot,), net_kg=kg, refused="void") for pot, kg in BOOKED.pots]
    assert {pot.share for pot in weighed(TWO_POTS, *parts).taps[0].pots} == {Share.EQUAL}


def test_weights_that_are_told_pot_by_pot_stand_for_themselves_without_a_weighing_of_the_crane() -> None:
    parts = [replace(TWO_POTS, id=f"W-91/{pot}", pots=(pot,), net_kg=kg) for pot, kg in BOOKED.pots]
    found = weighed(*parts, told=(BOOKED,))
    assert (found.kg, len(found.taps), found.findings) == (4920.0, 2, ())
    void = replace(parts[0], rank=1, refused="void")
    assert weighed(*parts, void).kg == 2465.0


def test_the_books_stand_in_for_a_weighing_that_did_not_come() -> None:
    found = weighed(told=(BOOKED,))
    assert (found.kg, found.taps[0].teller) == (4920.0, Teller.BOOKS)
    assert found.findings == ("weighing W-91 did not come; PT-91 of the books stands in for it",)
    assert weighed(told=(replace(BOOKED, net_kg=-1.0),)).refused[0].reason == "the net weight is negative"


def test_books_that_tell_of_each_pot_under_an_id_of_its_own_are_one_weighing() -> None:
    each = tuple(
        replace(BOOKED, id=f"PT-{pot}", pots=((pot, kg),), net_kg=kg)
        for pot, kg in (("1043", 2455.0), ("1044", 2465.0))
    )
    assert weighed(told=each).kg_of_pots() == {"1043": 2455.0, "1044": 2465.0}
    assert weighed(TWO_POTS, told=each).kg_of_pots() == {"1043": 2455.0, "1044": 2465.0}


def test_books_that_tell_of_a_pot_twice_are_said_and_the_later_ones_count() -> None:
    again = replace(BOOKED, id="PT-92", pots=(("1044", 2400.0),), net_kg=2400.0)
    found = weighed(told=(BOOKED, again))
    assert found.kg_of_pots() == {"1043": 2455.0, "1044": 2400.0}
    assert found.findings[0] == "PT-92 tells again of pot 1044 in weighing W-91; this one counts"


def test_shares_of_other_pots_are_not_used() -> None:
    told = replace(BOOKED, pots=(("1043", 2455.0), ("1099", 2465.0)))
    found = weighed(TWO_POTS, told=(told,))
    assert {pot.share for pot in found.taps[0].pots} == {Share.EQUAL}
    assert "is of pots 1043, 1044, and shares are told of 1043, 1099; these are not used" in found.findings[0]


def test_one_crucible_under_two_ids_is_found_and_two_crucibles_of_a_day_are_not() -> None:
    soon, tomorrow = (replace(TWO_POTS, id=f"W-9{m}", time_ns=(7 + m) * MINUTE_NS) for m in (5, 1440))
    assert (
        "weighings W-91 and W-95 are of the same pots and 4920 kg within an hour" in weighed(TWO_POTS, soon).findings[0]
    )
    assert weighed(TWO_POTS, tomorrow).findings == ()


def test_metal_is_added_by_potline_and_by_time() -> None:
    other = Weighing("W-7", 0, "PL2", ("2001",), 50 * MINUTE_NS, 2500.0, refused=None)
    found = weighed(other, TWO_POTS)
    assert found.kg_of_potlines() == {"PL1": 4920.0, "PL2": 2500.0}
    assert found.between(7 * MINUTE_NS, 50 * MINUTE_NS).kg == 4920.0
    assert found.between(8 * MINUTE_NS, 51 * MINUTE_NS).kg == 2500.0


@given(
    nets=st.lists(st.floats(0.1, 12_000), min_size=1, max_size=20),
    pots=st.lists(st.integers(1, 6), min_size=20, max_size=20),
    seed=st.integers(),
)
def test_shares_add_up_to_the_net_weight_exactly_and_the_order_of_arrival_is_nothing(
    nets: list[float], pots: list[int], seed: int
) -> None:
    rng = random.Random(seed)
    weighings, told = [], []
    for number, net_kg in enumerate(nets):
        names = tuple(f"{number}{pot}" for pot in range(pots[number]))
        weighings.append(Weighing(f"W-{number}", 0, "PL1", names, number * MINUTE_NS, net_kg, refused=None))
        shares = tuple((name, rng.uniform(1, 3000)) for name in names)
        told.append(MetalTapped(f"PT-{number}", 0, "PL1", 0, f"W-{number}", shares, net_kg))
    found = tapped(weighings, told, largest_net_kg=CRUCIBLE_KG)
    for tap in found.taps:
        added = 0.0
        for pot in tap.pots:
            added += pot.kg
        assert added == tap.net_kg
    rng.shuffle(weighings)
    rng.shuffle(told)
    assert tapped([*weighings, *weighings], told, largest_net_kg=CRUCIBLE_KG) == found
