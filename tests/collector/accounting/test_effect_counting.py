"""Which effects count where a controller and the pot's voltage tell of the same one."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pot_curves import T0, S

from collector.accounting.effect_counting import PotMinute, Told, counted, pot_minutes, told_by
from collector.readings.event import AnodeEffect, AnodeEffectKind, EffectOrigin

CONTROLLER, VOLTAGE = EffectOrigin.CONTROLLER, EffectOrigin.VOLTAGE


def effect(
    id_: str,
    t_s: float,
    duration_s: float | None,
    *,
    pot: str = "1001",
    until_s: float | None = None,
    refused: str | None = None,
    overvoltage_v_s: float | None = None,
) -> AnodeEffect:
    """Return an effect; one whose id begins with V is from the voltage."""
    voltage = id_.startswith("V")
    time_ns = T0 + round(t_s * S)
    if voltage and until_s is None:
        until_s = t_s + (duration_s or 0.0)
    return AnodeEffect(
        id=id_,
        rank=1,
        potline="PL1",
        pot=pot,
        kind=AnodeEffectKind.HVAE,
        time_ns=time_ns,
        duration_s=duration_s,
        max_v=25.0,
        overvoltage_v_s=overvoltage_v_s,
        corrected=False,
        origin=VOLTAGE if voltage else CONTROLLER,
        until_ns=None if until_s is None else T0 + round(until_s * S),
        refused=refused,
    )


def counts(
    *effects: AnodeEffect, same_within_s: float = 60.0, precedence: EffectOrigin = CONTROLLER
) -> tuple[list[str], dict[str, str]]:
    found = counted(effects, same_within_s=same_within_s, precedence=precedence)
    return [each.id for each in found.effects], dict(found.merged)


def test_the_controllers_effect_counts_and_the_one_in_the_voltage_is_merged() -> None:
    assert counts(effect("V1", 103, 95.0), effect("C1", 100, 100.0)) == (["C1"], {"V1": "C1"})


def test_the_voltage_counts_where_it_has_precedence() -> None:
    both = effect("V1", 103, 95.0), effect("C1", 100, 100.0)
    assert counts(*both, precedence=VOLTAGE) == (["V1"], {"C1": "V1"})


def test_effects_60_s_apart_are_one_and_61_s_apart_are_two() -> None:
    controllers = effect("C1", 100, 100.0)
    assert counts(controllers, effect("V1", 260, 20.0))[0] == ["C1"]
    assert counts(controllers, effect("V1", 261, 20.0))[0] == ["C1", "V1"]
    assert counts(controllers, effect("V1", 20, 20.0))[0] == ["C1"]
    assert counts(controllers, effect("V1", 19, 20.0))[0] == ["V1", "C1"]
    assert counts(controllers, effect("V1", 261, 20.0), same_within_s=61.0)[0] == ["C1"]


def test_effects_of_two_pots_or_of_two_kinds_are_two() -> None:
    assert counts(effect("C1", 100, 100.0), effect("V1", 100, 100.0, pot="1002"))[0] == ["C1", "V1"]
    low = dataclasses.replace(effect("C1", 100, 900.0), kind=AnodeEffectKind.LVAE)
    assert counts(low, effect("V1", 100, 100.0))[0] == ["C1", "V1"]


def test_two_effects_of_a_controller_under_two_ids_are_two_even_close_together() -> None:
    assert counts(effect("C1", 100, 30.0), effect("C2", 140, 30.0))[0] == ["C1", "C2"]


def test_one_in_the_voltage_that_covers_two_of_the_controller_is_merged_once() -> None:
    found = counts(effect("C1", 100, 30.0), effect("C2", 500, 30.0), effect("V1", 99, 62.0, until_s=531))
    assert found == (["C1", "C2"], {"V1": "C1"})


def test_a_controller_that_has_not_told_the_duration_yields_to_the_voltage() -> None:
    assert counts(effect("C1", 100, None), effect("V1", 102, 60.0)) == (["V1"], {"C1": "V1"})
    assert counts(effect("C1", 100, None)) == (["C1"], {})


def test_refused_effects_do_not_count_and_nothing_is_merged_into_them() -> None:
    refused = effect("V1", 100, 60.0, refused="more than half of the line rose together")
    assert counts(refused) == ([], {})
    assert counts(refused, effect("C1", 100, 60.0)) == (["C1"], {})


def test_sums_of_a_pots_minute_are_count_seconds_and_overvoltage() -> None:
    found = pot_minutes(
        [
            effect("V1", 10, 60.5, overvoltage_v_s=1200.0),
            effect("V2", 59, 20.0, overvoltage_v_s=300.0),
            effect("V3", 60, 30.0, overvoltage_v_s=500.0),
            effect("C1", 61, None, pot="1002"),
        ]
    )
    assert found == {
        ("1001", T0): PotMinute(2, 80.5, 1500.0),
        ("1001", T0 + 60 * S): PotMinute(1, 30.0, 500.0),
        ("1002", T0 + 60 * S): PotMinute(1, 0.0, None),
    }


told = st.builds(
    lambda origin, n, t_s, duration_s: effect(f"{origin}{n}", t_s, duration_s),
    st.sampled_from("VC"),
    st.integers(0, 999),
    st.integers(0, 3000),
    st.sampled_from([None, 0.0, 20.0, 100.0, 400.0]),
)


@given(st.lists(told, max_size=12, unique_by=lambda each: each.id), st.sampled_from(EffectOrigin), st.randoms())
def test_every_effect_counts_or_is_merged_into_one_that_counts_whatever_the_order(
    effects: list[AnodeEffect], precedence: EffectOrigin, random: object
) -> None:
    mixed = sorted(effects, key=lambda each: hash((each.id, str(random))))
    found = counts(*mixed, precedence=precedence)
    assert found == counts(*effects, precedence=precedence)
    ids, merged = found
    assert sorted([*ids, *merged]) == sorted(each.id for each in effects)
    assert set(merged.values()) <= set(ids)


@pytest.mark.parametrize("precedence", list(EffectOrigin))
def test_no_second_of_one_pot_counts_for_both(precedence: EffectOrigin) -> None:
    pairs = [each for n in range(50) for each in (effect(f"C{n}", 400 * n, 100.0), effect(f"V{n}", 400 * n + 4, 98.0))]
    ids, _ = counts(*pairs, precedence=precedence)
    assert len(ids) == 50


def test_a_days_effects_are_compared_by_who_tells_of_them() -> None:
    day_ns, whole = T0, T0 + 86_400 * S
    effects = [
        effect("C1", 100, 100.0),
        effect("V1", 103, 95.0),
        effect("C2", 5000, 60.0),
        effect("V3", 9000, 40.0, pot="1002"),
        effect("V4", 9500, 45.0, pot="1003"),
        effect("V5", 9900, 45.0, pot="1003", refused="more than half of the line rose together"),
        # These begin on other days; one of them is the partner of one that does not.
        effect("C6", -20, 30.0, pot="1004"),
        effect("V6", 2, 25.0, pot="1004"),
        effect("C7", 86_400, 30.0),
    ]
    found = told_by(effects, day_ns, whole, same_within_s=60.0)
    assert found == {CONTROLLER: Told(2, 160.0, 1), VOLTAGE: Told(4, 205.0, 2)}
